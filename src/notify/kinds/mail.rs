//! A notice as a mail, in plain text and HTML. The mails about one alert form a thread.
//!
//! RFC 5322 (message format), RFC 2045 to 2047 (MIME, encoded words), RFC 3834 (Auto-Submitted).

use data_encoding::BASE64;

use super::{Delivery, NotifierKind, Transport};
use crate::model::{Notice, NoticeKind};
use crate::notify::NotifierConfig;
use crate::notify::message::{headline, lines, title};
use crate::units::{Day, UtcMs};

pub(super) struct Smtp;

impl NotifierKind for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn transport(&self) -> Transport {
        Transport::Smtp
    }

    fn message(&self, config: &NotifierConfig, notice: &Notice, now: UtcMs) -> Delivery {
        Delivery::Mail(Mail::new(config, notice, now))
    }
}

/// A message with its envelope.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// The domain of the sender, sent with EHLO.
    pub(in crate::notify) domain: String,
    /// The sender's address.
    pub(in crate::notify) from: String,
    /// The recipients' addresses.
    pub(in crate::notify) to: Vec<String>,
    /// Headers and body; lines end with CR LF.
    pub(in crate::notify) text: String,
}

impl Mail {
    fn new(config: &NotifierConfig, notice: &Notice, now: UtcMs) -> Self {
        let (from, to) = config
            .smtp
            .as_ref()
            .map(|smtp| (smtp.from.clone(), smtp.to.clone()))
            .unwrap_or_default();
        let domain = from
            .rsplit('@')
            .next()
            .filter(|domain| !domain.is_empty())
            .unwrap_or("localhost")
            .to_owned();
        let alert = &notice.alerts[0];
        let boundary = format!("=_fleetgauge_{}_{}", alert.fingerprint, now.0);
        let mut head = vec![
            format!("Date: {}", date(now)),
            format!("From: fleetgauge <{from}>"),
            format!("To: {}", to.join(", ")),
            format!("Subject: {}", subject(notice)),
        ];
        head.extend(thread_headers(notice, &domain, now));
        head.push("Auto-Submitted: auto-generated".into());
        head.push("MIME-Version: 1.0".into());
        head.push(format!(
            "Content-Type: multipart/alternative; boundary=\"{boundary}\""
        ));
        let mut text = head.join("\r\n") + "\r\n\r\n";
        for (kind, body) in [
            ("plain", plain(config, notice)),
            ("html", html(config, notice)),
        ] {
            text.push_str(&format!(
                "--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                base64_lines(&body)
            ));
        }
        text.push_str(&format!("--{boundary}--"));
        Self {
            domain,
            from,
            to,
            text,
        }
    }
}

/// The first mail's id is made of the alert's fingerprint and start; the later ones refer to that id (RFC 5322 section 3.6.4).
fn thread_headers(notice: &Notice, domain: &str, now: UtcMs) -> Vec<String> {
    let alert = &notice.alerts[0];
    let root = format!("<{}.{}@{domain}>", alert.fingerprint, alert.starts_at.0);
    match notice.kind {
        NoticeKind::Firing => vec![format!("Message-ID: {root}")],
        NoticeKind::Repeat | NoticeKind::Resolved => vec![
            format!(
                "Message-ID: <{}.{}.{}@{domain}>",
                alert.fingerprint, alert.starts_at.0, now.0
            ),
            format!("In-Reply-To: {root}"),
            format!("References: {root}"),
        ],
    }
}

/// `[fleetgauge] WARNING Fleet target drifting (emas)`. Only the state changes within a thread.
fn subject(notice: &Notice) -> String {
    const MAX_CHARS: usize = 200;
    let text: String = format!("[fleetgauge] {}", title(notice))
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.is_ascii() && text.len() < MAX_CHARS {
        return text;
    }
    // An encoded word has at most 75 characters (RFC 2047 section 2): 42 bytes of text become 56 of base64, plus 12.
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars().take(MAX_CHARS) {
        if word.len() + c.len_utf8() > 42 {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    words.push(word);
    words
        .iter()
        .map(|word| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes())))
        .collect::<Vec<_>>()
        .join("\r\n ")
}

fn plain(config: &NotifierConfig, notice: &Notice) -> String {
    let labels: Vec<String> = notice
        .group
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!(
        "{}\r\n\r\n{}\r\n\r\nRule: {}\r\nSeverity: {}\r\n{}\r\n{}\r\n",
        title(notice),
        lines(notice).join("\r\n"),
        notice.rule,
        notice.severity.name(),
        labels.join("\r\n"),
        config.link
    )
}

fn html(config: &NotifierConfig, notice: &Notice) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    let items: String = lines(notice)
        .iter()
        .map(|line| format!("<li>{}</li>\r\n", escape(line)))
        .collect();
    format!(
        "<!DOCTYPE html>\r\n<html><head><meta charset=\"utf-8\"><title>{0}</title></head><body>\r\n<h2>{1}</h2>\r\n<ul>\r\n{items}</ul>\r\n\
         <p>{2}, {3}. <a href=\"{4}\">Open fleetgauge</a></p>\r\n</body></html>\r\n",
        escape(&headline(notice)),
        escape(&title(notice)),
        escape(&notice.rule),
        notice.severity.name(),
        escape(&config.link)
    )
}

fn base64_lines(text: &str) -> String {
    let encoded = BASE64.encode(text.as_bytes());
    let mut lines = String::new();
    // RFC 2045 section 6.8: at most 76 characters per line. Base64 is ASCII, so any cut is valid.
    for line in encoded.as_bytes().chunks(76) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push_str("\r\n");
    }
    lines
}

/// The date in the form of RFC 5322 section 3.3, in UTC.
fn date(now: UtcMs) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = now.0.div_euclid(86_400_000);
    let seconds = now.0.rem_euclid(86_400_000) / 1_000;
    let (year, month, day) = Day(i32::try_from(days).unwrap_or(0)).ymd();
    // 1 January 1970 was a Thursday.
    let weekday = DAYS[days.rem_euclid(7) as usize];
    let month = MONTHS[usize::from(month.clamp(1, 12)) - 1];
    format!(
        "{weekday}, {day:02} {month} {year} {:02}:{:02}:{:02} +0000",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use crate::notify::kinds::mail::*;
    use crate::notify::test_notice;

    #[test]
    fn dates_and_subjects_are_those_of_the_standards() {
        let at: UtcMs = "2026-11-23T23:30:56Z".parse().unwrap();
        assert_eq!(date(at), "Mon, 23 Nov 2026 23:30:56 +0000");
        let mut notice = test_notice(at);
        notice.title = "A target drifts\r\nBcc: x@example".into();
        assert_eq!(
            subject(&notice),
            "[fleetgauge] INFO A target drifts  Bcc: x@example (test)"
        );
        notice.title = "Größe".into();
        let encoded = subject(&notice);
        assert!(
            encoded.is_ascii()
                && encoded.starts_with("=?utf-8?B?")
                && encoded.split("\r\n ").all(|word| word.len() <= 75)
        );
    }
}
