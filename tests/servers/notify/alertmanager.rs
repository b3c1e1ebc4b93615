//! A real Alertmanager is told.

use crate::notify::*;

#[test]
fn a_real_alertmanager_has_it_until_it_is_over() {
    let Some(program) = server(
        "a_real_alertmanager_has_it_until_it_is_over",
        "prometheus-alertmanager",
    ) else {
        return;
    };
    let folder = TempDir::new("notify-alertmanager");
    let port = free_port();
    let receiver = Receiver::start(&[]);
    let config = format!(
        "route:\n  receiver: us\n  group_by: [alertname]\n  group_wait: 0s\n  group_interval: 1s\nreceivers:\n  - name: us\n    webhook_configs:\n      - url: {}\n",
        receiver.url()
    );
    std::fs::write(folder.path().join("am.yml"), config).unwrap();
    let mut manager = Command::new(program);
    manager.current_dir(folder.path()).args([
        "--config.file=am.yml",
        "--storage.path=am",
        "--cluster.listen-address=",
    ]);
    manager.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    manager.stderr(std::fs::File::create(folder.path().join("am.log")).unwrap());
    let _manager = Process::start(&mut manager);
    wait_for_port(port);
    let notify = format!(
        "[[notify]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:{port}\"\ngroup_wait = \"0s\"\n"
    );
    configure(folder.path(), &notify);
    let daemon = Daemon::start(folder.path(), &[]);
    let there = || -> Vec<serde_json::Value> {
        let (status, body) = http(
            port,
            "GET /api/v2/alerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        );
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    };
    charge(&daemon, "AMB-101", 10);
    wait_for("the alert", || there().len() == 1);
    let alert = there().remove(0);
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
    // It is sent again every minute, beginning a second after a start: the same alert, with a later end.
    daemon.stop();
    let daemon = Daemon::start(folder.path(), &[]);
    wait_for("it to be sent again", || {
        there()[0]["endsAt"] != alert["endsAt"]
    });
    assert_eq!(
        (there().len(), &there()[0]["fingerprint"]),
        (1, &alert["fingerprint"])
    );
    charge(&daemon, "AMB-101", 90);
    wait_for("its end", || there().is_empty());
    wait_for("the word of it", || {
        receiver
            .accepted()
            .iter()
            .any(|heard| heard.json()["status"] == "resolved")
    });
    daemon.stop();
}
