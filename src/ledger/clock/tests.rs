//! Tables of messages with wrong clocks, and the times to use for them.

use crate::ledger::clock::*;

fn at(text: &str) -> UtcMs {
    text.parse().expect("a time")
}

/// One message of a device: its own time, its arrival, and the time to use.
type Row<'a> = (&'a str, &'a str, &'a str);

const ARRIVAL: &str = "arrival";

/// Messages of new content, in order; returns the clock after them.
fn play(name: &str, rows: &[Row<'_>]) -> FeedClock {
    let mut clock = FeedClock::default();
    for (number, (own, arrived, want)) in rows.iter().enumerate() {
        let message = Stamped {
            own: at(own),
            arrived: at(arrived),
            is_live: true,
        };
        let got = clock.observe(&message, || number as u64);
        let want = (*want != ARRIVAL).then(|| at(want));
        assert_eq!(got, want, "{name}, message {number}");
    }
    clock
}

/// `count` messages ten minutes apart, from a given own time and arrival.
fn every_ten_minutes(clock: &mut FeedClock, own: &str, arrived: &str, count: i64) -> Vec<i64> {
    let steps = (0..count).map(|step| step * 10 * MINUTE_MS);
    steps
        .map(|ms| {
            let message = Stamped {
                own: at(own).plus(ms),
                arrived: at(arrived).plus(ms),
                is_live: true,
            };
            let time = clock.observe(&message, || ms as u64);
            message.arrived.since(time.unwrap_or(message.arrived))
        })
        .collect()
}

#[test]
fn one_message_ahead_shows_the_zone() {
    let rows: Vec<(String, String)> = (0..4)
        .map(|n| {
            (
                format!("2026-11-02T09:0{n}:00Z"),
                format!("2026-11-02T08:0{n}:00Z"),
            )
        })
        .collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(own, arrived)| (&**own, &**arrived, &**arrived))
        .collect();
    let clock = play("an hour ahead", &rows);
    assert_eq!(clock.class(), ClockClass::Zone);
    assert_eq!(clock.shift_ms(), Some(-60 * MINUTE_MS));
}

#[test]
fn a_week_number_that_rolled_over_is_corrected() {
    let clock = play(
        "1,024 weeks",
        &[(
            "2007-04-05T12:00:00Z",
            "2026-11-19T12:00:00Z",
            "2026-11-19T12:00:00Z",
        )],
    );
    assert_eq!(clock.class(), ClockClass::Rollover);
    assert_eq!(clock.shift_ms(), Some(619_315_200_000));
    let clock = play(
        "1,024 weeks and an hour",
        &[(
            "2007-04-05T11:00:10Z",
            "2026-11-19T12:00:00Z",
            "2026-11-19T12:00:00Z",
        )],
    );
    assert_eq!(clock.class(), ClockClass::Rollover);
    assert_eq!(clock.shift_ms(), Some(619_315_200_000 + 60 * MINUTE_MS));
}

#[test]
fn a_clock_lost_at_a_restart_keeps_its_durations() {
    let clock = play(
        "seconds since the start",
        &[
            (
                "2026-11-02T08:20:00Z",
                "2026-11-02T08:20:00Z",
                "2026-11-02T08:20:00Z",
            ),
            (
                "1970-01-01T00:00:07Z",
                "2026-11-02T08:30:00Z",
                "2026-11-02T08:30:00Z",
            ),
            // Late by a minute.
            (
                "1970-01-01T00:09:07Z",
                "2026-11-02T08:40:00Z",
                "2026-11-02T08:39:00Z",
            ),
            (
                "1970-01-01T00:20:07Z",
                "2026-11-02T08:50:00Z",
                "2026-11-02T08:50:00Z",
            ),
        ],
    );
    assert_eq!(clock.class(), ClockClass::Relative);
    let clock = play(
        "it starts again",
        &[
            (
                "1970-01-01T00:00:07Z",
                "2026-11-02T08:30:00Z",
                "2026-11-02T08:30:00Z",
            ),
            (
                "1970-01-01T00:20:07Z",
                "2026-11-02T08:50:00Z",
                "2026-11-02T08:50:00Z",
            ),
            (
                "1970-01-01T00:00:07Z",
                "2026-11-02T09:00:00Z",
                "2026-11-02T09:00:00Z",
            ),
            (
                "1970-01-01T00:10:07Z",
                "2026-11-02T09:10:00Z",
                "2026-11-02T09:10:00Z",
            ),
        ],
    );
    assert_eq!(clock.class(), ClockClass::Relative);
}

#[test]
fn a_clock_that_steps_back_is_learned_from_four_messages_in_half_an_hour() {
    let mut clock = FeedClock::default();
    let lags = every_ten_minutes(
        &mut clock,
        "2026-11-02T08:00:00Z",
        "2026-11-02T08:00:00Z",
        3,
    );
    assert_eq!(lags, [0; 3]);
    assert!(clock.is_right());
    let lags = every_ten_minutes(
        &mut clock,
        "2026-11-02T07:00:00Z",
        "2026-11-02T08:30:00Z",
        6,
    );
    assert_eq!(
        lags,
        [90, 90, 90, 0, 0, 0].map(|minutes| minutes * MINUTE_MS)
    );
    assert_eq!(clock.class(), ClockClass::Zone);
    // The clock is put right: a message cannot be early.
    let lags = every_ten_minutes(
        &mut clock,
        "2026-11-02T10:00:00Z",
        "2026-11-02T10:00:00Z",
        3,
    );
    assert_eq!(lags, [0; 3]);
    assert_eq!(clock.class(), ClockClass::Set);
    assert!(clock.is_right());
}

#[test]
fn a_queue_teaches_no_error() {
    let mut clock = FeedClock::default();
    let first = at("2026-11-02T18:00:00Z");
    let sent = at("2026-11-02T20:10:05Z");
    for sample in 0..=260 {
        let message = Stamped {
            own: first.plus(sample * 30_000),
            arrived: sent.plus(sample * 100),
            is_live: true,
        };
        let time = clock.observe(&message, || sample as u64);
        assert_eq!(time, Some(message.own), "sample {sample}");
    }
    assert_eq!(clock.class(), ClockClass::Set);
}

#[test]
fn a_stamp_in_message_after_message_is_no_time() {
    let own = "2026-11-02T05:00:00Z";
    let clock = play(
        "one stamp",
        &[
            (own, "2026-11-02T08:00:00Z", own),
            (own, "2026-11-02T08:10:00Z", own),
            (own, "2026-11-02T08:20:00Z", ARRIVAL),
            (own, "2026-11-02T08:30:00Z", ARRIVAL),
        ],
    );
    assert_eq!(clock.class(), ClockClass::None);
    assert_eq!(clock.shift_ms(), None);
    let mut clock = FeedClock::default();
    for minute in 0..30 {
        let message = Stamped {
            own: at(own),
            arrived: at("2026-11-02T08:00:00Z").plus(minute * MINUTE_MS),
            is_live: true,
        };
        assert_eq!(clock.observe(&message, || 1), Some(at(own)), "a repetition");
    }
}

#[test]
fn seconds_in_place_of_milliseconds_are_no_time() {
    let clock = play(
        "creeping",
        &[
            (
                "1970-01-21T18:13:26.400Z",
                "2026-11-02T08:00:00Z",
                "2026-11-02T08:00:00Z",
            ),
            ("1970-01-21T18:13:27.000Z", "2026-11-02T08:10:00Z", ARRIVAL),
            ("1970-01-21T18:13:27.600Z", "2026-11-02T08:20:00Z", ARRIVAL),
        ],
    );
    assert_eq!(clock.class(), ClockClass::None);
}

#[test]
fn a_clock_behind_by_more_than_any_queue_has_no_date() {
    let mut clock = FeedClock::default();
    let lags = every_ten_minutes(
        &mut clock,
        "2025-08-29T08:00:00Z",
        "2026-11-02T08:00:00Z",
        4,
    );
    assert_eq!(lags, [0; 4]);
    assert_eq!(clock.class(), ClockClass::Relative);
}

#[test]
fn a_clock_ahead_keeps_its_zone_while_it_sends_late() {
    let mut clock = FeedClock::default();
    every_ten_minutes(
        &mut clock,
        "2026-11-02T09:00:00Z",
        "2026-11-02T08:00:00Z",
        3,
    );
    // Two hours late.
    let message = Stamped {
        own: at("2026-11-02T09:30:00Z"),
        arrived: at("2026-11-02T10:30:00Z"),
        is_live: true,
    };
    assert_eq!(
        clock.observe(&message, || 7),
        Some(at("2026-11-02T08:30:00Z"))
    );
    // The clock is put right.
    let lags = every_ten_minutes(
        &mut clock,
        "2026-11-02T11:00:00Z",
        "2026-11-02T11:00:00Z",
        3,
    );
    assert_eq!(lags, [60, 0, 0].map(|minutes| minutes * MINUTE_MS));
    assert!(clock.is_right());
}

#[test]
fn a_stored_copy_teaches_nothing() {
    let mut clock = FeedClock::default();
    let mut copy = |own: &str| {
        let message = Stamped {
            own: at(own),
            arrived: at("2026-11-02T08:00:00Z"),
            is_live: false,
        };
        let time = clock.observe(&message, || 0);
        assert!(clock.is_right());
        time
    };
    assert_eq!(
        copy("2024-11-02T08:00:00Z"),
        Some(at("2024-11-02T08:00:00Z"))
    );
    assert_eq!(copy("2026-11-02T09:00:00Z"), None);
    assert_eq!(copy("2003-11-02T09:00:00Z"), None);
}

#[test]
fn no_time_is_later_than_the_arrival_whatever_is_sent() {
    let arrived = at("2026-11-02T08:00:00Z");
    let mut clock = FeedClock::default();
    let owns = [
        i64::MIN,
        -1,
        0,
        1,
        arrived.0 - 1,
        arrived.0 + 700_000,
        i64::MAX,
    ];
    for (number, own) in owns.iter().cycle().take(70).enumerate() {
        let arrived = arrived.plus(number as i64 * 7 * MINUTE_MS);
        let message = Stamped {
            own: UtcMs(*own),
            arrived,
            is_live: number % 5 != 0,
        };
        let time = clock.observe(&message, || number as u64);
        assert!(time.is_none_or(|time| time <= arrived), "{own}");
    }
}
