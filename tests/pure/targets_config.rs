//! Targets as data: the shipped ones are those of the specification, and every mistake of a file is named with its line and a way out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetgauge::app::config::{Config, SHIPPED_TARGETS, load_targets, parse_targets};
use fleetgauge::ledger::targets::{
    Comparison, Figures, HEADLINE, Kind, Measure, Plan, Target, TargetStatus, assess, headline,
    with_headline,
};
use fleetgauge::ledger::transition::Profile;
use fleetgauge::model::register::Register;

fn parse(text: &str) -> Result<Arc<[Target]>, String> {
    parse_targets(text, "t.toml", &Config::default()).map_err(|errors| errors.to_string())
}

/// `reference/factors/targets.csv`: id, kind, value, comparison, due.
const SPECIFIED: &str = "share_low_90,Share,0.9,>=,2028-03-31
share_ulev_25,Share,0.25,>=,2028-03-31
airpoll_minus20,Relative,-0.2,<=,2024-03-31
direct_minus80,Relative,-0.8,<=,2032-12-31
direct_minus100,Relative,-1,<=,2040-12-31
indirect_minus80,Relative,-0.8,<=,2039-12-31
indirect_minus100,Relative,-1,<=,2045-12-31
fleet_2020_21,Level,7500,=,2021-03-31
d2n2_points,Count,1000,>=,2025-12-31
rego_100,Share,1,>=,
nhs_new_zev,Share,1,>=,2027-12-31
nhs_new_ambulances_zev,Share,1,>=,2030-01-01
nhs_staff_travel,Relative,-0.5,<=,2033-12-31
nhs_owned_leased_zev,Share,1,>=,2035-12-31
nhs_all_zev,Share,1,>=,2040-12-31";

#[test]
fn the_shipped_targets_are_those_specified() {
    let targets = load_targets(&Config::default()).unwrap();
    let found: Vec<String> = targets
        .iter()
        .map(|target| {
            let due = target.due.map(|due| due.to_string()).unwrap_or_default();
            format!(
                "{},{:?},{},{},{due}",
                target.id,
                target.kind,
                target.goal,
                target.comparison.sign()
            )
        })
        .collect();
    assert_eq!(found.join("\n"), SPECIFIED);
    for target in targets.iter() {
        assert!(
            !target.source.is_empty() && !target.confidence.is_empty(),
            "{}: where is it from?",
            target.id
        );
        assert!(
            !target.baseline.proxy,
            "{}: a stand-in is the site's own decision",
            target.id
        );
    }
    assert_eq!(targets[8].baseline.value, Some(218.0));
}

#[test]
fn targets_without_figures_have_no_guessed_value() {
    let targets = load_targets(&Config::default()).unwrap();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    for target in targets.iter() {
        let record = assess(
            target,
            &profile,
            &Register::default(),
            &Figures::default(),
            "2026-11-24".parse().unwrap(),
        );
        let want = if target.kind == Kind::Relative {
            TargetStatus::NotSet
        } else {
            TargetStatus::NotComputable
        };
        assert_eq!(
            (record.status, record.current, record.plan),
            (want, None, None),
            "{}",
            target.id
        );
        assert!(
            !record.needs.is_empty(),
            "{}: says nothing of what it needs",
            target.id
        );
    }
}

#[test]
fn settings_of_the_configuration_go_into_the_share() {
    let text =
        "[target]\nshare = 0.8\ndue = \"2027-12-31\"\nstart = \"2022-04-01\"\nstart_share = 0.4\n";
    let config = Config::parse(text, "c.toml", std::iter::empty()).unwrap();
    let share = load_targets(&config).unwrap()[0].clone();
    assert_eq!(
        (share.goal, share.due.unwrap().to_string().as_str()),
        (0.8, "2027-12-31")
    );
    assert_eq!(
        (
            share.baseline.date.unwrap().to_string().as_str(),
            share.baseline.value
        ),
        ("2022-03-31", Some(0.4))
    );
}

/// One target by two names cannot have two paths.
#[test]
fn the_plan_of_the_share_is_that_of_the_first_page() {
    let text = "[[target]]\nid = \"ours\"\nmetric = \"m\"\nkind = \"share\"\nfigure = \"fleet\"\nsettings = \"target\"\nplan = { shape = \"s_curve\" }\n";
    let config = Config::parse(
        "[target]\nstart = \"2022-04-01\"\nstart_share = 0.4\n",
        "c.toml",
        std::iter::empty(),
    )
    .unwrap();
    let list = parse_targets(text, "t.toml", &config).unwrap();
    let first = headline(0.9, "2028-03-31".parse().unwrap(), None);
    let all = with_headline(first.clone(), &list);
    assert_eq!(
        (&*all[0].id, all[0].alias_of.as_deref(), &all[0].plan),
        (HEADLINE, Some("ours"), &all[1].plan)
    );
    assert_eq!(all[0].baseline, all[1].baseline);
    assert_eq!(with_headline(first.clone(), &[]), [first]);
}

const START: &str = "[[target]]\nid = \"a\"\nmetric = \"m\"\n";

#[test]
fn every_shape_of_plan_is_read() {
    let level = format!(
        "{START}kind = \"level\"\nfigure = \"yearly\"\nname = \"fleet_tco2e\"\ngoal = 5\ncomparison = \"<=\"\n"
    );
    let fleet = format!(
        "{START}kind = \"share\"\nfigure = \"fleet\"\ngoal = 0.5\nsuccessor = {{ emergency = 0.1 }}\n"
    );
    for (text, want) in [
        (
            format!("{level}plan = {{ shape = \"linear\" }}\n"),
            "Linear",
        ),
        (
            format!("{level}plan = {{ shape = \"s_curve\", k = 6 }}\n"),
            "SCurve",
        ),
        (
            format!(
                "{level}plan = {{ shape = \"schedule\", points = [{{ date = \"2027-03-31\", value = 9 }}, {{ date = \"2028-03-31\", value = 7 }}] }}\n"
            ),
            "Points",
        ),
        (
            format!(
                "{fleet}plan = {{ shape = \"schedule\", points = [{{ date = \"2027-03-31\", conversions = 9 }}] }}\n"
            ),
            "Conversions",
        ),
        (
            format!(
                "{level}plan = {{ shape = \"carbon\", points = [{{ year = 2020, value = 9 }}, {{ year = 2032, of_baseline = 0.2 }}] }}\n"
            ),
            "Carbon",
        ),
        (level.clone(), "Linear"),
    ] {
        let target = parse(&text).unwrap_or_else(|errors| panic!("{text}\n{errors}"))[0].clone();
        assert!(
            format!("{:?}", target.plan).starts_with(want),
            "{:?}",
            target.plan
        );
        assert!(!matches!(target.plan, Plan::SCurve { k } if k != 6.0));
    }
    let target = parse(&fleet).unwrap()[0].clone();
    assert!(
        matches!(target.measure, Measure::Fleet { successor, .. } if successor.emergency == Some(0.1))
    );
    assert_eq!(target.comparison, Comparison::NotBelow);
}

const SHARE: &str = "kind = \"share\"\nfigure = \"fleet\"\ngoal = 0.9\n";
const YEARLY: &str = "kind = \"relative\"\nfigure = \"yearly\"\nname = \"direct_tco2e\"\ngoal = -0.8\ncomparison = \"<=\"\n";

/// What follows `START` in a file, with `<share>`, `<yearly>` and `<start>` for the constants, and what its error must contain.
const MISTAKES_OF_A_TARGET: &[(&str, &str)] = &[
    (
        "<share>gaol = 1\n",
        "`target[0].gaol` in t.toml line 7: is not a key of this section\n  hint: did you mean `goal`?",
    ),
    (
        "kind = \"share\"\nfigure = \"fleet\"\n",
        "`target[0]` in t.toml line 1: has no `goal`\n  hint: a share such as 0.9",
    ),
    (
        "kind = \"share\"\nfigure = \"fleet\"\ngoal = 90\n",
        "`target[0].goal` in t.toml line 6: `90` is out of range\n  hint: a number from 0 to 1",
    ),
    ("figure = \"fleet\"\ngoal = 0.9\n", "has no `kind`"),
    (
        "kind = \"shares\"\nfigure = \"fleet\"\ngoal = 0.9\n",
        "one of: share, relative, level, count, indicator",
    ),
    (
        "kind = \"share\"\nfigure = \"air\"\npollutants = [\"nox\"]\ngoal = 0.9\n",
        "`target[0].figure` in t.toml line 5: `air` does not fit the kind of target\n  hint: it goes with kind relative",
    ),
    (
        "<share>name = \"x\"\n",
        "is not for figure = \"fleet\"\n  hint: its keys are: profile, roles",
    ),
    (
        "<share>comparison = \"<=\"\n",
        "does not fit a share of vehicles",
    ),
    (
        "<share>profile = \"green\"\n",
        "one of: nhs_sdu, ulev_or_better, zev_only",
    ),
    (
        "<share>roles = [\"emergancy\"]\n",
        "did you mean `emergency`?",
    ),
    (
        "<share>roles = [\"support\"]\nexclude_roles = [\"support\"]\n",
        "stands beside `exclude_roles`",
    ),
    ("<share>due = 2028-03-31\n", "write it in quotes"),
    (
        "<share>due = \"2028-03-31\"\nbaseline = { date = \"2028-03-31\" }\n",
        "`baseline.date` is not before `due`",
    ),
    (
        "<share>baseline = { value = 50 }\n",
        "`target[0].baseline.value` in t.toml line 7: `50` is out of range",
    ),
    (
        "<share>baseline = { proxy = true }\n",
        "marks a figure that is not there",
    ),
    (
        "<share>successor = { emergency = 2 }\n",
        "`target[0].successor.emergency` in t.toml line 7: `2` is not from 0 to 1",
    ),
    (
        "<share>settings = \"target\"\n",
        "comes from [target] by `settings = \"target\"`",
    ),
    (
        "kind = \"relative\"\nfigure = \"yearly\"\nname = \"direct_co2e\"\ngoal = -0.8\ncomparison = \"<=\"\n",
        "is not known; did you mean `direct_tco2e`?",
    ),
    (
        "<yearly>settings = \"target\"\n",
        "is not for figure = \"yearly\"",
    ),
    ("<yearly>baseline = { value = 0 }\n", "is out of range"),
    ("<yearly>plan = { points = [] }\n", "has no `shape`"),
    (
        "<yearly>plan = { shape = \"curve\" }\n",
        "one of: linear, s_curve, schedule, carbon",
    ),
    (
        "<yearly>plan = { shape = \"schedule\", points = [] }\n",
        "does not fit a relative target",
    ),
    (
        "<yearly>plan = { shape = \"carbon\", points = [{ year = 2032, value = 1 }] }\n",
        "needs at least 2 `points`",
    ),
    (
        "<yearly>plan = { shape = \"carbon\", points = [{ year = 2032, value = 1 }, { year = 2020, value = 2 }] }\n",
        "`target[0].plan.points[1].year` in t.toml line 9: `2020` is not after the one before",
    ),
    (
        "<yearly>plan = { shape = \"carbon\", points = [{ year = 2020 }, { value = 2 }] }\n",
        "needs either `value` or `of_baseline`",
    ),
    (
        "<share>plan = { shape = \"carbon\", points = [] }\n",
        "is for yearly tonnes",
    ),
    (
        "<share>plan = { shape = \"schedule\", points = [{ date = \"2027-01-01\" }] }\n",
        "has no `conversions`",
    ),
    (
        "<share>plan = { shape = \"s_curve\", k = 0 }\n",
        "is out of range",
    ),
    (
        "<share><start><share>",
        "`target[1].id` in t.toml line 8: `a` is the id of two targets",
    ),
    (
        "<share>[other]\n",
        "`other` in t.toml line 7: is not a section of this file",
    ),
];

/// Whole files, and what their error must contain.
const MISTAKES_OF_A_FILE: &[(&str, &str)] = &[
    (
        "[target]\nid = \"a\"\n",
        "write [[target]] with two brackets",
    ),
    ("[[target]\n", "line 1"),
    (
        "[[target]]\nid = \"a b\"\n",
        "`target[0].id` in t.toml line 2: `a b` holds ' '",
    ),
    (
        "[[target]]\nid = \"low_emission_share\"\nmetric = \"m\"\nkind = \"share\"\nfigure = \"fleet\"\ngoal = 1\n",
        "is the target that [target] sets",
    ),
    ("[[target]]\n", "has no `id`"),
];

#[test]
fn every_mistake_is_named_with_its_line_and_a_way_out() {
    for (rest, want) in MISTAKES_OF_A_TARGET {
        let rest = rest
            .replace("<share>", SHARE)
            .replace("<yearly>", YEARLY)
            .replace("<start>", START);
        let errors = parse(&format!("{START}{rest}"))
            .err()
            .unwrap_or_else(|| panic!("taken: {rest}"));
        assert!(errors.contains(want), "{rest}\n{errors}\n  is not\n{want}");
    }
    for (text, want) in MISTAKES_OF_A_FILE {
        let errors = parse(text).unwrap_err();
        assert!(errors.contains(want), "{text}\n{errors}");
    }
    // All at once.
    let errors =
        parse("[[target]]\nid = \"a\"\nkind = \"x\"\n[[target]]\ngoal = \"y\"\n").unwrap_err();
    assert!(errors.matches("error:").count() >= 8, "{errors}");
    let config = Config::parse(
        "[targets]\nfile = \"/nowhere/t.toml\"\n",
        "c.toml",
        std::iter::empty(),
    )
    .unwrap();
    assert!(
        load_targets(&config)
            .unwrap_err()
            .to_string()
            .contains("/nowhere/t.toml line 1: cannot be read")
    );
}

/// The comment at the top is the documentation: each key that is read stands in it.
#[test]
fn every_key_is_documented() {
    let head: String = SHIPPED_TARGETS
        .lines()
        .take_while(|line| line.starts_with('#'))
        .collect();
    let mut documented: BTreeMap<&str, bool> = BTreeMap::new();
    for key in [
        "id",
        "kind",
        "figure",
        "name",
        "profile",
        "roles",
        "exclude_roles",
        "ownership",
        "organisation",
        "new_in_months",
        "pollutants",
        "metric",
        "goal",
        "comparison",
        "due",
        "baseline",
        "proxy",
        "vehicles",
        "plan",
        "shape",
        "k =",
        "points",
        "conversions",
        "disposals",
        "year",
        "of_baseline",
        "successor",
        "settings",
        "note",
        "source",
        "confidence",
    ] {
        documented.insert(key, head.contains(key));
    }
    let missing: Vec<_> = documented.iter().filter(|(_, there)| !**there).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
