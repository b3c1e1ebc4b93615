//! The class of a connector at every moment.

use crate::uptime::*;

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
            "a connector that only reports transactions",
            vec![(0, Act::Start(1)), (600, Act::Stop(1))],
            vec![(Occupied, 600), (NotObserved, 3_000)],
        ),
    ]);
}

#[test]
fn commands_and_errors_become_classes() {
    check(vec![
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
fn the_state_of_connector_0_applies_to_its_connectors() {
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
fn a_lost_link_is_offline_after_the_grace() {
    let free = (0, Act::Status(1, Is::Available));
    let provisioned = vec![
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
            "back later: offline since the last frame, then in the state of before",
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
            "records of our own are no frame of its own",
            provisioned,
            vec![(Available, 300), (Offline, 3_300)],
        ),
    ]);
}

#[test]
fn silence_is_judged_by_the_last_frame() {
    let free = (0, Act::Status(1, Is::Available));
    check(vec![
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
            "a state that was reported just before",
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

/// A session that charges at 7 kW from second 30 on, and more.
fn charging_and(more: Vec<(i64, Act)>) -> Vec<(i64, Act)> {
    let mut acts = vec![
        (0, Act::Status(1, Is::Charging)),
        (0, Act::Start(1)),
        (30, Act::Power(1, 7_000)),
    ];
    acts.extend(more);
    acts
}

/// 7 kW at each of these minutes.
fn power(minutes: std::ops::RangeInclusive<i64>) -> impl Iterator<Item = (i64, Act)> {
    minutes.map(|minute| (minute * 60, Act::Power(1, 7_000)))
}

#[test]
fn energy_is_better_evidence_than_a_state() {
    let mut faulted_all_along = charging_and(vec![(31, Act::Fault(1, Is::Faulted, "OtherError"))]);
    faulted_all_along.extend(power(1..=60));
    let mut until_half_past = charging_and(vec![(31, Act::Status(1, Is::Faulted))]);
    until_half_past.extend(power(1..=30));
    let mut recovered = vec![(0, Act::Status(1, Is::Faulted)), (0, Act::Start(1))];
    recovered.extend(power(10..=20));
    recovered.push((1_210, Act::Status(1, Is::Available)));
    check(vec![
        (
            "faulted, and energy flows",
            faulted_all_along,
            vec![(Occupied, 3_600)],
        ),
        (
            "until it flows no more",
            until_half_past,
            vec![(Occupied, 1_800), (Faulted, 1_800)],
        ),
        (
            "faulted, and nothing flows",
            charging_and(vec![(100, Act::Status(1, Is::Faulted))]),
            vec![(Occupied, 100), (Faulted, 3_500)],
        ),
        (
            "electronics are no charging",
            charging_and(vec![
                (40, Act::Status(1, Is::Faulted)),
                (60, Act::Power(1, 40)),
            ]),
            vec![(Occupied, 40), (Faulted, 3_560)],
        ),
        (
            "a broken one that charges again",
            recovered,
            vec![(Available, 2_390), (Occupied, 610), (Faulted, 600)],
        ),
    ]);
}

#[test]
fn a_fault_is_counted_although_energy_flows() {
    let mut acts = charging_and(vec![(31, Act::Fault(1, Is::Faulted, "OtherError"))]);
    acts.extend(power(1..=60));
    let mut yard = Yard::new("", Vec::new());
    acts.iter().for_each(|(second, act)| yard.act(*second, act));
    let faults = yard.uptime.faults("CP");
    assert_eq!(
        (faults.len(), faults[0].count, faults[0].faulted),
        (1, 1, 1),
        "the fault is counted all the same"
    );
    assert_eq!(faults[0].error_code.as_deref(), Some("OtherError"));
}
