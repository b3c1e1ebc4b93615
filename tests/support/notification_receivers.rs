//! Receivers of notifications: an HTTP server that answers with given statuses, and a mail server that keeps its mails.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request, and the status of its answer.
#[derive(Clone, Debug)]
pub struct ReceivedNotification {
    pub line: String,
    pub head: String,
    pub body: String,
    pub status: u16,
}

impl ReceivedNotification {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// An HTTP server that answers with the given statuses, and with 200 when there are none left.
pub struct Receiver {
    pub port: u16,
    requests: Arc<Mutex<Vec<ReceivedNotification>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    pub fn start(first: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<ReceivedNotification>>> = Arc::default();
        let answers = Arc::new(Mutex::new(first.to_vec()));
        let (list, next) = (requests.clone(), answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (list, next) = (list.clone(), next.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &list, &next));
            }
        });
        Self {
            port,
            requests,
            answers,
        }
    }

    /// The same over TLS.
    pub fn secured(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<ReceivedNotification>>> = Arc::default();
        let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
        let (list, next) = (requests.clone(), answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (list, next, config) = (list.clone(), next.clone(), config.clone());
                std::thread::spawn(move || {
                    let connection = ServerConnection::new(config).unwrap();
                    serve(StreamOwned::new(connection, stream.unwrap()), &list, &next)
                });
            }
        });
        Self {
            port,
            requests,
            answers,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Replaces the statuses that are answered first.
    pub fn answer(&self, statuses: &[u16]) {
        *self.answers.lock().unwrap() = statuses.to_vec();
    }

    pub fn requests(&self) -> Vec<ReceivedNotification> {
        self.requests.lock().unwrap().clone()
    }

    /// Requests that were answered with 200.
    pub fn accepted(&self) -> Vec<ReceivedNotification> {
        self.requests()
            .into_iter()
            .filter(|request| request.status == 200)
            .collect()
    }
}

fn serve(
    stream: impl Read + Write,
    list: &Mutex<Vec<ReceivedNotification>>,
    next: &Mutex<Vec<u16>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut answers = next.lock().unwrap();
    let status = if answers.is_empty() {
        200
    } else {
        answers.remove(0)
    };
    let request = ReceivedNotification {
        line: head.lines().next().unwrap_or_default().to_owned(),
        head,
        body: String::from_utf8(body).unwrap(),
        status,
    };
    list.lock().unwrap().push(request);
    drop(answers);
    let answer =
        format!("HTTP/1.1 {status} OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    reader.get_mut().write_all(answer.as_bytes()).ok()
}

/// A mail server without TLS. It requires `user` and `secret` by AUTH, and refuses recipients at `refused.example`.
pub struct MailServer {
    pub port: u16,
    mails: Arc<Mutex<Vec<Vec<String>>>>,
}

impl MailServer {
    pub fn start(mechanisms: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let list = mails.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let list = list.clone();
                std::thread::spawn(move || serve_mail(stream.unwrap(), mechanisms, &list, true));
            }
        });
        Self { port, mails }
    }

    /// The same over TLS, from the first byte or after STARTTLS.
    pub fn secured(config: Arc<ServerConfig>, from_the_start: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let list = mails.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (list, config) = (list.clone(), config.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    if !from_the_start {
                        serve_until_starttls(&mut stream)?;
                    }
                    let secured = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    serve_mail(secured, "AUTH PLAIN", &list, from_the_start)
                });
            }
        });
        Self { port, mails }
    }

    /// The lines of each SMTP session that delivered a message.
    pub fn mails(&self) -> Vec<Vec<String>> {
        self.mails.lock().unwrap().clone()
    }
}

/// The session before TLS, up to STARTTLS.
fn serve_until_starttls(stream: &mut TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    stream.write_all(b"220 hello\r\n").ok()?;
    for (word, answer) in [
        ("EHLO", "250-hello\r\n250 STARTTLS\r\n"),
        ("STARTTLS", "220 go\r\n"),
    ] {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        assert!(line.starts_with(word), "{line}");
        stream.write_all(answer.as_bytes()).ok()?;
    }
    Some(())
}

/// What the server expects next of a client that logs in with AUTH LOGIN.
enum Login {
    None,
    User,
    Password,
}

/// Serves one SMTP session and keeps its lines if it delivers a message.
fn serve_mail(
    stream: impl Read + Write,
    mechanisms: &str,
    list: &Mutex<Vec<Vec<String>>>,
    greets: bool,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    let mut login = Login::None;
    if greets {
        reader
            .get_mut()
            .write_all(b"220-a mail server\r\n220 of a test\r\n")
            .ok()?;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        lines.push(line.clone());
        let answer = if line.eq_ignore_ascii_case("DATA") {
            reader.get_mut().write_all(b"354 go\r\n").ok()?;
            read_message(&mut reader, &mut lines)?;
            list.lock().unwrap().push(lines.clone());
            "250 taken\r\n".to_owned()
        } else {
            smtp_answer(&line, &mut login, mechanisms)
        };
        reader.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}

/// The lines of a message, up to the single dot.
fn read_message(reader: &mut impl BufRead, lines: &mut Vec<String>) -> Option<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_owned();
        let end = line == ".";
        lines.push(line);
        if end {
            return Some(());
        }
    }
}

/// The answer to a command (RFC 5321, RFC 4954), or to a line of AUTH LOGIN.
fn smtp_answer(line: &str, login: &mut Login, mechanisms: &str) -> String {
    let accepted = |good: bool, refusal: &str| {
        let answer = if good { "235 in" } else { refusal };
        format!("{answer}\r\n")
    };
    match std::mem::replace(login, Login::None) {
        Login::None => {}
        Login::User => {
            *login = Login::Password;
            return "334 UGFzc3dvcmQ6\r\n".to_owned();
        }
        // base64 of `secret`.
        Login::Password => return accepted(line == "c2VjcmV0", "535 wrong"),
    }
    let command = line.split(' ').next().unwrap_or_default().to_uppercase();
    match command.as_str() {
        "EHLO" => format!("250-hello\r\n250-{mechanisms}\r\n250 SIZE 1000000\r\n"),
        "AUTH" if line == "AUTH LOGIN" => {
            *login = Login::User;
            "334 VXNlcm5hbWU6\r\n".to_owned()
        }
        // base64 of NUL user NUL secret.
        "AUTH" => accepted(line == "AUTH PLAIN AHVzZXIAc2VjcmV0", "535 5.7.8 wrong"),
        "RCPT" if line.contains("@refused.example") => "550 nobody\r\n".to_owned(),
        _ => "250 yes\r\n".to_owned(),
    }
}
