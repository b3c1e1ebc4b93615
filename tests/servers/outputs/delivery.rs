//! Delivery to a stub that is down, refuses rows, or answers slowly.

use std::net::TcpListener;

use super::{drive, expected};
use crate::support::influx_write_stub::Stub;
use crate::support::simulated_rows::configure;
use crate::support::{Daemon, TempDir, free_port, wait_for};

#[test]
fn an_outage_is_filled_up_in_order() {
    let folder = TempDir::new("output-outage");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "A", 0..40);
    wait_for("rows in the outbox", || {
        daemon.metric("fleetgauge_outbox_batches") >= 40.0
    });
    daemon.kill();
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "A", 40..50);
    assert!(daemon.metric("fleetgauge_sink_failures_total{sink=\"influx\"}") > 0.0);
    let stub = Stub::default();
    stub.script(&[
        (503, "{\"code\":\"unavailable\"}"),
        (429, "{\"code\":\"too many requests\"}"),
    ]);
    stub.serve(port);
    wait_for("everything", || stub.odometers("A").len() >= 50);
    assert_eq!(
        stub.odometers("A"),
        expected(0..50),
        "in order, nothing missing, nothing twice"
    );
    wait_for("an empty outbox", || {
        daemon.metric("fleetgauge_outbox_batches") == 0.0
    });
    assert_eq!(daemon.metric("fleetgauge_outbox_dropped_total"), 0.0);
    daemon.stop();
}

#[test]
fn a_refused_batch_costs_no_other_and_is_logged_once() {
    let folder = TempDir::new("output-refused");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let stub = Stub::default();
    let partial = "{\"code\":\"invalid\",\"message\":\"partial write: field type conflict: input field odometer_km\"}";
    stub.script(&[(400, partial), (400, partial), (422, partial)]);
    stub.serve(port);
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "B", 0..30);
    wait_for("the last row", || {
        stub.odometers("B").last().is_some_and(|km| km == "29.0")
    });
    assert!(daemon.metric("fleetgauge_sink_points_refused_total{sink=\"influx\"}") >= 1.0);
    assert_eq!(
        daemon.log().matches("field type conflict").count(),
        1,
        "the first message, once:\n{}",
        daemon.log()
    );
    daemon.stop();
}

#[test]
fn a_body_too_large_is_sent_in_parts() {
    let folder = TempDir::new("output-large");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "C", 0..60);
    let stub = Stub::default();
    *stub.max_bytes.lock().unwrap() = Some(2_000);
    stub.serve(port);
    wait_for("everything in parts", || stub.odometers("C").len() >= 60);
    assert_eq!(stub.odometers("C"), expected(0..60));
    assert!(*stub.requests.lock().unwrap() > 5);
    daemon.stop();
}

#[test]
fn an_error_that_needs_a_person_is_logged() {
    for (status, want) in [
        (401, "influx.token_file"),
        (404, "is there a bucket `fg` in organisation `fleet`?"),
    ] {
        let folder = TempDir::new("output-person");
        let port = free_port();
        configure(folder.path(), &format!("http://127.0.0.1:{port}"));
        let stub = Stub::default();
        stub.script(&[(status, "{\"code\":\"not found\"}")]);
        stub.serve(port);
        let daemon = Daemon::start(folder.path(), &[]);
        wait_for(want, || daemon.log().contains(want));
        drive(&daemon, "D", 0..3);
        assert_eq!(
            daemon.get("/readyz").0,
            200,
            "an output that is down stops nothing"
        );
        daemon.stop();
    }
}

#[test]
fn what_is_written_last_is_sent_before_the_end() {
    let folder = TempDir::new("output-flush");
    let port = free_port();
    configure(folder.path(), &format!("http://127.0.0.1:{port}"));
    let stub = Stub::default();
    stub.serve(port);
    let daemon = Daemon::start(folder.path(), &[]);
    drive(&daemon, "F", 0..20);
    daemon.stop();
    assert_eq!(stub.odometers("F"), expected(0..20));
}

#[test]
fn a_slow_server_delays_no_message() {
    let folder = TempDir::new("output-slow");
    // Accepts and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    configure(
        folder.path(),
        &format!("http://{}", listener.local_addr().unwrap()),
    );
    let daemon = Daemon::start(folder.path(), &[("influx.timeout", "1s")]);
    drive(&daemon, "E", 0..20);
    wait_for("a time-out", || {
        daemon.metric("fleetgauge_sink_failures_total{sink=\"influx\"}") >= 1.0
    });
    daemon.stop();
}
