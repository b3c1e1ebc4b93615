//! Python's `ocpp` as a client, which checks every response against the official schemas.

use crate::support::ocpp_client::{CP1, foreign_client, run_python, write_register};
use crate::support::{Daemon, TempDir};

#[test]
fn a_foreign_client_finds_every_answer_valid() {
    let Some(python) = foreign_client("a_foreign_client_finds_every_answer_valid") else {
        return;
    };
    let folder = TempDir::new("ocpp-python");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let text = run_python(
        &python,
        "charge_point.py",
        &[&format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)],
    );
    assert_eq!(
        text.lines().last(),
        Some("14 actions, every answer valid"),
        "{text}"
    );
    let session = &daemon.api("sessions")["sessions"][0];
    assert_eq!(
        (
            session["energy_wh"].as_f64(),
            session["vehicle_id"].as_str()
        ),
        (Some(5500.0), Some("AMB-1"))
    );
    let point = &daemon.api("charge-points")["charge_points"][0];
    assert_eq!(
        (
            point["requests_checked"].as_u64(),
            point["conformant_ratio"].as_f64()
        ),
        (Some(13), Some(1.0)),
        "all but Authorize: {point}"
    );
}

#[test]
fn a_foreign_charging_station_finds_every_answer_valid() {
    let Some(python) = foreign_client("a_foreign_charging_station_finds_every_answer_valid") else {
        return;
    };
    for (version, actions) in [("2.0.1", 25), ("2.1", 37)] {
        let folder = TempDir::new("ocpp-python-2");
        write_register(folder.path(), CP1);
        let daemon = Daemon::start(folder.path(), &[]);
        let text = run_python(
            &python,
            "charging_station.py",
            &[version, &format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)],
        );
        let last = format!("OCPP {version}: a session, and {actions} actions, every answer valid");
        assert_eq!(text.lines().last(), Some(last.as_str()), "{text}");
        let sessions = daemon.api("sessions");
        let sessions = sessions["sessions"].as_array().unwrap();
        let session = sessions
            .iter()
            .find(|session| session["transaction_id"] == "tx-1")
            .unwrap();
        assert_eq!(
            (
                session["energy_wh"].as_f64(),
                session["vehicle_id"].as_str()
            ),
            (Some(3400.0), Some("AMB-1"))
        );
        assert_eq!(
            (session["method"].as_str(), session["charging_s"].as_i64()),
            (Some("meter"), Some(1700)),
            "{session}"
        );
        assert_eq!(session["quality"], serde_json::json!([]), "{session}");
        let point = &daemon.api("charge-points")["charge_points"][0];
        assert_eq!(point["ocpp_version"], version);
        assert_eq!(
            point["conformant_ratio"].as_f64(),
            Some(1.0),
            "{version}: {point}"
        );
    }
}
