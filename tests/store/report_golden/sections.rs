//! The sections of the report: uptime, sessions, restatements.

use crate::report_golden::*;

#[test]
fn the_uptime_section_has_sites_and_names_what_it_leaves_out() {
    let folder = site("golden-uptime");
    let report = report(folder.path());
    let rows: Vec<_> = report
        .charging
        .uptime
        .iter()
        .map(|row| (row.site.as_str(), row.connectors, row.faults))
        .collect();
    assert_eq!(rows, [("BUXTON", 2, 1), ("DERBY", 1, 3), ("all", 3, 4)]);
    let text = markdown(&report);
    // Reliability of DERBY has no figure (nothing public there): in words, and not as zero.
    for want in [
        "| BUXTON | 2 | 99.1 % | 98.4 % | 1 |",
        "| DERBY | 1 | not known | 95.0 % | 3 |",
        "| all | 3 | 99.1 % | 97.3 % | 4 |",
        "whole months 2025-04 to 2026-03",
        "1 registered charge points have never reported and are in no figure",
    ] {
        assert!(text.contains(want), "no {want}\n{text}");
    }
    let unknown = with_input(folder.path(), |input| {
        build_report(Input {
            uptime: Uptime::Unknown("no daemon has run".into()),
            ..input
        })
    });
    assert!(markdown(&unknown).contains("Uptime: no daemon has run."));
}

/// A session belongs to the London day on which it ended: 22:30Z on 31 March 2026 is 23:30 there, 23:30Z is the next year.
#[test]
fn the_session_section_counts_closed_sessions_by_site_and_last_year() {
    let folder = site("golden-sessions");
    let report = report(folder.path());
    let rows: Vec<_> = report
        .charging
        .sites
        .iter()
        .chain([&report.charging.total])
        .map(|row| {
            (
                &*row.site,
                row.sessions,
                row.energy_kwh,
                row.sessions_without_energy,
                row.last_year_sessions,
                row.last_year_energy_kwh,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("BUXTON", 2, Some(50.5), 0, 1, Some(11.0)),
            ("DERBY", 1, None, 1, 0, None),
            ("all", 3, Some(50.5), 1, 1, Some(11.0)),
        ]
    );
    assert!(
        markdown(&report).contains("| all | 2 | 3 | 50.5 | 1 | 1 | 11.0 |"),
        "{}",
        markdown(&report)
    );
}

#[test]
fn the_restatement_section_has_corrected_sets_and_frozen_years() {
    let folder = site("golden-restatements");
    let report = report(folder.path());
    let effects = &report.restatements.effects;
    assert_eq!(
        effects.len(),
        1,
        "the year of the corrected set, and not last year"
    );
    assert!(
        effects[0]
            .factor_sets
            .iter()
            .any(|set| set == "desnz2025+v2")
            && !effects[0].restated
            && effects[0].change_ratio > 0.0
    );
    let years = &report.restatements.years;
    let found: Vec<_> = years
        .iter()
        .map(|year| (year.year.as_str(), year.organisation.as_deref()))
        .collect();
    assert_eq!(found, [("2025-26", None), ("2025-26", Some("EMAS"))]);
    let all = &years[0];
    assert_eq!(
        (all.kgco2e_as_frozen.get(), all.frozen_on.as_str()),
        (5_250.0, "2026-06-30")
    );
    let sum = all.kgco2e_as_frozen
        + all
            .effects
            .iter()
            .map(|effect| effect.kgco2e)
            .sum::<KgCo2e>();
    assert!(
        (all.kgco2e_with_effects - sum).abs() < KgCo2e::constant(1e-6) && all.effects.len() == 2,
        "{all:?}"
    );
    assert!(
        (all.effects[1].kgco2e.get() + 400.0).abs() < 1e-9 && all.effects[1].reason == "structure"
    );
    assert_eq!(
        all.kgco2e_base,
        if all.restated {
            all.kgco2e_with_effects
        } else {
            all.kgco2e_as_frozen
        }
    );
    let text = markdown(&report);
    assert!(
        text.contains("Frozen years")
            && text.contains("desnz2025+v2")
            && text.contains("structure -0.4"),
        "{text}"
    );
}
