//! Notifiers over TLS: a webhook, mail from the first byte and by STARTTLS; and none of them to a server that nobody vouches for.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::sync::Arc;

use crate::support::notification_receivers::{MailServer, Receiver};
use crate::support::tls::Authority;
use crate::support::{TempDir, fleetgauge};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

#[test]
fn servers_are_checked() {
    let folder = TempDir::new("notify-tls");
    let Some(authority) = Authority::new("servers_are_checked", folder.path()) else {
        return;
    };
    authority.sign("server", "localhost", "DNS:localhost");
    let certificate = CertificateDer::from_pem_file(folder.path().join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.path().join("server.key")).unwrap();
    let builder =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    let config = Arc::new(builder.with_single_cert(vec![certificate], key).unwrap());
    let hook = Receiver::secured(config.clone());
    let (implicit, starttls) = (
        MailServer::secured(config.clone(), true),
        MailServer::secured(config, false),
    );
    std::fs::write(folder.path().join("password"), "secret").unwrap();
    let mut text = String::new();
    for (name, ca) in [("", "ca_file = \"ca.pem\"\n"), ("stranger_", "")] {
        text.push_str(&format!(
            "[[notify]]\nname = \"{name}hook\"\nkind = \"webhook\"\nurl = \"https://localhost:{}/\"\n{ca}",
            hook.port
        ));
        for (way, port) in [("implicit", implicit.port), ("starttls", starttls.port)] {
            text.push_str(&format!(
                "[[notify]]\nname = \"{name}{way}\"\nkind = \"smtp\"\nhost = \"localhost\"\nport = {port}\ntls = \"{way}\"\nusername = \"user\"\n\
                 password_file = \"password\"\nfrom = \"a@fleet.example\"\nto = [\"b@fleet.example\"]\n{ca}"
            ));
        }
    }
    std::fs::write(folder.path().join("fleetgauge.toml"), text).unwrap();
    let test = |to: &str| {
        let arguments = ["alerts", "test", "--to", to, "--config", "fleetgauge.toml"];
        let output = fleetgauge()
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    for to in ["hook", "implicit", "starttls"] {
        let (code, text) = test(to);
        assert_eq!(code, Some(0), "{to}: {text}");
        let (code, text) = test(&format!("stranger_{to}"));
        assert!(
            code == Some(1) && text.contains("certificate"),
            "{to}: {text}"
        );
    }
    assert_eq!(
        (
            hook.taken().len(),
            implicit.heard().len(),
            starttls.heard().len()
        ),
        (1, 1, 1)
    );
    for mails in [implicit, starttls] {
        assert!(
            mails.heard()[0].contains(&"AUTH PLAIN AHVzZXIAc2VjcmV0".to_owned()),
            "the password went over TLS only"
        );
    }
}
