//! The uptime book: every rule as a table, norms by golden figures, and classes that add up to wall time in every case.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod classes;
mod sums;

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

fn window(reason: ExemptReason, time: ExemptTime) -> ExemptWindow {
    ExemptWindow {
        site: Some("DERBY".into()),
        charge_point: None,
        reason,
        time,
    }
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
            months_add_up_to_wall_time(&yard, later, &format!("seed {seed}, {act:?}"));
            assert_eq!(
                yard.connectors(later),
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

fn months_add_up_to_wall_time(yard: &Yard, later: i64, context: &str) {
    let now = UtcMs(T0 + later * 1000);
    for connector in yard.connectors(later) {
        let mut months = Sums::default();
        connector.months.iter().for_each(|(month, sums)| {
            assert!(
                sums.wall_ms() <= month.end(UK.zone()).since(month.start(UK.zone())),
                "{context}"
            );
            months.add(sums);
        });
        assert_eq!(
            months.wall_ms(),
            now.since(connector.first_observed),
            "{context}"
        );
        assert_eq!(connector.total, months, "{context}");
    }
}
