//! Targets for figures of whole years: air pollutants and tonnes.

use crate::targets::*;

/// A fall of a fifth in NOx and PM2.5, from these kilograms.
fn air_target(baseline_kg: &[(&str, f64)]) -> Target {
    let pollutants = baseline_kg
        .iter()
        .map(|(name, kg)| ((*name).into(), *kg))
        .collect();
    Target {
        kind: Kind::Relative,
        measure: Measure::Air(vec!["nox".into(), "pm25".into()]),
        goal: -0.2,
        comparison: Comparison::NotAbove,
        due: Some(day("2024-03-31")),
        baseline: Baseline {
            pollutants,
            ..Baseline::default()
        },
        ..goal()
    }
}

/// Golden G9: NOx has fallen by 42 %, PM2.5 by 2 % only.
const G9_BASELINE_KG: [(&str, f64); 2] = [("nox", 4311.53), ("pm25", 65.44)];

fn g9_figures() -> Figures {
    let figure = |name: &str, kg| AirFigure {
        pollutant: name.into(),
        year: FinancialYear(2023),
        kg,
        complete: true,
    };
    Figures {
        air: vec![figure("nox", 2501.254), figure("pm25", 64.072)],
        ..Figures::default()
    }
}

fn assess_air(baseline_kg: &[(&str, f64)], figures: &Figures, date: &str) -> TargetRecord {
    assess(
        &air_target(baseline_kg),
        &Profile::by_name("nhs_sdu").unwrap(),
        &Register::default(),
        figures,
        day(date),
    )
}

#[test]
fn air_is_met_only_when_every_pollutant_is() {
    let figures = g9_figures();
    let record = assess_air(&G9_BASELINE_KG, &figures, "2024-03-31");
    assert!((record.current.unwrap() * 100.0 + 2.090_465).abs() < 1e-4);
    assert_eq!(
        record.parts.iter().map(|part| part.met).collect::<Vec<_>>(),
        [Some(true), Some(false)]
    );
    assert_eq!(
        assess_air(&G9_BASELINE_KG, &figures, "2024-04-01").status,
        TargetStatus::Missed
    );
    let both_fell = [("nox", 4311.53), ("pm25", 90.0)];
    assert_eq!(
        assess_air(&both_fell, &figures, "2026-04-01").status,
        TargetStatus::Met
    );
}

#[test]
fn air_needs_a_baseline_and_a_figure_of_every_pollutant() {
    let record = assess_air(&[("nox", 4311.53)], &g9_figures(), "2026-04-01");
    assert_eq!(
        (record.status, record.current),
        (TargetStatus::NotSet, None)
    );
    assert!(
        record.needs[0].contains("baseline.pm25"),
        "{:?}",
        record.needs
    );
    let record = assess_air(
        &[("nox", 1.0), ("pm25", 1.0)],
        &Figures::default(),
        "2026-04-01",
    );
    assert_eq!(record.status, TargetStatus::NotComputable);
}

#[test]
fn a_part_of_a_year_has_no_comparison() {
    let figure = |year, complete| YearFigure {
        name: "fleet_tco2e".into(),
        year: FinancialYear(year),
        value: 100.0,
        complete,
        factor_set: None,
    };
    let target = Target {
        kind: Kind::Level,
        measure: Measure::Yearly("fleet_tco2e".into()),
        goal: 90.0,
        comparison: Comparison::NotAbove,
        plan: Plan::Points(vec![(day("2025-03-31"), 120.0), (day("2027-03-31"), 80.0)]),
        ..goal()
    };
    let with = |yearly| {
        assess(
            &target,
            &Profile::by_name("nhs_sdu").unwrap(),
            &Register::default(),
            &Figures {
                yearly,
                ..Figures::default()
            },
            day("2026-11-24"),
        )
    };
    assert_eq!(
        with(vec![figure(2025, false), figure(2026, true)]).status,
        TargetStatus::NotComputable
    );
    let record = with(vec![figure(2025, true)]);
    assert_eq!(
        (record.plan, record.drift, record.status),
        (Some(100.0), Some(0.0), TargetStatus::OnPath)
    );
    assert!(
        record
            .needs
            .iter()
            .any(|need| need.starts_with("history: 1 of 6")),
        "{:?}",
        record.needs
    );
    // Six years of a steady fall: 5 t a year are 10 t in two.
    let years = (2020..=2025)
        .map(|year| YearFigure {
            value: 125.0 - 5.0 * f64::from(year - 2020),
            ..figure(year, true)
        })
        .collect();
    let record = with(years);
    assert!((record.recent_per_month.unwrap() - 5.0 / 12.0).abs() < 1e-9);
    assert_eq!(record.projected_date.as_deref(), Some("2028-03-31"));
}
