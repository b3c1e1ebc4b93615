//! Registers, good and bad: every bad cell is named with file, line, column and reason, and nothing is half taken.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fleetgauge::app::EXAMPLE_REGISTER;
use fleetgauge::ledger::transition::{Profile, counts};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{EnergyUser, TokenHasher};
use fleetgauge::units::Day;

fn hasher() -> TokenHasher {
    TokenHasher::new(&[3; 32])
}

fn parse(files: &[(&str, &[u8])]) -> Result<Register, Vec<String>> {
    let files = files
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect();
    Register::parse(&RegisterFiles::from_bytes(files), &hasher())
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn the_example_is_a_fleet_as_promised() {
    let register = parse(&EXAMPLE_REGISTER.map(|(name, text)| (name, text.as_bytes()))).unwrap();
    assert!(
        register.vehicles.len() >= 60
            && register.charge_points.len() >= 12
            && register.sites.len() == 4
    );
    let sites_with_points: std::collections::BTreeSet<_> = register
        .charge_points
        .iter()
        .flat_map(|point| point.site.clone())
        .collect();
    assert_eq!(sites_with_points.len(), 4);
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let counts = counts(&register, &profile, Day::from_ymd(2026, 11, 24).unwrap());
    assert!(
        [
            counts.zero,
            counts.ultra_low,
            counts.low,
            counts.other,
            counts.unknown
        ]
        .iter()
        .all(|n| *n > 0),
        "a mixed fleet: {counts:?}"
    );
    assert!(
        (0.70..0.85).contains(&counts.share(&profile).unwrap()),
        "{counts:?}"
    );
}

#[test]
fn every_documented_column_is_read_and_no_other() {
    let documented = include_str!("../../config/register/README.md");
    for (name, text) in EXAMPLE_REGISTER {
        for column in text.lines().next().unwrap().split(',') {
            assert!(
                documented.contains(&format!("`{column}`")),
                "{name}: `{column}` is not in config/register/README.md"
            );
        }
    }
}

#[test]
fn tags_are_found_in_any_spelling_and_only_by_hash() {
    let vehicles = b"vehicle_id,id_tags\nAMB-1,04:a1:b2; 04A1B3\n";
    let tags = b"id_tag,kind,vehicle_id\n08FF,staff,\n09FF,public,\n0AFF,vehicle,AMB-1\n";
    let register = parse(&[("vehicles.csv", vehicles), ("tags.csv", tags)]).unwrap();
    let amb = EnergyUser::Vehicle("AMB-1".into());
    for (tag, want) in [
        ("04A1B2", &amb),
        ("04a1b3", &amb),
        ("08-ff", &EnergyUser::Staff),
        ("09FF", &EnergyUser::Public),
        ("0aff", &amb),
    ] {
        assert_eq!(
            register.tags.get(&hasher().hash(tag).unwrap()),
            Some(want),
            "{tag}"
        );
    }
}

#[test]
fn files_parse_as_spreadsheets_save_them() {
    for text in [
        &b"\xEF\xBB\xBFvehicle_id,site\r\nA,\r\n"[..],
        b"Vehicle_ID , SITE\nA,\n\n",
        b"vehicle_id\nA",
        b"site,vehicle_id\n,\"A\"\n,,\n",
    ] {
        let register = parse(&[("vehicles.csv", text)]).unwrap();
        assert_eq!(
            register.vehicles.len(),
            1,
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

/// Names and bytes of register files.
type Files = &'static [(&'static str, &'static [u8])];

/// Files with mistakes, and what the errors must contain.
const MISTAKES: &[(Files, &[&str])] = &[
        (
            &[("vehicles.csv", b"vehicle_id,fule\nA,x\n")],
            &["vehicles.csv line 1: `fule`: unknown column\n  hint: did you mean `fuel`?"],
        ),
        (
            &[("vehicles.csv", b"vehicle_id;fuel\nA;x\n")],
            &["not separated by commas", "the column `vehicle_id` is missing"],
        ),
        (
            &[("vehicles.csv", b"fuel\nDIESEL\n")],
            &["the column `vehicle_id` is missing", "line 2, column `vehicle_id`: is empty"],
        ),
        (&[("vehicles.csv", b"")], &["is empty"]),
        (&[("vehicles.csv", b"vehicle_id\nA\na\n")], &["line 3, column `vehicle_id`: `a`: is already in line 2"]),
        (&[("vehicles.csv", b"vehicle_id\nA B\n")], &["line 2, column `vehicle_id`"]),
        (
            &[("vehicles.csv", b"vehicle_id,role,category\nA,emergncy,lorry\n")],
            &["did you mean `emergency`?", "column `category`: `lorry`"],
        ),
        (
            &[("vehicles.csv", b"vehicle_id,first_registered,co2_g_per_km,mass_kg\nA,31/03/2026,low,-5\n")],
            &["`31/03/2026`", "write 2026-03-31", "`low`: is not a whole number", "`-5`: is not a whole number"],
        ),
        (
            &[("vehicles.csv", b"vehicle_id,battery_kwh,co2_g_per_km\nA,NaN,99999\n")],
            &["column `battery_kwh`", "`99999`: is out of range"],
        ),
        (&[("vehicles.csv", b"vehicle_id,euro\nA,clean\n")], &["`clean`: is not a Euro standard"]),
        (&[("vehicles.csv", b"vehicle_id,class_override\nA,low\n")], &["has no reason"]),
        (
            &[("vehicles.csv", b"vehicle_id,in_service_from,in_service_to\nA,2026-01-01,2026-01-01\n")],
            &["is not after in_service_from"],
        ),
        (&[("vehicles.csv", b"vehicle_id,feed_ids\nA,ovms:X\nB,ovms:X\n")], &["line 3, column `feed_ids`"]),
        (&[("vehicles.csv", b"vehicle_id,site\nA,b,c\n")], &["has 3 cells, the header has 2"]),
        (&[("vehicles.csv", b"vehicle_id,body\nA,caf\xe9\n")], &["column `body`: `caf\u{fffd}`: is not UTF-8"]),
        (&[("vehicles.csv", b"\xff\xfev\0e\0")], &["is UTF-16"]),
        (&[("sites.csv", b"site_id\nS\n"), ("vehicles.csv", b"vehicle_id,site\nA,T\n")], &["`T`: is not in sites.csv"]),
        (
            &[("sites.csv", b"site_id,opening_hours\nS,Mon-Fri 07:00-19:00; Sat 08:00-12:00\nT,9 to 5\nU,Mon 08:00-25:00\n")],
            &[
                "sites.csv line 3, column `opening_hours`: `9 to 5`: `5` is not hours from 00:00 to 24:00\n  hint: write days",
                "line 4, column `opening_hours`",
            ],
        ),
        (
            &[("charge_points.csv", b"charge_point_id,mode,connectors\nC,tap,0\n")],
            &["needs its operator's address", "column `connectors`: `0`: is out of range"],
        ),
        (&[("charge_points.csv", b"charge_point_id,auth\nC,secret\n")], &["is not a hash", "hash-password"]),
        (
            &[("tags.csv", b"id_tag,kind,vehicle_id\n04,vehicle,A\n:,staff,\n05,,\n06,nurse,\n,staff,\n")],
            &[
                "line 2, column `vehicle_id`",
                "has no letter or digit",
                "line 4, column `kind`: is empty",
                "`nurse`",
                "line 6, column `id_tag`: is empty",
            ],
        ),
        (
            &[("vehicles.csv", b"vehicle_id,id_tags\nA,04\nB,04\n")],
            &["line 3, column `id_tags`", "already belongs to another user"],
        ),
];

#[test]
fn every_mistake_is_named() {
    for (files, wants) in MISTAKES {
        let errors = parse(files).expect_err("a bad register").join("\n");
        for want in *wants {
            assert!(errors.contains(want), "`{want}` is not in:\n{errors}");
        }
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let errors = parse(&[(
        "vehicles.csv",
        b"vehicle_id,euro,mass_kg\nA,x,y\nB,6,1\nC,z,\n",
    )])
    .unwrap_err();
    assert_eq!(errors.len(), 3, "{errors:#?}");
}

#[test]
fn renewable_contracts_are_dated_and_cover_no_more_than_everything() {
    let sites = b"site_id\nA\nB\n";
    let good = b"site,from,to,share,factor_kgco2e_per_kwh\nA,2025-04-01,2026-04-01,0.6,0\nA,2026-01-01,,0.4,0.05\nA,2026-04-01,,0.6,0\nB,2025-04-01,,1,0\n";
    let register = parse(&[("sites.csv", sites), ("renewable.csv", good)]).unwrap();
    let covered = |site, day: &str| {
        let coverage = register.coverage(site, day.parse().unwrap());
        (coverage.share.get(), coverage.factor.get())
    };
    for (site, day, want) in [
        (Some("A"), "2025-03-31", (0.0, 0.0)),
        (Some("A"), "2025-04-01", (0.6, 0.0)),
        (Some("A"), "2026-03-31", (1.0, 0.4 * 0.05)),
        (Some("A"), "2026-04-01", (1.0, 0.4 * 0.05)),
        (Some("B"), "2030-01-01", (1.0, 0.0)),
        (None, "2026-01-01", (0.0, 0.0)),
    ] {
        assert_eq!(covered(site, day), want, "{site:?} {day}");
    }
    let bad = b"site,from,to,share,factor_kgco2e_per_kwh\nC,2025-04-01,,1,0\nA,2025-04-01,2025-04-01,0.5,0\nA,soon,,1.5,\nA,2026-01-01,,0.6,0\nA,2026-06-01,,0.6,0\n";
    let errors = parse(&[("sites.csv", sites), ("renewable.csv", bad)])
        .unwrap_err()
        .join("\n");
    for want in [
        "renewable.csv line 2, column `site`: `C`: is not in sites.csv",
        "line 3, column `to`: `2025-04-01`: is not after `from`",
        "line 4, column `from`: `soon`",
        "line 4, column `share`: `1.5`: is out of range",
        "line 4, column `factor_kgco2e_per_kwh`: is empty",
        "line 6, column `share`: `0.6`: with line 5 more than all of the site's energy is covered on 2026-06-01",
    ] {
        assert!(errors.contains(want), "{want}\n{errors}");
    }
}

/// Trailers, vehicles awaiting disposal and SORN do not count in the share; what the register states about them.
#[test]
fn vehicles_outside_the_share_are_left_out_or_dated() {
    let trailer = parse(&[("vehicles.csv", b"vehicle_id,category\nT1,trailer\n")]).unwrap_err();
    assert!(
        trailer[0].contains("line 2")
            && trailer[0].contains("car, van, heavy, motorcycle, minibus"),
        "{trailer:?}"
    );
    let vehicles = b"vehicle_id,fuel,in_service_from,in_service_to,ownership\n\
        there,ELECTRICITY,2020-01-01,,owned\nawaiting_disposal,DIESEL,2020-01-01,2026-03-31,owned\n\
        sorn_until_april,DIESEL,2026-04-01,,owned\nspare,ELECTRICITY,2020-01-01,,\nstaffs_own,ELECTRICITY,,,grey\n";
    let register = parse(&[("vehicles.csv", vehicles)]).unwrap();
    let profile = Profile::by_name("nhs_sdu").unwrap();
    let total = |day: &str| counts(&register, &profile, day.parse().unwrap()).total();
    assert_eq!(
        [
            total("2026-03-30"),
            total("2026-03-31"),
            total("2026-04-01")
        ],
        [3, 2, 3]
    );
}

/// The DVLA has no list of words, so an unknown one is no mistake; but most of them are.
#[test]
fn fuels_in_unknown_words_are_doubted() {
    let text =
        b"vehicle_id,fuel\nA,DEISEL\nB,Electric\nC,Hybrid\nD,diesel\nE,\nF,Other\nG,deisel\n";
    let files = RegisterFiles::vehicles_only("vehicles.csv".to_owned(), text.to_vec());
    let register = Register::parse(&files, &TokenHasher::new(&[0; 32])).unwrap();
    let doubts = register.doubts();
    for (doubt, want) in doubts.iter().zip([
        "`DEISEL` of 2 vehicles (A, G) is none of the DVLA's words, so class and emissions are unknown\n  hint: did you mean `DIESEL`?",
        "`ELECTRIC` of 1 vehicle (B) is none",
        "`HYBRID` of 1 vehicle (C) is none of the DVLA's words, so class and emissions are unknown\n  hint: did you mean `HYBRID ELECTRIC`?",
    ]) {
        assert!(doubt.contains(want), "{doubt}");
    }
    assert_eq!(doubts.len(), 3);
}
