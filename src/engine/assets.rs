//! What is known of every vehicle, charger and meter heard over MQTT: counters, last values, today's journey.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ledger::counters::{Counter, CounterEvent, CounterLimits, Sample};
use crate::model::register::Register;
use crate::model::{
    Activity, AssetKind, CounterKind, FeedFormat, MeterValuesFact, Quantity, Reading, Subject, TelemetryFact, Value, VehicleTags,
};
use crate::units::{Thousandths, UtcMs};

/// Rows carry the device's time only if it is this close to the arrival (`output-and-operations` section 4).
const OLDEST_ROW_MS: i64 = 7 * 86_400_000;
const NEWEST_ROW_MS: i64 = 5 * 60_000;

/// A counter of one feed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct CounterOf {
    quantity: Quantity,
    /// Its gains are booked. False where another feed of the same vehicle had the quantity first: never both.
    books: bool,
    counter: Counter,
}

/// The newest values, for the page.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Live {
    /// km.
    pub odometer: Option<Thousandths>,
    /// Per cent.
    pub soc: Option<Thousandths>,
    /// Per cent.
    pub fuel_level: Option<Thousandths>,
    /// kW.
    pub charge_power: Option<Thousandths>,
    /// Charging.
    pub charging: Option<bool>,
    /// By its last will or status.
    pub online: Option<bool>,
}

/// One vehicle, charger or meter of one feed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Asset {
    /// The id the feed uses.
    pub id: Arc<str>,
    /// Vehicle, charger or meter.
    pub kind: AssetKind,
    format: FeedFormat,
    counters: Vec<CounterOf>,
    /// The newest values.
    pub live: Live,
    live_at: UtcMs,
    /// Last live (not retained) message.
    pub last_heard: Option<UtcMs>,
    row_written: Option<UtcMs>,
    /// The running day's sums.
    pub today: Activity,
    /// The part of `today` that no checkpoint has yet.
    unsaved: Activity,
    #[serde(skip)]
    tags: Option<Arc<VehicleTags>>,
    /// Index into `Register::vehicles`.
    #[serde(skip)]
    pub vehicle: Option<usize>,
    #[serde(skip)]
    subject: Option<Subject>,
}

/// How a reading is to be heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearing {
    /// At most one row in this time; 0 is no limit.
    pub row_interval_ms: i64,
    /// Positions may be written.
    pub positions: bool,
    /// What the counters gain is booked.
    pub books: bool,
}

/// What one reading led to.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Gains to book over a stretch of time, beyond what went straight to the asset's running day.
    pub gains: Vec<(UtcMs, UtcMs, Activity)>,
    /// Some counter said the reading is older than what is booked.
    pub late: bool,
    /// A `vehicle_telemetry` row.
    pub telemetry: Option<TelemetryFact>,
    /// A `meter_values` row (chargers and meters).
    pub meter: Option<MeterValuesFact>,
}

/// All assets, in the order first heard.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Assets {
    list: Vec<Asset>,
    #[serde(skip)]
    index: HashMap<Arc<str>, u32>,
    /// Whose quantity is booked already: the first feed that reports it has it. Counters are never differenced across feeds.
    #[serde(skip)]
    taken: HashSet<(Arc<str>, Quantity)>,
}

impl Assets {
    /// The position of an asset, made if new and `limit` allows.
    pub fn position(&mut self, reading: &Reading<'_>, limit: usize, register: &Register) -> Option<usize> {
        if let Some(&position) = self.index.get(reading.asset.as_ref()) {
            return Some(position as usize);
        }
        if self.list.len() >= limit {
            return None;
        }
        let id: Arc<str> = Arc::from(reading.asset.as_ref());
        let mut asset = Asset {
            id: id.clone(),
            kind: reading.kind,
            format: reading.format,
            counters: Vec::new(),
            live: Live::default(),
            live_at: UtcMs(i64::MIN),
            last_heard: None,
            row_written: None,
            today: Activity::default(),
            unsaved: Activity::default(),
            tags: None,
            vehicle: None,
            subject: None,
        };
        asset.resolve(register);
        let position = self.list.len();
        self.index.insert(id, u32::try_from(position).ok()?);
        self.list.push(asset);
        Some(position)
    }

    /// Looks every asset up again: after a restart, and when the register changed.
    pub fn resolve(&mut self, register: &Register) {
        self.index = self.list.iter().enumerate().map(|(position, asset)| (asset.id.clone(), position as u32)).collect();
        self.taken.clear();
        for asset in &mut self.list {
            asset.resolve(register);
            let name = asset.tags().vehicle.clone();
            for counter in asset.counters.iter_mut().filter(|counter| counter.books) {
                // Two feeds that the register has just made one vehicle: the one heard first keeps booking.
                counter.books = self.taken.insert((name.clone(), counter.quantity));
            }
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.list.iter()
    }

    /// All of them, to close a day.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Asset> {
        self.list.iter_mut()
    }

    /// Applies a reading. `in_today` tells whether an instant lies in the running day; such gains stay with the asset.
    pub fn hear(&mut self, position: usize, reading: &Reading<'_>, settings: Hearing, in_today: impl Fn(UtcMs) -> bool) -> Heard {
        let Hearing { row_interval_ms, positions, books } = settings;
        let asset = &mut self.list[position];
        let at = reading.at.unwrap_or(reading.received_at);
        let mut heard = Heard::default();
        if !reading.retained {
            asset.last_heard = asset.last_heard.max(Some(reading.received_at));
        }
        for entry in reading.entries.iter() {
            let Value::Number(Thousandths(value)) = entry.value else { continue };
            let Some(limits) = CounterLimits::for_quantity(entry.quantity, reading.format) else { continue };
            if entry.quantity.kind() != CounterKind::Lifetime {
                continue;
            }
            let sample = Sample { value, at, own_time: reading.at.is_some(), retained: reading.retained };
            let known = asset.counters.iter().position(|register| register.quantity == entry.quantity);
            let slot = known.unwrap_or_else(|| {
                let books = self.taken.insert((asset.tags().vehicle.clone(), entry.quantity));
                asset.counters.push(CounterOf { quantity: entry.quantity, books, counter: Counter::default() });
                asset.counters.len() - 1
            });
            let applied = asset.counters[slot].counter.apply(sample, &limits);
            heard.late |= applied.event == Some(CounterEvent::Late);
            if !books || !asset.counters[slot].books {
                continue;
            }
            if applied.is_live && in_today(at) {
                asset.meter(entry.quantity);
            }
            if applied.gained == 0 {
                continue;
            }
            let gain = match entry.quantity {
                Quantity::Odometer => Activity { distance_m: applied.gained, ..Activity::default() },
                Quantity::FuelUsedTotal => Activity { fuel_ml: applied.gained, ..Activity::default() },
                Quantity::ChargeGridEnergyTotal => Activity { vehicle_grid_dwh: applied.gained * 10, ..Activity::default() },
                Quantity::EnergyImportTotal if reading.kind == AssetKind::Charger => {
                    Activity { charged_dwh: applied.gained * 10, ..Activity::default() }
                }
                _ => continue,
            };
            if in_today(applied.from) && in_today(applied.to) {
                asset.today.add(&gain);
                asset.unsaved.add(&gain);
            } else {
                heard.gains.push((applied.from, applied.to, gain));
            }
        }
        asset.note(reading, at, &mut heard, row_interval_ms, positions);
        heard
    }
}

impl Asset {
    fn resolve(&mut self, register: &Register) {
        self.vehicle = (self.kind == AssetKind::Vehicle).then(|| register.vehicle_index.get(&self.id).copied()).flatten();
        let vehicle = self.vehicle.map(|index| &register.vehicles[index]);
        let name = vehicle.map_or_else(|| self.id.clone(), |vehicle| vehicle.id.clone());
        self.tags = Some(Arc::new(VehicleTags {
            vehicle: name.clone(),
            site: vehicle.and_then(|v| v.site.clone()).unwrap_or_else(|| Arc::from("unknown")),
            powertrain: vehicle.map(|v| v.powertrain()).unwrap_or_default(),
        }));
        self.subject = Some(match self.kind {
            AssetKind::Vehicle => Subject::Vehicle(name),
            AssetKind::Charger | AssetKind::Meter => super::mqtt_charger_subject(&self.id, register),
        });
    }

    /// What a lifetime counter stands at after the glitch filter, where this feed is the one that books it.
    pub fn believed(&self, quantity: Quantity) -> Option<Thousandths> {
        let counter = self.counters.iter().find(|register| register.quantity == quantity && register.books)?;
        counter.counter.last().map(|(value, _)| Thousandths(value))
    }

    /// What its activity is booked on.
    pub fn subject(&self) -> &Subject {
        self.subject.as_ref().expect("resolve() runs before an asset is used")
    }

    /// Tags of its rows.
    pub fn tags(&self) -> &Arc<VehicleTags> {
        self.tags.as_ref().expect("resolve() runs before an asset is used")
    }

    /// What no checkpoint has yet.
    pub fn unsaved(&self) -> &Activity {
        &self.unsaved
    }

    /// Takes what no checkpoint has yet out of the running day's sums.
    pub fn take_unsaved(&mut self) -> Activity {
        std::mem::take(&mut self.unsaved)
    }

    /// Notes that the vehicle's own counter was heard on the running day.
    fn meter(&mut self, quantity: Quantity) {
        let flag = match quantity {
            Quantity::FuelUsedTotal => Activity::FUEL_METERED,
            Quantity::ChargeGridEnergyTotal => Activity::GRID_METERED,
            _ => return,
        };
        if self.today.metered & flag == 0 {
            self.today.metered |= flag;
            self.unsaved.metered |= flag;
        }
    }

    /// Adds to the running day what was spread into it from earlier; the journal has it already.
    pub fn add_today(&mut self, activity: &Activity) {
        self.today.add(activity);
    }

    fn note(&mut self, reading: &Reading<'_>, at: UtcMs, heard: &mut Heard, row_interval_ms: i64, positions: bool) {
        let newest = at >= self.live_at && !(reading.retained && reading.at.is_none() && self.last_heard.is_some());
        let mut row = Row::default();
        for entry in reading.entries.iter() {
            row.take(entry.quantity, &entry.value, positions);
        }
        if newest {
            self.live_at = at;
            let live = &mut self.live;
            live.odometer = row.odometer.or(live.odometer);
            live.soc = row.soc.or(live.soc);
            live.fuel_level = row.fuel_level.or(live.fuel_level);
            live.charge_power = row.charge_power.or(live.charge_power);
            live.charging = row.charging.or(live.charging);
            live.online = row.online.or(live.online);
        }
        // A retained copy without a time of its own would make a new point at every reconnect.
        if reading.retained && reading.at.is_none() {
            return;
        }
        let lag = reading.received_at.since(at);
        let stamp = if (-NEWEST_ROW_MS..=OLDEST_ROW_MS).contains(&lag) { at } else { reading.received_at };
        if row_interval_ms > 0 {
            if self.row_written.is_some_and(|written| stamp >= written && stamp.since(written) < row_interval_ms) {
                return;
            }
            self.row_written = self.row_written.max(Some(stamp));
        }
        match self.kind {
            AssetKind::Vehicle => heard.telemetry = row.telemetry(self.tags(), stamp),
            AssetKind::Charger | AssetKind::Meter => heard.meter = row.meter_values(self, stamp),
        }
    }
}

/// The columns a reading fills.
#[derive(Default)]
struct Row {
    odometer: Option<Thousandths>,
    soc: Option<Thousandths>,
    speed: Option<Thousandths>,
    fuel_used_total: Option<Thousandths>,
    fuel_level: Option<Thousandths>,
    charge_grid_energy_total: Option<Thousandths>,
    energy_import_total: Option<Thousandths>,
    charge_power: Option<Thousandths>,
    charging: Option<bool>,
    ignition: Option<bool>,
    online: Option<bool>,
    position: Option<(i32, i32)>,
}

impl Row {
    fn take(&mut self, quantity: Quantity, value: &Value<'_>, positions: bool) {
        match (quantity, value) {
            (Quantity::Odometer, Value::Number(n)) => self.odometer = Some(*n),
            (Quantity::Soc, Value::Number(n)) => self.soc = Some(*n),
            (Quantity::Speed, Value::Number(n)) => self.speed = Some(*n),
            (Quantity::FuelUsedTotal, Value::Number(n)) => self.fuel_used_total = Some(*n),
            (Quantity::FuelLevel, Value::Number(n)) => self.fuel_level = Some(*n),
            (Quantity::ChargeGridEnergyTotal, Value::Number(n)) => self.charge_grid_energy_total = Some(*n),
            (Quantity::EnergyImportTotal, Value::Number(n)) => self.energy_import_total = Some(*n),
            (Quantity::ChargePower, Value::Number(n)) => self.charge_power = Some(*n),
            (Quantity::Charging, Value::Bool(b)) => self.charging = Some(*b),
            (Quantity::Ignition, Value::Bool(b)) => self.ignition = Some(*b),
            (Quantity::Online, Value::Bool(b)) => self.online = Some(*b),
            (Quantity::Position, Value::Position(lat, lon)) if positions => self.position = Some((*lat, *lon)),
            _ => {}
        }
    }

    fn telemetry(self, tags: &Arc<VehicleTags>, at: UtcMs) -> Option<TelemetryFact> {
        let fact = TelemetryFact {
            tags: tags.clone(),
            at,
            odometer: self.odometer,
            soc: self.soc,
            speed: self.speed,
            fuel_used_total: self.fuel_used_total,
            fuel_level: self.fuel_level,
            charge_grid_energy_total: self.charge_grid_energy_total,
            charge_power: self.charge_power,
            charging: self.charging,
            ignition: self.ignition,
            position: self.position,
        };
        let numbers = [
            fact.odometer,
            fact.soc,
            fact.speed,
            fact.fuel_used_total,
            fact.fuel_level,
            fact.charge_grid_energy_total,
            fact.charge_power,
        ];
        let any =
            numbers.iter().any(Option::is_some) || fact.charging.is_some() || fact.ignition.is_some() || fact.position.is_some();
        any.then_some(fact)
    }

    fn meter_values(self, asset: &Asset, at: UtcMs) -> Option<MeterValuesFact> {
        if self.charge_power.is_none() && self.energy_import_total.is_none() {
            return None;
        }
        Some(MeterValuesFact {
            site: asset.tags().site.clone(),
            charge_point: asset.id.clone(),
            connector_id: 0,
            at,
            // kW in thousandths is W; kWh in thousandths is Wh.
            power_mw: self.charge_power.and_then(|n| n.0.checked_mul(1000)),
            register_dwh: self.energy_import_total.and_then(|n| n.0.checked_mul(10)),
            current_ma: None,
            voltage_mv: None,
            soc_mpct: None,
            temperature_mc: None,
        })
    }
}
