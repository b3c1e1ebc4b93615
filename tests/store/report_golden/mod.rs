//! The report of one small invented fleet, byte for byte in every format: `tests/golden-report/`. After a change that is meant, renew the files with
//! `FLEETGAUGE_RENEW=1 cargo test --test store report_golden`, and read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sections;

use std::path::{Path, PathBuf};

use crate::support::TempDir;
use fleetgauge::app::config::{
    Config, FactorsConfig, TargetsFile, load_factors, parse_targets_file,
};
use fleetgauge::engine::views::{PcprRatios, UptimeFigures, UptimeGroup, UptimeSite, UptimeView};
use fleetgauge::jurisdiction::UK;
use fleetgauge::ledger::targets::Figures;
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{
    ActivityData, ActivityKey, ActivityRow, ClosedSession, EnergyUser, SessionRecord, Subject,
    TokenHasher, YearVersion,
};
use fleetgauge::report::{
    Input, Period, Report, Uptime, build_report, csv_rows, html, markdown, returns, returns_csv,
};
use fleetgauge::store::{Checkpoint, Commit, Reader, Store, StoreConfig, keep_years};
use fleetgauge::units::{
    Day, FinancialYear, KgCo2e, Metres, Millilitres, Month, TenthWattHours, UtcMs,
};
use serde_json::{Value, json};

const FILES: [(&str, &str); 5] = [
    (
        "organisations.csv",
        "organisation_id,name\nEMAS,Ambulance <trust> & co\nACUTE,Acute\n",
    ),
    (
        "sites.csv",
        "site_id,name,organisation\nDERBY,Derby,EMAS\nBUXTON,Buxton,ACUTE\n",
    ),
    // Without a role nothing has an age of replacement: the forecast's last digits would be those of the machine's exponential.
    (
        "vehicles.csv",
        "vehicle_id,organisation,site,category,fuel,euro,mass_kg,in_service_from,ownership\n\
         A1,EMAS,DERBY,van,DIESEL,EURO 6,3500,2020-01-01,owned\n\
         A2,EMAS,DERBY,van,DIESEL,EURO 5,3500,2025-06-01,leased\n\
         Q1,EMAS,DERBY,van,DIESEL,,3500,2020-01-01,owned\n\
         E1,ACUTE,BUXTON,van,ELECTRICITY,,3000,2020-01-01,owned\n",
    ),
    (
        "charge_points.csv",
        "charge_point_id,organisation,site,mode,connectors,access\nCP1,ACUTE,BUXTON,csms,2,fleet\nCP2,EMAS,DERBY,csms,1,fleet\n",
    ),
    (
        "renewable.csv",
        "site,from,to,share,factor_kgco2e_per_kwh\nBUXTON,2020-01-01,,0.6,0\n",
    ),
];

const TARGETS: &str = "[definition]\nretrofit_counts = false\n\
    [[target]]\nid = \"low\"\nkind = \"share\"\nfigure = \"fleet\"\nmetric = \"low or better\"\nsettings = \"target\"\n\
    [[target]]\nid = \"tonnes\"\nkind = \"level\"\nfigure = \"yearly\"\nname = \"fleet_tco2e\"\nmetric = \"fleet tCO2e\"\ngoal = 5\ncomparison = \"<=\"\ndue = \"2030-03-31\"\n\
    [[restatement]]\norganisation = \"EMAS\"\nyear = 2025\ndate = \"2026-07-01\"\nreason = \"structure\"\ntonnes = -0.4\nnote = \"patient transport\"\n";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn row(day: Day, subject: Subject, activity: ActivityData) -> ActivityRow {
    ActivityRow {
        key: ActivityKey { day, subject },
        activity,
    }
}

/// Two April-March years, a day a month: fuel by the vehicles' totals, kilometres alone, charging for the fleet, unallocated, and of staff.
fn activity() -> Vec<ActivityRow> {
    let mut rows = Vec::new();
    for index in 0..24 {
        let day = "2024-04".parse::<Month>().unwrap().plus(index).first_day();
        let diesel = |litres: i64| ActivityData {
            distance: Metres(1_000_000),
            fuel: Millilitres(litres * 1000),
            metered: ActivityData::FUEL_METERED,
            ..ActivityData::default()
        };
        let charged = |point: &str, user, kwh: i64| {
            let subject = Subject::Charging {
                charge_point: point.into(),
                user,
            };
            row(
                day,
                subject,
                ActivityData {
                    charged: TenthWattHours(kwh * 10_000),
                    ..ActivityData::default()
                },
            )
        };
        rows.push(row(
            day,
            Subject::Vehicle("A1".into()),
            diesel(100 + i64::from(index)),
        ));
        if index >= 14 {
            rows.push(row(
                day,
                Subject::Vehicle("A2".into()),
                ActivityData {
                    distance: Metres(700_000),
                    ..ActivityData::default()
                },
            ));
        }
        rows.push(row(
            day,
            Subject::Vehicle("E1".into()),
            ActivityData {
                distance: Metres(400_000),
                ..ActivityData::default()
            },
        ));
        rows.push(charged("CP1", EnergyUser::Vehicle("E1".into()), 120));
        rows.push(charged("CP2", EnergyUser::Unallocated, 10));
        rows.push(charged("CP2", EnergyUser::Staff, 5));
    }
    rows
}

fn session(
    id: &str,
    (point, site): (&str, &str),
    ended: &str,
    wh: Option<i64>,
    user: Value,
) -> ClosedSession {
    let end: UtcMs = ended.parse().unwrap();
    let record = json!({
        "id": id, "charge_point": point, "site": site, "connector_id": 1, "transaction_id": 1,
        "started_at": end.0 - 7_200_000, "ended_at": end.0, "energy_dwh": wh.map(|wh| wh * 10), "half_hours": [],
        "plugged_ms": 7_200_000, "unplugged_at": null, "charging_ended_at": null, "charging_ms": 3_600_000, "peak_power_mw": null,
        "user": user, "id_token": null, "method": "meter", "quality": [], "stop_reason": null,
    });
    let record: SessionRecord = serde_json::from_value(record).unwrap();
    ClosedSession {
        record,
        kgco2e_location: None,
    }
}

/// The answer of `/api/v1/uptime`, as far as the report uses it.
fn uptime() -> Box<UptimeView> {
    let group = |connectors, pcpr_reliable_as_implemented_ratio, nevi, faults| UptimeGroup {
        connectors,
        figures: UptimeFigures {
            pcpr: PcprRatios {
                pcpr_reliable_as_implemented_ratio,
                ..PcprRatios::default()
            },
            nevi_uptime_ratio: Some(nevi),
            faults,
            ..UptimeFigures::default()
        },
        ..UptimeGroup::default()
    };
    let site = |site: &str, group| UptimeSite {
        site: site.into(),
        group,
    };
    Box::new(UptimeView {
        as_of: "2026-07-15T12:00:00Z".to_owned(),
        from: "2025-04".to_owned(),
        to: "2026-03".to_owned(),
        all: group(3, Some(0.991), 0.973, 4),
        sites: vec![
            site("BUXTON", group(2, Some(0.991), 0.984, 1)),
            site("DERBY", group(1, None, 0.95, 3)),
        ],
        never_connected: vec!["CP9".into()],
        ..UptimeView::default()
    })
}

/// Sessions within the reported year, at its edges, and beyond them.
fn sessions() -> [ClosedSession; 5] {
    let (cp1, cp2) = (("CP1", "BUXTON"), ("CP2", "DERBY"));
    [
        session(
            "a",
            cp1,
            "2025-04-01T08:00:00Z",
            Some(20_000),
            json!({ "Vehicle": "E1" }),
        ),
        session(
            "b",
            cp1,
            "2026-03-31T22:30:00Z",
            Some(30_500),
            json!({ "Vehicle": "E1" }),
        ),
        session("c", cp2, "2025-10-10T10:00:00Z", None, json!("Unallocated")),
        session(
            "last year",
            cp1,
            "2025-03-31T22:30:00Z",
            Some(11_000),
            json!({ "Vehicle": "E1" }),
        ),
        session(
            "next year",
            cp1,
            "2026-03-31T23:30:00Z",
            Some(99_000),
            json!({ "Vehicle": "E1" }),
        ),
    ]
}

/// Keeps 2025/26 as it was published: two figures, by an older method.
fn keep_published_year(folder: &Path) {
    let kgco2e = [(("EMAS", "1"), 5_000.0), (("ACUTE", "2"), 250.0)]
        .map(|(key, kgco2e)| (key, KgCo2e::constant(kgco2e)));
    let kgco2e = kgco2e
        .into_iter()
        .map(|((owner, scope), kg)| ((owner.into(), scope.into()), kg))
        .collect();
    let (year, as_of) = (FinancialYear(2025), day("2026-06-30"));
    keep_years(
        folder,
        &[YearVersion {
            year,
            as_of,
            kgco2e,
            factor_sets: "desnz2025".into(),
            method_version: 2,
        }],
    )
    .unwrap();
}

fn site(name: &str) -> TempDir {
    let folder = TempDir::new(name);
    let config = StoreConfig {
        directory: folder.path().into(),
        ..StoreConfig::default()
    };
    let mut opened = Store::open(&config).unwrap();
    let activity = activity();
    let checkpoint = Checkpoint {
        snapshot: b"not an engine's",
        generation: 1,
        activity: &activity,
        rollups: &[],
        at: UtcMs(0),
    };
    opened.store.checkpoint(&checkpoint).unwrap();
    opened
        .store
        .commit(&Commit {
            at: UtcMs(0),
            inbox: &[],
            lines: &[],
            points: 0,
            sessions: &sessions(),
            notifications: &[],
        })
        .unwrap();
    drop(opened);
    keep_published_year(folder.path());
    folder
}

/// What a report is made of, with a corrected factor: diesel of 2025 as 2.6.
fn with_input<T>(folder: &Path, make: impl Fn(Input<'_>) -> T) -> T {
    let files = FILES
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec();
    let register = Register::parse(
        &RegisterFiles::from_bytes(files),
        &TokenHasher::new(&[0; 32]),
    )
    .unwrap();
    let mut config = Config::default();
    config.engine.target_start = Some(day("2024-04-01"));
    config.engine.target_start_share = Some(0.25);
    let TargetsFile {
        targets,
        profile,
        restatements,
    } = parse_targets_file(TARGETS, "t.toml", &config).unwrap();
    let published = load_factors(&FactorsConfig::default()).unwrap();
    let corrections = folder.join("factors");
    std::fs::create_dir_all(&corrections).unwrap();
    std::fs::write(corrections.join("correction.csv"), correction()).unwrap();
    let factors = load_factors(&FactorsConfig {
        directory: Some(corrections),
        ..FactorsConfig::default()
    })
    .unwrap();
    let reader = Reader::open(folder).unwrap();
    make(Input {
        period: &Period::parse("2025-26", &UK.calendar).unwrap(),
        now: "2026-07-15T12:00:00Z".parse().unwrap(),
        engine: &config.engine,
        profile: &profile,
        register: &register,
        factors: &factors,
        published: Some(&published),
        year_policy: FactorsConfig::default().year_policy,
        targets: &targets,
        declared: &restatements,
        figures: &Figures::default(),
        reader: Some(&reader),
        uptime: Uptime::Known(uptime()),
        missing: vec!["an example of something missing".to_owned()],
    })
}

fn correction() -> &'static str {
    "factor_id,fuel,unit,kgco2e,scope,component,valid_from,source,confidence\n\
     desnz2025.fuel.diesel_avg_blend.litre.ttw,diesel_avg_blend,litre,2.6,1,ttw,2025-01-01,erratum,found-official-copy\n"
}

fn report(folder: &Path) -> Report {
    with_input(folder, build_report)
}

type Format = (&'static str, fn(&Path) -> String);

const FORMATS: [Format; 5] = [
    ("report.md", |folder| markdown(&report(folder))),
    ("report.csv", |folder| csv_rows(&report(folder))),
    ("report.json", |folder| {
        format!(
            "{}\n",
            serde_json::to_string_pretty(&report(folder)).unwrap()
        )
    }),
    ("report.html", |folder| html(&report(folder))),
    ("returns.csv", |folder| {
        with_input(folder, |input| returns_csv(&returns(input).0).unwrap())
    }),
];

#[test]
fn every_format_is_as_it_was_byte_for_byte() {
    let files = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden-report");
    let renew = std::env::var_os("FLEETGAUGE_RENEW").is_some();
    let (folder, again) = (site("golden-report"), site("golden-report-again"));
    for (name, make) in FORMATS {
        let found = make(folder.path());
        assert_eq!(
            found,
            make(folder.path()),
            "{name}: made twice of one store"
        );
        assert_eq!(
            found,
            make(again.path()),
            "{name}: made of two stores with the same in them"
        );
        if renew {
            std::fs::create_dir_all(&files).unwrap();
            std::fs::write(files.join(name), &found).unwrap();
        }
        let want = std::fs::read_to_string(files.join(name)).unwrap_or_default();
        if found != want {
            let line = found
                .lines()
                .zip(want.lines())
                .position(|(found, want)| found != want);
            let at = line.unwrap_or_else(|| found.lines().count().min(want.lines().count()));
            let of = |text: &str| {
                text.lines()
                    .nth(at)
                    .unwrap_or("(nothing)")
                    .chars()
                    .take(400)
                    .collect::<String>()
            };
            panic!(
                "tests/golden-report/{name} line {}:\n  was {}\n  is  {}\nIf that is meant: FLEETGAUGE_RENEW=1 cargo test --test store report_golden, then read the difference",
                at + 1,
                of(&want),
                of(&found)
            );
        }
    }
}
