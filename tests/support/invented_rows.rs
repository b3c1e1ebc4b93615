//! Fields that the demo cannot write. The daemon itself wrote every other row that the queries of dashboards run on; a field that the demo
//! writes does not belong here, nor one that no query needs.

#![allow(dead_code, reason = "each test binary uses its own part")]

use fleetgauge::series::table::MEASUREMENTS;

use crate::support::dashboard_queries::Fleet;

/// A row that is made up.
pub struct Invented {
    /// The row's measurement.
    pub measurement: &'static str,
    /// The row's fields.
    pub fields: &'static [&'static str],
    /// Why the demo has none.
    pub reason: &'static str,
    line: fn(&Fleet) -> String,
}

/// Every invented row.
pub static INVENTED: &[Invented] = &[
    Invented {
        measurement: "target_progress",
        fields: &["projected_ts_s", "days_late"],
        reason: "the example fleet does not change for more than thirteen months, and without a pace there is no date",
        line: |fleet| {
            let reached = fleet.to / 1000 + 600 * 86_400;
            format!(
                "target_progress,fleet=all,target=share_low_90 projected_ts_s={reached}i,days_late=90i {}",
                fleet.to - 60_000
            )
        },
    },
    Invented {
        measurement: "charge_point_status",
        fields: &["operator_online"],
        reason: "the demo's charge points connect to fleetgauge itself; only tapped ones have an operator",
        line: |fleet| {
            let Fleet {
                site,
                charge_point,
                to,
                ..
            } = fleet;
            let tags = format!("site={site},charge_point_id={charge_point},connector_id=0");
            format!(
                "charge_point_status,{tags} operator_online=true {}",
                to - 60_000
            )
        },
    },
];

/// The invented rows as line protocol.
///
/// # Panics
/// If one of them is not invented, because the demo has it; or not of the schema.
pub fn lines(fleet: &Fleet) -> Vec<String> {
    for Invented {
        measurement,
        fields,
        ..
    } in INVENTED
    {
        let schema = MEASUREMENTS.iter().find(|known| known.name == *measurement);
        let schema = schema.unwrap_or_else(|| panic!("no measurement {measurement}"));
        for field in *fields {
            assert!(
                schema.fields.iter().any(|known| known.name == *field),
                "{measurement} has no field {field}"
            );
            let written = fleet
                .lines
                .iter()
                .find(|line| line.starts_with(&format!("{measurement},")) && has(line, field));
            assert!(
                written.is_none(),
                "{measurement}.{field} is in the list of what is invented, and the demo has it: {written:?}"
            );
        }
    }
    let line = |one: &Invented| {
        let line = (one.line)(fleet);
        let found: Vec<&str> = line
            .split(' ')
            .nth(1)
            .into_iter()
            .flat_map(|fields| fields.split(','))
            .collect();
        let names: Vec<&str> = found
            .iter()
            .filter_map(|field| field.split('=').next())
            .collect();
        assert!(
            line.starts_with(&format!("{},", one.measurement)) && names == one.fields,
            "{line} has what the list has not"
        );
        line
    };
    INVENTED.iter().map(line).collect()
}

/// The invented row that a query needs, if it needs one.
pub fn for_query(query: &str) -> Option<&'static Invented> {
    INVENTED.iter().find(|one| {
        one.fields
            .iter()
            .any(|field| query.contains(&format!("{field}\"")))
            && query.contains(one.measurement)
    })
}

fn has(line: &str, field: &str) -> bool {
    line.contains(&format!(" {field}=")) || line.contains(&format!(",{field}="))
}
