//! The vocabulary: the quantities of an asset, each with its unit and whether it is a counter, a gauge or a state.

/// The kind of asset that a reading is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum AssetKind {
    /// A vehicle: it has an odometer, fuel or a battery.
    Vehicle,
    /// A charge point that speaks MQTT.
    Charger,
    /// An electricity meter.
    Meter,
}

/// How a quantity behaves over time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CounterKind {
    /// A lifetime register: only differences are meaningful.
    Lifetime,
    /// A counter that restarts with every session.
    Session,
    /// A momentary value.
    Gauge,
    /// A state or an id.
    State,
}

macro_rules! quantities {
    ($($variant:ident $name:literal $unit:literal $kind:ident;)*) => {
        /// A quantity of the normalised vocabulary (COVESA VSS where it has one; km, l, kWh, kW, %, deg, V, h).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        #[repr(u8)]
        pub enum Quantity {
            $(#[doc = concat!("`", $name, "` in ", $unit)] $variant,)*
        }

        impl Quantity {
            /// Every quantity there is.
            pub const ALL: &'static [Quantity] = &[$(Quantity::$variant,)*];

            /// The key in native messages and in `fleetgauge decode`.
            pub fn name(self) -> &'static str {
                match self { $(Quantity::$variant => $name,)* }
            }

            /// The canonical unit; numbers are kept in thousandths of it.
            pub const fn unit(self) -> &'static str {
                match self { $(Quantity::$variant => $unit,)* }
            }

            /// Counter, gauge or state.
            pub fn kind(self) -> CounterKind {
                match self { $(Quantity::$variant => CounterKind::$kind,)* }
            }

            /// The quantity of a native key.
            pub fn from_name(name: &str) -> Option<Quantity> {
                match name { $($name => Some(Quantity::$variant),)* _ => None }
            }
        }
    };
}

quantities! {
    Odometer "odometer" "km" Lifetime;
    OdometerCoarse "odometer_coarse" "km" Lifetime;
    DistanceGpsTotal "distance_gps_total" "km" Lifetime;
    FuelUsedTotal "fuel_used_total" "l" Lifetime;
    EngineHoursTotal "engine_hours_total" "h" Lifetime;
    EnergyChargedTotal "energy_charged_total" "kWh" Lifetime;
    EnergyDischargedTotal "energy_discharged_total" "kWh" Lifetime;
    ChargeGridEnergyTotal "charge_grid_energy_total" "kWh" Lifetime;
    EnergyImportTotal "energy_import_total" "kWh" Lifetime;
    EnergyExportTotal "energy_export_total" "kWh" Lifetime;
    SessionEnergy "session_energy" "kWh" Session;
    ChargeEnergyAdded "charge_energy_added" "kWh" Session;
    Soc "soc" "%" Gauge;
    SocUsable "soc_usable" "%" Gauge;
    BatteryEnergy "battery_energy" "kWh" Gauge;
    BatteryCapacity "battery_capacity" "kWh" Gauge;
    BatteryPower "battery_power" "kW" Gauge;
    ChargePower "charge_power" "kW" Gauge;
    Range "range" "km" Gauge;
    FuelLevel "fuel_level" "%" Gauge;
    FuelVolume "fuel_volume" "l" Gauge;
    FuelRate "fuel_rate" "l/h" Gauge;
    Speed "speed" "km/h" Gauge;
    Position "position" "deg" Gauge;
    Latitude "latitude" "deg" Gauge;
    Longitude "longitude" "deg" Gauge;
    AuxVoltage "aux_voltage" "V" Gauge;
    Ignition "ignition" "bool" State;
    Moving "moving" "bool" State;
    Charging "charging" "bool" State;
    PluggedIn "plugged_in" "bool" State;
    Online "online" "bool" State;
    VehicleRef "vehicle_ref" "id" State;
    IdTag "id_tag" "id" State;
}

#[cfg(test)]
mod tests {
    use crate::model::quantity::*;

    #[test]
    fn names_are_unique_and_found() {
        for &quantity in Quantity::ALL {
            assert_eq!(Quantity::from_name(quantity.name()), Some(quantity));
        }
        assert_eq!(Quantity::from_name("odometre"), None);
    }
}
