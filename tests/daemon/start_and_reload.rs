//! Why a daemon cannot start, and a register read again while it runs.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::{Daemon, TempDir, fleetgauge, signal, wait_for};

#[test]
fn a_daemon_says_why_it_cannot_start() {
    let folder = TempDir::new("store-start");
    let daemon = Daemon::start(folder.path(), &[]);
    let taken = format!("127.0.0.1:{}", daemon.mqtt);
    std::fs::write(folder.path().join("a-file"), "x").unwrap();
    for (settings, code, want) in [
        (
            vec![
                ("LISTENER__LISTEN", taken.as_str()),
                ("OCPP__LISTEN", "127.0.0.1:0"),
                ("WEB__LISTEN", "127.0.0.1:0"),
            ],
            1,
            "`listener.listen`: cannot listen on",
        ),
        (
            vec![
                ("LISTENER__LISTEN", "127.0.0.1:0"),
                ("OCPP__LISTEN", "127.0.0.1:0"),
                ("WEB__LISTEN", "127.0.0.1:0"),
            ],
            1,
            "is in use by another fleetgauge",
        ),
        (
            vec![
                ("LISTENER__LISTEN", "127.0.0.1:0"),
                ("OCPP__LISTEN", "127.0.0.1:0"),
                ("WEB__LISTEN", "127.0.0.1:0"),
                ("STORE__DIRECTORY", "a-file"),
            ],
            1,
            "`store.directory`",
        ),
        (
            vec![
                ("REGISTER__DIRECTORY", "nowhere"),
                ("STORE__DIRECTORY", "other"),
                ("LISTENER__LISTEN", "127.0.0.1:0"),
                ("OCPP__LISTEN", "127.0.0.1:0"),
                ("WEB__LISTEN", "127.0.0.1:0"),
            ],
            78,
            "register",
        ),
        (
            vec![
                ("LISTENER__PASSWORD_FILE", "nowhere"),
                ("LISTENER__LISTEN", "127.0.0.1:0"),
                ("OCPP__LISTEN", "127.0.0.1:0"),
                ("WEB__LISTEN", "127.0.0.1:0"),
            ],
            78,
            "`listener.password_file`: nowhere",
        ),
    ] {
        let mut command = fleetgauge();
        command.arg("run").current_dir(folder.path());
        for (key, value) in &settings {
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
    daemon.stop();
}

#[test]
fn a_register_read_again_takes_effect_and_a_bad_one_does_not() {
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
