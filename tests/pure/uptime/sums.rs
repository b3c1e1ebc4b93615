//! Faults, exempt time, sessions and the norms computed from the sums.

use crate::uptime::*;

#[test]
fn faults_are_counted_once_per_report_and_bounded() {
    let mut yard = Yard::new("", Vec::new());
    for minute in 0..10 {
        yard.act(minute * 60, &Act::Fault(1, Is::Faulted, "GroundFailure"));
        yard.act(
            minute * 60 + 1,
            &Act::Fault(1, Is::Faulted, "GroundFailure"),
        );
        yard.act(
            minute * 60 + 2,
            &Act::Fault(1, Is::Finishing, "EVCommunicationError"),
        );
        yard.act(minute * 60 + 30, &Act::Status(1, Is::Available));
    }
    let found: Vec<_> = yard
        .uptime
        .faults("CP")
        .iter()
        .map(|fault| {
            (
                fault.error_code.as_deref().unwrap(),
                fault.count,
                fault.faulted,
            )
        })
        .collect();
    assert_eq!(
        found,
        [("GroundFailure", 10, 10), ("EVCommunicationError", 10, 0)]
    );
    assert_eq!(yard.connectors(600)[0].total.faults, 20);
    for code in 0..200 {
        let code: &'static str = Box::leak(format!("Vendor{code}").into_boxed_str());
        yard.act(
            1_000 + code.len() as i64,
            &Act::Fault(2, Is::Available, code),
        );
    }
    assert_eq!(yard.uptime.faults("CP").len(), 64);
}

#[test]
fn exempt_time_is_cut_exactly_also_when_clocks_change() {
    const HOUR: i64 = 3_600;
    let hours = |from: &str, to: &str, opening: &str, windows: &[ExemptWindow]| {
        let (from, to): (UtcMs, UtcMs) = (from.parse().unwrap(), to.parse().unwrap());
        let mut yard = Yard::new(opening, windows.to_vec());
        yard.act_at(from, &Act::Status(1, Is::Faulted));
        let connector = yard
            .uptime
            .connectors(to, &yard.rules(), &yard.charging)
            .remove(0);
        assert_eq!(connector.total.wall_ms(), to.since(from));
        let months: Vec<_> = connector
            .months
            .iter()
            .map(|(month, sums)| (month.to_string(), sums.wall_ms() / 3_600_000))
            .collect();
        (
            connector.total.time[Faulted as usize].map(|ms| ms / 1000 / HOUR),
            months,
        )
    };
    let nights = [window(
        ExemptReason::Maintenance,
        ExemptTime::Weekly("Sat-Sun 22:00-06:00".parse().unwrap()),
    )];
    let spring = hours("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "", &nights);
    assert_eq!(spring.0, [17, 7, 0], "a night of seven hours");
    let autumn = hours("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", "", &nights);
    assert_eq!(autumn.0, [15, 9, 0], "a night of nine hours");
    let open = hours(
        "2026-11-27T00:00:00Z",
        "2026-12-02T00:00:00Z",
        "Mon-Fri 07:00-19:00; Sat 08:00-12:00",
        &[],
    );
    assert_eq!(
        open.0,
        [12 + 4 + 12 + 12, 0, 24 * 5 - 40],
        "Friday, Saturday, Monday, Tuesday"
    );
    assert_eq!(
        open.1,
        [("2026-11".to_owned(), 96), ("2026-12".to_owned(), 24)]
    );
    let summer = hours("2026-03-31T20:00:00Z", "2026-04-01T02:00:00Z", "", &[]);
    assert_eq!(
        summer.1,
        [("2026-03".to_owned(), 3), ("2026-04".to_owned(), 3)],
        "April begins at 23:00 UTC"
    );
}

#[test]
fn sessions_are_counted_once_however_often_they_are_corrected() {
    // Closed from 10:00 on, which is two hours after the beginning.
    let mut yard = Yard::new("Mon-Sun 06:00-10:00", Vec::new());
    let acts = [
        (0, Act::Status(1, Is::Charging)),
        (0, Act::Start(1)),
        (1_800, Act::Register(1, 5_000)),
        (3_600, Act::Register(1, 10_000)),
        (3_600, Act::Status(1, Is::SuspendedEV)),
        (4_200, Act::Stop(1)),
        (4_200, Act::Status(1, Is::Finishing)),
        (4_500, Act::Register(1, 10_000)),
        (9_000, Act::Status(1, Is::Available)),
        (9_100, Act::Start(1)),
        (9_160, Act::Register(1, 1)),
        (9_170, Act::Stop(1)),
    ];
    acts[..4]
        .iter()
        .for_each(|(second, act)| yard.act(*second, act));
    let open = yard.connectors(3_600)[0].total.clone();
    assert_eq!(
        (open.sessions, open.charging.iter().sum::<i64>()),
        (0, 3_600_000),
        "an open session is looked at, not booked"
    );
    acts[4..]
        .iter()
        .for_each(|(second, act)| yard.act(*second, act));
    let total = yard.connectors(10_000)[0].total.clone();
    assert_eq!(
        (total.sessions, total.sessions_successful),
        (2, 1),
        "60 s for 1 Wh is no success"
    );
    assert!(
        (3_600_000..3_670_000).contains(&total.charging.iter().sum::<i64>()),
        "{:?}",
        total.charging
    );
    assert_eq!(total.energy.iter().sum::<i64>(), 100_010);
    assert_eq!(
        total.overstay_ms,
        (7_200 - 4_200 - 600) * 1000,
        "from ten minutes after the stop until the site closes"
    );
}

const MINUTE: i64 = 60_000;

/// A year of 525,600 minutes, of which 1,000 not observed.
fn golden_year() -> Sums {
    let mut sums = Sums::default();
    let mut add =
        |class: Class, tag: usize, minutes: i64| sums.time[class as usize][tag] += minutes * MINUTE;
    add(Available, 0, 400_000);
    add(Occupied, 0, 100_000);
    add(Offline, 0, 3_600);
    add(Faulted, 0, 4_000);
    add(Inoperative, 0, 1_000);
    add(Inoperative, 1, 6_000);
    add(Available, 2, 9_000);
    add(Faulted, 2, 1_000);
    add(NotObserved, 0, 1_000);
    sums.charging = [50_000 * MINUTE, 0, 2_000 * MINUTE, 500 * MINUTE];
    sums.energy = [20_000_000, 0, 9, 9];
    sums
}

#[test]
fn norms_of_a_golden_year() {
    let sums = golden_year();
    let near = |found: Option<f64>, want: f64| {
        assert!(
            (found.unwrap() - want).abs() < 1e-12,
            "{found:?} is not {want}"
        );
    };
    assert_eq!(sums.wall_ms(), 525_600 * MINUTE);
    let observed = 524_600.0;
    near(
        norms::reliable_by_wording(&sums),
        (observed - 10_000.0 - 5_000.0) / (observed - 10_000.0),
    );
    near(
        norms::reliable_as_implemented(&sums),
        (observed - 5_000.0 - 16_000.0) / (observed - 16_000.0),
    );
    near(
        norms::nevi(&sums),
        (observed - (15_600.0 - 7_000.0)) / observed,
    );
    let accessible = observed - 16_000.0;
    near(norms::charging_per_accessible(&sums), 50_000.0 / accessible);
    near(norms::plugged_per_accessible(&sums), 100_000.0 / accessible);
    near(
        norms::charging_per_available(&sums),
        50_000.0 / (accessible - 5_000.0 - 3_600.0),
    );
    near(
        Some(norms::accessible_tenth_wh(&sums) as f64 / norms::possible_tenth_wh(&sums, 50.0)),
        2_000.0 / (50.0 * accessible / 60.0),
    );
    assert!(
        norms::reliable_as_implemented(&sums) < norms::reliable_by_wording(&sums),
        "the second reading is the stricter one"
    );
    assert_eq!(
        (
            norms::nevi(&Sums::default()),
            norms::success(&Sums::default())
        ),
        (None, None),
        "nothing observed is no figure"
    );
}
