//! The strict reader: does a request keep to the standard, to the letter? Only counted, per charge point and vendor; nothing is refused
//! for it.

use crate::model::OcppVersion;

/// True if `ocpp_rs` reads the request. OCPP 2.0.1 is read with the types of 2.1, which are a superset but for a few enumerations.
pub fn is_conformant(version: OcppVersion, text: &str) -> bool {
    match version {
        OcppVersion::V16 => ocpp_rs::v16::parse::deserialize_to_message(text).is_ok(),
        OcppVersion::V201 | OcppVersion::V21 => ocpp_rs::v21::parse::deserialize_to_message(text).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
