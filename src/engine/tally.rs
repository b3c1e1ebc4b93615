//! What the engine leaves aside, counted.

/// What the engine did not take or took late; read and cleared by [`Engine::take_tally`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Readings older than what was booked.
    pub late: u64,
    /// Readings of assets beyond the limit.
    pub assets_refused: u64,
    /// Monthly figures beyond the limit.
    pub indicators_refused: u64,
    /// Messages of charge points or connectors beyond the limits.
    pub charging_refused: u64,
    /// Alerts beyond `alerts.max_series`.
    pub alerts_refused: u64,
    /// Energy and time of charge points beyond `history.max_series`.
    pub history_refused: u64,
}
