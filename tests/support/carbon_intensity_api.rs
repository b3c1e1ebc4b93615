//! A server of the Carbon Intensity API for Great Britain (National Energy System Operator, "Carbon Intensity API", definitions of
//! `/intensity/{from}/{to}` and `/regional/intensity/{from}/{to}/regionid/{regionid}`): national replies, regional replies with an object
//! or an array in `data`, `actual` null, error bodies, outages and revisions.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fleetgauge::units::UtcMs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

const HALF_HOUR_MS: i64 = 1_800_000;

/// What the server does with requests.
#[derive(Default)]
pub struct Behaviour {
    /// Status and body instead of data.
    pub outage: Option<(u16, String)>,
    /// Added to every figure: a revision.
    pub revised_by: i64,
    /// Regional replies have an array in `data`.
    pub array: bool,
    /// `actual` is there for half-hours that begin before it; later ones have null.
    pub actual_until: UtcMs,
    /// Closes connections without an answer.
    pub dead: bool,
    /// The body is sent in two chunks.
    pub chunked: bool,
    /// Paths that were requested, in order.
    pub requested_paths: Vec<String>,
}

/// The server; it ends with the process.
#[derive(Clone)]
pub struct CarbonIntensityApi {
    /// Its port on loopback.
    pub port: u16,
    behaviour: Arc<Mutex<Behaviour>>,
}

/// The forecast of an area (0 is national) for a half-hour; the actual figure is 5 more.
pub fn forecast(area: u8, start: UtcMs) -> i64 {
    100 + i64::from(area) * 10 + start.0.div_euclid(HALF_HOUR_MS).rem_euclid(48)
}

impl CarbonIntensityApi {
    /// Starts the server on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = Self {
            port: listener.local_addr().unwrap().port(),
            behaviour: Arc::default(),
        };
        let serving = api.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serving.answer(stream.unwrap());
            }
        });
        api
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes how it answers.
    pub fn set(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().unwrap());
    }

    /// Paths requested_paths for so far.
    pub fn requested_paths(&self) -> Vec<String> {
        self.behaviour.lock().unwrap().requested_paths.clone()
    }

    /// The same over TLS, with `<folder>/grid.pem` and `grid.key`.
    pub fn start_secured(folder: &Path) -> Self {
        let chain = vec![CertificateDer::from_pem_file(folder.join("grid.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(folder.join("grid.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = Arc::new(
            builder
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .unwrap(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = Self {
            port: listener.local_addr().unwrap().port(),
            behaviour: Arc::default(),
        };
        let serving = api.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(config.clone()).unwrap();
                serving.answer(StreamOwned::new(connection, stream.unwrap()));
            }
        });
        api
    }

    fn answer(&self, mut stream: impl Read + Write) {
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !request.windows(4).any(|window| window == b"\r\n\r\n") {
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(count) => request.extend_from_slice(&chunk[..count]),
            }
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut behaviour = self.behaviour.lock().unwrap();
        behaviour.requested_paths.push(path.clone());
        if behaviour.dead {
            return;
        }
        let (status, body) = match &behaviour.outage {
            Some((status, body)) => (*status, body.clone()),
            None => match reply(&path, &behaviour) {
                Some(body) => (200, body.to_string()),
                None => {
                    (400, json!({ "error": { "code": "400 Bad Request", "message": "Please enter a valid date" } }).to_string())
                }
            },
        };
        let answer = if behaviour.chunked {
            let half = body.len() / 2;
            let (first, last) = (&body[..half], &body[half..]);
            format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{last}\r\n0\r\n\r\n",
                first.len(),
                last.len()
            )
        } else {
            format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        let _ = stream
            .write_all(answer.as_bytes())
            .and_then(|()| stream.flush());
    }
}

/// `/intensity/{from}/{to}` and `/regional/intensity/{from}/{to}/regionid/{id}`, at most 14 days.
fn reply(path: &str, behaviour: &Behaviour) -> Option<Value> {
    let parts: Vec<&str> = path.split('/').collect();
    let (area, from, to) = match parts[..] {
        ["", "intensity", from, to] => (0, from, to),
        ["", "regional", "intensity", from, to, "regionid", id] => (id.parse().ok()?, from, to),
        _ => return None,
    };
    // The service takes times in minutes only: `2018-01-20T12:00Z`.
    let at = |text: &str| {
        (text.len() == 17)
            .then(|| text.parse::<UtcMs>().ok())
            .flatten()
    };
    let (from, to) = (at(from)?, at(to)?);
    if to.since(from) > 14 * 86_400_000 || to < from {
        return None;
    }
    // The real service includes the half-hour that ends at `from`.
    let first = from.0.div_euclid(HALF_HOUR_MS) - 1;
    let minutes = |slot: i64| format!("{}Z", &UtcMs(slot * HALF_HOUR_MS).to_string()[..16]);
    let periods: Vec<Value> = (first..to.0.div_euclid(HALF_HOUR_MS))
        .map(|slot| {
            let start = UtcMs(slot * HALF_HOUR_MS);
            let figure = forecast(area, start) + behaviour.revised_by;
            let actual = (start < behaviour.actual_until).then_some(figure + 5);
            let intensity = match area {
                0 => json!({ "forecast": figure, "actual": actual, "index": "moderate" }),
                _ => json!({ "forecast": figure, "index": "moderate" }),
            };
            let mut period =
                json!({ "from": minutes(slot), "to": minutes(slot + 1), "intensity": intensity });
            if area != 0 {
                period["generationmix"] =
                    json!([{ "fuel": "gas", "perc": 43.6 }, { "fuel": "wind", "perc": 56.4 }]);
            }
            period
        })
        .collect();
    if area == 0 {
        return Some(json!({ "data": periods }));
    }
    let region = json!({ "regionid": area, "dnoregion": "A network", "shortname": "A region", "data": periods });
    Some(json!({ "data": if behaviour.array { json!([region]) } else { region } }))
}
