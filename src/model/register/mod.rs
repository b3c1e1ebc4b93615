//! The register: who owns what, where, since when. Read from CSV text (`parse`), replaced whole, never edited in place.

mod charge_points;
mod doubts;
mod parse;
mod renewable;
mod rows;
mod unique;
mod vehicles;

pub use crate::jurisdiction::EmissionClass;
pub use parse::{RegisterError, RegisterFiles};
pub use renewable::{Coverage, RenewableContract};

use std::collections::HashMap;
use std::sync::Arc;

use super::{EnergyUser, IdTokenHash, OcppVersion, Powertrain};
use crate::jurisdiction::Jurisdiction;
use crate::units::{Day, WeeklyHours, Zone};

/// Everything registered, with the look-ups the engine needs.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The country whose rules apply.
    pub jurisdiction: &'static Jurisdiction,
    /// In the order of the file, as all lists here.
    pub organisations: Vec<Organisation>,
    /// Rows of `sites.csv`.
    pub sites: Vec<Site>,
    /// Rows of `vehicles.csv`.
    pub vehicles: Vec<Vehicle>,
    /// Rows of `charge_points.csv`.
    pub charge_points: Vec<ChargePoint>,
    /// Rows of `renewable.csv`.
    pub renewable: Vec<RenewableContract>,
    /// Users by tag: `tags.csv` and the `id_tags` of vehicles, under the store's key.
    pub tags: HashMap<IdTokenHash, EnergyUser>,
    /// What readers are known to make of those tags, where it can be only one user's: for suggestions.
    pub resembling_tags: HashMap<IdTokenHash, EnergyUser>,
    /// Vehicle index by fleet id and by every feed id.
    pub vehicle_index: HashMap<Arc<str>, usize>,
    /// Charge point index by id, lower case (identities are matched without case).
    pub charge_point_index: HashMap<String, usize>,
    /// Charge point index by the ids under which MQTT feeds know it.
    pub charger_feed_index: HashMap<Arc<str>, usize>,
}

impl Register {
    /// The clocks by which its days and hours are meant.
    pub fn zone(&self) -> &'static Zone {
        self.jurisdiction.zone()
    }

    /// The vehicle of a fleet id or feed id (`ovms:AMB101`).
    pub fn vehicle(&self, id: &str) -> Option<&Vehicle> {
        self.vehicle_index
            .get(id)
            .map(|&index| &self.vehicles[index])
    }

    /// The site with this id.
    pub fn site(&self, id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| &*site.id == id)
    }

    /// The charge point that an MQTT feed speaks of, by feed id (`evcc:lp/1`) or by its own.
    pub fn charger(&self, id: &str) -> Option<&ChargePoint> {
        self.charger_feed_index
            .get(id)
            .map(|&index| &self.charge_points[index])
            .or_else(|| self.charge_point(id))
    }

    /// The charge point of an identity, whatever its case.
    pub fn charge_point(&self, id: &str) -> Option<&ChargePoint> {
        self.charge_point_index
            .get(&id.to_lowercase())
            .map(|&index| &self.charge_points[index])
    }
}

/// A row of `organisations.csv`.
#[derive(Clone, PartialEq, Debug)]
pub struct Organisation {
    /// Column `organisation_id`, unique.
    pub id: Arc<str>,
    /// Column `name`, for people.
    pub name: String,
}

/// A row of `sites.csv`.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// Column `site_id`, unique.
    pub id: Arc<str>,
    /// Column `name`, for people.
    pub name: String,
    /// Column `organisation`: an id of `organisations.csv`.
    pub organisation: Option<Arc<str>>,
    /// `region_id` of the GB Carbon Intensity API, 1 to 17.
    pub region_id: Option<u8>,
    /// `capacity_kw` of the supply.
    pub capacity_kw: Option<f64>,
    /// `opening_hours`; `None` is always open.
    pub opening_hours: Option<WeeklyHours>,
}

/// `role` of a vehicle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Vehicles that respond to emergencies.
    Emergency,
    /// Patient transport and other operational use.
    NonEmergency,
    /// Logistics, training, pool.
    Support,
}

/// `category` of a vehicle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// UNECE category M1: cars.
    Car,
    /// UNECE category N1: goods vehicles of up to 3,500 kg.
    Van,
    /// Over 3,500 kg, N2, N3, M3.
    Heavy,
    /// UNECE category L: two and three wheels.
    Motorcycle,
    /// UNECE category M2: more than eight passengers, up to 5,000 kg.
    Minibus,
}

impl Role {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::NonEmergency => "non_emergency",
            Self::Support => "support",
        }
    }
}

impl Category {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Car => "car",
            Self::Van => "van",
            Self::Heavy => "heavy",
            Self::Motorcycle => "motorcycle",
            Self::Minibus => "minibus",
        }
    }
}

/// `ownership` of a vehicle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Property of the organisation.
    Owned,
    /// On a lease contract.
    Leased,
    /// Hired for a short time.
    Hired,
    /// Grey fleet: an employee's own vehicle used for work; not in the denominator.
    Grey,
}

/// `class_override`, `class_override_reason`, `class_override_until`.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassOverride {
    /// The class stated.
    pub class: EmissionClass,
    /// Evidence for the class, as an auditor needs it.
    pub reason: String,
    /// Last day it holds; `None` is open-ended.
    pub until: Option<Day>,
}

/// A row of `vehicles.csv`.
#[derive(Clone, PartialEq, Debug)]
pub struct Vehicle {
    /// Column `vehicle_id`, unique: the fleet id.
    pub id: Arc<str>,
    /// Column `registration`: the number plate.
    pub registration: Option<String>,
    /// Column `organisation`: an id of `organisations.csv`.
    pub organisation: Option<Arc<str>>,
    /// Column `site`: an id of `sites.csv`.
    pub site: Option<Arc<str>>,
    /// Column `role`: what the vehicle is for.
    pub role: Option<Role>,
    /// Column `category`: car, van, lorry and so on.
    pub category: Option<Category>,
    /// `body`, free text (`DCA`, `RRV`, `PTS`).
    pub body: Option<String>,
    /// `fuel`, DVLA's wording, upper case.
    pub fuel: Option<String>,
    /// Column `plug_in`: charges from the grid; `None` counts as no.
    pub plug_in: Option<bool>,
    /// Column `co2_g_per_km`: the type approval value in g/km.
    pub co2_g_per_km: Option<u32>,
    /// `euro`: 1 to 7, from `EURO 6 AG`, `Euro VI`, `6d-TEMP`.
    pub euro: Option<u8>,
    /// `euro` as written, for the sub-stage.
    pub euro_text: Option<String>,
    /// `real_driving_emissions`: step of the test on the road, 1 or 2; the DVLA's `realDrivingEmissions`.
    pub real_driving_emissions: Option<u32>,
    /// Column `engine_cc`: displacement in cubic centimetres.
    pub engine_cc: Option<u32>,
    /// Column `mass_kg`: mass in kg, which decides between Euro standards.
    pub mass_kg: Option<u32>,
    /// `first_registered`; a month counts as its first day.
    pub first_registered: Option<Day>,
    /// Column `in_service_from`: the first day in service; `None` is always.
    pub in_service_from: Option<Day>,
    /// `in_service_to`: the first day out of service (half-open interval).
    pub in_service_to: Option<Day>,
    /// Column `ownership`: whose property the vehicle is; grey fleet and short hires are business travel, scope 3.
    pub ownership: Option<Ownership>,
    /// Column `replacement_age_years`: age at which the vehicle is replaced, years.
    pub replacement_age_years: Option<f64>,
    /// Column `battery_kwh`: capacity of the battery, kWh.
    pub battery_kwh: Option<f64>,
    /// `retrofit`: certified emission retrofit.
    pub retrofit: bool,
    /// The override, if any.
    pub class_override: Option<ClassOverride>,
    /// `replaces`: the vehicle it replaced.
    pub replaces: Option<Arc<str>>,
    /// `feed_ids`: ids under which feeds know it (`ovms:AMB101`), the most trusted first.
    pub feed_ids: Vec<Arc<str>>,
}

impl Vehicle {
    /// In service on the day, by the half-open interval.
    pub fn in_service_on(&self, day: Day) -> bool {
        self.in_service_from.is_none_or(|from| from <= day)
            && self.in_service_to.is_none_or(|to| day < to)
    }

    /// Not the fleet's but business travel: grey fleet, and what is hired for five days or less by its dates (the
    /// share counts vehicles hired for more than five days). A hire without an end goes on.
    pub fn is_business_travel(&self) -> bool {
        let days = self
            .in_service_from
            .zip(self.in_service_to)
            .map(|(from, to)| to.0 - from.0);
        match self.ownership {
            Some(Ownership::Grey) => true,
            Some(Ownership::Hired) => days.is_some_and(|days| days <= 5),
            _ => false,
        }
    }

    /// What drives it, from `fuel`, `plug_in`, `engine_cc`.
    pub fn powertrain(&self) -> Powertrain {
        let plug_in = self.plug_in.unwrap_or(false);
        match self.fuel.as_deref() {
            Some("ELECTRICITY") if self.engine_cc.is_none_or(|cc| cc == 0) => Powertrain::Bev,
            Some("ELECTRICITY") => Powertrain::Phev,
            Some("FUEL CELLS") => Powertrain::H2,
            Some("HYBRID ELECTRIC" | "ELECTRIC DIESEL") if plug_in => Powertrain::Phev,
            Some("HYBRID ELECTRIC" | "ELECTRIC DIESEL") => Powertrain::Hev,
            Some("DIESEL" | "HEAVY OIL" | "GAS DIESEL") => Powertrain::Diesel,
            Some("PETROL") => Powertrain::Petrol,
            Some(fuel) if fuel.contains("GAS") => Powertrain::Gas,
            _ => Powertrain::Unknown,
        }
    }
}

/// `mode` of a charge point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargePointMode {
    /// We are its central system.
    Csms,
    /// We listen in between it and its operator.
    Tap,
}

/// `access` of a charge point: its users where no tag is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Vehicles of the fleet.
    Fleet,
    /// Private cars of staff.
    Staff,
    /// Any driver may charge, also against payment.
    Public,
}

/// A row of `charge_points.csv`.
#[derive(Clone, PartialEq, Debug)]
pub struct ChargePoint {
    /// `charge_point_id`, as provisioned.
    pub id: Arc<str>,
    /// Column `organisation`: an id of `organisations.csv`.
    pub organisation: Option<Arc<str>>,
    /// Column `site`: an id of `sites.csv`.
    pub site: Option<Arc<str>>,
    /// Column `mode`: central system or tap.
    pub mode: ChargePointMode,
    /// Column `connectors`: how many there are.
    pub connectors: u32,
    /// Column `max_power_kw`: rated power, kW.
    pub max_power_kw: Option<f64>,
    /// Column `access`: who may charge here.
    pub access: Access,
    /// Column `in_service_from`: the first day in service; `None` is always.
    pub in_service_from: Option<Day>,
    /// Column `in_service_to`: the first day out of service; `None` is never.
    pub in_service_to: Option<Day>,
    /// `time_zone`, IANA, for chargers that send no zone.
    pub time_zone: Option<String>,
    /// `auth`: hashed key, as `fleetgauge hash-password` prints it.
    pub auth: Option<String>,
    /// `upstream`: the operator's URL, for `tap`.
    pub upstream: Option<String>,
    /// `ocpp_versions` accepted from it; `None`: those of `[ocpp] versions`.
    pub ocpp_versions: Option<Vec<OcppVersion>>,
    /// `security_profile`: the least that it must come in by.
    pub security_profile: Option<u8>,
    /// `feed_ids`: ids under which MQTT feeds know it, the most trusted first.
    pub feed_ids: Vec<Arc<str>>,
}
