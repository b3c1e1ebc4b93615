//! The columns of a reading: what becomes a row of `vehicle_telemetry` or `meter_values`.

use std::sync::Arc;

use super::Asset;
use crate::model::{MeterValuesFact, Quantity, TelemetryFact, Value, VehicleTags};
use crate::units::{Thousandths, UtcMs};

/// The columns a reading fills.
#[derive(Default)]
pub(in crate::engine) struct Row {
    pub odometer: Option<Thousandths>,
    pub soc: Option<Thousandths>,
    speed: Option<Thousandths>,
    fuel_used_total: Option<Thousandths>,
    pub fuel_level: Option<Thousandths>,
    charge_grid_energy_total: Option<Thousandths>,
    energy_import_total: Option<Thousandths>,
    battery_power: Option<Thousandths>,
    pub charge_power: Option<Thousandths>,
    pub charging: Option<bool>,
    ignition: Option<bool>,
    pub online: Option<bool>,
    position: Option<(i32, i32)>,
}

impl Row {
    pub(super) fn record(&mut self, quantity: Quantity, value: &Value<'_>, positions: bool) {
        match (quantity, value) {
            (Quantity::Odometer, Value::Number(n)) => self.odometer = Some(*n),
            (Quantity::Soc, Value::Number(n)) => self.soc = Some(*n),
            // The usable level, where the source does not distinguish.
            (Quantity::SocUsable, Value::Number(n)) => self.soc = self.soc.or(Some(*n)),
            (Quantity::Speed, Value::Number(n)) => self.speed = Some(*n),
            (Quantity::FuelUsedTotal, Value::Number(n)) => self.fuel_used_total = Some(*n),
            (Quantity::FuelLevel, Value::Number(n)) => self.fuel_level = Some(*n),
            (Quantity::ChargeGridEnergyTotal, Value::Number(n)) => {
                self.charge_grid_energy_total = Some(*n)
            }
            (Quantity::EnergyImportTotal, Value::Number(n)) => self.energy_import_total = Some(*n),
            (Quantity::BatteryPower, Value::Number(n)) => self.battery_power = Some(*n),
            (Quantity::ChargePower, Value::Number(n)) => self.charge_power = Some(*n),
            (Quantity::Charging, Value::Bool(b)) => self.charging = Some(*b),
            (Quantity::Ignition, Value::Bool(b)) => self.ignition = Some(*b),
            (Quantity::Online, Value::Bool(b)) => self.online = Some(*b),
            (Quantity::Position, Value::Position(lat, lon)) if positions => {
                self.position = Some((*lat, *lon))
            }
            _ => {}
        }
    }

    /// A pair of angles that came one by one.
    pub(super) fn set_position(&mut self, position: Option<(i32, i32)>) {
        self.position = self.position.or(position);
    }

    pub(super) fn telemetry(self, tags: &Arc<VehicleTags>, at: UtcMs) -> Option<TelemetryFact> {
        let fact = TelemetryFact {
            tags: tags.clone(),
            at,
            odometer: self.odometer,
            soc: self.soc,
            speed: self.speed,
            fuel_used_total: self.fuel_used_total,
            fuel_level: self.fuel_level,
            charge_grid_energy_total: self.charge_grid_energy_total,
            battery_power: self.battery_power,
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
            fact.battery_power,
            fact.charge_power,
        ];
        let any = numbers.iter().any(Option::is_some)
            || fact.charging.is_some()
            || fact.ignition.is_some()
            || fact.position.is_some();
        any.then_some(fact)
    }

    pub(super) fn meter_values(self, asset: &Asset, at: UtcMs) -> Option<MeterValuesFact> {
        if self.charge_power.is_none() && self.energy_import_total.is_none() {
            return None;
        }
        Some(MeterValuesFact {
            site: asset.tags().site.clone(),
            charge_point: asset.tags().vehicle.clone(),
            connector_id: 0,
            at,
            // kW in thousandths is W; kWh in thousandths is Wh.
            power_milliwatts: self.charge_power.and_then(|n| n.0.checked_mul(1000)),
            register_tenth_wh: self.energy_import_total.and_then(|n| n.0.checked_mul(10)),
            current_ma: None,
            voltage_mv: None,
            soc_millipercent: self.soc.map(|n| n.0),
            temperature_mc: None,
        })
    }
}
