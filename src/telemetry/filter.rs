//! MQTT topic filters (MQTT 5.0, section 4.7): which of them are covered by another one.

/// Returns true if `general` matches every topic that `special` matches.
pub(super) fn covers(general: &str, special: &str) -> bool {
    // Section 4.7.2: no wildcard at the beginning matches the server's own topics.
    if special.starts_with('$') && general.starts_with(['+', '#']) {
        return false;
    }
    let (mut general, mut special) = (general.split('/'), special.split('/'));
    loop {
        match (general.next(), special.next()) {
            // `a/#` matches `a` itself.
            (Some("#"), _) | (None, None) => return true,
            (Some(_), Some("#")) | (None, Some(_)) | (Some(_), None) => return false,
            (Some("+"), Some(_)) => {}
            (Some(level), Some(other)) if level == other => {}
            (Some(_), Some(_)) => return false,
        }
    }
}

/// The filters without those that others cover, in their order. For overlapping subscriptions a broker may send a message once
/// for each (MQTT 5.0, section 3.3.4; MQTT.js issue 545).
pub fn without_covered(filters: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for filter in filters {
        if kept.iter().any(|known| covers(known, &filter)) {
            continue;
        }
        kept.retain(|known| !covers(&filter, known));
        kept.push(filter);
    }
    kept
}

#[cfg(test)]
mod tests {
    use crate::telemetry::filter::*;

    #[test]
    fn the_wider_filter_covers_the_narrower() {
        for (general, special, want) in [
            ("a/b", "a/b", true),
            ("a/+", "a/b", true),
            ("a/+", "a/+", true),
            ("a/b", "a/+", false),
            ("a/#", "a/+/c", true),
            ("a/#", "a", true),
            ("a/+", "a/#", false),
            ("a/+", "a", false),
            ("a/+", "a/", true),
            ("#", "a/#", true),
            ("#", "$aws/x", false),
            ("+/x", "$aws/x", false),
            ("/a/+", "a/+", false),
        ] {
            assert_eq!(covers(general, special), want, "{general} {special}");
        }
    }

    #[test]
    fn covered_filters_go() {
        let reduced =
            |filters: &[&str]| without_covered(filters.iter().map(|filter| (*filter).to_owned()));
        assert_eq!(
            reduced(&["a/b", "c/+", "a/#", "a/+/c", "c/+", "d"]),
            ["c/+", "a/#", "d"]
        );
    }
}
