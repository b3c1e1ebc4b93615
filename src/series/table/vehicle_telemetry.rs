//! What a vehicle reported at one time.

use super::column::{SITE, boolean, float, tag};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::TelemetryFact;
use crate::units::{Thousandths, UtcMs};

pub(super) const SERIES: Measurement = Measurement {
    name: "vehicle_telemetry",
    description: "what a vehicle reported at one time",
    time: RowTime::Moment,
    tags: &[
        SITE,
        tag("vehicle_id", "fleet id"),
        tag("powertrain", "bev, phev, hev, diesel, petrol, gas, h2"),
    ],
    fields: &[
        float("odometer_km", "lifetime distance, km"),
        float(
            "soc_ratio",
            "state of charge of the traction battery, 0 to 1",
        ),
        float("speed_kph", "speed, km/h"),
        float("fuel_used_l", "lifetime fuel, l"),
        float("fuel_level_ratio", "fuel in the tank, 0 to 1"),
        float(
            "charge_grid_energy_wh",
            "lifetime energy taken from the grid, Wh",
        ),
        float(
            "battery_power_w",
            "power into the traction battery, W; negative out of it",
        ),
        float("charge_power_w", "power while charging, W"),
        boolean("charging", "energy flows into the battery"),
        boolean("ignition", "switched on"),
        float(
            "latitude_deg",
            "latitude, degrees; only if positions are switched on",
        ),
        float(
            "longitude_deg",
            "longitude, degrees; only if positions are switched on",
        ),
    ],
};

pub(super) fn row(fact: &TelemetryFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.tags.site);
    row.tag(&fact.tags.vehicle);
    row.tag(fact.tags.powertrain.name());
    let raw = |value: Option<Thousandths>| value.map(|value| value.0);
    row.scaled(raw(fact.odometer), 3);
    // Thousandths of a per cent are hundred-thousandths of one.
    row.scaled(raw(fact.soc), 5);
    row.scaled(raw(fact.speed), 3);
    row.scaled(raw(fact.fuel_used_total), 3);
    row.scaled(raw(fact.fuel_level), 5);
    // Thousandths of kWh and kW are Wh and W.
    row.scaled(raw(fact.charge_grid_energy_total), 0);
    row.scaled(raw(fact.battery_power), 0);
    row.scaled(raw(fact.charge_power), 0);
    row.boolean(fact.charging);
    row.boolean(fact.ignition);
    row.scaled(fact.position.map(|(latitude, _)| latitude.into()), 7);
    row.scaled(fact.position.map(|(_, longitude)| longitude.into()), 7);
    fact.at
}
