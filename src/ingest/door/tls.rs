//! TLS for charge points: OCPP security profile 2 (our certificate) and 3 (theirs too). TLS 1.2 and 1.3, by rustls.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::OcppConfig;

/// A file that TLS needs cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {file}: {reason}\n  hint: {hint}")]
pub struct TlsError {
    /// The configuration key.
    pub key: &'static str,
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
    /// What to do.
    pub hint: &'static str,
}

impl TlsError {
    /// About one file.
    pub(in crate::ingest) fn new(key: &'static str, file: &Path, reason: impl Display, hint: &'static str) -> Self {
        Self { key, file: file.display().to_string(), reason: reason.to_string(), hint }
    }
}

/// Certificates of a PEM file, at least one.
pub(in crate::ingest) fn certificates(key: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    const HINT: &str = "a file with one or more `BEGIN CERTIFICATE` blocks that this user may read";
    let refused = |reason: &dyn Display| TlsError::new(key, file, reason, HINT);
    let found = CertificateDer::pem_file_iter(file).map_err(|error| refused(&error))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| refused(&error))?;
    if found.is_empty() { Err(refused(&"has no certificate in it")) } else { Ok(found) }
}

/// The private key of a PEM file.
pub(in crate::ingest) fn private_key(key: &'static str, file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file)
        .map_err(|error| TlsError::new(key, file, error, "a file with one `BEGIN PRIVATE KEY` block that this user may read"))
}

/// Certificates that others are checked against.
pub(in crate::ingest) fn authorities(key: &'static str, file: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(key, file)? {
        let added = roots.add(certificate);
        added.map_err(|error| TlsError::new(key, file, error, "certificates of the authority itself, not of what it signed"))?;
    }
    Ok(roots)
}

/// What answers TLS handshakes.
#[derive(Clone, Default)]
pub struct Acceptors {
    /// `tls_listen`.
    pub tls: Option<TlsAcceptor>,
    /// `mutual_tls_listen`.
    pub mutual: Option<TlsAcceptor>,
}

impl Acceptors {
    /// Reads the files that the configuration names.
    pub fn read(config: &OcppConfig) -> Result<Self, TlsError> {
        let wanted = config.tls_listen.is_some() || config.mutual_tls_listen.is_some();
        let (Some(certificate), Some(key)) = (config.certificate_file.as_deref(), config.key_file.as_deref()) else {
            return Ok(Self::default());
        };
        if !wanted || !config.enabled {
            return Ok(Self::default());
        }
        let acceptor = |authority: Option<&Path>| {
            let refused = |error: rustls::Error| {
                TlsError::new(
                    "ocpp.key_file",
                    key,
                    error,
                    "the key that belongs to the first certificate of `ocpp.certificate_file`",
                )
            };
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder =
                ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(refused)?;
            let builder = match authority {
                None => builder.with_no_client_auth(),
                Some(file) => {
                    let roots = Arc::new(authorities("ocpp.client_ca_file", file)?);
                    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().map_err(|error| {
                        TlsError::new(
                            "ocpp.client_ca_file",
                            file,
                            error,
                            "certificates of the authority that signs the charge points'",
                        )
                    })?;
                    builder.with_client_cert_verifier(verifier)
                }
            };
            let chain = certificates("ocpp.certificate_file", certificate)?;
            let private_key = private_key("ocpp.key_file", key)?;
            let config = builder.with_single_cert(chain, private_key).map_err(refused)?;
            Ok(TlsAcceptor::from(Arc::new(config)))
        };
        Ok(Self {
            tls: config.tls_listen.as_ref().map(|_| acceptor(None)).transpose()?,
            mutual: config.mutual_tls_listen.as_ref().map(|_| acceptor(config.client_ca_file.as_deref())).transpose()?,
        })
    }
}

/// Whom a certificate was made out to: the common name and the DNS names (OCPP 2.0.1 part 2, A00.FR.404: the CN is the identity).
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return Vec::new() };
    let certificate = certificate.tbs_certificate();
    let mut names = Vec::new();
    for attribute in certificate.subject().iter() {
        if attribute.oid == COMMON_NAME {
            let value = &attribute.value;
            let text = Utf8StringRef::try_from(value).map(|text| text.as_str().to_owned());
            let text = text.or_else(|_| PrintableStringRef::try_from(value).map(|text| text.as_str().to_owned()));
            let text = text.or_else(|_| TeletexStringRef::try_from(value).map(|text| text.as_str().to_owned()));
            names.extend(text);
        }
    }
    if let Ok(Some((_, SubjectAltName(alternatives)))) = certificate.get_extension::<SubjectAltName>() {
        names.extend(alternatives.iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        }));
    }
    names
}
