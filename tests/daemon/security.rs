//! OCPP's security profiles over real TLS, a second connection of the same identity, and limits of failed handshakes.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use crate::support::tls;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::ocpp_client::{CP1, cp1, dial, request, status_of, write_register};
use crate::support::tls::Authority;
use crate::support::{Daemon, TempDir, fleetgauge, free_port};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, client, connect};

/// A password hashed by `fleetgauge hash-password`.
fn hash(password: &[u8]) -> String {
    let mut command = fleetgauge();
    let mut child = command
        .arg("hash-password")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(password).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

fn secured(folder: &Path, charge_points: &str) -> (Daemon, u16, u16) {
    write_register(folder, charge_points);
    let (tls, mutual) = (free_port(), free_port());
    let config = format!(
        "[register]\ndirectory = \"register\"\n[ocpp]\ntls_listen = \"127.0.0.1:{tls}\"\nmutual_tls_listen = \"127.0.0.1:{mutual}\"\n\
         certificate_file = \"server.pem\"\nkey_file = \"server.key\"\nclient_ca_file = \"ca.pem\"\n"
    );
    std::fs::write(folder.join("fleetgauge.toml"), config).unwrap();
    (Daemon::start(folder, &[]), tls, mutual)
}

#[test]
fn security_profiles_1_2_and_3_are_enforced() {
    const TEST: &str = "security_profiles_1_2_and_3_are_enforced";
    let folder = TempDir::new("security-profiles");
    let Some(authority) = Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("server", "localhost", "DNS:localhost");
    authority.sign("cp1", "CP1", "");
    authority.sign("cp2", "anything", "DNS:cp2.depot,DNS:CP2");
    let locked = hash(b"secret");
    let (daemon, tls, mutual) = secured(
        folder.path(),
        &format!("charge_point_id,auth,security_profile\nCP1,{locked},2\nCP2,,3\nCP3,,\n"),
    );
    let over = |port, path: &str, certificate, login| {
        tls::dial(folder.path(), port, path, certificate, login).map(drop)
    };
    let refused = |status: &str| Err(status.to_owned());
    // Profile 2: TLS and a password.
    assert_eq!(over(tls, "/ocpp/CP1", None, Some("CP1:secret")), Ok(()));
    assert_eq!(
        over(tls, "/ocpp/CP1", None, Some("CP1:wrong")),
        refused("401")
    );
    assert_eq!(over(tls, "/ocpp/CP1", None, None), refused("401"));
    assert_eq!(over(tls, "/ocpp/CP3", None, None), Ok(()));
    // The register asks for more than the port gives.
    assert_eq!(over(tls, "/ocpp/CP2", None, None), refused("403"));
    assert_eq!(
        status_of(dial(&daemon, "/ocpp/CP1", Some("ocpp1.6")).unwrap_err()),
        403
    );
    // Profile 3: the certificate is made out to the charge point, by common name or alternative name.
    assert_eq!(over(mutual, "/ocpp/CP2", Some("cp2"), None), Ok(()));
    assert_eq!(
        over(mutual, "/ocpp/cp1", Some("cp1"), None),
        Ok(()),
        "no password beside a certificate"
    );
    assert_eq!(over(mutual, "/ocpp/CP3", Some("cp1"), None), refused("403"));
    let without = over(mutual, "/ocpp/CP2", None, None).unwrap_err();
    assert!(
        !without.starts_with("403"),
        "no certificate, no TLS: {without}"
    );
    let log = daemon.log();
    assert!(
        !log.contains("secret") && !log.contains(&locked[20..]),
        "{log}"
    );
    // A certificate of an unknown authority.
    let other = TempDir::new("security-other");
    let stranger = Authority::new(TEST, other.path()).unwrap();
    stranger.sign("cp2", "CP2", "");
    std::fs::copy(folder.path().join("ca.pem"), other.path().join("ca.pem")).unwrap();
    assert!(tls::dial(other.path(), mutual, "/ocpp/CP2", Some("cp2"), None).is_err());
    daemon.stop();
}

#[test]
fn a_session_over_tls() {
    let folder = TempDir::new("security-session");
    let Some(authority) = Authority::new("a_session_over_tls", folder.path()) else {
        return;
    };
    authority.sign("server", "localhost", "DNS:localhost");
    let (daemon, tls, _) = secured(folder.path(), CP1);
    let mut socket = tls::dial(folder.path(), tls, "/ocpp/CP1", None, None).unwrap();
    for (frame, want) in [
        (
            r#"[2,"1","StartTransaction",{"connectorId":1,"idTag":"A1B2C3","meterStart":0}]"#,
            r#"[3,"1",{"transactionId":"#,
        ),
        (r#"[2,"2","Heartbeat",{}]"#, r#"[3,"2",{"currentTime":"#),
    ] {
        socket.send(Message::text(frame)).unwrap();
        let answer = socket.read().unwrap();
        assert!(answer.to_text().unwrap().starts_with(want), "{answer}");
    }
    daemon.stop();
}

/// Certificate, key and authority of clients, and the error.
const BAD_FILES: [[&str; 4]; 5] = [
    [
        "missing.pem",
        "server.key",
        "ca.pem",
        "`ocpp.certificate_file`: missing.pem: ",
    ],
    [
        "empty.pem",
        "server.key",
        "ca.pem",
        "`ocpp.certificate_file`: empty.pem: has no certificate in it",
    ],
    [
        "server.pem",
        "server.pem",
        "ca.pem",
        "`ocpp.key_file`: server.pem: ",
    ],
    [
        "server.pem",
        "other.key",
        "ca.pem",
        "`ocpp.key_file`: other.key: ",
    ],
    [
        "server.pem",
        "server.key",
        "empty.pem",
        "`ocpp.client_ca_file`: empty.pem: ",
    ],
];

/// `check-config` and `run` both end with this error and a hint.
fn assert_configuration_fails(folder: &Path, want: &str) {
    for arguments in [
        &["check-config", "fleetgauge.toml", "--connect"][..],
        &["run", "--config", "fleetgauge.toml"],
    ] {
        let mut program = fleetgauge();
        program
            .current_dir(folder)
            .env("FLEETGAUGE__LISTENER__ENABLED", "false")
            .env("FLEETGAUGE__WEB__ENABLED", "false");
        program.env(
            "FLEETGAUGE__OCPP__LISTEN",
            format!("127.0.0.1:{}", free_port()),
        );
        let output = program.args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(
            !output.status.success() && text.contains(want) && text.contains("hint:"),
            "{arguments:?} {want}: {text}"
        );
    }
}

#[test]
fn files_that_tls_cannot_use_are_named() {
    let folder = TempDir::new("security-files");
    let Some(authority) = Authority::new("files_that_tls_cannot_use_are_named", folder.path())
    else {
        return;
    };
    authority.sign("server", "localhost", "DNS:localhost");
    authority.sign("other", "localhost", "");
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    for [certificate, key, authority, want] in BAD_FILES {
        let config = format!(
            "[ocpp]\nmutual_tls_listen = \"127.0.0.1:0\"\ncertificate_file = \"{certificate}\"\nkey_file = \"{key}\"\nclient_ca_file = \"{authority}\"\n"
        );
        std::fs::write(folder.path().join("fleetgauge.toml"), config).unwrap();
        assert_configuration_fails(folder.path(), want);
    }
}

#[test]
fn hex_keys_of_ocpp_1_6_are_accepted_where_the_setting_allows_it() {
    // AuthorizationKey is set as hex digits; what is sent are the bytes, which need not be text.
    let key = [
        0x00u8, 0xFF, 0x3A, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ];
    let digits = data_encoding::HEXLOWER.encode(&key);
    for (setting, digits_good) in [("false", false), ("true", true)] {
        let folder = TempDir::new("security-hex");
        write_register(
            folder.path(),
            &format!("charge_point_id,auth\nCP1,{}\n", hash(&key)),
        );
        let daemon = Daemon::start(folder.path(), &[("ocpp.accept_hex_passwords", setting)]);
        for (password, good) in [
            (&key[..], true),
            (digits.as_bytes(), digits_good),
            (digits.to_uppercase().as_bytes(), digits_good),
            (b"x", false),
        ] {
            let mut request = format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)
                .into_client_request()
                .unwrap();
            let login = data_encoding::BASE64.encode(&[b"CP1:", password].concat());
            request.headers_mut().insert(
                "Authorization",
                HeaderValue::from_str(&format!("Basic {login}")).unwrap(),
            );
            assert_eq!(connect(request).is_ok(), good, "{setting} {password:?}");
        }
    }
}

#[test]
fn failed_handshakes_are_limited_by_identity_and_address() {
    let folder = TempDir::new("security-limits");
    write_register(
        folder.path(),
        &format!("charge_point_id,auth\nCP1,{}\nCP2,\n", hash(b"secret")),
    );
    let daemon = Daemon::start(
        folder.path(),
        &[
            ("ocpp.max_handshakes", "3"),
            ("ocpp.max_failed_handshakes", "6"),
        ],
    );
    let attempt = |path: &str| {
        dial(&daemon, path, Some("ocpp1.6"))
            .map(drop)
            .map_err(status_of)
    };
    assert_eq!(
        [0; 4].map(|_| attempt("/ocpp/CP1")),
        [Err(401), Err(401), Err(401), Err(429)],
        "guessing one password"
    );
    assert_eq!(attempt("/ocpp/CP2"), Ok(()), "others go on");
    assert_eq!(
        [0; 2].map(|_| attempt("/ocpp/X")),
        [Err(404), Err(404)],
        "guessing identities"
    );
    assert_eq!(
        attempt("/ocpp/CP2"),
        Err(429),
        "this address has failed too often"
    );
    assert!(daemon.metric("fleetgauge_ocpp_handshakes_limited_total") >= 2.0);
}

/// Dials from another address of this machine.
fn dial_from(daemon: &Daemon, address: Ipv4Addr, login: Option<&str>) -> Result<(), String> {
    let socket = socket_from(address, daemon.ocpp);
    let mut request = format!("ws://127.0.0.1:{}/ocpp/CP1", daemon.ocpp)
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    if let Some(login) = login {
        let login = data_encoding::BASE64.encode(login.as_bytes());
        request.headers_mut().insert(
            "Authorization",
            HeaderValue::from_str(&format!("Basic {login}")).unwrap(),
        );
    }
    client(request, socket)
        .map(std::mem::forget)
        .map_err(|error| error.to_string())
}

fn socket_from(address: Ipv4Addr, port: u16) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket
            .bind(SocketAddr::new(IpAddr::V4(address), 0))
            .unwrap();
        let stream = socket
            .connect(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
            .await
            .unwrap()
            .into_std()
            .unwrap();
        stream.set_nonblocking(false).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    })
}

#[test]
fn a_live_charge_point_is_not_replaced_by_an_unauthenticated_one() {
    let folder = TempDir::new("security-shadow");
    write_register(folder.path(), CP1);
    let daemon = Daemon::start(folder.path(), &[]);
    let mut living = cp1(&daemon);
    request(&mut living, r#"[2,"1","Heartbeat",{}]"#);
    // A WebSocket client that reads answers our ping.
    let reading = std::thread::spawn(move || {
        let first = living.read();
        living.flush().unwrap();
        (first, living)
    });
    let shadow = dial_from(&daemon, Ipv4Addr::new(127, 0, 0, 9), None);
    assert!(
        shadow.as_ref().is_err_and(|error| error.contains("409")),
        "{shadow:?}"
    );
    assert_eq!(
        daemon.metric("fleetgauge_ocpp_duplicates_refused_total"),
        1.0
    );
    let (first, mut living) = reading.join().unwrap();
    assert!(matches!(first, Ok(Message::Ping(_))), "{first:?}");
    assert!(
        request(&mut living, r#"[2,"2","Heartbeat",{}]"#).starts_with(r#"[3,"2""#),
        "it was not touched"
    );
    // One that does not answer is replaced.
    drop(std::thread::spawn(move || {
        (std::thread::sleep(Duration::from_secs(30)), living)
    }));
    assert_eq!(
        dial_from(&daemon, Ipv4Addr::new(127, 0, 0, 9), None),
        Ok(())
    );
}
