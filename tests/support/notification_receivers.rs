//! Receivers of notifications: an HTTP server that answers what it is told to, and a mail server that keeps what it is given.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request that came.
#[derive(Clone, Debug)]
pub struct Heard {
    pub line: String,
    pub head: String,
    pub body: String,
    /// What was answered.
    pub status: u16,
}

impl Heard {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Answers 200, or first the statuses given.
pub struct Receiver {
    pub port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    pub fn start(first: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let answers = Arc::new(Mutex::new(first.to_vec()));
        let (list, next) = (heard.clone(), answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (list, next) = (list.clone(), next.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &list, &next));
            }
        });
        Self {
            port,
            heard,
            answers,
        }
    }

    /// The same over TLS.
    pub fn secured(config: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
        let (list, next) = (heard.clone(), answers.clone());
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
            heard,
            answers,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// From now on, these are answered first.
    pub fn answer(&self, statuses: &[u16]) {
        *self.answers.lock().unwrap() = statuses.to_vec();
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Those it has taken.
    pub fn taken(&self) -> Vec<Heard> {
        self.heard()
            .into_iter()
            .filter(|heard| heard.status == 200)
            .collect()
    }
}

fn serve(
    stream: impl Read + Write,
    list: &Mutex<Vec<Heard>>,
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
    let heard = Heard {
        line: head.lines().next().unwrap_or_default().to_owned(),
        head,
        body: String::from_utf8(body).unwrap(),
        status,
    };
    list.lock().unwrap().push(heard);
    drop(answers);
    let answer =
        format!("HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    reader.get_mut().write_all(answer.as_bytes()).ok()
}

/// A mail server without TLS. It wants `user` and `secret` by AUTH, and refuses recipients at `refused.example`.
pub struct MailServer {
    pub port: u16,
    heard: Arc<Mutex<Vec<Vec<String>>>>,
}

impl MailServer {
    pub fn start(ways: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let list = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let list = list.clone();
                std::thread::spawn(move || mail(stream.unwrap(), ways, &list, true));
            }
        });
        Self { port, heard }
    }

    /// The same over TLS, from the first byte or after STARTTLS.
    pub fn secured(config: Arc<ServerConfig>, from_the_start: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
        let list = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (list, config) = (list.clone(), config.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    if !from_the_start {
                        plain_words(&mut stream)?;
                    }
                    let secured = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                    mail(secured, "AUTH PLAIN", &list, from_the_start)
                });
            }
        });
        Self { port, heard }
    }

    /// What was said in each conversation that ended with a message.
    pub fn heard(&self) -> Vec<Vec<String>> {
        self.heard.lock().unwrap().clone()
    }
}

/// Up to STARTTLS.
fn plain_words(stream: &mut TcpStream) -> Option<()> {
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

fn mail(
    stream: impl Read + Write,
    ways: &str,
    list: &Mutex<Vec<Vec<String>>>,
    greets: bool,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut said = Vec::new();
    let mut logging_in = 0;
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
        said.push(line.clone());
        let word = line.split(' ').next().unwrap_or_default().to_uppercase();
        let answer = match (word.as_str(), logging_in) {
            (_, 1) => {
                logging_in = 2;
                "334 UGFzc3dvcmQ6\r\n".to_owned()
            }
            (_, 2) => {
                logging_in = 0;
                // base64 of `secret`.
                if line == "c2VjcmV0" {
                    "235 in\r\n"
                } else {
                    "535 wrong\r\n"
                }
                .to_owned()
            }
            ("EHLO", _) => format!("250-hello\r\n250-{ways}\r\n250 SIZE 1000000\r\n"),
            ("AUTH", _) if line == "AUTH LOGIN" => {
                logging_in = 1;
                "334 VXNlcm5hbWU6\r\n".to_owned()
            }
            // base64 of NUL user NUL secret.
            ("AUTH", _) => if line == "AUTH PLAIN AHVzZXIAc2VjcmV0" {
                "235 in\r\n"
            } else {
                "535 5.7.8 wrong\r\n"
            }
            .to_owned(),
            ("RCPT", _) if line.contains("@refused.example") => "550 nobody\r\n".to_owned(),
            ("DATA", _) => {
                reader.get_mut().write_all(b"354 go\r\n").ok()?;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).ok()?;
                    let line = line.trim_end().to_owned();
                    let end = line == ".";
                    said.push(line);
                    if end {
                        break;
                    }
                }
                list.lock().unwrap().push(said.clone());
                "250 taken\r\n".to_owned()
            }
            _ => "250 yes\r\n".to_owned(),
        };
        reader.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}
