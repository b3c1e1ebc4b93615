//! A charging book and an uptime book side by side, as in the engine, with what charge points do second by second.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use fleetgauge::ledger::charging::{ChargingBook, ChargingLimits};
use fleetgauge::ledger::uptime::{Class, ConnectorUptime, Exempts, UptimeBook, UptimeRules};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ChargePointEvent, ChargePointMessage, ConnectorStatus, Deviations, ExemptWindow, Issue,
    LinkMode, MeterSample, OcppVersion, ProvisioningEvent, TokenHasher,
};
use fleetgauge::units::UtcMs;

/// 2026-11-23, a Monday, 08:00 in London.
pub const T0: i64 = 1_795_420_800_000;
pub const GRACE_S: i64 = 900;

/// What may happen.
#[derive(Clone, Debug)]
pub enum Act {
    Status(u32, ConnectorStatus),
    Fault(u32, ConnectorStatus, &'static str),
    Power(u32, i64),
    Register(u32, i64),
    Heartbeat,
    Up,
    Down,
    /// We were away since this second.
    Restart(i64),
    Command(u32, bool),
    /// A tapped one's operator can be reached, or not.
    Operator(bool),
    /// A note of ours about its setup.
    Note,
    Start(u32),
    Stop(u32),
    /// Sessions that are given up.
    Tick,
    /// Rows are written, so what is certain is booked.
    Rows,
}

#[derive(Clone)]
pub struct Yard {
    pub charging: ChargingBook,
    pub uptime: UptimeBook,
    pub register: Register,
    pub windows: Vec<ExemptWindow>,
    pub overstay_grace_ms: i64,
    open: BTreeMap<u32, i32>,
}

impl Yard {
    pub fn new(opening_hours: &str, windows: Vec<ExemptWindow>) -> Self {
        let sites = format!("site_id,opening_hours\nDERBY,{opening_hours}\n");
        let files = [
            ("sites.csv", sites.as_str()),
            (
                "charge_points.csv",
                "charge_point_id,site,connectors,max_power_kw,access\nCP,DERBY,2,50,public\n",
            ),
        ];
        let files = files
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .to_vec();
        Self {
            charging: ChargingBook::new(
                1,
                ChargingLimits {
                    connectors: 8,
                    ..ChargingLimits::default()
                },
            ),
            uptime: UptimeBook::default(),
            register: Register::parse(
                &RegisterFiles::from_bytes(files),
                &TokenHasher::new(&[1; 32]),
            )
            .unwrap(),
            windows,
            overstay_grace_ms: 600_000,
            open: BTreeMap::new(),
        }
    }

    pub fn rules(&self) -> UptimeRules<'_> {
        UptimeRules {
            offline_grace_ms: GRACE_S * 1000,
            overstay_grace_ms: self.overstay_grace_ms,
            exempts: Exempts {
                windows: &self.windows,
                register: &self.register,
            },
        }
    }

    pub fn act(&mut self, second: i64, act: &Act) {
        self.act_at(UtcMs(T0 + second * 1000), act);
    }

    pub fn act_at(&mut self, now: UtcMs, act: &Act) {
        let mut uptime = std::mem::take(&mut self.uptime);
        let message = match act {
            Act::Tick => {
                let mut out = Vec::new();
                self.charging.timeout(now, &self.register, &mut out);
                out.iter()
                    .for_each(|outcome| uptime.apply_outcome(outcome, now, &self.rules()));
                None
            }
            Act::Rows => {
                uptime.due_rows(now, now.0 / 60_000 % 15 == 0, &self.rules());
                None
            }
            Act::Restart(alive) => {
                uptime.restarted(UtcMs(T0 + alive * 1000), now, &self.rules());
                None
            }
            message => Some(self.message(message, now)),
        };
        if let Some(message) = message {
            let event = ChargePointEvent {
                charge_point: "CP".into(),
                received_at: now,
                deviations: Deviations::default(),
                message,
            };
            let mut out = Vec::new();
            if let (Some(id), Act::Start(connector)) =
                (self.charging.apply(&event, &self.register, &mut out), act)
            {
                self.open.insert(*connector, id);
            }
            uptime.apply(
                &event,
                self.charging.charge_point("CP").unwrap(),
                &self.rules(),
            );
            out.iter()
                .for_each(|outcome| uptime.apply_outcome(outcome, now, &self.rules()));
        }
        self.uptime = uptime;
    }

    /// One sample, of the transaction that is open on the connector.
    fn meter_values(
        &self,
        connector_id: u32,
        set: impl FnOnce(&mut MeterSample),
        now: UtcMs,
    ) -> ChargePointMessage {
        let mut sample = MeterSample {
            at: Some(now),
            ..MeterSample::default()
        };
        set(&mut sample);
        ChargePointMessage::MeterValues {
            connector_id,
            transaction_id: self.transaction(connector_id),
            samples: vec![sample],
        }
    }

    fn transaction(&self, connector_id: u32) -> Option<i64> {
        self.open.get(&connector_id).map(|id| i64::from(*id))
    }

    fn message(&self, act: &Act, now: UtcMs) -> ChargePointMessage {
        let at = Some(now);
        let status = |connector_id, status, error: &str| ChargePointMessage::Status {
            connector_id,
            part: 0,
            status,
            error_code: (!error.is_empty()).then(|| error.to_owned()),
            vendor_error_code: None,
            info: None,
            at,
        };
        match act {
            Act::Status(connector, state) => status(*connector, *state, ""),
            Act::Fault(connector, state, error) => status(*connector, *state, error),
            Act::Power(connector, watt) => self.meter_values(
                *connector,
                |sample| sample.power_milliwatts = Some(watt * 1000),
                now,
            ),
            Act::Register(connector, wh) => self.meter_values(
                *connector,
                |sample| sample.register_tenth_wh = Some(wh * 10),
                now,
            ),
            Act::Up => ChargePointMessage::Connected {
                version: OcppVersion::V16,
                mode: LinkMode::Csms,
            },
            Act::Down => ChargePointMessage::Disconnected,
            Act::Command(connector_id, operative) => ChargePointMessage::AvailabilityChanged {
                connector_id: *connector_id,
                operative: *operative,
            },
            Act::Operator(up) => ChargePointMessage::OperatorLink { up: *up },
            Act::Note => ChargePointMessage::Provisioning(ProvisioningEvent::Refresh),
            Act::Start(connector_id) => ChargePointMessage::StartTransaction {
                connector_id: *connector_id,
                id_token: None,
                meter_start_tenth_wh: Some(0),
                at,
                issue: Issue::Ours,
            },
            Act::Stop(connector) => ChargePointMessage::StopTransaction {
                transaction_id: self.transaction(*connector),
                id_token: None,
                meter_stop_tenth_wh: None,
                at,
                reason: None,
                samples: Vec::new(),
            },
            Act::Heartbeat | Act::Restart(_) | Act::Tick | Act::Rows => {
                ChargePointMessage::Heartbeat
            }
        }
    }

    pub fn connectors(&self, second: i64) -> Vec<ConnectorUptime> {
        self.uptime
            .connectors(UtcMs(T0 + second * 1000), &self.rules(), &self.charging)
    }

    /// Seconds of each class of a connector, those that are not zero.
    pub fn seconds(&self, connector_id: u32, until: i64) -> Vec<(Class, i64)> {
        let list = self.connectors(until);
        let connector = list
            .iter()
            .find(|connector| connector.connector_id == connector_id)
            .unwrap();
        let classes = Class::ALL.map(|class| (class, connector.total.class_ms(class) / 1000));
        classes
            .into_iter()
            .filter(|(_, seconds)| *seconds != 0)
            .collect()
    }
}
