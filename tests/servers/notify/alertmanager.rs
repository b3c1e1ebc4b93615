//! A real Alertmanager receives alerts.

use crate::notify::*;

/// An Alertmanager that sends its notifications to `receiver`.
fn start_alertmanager(program: &Path, folder: &Path, receiver: &Receiver) -> (Process, u16) {
    let port = free_port();
    let config = format!(
        "route:\n  receiver: us\n  group_by: [alertname]\n  group_wait: 0s\n  group_interval: 1s\nreceivers:\n  - name: us\n    webhook_configs:\n      - url: {}\n",
        receiver.url()
    );
    std::fs::write(folder.join("am.yml"), config).unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder).args([
        "--config.file=am.yml",
        "--storage.path=am",
        "--cluster.listen-address=",
    ]);
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    command.stderr(std::fs::File::create(folder.join("am.log")).unwrap());
    let process = Process::start(&mut command);
    wait_for_port(port);
    (process, port)
}

/// The alerts that Alertmanager has.
fn alerts_of(port: u16) -> Vec<serde_json::Value> {
    let (status, body) = http(
        port,
        "GET /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn assert_active_like_ours(alert: &serde_json::Value, daemon: &Daemon) {
    assert_eq!(
        (
            alert["labels"]["alertname"].as_str(),
            alert["labels"]["vehicle_id"].as_str()
        ),
        (Some("battery_low"), Some("AMB-101"))
    );
    assert_eq!(
        (
            alert["labels"]["severity"].as_str(),
            alert["status"]["state"].as_str()
        ),
        (Some("warning"), Some("active"))
    );
    let ours = daemon.api("alerts")["alerts"][0].clone();
    assert_eq!(
        alert["startsAt"], ours["starts_at"],
        "the same instant here and there"
    );
}

#[test]
fn an_alert_is_active_in_alertmanager_until_it_is_resolved() {
    const TEST: &str = "an_alert_is_active_in_alertmanager_until_it_is_resolved";
    let Some(program) = server(TEST, "prometheus-alertmanager") else {
        return;
    };
    let folder = TempDir::new("notify-alertmanager");
    let receiver = Receiver::start(&[]);
    let (_manager, port) = start_alertmanager(&program, folder.path(), &receiver);
    let notify = format!(
        "[[notify]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:{port}\"\ngroup_wait = \"0s\"\n"
    );
    configure(folder.path(), &notify);
    let daemon = Daemon::start(folder.path(), &[]);
    charge(&daemon, "AMB-101", 10);
    wait_for("the alert", || alerts_of(port).len() == 1);
    let alert = alerts_of(port).remove(0);
    assert_active_like_ours(&alert, &daemon);
    // An alert is sent again every minute, first a second after a start: it is the same alert with a later end.
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("it to be sent again", || {
        alerts_of(port)[0]["endsAt"] != alert["endsAt"]
    });
    let again = alerts_of(port);
    assert_eq!(
        (again.len(), &again[0]["fingerprint"]),
        (1, &alert["fingerprint"])
    );
    charge(&daemon, "AMB-101", 90);
    wait_for("its end", || alerts_of(port).is_empty());
    wait_for("the notification of the end", || {
        receiver
            .accepted()
            .iter()
            .any(|request| request.json()["status"] == "resolved")
    });
    daemon.stop();
}
