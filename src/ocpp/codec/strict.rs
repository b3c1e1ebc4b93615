//! The strict check: is a request valid by the standard? The result is only counted, per charge point and vendor; nothing is refused
//! because of it.

use super::Action;
use crate::model::OcppVersion;

/// Frequent requests of one charge point all look the same: the first few are checked, and then one in so many.
const CHECKED_FIRST: u32 = 8;
const CHECKED_EVERY: u32 = 64;

/// Decides which requests of a connection are checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checks {
    frequent_seen: u32,
}

impl Checks {
    /// Whether the request is valid; `None` if it was not checked.
    pub fn check(&mut self, version: OcppVersion, action: Action, text: &str) -> Option<bool> {
        if action.is_frequent() {
            self.frequent_seen = self.frequent_seen.wrapping_add(1);
        }
        let checked = !action.is_frequent()
            || self.frequent_seen <= CHECKED_FIRST
            || self.frequent_seen.is_multiple_of(CHECKED_EVERY);
        checked.then(|| is_conformant(version, text))
    }
}

/// True if `ocpp_rs` parses the request. OCPP 2.0.1 is parsed with the types of 2.1, which are a superset except for a few enumerations.
fn is_conformant(version: OcppVersion, text: &str) -> bool {
    match version {
        OcppVersion::V16 => ocpp_rs::v16::parse::deserialize_to_message(text).is_ok(),
        OcppVersion::V201 | OcppVersion::V21 => {
            ocpp_rs::v21::parse::deserialize_to_message(text).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::codec::strict::*;

    #[test]
    fn only_valid_requests_are_conformant() {
        for (version, text, want) in [
            (OcppVersion::V16, r#"[2,"1","Heartbeat",{}]"#, true),
            (OcppVersion::V16, r#"[2,1,"Heartbeat",{}]"#, false),
            (
                OcppVersion::V16,
                r#"[2,"1","StartTransaction",{"connectorId":"1","idTag":"A","meterStart":0,"timestamp":"2026-08-21T09:15:02Z"}]"#,
                false,
            ),
            (
                OcppVersion::V16,
                r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-08-21T09:15:02Z"}]"#,
                true,
            ),
            (
                OcppVersion::V201,
                r#"[2,"1","StatusNotification",{"timestamp":"2026-08-21T09:15:02Z","connectorStatus":"Available","evseId":1,"connectorId":1}]"#,
                true,
            ),
            (
                OcppVersion::V201,
                r#"[2,"1","StatusNotification",{"connectorStatus":"Available","evseId":1,"connectorId":1}]"#,
                false,
            ),
        ] {
            assert_eq!(is_conformant(version, text), want, "{text}");
        }
    }
}
