//! Is the fleet becoming low-emission fast enough?

use super::colours::EMISSION_CLASS;
use super::table::{
    Dashboard, Filter, Join, Variable, bar_gauge, column, daily, date, latest, lines, listing,
    stat, table, word,
};

const FLEET: Variable = Variable {
    tag: "fleet",
    label: "Organisation",
    measurement: "fleet_transition",
    field: "vehicles_total",
    within: None,
    several: false,
    first: "all",
};

/// Counts of all classes; the rows of `all` and of each class stand side by side.
const ALL_CLASSES: &[Filter] = &[Filter::One("fleet"), Filter::Is("vehicle_class", "all")];
const BY_CLASS: &[Filter] = &[
    Filter::Is("fleet", "all"),
    Filter::Not("vehicle_class", "all"),
];
const BY_FLEET: &[Filter] = &[
    Filter::Not("fleet", "all"),
    Filter::Is("vehicle_class", "all"),
];
pub(super) const TARGETS: &[Filter] = &[Filter::Selected("target")];
const ONE_TARGET: &[Filter] = &[Filter::One("target")];
const FLEET_TRANSITION: &str = "fleet_transition";
pub(super) const TARGET_PROGRESS: &str = "target_progress";
pub(super) const TARGET_PROJECTION: &str = "target_projection";
const FLEET_GROUPS: &str = "fleet_groups";
const GROUP: &[&str] = &["vehicle_class", "role"];
const SELECTED_FLEET: &[Filter] = &[Filter::One("fleet")];

/// The dashboard of the fleet's transition to low emission.
pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "fleet-transition",
    title: "Fleet transition",
    description: "Is the fleet becoming low-emission fast enough?",
    from: "now-90d",
    variables: &[
        FLEET,
        Variable {
            tag: "target",
            label: "Target",
            measurement: TARGET_PROGRESS,
            field: "share_ratio",
            within: None,
            several: false,
            first: "share_low_90",
        },
    ],
    panels: &[
        stat(
            "Low-emission share",
            "Vehicles of class zero, ultra-low or low over all vehicles in scope, on the last day of the range.",
            "percentunit",
            &[latest("Share", FLEET_TRANSITION, "low_emission_share_ratio", Join::Last).only(ALL_CLASSES)],
        ),
        stat(
            "Vehicles by class",
            "Vehicles in scope, and those of each emission class. Low includes ultra-low, and ultra-low includes zero: do not add them.",
            "none",
            &[
                latest("All", FLEET_TRANSITION, "vehicles_total", Join::Last).only(ALL_CLASSES),
                latest("Low", FLEET_TRANSITION, "vehicles_low_emission", Join::Last).only(ALL_CLASSES),
                latest("Ultra-low", FLEET_TRANSITION, "vehicles_ultra_low_emission", Join::Last).only(ALL_CLASSES),
                latest("Zero", FLEET_TRANSITION, "vehicles_zero_emission", Join::Last).only(ALL_CLASSES),
                latest("Unknown", FLEET_TRANSITION, "vehicles_unknown", Join::Last).only(ALL_CLASSES),
            ],
        )
        .size(12, 4),
        stat(
            "Vehicles still needed",
            "Replacements still needed to reach the chosen target, of all organisations.",
            "none",
            &[latest("Vehicles", TARGET_PROGRESS, "vehicles_needed", Join::Last).only(ONE_TARGET)],
        ),
        lines(
            "Share and path",
            "The chosen target's share, its straight path and its goal, of all organisations. Below the path is behind it.",
            "percentunit",
            &[
                daily("Share", TARGET_PROGRESS, "share_ratio", Join::Last).only(ONE_TARGET),
                daily("Path", TARGET_PROGRESS, "trajectory_ratio", Join::Last).only(ONE_TARGET).dashed(),
                daily("Goal", TARGET_PROGRESS, "target_ratio", Join::Last).only(ONE_TARGET).dashed(),
            ],
        )
        .size(12, 9),
        lines(
            "Path and projection",
            "From today on: the chosen target's path, where the pace of the last thirteen month ends leads, and the share by the ages of the fleet with a common delay: nine times in ten it lies within the band. Always the next four years, whatever the range.",
            "percentunit",
            &[
                daily("95 %", TARGET_PROJECTION, "p95_ratio", Join::Last).only(ONE_TARGET),
                daily("Path", TARGET_PROJECTION, "trajectory_ratio", Join::Last).only(ONE_TARGET).dashed(),
                daily("Median", TARGET_PROJECTION, "p50_ratio", Join::Last).only(ONE_TARGET),
                daily("Recent pace", TARGET_PROJECTION, "trend_ratio", Join::Last).only(ONE_TARGET),
                daily("5 %", TARGET_PROJECTION, "p05_ratio", Join::Last).only(ONE_TARGET),
            ],
        )
        .size(12, 9)
        .ahead("+4y")
        .band("95 %", "5 %"),
        stat(
            "Expected on the due date",
            "The chosen target's share on its due date by the ages of the fleet with a common delay: median, and the band that it lies within nine times in ten. No value: ages are not known, or the date has passed.",
            "percentunit",
            &[
                latest("5 %", TARGET_PROGRESS, "p05_at_due_ratio", Join::Last).only(ONE_TARGET),
                latest("Median", TARGET_PROGRESS, "p50_at_due_ratio", Join::Last).only(ONE_TARGET),
                latest("95 %", TARGET_PROGRESS, "p95_at_due_ratio", Join::Last).only(ONE_TARGET),
            ],
        )
        .size(12, 4),
        stat(
            "Chance of reaching it in time",
            "Chance of reaching the chosen target by its due date, from the scatter of the last months.",
            "percentunit",
            &[latest("Chance", TARGET_PROGRESS, "p_hit_ratio", Join::Last).only(ONE_TARGET)],
        ),
        stat(
            "Projected date",
            "When the chosen target is reached at the pace of the last thirteen month ends (Theil-Sen slope). No value: no pace, or none that leads there.",
            "dateTimeAsIso",
            &[latest("Date", TARGET_PROGRESS, "projected_ts_s", Join::Last).only(ONE_TARGET).times(1000)],
        ),
        stat(
            "Days late",
            "Days from the due date to the projected date; negative is early.",
            "none",
            &[latest("Days", TARGET_PROGRESS, "days_late", Join::Last).only(ONE_TARGET)],
        ),
        stat(
            "Pace",
            "Progress a year in the unit of the chosen target (vehicles for a share).",
            "none",
            &[latest("A year", TARGET_PROGRESS, "slope_per_year", Join::Last).only(ONE_TARGET)],
        ),
        lines(
            "Share by organisation",
            "Low-emission share of each organisation of the register.",
            "percentunit",
            &[daily("", FLEET_TRANSITION, "low_emission_share_ratio", Join::Last).only(BY_FLEET).by(&["fleet"], "{fleet}")],
        ),
        lines(
            "Share by vehicle category",
            "Low-emission share of each category of the register, all organisations.",
            "percentunit",
            &[daily("", FLEET_TRANSITION, "low_emission_share_ratio", Join::Last).only(BY_CLASS).by(&["vehicle_class"], "{vehicle_class}")],
        ),
        listing(
            "Vehicles by organisation",
            "Counts of the last day of the range. Low includes ultra-low, and ultra-low includes zero.",
            "none",
            &[table(
                FLEET_TRANSITION,
                &["fleet"],
                &[
                    column("vehicles_total", "All", "none"),
                    column("vehicles_low_emission", "Low", "none"),
                    column("vehicles_ultra_low_emission", "Ultra-low", "none"),
                    column("vehicles_zero_emission", "Zero", "none"),
                    column("vehicles_unknown", "Unknown", "none"),
                    column("low_emission_share_ratio", "Share", "percentunit"),
                ],
            )
            .only(BY_FLEET)],
        )
        .size(12, 9),
        listing(
            "Vehicles by category",
            "Counts of the last day of the range by vehicle category, all organisations.",
            "none",
            &[table(
                FLEET_TRANSITION,
                &["vehicle_class"],
                &[
                    column("vehicles_total", "All", "none"),
                    column("vehicles_low_emission", "Low", "none"),
                    column("vehicles_zero_emission", "Zero", "none"),
                    column("low_emission_share_ratio", "Share", "percentunit"),
                ],
            )
            .only(BY_CLASS)],
        )
        .size(12, 9),
        bar_gauge(
            "Vehicles still needed by class and role",
            "Replacements until each category and role has the share of `[target]` itself. Each group rounds up: their sum may be above what the fleet needs.",
            "none",
            &[latest("", FLEET_GROUPS, "vehicles_needed", Join::Last).only(SELECTED_FLEET).by(GROUP, "{vehicle_class}, {role}")],
        )
        .size(12, 9),
        listing(
            "Vehicles by class and role",
            "Vehicles in scope, those that count by the profile, and those still to be replaced, by category and role.",
            "none",
            &[table(
                FLEET_GROUPS,
                GROUP,
                &[
                    column("vehicles_total", "All", "none"),
                    column("vehicles_low_emission", "Count", "none"),
                    column("vehicles_needed", "Still needed", "none"),
                ],
            )
            .only(SELECTED_FLEET)],
        )
        .size(12, 9),
        listing(
            "Register",
            "Every vehicle in scope as the register has it, of all organisations; filter by the heads. One that moved to another site stands twice until the range has passed it. VictoriaMetrics keeps no text.",
            "none",
            &[table(
                "vehicle_info",
                &["fleet", "site", "vehicle_id"],
                &[
                    word("emission_class_code", "Emission class", EMISSION_CLASS),
                    column("role", "Role", "string"),
                    column("category", "Category", "string"),
                    column("body", "Body", "string"),
                    column("fuel", "Fuel", "string"),
                    column("euro", "Euro", "none"),
                    column("co2_g_per_km", "CO2, g/km", "none"),
                    date("first_registered_ts_s", "First registered"),
                    column("age_years", "Age, years", "none"),
                ],
            )],
        )
        .size(24, 12),
        listing(
            "Vehicles as last reported",
            "What each vehicle last reported within the range.",
            "none",
            &[table(
                "vehicle_telemetry",
                &["site", "vehicle_id", "powertrain"],
                &[
                    column("odometer_km", "Odometer", "lengthkm"),
                    column("soc_ratio", "State of charge", "percentunit"),
                    column("charge_grid_energy_wh", "Grid energy, lifetime", "watth"),
                    column("fuel_used_l", "Fuel, lifetime", "litre"),
                    column("fuel_level_ratio", "Fuel level", "percentunit"),
                ],
            )],
        ),
    ],
};
