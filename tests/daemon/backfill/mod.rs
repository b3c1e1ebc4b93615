//! Rows of `fleet_emissions` that no longer hold: of the running day when a better source takes over, of past days when late data change them.

mod past_days;
mod running_day;

/// One vehicle, in the register of every test here.
const VEHICLES: &str = "vehicle_id,organisation,category,fuel,mass_kg\nA1,EMAS,van,DIESEL,3500\n";
