//! An authority, certificates by `openssl`, and a client over TLS.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, WebSocket, client};

use crate::support::server;

/// Makes certificates in a folder.
pub struct Authority {
    openssl: PathBuf,
    folder: PathBuf,
}

impl Authority {
    /// `ca.pem`, `ca.key`; `None` without `openssl`.
    pub fn new(test: &str, folder: &Path) -> Option<Self> {
        let authority = Self {
            openssl: server(test, "openssl")?,
            folder: folder.to_owned(),
        };
        authority.run("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca");
        Some(authority)
    }

    fn run(&self, args: &str) {
        let output = Command::new(&self.openssl)
            .current_dir(&self.folder)
            .args(args.split(' '))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{args}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// `<file>.pem`, `<file>.key`, made out to a common name, with alternative names if any.
    pub fn sign(&self, file: &str, name: &str, alternatives: &str) {
        self.run(&format!(
            "req -newkey rsa:2048 -nodes -keyout {file}.key -out {file}.csr -subj /CN={name}"
        ));
        // With any extension it is a certificate of version 3; rustls takes no others.
        let mut extensions = String::from("basicConstraints=CA:FALSE\n");
        if !alternatives.is_empty() {
            extensions.push_str(&format!("subjectAltName={alternatives}\n"));
        }
        std::fs::write(self.folder.join(format!("{file}.ext")), extensions).unwrap();
        self.run(&format!(
            "x509 -req -in {file}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {file}.pem -days 2 -extfile {file}.ext"
        ));
    }
}

pub type SecureSocket = WebSocket<StreamOwned<ClientConnection, TcpStream>>;

/// One HTTP request to `localhost`, trusting `ca.pem` of the folder; the answer as text.
pub fn exchange(folder: &Path, port: u16, request: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap())
        .unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap())
            .unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut stream = StreamOwned::new(connection, tcp);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // Our server ends without a TLS farewell, which is an error to rustls and none to us.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Dials `wss://localhost:<port><path>`, trusting `ca.pem` of the folder, with a client certificate (`<name>.pem`) if given.
pub fn dial(
    folder: &Path,
    port: u16,
    path: &str,
    certificate: Option<&str>,
    login: Option<&str>,
) -> Result<SecureSocket, String> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match certificate {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain =
                vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
            let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap())
            .unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut request = format!("wss://localhost:{port}{path}")
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    if let Some(login) = login {
        let encoded = data_encoding::BASE64.encode(login.as_bytes());
        request.headers_mut().insert(
            "Authorization",
            HeaderValue::from_str(&format!("Basic {encoded}")).unwrap(),
        );
    }
    match client(request, StreamOwned::new(connection, tcp)) {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::HandshakeError::Failure(Error::Http(response))) => {
            Err(response.status().as_u16().to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}
