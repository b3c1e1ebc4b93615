//! `fleetgauge import` as a process: killed beside a busy daemon it loses nothing; exit codes; a register replaced whole or not at all.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support;
use std::time::Duration;

use crate::support::fuel_card_files::{ORGANISATIONS, VEHICLES, many_rows};
use crate::support::{Daemon, Process, TempDir, fleetgauge, wait_for};

/// The register and a configuration for a daemon and for imports beside it.
fn site(folder: &TempDir) {
    std::fs::create_dir_all(folder.path().join("register")).unwrap();
    std::fs::write(
        folder.path().join("register/organisations.csv"),
        ORGANISATIONS,
    )
    .unwrap();
    std::fs::write(folder.path().join("register/vehicles.csv"), VEHICLES).unwrap();
    std::fs::write(
        folder.path().join("fleetgauge.toml"),
        "[register]\ndirectory = \"register\"\n",
    )
    .unwrap();
}

fn run(folder: &TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = fleetgauge()
        .args(arguments)
        .args(["--config", "fleetgauge.toml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Imports again and again, each time killed a little later, until the import ends by itself.
fn import_until_not_killed(folder: &TempDir) {
    let mut kills = 0u64;
    loop {
        let mut command = fleetgauge();
        command
            .args(["import", "fuel", "cards.csv", "--config", "fleetgauge.toml"])
            .current_dir(folder.path());
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let mut process = Process::start(&mut command);
        std::thread::sleep(Duration::from_millis(30 + 40 * kills));
        match process.0.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "{status}");
                break;
            }
            None => kills += 1,
        }
    }
    assert!(kills > 0, "never killed: give it more rows");
}

/// Litres and kilometres of A1 over all days.
fn litres_and_km(daemon: &Daemon) -> (Option<f64>, Option<f64>) {
    let answer = daemon.api("activity?from=2000-01-01");
    let rows = answer["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["vehicle_id"] == "A1").unwrap();
    (row["fuel_card_l"].as_f64(), row["distance_km"].as_f64())
}

#[test]
fn a_killed_import_beside_a_busy_daemon_loses_and_doubles_nothing() {
    let folder = TempDir::new("import-killed");
    site(&folder);
    let (text, millilitres) = many_rows(30_000);
    let litres = millilitres as f64 / 1000.0;
    std::fs::write(folder.path().join("cards.csv"), text).unwrap();
    let daemon = Daemon::start(
        folder.path(),
        &[("store.commit_interval", "1ms"), ("log.level", "warn")],
    );
    let stop = std::sync::atomic::AtomicBool::new(false);
    let published = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| publish_until(daemon.mqtt, &stop));
        import_until_not_killed(&folder);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        publisher.join().unwrap()
    });
    assert_eq!(
        litres_and_km(&daemon).0,
        Some(litres),
        "the running daemon sees all of it, once"
    );
    assert!(published > 1);
    let km = f64::from(published - 1);
    wait_for("the last kilometre", || {
        litres_and_km(&daemon).1 == Some(km)
    });
    assert_eq!(daemon.metric("fleetgauge_commit_failures_total"), 0.0);
    daemon.stop();
    let (code, out, _) = run(&folder, &["import", "fuel", "cards.csv"]);
    assert!(
        code == Some(0) && out.contains("0 new, 0 changed, 30000 known"),
        "{out}"
    );
    let daemon = Daemon::start(folder.path(), &[]);
    assert_eq!(litres_and_km(&daemon), (Some(litres), Some(km)));
}

/// Publishes one kilometre after the other, each acknowledged; how many.
fn publish_until(port: u16, stop: &std::sync::atomic::AtomicBool) -> u32 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, mut events) =
            rumqttc::AsyncClient::new(rumqttc::MqttOptions::new("busy", "127.0.0.1", port), 10);
        let mut km = 0;
        while !stop.load(std::sync::atomic::Ordering::Relaxed) && km < 200 {
            let payload = format!("{{\"odometer\":{}}}", 1_000 + km);
            client
                .publish(
                    "fleet/vehicles/A1/telemetry",
                    rumqttc::QoS::AtLeastOnce,
                    false,
                    payload,
                )
                .await
                .unwrap();
            while !matches!(
                events.poll().await.unwrap(),
                rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))
            ) {}
            km += 1;
            // A kilometre in less than 18 s is faster than 200 km/h in the long run, so there are not many of them.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        km
    })
}

#[test]
fn imports_report_bad_rows_and_their_exit_code() {
    let folder = TempDir::new("import-cli");
    site(&folder);
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "cards.csv",
        "date,vehicle_id,litres,till\n2026-11-24,A1,40,3\n2026-11-24,A9,40,3\n",
    );
    let (code, out, _) = run(&folder, &["import", "fuel", "cards.csv", "--dry-run"]);
    assert!(
        code == Some(1) && out.contains("1 good, 0 left out, 1 bad; nothing was written"),
        "{out}"
    );
    assert!(!folder.path().join("data").exists());
    let (code, out, err) = run(&folder, &["import", "fuel", "cards.csv"]);
    assert!(
        code == Some(1) && out.contains("1 new") && out.contains("columns that are not used: till"),
        "{out}"
    );
    assert!(
        err.contains(
            "cards.csv line 3, column `vehicle_id`: `A9`: is not in the register\n  hint: "
        ),
        "{err}"
    );
    let (code, out, _) = run(&folder, &["import", "fuel", "cards.csv", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &answer["rows_known"], &answer["errors"][0]["line"]),
        (Some(1), &1.into(), &3.into())
    );
    for (arguments, code, want) in [
        (&["import", "fuel", "nowhere.csv"][..], 1, "nowhere.csv"),
        (&["import", "food", "cards.csv"], 2, "invalid value 'food'"),
        (
            &["import", "register", "cards.csv"],
            1,
            "is not a file of the register",
        ),
    ] {
        let (found, _, err) = run(&folder, arguments);
        assert!(
            found == Some(code) && err.contains(want),
            "{arguments:?}: {found:?} {err}"
        );
    }
}

#[test]
fn a_register_is_replaced_whole_or_not_at_all() {
    let folder = TempDir::new("import-register");
    site(&folder);
    let new = folder.path().join("new");
    std::fs::create_dir(&new).unwrap();
    let daemon = Daemon::start(folder.path(), &[]);
    std::fs::write(
        new.join("vehicles.csv"),
        "vehicle_id,organisation,fuel\nA1,NOBODY,DIESEL\n",
    )
    .unwrap();
    let (code, _, err) = run(&folder, &["import", "register", "new"]);
    assert!(
        code == Some(1)
            && err.contains("is not in organisations.csv")
            && err.contains("was not changed"),
        "{err}"
    );
    let read =
        |name: &str| std::fs::read_to_string(folder.path().join("register").join(name)).unwrap();
    assert_eq!(read("vehicles.csv"), VEHICLES);
    std::fs::write(
        new.join("vehicles.csv"),
        "vehicle_id,organisation,fuel\nA1,EMAS,DIESEL\n",
    )
    .unwrap();
    let (code, out, _) = run(&folder, &["import", "register", "new/vehicles.csv"]);
    assert!(
        code == Some(0)
            && out.contains("vehicles.csv: replaced, the old one is register/vehicles.csv.2")
            && out.contains("SIGHUP")
    );
    let backup = out
        .split("the old one is register/")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    assert_eq!(read(backup), VEHICLES);
    support::signal(daemon.id(), "HUP");
    wait_for("the new register", || {
        daemon.api("overview")["transition"]["in_scope"].as_u64() == Some(1)
    });
    let (code, out, _) = run(&folder, &["import", "register", "new"]);
    assert!(
        code == Some(0) && out.contains("nothing has changed"),
        "{out}"
    );
}
