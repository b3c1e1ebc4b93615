//! Meter readings of a connector.

use super::column::{CHARGE_POINT, CONNECTOR, SITE, float};
use super::row::{RowVisitor, connector_tag};
use super::{Measurement, RowTime};
use crate::model::MeterValuesFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "meter_values",
    description: "a meter reading of a connector",
    time: RowTime::Moment,
    tags: &[SITE, CHARGE_POINT, CONNECTOR],
    fields: &[
        float("power_w", "active power delivered, W"),
        float("energy_import_wh", "energy register, Wh"),
        float("current_a", "current of the most loaded phase, A"),
        float("voltage_v", "voltage, V"),
        float(
            "soc_ratio",
            "state of charge of the vehicle as the charge point reports it, 0 to 1",
        ),
        float("temperature_c", "temperature, degrees Celsius"),
    ],
};

pub(super) fn row(fact: &MeterValuesFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(&fact.charge_point);
    connector_tag(fact.connector_id, row);
    row.scaled(fact.power_milliwatts, 3);
    row.scaled(fact.register_tenth_wh, 1);
    row.scaled(fact.current_ma, 3);
    row.scaled(fact.voltage_mv, 3);
    row.scaled(fact.soc_millipercent, 5);
    row.scaled(fact.temperature_mc, 3);
    fact.at
}
