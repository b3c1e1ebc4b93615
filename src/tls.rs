//! What servers and clients need for TLS: certificates, keys and authorities from files. By rustls with ring.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// A file that TLS needs cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {file}: {reason}\n  hint: {hint}")]
pub struct TlsError {
    /// The configuration key that names the file.
    pub key: &'static str,
    /// The path of the file.
    pub file: String,
    /// Why the file cannot be used: the system's or the parser's error.
    pub reason: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl TlsError {
    /// An error about one file.
    pub(crate) fn new(
        key: &'static str,
        file: &Path,
        reason: impl Display,
        hint: &'static str,
    ) -> Self {
        Self {
            key,
            file: file.display().to_string(),
            reason: reason.to_string(),
            hint,
        }
    }
}

/// Certificates of a PEM file, at least one.
pub(crate) fn certificates(
    key: &'static str,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    const HINT: &str = "a file with one or more `BEGIN CERTIFICATE` blocks that this user may read";
    let refused = |reason: &dyn Display| TlsError::new(key, file, reason, HINT);
    let found = CertificateDer::pem_file_iter(file).map_err(|error| refused(&error))?;
    let found: Vec<_> = found
        .collect::<Result<_, _>>()
        .map_err(|error| refused(&error))?;
    if found.is_empty() {
        Err(refused(&"has no certificate in it"))
    } else {
        Ok(found)
    }
}

/// The private key of a PEM file.
pub(crate) fn private_key(
    key: &'static str,
    file: &Path,
) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| {
        TlsError::new(
            key,
            file,
            error,
            "a file with one `BEGIN PRIVATE KEY` block that this user may read",
        )
    })
}

/// The authorities of a PEM file, against which peers are checked.
pub(crate) fn authorities(key: &'static str, file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(key, file)? {
        let added = roots.add(certificate);
        added.map_err(|error| {
            TlsError::new(
                key,
                file,
                error,
                "certificates of the authority itself, not of what it signed",
            )
        })?;
    }
    Ok(roots)
}

/// The authorities that this machine trusts. Certificates that cannot be parsed are skipped.
pub(crate) fn machine_authorities() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
}

/// The provider of cryptography that all connections use.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The server's side of TLS without client certificates. Each file comes with the configuration key that names it.
pub fn acceptor(
    certificate: (&'static str, &Path),
    key: (&'static str, &Path),
) -> Result<TlsAcceptor, TlsError> {
    let refused = |error: rustls::Error| {
        TlsError::new(
            key.0,
            key.1,
            error,
            "the key that belongs to our first certificate",
        )
    };
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let chain = certificates(certificate.0, certificate.1)?;
    let config = builder
        .with_no_client_auth()
        .with_single_cert(chain, private_key(key.0, key.1)?)
        .map_err(refused)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// A client of TLS 1.2 and 1.3 that checks servers against `roots`.
pub(crate) fn client(
    roots: impl Into<Arc<RootCertStore>>,
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let builder = ClientConfig::builder_with_provider(provider());
    builder
        .with_safe_default_protocol_versions()
        .expect("ring has suites for both versions")
        .with_root_certificates(roots)
}
