//! The charge point's identity in the path of its request.

use crate::model::check_id;

/// The last segment of the path that is not empty, percent-decoded once (OCPP-J 1.6 section 3.1.1). Charge points also put double
/// slashes, prefixes and whole URLs into the path.
pub(super) fn identity(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next()?;
    let last = path.rsplit('/').find(|segment| !segment.is_empty())?;
    let decoded = percent_decoded(last)?;
    // The endpoint alone has no identity.
    if decoded.eq_ignore_ascii_case("ocpp") {
        return None;
    }
    check_id(&decoded).is_ok().then_some(decoded)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use crate::ocpp::server::handshake::identity::*;

    #[test]
    fn identities_as_charge_points_write_them() {
        for (path, want) in [
            ("/ocpp/CP-1", Some("CP-1")),
            ("//ocpp//CP_1/", Some("CP_1")),
            ("/ws://host:9000/ocpp/CP_1/SERIAL", Some("SERIAL")),
            ("/ocpp/RDAM%7C123?x=1", Some("RDAM|123")),
            ("/ocpp/a%2Fb", None),
            ("/ocpp/%zz", None),
            ("/ocpp/a%", None),
            ("/ocpp/", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(identity(path).as_deref(), want, "{path}");
        }
    }
}
