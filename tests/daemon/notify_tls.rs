//! Notifiers over TLS: a webhook, mail over TLS from the first byte and by STARTTLS, and none to a server without a trusted certificate.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;
use std::sync::Arc;

use crate::support::notification_receivers::{MailServer, Receiver};
use crate::support::tls::Authority;
use crate::support::{TempDir, fleetgauge};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A TLS server with `server.pem` and `server.key`.
fn tls_server_config(folder: &Path) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let builder =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
}

/// A webhook and two mail servers, once with the authority that signed their certificates, once (`stranger_`) without it.
fn write_notifiers(folder: &Path, hook: u16, implicit: u16, starttls: u16) {
    std::fs::write(folder.join("password"), "secret").unwrap();
    let mut text = String::new();
    for (name, ca) in [("", "ca_file = \"ca.pem\"\n"), ("stranger_", "")] {
        text.push_str(&format!(
            "[[notify]]\nname = \"{name}hook\"\nkind = \"webhook\"\nurl = \"https://localhost:{hook}/\"\n{ca}"
        ));
        for (tls, port) in [("implicit", implicit), ("starttls", starttls)] {
            text.push_str(&format!(
                "[[notify]]\nname = \"{name}{tls}\"\nkind = \"smtp\"\nhost = \"localhost\"\nport = {port}\ntls = \"{tls}\"\nusername = \"user\"\n\
                 password_file = \"password\"\nfrom = \"a@fleet.example\"\nto = [\"b@fleet.example\"]\n{ca}"
            ));
        }
    }
    std::fs::write(folder.join("fleetgauge.toml"), text).unwrap();
}

/// `fleetgauge alerts test`: exit code and text.
fn test_notifier(folder: &Path, to: &str) -> (Option<i32>, String) {
    let arguments = ["alerts", "test", "--to", to, "--config", "fleetgauge.toml"];
    let output = fleetgauge()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
    )
}

#[test]
fn notifiers_check_the_certificates_of_their_servers() {
    const TEST: &str = "notifiers_check_the_certificates_of_their_servers";
    let folder = TempDir::new("notify-tls");
    let Some(authority) = Authority::new(TEST, folder.path()) else {
        return;
    };
    authority.sign("server", "localhost", "DNS:localhost");
    let config = tls_server_config(folder.path());
    let hook = Receiver::secured(config.clone());
    let (implicit, starttls) = (
        MailServer::secured(config.clone(), true),
        MailServer::secured(config, false),
    );
    write_notifiers(folder.path(), hook.port, implicit.port, starttls.port);
    for to in ["hook", "implicit", "starttls"] {
        let (code, text) = test_notifier(folder.path(), to);
        assert_eq!(code, Some(0), "{to}: {text}");
        let (code, text) = test_notifier(folder.path(), &format!("stranger_{to}"));
        assert!(
            code == Some(1) && text.contains("certificate"),
            "{to}: {text}"
        );
    }
    assert_eq!(
        (
            hook.accepted().len(),
            implicit.mails().len(),
            starttls.mails().len()
        ),
        (1, 1, 1)
    );
    for server in [implicit, starttls] {
        assert!(
            server.mails()[0].contains(&"AUTH PLAIN AHVzZXIAc2VjcmV0".to_owned()),
            "the password went over TLS only"
        );
    }
}
