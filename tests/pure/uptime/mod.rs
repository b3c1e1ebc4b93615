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

struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Any act on one of three connectors; the daemon may have been away since second `alive`.
fn any_act(random: &mut Random, alive: i64, register: &mut i64) -> Act {
    let connector = random.below(3) as u32;
    let states = [
        Is::Available,
        Is::Charging,
        Is::Faulted,
        Is::Unavailable,
        Is::Reserved,
        Is::Unknown,
        Is::Finishing,
    ];
    let state = states[random.below(7) as usize];
    *register += random.below(400) as i64;
    match random.below(14) {
        0..=3 => Act::Status(connector, state),
        4 => Act::Fault(connector, state, ["A", "B", "C"][random.below(3) as usize]),
        5 => Act::Power(connector, random.below(2) as i64 * 7_000),
        6 => Act::Register(connector, *register),
        7 => Act::Up,
        8 => Act::Down,
        9 => Act::Restart(alive),
        10 => Act::Command(connector, random.below(2) == 0),
        11 => Act::Start(connector.max(1)),
        12 => Act::Stop(connector.max(1)),
        _ => Act::Heartbeat,
    }
}

fn exempt_windows() -> Vec<ExemptWindow> {
    vec![
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
    ]
}

/// Three yards live through the same acts: one as it is, one settled after each act, one restored from snapshots.
#[test]
fn classes_add_up_to_wall_time_whatever_happens() {
    let seeds = std::env::var("FLEETGAUGE_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(60u64);
    for seed in 0..seeds {
        let mut random = Random(seed);
        let mut yard = Yard::new("Mon-Fri 07:00-19:00; Sat 08:00-12:00", exempt_windows());
        let mut settled = yard.clone();
        let mut restored = yard.clone();
        let (mut second, mut register) = (0i64, 0i64);
        for _ in 0..300 {
            let alive = second;
            second += [0, 1, 3, 7, 60, 400, 2_000, 90_000][random.below(8) as usize]
                * random.below(3) as i64;
            let act = any_act(&mut random, alive, &mut register);
            for yard in [&mut yard, &mut settled, &mut restored] {
                yard.act(second, &act);
                yard.act(second, &Act::Tick);
            }
            settled.act(second, &Act::Rows);
            if random.below(20) == 0 {
                let bytes = postcard::to_allocvec(&restored.uptime).unwrap();
                restored.uptime = postcard::from_bytes(&bytes).unwrap();
            }
            let later = second + random.below(100_000) as i64;
            months_add_up_to_wall_time(&yard, later, &format!("seed {seed}, {act:?}"));
            assert_eq!(
                yard.connectors(later),
                restored.connectors(later),
                "seed {seed}: a snapshot in between changes nothing"
            );
        }
        let times = |yard: &Yard| {
            let connectors = yard.connectors(second);
            let times = connectors.iter().map(|connector| connector.total.time);
            times.collect::<Vec<_>>()
        };
        assert_eq!(
            times(&yard),
            times(&settled),
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
