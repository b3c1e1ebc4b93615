//! F4: the page, the JSON API, server-sent events, metrics and health.

/// `[web]`.
#[derive(Clone, PartialEq, Debug)]
pub struct WebConfig {
    /// `enabled`.
    pub enabled: bool,
    /// `listen`, host:port. Loopback until there is a login.
    pub listen: String,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { enabled: true, listen: "127.0.0.1:8310".into() }
    }
}
