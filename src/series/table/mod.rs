//! The one table of time series. The encoder, rows of zeros, own alert rules, `docs/time-series.md` and the dashboards follow from it.
//!
//! Each series has a file: its columns, and under them a function that yields a fact's values in the same order. To add a column, add a
//! line to both. To add a series, add a variant to [`Fact`], a file here, and a line to the table below.
//!
//! Units stand in the names. Every row carries its full tag set, `unknown` for an empty value. Every status stands as a number beside its
//! text, because VictoriaMetrics stores text as 0.

mod alerts;
mod avoided_emissions;
mod charge_point_conformance;
mod charge_point_info;
mod charge_point_status;
mod charging_intensity;
mod charging_session;
mod column;
mod connector_time;
mod counter_event;
mod data_quality;
mod fleet_air;
mod fleet_emissions;
mod fleet_groups;
mod fleet_transition;
mod ingest_stats;
mod meter_values;
mod row;
mod site_emissions;
mod site_info;
mod target_progress;
mod target_projection;
mod vehicle_info;
mod vehicle_telemetry;
mod zero_row;

pub use column::{Column, FieldType, ZeroValue};
pub use row::{FieldValue, RowVisitor};
pub use zero_row::measurement as day_series;

use crate::model::{DaySeries, Fact};
use crate::units::UtcMs;

/// A measurement: all rows of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Measurement {
    /// Name in the database.
    pub name: &'static str,
    /// What one row is.
    pub description: &'static str,
    /// What the time stamps mean.
    pub time: RowTime,
    /// A row has all of them, in this order.
    pub tags: &'static [Column],
    /// A row has those that are known, in this order.
    pub fields: &'static [Column],
}

impl PartialEq for Measurement {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What the time stamp of a row means, and whether the row can disappear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowTime {
    /// The moment that the row is about.
    Moment,
    /// The start of the London day that the row is about.
    Day,
    /// As `Day`. All rows of a day are written together, again and again, and a row of tags that disappear is overwritten with zeros.
    RewrittenDay {
        /// Number of the measurement in stored data.
        series: DaySeries,
        /// True if the rows rest on activity, which may arrive late; else they rest on the day's register alone.
        from_activity: bool,
    },
}

/// Makes [`MEASUREMENTS`], [`measurement`] and [`visit`] from one list of the variants of [`Fact`] and the files of their series.
macro_rules! series {
    ($($variant:pat => $file:ident($($value:expr),+),)+) => {
        /// Every measurement, in the order of the list of series.
        pub const MEASUREMENTS: &[Measurement] = &[$($file::SERIES),+];

        /// The measurement that a fact is a row of.
        #[allow(unused_variables, reason = "the list binds what `visit` needs")]
        pub fn measurement(fact: &Fact) -> &'static Measurement {
            match fact {
                $($variant => &$file::SERIES,)+
                Fact::ZeroRow(fact) => day_series(fact.series),
            }
        }

        /// Takes the row of a fact to the visitor that `start` makes for its measurement; also returns the row's time.
        #[inline(always)]
        pub fn visit<V: RowVisitor>(
            fact: &Fact,
            start: impl FnOnce(&'static Measurement) -> V,
        ) -> (V, UtcMs) {
            match fact {
                $($variant => {
                    let mut visitor = start(&$file::SERIES);
                    let at = $file::row($($value,)+ &mut visitor);
                    (visitor, at)
                })+
                Fact::ZeroRow(fact) => {
                    let mut visitor = start(day_series(fact.series));
                    let at = zero_row::row(fact, &mut visitor);
                    (visitor, at)
                }
            }
        }
    };
}

series! {
    Fact::Telemetry(fact) => vehicle_telemetry(fact),
    Fact::MeterValues(fact) => meter_values(fact),
    Fact::ChargePointStatus(fact) => charge_point_status(fact),
    Fact::ChargePointInfo(fact) => charge_point_info(fact),
    Fact::ConnectorTime(fact) => connector_time(fact),
    Fact::Conformance(fact) => charge_point_conformance(fact),
    Fact::Session { record, kgco2e_location } => charging_session(record, *kgco2e_location),
    Fact::Emissions(fact) => fleet_emissions(fact),
    Fact::SiteEmissions(fact) => site_emissions(fact),
    Fact::Avoided(fact) => avoided_emissions(fact),
    Fact::Air(fact) => fleet_air(fact),
    Fact::Transition(fact) => fleet_transition(fact),
    Fact::FleetGroup(fact) => fleet_groups(fact),
    Fact::VehicleInfo(fact) => vehicle_info(fact),
    Fact::SiteInfo(fact) => site_info(fact),
    Fact::Projection(fact) => target_projection(fact),
    Fact::Target(fact) => target_progress(fact),
    Fact::CounterEvent(fact) => counter_event(fact),
    Fact::DataQuality(fact) => data_quality(fact),
    Fact::Alert(fact) => alerts(fact),
    Fact::ChargingIntensity(fact) => charging_intensity(fact),
    Fact::IngestStats(fact) => ingest_stats(fact),
}
