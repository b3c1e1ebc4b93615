//! The client's side of TLS, checked against this machine's authorities or those of a PEM file.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls::{client, machine_authorities};

/// Opens TLS connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct TlsClient {
    /// `None` for this machine's authorities.
    roots: Option<Arc<RootCertStore>>,
    /// Made at the first connection, because loading this machine's authorities is slow.
    connector: Arc<OnceLock<TlsConnector>>,
}

impl TlsClient {
    /// Checks servers against the authorities of a PEM file, or against this machine's if there is no file.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = ca_file else {
            return Ok(Self::default());
        };
        let refused = |reason: &dyn std::fmt::Display| {
            format!(
                "`ca_file`: {}: {reason}\n  hint: `BEGIN CERTIFICATE` blocks of the authority that signed the server's",
                file.display()
            )
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| refused(&error))? {
            let certificate = certificate.map_err(|error| refused(&error))?;
            roots.add(certificate).map_err(|error| refused(&error))?;
        }
        if roots.is_empty() {
            return Err(refused(&"has no certificate in it"));
        }
        Ok(Self {
            roots: Some(Arc::new(roots)),
            connector: Arc::default(),
        })
    }

    fn connector(&self) -> &TlsConnector {
        self.connector.get_or_init(|| {
            let roots = self.roots.clone().unwrap_or_else(machine_authorities);
            TlsConnector::from(Arc::new(client(roots).with_no_client_auth()))
        })
    }

    /// Performs the TLS handshake on an open stream.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<TlsStream<S>, String> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|error| format!("{host}: {error}"))?;
        self.connector()
            .connect(name, stream)
            .await
            .map_err(|error| format!("TLS with {host}: {error}"))
    }
}
