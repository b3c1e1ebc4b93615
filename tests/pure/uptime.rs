//! The uptime book: every rule as a table, norms by golden figures, and classes that add up to wall time whatever happens.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::support::uptime_book::{Act, T0, Yard};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::uptime::Class::{
    self, Available, Faulted, Inoperative, NotObserved, Occupied, Offline, Reserved,
};
use fleetgauge::ledger::uptime::{Sums, norms};
use fleetgauge::model::{ConnectorStatus as Is, ExemptReason, ExemptTime, ExemptWindow};
use fleetgauge::units::UtcMs;

/// What happens at which second; seconds of each class of connector 1 after an hour.
type Case = (&'static str, Vec<(i64, Act)>, Vec<(Class, i64)>);

fn check(cases: Vec<Case>) {
    for (what, acts, want) in cases {
        let mut yard = Yard::new("", Vec::new());
        let mut often = yard.clone();
        for (second, act) in &acts {
            yard.act(*second, act);
        }
        assert_eq!(yard.seconds(1, 3_600), want, "{what}");
        // The minute's work in between, and more often than that, changes nothing.
        let mut acts = acts.iter().peekable();
        let mut away_until = 0;
        for second in 0..=3_600 {
            while let Some((_, act)) = acts.next_if(|(at, _)| *at == second) {
                often.act(second, act);
            }
            if let Some((at, Act::Restart(alive))) = acts.peek()
                && second >= *alive
            {
                away_until = *at;
            }
            if second > away_until {
                often.act(second, &Act::Rows);
            }
        }
        assert_eq!(
            often.seconds(1, 3_600),
            want,
            "{what}, settled every second"
        );
    }
}

#[test]
fn states_become_classes() {
    let one = |status| vec![(0, Act::Status(1, status))];
    check(vec![
        ("free", one(Is::Available), vec![(Available, 3_600)]),
        (
            "suspended by load management is in use",
            one(Is::SuspendedEVSE),
            vec![(Occupied, 3_600)],
        ),
        ("OCPP 1.5", one(Is::Occupied), vec![(Occupied, 3_600)]),
        ("reserved", one(Is::Reserved), vec![(Reserved, 3_600)]),
        (
            "unavailable by itself is out of order",
            one(Is::Unavailable),
            vec![(Faulted, 3_600)],
        ),
        (
            "a word outside the standard says nothing",
            one(Is::Unknown),
            vec![(NotObserved, 3_600)],
        ),
        (
            "and leaves what was",
            vec![
                (0, Act::Status(1, Is::Available)),
                (60, Act::Status(1, Is::Unknown)),
            ],
            vec![(Available, 3_600)],
        ),
        (
            "a connector that only tells of transactions",
            vec![(0, Act::Start(1)), (600, Act::Stop(1))],
            vec![(Occupied, 600), (NotObserved, 3_000)],
        ),
        (
            "commanded, then back",
            vec![
                (0, Act::Status(1, Is::Available)),
                (600, Act::Command(1, false)),
                (600, Act::Status(1, Is::Unavailable)),
                (1_200, Act::Command(0, true)),
                (1_200, Act::Status(1, Is::Available)),
            ],
            vec![(Available, 3_000), (Inoperative, 600)],
        ),
        (
            "an error code alone is no downtime",
            vec![
                (0, Act::Status(1, Is::Available)),
                (60, Act::Fault(1, Is::Finishing, "EVCommunicationError")),
            ],
            vec![(Available, 60), (Occupied, 3_540)],
        ),
        (
            "momentary states on a broken connector",
            vec![
                (0, Act::Fault(1, Is::Faulted, "GroundFailure")),
                (100, Act::Status(1, Is::Available)),
                (104, Act::Fault(1, Is::Faulted, "GroundFailure")),
                (200, Act::Status(1, Is::Available)),
            ],
            vec![(Available, 3_400), (Faulted, 200)],
        ),
    ]);
}

#[test]
fn connector_0_and_its_connectors() {
    let free = (0, Act::Status(1, Is::Available));
    check(vec![
        (
            "Faulted while connector 1 charges",
            vec![
                (0, Act::Status(1, Is::Charging)),
                (60, Act::Status(0, Is::Faulted)),
            ],
            vec![(Occupied, 3_600)],
        ),
        (
            "the newest word wins over a free one",
            vec![
                free.clone(),
                (600, Act::Status(0, Is::Faulted)),
                (1_200, Act::Status(1, Is::Available)),
            ],
            vec![(Available, 3_000), (Faulted, 600)],
        ),
        (
            "until the whole is well again",
            vec![
                free.clone(),
                (600, Act::Status(0, Is::Unavailable)),
                (1_200, Act::Status(0, Is::Available)),
            ],
            vec![(Available, 3_000), (Faulted, 600)],
        ),
        (
            "commanded as a whole",
            vec![
                free.clone(),
                (600, Act::Command(0, false)),
                (600, Act::Status(0, Is::Unavailable)),
            ],
            vec![(Available, 600), (Inoperative, 3_000)],
        ),
        (
            "before the connector speaks",
            vec![(0, Act::Status(0, Is::Faulted)), free],
            vec![(Available, 3_600)],
        ),
    ]);
}

#[test]
fn links_lost_and_found() {
    let free = (0, Act::Status(1, Is::Available));
    let noted = vec![
        free.clone(),
        (300, Act::Heartbeat),
        (400, Act::Down),
        (500, Act::Operator(false)),
        (600, Act::Note),
    ];
    check(vec![
        (
            "back within the grace",
            vec![
                free.clone(),
                (300, Act::Heartbeat),
                (400, Act::Down),
                (1_199, Act::Up),
            ],
            vec![(Available, 3_600)],
        ),
        (
            "back later: offline since the last frame, then as it was said to be",
            vec![
                free.clone(),
                (300, Act::Heartbeat),
                (400, Act::Down),
                (1_800, Act::Up),
            ],
            vec![(Available, 2_100), (Offline, 1_500)],
        ),
        (
            "never back",
            vec![free.clone(), (300, Act::Heartbeat), (400, Act::Down)],
            vec![(Available, 300), (Offline, 3_300)],
        ),
        (
            "our notes are no word of its own",
            noted,
            vec![(Available, 300), (Offline, 3_300)],
        ),
        (
            "not known yet",
            vec![free.clone(), (3_000, Act::Heartbeat), (3_100, Act::Down)],
            vec![(Available, 3_600)],
        ),
        (
            "given up for silence",
            vec![free.clone(), (960, Act::Down), (1_000, Act::Up)],
            vec![(Available, 2_600), (Offline, 1_000)],
        ),
        (
            "kept alive by pings until it was closed",
            vec![free.clone(), (1_800, Act::Down), (1_810, Act::Up)],
            vec![(Available, 3_600)],
        ),
        (
            "a state that was heard just before",
            vec![
                free,
                (300, Act::Status(1, Is::Faulted)),
                (301, Act::Down),
                (1_800, Act::Up),
            ],
            vec![(Available, 300), (Faulted, 1_800), (Offline, 1_500)],
        ),
    ]);
}

#[test]
fn absence_of_the_daemon_is_not_downtime() {
    let free = (0, Act::Status(1, Is::Available));
    check(vec![
        (
            "back at once",
            vec![
                free.clone(),
                (1_200, Act::Restart(600)),
                (1_200, Act::Down),
                (1_230, Act::Up),
            ],
            vec![(Available, 2_970), (NotObserved, 630)],
        ),
        (
            "back after the grace: offline since our start",
            vec![
                free.clone(),
                (1_200, Act::Restart(600)),
                (1_200, Act::Down),
                (2_400, Act::Up),
            ],
            vec![(Available, 1_800), (Offline, 1_200), (NotObserved, 600)],
        ),
        (
            "awaited still",
            vec![free.clone(), (3_000, Act::Restart(600))],
            vec![(Available, 600), (NotObserved, 3_000)],
        ),
        (
            "twice",
            vec![
                free.clone(),
                (700, Act::Restart(600)),
                (800, Act::Restart(790)),
                (800, Act::Down),
                (810, Act::Up),
            ],
            vec![(Available, 3_390), (NotObserved, 210)],
        ),
        (
            "offline before and after",
            vec![free, (60, Act::Down), (1_200, Act::Restart(1_000))],
            vec![(Offline, 3_400), (NotObserved, 200)],
        ),
    ]);
}

#[test]
fn energy_is_better_evidence_than_a_state() {
    let charging = || {
        vec![
            (0, Act::Status(1, Is::Charging)),
            (0, Act::Start(1)),
            (30, Act::Power(1, 7_000)),
        ]
    };
    let with = |more: Vec<(i64, Act)>| charging().into_iter().chain(more).collect::<Vec<_>>();
    let minutes = |from: i64, to: i64| {
        (from..=to)
            .map(|minute| (minute * 60, Act::Power(1, 7_000)))
            .collect::<Vec<_>>()
    };
    let mut faulted_all_along = with(vec![(31, Act::Fault(1, Is::Faulted, "OtherError"))]);
    faulted_all_along.extend(minutes(1, 60));
    let mut until_half_past = with(vec![(31, Act::Status(1, Is::Faulted))]);
    until_half_past.extend(minutes(1, 30));
    let mut woken = vec![(0, Act::Status(1, Is::Faulted)), (0, Act::Start(1))];
    woken.extend(minutes(10, 20));
    woken.push((1_210, Act::Status(1, Is::Available)));
    check(vec![
        (
            "faulted, and energy flows",
            faulted_all_along.clone(),
            vec![(Occupied, 3_600)],
        ),
        (
            "until it flows no more",
            until_half_past,
            vec![(Occupied, 1_800), (Faulted, 1_800)],
        ),
        (
            "faulted, and nothing flows",
            with(vec![(100, Act::Status(1, Is::Faulted))]),
            vec![(Occupied, 100), (Faulted, 3_500)],
        ),
        (
            "electronics are no charging",
            with(vec![
                (40, Act::Status(1, Is::Faulted)),
                (60, Act::Power(1, 40)),
            ]),
            vec![(Occupied, 40), (Faulted, 3_560)],
        ),
        (
            "a broken one that charges again",
            woken,
            vec![(Available, 2_390), (Occupied, 610), (Faulted, 600)],
        ),
    ]);
    let mut yard = Yard::new("", Vec::new());
    faulted_all_along
        .iter()
        .for_each(|(second, act)| yard.act(*second, act));
    let faults = yard.uptime.faults("CP");
    assert_eq!(
        (faults.len(), faults[0].count, faults[0].faulted),
        (1, 1, 1),
        "the fault is counted all the same"
    );
    assert_eq!(faults[0].error_code.as_deref(), Some("OtherError"));
}

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

fn window(reason: ExemptReason, time: ExemptTime) -> ExemptWindow {
    ExemptWindow {
        site: Some("DERBY".into()),
        charge_point: None,
        reason,
        time,
    }
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

#[test]
fn golden_norms() {
    const MINUTE: i64 = 60_000;
    let mut sums = Sums::default();
    let mut add =
        |class: Class, tag: usize, minutes: i64| sums.time[class as usize][tag] += minutes * MINUTE;
    // A year of 525,600 minutes, of which 1,000 not observed.
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
        Some(norms::accessible_dwh(&sums) as f64 / norms::possible_dwh(&sums, 50.0)),
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

#[test]
fn classes_add_up_to_wall_time_whatever_happens() {
    let windows = [
        window(
            ExemptReason::Maintenance,
            ExemptTime::Weekly("Tue 22:00-06:00; Fri 01:00-01:30".parse().unwrap()),
        ),
        window(
            ExemptReason::Closed,
            ExemptTime::Once {
                from: UtcMs(T0 + 7_000_000),
                to: UtcMs(T0 + 900_000_000),
            },
        ),
    ];
    let seeds = std::env::var("FLEETGAUGE_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(60u64);
    for seed in 0..seeds {
        let mut state = seed;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut yard = Yard::new("Mon-Fri 07:00-19:00; Sat 08:00-12:00", windows.to_vec());
        let mut busy = yard.clone();
        let mut broken = yard.clone();
        let mut second = 0i64;
        let mut register = 0i64;
        for _ in 0..300 {
            let alive = second;
            second += [0, 1, 3, 7, 60, 400, 2_000, 90_000][random(8) as usize] * random(3) as i64;
            let connector = random(3) as u32;
            let states = [
                Is::Available,
                Is::Charging,
                Is::Faulted,
                Is::Unavailable,
                Is::Reserved,
                Is::Unknown,
                Is::Finishing,
            ];
            let state = states[random(7) as usize];
            register += random(400) as i64;
            let act = match random(14) {
                0..=3 => Act::Status(connector, state),
                4 => Act::Fault(connector, state, ["A", "B", "C"][random(3) as usize]),
                5 => Act::Power(connector, random(2) as i64 * 7_000),
                6 => Act::Register(connector, register),
                7 => Act::Up,
                8 => Act::Down,
                9 => Act::Restart(alive),
                10 => Act::Command(connector, random(2) == 0),
                11 => Act::Start(connector.max(1)),
                12 => Act::Stop(connector.max(1)),
                _ => Act::Heartbeat,
            };
            for yard in [&mut yard, &mut busy, &mut broken] {
                yard.act(second, &act);
                yard.act(second, &Act::Tick);
            }
            busy.act(second, &Act::Rows);
            if random(20) == 0 {
                let bytes = postcard::to_allocvec(&broken.uptime).unwrap();
                broken.uptime = postcard::from_bytes(&bytes).unwrap();
            }
            let later = second + random(100_000) as i64;
            let now = UtcMs(T0 + later * 1000);
            let list = yard.connectors(later);
            for connector in &list {
                let mut months = Sums::default();
                connector.months.iter().for_each(|(month, sums)| {
                    assert!(
                        sums.wall_ms() <= month.end(UK.zone()).since(month.start(UK.zone())),
                        "seed {seed}"
                    );
                    months.add(sums);
                });
                assert_eq!(
                    months.wall_ms(),
                    now.since(connector.first_observed),
                    "seed {seed}, {act:?}"
                );
                assert_eq!(connector.total, months, "seed {seed}");
            }
            assert_eq!(
                list,
                broken.connectors(later),
                "seed {seed}: a snapshot in between changes nothing"
            );
        }
        let times = |yard: &Yard| {
            yard.connectors(second)
                .iter()
                .map(|of| of.total.time)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            times(&yard),
            times(&busy),
            "seed {seed}: settling in between changes nothing"
        );
    }
}
