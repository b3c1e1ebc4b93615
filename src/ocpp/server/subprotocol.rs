//! Which OCPP version is spoken: the subprotocols that charge points offer, in the spellings seen in the field.

use crate::model::OcppVersion;

/// The best first (IANA's registry has the first of each).
const SPELLINGS: [(OcppVersion, &[&str]); 3] = [
    (OcppVersion::V21, &["ocpp2.1", "ocpp2.1j", "ocpp21"]),
    (OcppVersion::V201, &["ocpp2.0.1", "ocpp2.0.1j", "ocpp201"]),
    (
        OcppVersion::V16,
        &["ocpp1.6", "ocpp1.6j", "ocpp16", "ocpp1.6-j"],
    ),
];

/// The best version that both speak, in the charge point's own spelling. Some send the whole list as one token.
pub(crate) fn choose<'a>(
    offered: &'a [String],
    enabled: &[OcppVersion],
) -> Option<(OcppVersion, &'a str)> {
    let spoken = SPELLINGS
        .iter()
        .filter(|(version, _)| enabled.contains(version));
    let mut found = spoken.filter_map(|(version, spellings)| {
        let named = offered
            .iter()
            .find(|token| spellings.contains(&token.to_ascii_lowercase().as_str()))?;
        Some((*version, named.as_str()))
    });
    found.next()
}

/// The version of one token.
pub(crate) fn version_of(token: &str) -> Option<OcppVersion> {
    let token = token.trim().to_ascii_lowercase();
    SPELLINGS
        .iter()
        .find(|(_, spellings)| spellings.contains(&token.as_str()))
        .map(|(version, _)| *version)
}

#[cfg(test)]
mod tests {
    use crate::ocpp::server::subprotocol::*;

    #[test]
    fn the_best_that_both_speak() {
        let all = [OcppVersion::V16, OcppVersion::V201, OcppVersion::V21];
        let offered = ["ocpp2.0.1".to_owned(), "OCPP1.6J".to_owned()];
        assert_eq!(
            choose(&offered, &all),
            Some((OcppVersion::V201, "ocpp2.0.1"))
        );
        assert_eq!(
            choose(&offered, &all[..1]),
            Some((OcppVersion::V16, "OCPP1.6J"))
        );
        assert_eq!(choose(&["ocpp2.0".to_owned()], &all), None);
        assert_eq!(version_of(" OCPP2.1"), Some(OcppVersion::V21));
    }
}
