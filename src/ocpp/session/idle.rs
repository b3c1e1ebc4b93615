//! A dead connection is not always reported by the network. After `ocpp.ping_interval` without a frame the session sends a ping; after
//! three heartbeats and a minute it gives the connection up. A missing pong ends nothing: some charge points never send one.

use std::time::Duration;

use super::{ChargePointSession, Ended};
use crate::ocpp::server::OcppConfig;

/// Silence allowed beyond three heartbeats.
const SILENCE_MARGIN: Duration = Duration::from_secs(60);

/// How long a connection may be silent before something is done.
pub(super) struct IdleLimits {
    /// Then a ping is sent.
    ping: Duration,
    /// Then the connection is given up.
    silence: Duration,
}

impl IdleLimits {
    pub(super) fn new(config: &OcppConfig) -> Self {
        let silence = max_silence(config.heartbeat_interval);
        let ping = if config.ping_interval.is_zero() {
            silence
        } else {
            config.ping_interval.min(silence)
        };
        Self { ping, silence }
    }

    pub(super) fn first_check(&self) -> Duration {
        self.ping
    }
}

fn max_silence(heartbeat: Duration) -> Duration {
    heartbeat.saturating_mul(3).saturating_add(SILENCE_MARGIN)
}

impl ChargePointSession {
    /// Sends a ping if one is due; returns when to check again.
    pub(super) async fn check_idle(
        &mut self,
        limits: &IdleLimits,
        silent: Duration,
    ) -> Result<Duration, Ended> {
        if silent >= limits.silence {
            tracing::info!(
                charge_point = %self.charge_point,
                "connection given up: no frame for three heartbeats and a minute"
            );
            return Err(Ended);
        }
        if silent < limits.ping {
            return Ok(limits.ping - silent);
        }
        self.socket.ping().await.map_err(|_| Ended)?;
        Ok(limits.ping.min(limits.silence - silent))
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::session::idle::*;

    #[test]
    fn silence_is_three_heartbeats_and_a_minute() {
        assert_eq!(
            max_silence(Duration::from_secs(300)),
            Duration::from_secs(960)
        );
        assert_eq!(max_silence(Duration::MAX), Duration::MAX);
    }
}
