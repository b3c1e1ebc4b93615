//! TLS for charge points: OCPP security profile 2 (our certificate) and 3 (theirs too). TLS 1.2 and 1.3, by rustls.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::OcppConfig;
use crate::tls::{TlsError, authorities, certificates, private_key, provider};

/// What answers TLS handshakes.
#[derive(Clone, Default)]
pub struct Acceptors {
    /// For `tls_listen`: TLS without client certificates; `None` if it is not set.
    pub tls: Option<TlsAcceptor>,
    /// For `mutual_tls_listen`: a client certificate is required; `None` if it is not set.
    pub mutual: Option<TlsAcceptor>,
}

impl Acceptors {
    /// Reads the files that the configuration names.
    pub fn read(config: &OcppConfig) -> Result<Self, TlsError> {
        let wanted = config.tls_listen.is_some() || config.mutual_tls_listen.is_some();
        let (Some(certificate), Some(key)) = (
            config.certificate_file.as_deref(),
            config.key_file.as_deref(),
        ) else {
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
            let builder = ServerConfig::builder_with_provider(provider())
                .with_safe_default_protocol_versions()
                .map_err(refused)?;
            let builder = match authority {
                None => builder.with_no_client_auth(),
                Some(file) => {
                    let roots = Arc::new(authorities("ocpp.client_ca_file", file)?);
                    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                        .build()
                        .map_err(|error| {
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
            let config = builder
                .with_single_cert(chain, private_key)
                .map_err(refused)?;
            Ok(TlsAcceptor::from(Arc::new(config)))
        };
        Ok(Self {
            tls: config
                .tls_listen
                .as_ref()
                .map(|_| acceptor(None))
                .transpose()?,
            mutual: config
                .mutual_tls_listen
                .as_ref()
                .map(|_| acceptor(config.client_ca_file.as_deref()))
                .transpose()?,
        })
    }
}

/// The identities of a certificate: the common name and the DNS names (OCPP 2.0.1 part 2, A00.FR.404: the CN is the identity).
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let certificate = certificate.tbs_certificate();
    let mut names = Vec::new();
    for attribute in certificate.subject().iter() {
        if attribute.oid == COMMON_NAME {
            let value = &attribute.value;
            let text = Utf8StringRef::try_from(value).map(|text| text.as_str().to_owned());
            let text = text.or_else(|_| {
                PrintableStringRef::try_from(value).map(|text| text.as_str().to_owned())
            });
            let text = text.or_else(|_| {
                TeletexStringRef::try_from(value).map(|text| text.as_str().to_owned())
            });
            names.extend(text);
        }
    }
    if let Ok(Some((_, SubjectAltName(alternatives)))) =
        certificate.get_extension::<SubjectAltName>()
    {
        names.extend(alternatives.iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            _ => None,
        }));
    }
    names
}
