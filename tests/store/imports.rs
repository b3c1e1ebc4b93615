//! Imports: no row is lost or counted twice when an import is killed, repeated or runs beside others; bad rows are named and kept out.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

mod bad_rows;

use std::path::{Path, PathBuf};

use crate::support::TempDir;
use crate::support::fuel_card_files::{ORGANISATIONS, VEHICLES, many_rows};
use bad_rows::BAD_ROWS;
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::app::import::{ImportFailure, Job, Outcome, import};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ImportKind, Subject, TokenHasher};
use fleetgauge::store::{FileProgress, ImportStore, Reader};

fn register(vehicles: &str) -> Register {
    let files = [
        ("organisations.csv", ORGANISATIONS),
        ("vehicles.csv", vehicles),
    ];
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
        .collect();
    Register::parse(
        &RegisterFiles::from_bytes(files),
        &TokenHasher::new(&[0; 32]),
    )
    .unwrap()
}

/// A store, a register and a file to import.
struct Fixture {
    folder: TempDir,
    register: Register,
}

impl Fixture {
    fn new(name: &str) -> Self {
        Self {
            folder: TempDir::new(name),
            register: register(VEHICLES),
        }
    }

    fn write(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Imports and stops after so many batches.
    fn import_until(
        &self,
        kind: ImportKind,
        path: &Path,
        batches: usize,
    ) -> (Result<Outcome, ImportFailure>, Vec<String>) {
        let mut store = ImportStore::open(self.folder.path()).unwrap();
        let factors = load_factors(&FactorsConfig::default()).unwrap();
        let now = "2026-11-25T12:00:00Z".parse().unwrap();
        let job = Job {
            kind,
            path,
            register: &self.register,
            factors: &factors,
            now,
        };
        let (mut bad, mut done) = (Vec::new(), 0);
        let outcome = import(
            &job,
            Some(&mut store),
            |error| bad.push(error.to_string()),
            |_| {
                done += 1;
                done < batches
            },
        );
        (outcome, bad)
    }

    fn import(&self, kind: ImportKind, text: &str) -> (FileProgress, Vec<String>) {
        let (outcome, bad) = self.import_until(kind, &self.write(text), usize::MAX);
        (outcome.unwrap().progress, bad)
    }

    /// Sums of a subject over days.
    fn sums(&self, subject: &Subject, from: &str, to: &str) -> ActivityData {
        let reader = Reader::open(self.folder.path()).unwrap();
        let (_, rows) = reader
            .activity(from.parse().unwrap(), to.parse().unwrap())
            .unwrap();
        let mut sums = ActivityData::default();
        rows.iter()
            .filter(|row| row.key.subject == *subject)
            .for_each(|row| sums.add(&row.activity));
        sums
    }

    fn card(&self, vehicle: &str) -> i64 {
        self.sums(
            &Subject::Vehicle(vehicle.into()),
            "2000-01-01",
            "2030-01-01",
        )
        .fuel_card
        .0
    }
}

#[test]
fn the_same_rows_again_change_no_sum() {
    let fixture = Fixture::new("import-again");
    let (text, sum) = many_rows(1_200);
    let (progress, bad) = fixture.import(ImportKind::Fuel, &text);
    assert_eq!(
        (progress.taken, progress.known, progress.bad, bad.len()),
        (1_200, 0, 0, 0)
    );
    assert_eq!(fixture.card("A1"), sum);
    let (progress, _) = fixture.import(ImportKind::Fuel, &text);
    assert_eq!(
        (progress.taken, progress.changed, progress.known),
        (0, 0, 1_200),
        "the same file"
    );
    // The same rows in another file: other order, other names of columns, other spelling of plates and days.
    let mut lines: Vec<String> = text
        .lines()
        .skip(1)
        .map(|line| line.replace("AB12CDE", "ab12 cde"))
        .collect();
    lines.reverse();
    let other = format!(
        "Transaction Date;VRM;Quantity (L);Fuel Type;Ref\n{}\n",
        lines.join("\n").replace(',', ";")
    );
    let (progress, bad) = fixture.import(ImportKind::Fuel, &other);
    assert_eq!(
        (progress.taken, progress.changed, progress.known, bad.len()),
        (0, 0, 1_200, 0),
        "the same rows: {bad:?}"
    );
    assert_eq!(fixture.card("A1"), sum);
    // Twice in one file is once; a credit note takes back.
    let (progress, _) = fixture.import(
        ImportKind::Fuel,
        "date,vehicle_id,litres,reference\n2026-01-01,A2,40,x\n2026-01-01,A2,40.0,x\n2026-01-02,A2,-40,x\n",
    );
    assert_eq!(
        (progress.taken, progress.known, fixture.card("A2")),
        (2, 1, 0)
    );
}

#[test]
fn a_killed_import_resumes_after_every_batch() {
    let (text, sum) = many_rows(2_750);
    for batches in 1..=6 {
        let fixture = Fixture::new("import-resume");
        let path = fixture.write(&text);
        let (stopped, _) = fixture.import_until(ImportKind::Fuel, &path, batches);
        assert!(stopped.is_err(), "the last batch is the end: {stopped:?}");
        let (outcome, _) = fixture.import_until(ImportKind::Fuel, &path, usize::MAX);
        let outcome = outcome.unwrap();
        assert_eq!(
            outcome.resumed_after,
            if batches == 6 {
                0
            } else {
                500 * batches as u64
            },
            "{batches}"
        );
        let progress = outcome.progress;
        assert_eq!(
            (
                progress.taken + progress.known,
                progress.position,
                progress.done
            ),
            (2_750, 2_750, true)
        );
        assert_eq!(fixture.card("A1"), sum, "stopped after {batches}");
    }
}

#[test]
fn bad_rows_are_named_and_kept_out() {
    for &(kind, header, row, want) in BAD_ROWS {
        let fixture = Fixture::new("import-bad");
        let good = match kind {
            ImportKind::Fuel => "date,vehicle_id,litres\n2026-11-24,A1,40\n",
            ImportKind::Mileage => "month,vehicle_id,miles\n2026-10,A1,40\n",
            ImportKind::Indicators => "month,organisation,name,value\n2026-10,EMAS,a,1\n",
        };
        fixture.import(kind, good);
        let (progress, bad) = fixture.import(kind, &format!("{header}\n{row}\n"));
        assert_eq!(
            (progress.taken, progress.bad, progress.position),
            (0, 1, 1),
            "{row}"
        );
        let text = bad.join("\n");
        assert!(
            text.contains(want) && text.contains("file.csv line 2"),
            "{row}\n{text}"
        );
    }
}

#[test]
fn good_rows_beside_bad_ones_are_imported_and_the_rest_once_the_register_is_corrected() {
    let mut fixture = Fixture::new("import-mended");
    let text = "date,vehicle_id,litres\n2026-11-24,A1,40\n2026-11-24,B7,50\n2026-11-24,A1,60\n";
    let (progress, bad) = fixture.import(ImportKind::Fuel, text);
    assert_eq!(
        (progress.taken, progress.bad, bad.len(), fixture.card("A1")),
        (2, 1, 1, 100_000)
    );
    fixture.register = register(&format!("{VEHICLES}B7,,EMAS,DIESEL,,\n"));
    let (progress, bad) = fixture.import(ImportKind::Fuel, text);
    assert_eq!(
        (progress.taken, progress.known, progress.bad, bad.len()),
        (1, 2, 0, 0)
    );
    assert_eq!((fixture.card("A1"), fixture.card("B7")), (100_000, 50_000));
}

#[test]
fn headers_that_cannot_be_understood_are_refused_at_once() {
    let fixture = Fixture::new("import-header");
    for (kind, text, want) in [
        (ImportKind::Fuel, "when,vehicle_id\n", "no column `date`"),
        (ImportKind::Fuel, "date,vehicle_id\n", "no column `litres`"),
        (
            ImportKind::Fuel,
            "date,litres\n",
            "no column `vehicle_id` or `registration`",
        ),
        (
            ImportKind::Fuel,
            "date,vehicle_id,litres,Quantity\n",
            "column `Quantity`: means the same as `litres`",
        ),
        (ImportKind::Fuel, "", "is empty"),
        (
            ImportKind::Indicators,
            "month,organisation\n",
            "no column `value`",
        ),
    ] {
        let (outcome, _) = fixture.import_until(kind, &fixture.write(text), 1);
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
    }
    std::fs::write(fixture.folder.path().join("file.csv"), b"\xFF\xFEd\0a\0").unwrap();
    let (outcome, _) =
        fixture.import_until(ImportKind::Fuel, &fixture.folder.path().join("file.csv"), 1);
    assert!(outcome.unwrap_err().to_string().contains("UTF-16"));
}

#[test]
fn products_that_are_no_fuel_are_left_out_and_hvo_is_booked_apart() {
    let fixture = Fixture::new("import-products");
    let text = "\u{feff}Transaction Date,Registration,Product,Quantity,Driver,Odometer_km\n\
        24/11/2026 08:10,AB12 CDE,ULSD Diesel,\"1,040.50\",J Smith,81234\n\
        24/11/2026 08:11,AB12 CDE,AdBlue,10,J Smith,0\n25/11/2026 08:11,AB12 CDE,HVO,30,J Smith,0\n";
    let (outcome, bad) = fixture.import_until(ImportKind::Fuel, &fixture.write(text), usize::MAX);
    let outcome = outcome.unwrap();
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(
        (outcome.progress.taken, outcome.ignored.get("adblue")),
        (2, Some(&1))
    );
    assert_eq!(outcome.columns_left_out, ["Driver"]);
    let sums = fixture.sums(&Subject::Vehicle("A1".into()), "2026-11-24", "2026-11-25");
    assert_eq!((sums.fuel_card.0, sums.hvo_card.0), (1_070_500, 30_000));
    assert_eq!(
        sums.metered,
        ActivityData::CARD_DIESEL,
        "what the card calls it is kept for vehicles whose fuel is not in the register"
    );
    // A plate that moved on is the vehicle in service that day; after a correction of the register a row moves, and is not counted twice.
    let text = "date,reg,litres\n2019-05-01,RE12USE,10\n2026-05-01,RE12USE,20\n";
    fixture.import(ImportKind::Fuel, text);
    assert_eq!((fixture.card("OLD"), fixture.card("NEW")), (10_000, 20_000));
    let mut corrected = fixture;
    corrected.register = register(&VEHICLES.replace("2022-01-01", "2018-01-01"));
    let (progress, _) = corrected.import(ImportKind::Fuel, text);
    assert_eq!(
        (progress.taken, progress.changed, progress.known),
        (0, 1, 1)
    );
    assert_eq!((corrected.card("OLD"), corrected.card("NEW")), (0, 30_000));
}

#[test]
fn mileage_is_spread_over_its_days() {
    let fixture = Fixture::new("import-mileage");
    let text = "from,to,organisation,vehicle_class,fuel,miles,claim,employee\n\
        2026-10-01,2026-10-31,EMAS,Medium car,Petrol,100,,7\n2026-10-01,2026-10-31,EMAS,medium,petrol,100,,8\n\
        2026-10-31,2026-11-01,acute north,car,,10,,7\n";
    let (progress, bad) = fixture.import(ImportKind::Mileage, text);
    assert_eq!(
        (progress.taken, bad.len()),
        (3, 0),
        "two claimants with the same claim are two: {bad:?}"
    );
    let staff = |organisation: &str, class: &str, fuel: &str| Subject::GreyFleet {
        organisation: organisation.into(),
        vehicle_class: class.into(),
        fuel: fuel.into(),
    };
    let subject = staff("EMAS", "car_medium", "petrol");
    let of = |from, to| fixture.sums(&subject, from, to).claimed.0;
    assert_eq!(of("2026-09-01", "2026-12-01"), 2 * 160_934);
    // 160,934 m over 31 days.
    assert_eq!(
        (
            of("2026-10-01", "2026-10-01"),
            of("2026-10-31", "2026-10-31")
        ),
        (2 * 5_191, 2 * 5_192)
    );
    assert_eq!(
        of("2026-10-01", "2026-10-15") + of("2026-10-16", "2026-10-31"),
        2 * 160_934
    );
    let unknown = staff("ACUTE-N", "car_average", "unknown");
    assert_eq!(
        fixture.sums(&unknown, "2026-11-01", "2026-11-01").claimed.0,
        8_047
    );
    let file = std::fs::read(fixture.folder.path().join("fleetgauge.db")).unwrap();
    assert!(
        !file.windows(8).any(|bytes| bytes == b"employee"),
        "the claimant is not stored"
    );
    fixture.import(
        ImportKind::Mileage,
        "month,vehicle_id,distance_km\n2026-10,A1,310\n",
    );
    let fleet = fixture.sums(&Subject::Vehicle("A1".into()), "2026-10-07", "2026-10-07");
    assert_eq!((fleet.claimed.0, fleet.distance.0), (10_000, 0));
}

#[test]
fn indicators_are_replaced_by_later_ones() {
    let fixture = Fixture::new("import-figures");
    let figures = || {
        let mut found: Vec<_> = Reader::open(fixture.folder.path())
            .unwrap()
            .indicators()
            .unwrap();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        found
            .into_iter()
            .map(|row| {
                format!(
                    "{} {} {} {}",
                    row.key.organisation, row.key.name, row.key.month, row.value
                )
            })
            .collect::<Vec<_>>()
    };
    let text = "month,organisation,name,value,unit\n2026-09,EMAS,landfill,3.5,t\n2026-10,EMAS,landfill,0,t\n";
    let (progress, bad) = fixture.import(ImportKind::Indicators, text);
    assert_eq!((progress.taken, bad.len()), (2, 0), "{bad:?}");
    let (progress, _) = fixture.import(ImportKind::Indicators, text);
    assert_eq!((progress.known, progress.taken), (2, 0));
    let (progress, _) = fixture.import(ImportKind::Indicators, &text.replace("3.5", "3.75"));
    assert_eq!((progress.known, progress.changed), (1, 1));
    assert_eq!(
        figures(),
        ["EMAS landfill 2026-09 3.75", "EMAS landfill 2026-10 0"]
    );
    let (progress, bad) = fixture.import(
        ImportKind::Indicators,
        &format!("{text}2026-10,EMAS,landfill,1,t\n"),
    );
    assert!(
        progress.bad == 1 && bad[0].contains("is 0 in line 3"),
        "{bad:?}"
    );
}
