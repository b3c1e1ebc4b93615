//! Past days, by the daemon with its store over several starts.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use super::VEHICLES;
use crate::support::clock::{avoid_midnight, today};
use crate::support::{Daemon, TempDir, fleetgauge, wait_for};
use fleetgauge::jurisdiction::UK;
use fleetgauge::store::Reader;
use fleetgauge::units::Day;

/// Tags and time of a row, and its `kgco2e`.
type Rows = BTreeMap<String, f64>;

/// A folder with a store, and how far its outbox has been read.
struct Folder {
    folder: TempDir,
    today: Day,
    outbox_position: i64,
}

impl Folder {
    fn new() -> Self {
        let folder = TempDir::new("past-days");
        std::fs::create_dir(folder.path().join("register")).unwrap();
        let config = "[register]\ndirectory = \"register\"\n[store]\ndirectory = \"data\"\n";
        std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
        avoid_midnight(Duration::from_secs(60));
        let folder = Self {
            folder,
            today: today(),
            outbox_position: 0,
        };
        folder.set_vehicles(VEHICLES);
        folder
    }

    fn set_vehicles(&self, csv: &str) {
        std::fs::write(self.folder.path().join("register/vehicles.csv"), csv).unwrap();
    }

    fn day(&self, days_back: i32) -> Day {
        Day(self.today.0 - days_back)
    }

    /// The end of the keys of rows of a day.
    fn time(&self, days_back: i32) -> String {
        self.day(days_back).start(UK.zone()).0.to_string()
    }

    fn set_distance(&self, days_back: i32, metres: i64) {
        let path = self.folder.path().join("data/fleetgauge.db");
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql =
            "INSERT OR REPLACE INTO activity VALUES (?1, '{\"Vehicle\":\"A1\"}', ?2, 0, 0, 0, 0)";
        connection
            .execute(sql, rusqlite::params![self.day(days_back).0, metres])
            .unwrap();
    }

    fn import_fuel(&self, days_back: i32, litres: u32) {
        let csv = format!(
            "date,vehicle_id,litres\n{},A1,{litres}\n",
            self.day(days_back)
        );
        std::fs::write(self.folder.path().join("fuel.csv"), csv).unwrap();
        let output = fleetgauge()
            .current_dir(self.folder.path())
            .args(["import", "fuel", "fuel.csv", "--config", "fleetgauge.toml"])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Runs the daemon until its new rows satisfy `done`, and returns all of them.
    fn run(&mut self, done: impl Fn(&Rows) -> bool) -> Rows {
        let daemon = Daemon::start(self.folder.path(), &[]);
        wait_for("the rows of past days", || done(&self.new_rows().1));
        daemon.stop();
        let (position, rows) = self.new_rows();
        self.outbox_position = position;
        rows
    }

    /// Rows of `fleet_emissions` and `site_emissions` behind the position in the outbox; of rows with the same tags and time, the last.
    fn new_rows(&self) -> (i64, Rows) {
        let reader = Reader::open(&self.folder.path().join("data")).unwrap();
        let (mut at, mut rows) = (self.outbox_position, Rows::new());
        while let Some(batch) = reader.outbox_after(at).unwrap() {
            at = batch.id;
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(&batch.gzip[..])
                .read_to_string(&mut text)
                .unwrap();
            let wanted = |line: &&str| {
                line.starts_with("fleet_emissions,") || line.starts_with("site_emissions,")
            };
            for line in text.lines().filter(wanted) {
                let (tags, rest) = line.split_once(' ').unwrap();
                let (fields, time) = rest.rsplit_once(' ').unwrap();
                let kg = fields
                    .split(',')
                    .find_map(|field| field.strip_prefix("kgco2e="))
                    .unwrap();
                rows.insert(format!("{tags} {time}"), kg.parse().unwrap());
            }
        }
        (at, rows)
    }

    /// A row of `fleet_emissions`.
    fn fleet(&self, rows: &Rows, days_back: i32, scope: &str, method: &str) -> Option<f64> {
        let (scope, method) = (format!("scope={scope}"), format!("method={method}"));
        rows.iter()
            .find(|(key, _)| {
                key.ends_with(&self.time(days_back))
                    && key.contains(&scope)
                    && key.contains(&method)
            })
            .map(|(_, kg)| *kg)
    }

    /// The row of `site_emissions` of scope 1.
    fn site(&self, rows: &Rows, days_back: i32) -> Option<f64> {
        rows.iter()
            .find(|(key, _)| {
                key.starts_with("site_")
                    && key.ends_with(&self.time(days_back))
                    && key.contains("scope=1")
            })
            .map(|(_, kg)| *kg)
    }
}

#[test]
fn late_data_write_past_days_anew_and_only_those() {
    let mut folder = Folder::new();
    let daemon = Daemon::start(folder.folder.path(), &[]);
    daemon.api("overview");
    daemon.stop();
    first_rows_reach_two_months_back(&mut folder);
    a_fuel_card_takes_the_place_of_kilometres(&mut folder);
    a_vehicle_that_has_moved_leaves_zeros(&mut folder);
    let time = folder.time(7);
    folder.set_distance(7, 1_000);
    let rows = folder.run(|rows| rows.keys().any(|key| key.ends_with(&time)));
    assert!(
        !rows
            .keys()
            .any(|key| key.ends_with(&folder.time(3)) || key.ends_with(&folder.time(5))),
        "only what is new: {rows:?}"
    );
}

fn first_rows_reach_two_months_back(folder: &mut Folder) {
    // Two days of the last month and one of long ago, each of 100 km.
    for days_back in [3, 5, 100] {
        folder.set_distance(days_back, 100_000);
    }
    let time = folder.time(3);
    let rows = folder.run(|rows| {
        rows.keys()
            .any(|key| key.ends_with(&time) && key.contains("method=distance"))
    });
    assert!(
        folder.fleet(&rows, 3, "1", "distance").unwrap() > 10.0
            && folder.fleet(&rows, 5, "1", "distance").unwrap() > 10.0
    );
    assert_eq!(
        folder.fleet(&rows, 3, "1", "fuel_card"),
        None,
        "what was never there is not said to be gone"
    );
    assert_eq!(
        folder.site(&rows, 3),
        folder.fleet(&rows, 3, "1", "distance"),
        "by site as by class"
    );
    assert_eq!(
        folder.fleet(&rows, 100, "1", "distance"),
        None,
        "two months back, no further"
    );
}

/// The card's month goes by litres, and the rows of kilometres become zero.
fn a_fuel_card_takes_the_place_of_kilometres(folder: &mut Folder) {
    folder.import_fuel(3, 40);
    let time = folder.time(3);
    let rows = folder.run(|rows| {
        rows.iter().any(|(key, kg)| {
            key.ends_with(&time)
                && key.contains("scope=1")
                && key.contains("method=fuel_card")
                && *kg > 0.0
        })
    });
    assert_eq!(
        folder.fleet(&rows, 3, "1", "distance"),
        Some(0.0),
        "{rows:?}"
    );
    let card = folder.fleet(&rows, 3, "1", "fuel_card").unwrap();
    assert!((card / 40.0 - 2.5).abs() < 0.2, "40 L of diesel");
    assert!(folder.fleet(&rows, 3, "3", "fuel_card").unwrap() > 0.0);
    assert_eq!(
        folder.site(&rows, 3),
        Some(card),
        "the card's litres by site too"
    );
}

/// A vehicle that has gone to another organisation leaves zeros of its old one, of the newest days and of older ones; else nothing changes.
fn a_vehicle_that_has_moved_leaves_zeros(folder: &mut Folder) {
    folder.set_vehicles(&VEHICLES.replace("EMAS", "ELSE"));
    let time = folder.time(3);
    let rows = folder.run(|rows| {
        rows.keys()
            .any(|key| key.contains("fleet=ELSE") && key.ends_with(&time))
    });
    let left = rows
        .iter()
        .filter(|(key, kg)| key.contains("fleet=EMAS") && **kg != 0.0);
    assert_eq!(left.count(), 0, "{rows:?}");
    assert!(
        rows.keys()
            .any(|key| key.starts_with("site_emissions,fleet=EMAS") && key.ends_with(&time)),
        "{rows:?}"
    );
}
