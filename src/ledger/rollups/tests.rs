//! Cases of the rollup book.

use crate::jurisdiction::UK;
use crate::ledger::rollups::*;
use crate::model::register::{Register, RegisterFiles};
use crate::model::{SLOT_MS, TokenHasher, slot_start};
use crate::units::Day;

fn register(sites: &str) -> Register {
    let files = vec![
        ("sites.csv".to_owned(), b"site_id,name\nA,A\nB,B\n".to_vec()),
        (
            "charge_points.csv".to_owned(),
            format!("charge_point_id,site,connectors\n{sites}").into_bytes(),
        ),
    ];
    Register::parse(
        &RegisterFiles::from_bytes(files),
        &TokenHasher::new(&[1; 32]),
    )
    .expect("a register")
}

fn at(text: &str) -> UtcMs {
    text.parse().expect("a time")
}

fn id(name: &str) -> Arc<str> {
    name.into()
}

fn listed(slots: &Slots, of: fn(&RollupSums) -> i64) -> Vec<(String, i64)> {
    slots
        .iter()
        .map(|(slot, sums)| (slot_start(slot).to_string()[11..16].to_owned(), of(sums)))
        .collect()
}

fn want(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter()
        .map(|(time, value)| ((*time).to_owned(), *value))
        .collect()
}

#[test]
fn energy_is_booked_in_the_quarters_it_falls_in() {
    let register = register("P,A,2\nQ,A,1\nR,B,1\n");
    let mut book = HistoryBook::new(100);
    let now = at("2026-06-01T12:00:00Z");
    for (point, from, to, tenth_wh) in [
        ("P", "2026-06-01T10:05:00Z", "2026-06-01T10:35:00Z", 3_000),
        ("Q", "2026-06-01T10:15:00Z", "2026-06-01T10:30:00Z", 500),
        ("R", "2026-06-01T10:30:00Z", "2026-06-01T10:30:00Z", 70),
        // A correction, and late data for the day before.
        ("P", "2026-06-01T10:15:00Z", "2026-06-01T10:30:00Z", -100),
        ("P", "2026-05-31T23:45:00Z", "2026-06-01T00:15:00Z", 20),
    ] {
        book.energy(&id(point), &register, (at(from), at(to)), tenth_wh, now);
    }
    let energy = |series: &Series| listed(&book.since(series, 0), |sums| sums.energy_tenth_wh);
    let late = [("23:45", 10), ("00:00", 10)];
    let day = |rest: &[(&str, i64)]| want(&[&late[..], rest].concat());
    assert_eq!(
        energy(&Series::ChargePoint(id("P"))),
        day(&[("10:00", 1_000), ("10:15", 1_400), ("10:30", 500)])
    );
    assert_eq!(
        energy(&Series::Site(id("A"))),
        day(&[("10:00", 1_000), ("10:15", 1_900), ("10:30", 500)])
    );
    assert_eq!(energy(&Series::Site(id("B"))), want(&[("10:30", 70)]));
    assert_eq!(
        energy(&Series::Fleet),
        day(&[("10:00", 1_000), ("10:15", 1_900), ("10:30", 570)])
    );
}

/// What a connector did on 1 June 2026, and from when to when.
const STRETCHES: &[(Spent, &str, &str)] = &[
    (Spent::As(Class::Available), "10:00", "10:10"),
    (Spent::As(Class::Occupied), "10:10", "10:20"),
    (Spent::Charging, "10:12", "10:20"),
    (Spent::As(Class::Faulted), "10:20", "10:25"),
    (Spent::As(Class::NotObserved), "10:25", "10:30"),
    (Spent::As(Class::Offline), "10:30", "12:45"),
];

#[test]
fn time_is_booked_in_the_quarters_it_falls_in() {
    let time = |time: &str| at(&format!("2026-06-01T{time}:00Z"));
    let mut slots = Slots::default();
    for &(spent, from, to) in STRETCHES {
        Stretch {
            charge_point: id("P"),
            spent,
            from: time(from),
            to: time(to),
        }
        .book(time("10:40"), &mut slots);
    }
    let minutes = |of| {
        listed(&slots, of)
            .into_iter()
            .map(|(time, ms)| (time, ms / 60_000))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        minutes(|sums| sums.observed_ms),
        want(&[("10:00", 15), ("10:15", 10), ("10:30", 0)])
    );
    assert_eq!(
        minutes(|sums| sums.occupied_ms),
        want(&[("10:00", 5), ("10:15", 5), ("10:30", 0)])
    );
    assert_eq!(
        minutes(|sums| sums.charging_ms),
        want(&[("10:00", 3), ("10:15", 5), ("10:30", 0)])
    );
    assert_eq!(
        minutes(|sums| sums.faulted_ms),
        want(&[("10:00", 0), ("10:15", 5), ("10:30", 0)])
    );
    assert_eq!(
        minutes(|sums| sums.offline_ms),
        want(&[("10:00", 0), ("10:15", 0), ("10:30", 10)]),
        "not beyond now"
    );
}

#[test]
fn the_peak_of_a_site_is_its_simultaneous_power() {
    let register = register("P,A,2\nQ,A,1\nR,B,1\n");
    let mut book = HistoryBook::new(100);
    for (point, watts, minute) in [
        ("P", 7_000, Some(1)),
        ("Q", 11_000, Some(2)),
        ("P", 0, Some(3)),
        ("R", 50_000, Some(4)),
        ("P", 22_000, Some(16)),
        ("Q", 0, None),
    ] {
        book.power(
            &id(point),
            &register,
            watts,
            minute.map(|minute| UtcMs(minute * 60_000)),
        );
    }
    book.past_power(&id("Q"), &register, 40_000, UtcMs(17 * 60_000));
    let peaks = |series| {
        listed(&book.since(&series, 0), |sums| {
            sums.peak_w.map_or(-1, i64::from)
        })
    };
    assert_eq!(
        peaks(Series::ChargePoint(id("P"))),
        want(&[("00:00", 7_000), ("00:15", 22_000)])
    );
    assert_eq!(
        peaks(Series::Site(id("A"))),
        want(&[("00:00", 18_000), ("00:15", 40_000)])
    );
    assert_eq!(
        peaks(Series::Fleet),
        want(&[("00:00", 61_000), ("00:15", 83_000)])
    );
    // A charge point that moves takes its power along.
    book.resolve(&super::tests::register("P,B,2\nQ,A,1\nR,B,1\n"));
    book.power(&id("R"), &register, 50_001, Some(UtcMs(31 * 60_000)));
    let of_b = book.since(&Series::Site(id("B")), 0);
    assert_eq!(
        of_b.iter().next_back().and_then(|(_, sums)| sums.peak_w),
        Some(72_001)
    );
}

#[test]
fn a_checkpoint_takes_ended_slots_once() {
    let register = register("P,A,1\n");
    let (mut book, fleet) = (HistoryBook::new(100), Series::Fleet);
    let quarter = |n: i64| (UtcMs(n * SLOT_MS), UtcMs((n + 1) * SLOT_MS));
    let seen =
        |book: &HistoryBook, generation| total(&book.since(&fleet, generation)).energy_tenth_wh;
    let stored = |rows: Vec<RollupRow>| {
        rows.iter()
            .find(|row| row.series == fleet)
            .map_or(0, |row| total(&row.slots).energy_tenth_wh)
    };
    book.energy(&id("P"), &register, quarter(0), 5, UtcMs(i64::MAX));
    book.energy(&id("P"), &register, quarter(1), 2, UtcMs(i64::MAX));
    book.freeze(1, quarter(1).0.plus(60_000));
    assert_eq!(
        (stored(book.frozen()), seen(&book, 0), seen(&book, 1)),
        (5, 7, 2),
        "the running quarter stays"
    );
    let snapshot = postcard::to_allocvec(&book).expect("bytes");
    let mut restored: HistoryBook = postcard::from_bytes(&snapshot).expect("a book");
    assert_eq!(
        seen(&restored, 1),
        2,
        "what the checkpoint holds is not in its snapshot"
    );
    restored.freeze(2, quarter(2).0);
    assert_eq!(
        stored(restored.frozen()),
        2,
        "nor is it handed over again after a restart"
    );
    book.freeze(2, quarter(2).0);
    assert_eq!(
        (stored(book.frozen()), seen(&book, 1), seen(&book, 2)),
        (7, 7, 0),
        "an unconfirmed checkpoint is taken along"
    );
    book.confirm(1);
    assert_eq!(seen(&book, 1), 7);
    book.confirm(2);
    assert_eq!((seen(&book, 1), book.frozen().len()), (0, 0));
}

#[test]
fn series_beyond_the_limit_are_dropped_and_counted() {
    let register = register("P,A,1\nQ,A,1\nR,B,1\n");
    // The fleet, one site and two charge points.
    let mut book = HistoryBook::new(4);
    for point in ["P", "Q", "R", "R", "P"] {
        book.energy(&id(point), &register, (UtcMs(0), UtcMs(1)), 1, UtcMs(2));
    }
    assert_eq!(
        (
            total(&book.since(&Series::Fleet, 0)).energy_tenth_wh,
            book.take_refused(),
            book.take_refused()
        ),
        (3, 2, 0)
    );
}

#[test]
fn days_are_londons_and_have_23_24_or_25_hours() {
    for (day, hours) in [
        ("2026-03-29", 23),
        ("2026-06-30", 24),
        ("2026-10-25", 25),
        ("2026-12-31", 24),
    ] {
        let day: Day = day.parse().expect("a day");
        let mut slots = Slots::default();
        let span = (slot_of(day.start(UK.zone())) - 8)..(slot_of(day.end(UK.zone())) + 8);
        span.for_each(|slot| slots.entry(slot).observed_ms = SLOT_MS);
        let by_day = by_day(&slots, UK.zone());
        let sums: Vec<i64> = by_day
            .iter()
            .map(|(_, sums)| sums.observed_ms / 3_600_000)
            .collect();
        assert_eq!(sums, [2, hours, 2], "{day}");
    }
}

#[test]
fn quarters_and_days_add_up_to_what_was_booked() {
    let register = register("P,A,1\nQ,B,1\n");
    for seed in 0..200u64 {
        let mut state = seed;
        let mut below = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        let (mut book, mut shelf, mut booked) = (HistoryBook::new(100), Slots::default(), 0);
        let mut now = at("2026-10-23T00:00:00Z");
        for generation in 0..60 {
            now = now.plus(below(7_200_000));
            let to = now.plus(-below(90_000_000));
            let from = to.plus(-below(9_000_000));
            let tenth_wh = below(100_000) - 20_000;
            booked += tenth_wh;
            book.energy(
                &id(["P", "Q"][below(2) as usize]),
                &register,
                (from, to),
                tenth_wh,
                now,
            );
            if below(4) == 0 {
                book.freeze(generation, now);
                let rows = book.frozen();
                rows.iter()
                    .filter(|row| row.series == Series::Fleet)
                    .for_each(|row| shelf.add(&row.slots));
                book.confirm(generation);
            }
        }
        shelf.add(&book.since(&Series::Fleet, 60));
        assert_eq!(
            (
                total(&shelf).energy_tenth_wh,
                total(&by_day(&shelf, UK.zone())).energy_tenth_wh
            ),
            (booked, booked),
            "seed {seed}"
        );
    }
}
