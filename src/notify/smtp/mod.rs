//! Mail submission: EHLO, STARTTLS or TLS from the first byte, AUTH PLAIN or LOGIN, one message, QUIT.
//!
//! RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 6409 (submission), RFC 8314 (implicit TLS). Our own because lettre 0.11 would
//! bring the lock file to 304 packages, and one message to one server needs two hundred lines.

mod session;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use self::session::Session;
use super::DeliveryError;
use super::config::{SmtpConfig, SmtpTls};
use super::kinds::Mail;
use crate::http::TlsClient;

/// Sends one message within `timeout`.
pub(super) async fn send(
    config: &SmtpConfig,
    tls: &TlsClient,
    mail: &Mail,
    timeout: Duration,
) -> Result<(), DeliveryError> {
    let server = format!("{}:{}", config.host, config.port);
    let sent = tokio::time::timeout(timeout, connect_and_submit(config, tls, mail)).await;
    let sent = sent.unwrap_or_else(|_| {
        Err(DeliveryError::Later(format!(
            "not done within {} s",
            timeout.as_secs()
        )))
    });
    sent.map_err(|error| match error {
        DeliveryError::Later(reason) => DeliveryError::Later(format!("{server}: {reason}")),
        DeliveryError::Refused(reason) => DeliveryError::Refused(format!("{server}: {reason}")),
    })
}

async fn connect_and_submit(
    config: &SmtpConfig,
    tls: &TlsClient,
    mail: &Mail,
) -> Result<(), DeliveryError> {
    let tcp = TcpStream::connect((config.host.as_str(), config.port))
        .await
        .map_err(DeliveryError::later)?;
    match config.tls {
        SmtpTls::Implicit => {
            let stream = tls.connect(&config.host, tcp).await;
            greet_and_submit(stream.map_err(DeliveryError::Later)?, config, mail).await
        }
        SmtpTls::None => greet_and_submit(tcp, config, mail).await,
        SmtpTls::StartTls => {
            let mut session = Session::new(tcp);
            session.greeting().await?;
            let extensions = session.hello(&mail.domain).await?;
            if !extensions
                .iter()
                .any(|extension| extension.eq_ignore_ascii_case("STARTTLS"))
            {
                return Err(DeliveryError::Later(
                    "the server offers no STARTTLS; `tls = \"implicit\"` is the other way".into(),
                ));
            }
            session.command("STARTTLS").await?;
            let stream = tls.connect(&config.host, session.into_stream()?).await;
            let mut session = Session::new(stream.map_err(DeliveryError::Later)?);
            // RFC 3207 section 4.2: what was learned before TLS is discarded.
            let extensions = session.hello(&mail.domain).await?;
            session.submit(config, mail, &extensions).await
        }
    }
}

async fn greet_and_submit(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    config: &SmtpConfig,
    mail: &Mail,
) -> Result<(), DeliveryError> {
    let mut session = Session::new(stream);
    session.greeting().await?;
    let extensions = session.hello(&mail.domain).await?;
    session.submit(config, mail, &extensions).await
}
