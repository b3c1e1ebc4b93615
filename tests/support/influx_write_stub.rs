//! A stub of InfluxDB 2's write endpoint, for what the real servers of Debian cannot be made to answer.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A write endpoint that is as strict as InfluxDB 2 and answers as it is told.
#[derive(Clone, Default)]
pub struct Stub {
    /// Status and body of the next answers; then 204.
    pub script: Arc<Mutex<VecDeque<(u16, String)>>>,
    /// Bodies that were answered 204, decompressed.
    pub stored: Arc<Mutex<Vec<String>>>,
    /// Requests altogether.
    pub requests: Arc<Mutex<u32>>,
    /// Larger bodies (as sent) get a 413.
    pub max_bytes: Arc<Mutex<Option<usize>>>,
}

impl Stub {
    /// Takes writes on a port from now on.
    pub fn serve(&self, port: u16) {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let stub = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stub, stream) = (stub.clone(), stream.unwrap());
                std::thread::spawn(move || stub.connection(stream));
            }
        });
    }

    fn connection(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap_or(0) == 0 {
                    return;
                }
            }
            let head = head.to_ascii_lowercase();
            let header = |name: &str| {
                head.lines().find_map(|line| {
                    line.strip_prefix(name)?
                        .strip_prefix(": ")
                        .map(str::to_owned)
                })
            };
            let mut body =
                vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let (status, text) = self.answer(
                &head,
                header("authorization"),
                header("content-encoding"),
                &body,
            );
            *self.requests.lock().unwrap() += 1;
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
                text.len()
            );
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(
        &self,
        head: &str,
        authorization: Option<String>,
        encoding: Option<String>,
        body: &[u8],
    ) -> (u16, String) {
        let error = |status, code: &str, message: &str| {
            (
                status,
                format!("{{\"code\":\"{code}\",\"message\":\"{message}\"}}"),
            )
        };
        if !head.starts_with("post /api/v2/write?")
            || !head.contains("precision=ms")
            || !head.contains("org=fleet")
            || !head.contains("bucket=fg")
        {
            return error(
                400,
                "invalid",
                &format!(
                    "unexpected request {}",
                    head.lines().next().unwrap_or_default()
                ),
            );
        }
        if authorization.as_deref() != Some("token stub-token") {
            return error(401, "unauthorized", "unauthorized access");
        }
        if encoding.as_deref() != Some("gzip") {
            return error(400, "invalid", "not gzip");
        }
        if self
            .max_bytes
            .lock()
            .unwrap()
            .is_some_and(|max| body.len() > max)
        {
            return error(413, "request too large", "max body size");
        }
        if let Some(scripted) = self.script.lock().unwrap().pop_front() {
            return scripted;
        }
        let mut text = String::new();
        if flate2::read::MultiGzDecoder::new(body)
            .read_to_string(&mut text)
            .is_err()
        {
            return error(400, "invalid", "gzip: invalid header");
        }
        self.stored.lock().unwrap().push(text);
        (204, String::new())
    }

    /// What the next answers are.
    pub fn script(&self, answers: &[(u16, &str)]) {
        self.script.lock().unwrap().extend(
            answers
                .iter()
                .map(|(status, text)| (*status, (*text).to_owned())),
        );
    }

    /// Lines stored, in order.
    pub fn lines(&self) -> Vec<String> {
        self.stored
            .lock()
            .unwrap()
            .iter()
            .flat_map(|body| body.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// Odometer values of one vehicle, in the order stored.
    pub fn odometers(&self, id: &str) -> Vec<String> {
        let wanted = format!("vehicle_id={id},");
        let value = |line: &String| {
            Some(
                line.split("odometer_km=")
                    .nth(1)?
                    .split([',', ' '])
                    .next()?
                    .to_owned(),
            )
        };
        self.lines()
            .iter()
            .filter(|line| line.starts_with("vehicle_telemetry") && line.contains(&wanted))
            .filter_map(value)
            .collect()
    }
}
