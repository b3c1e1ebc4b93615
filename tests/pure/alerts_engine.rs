//! The shipped rules as the engine feeds them: charge points, sites, vehicles, registers, the daemon itself, the target; and own rules on rows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;
use std::sync::Arc;

use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::engine::{Engine, EngineConfig};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::alerts::OwnRule;
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    AssetKind, BrokerLink, ChargePointEvent, ChargePointMessage, ConnectorStatus, Deviations,
    ExemptReason, ExemptTime, ExemptWindow, Fact, FeedFormat, LinkMode, Notice, NoticeKind,
    Observation, OcppVersion, OwnState, Quantity, Reading, ReadingEntry, Severity, TokenHasher,
    Value,
};
use fleetgauge::units::{Thousandths, UtcMs};

const MINUTE: i64 = 60_000;

fn register(more: &str) -> Arc<Register> {
    let points = format!(
        "charge_point_id,site,connectors,access\nCP1,A,1,fleet\nCP2,A,1,fleet\nCP3,B,1,public\n{more}"
    );
    let vehicles = "vehicle_id,organisation,fuel,euro\nV1,EMAS,ELECTRICITY,\nV2,EMAS,DIESEL,5\nV3,EMAS,DIESEL,5\n";
    let files = [
        ("sites.csv", "site_id\nA\nB\n"),
        ("charge_points.csv", points.as_str()),
        ("vehicles.csv", vehicles),
    ];
    let files = files
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec();
    Arc::new(
        Register::parse(
            &RegisterFiles::from_bytes(files),
            &TokenHasher::new(&[2; 32]),
        )
        .unwrap(),
    )
}

struct Depot {
    engine: Engine,
    now: UtcMs,
    notices: Vec<Notice>,
    rows: Vec<(Arc<str>, u8)>,
}

impl Depot {
    fn new(config: EngineConfig) -> Self {
        let now = "2026-11-23T08:00:00Z".parse().unwrap();
        let factors = Arc::new(load_factors(&FactorsConfig::default()).unwrap());
        let engine = Engine::new(
            config,
            Profile::by_name("nhs_sdu").unwrap(),
            register(""),
            factors,
            1,
            now,
        );
        Self {
            engine,
            now,
            notices: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn drain(&mut self) {
        self.notices
            .extend(std::iter::from_fn(|| self.engine.poll_notice()));
        while let Some(fact) = self.engine.poll_output() {
            if let Fact::Alert(row) = fact {
                self.rows.push((row.rule, row.state_code));
            }
        }
    }

    fn handle(&mut self, observation: &Observation<'_>) {
        self.engine.handle(observation, self.now);
        self.drain();
    }

    fn point(&mut self, charge_point: &str, message: ChargePointMessage) {
        let charge_point = Arc::from(charge_point);
        let event = ChargePointEvent {
            charge_point,
            received_at: self.now,
            deviations: Deviations::default(),
            message,
        };
        self.handle(&Observation::ChargePoint(event));
    }

    fn connect(&mut self, charge_point: &str) {
        self.point(
            charge_point,
            ChargePointMessage::Connected {
                version: OcppVersion::V16,
                mode: LinkMode::default(),
            },
        );
    }

    fn status(&mut self, charge_point: &str, status: ConnectorStatus) {
        let error_code = (status == ConnectorStatus::Faulted).then(|| "GroundFailure".to_owned());
        let at = Some(self.now);
        let message = ChargePointMessage::Status {
            connector_id: 1,
            part: 0,
            status,
            error_code,
            vendor_error_code: None,
            info: None,
            at,
        };
        self.point(charge_point, message);
    }

    fn vehicle(&mut self, asset: &str, quantity: Quantity, thousandths: i64, at: UtcMs) {
        let entries = vec![ReadingEntry {
            quantity,
            value: Value::Number(Thousandths(thousandths)),
        }];
        self.handle(&Observation::Telemetry(Reading {
            asset: Cow::Borrowed(asset),
            kind: AssetKind::Vehicle,
            format: FeedFormat::new(0),
            at: Some(at),
            received_at: self.now,
            retained: false,
            historical: false,
            sequence: None,
            stale_after_s: None,
            entries: Cow::Owned(entries),
        }));
    }

    fn pass(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.now = self.now.plus(MINUTE);
            while self.engine.next_timeout() <= self.now {
                let due = self.engine.next_timeout();
                self.engine.handle_timeout(due);
                self.drain();
            }
        }
    }

    fn sent(&mut self) -> Vec<(String, NoticeKind, usize)> {
        self.notices
            .drain(..)
            .map(|notice| (notice.rule, notice.kind, notice.alerts.len()))
            .collect()
    }
}

fn one(rule: &str, kind: NoticeKind) -> Vec<(String, NoticeKind, usize)> {
    vec![(rule.to_owned(), kind, 1)]
}

#[test]
fn a_fault_is_pending_at_once_and_notified_when_it_lasts() {
    let mut depot = Depot::new(EngineConfig::default());
    depot.connect("CP1");
    depot.status("CP1", ConnectorStatus::Faulted);
    assert_eq!(
        depot.rows,
        [("charger_faulted".into(), 1)],
        "without waiting for the minute"
    );
    depot.status("CP1", ConnectorStatus::Available);
    assert_eq!(depot.rows.last(), Some(&("charger_faulted".into(), 0)));
    depot.pass(10);
    assert_eq!(depot.sent(), [], "most faults are taken back by themselves");
    depot.status("CP1", ConnectorStatus::Faulted);
    depot.pass(3);
    let notice = depot.notices[0].clone();
    assert_eq!(depot.sent(), one("charger_faulted", NoticeKind::Firing));
    assert_eq!(notice.group, [("site".to_owned(), "A".to_owned())]);
    assert!(
        notice.alerts[0]
            .summary
            .contains("CP1 connector 1 (A): GroundFailure"),
        "{notice:?}"
    );
    // Lost with its link, it is not over; nor is it when the daemon starts anew.
    depot.point("CP1", ChargePointMessage::Disconnected);
    depot.pass(5);
    depot.connect("CP1");
    assert_eq!(depot.sent(), []);
    depot.status("CP1", ConnectorStatus::Available);
    depot.pass(12);
    assert_eq!(depot.sent(), one("charger_faulted", NoticeKind::Resolved));
}

/// Ten hours of maintenance at site B, from the depot's first moment.
fn depot_with_maintenance_at_b() -> Depot {
    let from = "2026-11-23T08:00:00Z".parse().unwrap();
    let window = ExemptWindow {
        site: Some("B".into()),
        charge_point: None,
        reason: ExemptReason::Maintenance,
        time: ExemptTime::Once {
            from,
            to: from.plus(600 * MINUTE),
        },
    };
    let mut depot = Depot::new(EngineConfig {
        exempt: vec![window],
        ..EngineConfig::default()
    });
    for point in ["CP1", "CP2", "CP3"] {
        depot.connect(point);
    }
    depot
}

#[test]
fn lost_links_are_notified_by_point_or_by_site_and_never_in_exempt_time() {
    let mut depot = depot_with_maintenance_at_b();
    depot.point("CP1", ChargePointMessage::Disconnected);
    depot.point("CP3", ChargePointMessage::Disconnected);
    depot.pass(14);
    assert_eq!(depot.sent(), []);
    depot.pass(3);
    assert_eq!(
        depot.sent(),
        one("charger_offline", NoticeKind::Firing),
        "CP3 is being worked on"
    );
    depot.point("CP2", ChargePointMessage::Disconnected);
    depot.pass(17);
    assert_eq!(
        depot.sent(),
        one("site_offline", NoticeKind::Firing),
        "CP2 is explained by its site"
    );
    depot.connect("CP1");
    depot.connect("CP2");
    depot.pass(6);
    let mut sent = depot.sent();
    sent.sort();
    assert_eq!(
        sent,
        [
            one("charger_offline", NoticeKind::Resolved),
            one("site_offline", NoticeKind::Resolved)
        ]
        .concat()
    );
    depot.pass(600);
    assert_eq!(
        depot.sent(),
        one("charger_offline", NoticeKind::Firing),
        "CP3, now that the work is over"
    );
}

#[test]
fn a_point_taken_off_the_register_has_no_alert() {
    let mut depot = depot_with_maintenance_at_b();
    depot.point("CP3", ChargePointMessage::Disconnected);
    depot.pass(640);
    assert_eq!(depot.sent(), one("charger_offline", NoticeKind::Firing));
    let files = [
        (
            "charge_points.csv",
            "charge_point_id,site,connectors\nCP1,A,1\nCP2,A,1\n",
        ),
        ("sites.csv", "site_id\nA\n"),
    ];
    let files = files
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec();
    let register = Register::parse(
        &RegisterFiles::from_bytes(files),
        &TokenHasher::new(&[2; 32]),
    )
    .unwrap();
    depot.engine.set_register(Arc::new(register), depot.now);
    depot.pass(2);
    assert_eq!(depot.sent(), one("charger_offline", NoticeKind::Resolved));
}

#[test]
fn a_blocked_public_connector_raises_an_alert_and_a_fleet_one_does_not() {
    let mut depot = Depot::new(EngineConfig::default());
    for point in ["CP1", "CP3"] {
        depot.connect(point);
        depot.status(point, ConnectorStatus::SuspendedEV);
    }
    depot.pass(119);
    assert_eq!(depot.sent(), []);
    depot.pass(5);
    assert_eq!(depot.sent(), one("charger_overstay", NoticeKind::Firing));
    depot.status("CP3", ConnectorStatus::Available);
    depot.pass(2);
    assert_eq!(depot.sent(), one("charger_overstay", NoticeKind::Resolved));
}

#[test]
fn silent_vehicles_and_thin_data_raise_alerts() {
    let mut depot = Depot::new(EngineConfig::default());
    for vehicle in ["V1", "V2"] {
        depot.vehicle(vehicle, Quantity::Odometer, 1_000_000, depot.now);
    }
    depot.pass(120);
    assert_eq!(
        depot.sent(),
        [("data_completeness".to_owned(), NoticeKind::Firing, 2)],
        "two of three, of all and of EMAS"
    );
    depot.vehicle("V3", Quantity::Odometer, 1_000_000, depot.now);
    depot.pass(10);
    assert_eq!(
        depot.sent(),
        [("data_completeness".to_owned(), NoticeKind::Resolved, 2)]
    );
    // V1 falls silent; the others go on.
    for hour in 1..=26 {
        depot.pass(60);
        depot.vehicle("V2", Quantity::Odometer, 1_000_000 + hour, depot.now);
        depot.vehicle("V3", Quantity::Odometer, 1_000_000 + hour, depot.now);
    }
    let sent = depot.sent();
    assert!(
        sent.contains(&("data_completeness".to_owned(), NoticeKind::Firing, 2)),
        "{sent:?}"
    );
    assert!(
        !sent.iter().any(|(rule, ..)| rule == "vehicle_silent"),
        "explained by the completeness: {sent:?}"
    );
}

#[test]
fn registers_and_the_daemon_itself_raise_alerts() {
    let mut depot = Depot::new(EngineConfig::default());
    // An odometer that was replaced: so far back that it must be a new one, which counts on from there.
    for km in [100_000, 100_010, 5, 6, 7, 8] {
        depot.now = depot.now.plus(10 * MINUTE);
        depot.vehicle("V1", Quantity::Odometer, km * 1_000, depot.now);
        depot.pass(1);
    }
    let notice = depot
        .notices
        .iter()
        .find(|notice| notice.rule == "counter_event")
        .expect("a reset is sent")
        .clone();
    assert!(
        notice.alerts[0]
            .summary
            .contains("fleetgauge counters undo 1"),
        "{notice:?}"
    );
    depot.sent();
    depot.handle(&Observation::CounterUndone { entry: 1 });
    depot.pass(2);
    assert!(
        depot
            .sent()
            .contains(&("counter_event".to_owned(), NoticeKind::Resolved, 1)),
        "undone"
    );
    for minute in 0..8 {
        let state = OwnState {
            output_age_s: Some(1_000.0 + 60.0 * f64::from(minute)),
            disk_free_ratio: Some(0.05),
        };
        depot.handle(&Observation::OwnState(state));
        depot.pass(1);
    }
    let mut sent = depot.sent();
    sent.retain(|(rule, ..)| rule == "disk_near_full" || rule == "output_behind");
    sent.sort();
    assert_eq!(
        sent,
        [
            one("disk_near_full", NoticeKind::Firing),
            one("output_behind", NoticeKind::Firing)
        ]
        .concat()
    );
}

#[test]
fn a_lost_broker_link_is_notified_if_there_is_a_receiver() {
    for receivers in [Severity::ALL.to_vec(), vec![]] {
        let mut config = EngineConfig::default();
        config.alerts.notified_severities = receivers.clone();
        let mut depot = Depot::new(config);
        let since = depot.now;
        for _ in 0..12 {
            let link = |broker: &str, down_since| BrokerLink {
                broker: broker.to_owned(),
                down_since,
            };
            depot.handle(&Observation::Brokers(vec![
                link("depot", Some(since)),
                link("other", None),
            ]));
            depot.pass(1);
        }
        let summary = depot
            .notices
            .iter()
            .map(|notice| notice.alerts[0].summary.clone())
            .collect::<Vec<_>>();
        if receivers.is_empty() {
            assert_eq!(summary, [""; 0]);
            continue;
        }
        assert_eq!(
            summary,
            [format!(
                "no connection to the broker depot since {}",
                since.in_words(UK.zone())
            )]
        );
        depot.sent();
        depot.handle(&Observation::Brokers(vec![]));
        depot.pass(1);
        assert_eq!(
            depot.sent(),
            one("broker_down", NoticeKind::Resolved),
            "taken out of the configuration"
        );
    }
}

#[test]
fn the_target_is_judged_at_the_end_of_each_month() {
    let mut config = EngineConfig {
        target_start: Some("2022-04-01".parse().unwrap()),
        target_start_share: Some(0.5),
        ..EngineConfig::default()
    };
    config.alerts.max_per_hour = 1_000;
    let mut depot = Depot::new(config);
    // A share of a third, and a path that is far above it. Days pass by one step each.
    let days = |depot: &mut Depot, count: i64| {
        for _ in 0..count {
            depot.now = depot.now.plus(1_440 * MINUTE);
            depot.engine.handle_timeout(depot.now);
            depot.drain();
        }
    };
    days(&mut depot, 30);
    assert_eq!(depot.sent(), [], "one evaluation is not two");
    days(&mut depot, 31);
    assert_eq!(depot.sent(), one("target_off_path", NoticeKind::Firing));
    days(&mut depot, 28);
    assert_eq!(
        depot.sent(),
        one("target_off_path", NoticeKind::Repeat),
        "thirty days after 1 January, once"
    );
}

#[test]
fn own_rules_look_at_live_rows_of_the_series_they_name() {
    let mut config = EngineConfig::default();
    let mut rule = config.alerts.rules[0].clone();
    rule.name = "battery_low".into();
    (rule.above, rule.inclusive, rule.raise, rule.clear) = (false, false, 0.15, 0.3);
    (rule.for_ms, rule.keep_firing_ms, rule.group) = (0, 0, Vec::new());
    config.alerts.rules.push(rule);
    config.alerts.own.push(OwnRule {
        rule: "battery_low".into(),
        measurement: "vehicle_telemetry",
        field: "soc_ratio",
        wanted: vec![("powertrain".into(), "bev".into())],
    });
    let mut depot = Depot::new(config);
    let now = depot.now;
    depot.vehicle("V1", Quantity::Soc, 10_000, now.plus(-7_200_000));
    depot.vehicle("V2", Quantity::Soc, 10_000, now);
    assert_eq!(
        depot.sent(),
        [],
        "of two hours ago; and no battery electric one"
    );
    depot.vehicle("V1", Quantity::Soc, 10_000, now);
    assert_eq!(
        depot.sent(),
        one("battery_low", NoticeKind::Firing),
        "at once"
    );
    depot.vehicle("V1", Quantity::Soc, 20_000, now.plus(1));
    assert_eq!(depot.sent(), []);
    depot.vehicle("V1", Quantity::Soc, 30_000, now.plus(2));
    assert_eq!(depot.sent(), one("battery_low", NoticeKind::Resolved));
}
