//! A charging book with a small register, everything it said so far, and charge points' messages in short.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use fleetgauge::ledger::charging::{ChargingBook, ChargingLimits, ChargingOutcome};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ChargePointEvent, ChargePointMessage, ConnectorStatus, Deviations, EnergyUser, Fact,
    IdTokenHash, Issue, MeterSample, SessionRecord, TokenHasher,
};
use fleetgauge::units::UtcMs;

pub const T0: i64 = 1_787_300_000_000;
pub const MINUTE: i64 = 60_000;

pub fn hasher() -> TokenHasher {
    TokenHasher::new(&[3; 32])
}

pub fn token(tag: &str) -> Option<IdTokenHash> {
    hasher().hash(tag)
}

/// A book with its register and everything it said so far.
pub struct Depot {
    pub book: ChargingBook,
    pub register: Register,
    pub closed: Vec<SessionRecord>,
    pub corrected: Vec<SessionRecord>,
    pub energy: BTreeMap<EnergyUser, i64>,
    pub facts: Vec<Fact>,
}

impl Depot {
    pub fn new() -> Self {
        let files = [
            ("vehicles.csv", "vehicle_id,id_tags\nAMB-1,A1\n"),
            ("sites.csv", "site_id\nDERBY\n"),
            (
                "charge_points.csv",
                "charge_point_id,site,connectors,max_power_kw,access\nCP,DERBY,2,22,fleet\nSTAFF,DERBY,1,22,staff\n",
            ),
            ("tags.csv", "id_tag,kind,vehicle_id\nB1,staff,\n"),
        ];
        let files = files
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .to_vec();
        Self {
            book: ChargingBook::new(100, ChargingLimits::default()),
            register: Register::parse(&RegisterFiles::from_bytes(files), &hasher()).unwrap(),
            closed: Vec::new(),
            corrected: Vec::new(),
            energy: BTreeMap::new(),
            facts: Vec::new(),
        }
    }

    pub fn apply(&mut self, minute: i64, message: ChargePointMessage) -> Option<i32> {
        self.of("CP", minute, message)
    }

    pub fn of(
        &mut self,
        charge_point: &str,
        minute: i64,
        message: ChargePointMessage,
    ) -> Option<i32> {
        let event = ChargePointEvent {
            charge_point: charge_point.into(),
            received_at: UtcMs(T0 + minute * MINUTE),
            deviations: Deviations::default(),
            message,
        };
        let mut out = Vec::new();
        let id = self.book.apply(&event, &self.register, &mut out);
        self.take(out);
        id
    }

    pub fn wait_until(&mut self, minute: i64) {
        let mut out = Vec::new();
        self.book
            .timeout(UtcMs(T0 + minute * MINUTE), &self.register, &mut out);
        self.take(out);
    }

    pub fn take(&mut self, out: Vec<ChargingOutcome>) {
        for outcome in out {
            match outcome {
                ChargingOutcome::Fact(fact) => self.facts.push(fact),
                ChargingOutcome::Flowed { .. } => {}
                ChargingOutcome::Energy {
                    user,
                    from,
                    to,
                    tenth_wh,
                    ..
                } => {
                    assert!(from <= to, "energy flows forward in time");
                    *self.energy.entry(user).or_default() += tenth_wh;
                }
                ChargingOutcome::Closed(record) => {
                    adds_up(&record);
                    self.closed.push(record);
                }
                ChargingOutcome::Corrected(record) => {
                    adds_up(&record);
                    self.corrected.push(record);
                }
            }
        }
    }

    pub fn last(&self) -> &SessionRecord {
        self.closed.last().unwrap()
    }

    pub fn energy_of(&self, user: &EnergyUser) -> i64 {
        self.energy.get(user).copied().unwrap_or(0)
    }
}

fn adds_up(record: &SessionRecord) {
    let parts: i64 = record
        .half_hours
        .iter()
        .map(|half_hour| half_hour.tenth_wh)
        .sum();
    assert_eq!(
        parts,
        record.energy_tenth_wh.unwrap_or(0),
        "half-hours add up: {record:?}"
    );
}

pub fn at(minute: i64) -> Option<UtcMs> {
    Some(UtcMs(T0 + minute * MINUTE))
}

pub fn start(minute: i64, tag: &str, meter_wh: i64) -> ChargePointMessage {
    ChargePointMessage::StartTransaction {
        connector_id: 1,
        id_token: token(tag),
        meter_start_tenth_wh: Some(meter_wh * 10),
        at: at(minute),
        issue: Issue::Ours,
    }
}

pub fn stop(minute: i64, id: Option<i64>, meter_wh: i64) -> ChargePointMessage {
    ChargePointMessage::StopTransaction {
        transaction_id: id,
        id_token: None,
        meter_stop_tenth_wh: Some(meter_wh * 10),
        at: at(minute),
        reason: Some("Local".into()),
        samples: Vec::new(),
    }
}

pub fn meter(minute: i64, id: Option<i64>, wh: i64) -> ChargePointMessage {
    let sample = MeterSample {
        at: at(minute),
        register_tenth_wh: Some(wh * 10),
        ..MeterSample::default()
    };
    ChargePointMessage::MeterValues {
        connector_id: 1,
        transaction_id: id,
        samples: vec![sample],
    }
}

pub fn status(status: ConnectorStatus) -> ChargePointMessage {
    ChargePointMessage::Status {
        connector_id: 1,
        part: 0,
        status,
        error_code: None,
        vendor_error_code: None,
        info: None,
        at: None,
    }
}

pub fn amb() -> EnergyUser {
    EnergyUser::Vehicle("AMB-1".into())
}
