//! One vehicle, charger or meter of one feed: its registers, its newest values, its running day.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::presence::Presence;
use super::row::Row;
use super::{ReadingEffect, ReadingRules};
use crate::ledger::clock::{FeedClock, Stamped};
use crate::ledger::counters::Counter;
use crate::model::register::{Access, Register};
use crate::model::{
    ActivityData, AssetKind, EnergyUser, FeedFormat, Quantity, Reading, Subject, Value, VehicleTags,
};
use crate::units::{Thousandths, UtcMs};

/// Rows carry the device's own time only if it is this close to the arrival: a wrong clock would put points into the far past or future.
const OLDEST_ROW_MS: i64 = 7 * 86_400_000;
const NEWEST_ROW_MS: i64 = 5 * 60_000;
/// A latitude and a longitude that come on topics of their own belong together within this time.
const PAIR_MS: i64 = 10_000;

/// A register of one feed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct AssetRegister {
    pub quantity: Quantity,
    /// Its gains are booked; false where another register of the same subject counts them.
    pub books: bool,
    /// Gained since the booking register last sent a value: booked if that one falls silent.
    pub held: i64,
    pub counter: Counter,
}

/// The newest values, for the web page.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Live {
    /// Odometer in km.
    pub odometer: Option<Thousandths>,
    /// State of charge in per cent.
    pub soc: Option<Thousandths>,
    /// Fuel level in per cent.
    pub fuel_level: Option<Thousandths>,
    /// Charging power in kW.
    pub charge_power: Option<Thousandths>,
    /// Whether the vehicle reports that it charges.
    pub charging: Option<bool>,
    /// By its last will or status.
    pub online: Option<bool>,
}

/// One vehicle, charger or meter of one feed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Asset {
    /// The id the feed uses.
    pub id: Arc<str>,
    /// Vehicle, charger or meter.
    pub kind: AssetKind,
    /// The format it comes in.
    pub format: FeedFormat,
    /// Registers that sent a value.
    pub counters: Vec<AssetRegister>,
    /// The newest values.
    pub live: Live,
    live_at: UtcMs,
    /// How fresh it is.
    pub presence: Presence,
    row_written: Option<UtcMs>,
    /// A latitude (true) or longitude that waits for the other.
    half: Option<(bool, i32, UtcMs)>,
    /// The running day's sums.
    pub today: ActivityData,
    /// The part of `today` that no checkpoint has yet.
    unsaved: ActivityData,
    /// Stored beside the assets, where there is anything to store.
    #[serde(skip)]
    pub clock: FeedClock,
    #[serde(skip)]
    tags: Option<Arc<VehicleTags>>,
    /// Index into `Register::vehicles`.
    #[serde(skip)]
    pub vehicle: Option<u32>,
    /// Its place among the feeds of its vehicle, 0 first.
    #[serde(skip)]
    pub priority: u16,
    /// Index into the groups of assets that are one vehicle or charger, if there is more than one.
    #[serde(skip)]
    pub group: Option<u32>,
    #[serde(skip)]
    subject: Option<Subject>,
}

impl Asset {
    pub(crate) fn new(reading: &Reading<'_>, register: &Register) -> Self {
        let mut asset = Self {
            id: Arc::from(reading.asset.as_ref()),
            kind: reading.kind,
            format: reading.format,
            counters: Vec::new(),
            live: Live::default(),
            live_at: UtcMs(i64::MIN),
            presence: Presence::default(),
            row_written: None,
            half: None,
            today: ActivityData::default(),
            unsaved: ActivityData::default(),
            clock: FeedClock::default(),
            tags: None,
            vehicle: None,
            priority: 0,
            group: None,
            subject: None,
        };
        asset.resolve(register);
        asset
    }

    /// Looks itself up in the register.
    pub(crate) fn resolve(&mut self, register: &Register) {
        let index = (self.kind == AssetKind::Vehicle)
            .then(|| register.vehicle_index.get(&self.id).copied())
            .flatten();
        self.vehicle = index.and_then(|index| u32::try_from(index).ok());
        let vehicle = index.map(|index| &register.vehicles[index]);
        let charger = (self.kind != AssetKind::Vehicle)
            .then(|| register.charger(&self.id))
            .flatten();
        let known = vehicle
            .map(|vehicle| vehicle.id.clone())
            .or_else(|| charger.map(|charger| charger.id.clone()));
        let feeds = vehicle
            .map(|vehicle| &vehicle.feed_ids)
            .or_else(|| charger.map(|charger| &charger.feed_ids));
        // The order in the register is the order of trust; the fleet id itself stands first where it is not listed.
        self.priority = feeds
            .and_then(|feeds| feeds.iter().position(|feed| *feed == self.id))
            .map_or(0, |place| u16::try_from(place + 1).unwrap_or(u16::MAX));
        let name = known.unwrap_or_else(|| self.id.clone());
        let site = vehicle
            .and_then(|v| v.site.clone())
            .or_else(|| charger.and_then(|c| c.site.clone()));
        self.tags = Some(Arc::new(VehicleTags {
            vehicle: name.clone(),
            site: site.unwrap_or_else(|| Arc::from("unknown")),
            powertrain: vehicle.map(|v| v.powertrain()).unwrap_or_default(),
        }));
        self.subject = Some(match self.kind {
            AssetKind::Vehicle => Subject::Vehicle(name),
            AssetKind::Charger | AssetKind::Meter => mqtt_charger_subject(&name, register),
        });
    }

    /// Judges the clock of the feed, and returns the time to use for a reading; `None` is the time of arrival.
    pub(crate) fn judge_time(&mut self, reading: &Reading<'_>) -> Option<UtcMs> {
        let message = Stamped {
            own: reading.at?,
            arrived: reading.received_at,
            is_live: !reading.retained && !reading.historical,
        };
        self.clock.observe(&message, || content(reading))
    }

    /// What its activity is booked on.
    pub(crate) fn subject(&self) -> &Subject {
        self.subject
            .as_ref()
            .expect("resolve() runs before an asset is used")
    }

    /// Tags of its rows; `vehicle` is the name in the register, of chargers and meters too.
    pub(crate) fn tags(&self) -> &Arc<VehicleTags> {
        self.tags
            .as_ref()
            .expect("resolve() runs before an asset is used")
    }

    /// The newest believed value of a register, unless another feed of the vehicle has the one that books.
    pub(crate) fn believed(&self, quantity: Quantity) -> Option<Thousandths> {
        let register = self
            .counters
            .iter()
            .find(|register| register.quantity == quantity)?;
        let counted = register.books || Measure::of(quantity, self.kind).is_none();
        register
            .counter
            .last()
            .filter(|_| counted)
            .map(|(value, _)| Thousandths(value))
    }

    /// What no checkpoint has yet.
    pub(crate) fn unsaved(&self) -> &ActivityData {
        &self.unsaved
    }

    /// Takes what no checkpoint has yet out of the running day's sums.
    pub(crate) fn take_unsaved(&mut self) -> ActivityData {
        std::mem::take(&mut self.unsaved)
    }

    /// Books on the running day.
    pub(crate) fn book_today(&mut self, activity: &ActivityData) {
        self.today.add(activity);
        self.unsaved.add(activity);
    }

    /// Records that one of the vehicle's own registers sent a value on the running day.
    pub(crate) fn record_metered(&mut self, flag: u8) {
        if self.today.metered & flag != flag {
            self.today.metered |= flag;
            self.unsaved.metered |= flag;
        }
    }

    /// Adds to the running day what was spread into it from earlier; the journal has it already.
    pub(crate) fn add_today(&mut self, activity: &ActivityData) {
        self.today.add(activity);
    }

    /// Newest values and the row. `doubted` has a bit for each quantity whose value is not believed yet.
    pub(crate) fn record(
        &mut self,
        reading: &Reading<'_>,
        at: UtcMs,
        doubted: u64,
        rules: ReadingRules<'_>,
        effect: &mut ReadingEffect,
    ) {
        let replayed =
            reading.retained && reading.at.is_none() && self.presence.last_message_at.is_some();
        let newest = at >= self.live_at && !replayed && !reading.historical;
        let mut row = Row::default();
        for entry in reading
            .entries
            .iter()
            .filter(|entry| doubted & 1 << entry.quantity as u8 == 0)
        {
            row.record(entry.quantity, &entry.value, rules.positions);
            if let Value::Angle(angle) = entry.value
                && rules.positions
            {
                row.set_position(self.pair(entry.quantity, angle, at));
            }
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
        let stamp = if (-NEWEST_ROW_MS..=OLDEST_ROW_MS).contains(&lag) {
            at
        } else {
            reading.received_at
        };
        if rules.row_interval_ms > 0 {
            if self.row_written.is_some_and(|written| {
                stamp >= written && stamp.since(written) < rules.row_interval_ms
            }) {
                return;
            }
            self.row_written = self.row_written.max(Some(stamp));
        }
        match self.kind {
            AssetKind::Vehicle => effect.telemetry = row.telemetry(self.tags(), stamp),
            AssetKind::Charger | AssetKind::Meter => effect.meter = row.meter_values(self, stamp),
        }
    }

    /// The position, once both angles are there.
    fn pair(&mut self, quantity: Quantity, angle: i32, at: UtcMs) -> Option<(i32, i32)> {
        let is_latitude = quantity == Quantity::Latitude;
        match self.half {
            Some((waiting, other, since))
                if waiting != is_latitude && at.since(since).abs() <= PAIR_MS =>
            {
                self.half = None;
                Some(if is_latitude {
                    (angle, other)
                } else {
                    (other, angle)
                })
            }
            _ => {
                self.half = Some((is_latitude, angle, at));
                None
            }
        }
    }
}

/// A hash of the values of a reading (FNV-1a, which is the same in every version), to tell whether two are the same.
fn content(reading: &Reading<'_>) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    reading
        .entries
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, entry| {
            let hash = mix(hash, entry.quantity as u64);
            match &entry.value {
                Value::Number(Thousandths(number)) => mix(hash, *number as u64),
                Value::Angle(angle) => mix(hash, *angle as u64),
                Value::Bool(on) => mix(hash, u64::from(*on)),
                Value::Position(latitude, longitude) => {
                    mix(mix(hash, *latitude as u64), *longitude as u64)
                }
                Value::NoId => mix(hash, 1),
                Value::Id(text) => text.bytes().fold(hash, |hash, byte| mix(hash, byte.into())),
            }
        })
}

/// The subject of the energy of a charger that speaks MQTT, by the access that the register gives.
fn mqtt_charger_subject(id: &Arc<str>, register: &Register) -> Subject {
    let user = match register
        .charge_point(id)
        .map(|charge_point| charge_point.access)
    {
        Some(Access::Staff) => EnergyUser::Staff,
        Some(Access::Public) => EnergyUser::Public,
        Some(Access::Fleet) | None => EnergyUser::Unallocated,
    };
    Subject::Charging {
        charge_point: id.clone(),
        user,
    }
}
