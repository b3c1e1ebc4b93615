//! How much do our vehicles emit, from what, and how well is it known?

use super::colours::BASIS;
use super::table::{
    Dashboard, Filter, Join, Variable, bar_gauge, bars, column, daily, daily_less, half_hourly,
    latest, lines, listing, rows, stat, table, total, total_less, word,
};
use super::{G, KGCO2E};

const FLEETS: Variable = Variable {
    tag: "fleet",
    label: "Organisation",
    measurement: "fleet_emissions",
    field: "kgco2e",
    within: None,
    several: true,
    first: "",
};

const ALL: &[Filter] = &[Filter::Selected("fleet")];
/// Each kilometre and each kilowatt-hour stands in several scopes; one of them counts it once.
const SCOPE_1: &[Filter] = &[Filter::Selected("fleet"), Filter::Is("scope", "1")];
const LOCATION: &[Filter] = &[Filter::Selected("fleet"), Filter::Is("scope", "2")];
const MARKET: &[Filter] = &[Filter::Selected("fleet"), Filter::Is("scope", "2_market")];
const SCOPE_3: &[Filter] = &[Filter::Selected("fleet"), Filter::Is("scope", "3")];
const OUTSIDE: &[Filter] = &[Filter::Selected("fleet"), Filter::Is("scope", "outside")];
/// One view of electricity, nothing outside the scopes: what may be added.
const ADDABLE: &[Filter] = &[
    Filter::Selected("fleet"),
    Filter::Not("scope", "2_market"),
    Filter::Not("scope", "outside"),
];
const SITES: &[Filter] = &[Filter::Selected("site")];
/// The same by organisation and site.
const ADDABLE_THERE: &[Filter] = &[
    Filter::Selected("fleet"),
    Filter::Selected("site"),
    Filter::Not("scope", "2_market"),
    Filter::Not("scope", "outside"),
];
const THERE: &[Filter] = &[Filter::Selected("fleet"), Filter::Selected("site")];
const PLACE: &[&str] = &["fleet", "site"];
const FLEET_EMISSIONS: &str = "fleet_emissions";
const SITE_EMISSIONS: &str = "site_emissions";
const AVOIDED_EMISSIONS: &str = "avoided_emissions";
const FLEET_AIR: &str = "fleet_air";
const CHARGING_INTENSITY: &str = "charging_intensity";

/// The dashboard of fleet emissions.
pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "fleet-emissions",
    title: "Fleet emissions",
    description: "How much do our vehicles emit, from what, and how well is it known?",
    from: "now-30d",
    variables: &[
        FLEETS,
        Variable {
            tag: "site",
            label: "Site",
            measurement: "site_info",
            field: "charge_points",
            within: None,
            several: true,
            first: "",
        },
    ],
    panels: &[
        stat("Scope 1", "Fuel burnt by own and leased vehicles, kgCO2e of the range.", KGCO2E, &[total("Scope 1", FLEET_EMISSIONS, "kgco2e").only(SCOPE_1)])
            .size(5, 4),
        stat(
            "Scope 2, location-based",
            "Electricity at the grid's mean factor, kgCO2e of the range. The market-based figure is another view of the same electricity: never add the two.",
            KGCO2E,
            &[total("Location-based", FLEET_EMISSIONS, "kgco2e").only(LOCATION)],
        )
        .size(5, 4),
        stat(
            "Scope 2, market-based",
            "Electricity by contract and certificates, kgCO2e of the range. The location-based figure is another view of the same electricity: never add the two.",
            KGCO2E,
            &[total("Market-based", FLEET_EMISSIONS, "kgco2e").only(MARKET)],
        )
        .size(5, 4),
        stat(
            "Scope 3",
            "Fuel and energy before use, grey fleet and losses, kgCO2e of the range.",
            KGCO2E,
            &[total("Scope 3", FLEET_EMISSIONS, "kgco2e").only(SCOPE_3)],
        )
        .size(5, 4),
        stat(
            "Outside of scopes",
            "Biogenic CO2 of the fuel's renewable part, reported beside the scopes, kgCO2e of the range.",
            KGCO2E,
            &[total("Outside", FLEET_EMISSIONS, "kgco2e").only(OUTSIDE)],
        )
        .size(4, 4),
        bars(
            "Emissions by scope, location-based",
            "kgCO2e by London day: scope 1, scope 2 location-based, scope 3. The market-based figure has its own panel.",
            KGCO2E,
            &[
                daily("Scope 1", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(SCOPE_1),
                daily("Scope 2, location-based", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(LOCATION),
                daily("Scope 3", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(SCOPE_3),
            ],
        ),
        lines(
            "Scope 2: two views",
            "The same electricity by the grid's mean and by contract, kgCO2e by London day. Side by side, never added.",
            KGCO2E,
            &[
                daily("Location-based", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(LOCATION),
                daily("Market-based", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(MARKET),
            ],
        ),
        bars(
            "Emissions by organisation",
            "kgCO2e by London day of scopes 1, 2 (location-based) and 3.",
            KGCO2E,
            &[daily("", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(ADDABLE).by(&["fleet"], "{fleet}")],
        ),
        bars(
            "Emissions by site",
            "kgCO2e by London day of scopes 1, 2 (location-based) and 3, by home site of the vehicle, else the charge point's site.",
            KGCO2E,
            &[daily("", SITE_EMISSIONS, "kgco2e", Join::Sum).only(ADDABLE_THERE).by(&["site"], "{site}")],
        ),
        bar_gauge(
            "Emissions by organisation and site",
            "kgCO2e of the range of scopes 1, 2 (location-based) and 3.",
            KGCO2E,
            &[total("", SITE_EMISSIONS, "kgco2e").only(ADDABLE_THERE).by(PLACE, "{fleet} {site}")],
        ),
        stat(
            "Avoided",
            "What vehicles that replaced another one (`replaces` in the register) did not emit: the replaced vehicle on the same kilometres, less their own, kgCO2e of the range of scope 1 with location-based scope 2. Energy is charged on another day than it is driven: choose weeks. No value: no such vehicle drove.",
            KGCO2E,
            &[
                total_less("Avoided", AVOIDED_EMISSIONS, "baseline_co2e_kg", "own_co2e_kg").only(THERE),
                total("Replaced vehicles", AVOIDED_EMISSIONS, "baseline_co2e_kg").only(THERE),
                total("Their successors", AVOIDED_EMISSIONS, "own_co2e_kg").only(THERE),
            ],
        )
        .size(12, 4),
        stat(
            "Successors that drove",
            "Vehicles that replaced another one and drove on the last day of the range.",
            "none",
            &[latest("Vehicles", AVOIDED_EMISSIONS, "vehicles", Join::Sum).only(THERE)],
        )
        .size(12, 4),
        bars(
            "Avoided by organisation and site",
            "kgCO2e by London day that vehicles did not emit against those that they replaced. Below nothing on days on which much was charged and little driven.",
            KGCO2E,
            &[daily_less("", AVOIDED_EMISSIONS, "baseline_co2e_kg", "own_co2e_kg").only(THERE).by(PLACE, "{fleet} {site}")],
        ),
        listing(
            "Avoided: the last day",
            "By organisation and site: what the replaced vehicles would have emitted, what their successors did, and the difference.",
            "none",
            &[table(
                AVOIDED_EMISSIONS,
                PLACE,
                &[
                    column("baseline_co2e_kg", "Replaced vehicles", KGCO2E),
                    column("own_co2e_kg", "Successors", KGCO2E),
                    column("avoided_co2e_kg", "Avoided", KGCO2E),
                    column("distance_km", "Distance", "lengthkm"),
                    column("vehicles", "Vehicles", "none"),
                ],
            )
            .only(THERE)],
        )
        .size(12, 8),
        bars(
            "Emissions by vehicle class",
            "kgCO2e by London day of scopes 1, 2 (location-based) and 3, by class of the factor set.",
            KGCO2E,
            &[daily("", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(ADDABLE).by(&["vehicle_class"], "{vehicle_class}")],
        ),
        bars(
            "Emissions by method",
            "How they were found: fuel cards and meters are tier 1, the vehicle's own totals 2, its own consumption 3, a class factor 4, a class mean 5.",
            KGCO2E,
            &[daily("", FLEET_EMISSIONS, "kgco2e", Join::Sum).only(ADDABLE).by(&["method"], "{method}")],
        ),
        listing(
            "Methods, tiers and factor sets",
            "The newest row of each method and scope: the tier (1 is best), one standard deviation of its emissions, and the factor set. Text is not kept by VictoriaMetrics.",
            "none",
            &[rows(
                FLEET_EMISSIONS,
                &["fleet", "vehicle_class", "scope", "method"],
                &[
                    column("kgco2e", "Emissions", KGCO2E),
                    column("sd_kgco2e", "Standard deviation", KGCO2E),
                    column("tier", "Tier", "none"),
                    column("factor_set", "Factor set", "string"),
                ],
            )
            .only(ALL)],
        )
        .size(12, 8),
        lines(
            "Activity: distance",
            "Kilometres behind scope 1 (on fuel) and scope 2 (on electricity), by London day. A plug-in hybrid's may stand in both: do not add them.",
            "lengthkm",
            &[
                daily("On fuel", FLEET_EMISSIONS, "distance_km", Join::Sum).only(SCOPE_1),
                daily("On electricity", FLEET_EMISSIONS, "distance_km", Join::Sum).only(LOCATION),
            ],
        )
        .size(8, 8),
        lines(
            "Activity: fuel",
            "Litres behind scope 1, by London day; none where distance alone is known.",
            "litre",
            &[daily("Fuel", FLEET_EMISSIONS, "fuel_l", Join::Sum).only(SCOPE_1)],
        )
        .size(8, 8),
        lines(
            "Activity: electricity",
            "Energy behind scope 2, by London day.",
            "watth",
            &[daily("Energy", FLEET_EMISSIONS, "energy_wh", Join::Sum).only(LOCATION)],
        )
        .size(8, 8),
        lines(
            "Air pollutants",
            "Nitrogen oxides and particles by London day: hot exhaust, and wear of tyres, brakes and road where the configuration includes it. PM2.5 is part of PM10: do not add them.",
            G,
            &[
                daily("NOx", FLEET_AIR, "nox_g", Join::Sum).only(ALL),
                daily("PM10", FLEET_AIR, "pm10_g", Join::Sum).only(ALL),
                daily("PM2.5", FLEET_AIR, "pm25_g", Join::Sum).only(ALL),
                daily("PM of exhaust", FLEET_AIR, "pm_exhaust_g", Join::Sum).only(ALL),
            ],
        ),
        listing(
            "Air pollutants by class",
            "The last day of the range by organisation and vehicle class.",
            "none",
            &[table(
                FLEET_AIR,
                &["fleet", "vehicle_class"],
                &[
                    column("nox_g", "NOx", G),
                    column("pm25_g", "PM2.5", G),
                    column("pm10_g", "PM10", G),
                    column("distance_km", "Distance", "lengthkm"),
                ],
            )
            .only(ALL)],
        )
        .size(12, 8),
        bars(
            "CO2 of charging by site",
            "Operational: energy of each half-hour times the grid's intensity then. For choosing when to charge; no part of reported emissions.",
            "suffix:kgCO2",
            &[half_hourly("", CHARGING_INTENSITY, "kgco2_operational", Join::Sum).only(SITES).by(&["site"], "{site}")],
        ),
        lines(
            "Grid intensity",
            "Intensity of the half-hours in which energy was charged, by site; without CH4 and N2O.",
            "suffix:g/kWh",
            &[half_hourly("", CHARGING_INTENSITY, "intensity_g_per_kwh", Join::Mean).only(SITES).by(&["site"], "{site}")],
        ),
        bar_gauge(
            "Energy charged, by user",
            "Energy of the half-hours of the range: own fleet, and sold on to staff and the public.",
            "watth",
            &[super::half_hours_total("", CHARGING_INTENSITY, "energy_wh").only(SITES).by(&["user"], "{user}")],
        ),
        listing(
            "Basis of the intensity",
            "Where the newest half-hour's intensity comes from. Text is not kept by VictoriaMetrics.",
            "none",
            &[table(
                CHARGING_INTENSITY,
                &["site", "user"],
                &[
                    word("basis_code", "Basis", BASIS),
                    column("basis", "In words", "string"),
                    column("intensity_g_per_kwh", "Intensity", "suffix:g/kWh"),
                    column("energy_wh", "Energy", "watth"),
                ],
            )
            .only(SITES)],
        )
        .size(12, 8),
    ],
};
