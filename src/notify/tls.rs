//! TLS for notifiers: this machine's authorities, or those of a file. By rustls with ring.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Connects by TLS.
#[derive(Clone, Default)]
pub struct Tls {
    roots: Option<Arc<RootCertStore>>,
    /// Made when first needed: this machine's authorities are many.
    connector: Arc<OnceLock<TlsConnector>>,
}

impl Tls {
    /// With the authorities of a PEM file, or of this machine.
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
            let roots = self.roots.clone().unwrap_or_else(|| {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                Arc::new(roots)
            });
            let builder = ClientConfig::builder_with_provider(Arc::new(
                rustls::crypto::ring::default_provider(),
            ));
            let builder = builder
                .with_safe_default_protocol_versions()
                .expect("ring has suites for both versions");
            TlsConnector::from(Arc::new(
                builder.with_root_certificates(roots).with_no_client_auth(),
            ))
        })
    }

    /// The handshake.
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
