//! Mail submission: EHLO, STARTTLS or TLS from the first byte, AUTH PLAIN or LOGIN, one message, QUIT.
//!
//! RFC 5321 (SMTP), 3207 (STARTTLS), 4954 (AUTH), 6409 (submission), 8314 (implicit TLS). Our own because lettre 0.11 would bring the lock
//! file to 304 packages, and one message to one server needs two hundred lines.

use std::time::Duration;

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Failure;
use super::config::{SmtpConfig, SmtpTls};
use super::mail::Mail;
use super::tls::Tls;

/// RFC 5321 section 4.5.3.1.5: a reply line has at most 512 bytes; some servers write more.
const MAX_REPLY: usize = 16 * 1024;

/// A server's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn good(&self) -> bool {
        (200..400).contains(&self.code)
    }

    fn said(&self) -> String {
        let text: String = self
            .lines
            .join(" ")
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect();
        format!("{} {text}", self.code)
    }
}

/// Sends one message; all of it must be done within the time.
pub(super) async fn send(
    config: &SmtpConfig,
    tls: &Tls,
    mail: &Mail,
    timeout: Duration,
) -> Result<(), Failure> {
    let place = format!("{}:{}", config.host, config.port);
    let done = tokio::time::timeout(timeout, deliver(config, tls, mail)).await;
    let done = done.unwrap_or_else(|_| {
        Err(Failure::Later(format!(
            "not done within {} s",
            timeout.as_secs()
        )))
    });
    done.map_err(|failure| match failure {
        Failure::Later(reason) => Failure::Later(format!("{place}: {reason}")),
        Failure::Refused(reason) => Failure::Refused(format!("{place}: {reason}")),
    })
}

async fn deliver(config: &SmtpConfig, tls: &Tls, mail: &Mail) -> Result<(), Failure> {
    let tcp = TcpStream::connect((config.host.as_str(), config.port))
        .await
        .map_err(Failure::later)?;
    match config.tls {
        SmtpTls::Implicit => {
            let stream = tls
                .connect(&config.host, tcp)
                .await
                .map_err(Failure::Later)?;
            let mut line = Line::new(stream);
            line.greeted().await?;
            let offers = line.hello(&mail.domain).await?;
            line.submit(config, mail, &offers).await
        }
        SmtpTls::None => {
            let mut line = Line::new(tcp);
            line.greeted().await?;
            let offers = line.hello(&mail.domain).await?;
            line.submit(config, mail, &offers).await
        }
        SmtpTls::StartTls => {
            let mut line = Line::new(tcp);
            line.greeted().await?;
            let offers = line.hello(&mail.domain).await?;
            if !offers
                .iter()
                .any(|offer| offer.eq_ignore_ascii_case("STARTTLS"))
            {
                return Err(Failure::Later(
                    "the server offers no STARTTLS; `tls = \"implicit\"` is the other way".into(),
                ));
            }
            line.ask("STARTTLS").await?;
            let stream = line.into_plain()?;
            let mut line = Line::new(
                tls.connect(&config.host, stream)
                    .await
                    .map_err(Failure::Later)?,
            );
            // RFC 3207 section 4.2: what was said before is forgotten.
            let offers = line.hello(&mail.domain).await?;
            line.submit(config, mail, &offers).await
        }
    }
}

struct Line<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// The stream, to be secured. Bytes that came ahead would be somebody else's words (CVE-2011-0411).
    fn into_plain(self) -> Result<S, Failure> {
        if self.0.buffer().is_empty() {
            Ok(self.0.into_inner())
        } else {
            Err(Failure::Later(
                "the server spoke before TLS was there".into(),
            ))
        }
    }

    async fn reply(&mut self) -> Result<Reply, Failure> {
        let mut lines = Vec::new();
        let mut read = 0;
        loop {
            let mut line = Vec::new();
            let count = self
                .0
                .read_until(b'\n', &mut line)
                .await
                .map_err(Failure::later)?;
            read += count;
            if count == 0 || read > MAX_REPLY {
                return Err(Failure::Later(
                    "the server hangs up, or says too much".into(),
                ));
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok());
            let code = code.ok_or_else(|| Failure::Later("this is no mail server".into()))?;
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
    }

    async fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.0.write_all(text).await.map_err(Failure::later)?;
        self.0.flush().await.map_err(Failure::later)
    }

    async fn say(&mut self, command: &str) -> Result<Reply, Failure> {
        self.write(format!("{command}\r\n").as_bytes()).await?;
        self.reply().await
    }

    /// Says it and wants a yes.
    async fn ask(&mut self, command: &str) -> Result<Reply, Failure> {
        let reply = self.say(command).await?;
        // Only the word: what follows may be a secret.
        let word = command.split(' ').next().unwrap_or_default();
        if reply.good() {
            Ok(reply)
        } else {
            Err(Failure::Later(format!("{word}: {}", reply.said())))
        }
    }

    async fn greeted(&mut self) -> Result<(), Failure> {
        let reply = self.reply().await?;
        if reply.good() {
            Ok(())
        } else {
            Err(Failure::Later(reply.said()))
        }
    }

    /// EHLO; what the server offers.
    async fn hello(&mut self, domain: &str) -> Result<Vec<String>, Failure> {
        let reply = self.say(&format!("EHLO {domain}")).await?;
        if reply.good() {
            return Ok(reply.lines.into_iter().skip(1).collect());
        }
        self.ask(&format!("HELO {domain}")).await?;
        Ok(Vec::new())
    }

    async fn login(
        &mut self,
        user: &str,
        password: &str,
        offers: &[String],
    ) -> Result<(), Failure> {
        let ways = offers.iter().find(|offer| {
            offer
                .get(..4)
                .is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
        });
        let ways = ways
            .map(|offer| offer[4..].to_uppercase())
            .unwrap_or_default();
        let has = |way: &str| ways.split([' ', '=']).any(|offered| offered == way);
        let reply = if has("PLAIN") {
            self.say(&format!(
                "AUTH PLAIN {}",
                BASE64.encode(format!("\0{user}\0{password}").as_bytes())
            ))
            .await?
        } else if has("LOGIN") {
            self.ask("AUTH LOGIN").await?;
            let reply = self.say(&BASE64.encode(user.as_bytes())).await?;
            if !reply.good() {
                return Err(Failure::Later(format!("AUTH: {}", reply.said())));
            }
            self.say(&BASE64.encode(password.as_bytes())).await?
        } else {
            return Err(Failure::Later(
                "the server offers neither AUTH PLAIN nor AUTH LOGIN here".into(),
            ));
        };
        let hint = "are `username` and `password_file` right?";
        if reply.good() {
            Ok(())
        } else {
            Err(Failure::Later(format!("AUTH: {} ({hint})", reply.said())))
        }
    }

    async fn submit(
        &mut self,
        config: &SmtpConfig,
        mail: &Mail,
        offers: &[String],
    ) -> Result<(), Failure> {
        if let (Some(user), Some(password)) =
            (&config.username, config.password().map_err(Failure::Later)?)
        {
            self.login(user, &password, offers).await?;
        }
        self.ask(&format!("MAIL FROM:<{}>", mail.from)).await?;
        let mut taken = 0;
        let mut refused = Vec::new();
        for to in &mail.to {
            let reply = self.say(&format!("RCPT TO:<{to}>")).await?;
            if reply.good() {
                taken += 1
            } else {
                refused.push(format!("{to}: {}", reply.said()))
            }
        }
        if taken == 0 {
            return Err(Failure::Later(format!(
                "no recipient is taken: {}",
                refused.join("; ")
            )));
        }
        if !refused.is_empty() {
            tracing::warn!(
                refused = refused.join("; "),
                "some recipients of a mail are refused"
            );
        }
        self.ask("DATA").await?;
        self.write(&stuffed(&mail.text)).await?;
        let reply = self.reply().await?;
        match reply.code {
            200..=299 => {
                // It is taken; whether the farewell is heard changes nothing.
                let _ = self.write(b"QUIT\r\n").await;
                Ok(())
            }
            500.. => Err(Failure::Refused(reply.said())),
            _ => Err(Failure::Later(reply.said())),
        }
    }
}

/// RFC 5321 section 4.5.2: a dot at the beginning of a line is doubled; a dot alone ends the message.
fn stuffed(text: &str) -> Vec<u8> {
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
    use crate::notify::smtp::*;

    #[test]
    fn dots_are_doubled() {
        assert_eq!(
            stuffed("a\r\n.b\r\n..\r\nc"),
            b"a\r\n..b\r\n...\r\nc\r\n.\r\n"
        );
    }
}
