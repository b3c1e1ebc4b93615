//! Rows of zeros, which overwrite rows of a day that no longer hold.

use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::series_tombstones::RowTags;
use fleetgauge::model::{DaySeries, Fact};
use fleetgauge::series::{self, table};
use fleetgauge::units::{Day, UtcMs};

/// Tags of rows of every measurement with rewritten days, as the store keeps them.
const STORED: [&str; 9] = [
    r#"{"table":"Emissions","tags":["EMAS","Van, Class III","2_market","distance"]}"#,
    r#"{"table":"Emissions","tags":["EMAS","car","1","fuel_card"]}"#,
    r#"{"table":"Sites","tags":["EMAS","DERBY","outside"]}"#,
    r#"{"table":"Avoided","tags":["EMAS","DERBY"]}"#,
    r#"{"table":"Air","tags":["EMAS","car"]}"#,
    r#"{"table":"Transition","tags":["all","all"]}"#,
    r#"{"table":"Groups","tags":["all","minibus","support"]}"#,
    r#"{"table":"Groups","tags":["all","unknown","unknown"]}"#,
    r#"{"table":"Emissions","tags":["EMAS","car","3","grey_fleet"]}"#,
];

fn tags(stored: &str) -> RowTags {
    serde_json::from_str(stored).unwrap()
}

pub fn all() -> Vec<Fact> {
    let day: Day = "2025-11-25".parse().unwrap();
    STORED
        .iter()
        .map(|stored| tags(stored).zero_row(day.start(UK.zone())).unwrap())
        .collect()
}

#[test]
fn zero_rows_keep_their_bytes() {
    let mut lines = Vec::new();
    for (fact, stored) in all().iter().zip(STORED) {
        assert!(series::encode(fact, &mut lines));
        assert_eq!(RowTags::from_fact(fact), Some(tags(stored)));
        assert_eq!(serde_json::to_string(&tags(stored)).unwrap(), stored);
    }
    super::assert_lines(lines, "zero_lines.txt");
}

#[test]
fn stored_tags_of_another_version_have_no_zero_row() {
    let fewer = r#"{"table":"Sites","tags":["EMAS","DERBY"]}"#;
    assert_eq!(tags(fewer).zero_row(UtcMs(0)), None);
}

#[test]
fn every_day_series_is_one_measurement() {
    for (number, series) in DaySeries::ALL.into_iter().enumerate() {
        assert_eq!(series as usize, number);
        let found = table::MEASUREMENTS.iter().filter(
            |known| matches!(known.time, table::RowTime::RewrittenDay { series: found, .. } if found == series),
        );
        assert_eq!(found.count(), 1, "{series:?}");
        assert_eq!(postcard::to_allocvec(&series).unwrap(), [number as u8]);
    }
}
