//! The commands and replies of one SMTP session.

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

use crate::notify::DeliveryError;
use crate::notify::config::SmtpConfig;
use crate::notify::kinds::Mail;

/// The largest reply. RFC 5321 section 4.5.3.1.5 allows 512 bytes per line; some servers send more.
const MAX_REPLY_BYTES: usize = 16 * 1024;

/// A server's reply: its code, and the text of each line.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// The code and at most 200 characters of the text, for errors.
    fn text(&self) -> String {
        let text: String = self
            .lines
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect();
        format!("{} {text}", self.code)
    }

    /// The reply if it is positive, else an error that names the command.
    fn positive(self, command: &str) -> Result<Self, DeliveryError> {
        if self.is_positive() {
            Ok(self)
        } else {
            Err(DeliveryError::Later(format!("{command}: {}", self.text())))
        }
    }
}

pub(super) struct Session<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// The stream, for the TLS handshake. Bytes that arrived before it could be injected by an attacker (CVE-2011-0411).
    pub(super) fn into_stream(self) -> Result<S, DeliveryError> {
        if self.0.buffer().is_empty() {
            Ok(self.0.into_inner())
        } else {
            Err(DeliveryError::Later(
                "the server sent more than a reply before TLS".into(),
            ))
        }
    }

    async fn reply(&mut self) -> Result<Reply, DeliveryError> {
        let mut lines = Vec::new();
        let mut read = 0;
        loop {
            let mut line = Vec::new();
            let count = self
                .0
                .read_until(b'\n', &mut line)
                .await
                .map_err(DeliveryError::later)?;
            read += count;
            if count == 0 || read > MAX_REPLY_BYTES {
                return Err(DeliveryError::Later(
                    "the server closed the connection, or its reply is too long".into(),
                ));
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let code = code.ok_or_else(|| DeliveryError::Later("this is no mail server".into()))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
    }

    async fn write(&mut self, text: &[u8]) -> Result<(), DeliveryError> {
        self.0.write_all(text).await.map_err(DeliveryError::later)?;
        self.0.flush().await.map_err(DeliveryError::later)
    }

    /// Sends a command and returns the reply, whatever its code.
    async fn exchange(&mut self, command: &str) -> Result<Reply, DeliveryError> {
        self.write(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Sends a command; a negative reply is an error.
    pub(super) async fn command(&mut self, command: &str) -> Result<(), DeliveryError> {
        let reply = self.exchange(command).await?;
        // Only the verb stands in the error: the arguments may be secret.
        let verb = command.split(' ').next().unwrap_or_default();
        reply.positive(verb).map(drop)
    }

    pub(super) async fn greeting(&mut self) -> Result<(), DeliveryError> {
        let reply = self.reply().await?;
        if reply.is_positive() {
            Ok(())
        } else {
            Err(DeliveryError::Later(reply.text()))
        }
    }

    /// EHLO, or HELO for servers without extensions. Returns the extensions.
    pub(super) async fn hello(&mut self, domain: &str) -> Result<Vec<String>, DeliveryError> {
        let reply = self.exchange(&format!("EHLO {domain}")).await?;
        if reply.is_positive() {
            return Ok(reply.lines.into_iter().skip(1).collect());
        }
        self.command(&format!("HELO {domain}")).await?;
        Ok(Vec::new())
    }

    async fn authenticate(
        &mut self,
        user: &str,
        password: &str,
        extensions: &[String],
    ) -> Result<(), DeliveryError> {
        const HINT: &str = "are `username` and `password_file` right?";
        let mechanisms = extensions
            .iter()
            .find(|extension| {
                extension
                    .get(..4)
                    .is_some_and(|verb| verb.eq_ignore_ascii_case("AUTH"))
            })
            .map(|extension| extension[4..].to_uppercase())
            .unwrap_or_default();
        // Some old servers write `AUTH=LOGIN`.
        let has = |name: &str| mechanisms.split([' ', '=']).any(|offered| offered == name);
        let reply = if has("PLAIN") {
            let credentials = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
            self.exchange(&format!("AUTH PLAIN {credentials}")).await?
        } else if has("LOGIN") {
            self.command("AUTH LOGIN").await?;
            let reply = self.exchange(&BASE64.encode(user.as_bytes())).await?;
            reply.positive("AUTH")?;
            self.exchange(&BASE64.encode(password.as_bytes())).await?
        } else {
            return Err(DeliveryError::Later(
                "the server offers neither AUTH PLAIN nor AUTH LOGIN here".into(),
            ));
        };
        if reply.is_positive() {
            Ok(())
        } else {
            Err(DeliveryError::Later(format!(
                "AUTH: {} ({HINT})",
                reply.text()
            )))
        }
    }

    /// Authenticates if a login is configured, and submits the message.
    pub(super) async fn submit(
        &mut self,
        config: &SmtpConfig,
        mail: &Mail,
        extensions: &[String],
    ) -> Result<(), DeliveryError> {
        let password = config.password().map_err(DeliveryError::Later)?;
        if let (Some(user), Some(password)) = (&config.username, password) {
            self.authenticate(user, &password, extensions).await?;
        }
        self.command(&format!("MAIL FROM:<{}>", mail.from)).await?;
        self.recipients(&mail.to).await?;
        self.command("DATA").await?;
        self.write(&dot_stuffed(&mail.text)).await?;
        let reply = self.reply().await?;
        match reply.code {
            200..=299 => {
                // The message is accepted; a lost QUIT changes nothing.
                let _ = self.write(b"QUIT\r\n").await;
                Ok(())
            }
            500.. => Err(DeliveryError::Refused(reply.text())),
            _ => Err(DeliveryError::Later(reply.text())),
        }
    }

    /// Names the recipients. One that the server accepts is enough.
    async fn recipients(&mut self, addresses: &[String]) -> Result<(), DeliveryError> {
        let mut accepted = 0;
        let mut refused = Vec::new();
        for address in addresses {
            let reply = self.exchange(&format!("RCPT TO:<{address}>")).await?;
            if reply.is_positive() {
                accepted += 1;
            } else {
                refused.push(format!("{address}: {}", reply.text()));
            }
        }
        let refused = refused.join("; ");
        if accepted == 0 {
            return Err(DeliveryError::Later(format!(
                "the server accepts no recipient: {refused}"
            )));
        }
        if !refused.is_empty() {
            tracing::warn!(
                refused,
                "mail server refused some recipients; check `to` of the notifier"
            );
        }
        Ok(())
    }
}

/// RFC 5321 section 4.5.2: a dot at the beginning of a line is doubled; a line with one dot ends the message.
fn dot_stuffed(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    for line in text.split("\r\n") {
        if line.starts_with('.') {
            out.push(b'.');
        }
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use crate::notify::smtp::session::*;

    #[test]
    fn dots_are_doubled() {
        assert_eq!(
            dot_stuffed("a\r\n.b\r\n..\r\nc"),
            b"a\r\n..b\r\n...\r\nc\r\n.\r\n"
        );
    }
}
