//! The strict reader: does a request keep to the standard, to the letter? Only counted, per charge point and vendor; nothing is refused
//! for it.

use super::Action;
use crate::model::OcppVersion;

/// Metering is most of the traffic and always looks the same: the strict reader is shown the first few and then every so-manieth.
const CHECKED_FIRST: u32 = 8;
const CHECKED_EVERY: u32 = 64;

/// Which requests of a connection the strict reader is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checks {
    metering_seen: u32,
}

impl Checks {
    /// What the strict reader says of a request, if it is asked.
    pub fn check(&mut self, version: OcppVersion, action: Action, text: &str) -> Option<bool> {
        let many = action.is_metering() || action.name() == "TransactionEvent";
        if many {
            self.metering_seen = self.metering_seen.wrapping_add(1);
        }
        let asked = !many
            || self.metering_seen <= CHECKED_FIRST
            || self.metering_seen.is_multiple_of(CHECKED_EVERY);
        asked.then(|| is_conformant(version, text))
    }
}

/// True if `ocpp_rs` reads the request. OCPP 2.0.1 is read with the types of 2.1, which are a superset but for a few enumerations.
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
    fn to_the_letter() {
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
