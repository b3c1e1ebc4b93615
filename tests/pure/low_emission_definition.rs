//! `[definition]`: options of "low emission" as configuration, from the targets' file to every share, and written beside it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetgauge::app::config::{Config, SHIPPED_TARGETS, parse_targets_file};
use fleetgauge::ledger::targets::{Figures, Measure, assess, headline};
use fleetgauge::ledger::transition::{Profile, classify, counts};
use fleetgauge::model::TokenHasher;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::units::Day;

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn register() -> Register {
    // Cases of golden G18: 5, 6, 10, 12, 14, a mono-fuel gas vehicle, and a hybrid between 50 and 75.
    let csv = "vehicle_id,fuel,co2_g_per_km,euro,first_registered,category,mass_kg,retrofit\n\
               phev30,HYBRID ELECTRIC,30,EURO 6 AP,,car,,\n\
               phev50,HYBRID ELECTRIC,50,EURO 6 DG,,car,,\n\
               phev72,HYBRID ELECTRIC,72,EURO 6 DG,,car,,\n\
               euro6,DIESEL,265,EURO 6 AI,,van,3500,\n\
               retrofit,HEAVY OIL,,Euro 5,,van,3500,yes\n\
               dated,DIESEL,,,2016-09,van,3500,\n\
               gas,GAS,,,,van,3500,\n";
    let files = RegisterFiles::vehicles_only("vehicles.csv".into(), csv.as_bytes().to_vec());
    Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap()
}

fn read(definition: &str) -> (Profile, Vec<String>) {
    let text = format!(
        "[definition]\n{definition}\n[[target]]\nid = \"a\"\nkind = \"share\"\nfigure = \"fleet\"\nprofile = \"ulev_or_better\"\nmetric = \"m\"\ngoal = 0.9\n"
    );
    let file = parse_targets_file(&text, "t.toml", &Config::default()).unwrap();
    let Measure::Fleet {
        profile: Some(own), ..
    } = &file.targets[0].measure
    else {
        panic!("a share of vehicles")
    };
    assert_eq!(
        own.options(),
        file.profile.options(),
        "the target's own profile has the same options"
    );
    assert_eq!((own.name, file.profile.name), ("ulev_or_better", "nhs_sdu"));
    let register = register();
    let profile = &file.profile;
    let classes = register.vehicles.iter().map(|vehicle| {
        let found = classify(vehicle, profile, day("2026-03-31"));
        format!("{} {} {}", vehicle.id, found.class.name(), found.rule)
    });
    (profile.clone(), classes.collect())
}

#[test]
fn each_option_changes_its_rule_and_no_other() {
    let usual = [
        "phev30 ultra_low R2a",
        "phev50 low R5",
        "phev72 low R5",
        "euro6 low R5",
        "retrofit low R3",
        "dated low R6",
        "gas low R4",
    ];
    for (definition, changed) in [
        ("", &[][..]),
        ("ultra_low_inclusive = true", &["phev50 ultra_low R2a"][..]),
        (
            "ultra_low_g_per_km = 75",
            &["phev50 ultra_low R2a", "phev72 ultra_low R2a"],
        ),
        ("retrofit_counts = false", &["retrofit other R5"]),
        ("gas_is_low = false", &["gas unknown R7"]),
        (
            "infer_from_first_registration = false",
            &["dated unknown R7"],
        ),
    ] {
        let (profile, classes) = read(definition);
        let want: Vec<&str> = usual
            .into_iter()
            .map(|line| {
                let id = line.split(' ').next().unwrap();
                changed
                    .iter()
                    .find(|other| other.starts_with(&format!("{id} ")))
                    .copied()
                    .unwrap_or(line)
            })
            .collect();
        assert_eq!(classes, want, "{definition}");
        let options = if definition.is_empty() {
            vec![]
        } else {
            vec![definition.to_owned()]
        };
        assert_eq!(profile.options(), options);
    }
}

#[test]
fn unusual_choices_stand_beside_the_share() {
    let (profile, _) = read("retrofit_counts = false\nultra_low_g_per_km = 75");
    assert_eq!(
        profile.described(),
        "nhs_sdu (ultra_low_g_per_km = 75, retrofit_counts = false)"
    );
    let (register, target) = (register(), headline(0.9, day("2028-03-31"), None));
    let record = assess(
        &target,
        &profile,
        &register,
        &Figures::default(),
        day("2026-03-31"),
    );
    assert_eq!(
        record.counts,
        Some(counts(&register, &profile, day("2026-03-31")))
    );
    let json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["profile"], "nhs_sdu");
    assert_eq!(
        json["profile_options"],
        serde_json::json!(["ultra_low_g_per_km = 75", "retrofit_counts = false"])
    );
    let usual = Profile::by_name("nhs_sdu").unwrap();
    let record = assess(
        &target,
        &usual,
        &register,
        &Figures::default(),
        day("2026-03-31"),
    );
    assert!(
        serde_json::to_value(&record)
            .unwrap()
            .get("profile_options")
            .is_none()
    );
    assert_eq!(usual.described(), "nhs_sdu");
}

#[test]
fn mistakes_have_a_line_and_a_way_out() {
    for (definition, want) in [
        (
            "retrofits_count = true",
            "`definition.retrofits_count` in t.toml line 2: is not a key of this section\n  hint: did you mean `retrofit_counts`?",
        ),
        (
            "ultra_low_g_per_km = 90",
            "`definition.ultra_low_g_per_km` in t.toml line 2: `90` is out of range\n  hint: a whole number from 1 to 75",
        ),
        ("gas_is_low = \"no\"", "hint: write true or false"),
    ] {
        let error = parse_targets_file(
            &format!("[definition]\n{definition}\n"),
            "t.toml",
            &Config::default(),
        )
        .unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
    }
    let mut config = Config::default();
    config.engine.profile = "green".into();
    let error = parse_targets_file(SHIPPED_TARGETS, "t.toml", &config)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no profile is called `green`") && error.contains("nhs_sdu"),
        "{error}"
    );
    let shipped = parse_targets_file(SHIPPED_TARGETS, "t.toml", &Config::default()).unwrap();
    assert_eq!(shipped.profile.options(), Vec::<String>::new());
}
