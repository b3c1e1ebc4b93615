//! Worked numbers of targets: share, path and rates (G10), the forecast (G11), carbon path (G8), plausibility (G7), charge points (G17).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::targets::carbon::{CarbonPath, cut_per_year, plausibility, yearly_change};
use fleetgauge::ledger::targets::forecast::{
    COMMON_DELAYS, Candidate, Distribution, ReplacementAge, at_least_by_normal,
};
use fleetgauge::ledger::targets::trend::{least_squares, theil_sen, time_to_close, trend};
use fleetgauge::ledger::targets::{
    Amount, Baseline, CarbonPoint, Comparison, Figures, FleetShare, IndicatorFigure, Kind, Measure,
    Plan, Successor, Target, TargetStatus, Tonnes, YearFigure, assess, assess_counts, headline,
    month_end_at, month_scale,
};
use fleetgauge::ledger::transition::{Counts, Population, Profile, month_end_counts};
use fleetgauge::model::TokenHasher;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::units::{Day, FinancialYear, Month};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

#[track_caller]
fn near(value: impl Into<Option<f64>>, want: f64) {
    let value = value.into().unwrap_or(f64::NAN);
    assert!((value - want).abs() < 1e-6, "{value} is not {want}");
}

fn register(vehicles: &str) -> Register {
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), vehicles.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn nhs() -> Profile {
    Profile::by_name("nhs_sdu").unwrap()
}

const COUNTS: Counts = Counts {
    zero: 96,
    ultra_low: 48,
    low: 456,
    other: 185,
    unknown: 15,
};

fn low_90() -> Target {
    headline(0.9, day("2028-03-31"), Some((day("2022-04-01"), 0.5)))
}

#[test]
fn g10_share_gap_and_path_have_their_golden_figures() {
    let target = low_90();
    let counted = |target: &Target, profile: &Profile| {
        let (population, successor) = (Population::default(), Successor::ALWAYS);
        assess_counts(
            FleetShare {
                target,
                profile,
                population: &population,
                successor: &successor,
            },
            COUNTS,
            day("2026-03-31"),
        )
    };
    let record = counted(&target, &nhs());
    near(record.current, 0.75);
    near(record.upper, 0.76875);
    near(record.plan, 0.766_666_667);
    near(record.plan_value, 613.333_333_333);
    near(record.drift_vehicles, -13.333_333_333);
    near(record.drift.map(|drift| drift * 100.0), -1.666_666_667);
    near(record.required_per_month, 5.0);
    assert_eq!(
        (record.gap, record.status),
        (Some(Amount::Whole(120)), TargetStatus::BelowPath)
    );
    for (name, gap, share) in [("ulev_or_better", 576, 0.18), ("zev_only", 624, 0.12)] {
        let record = counted(&target, &Profile::by_name(name).unwrap());
        assert_eq!(
            (record.gap, record.profile),
            (Some(Amount::Whole(gap)), Some(name))
        );
        near(record.current, share);
    }
    let quarter = Target {
        goal: 0.25,
        ..low_90()
    };
    assert_eq!(
        counted(&quarter, &Profile::by_name("ulev_or_better").unwrap()).gap,
        Some(Amount::Whole(56))
    );
    near(600.0 / f64::from(800 - COUNTS.unknown), 0.764_331_210_191);
}

#[test]
fn g10_an_s_curve_has_its_golden_figures() {
    let target = low_90();
    let plan = Plan::SCurve { k: 8.0 };
    let at = |text: &str| plan.at(&target.baseline, 0.9, target.due, day(text), 800);
    near(at("2026-03-31"), 0.820_905_866);
    near(at("2025-03-31"), 0.7);
    near(at("2022-03-31"), 0.5);
    near(at("2030-03-31"), 0.9);
}

#[test]
fn g10_rates_have_their_golden_figures() {
    let counts = [
        552, 555, 561, 562, 570, 571, 575, 583, 583, 589, 590, 597, 600,
    ];
    let points: Vec<(f64, f64)> = counts
        .iter()
        .enumerate()
        .map(|(x, y)| (x as f64, f64::from(*y)))
        .collect();
    near(least_squares(&points), 4.027_472_527);
    near(theil_sen(&points), 4.0);
    let months = time_to_close(120.0, 4.0).unwrap();
    near(months, 30.0);
    assert_eq!(
        month_end_at(month_scale(day("2026-03-31")) + months),
        Some(day("2028-09-30"))
    );
    assert_eq!(trend(&points[8..]), None, "five points say nothing");
    assert_eq!(time_to_close(120.0, 0.0), None);
    assert_eq!(time_to_close(120.0, -1.0), None);
}

/// The fleet of G10 as a register: 800 vehicles, of which 4 a month were replaced by low ones over the last year.
fn fleet_of_800() -> Register {
    let mut csv =
        "vehicle_id,role,category,fuel,euro,first_registered,in_service_from,in_service_to\n"
            .to_owned();
    for index in 0..552 {
        csv.push_str(&format!(
            "L{index},emergency,van,DIESEL,EURO 6,2024-01,2018-01-01,\n"
        ));
    }
    for index in 0..48 {
        let month = day("2025-04-01");
        let date = Month::of_day(month).plus(index / 4).last_day();
        csv.push_str(&format!(
            "R{index},emergency,van,DIESEL,EURO 6,2025-03,{date},\n"
        ));
        csv.push_str(&format!(
            "G{index},emergency,van,DIESEL,EURO 5,2014-01,2014-02-01,{date}\n"
        ));
    }
    for index in 0..200 {
        let (role, first) = match index {
            0..90 => ("emergency", "2020-03-31"),
            90..150 => ("emergency", "2021-03-31"),
            150..185 => ("non_emergency", "2022-03-31"),
            _ => ("support", "2023-03-31"),
        };
        let euro = if index < 185 { "EURO 5" } else { "" };
        let fuel = if index < 185 { "DIESEL" } else { "OTHER" };
        csv.push_str(&format!(
            "O{index},{role},van,{fuel},{euro},{first},2020-01-01,\n"
        ));
    }
    register(&csv)
}

#[test]
fn g10_follows_from_a_register() {
    let register = fleet_of_800();
    // Four in five of the support vehicles' successors count.
    let successor = Successor {
        support: Some(0.8),
        ..Successor::default()
    };
    let measure = Measure::Fleet {
        profile: None,
        population: Population::default(),
        successor,
        vehicles_at_due: None,
    };
    let target = Target {
        measure,
        ..low_90()
    };
    let record = assess(
        &target,
        &nhs(),
        &register,
        &Figures::default(),
        day("2026-03-31"),
    );
    near(record.current, 0.75);
    near(record.recent_per_month, 4.0);
    near(record.recent_per_month_least_squares, 4.0);
    assert_eq!(record.projected_date.as_deref(), Some("2028-09-30"));
    assert_eq!((record.months_late, record.days_late), (Some(6), Some(183)));
    near(record.drift_vehicles, -13.333_333_333);
    assert!(record.level.is_some() && record.cusum.is_some());
    // G11 from the register's dates: ages and horizon by calendar months, not by days over 365.25.
    near(record.p_hit, 0.494_813_587);
    let forecast = record.forecast.unwrap();
    near(forecast.horizon_years, 2.0);
    near(forecast.p_hit_without_delay, 0.989_272_363);
    // The share on the last instant of each month, half-open intervals.
    let months = month_end_counts(
        &register,
        &nhs(),
        &Population::default(),
        "2025-03".parse().unwrap(),
        "2026-03".parse().unwrap(),
    );
    let counted: Vec<u32> = months
        .iter()
        .map(|end| end.counts.counted(&nhs()))
        .collect();
    assert_eq!(
        counted,
        (0..13).map(|month| 552 + 4 * month).collect::<Vec<_>>()
    );
    assert!(months.iter().all(|end| end.counts.total() == 800));
}

fn group(n: usize, age: f64, mu: f64, sigma: f64, qualifies: f64) -> Vec<Candidate> {
    vec![
        Candidate {
            counts: false,
            age,
            replacement: ReplacementAge { mu, sigma },
            qualifies
        };
        n
    ]
}

fn not_low() -> Vec<Candidate> {
    [
        group(90, 6.0, 7.0, 1.0, 1.0),
        group(60, 5.0, 7.0, 1.0, 1.0),
        group(35, 4.0, 5.0, 1.0, 1.0),
        group(15, 3.0, 6.0, 1.5, 0.8),
    ]
    .concat()
}

#[test]
fn g11_a_forecast_follows_the_replacement_age() {
    for (age, mu, sigma, want) in [
        (6.0, 7.0, 1.0, 0.811_426_583),
        (5.0, 7.0, 1.0, 0.488_360_125),
        (4.0, 5.0, 1.0, 0.811_426_583),
        (3.0, 6.0, 1.5, 0.235_090_751),
    ] {
        near(ReplacementAge { mu, sigma }.chance(age, 2.0), want);
    }
    let candidates = not_low();
    let prompt = Distribution::under_delays(&candidates, 2.0, &[(0.0, 1.0)]);
    near(prompt.mean(), 133.551_019);
    near(prompt.sd(), 6.033_993);
    near(600.0 + prompt.mean(), 733.551_019);
    near(prompt.at_least(120), 0.989_272_363);
    assert_eq!(
        [0.05, 0.5, 0.95].map(|share| prompt.quantile(share)),
        [124, 134, 143]
    );
    let chances: Vec<f64> = candidates
        .iter()
        .map(|candidate| candidate.chance(2.0))
        .collect();
    near(at_least_by_normal(&chances, 120), 0.990_061_02);
    for (delay, chance, mean) in [(0.5, 0.000_591_351, 98.375_316), (1.0, 0.0, 59.898_957)] {
        let delayed = Distribution::under_delays(&candidates, 2.0, &[(delay, 1.0)]);
        near(delayed.at_least(120), chance);
        near(delayed.mean(), mean);
    }
    near(
        Distribution::under_delays(&candidates, 2.0, &COMMON_DELAYS).at_least(120),
        0.494_813_587,
    );
}

#[test]
fn g7_improbable_figures_are_marked() {
    // DESNZ 2020: diesel (average blend) per litre, van N1 class III diesel per km.
    let found = plausibility(7500.0, 800, 2.54603, 0.27171).unwrap();
    near(found.t_per_vehicle, 9.375);
    assert!(
        (found.litres - 2_945_762.619).abs() < 1e-2,
        "{}",
        found.litres
    );
    assert!((found.litres_per_vehicle - 3682.2033).abs() < 1e-4);
    assert!((found.km_per_vehicle - 34_503.699).abs() < 1e-3);
    near(found.l_per_100km, 10.671_909);
    assert_eq!(plausibility(7500.0, 0, 2.5, 0.27), None);
}

fn carbon_target(base: Option<f64>) -> Target {
    let point = |year, tonnes| CarbonPoint { year, tonnes };
    Target {
        id: "direct_minus80".into(),
        kind: Kind::Relative,
        measure: Measure::Yearly("fleet_tco2e".into()),
        goal: -0.8,
        comparison: Comparison::NotAbove,
        due: Some(day("2032-12-31")),
        baseline: Baseline {
            date: Some(day("1990-12-31")),
            value: base,
            proxy: true,
            ..Baseline::default()
        },
        plan: Plan::Carbon(
            vec![
                point(2020, Tonnes::Absolute(7500.0)),
                point(2032, Tonnes::OfBaseline(0.2)),
                point(2040, Tonnes::Absolute(0.0)),
            ],
            &UK,
        ),
        ..low_90()
    }
}

#[test]
fn g8_the_carbon_path_has_its_golden_figures() {
    let base = 7500.0 / (1.0 - 0.62);
    near(base, 19_736.842_105_263);
    let path = CarbonPath::through([(2020.0, 7500.0), (2032.0, 0.2 * base), (2040.0, 0.0)]);
    for (year, want) in [
        (2020.0, 7500.0),
        (2024.0, 6315.789473684),
        (2026.0, 5723.684210526),
        (2030.0, 4539.473684211),
        (2032.0, 3947.368421053),
        (2036.0, 1973.684210526),
        (2040.0, 0.0),
    ] {
        near(path.at(year), want);
    }
    assert_eq!(path.at(2019.0), None);
    near(yearly_change(7500.0, 0.2 * base, 12.0), -0.052_082_517);
    assert!((path.budget(2020.0, 2040.0).unwrap() - 84_473.684).abs() < 1e-3);
    near(cut_per_year(6200.0, 0.2 * base, 6.0), 375.438_596_491);
}

#[test]
fn g8_is_a_target_with_a_proxy_base() {
    let figure = |year, value| YearFigure {
        name: "fleet_tco2e".into(),
        year: FinancialYear(year),
        value,
        complete: true,
        factor_set: Some("desnz2026".into()),
    };
    let figures = Figures {
        yearly: vec![figure(2025, 6300.0), figure(2026, 6200.0)],
        ..Figures::default()
    };
    let record = assess(
        &carbon_target(Some(7500.0 / 0.38)),
        &nhs(),
        &Register::default(),
        &figures,
        day("2027-06-30"),
    );
    near(record.plan_value, 5723.684210526);
    near(
        record
            .value
            .zip(record.plan_value)
            .map(|(value, plan)| value - plan),
        476.315_789_474,
    );
    near(record.current, 6200.0 / (7500.0 / 0.38) - 1.0);
    assert!((record.gap.unwrap().value() - (6200.0 - 3947.368421)).abs() < 1e-5);
    assert_eq!(
        (record.status, record.baseline.proxy),
        (TargetStatus::BelowPath, true)
    );
    assert_eq!(record.factor_set.as_deref(), Some("desnz2026"));
    let budget = record.budget.unwrap();
    assert!(
        (budget.total_t - 84_473.684).abs() < 1e-3 && budget.used_to_date_t.is_none(),
        "not every year is known"
    );
    // Without the base of 1990 there is no percentage, and no guess at one.
    let record = assess(
        &carbon_target(None),
        &nhs(),
        &Register::default(),
        &figures,
        day("2027-06-30"),
    );
    assert_eq!(
        (record.status, record.current, record.plan, record.gap),
        (TargetStatus::NotSet, None, None, None)
    );
    assert!(
        record
            .needs
            .iter()
            .any(|need| need.starts_with("baseline.value: the figure of 1990-12-31")),
        "{:?}",
        record.needs
    );
}

fn charge_points_target(organisation: Option<&str>) -> Target {
    Target {
        id: "d2n2_points".into(),
        kind: Kind::Count,
        measure: Measure::Indicator {
            organisation: organisation.map(Into::into),
            name: "charge_points".into(),
        },
        goal: 1000.0,
        due: Some(day("2025-12-31")),
        baseline: Baseline {
            value: Some(218.0),
            ..Baseline::default()
        },
        ..low_90()
    }
}

/// 640 charge points in June 2025, as each of these organisations reports them.
fn charge_points_of(organisations: &[&str]) -> Figures {
    let figure = |organisation: &&str| IndicatorFigure {
        organisation: (*organisation).into(),
        name: "charge_points".into(),
        month: "2025-06".parse().unwrap(),
        value: 640.0,
    };
    Figures {
        indicators: organisations.iter().map(figure).collect(),
        ..Figures::default()
    }
}

#[test]
fn g17_charge_points_of_d2n2_are_counted() {
    let (target, figures) = (
        charge_points_target(Some("D2N2")),
        charge_points_of(&["D2N2"]),
    );
    let on = |date| assess(&target, &nhs(), &Register::default(), &figures, day(date));
    let record = on("2025-07-10");
    near(record.progress, 0.64);
    near(record.progress_since_baseline, 0.539_641_944);
    assert_eq!(record.gap, Some(Amount::Whole(360)));
    assert_eq!(
        (record.status, record.figure_to.as_deref()),
        (TargetStatus::PathNotSet, Some("2025-06-30"))
    );
    assert_eq!(on("2026-01-01").status, TargetStatus::Missed);
}

#[test]
fn an_indicator_of_two_organisations_is_not_added_up() {
    let record = assess(
        &charge_points_target(None),
        &nhs(),
        &Register::default(),
        &charge_points_of(&["DCC", "D2N2"]),
        day("2025-07-10"),
    );
    assert!(
        record.value.is_none() && record.needs[0].contains("D2N2, DCC"),
        "{:?}",
        record.needs
    );
}
