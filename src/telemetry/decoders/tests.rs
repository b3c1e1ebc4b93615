//! Unit tests of `decoders`.

use std::collections::BTreeSet;

use crate::telemetry::decoders::*;

#[test]
fn names_and_numbers_are_unique() {
    let names: BTreeSet<_> = DECODERS.iter().map(|decoder| decoder.name).collect();
    let numbers: BTreeSet<_> = DECODERS
        .iter()
        .map(|decoder| decoder.format.number)
        .collect();
    assert_eq!(
        (names.len(), numbers.len()),
        (DECODERS.len(), DECODERS.len())
    );
}

#[test]
fn default_filters_do_not_match_every_topic_of_a_broker() {
    assert!(
        Formats::ByTopic
            .filters()
            .iter()
            .all(|filter| !filter.starts_with(['+', '#']))
    );
    assert_eq!(Formats::named(["native", "ovsm"]), Err("ovsm"));
}
