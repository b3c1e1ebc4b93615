//! The one table of measurements: every name, tag, field and unit that leaves us as a time series.
//!
//! Units stand in the names. Every row carries its full tag set, `unknown` for nothing. Every status stands as a number beside its
//! text, because VictoriaMetrics stores text as 0.

/// Type of a field; it never changes, because InfluxDB fixes it at the first write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// Always written with a decimal point.
    Float,
    /// Written with `i`.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Quoted text.
    Text,
}

/// A tag or field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// `None` for tags.
    pub kind: Option<FieldType>,
    /// What it means, with its unit.
    pub description: &'static str,
}

/// A measurement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measurement {
    /// Its name.
    pub name: &'static str,
    /// What one row is.
    pub description: &'static str,
    /// Always all of them, in this order.
    pub tags: &'static [Column],
    /// Those that are known.
    pub fields: &'static [Column],
}

const fn tag(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        kind: None,
        description,
    }
}

const fn float(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        kind: Some(FieldType::Float),
        description,
    }
}

const fn integer(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        kind: Some(FieldType::Integer),
        description,
    }
}

const fn boolean(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        kind: Some(FieldType::Boolean),
        description,
    }
}

const fn text(name: &'static str, description: &'static str) -> Column {
    Column {
        name,
        kind: Some(FieldType::Text),
        description,
    }
}

const SITE: Column = tag("site", "site of the register");
const CHARGE_POINT: Column = tag("charge_point_id", "OCPP identity");
const CONNECTOR: Column = tag(
    "connector_id",
    "OCPP connector, 0 for the charge point itself",
);
const FLEET: Column = tag("fleet", "organisation of the register, or all");
const SCOPE: Column = tag(
    "scope",
    "1, 2 (location-based), 2_market, 3 or outside (biogenic CO2)",
);
const VEHICLE_CLASS: Column = tag(
    "vehicle_class",
    "class of the measurement's own scheme, or all",
);

/// Every measurement.
pub const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "vehicle_telemetry",
        description: "what a vehicle reported at one time",
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
    },
    Measurement {
        name: "meter_values",
        description: "a meter reading of a connector",
        tags: &[SITE, CHARGE_POINT, CONNECTOR],
        fields: &[
            float("power_w", "active power delivered, W"),
            float("energy_import_wh", "energy register, Wh"),
            float("current_a", "current of the most loaded phase, A"),
            float("voltage_v", "voltage, V"),
            float(
                "soc_ratio",
                "state of charge of the vehicle as the charge point knows it, 0 to 1",
            ),
            float("temperature_c", "temperature, degrees Celsius"),
        ],
    },
    Measurement {
        name: "charge_point_status",
        description: "a connector's state or its link changed",
        tags: &[SITE, CHARGE_POINT, CONNECTOR],
        fields: &[
            integer(
                "status_code",
                "0 Unknown, 1 Available, 2 Preparing, 3 Charging, 4 SuspendedEV, 5 SuspendedEVSE, 6 Finishing, 7 Reserved, 8 Unavailable, 9 Faulted, 10 Occupied (plugged in, more is not known)",
            ),
            text("status", "OCPP 1.6 ChargePointStatus"),
            boolean("occupied", "a vehicle is plugged in"),
            boolean("online", "the OCPP link is up"),
            boolean(
                "operator_online",
                "tapped charge points, connector 0: the operator can be reached",
            ),
            text("error_code", "OCPP error code, empty for none"),
        ],
    },
    Measurement {
        name: "charge_point_info",
        description: "what a charge point said of itself at BootNotification",
        tags: &[SITE, CHARGE_POINT],
        fields: &[
            text("vendor", "vendor"),
            text("model", "model"),
            text("firmware", "firmware version"),
        ],
    },
    Measurement {
        name: "connector_time",
        description: "a connector's time by class since it was first heard: counters, every 15 minutes and when the class has changed; the newest minutes are in them once they are certain",
        tags: &[SITE, CHARGE_POINT, CONNECTOR],
        fields: &[
            integer(
                "class_code",
                "0 available, 1 occupied, 2 reserved, 3 inoperative (by command), 4 faulted, 5 offline, 6 not observed",
            ),
            text("class", "the same in words"),
            integer("available_ms", "free and working, ms"),
            integer("occupied_ms", "a vehicle plugged in, ms"),
            integer("reserved_ms", "held for somebody, ms"),
            integer("inoperative_ms", "out of service by command, ms"),
            integer("faulted_ms", "out of order, ms"),
            integer("offline_ms", "its charge point not linked, ms"),
            integer("not_observed_ms", "we were away, or heard no state yet, ms"),
            integer(
                "maintenance_ms",
                "observed time within maintenance windows, of whatever class, ms",
            ),
            integer(
                "closed_ms",
                "observed time outside opening hours, of whatever class, ms",
            ),
            integer(
                "exempt_down_ms",
                "inoperative or faulted in maintenance or closed time, ms",
            ),
            integer(
                "exempt_offline_ms",
                "offline in maintenance or closed time, ms",
            ),
            integer(
                "charging_ms",
                "with energy flowing, from closed sessions, ms",
            ),
            integer(
                "overstay_ms",
                "plugged in longer than needed and allowed, within opening hours, from closed sessions, ms",
            ),
            float("energy_wh", "delivered in sessions, Wh"),
            integer("sessions", "sessions that ended"),
            integer(
                "sessions_successful",
                "those with 0.2 kWh or three minutes of charging",
            ),
            integer("faults", "faults and warnings reported"),
        ],
    },
    Measurement {
        name: "charge_point_conformance",
        description: "how well a charge point keeps to the standard, since it was first heard",
        tags: &[
            SITE,
            CHARGE_POINT,
            tag("vendor", "vendor by BootNotification"),
        ],
        fields: &[
            integer("requests_checked", "requests shown to the strict reader"),
            integer("requests_conformant", "those it took"),
            float("conformant_ratio", "their share, 0 to 1"),
        ],
    },
    Measurement {
        name: "charging_session",
        description: "a closed session, at the time it ended",
        tags: &[SITE, CHARGE_POINT, CONNECTOR],
        fields: &[
            text("transaction_id", "OCPP transaction id"),
            text("vehicle_id", "fleet id, or staff, public, unallocated"),
            text("id_tag_hash", "keyed hash of the tag"),
            integer("started_ts_s", "start, Unix seconds"),
            float("energy_wh", "energy delivered, Wh"),
            integer("duration_s", "from start to end, s"),
            integer("charging_duration_s", "with energy flowing, s"),
            integer("idle_duration_s", "plugged in without energy flowing, s"),
            float("kgco2e_location", "location-based scope 2, kgCO2e"),
            float("peak_power_w", "highest power, W"),
            text("stop_reason", "OCPP reason"),
            text(
                "method",
                "how the energy was found: meter, samples, session_register, power_integral, none",
            ),
            boolean("plausible", "nothing odd about it"),
        ],
    },
    Measurement {
        name: "fleet_emissions",
        description: "emissions of one London day, at its start; replaced as the day goes on. Rows of 2 (location-based) and 2_market are two views of the same electricity: never add them",
        tags: &[
            FLEET,
            VEHICLE_CLASS,
            SCOPE,
            tag(
                "method",
                "fuel_card, fuel, ratio, distance, energy, grey_fleet or mean",
            ),
        ],
        fields: &[
            float("kgco2e", "emissions, kgCO2e"),
            float("sd_kgco2e", "one standard deviation of them, kgCO2e"),
            integer(
                "tier",
                "of the method: 1 meter or card, 2 vehicle's own total, 3 own consumption, 4 class factor, 5 class mean",
            ),
            float("distance_km", "distance, km"),
            float("energy_wh", "electricity, Wh"),
            float("fuel_l", "fuel, l"),
            text("factor_set", "emission factors used"),
        ],
    },
    Measurement {
        name: "site_emissions",
        description: "emissions of one London day by site, at its start; every 15 minutes until it is over. Scopes as in fleet_emissions: never add 2 and 2_market",
        tags: &[
            FLEET,
            tag(
                "site",
                "home site of the vehicle, else that of the charge point",
            ),
            SCOPE,
        ],
        fields: &[float("kgco2e", "emissions, kgCO2e")],
    },
    Measurement {
        name: "avoided_emissions",
        description: "vehicles that replaced another one, on one London day, at its start; every 15 minutes until it is over. Energy is charged on another day than it is driven: read weeks, not days",
        tags: &[FLEET, tag("site", "home site of the vehicle")],
        fields: &[
            float(
                "baseline_co2e_kg",
                "what the replaced vehicles would have emitted on the same kilometres, kgCO2e of scope 1 with location-based scope 2",
            ),
            float("own_co2e_kg", "what their successors emitted, the same"),
            float(
                "avoided_co2e_kg",
                "the first less the second, kgCO2e; it may fall within the day",
            ),
            float("distance_km", "driven by the successors, km"),
            integer("vehicles", "successors that drove"),
        ],
    },
    Measurement {
        name: "fleet_air",
        description: "air pollutants of one London day, at its start; replaced as the day goes on. Hot exhaust, and wear where [air] includes it",
        tags: &[FLEET, VEHICLE_CLASS],
        fields: &[
            float("nox_g", "nitrogen oxides, g"),
            float("pm25_g", "particles up to 2.5 um, g"),
            float("pm10_g", "particles up to 10 um, g"),
            float("pm_exhaust_g", "of both the part of exhaust, g"),
            float("distance_km", "distance, km"),
        ],
    },
    Measurement {
        name: "fleet_transition",
        description: "how many vehicles are in which emission class on one London day",
        tags: &[FLEET, VEHICLE_CLASS],
        fields: &[
            integer("vehicles_total", "in scope"),
            integer("vehicles_low_emission", "zero, ultra-low or low"),
            integer("vehicles_ultra_low_emission", "zero or ultra-low"),
            integer("vehicles_zero_emission", "zero"),
            integer("vehicles_unknown", "cannot be classified"),
            float("low_emission_share_ratio", "low-emission share, 0 to 1"),
        ],
    },
    Measurement {
        name: "fleet_groups",
        description: "vehicles of one category and role on one London day; written once, and when the register has changed",
        tags: &[
            FLEET,
            VEHICLE_CLASS,
            tag("role", "emergency, non_emergency, support"),
        ],
        fields: &[
            integer("vehicles_total", "in scope"),
            integer("vehicles_low_emission", "those that count by the profile"),
            integer(
                "vehicles_needed",
                "to be replaced until the group itself has the share of [target]; each group rounds up, so their sum may be above the fleet's",
            ),
        ],
    },
    Measurement {
        name: "vehicle_info",
        description: "a vehicle in scope as the register has it on one London day; written once, and when the register has changed",
        tags: &[FLEET, SITE, tag("vehicle_id", "fleet id")],
        fields: &[
            integer(
                "emission_class_code",
                "0 zero, 1 ultra-low, 2 low, 3 other, 4 unknown",
            ),
            text("emission_class", "the same in words"),
            text("role", "emergency, non_emergency, support"),
            text("category", "car, van, heavy, motorcycle, minibus"),
            text("body", "body of the register, empty for unknown"),
            text("fuel", "DVLA wording, empty for unknown"),
            integer("euro", "Euro standard, 1 to 7"),
            integer("co2_g_per_km", "by type approval, g/km"),
            integer("first_registered_ts_s", "first registration, Unix seconds"),
            float(
                "age_years",
                "since first registration, else since it came into service, years",
            ),
        ],
    },
    Measurement {
        name: "site_info",
        description: "a site of the register, every 15 minutes and when the register has changed",
        tags: &[FLEET, SITE],
        fields: &[
            text("name", "name"),
            float("capacity_w", "capacity of the supply, W"),
            integer("charge_points", "charge points of the register in service"),
            integer("connectors", "their connectors"),
        ],
    },
    Measurement {
        name: "target_projection",
        description: "what is expected of a target for the end of a London day TO COME, at that end; replaced while it is ahead. Rows on days that a changed due date or list of targets no longer has stay until they are deleted. InfluxDB keeps rows of the future; VictoriaMetrics drops them beyond two days, and has target_progress.p05_at_due_ratio and its like",
        tags: &[FLEET, tag("target", "target id")],
        fields: &[
            float(
                "trajectory_ratio",
                "path, 0 to 1; of relative targets, the change",
            ),
            float(
                "trend_ratio",
                "where the pace of the last thirteen month ends leads, in the same",
            ),
            float(
                "p05_ratio",
                "5 % quantile of the share by the ages of the fleet, 0 to 1",
            ),
            float("p50_ratio", "median of it"),
            float("p95_ratio", "95 % quantile of it"),
            float("trajectory_value", "path in the target's own unit"),
            float("trend_value", "where that pace leads, in that unit"),
        ],
    },
    Measurement {
        name: "target_progress",
        description: "a target on one London day",
        tags: &[FLEET, tag("target", "target id")],
        fields: &[
            float(
                "share_ratio",
                "share now, 0 to 1; of relative targets, the change since the baseline",
            ),
            float(
                "target_ratio",
                "goal, 0 to 1; of relative targets, the change",
            ),
            float("trajectory_ratio", "path today, in the same"),
            float(
                "gap_ratio",
                "share minus path; negative is behind where more is wanted",
            ),
            float(
                "value",
                "the figure in its own unit: vehicles that count, t, number",
            ),
            float("trajectory_value", "path today in that unit"),
            float("missing", "missing to the goal in that unit"),
            integer("vehicles_needed", "vehicles still to be replaced"),
            float(
                "slope_per_year",
                "progress in that unit and a year, by the last thirteen month ends (Theil-Sen)",
            ),
            integer(
                "projected_ts_s",
                "when the goal is reached at that rate, s since 1970",
            ),
            integer(
                "days_late",
                "days from the due date to then; negative is early",
            ),
            float("p_hit_ratio", "chance of reaching the goal in time, 0 to 1"),
            float(
                "p05_at_due_ratio",
                "5 % quantile of the share on the due date, by the ages of the fleet, 0 to 1",
            ),
            float("p50_at_due_ratio", "median of it"),
            float("p95_at_due_ratio", "95 % quantile of it"),
            integer("state_code", "0 ok, 1 drift, 2 off"),
        ],
    },
    Measurement {
        name: "counter_event",
        description: "a register of a vehicle or charger was replaced, jumped, or changed its unit, or another feed's register books from now on",
        tags: &[
            SITE,
            tag("asset", "fleet id of the vehicle or charger"),
            tag("quantity", "the register's quantity"),
            tag("event", "reset, rebase, unit_suspect, source_changed"),
        ],
        fields: &[
            integer(
                "entry",
                "number in the audit log; `fleetgauge counters undo` takes it",
            ),
            text("feed", "the id of its feed"),
            float(
                "value_before",
                "last value of the old series, in the quantity's unit",
            ),
            float("value_after", "first value of the new one"),
            boolean("undone", "somebody undid it"),
        ],
    },
    Measurement {
        name: "data_quality",
        description: "how much of the fleet is heard, every minute",
        tags: &[FLEET],
        fields: &[
            integer("vehicles", "registered and in service"),
            integer("vehicles_heard_24h", "those heard within 24 hours"),
            integer(
                "vehicles_stale",
                "those silent for longer than their source's limit",
            ),
            float("completeness_ratio", "share heard within 24 hours, 0 to 1"),
            integer(
                "messages_lost",
                "messages of theirs that running numbers show to be missing, since they were first heard",
            ),
        ],
    },
    Measurement {
        name: "alerts",
        description: "an alert has another state",
        tags: &[
            tag("rule", "name of the rule"),
            tag("severity", "info, warning, critical"),
            FLEET,
            SITE,
            // Several alerts may turn in one millisecond, and rows of the same tags and time replace each other.
            tag("fingerprint", "of the rule and the labels, 16 hex digits"),
        ],
        fields: &[
            integer(
                "state_code",
                "0 ok, 1 pending, 2 firing, 3 resolved, 4 silenced",
            ),
            text("state", "the same as a word"),
            text("subject", "labels of the alert"),
            float("value", "what was compared, in the unit of the rule"),
            float("threshold", "level that raises it"),
            integer("notified", "notifications so far"),
        ],
    },
    Measurement {
        name: "charging_intensity",
        description: "energy charged in one half-hour at one site, and the CO2 it caused by the grid's intensity then: operational, for charge timing, no part of reported emissions; at the half-hour's start, replaced as the intensity is revised",
        tags: &[
            SITE,
            tag("user", "fleet, or sold_on to staff and the public"),
        ],
        fields: &[
            float("energy_wh", "energy delivered, Wh"),
            float(
                "intensity_g_per_kwh",
                "gCO2/kWh of generation with imports and losses, without CH4 and N2O",
            ),
            float("kgco2_operational", "their product, kgCO2"),
            integer(
                "basis_code",
                "0 actual, 1 forecast, 2 national, 3 last week's half-hour, 4 annual factor",
            ),
            text(
                "basis",
                "the same in words: actual, forecast, national, last_week, annual",
            ),
        ],
    },
    Measurement {
        name: "ingest_stats",
        description: "what the daemon itself did since its start",
        tags: &[tag("source", "mqtt or ocpp")],
        fields: &[
            integer("received", "messages heard"),
            integer("accepted", "understood"),
            integer("rejected", "not understood"),
            integer("late", "older than what was known"),
            integer("dropped", "lost for want of room"),
        ],
    },
];
