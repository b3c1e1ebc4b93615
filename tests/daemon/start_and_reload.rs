//! Errors that keep a daemon from starting, and a register reloaded while it runs.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::{Daemon, TempDir, fleetgauge, signal, wait_for};

/// Runs a daemon on free ports with further settings, which must end at once with this exit code, an error and a hint.
fn assert_start_fails(folder: &TempDir, settings: &[(&str, &str)], code: i32, want: &str) {
    let mut command = fleetgauge();
    command.arg("run").current_dir(folder.path());
    let free = ["LISTENER", "OCPP", "WEB"];
    for section in free {
        command.env(format!("FLEETGAUGE__{section}__LISTEN"), "127.0.0.1:0");
    }
    for (key, value) in settings {
        command.env(format!("FLEETGAUGE__{key}"), value);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(code) && text.contains(want) && text.contains("hint:"),
        "{settings:?}: {:?}\n{text}",
        output.status
    );
}

#[test]
fn a_daemon_beside_another_reports_the_used_port_or_store() {
    let folder = TempDir::new("store-start");
    let daemon = Daemon::start(folder.path(), &[]);
    let used = format!("127.0.0.1:{}", daemon.mqtt);
    let listen = [("LISTENER__LISTEN", used.as_str())];
    assert_start_fails(&folder, &listen, 1, "`listener.listen`: cannot listen on");
    assert_start_fails(&folder, &[], 1, "is in use by another fleetgauge");
    daemon.stop();
}

#[test]
fn a_daemon_with_unusable_settings_names_them_and_ends() {
    let folder = TempDir::new("store-settings");
    std::fs::write(folder.path().join("a-file"), "x").unwrap();
    let store = [("STORE__DIRECTORY", "a-file")];
    assert_start_fails(&folder, &store, 1, "`store.directory`");
    let register = [
        ("REGISTER__DIRECTORY", "nowhere"),
        ("STORE__DIRECTORY", "other"),
    ];
    assert_start_fails(&folder, &register, 78, "register");
    let passwords = [("LISTENER__PASSWORD_FILE", "nowhere")];
    assert_start_fails(&folder, &passwords, 78, "`listener.password_file`: nowhere");
}

#[test]
fn a_reloaded_register_takes_effect_and_a_faulty_one_does_not() {
    let folder = TempDir::new("store-reload");
    std::fs::create_dir(folder.path().join("register")).unwrap();
    let write =
        |text: &str| std::fs::write(folder.path().join("register/vehicles.csv"), text).unwrap();
    write("vehicle_id,fuel\nA,DIESEL\n");
    let daemon = Daemon::start(folder.path(), &[("register.directory", "register")]);
    let count = |daemon: &Daemon| daemon.api("overview")["transition"]["in_scope"].as_u64();
    assert_eq!(count(&daemon), Some(1));
    write("vehicle_id,fuel\nA,DIESEL\nB,ELECTRICITY\n");
    signal(daemon.id(), "HUP");
    wait_for("the new register", || count(&daemon) == Some(2));
    write("vehicle_id,fule\nA,DIESEL\nB,x\nC,x\n");
    signal(daemon.id(), "HUP");
    wait_for("a complaint", || {
        daemon.log().contains("did you mean `fuel`?")
    });
    assert_eq!(count(&daemon), Some(2), "the old one stays in force");
    daemon.stop();
}
