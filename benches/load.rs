//! What the benchmark sends, made cheaply enough not to be what is measured.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use super::{CHARGE_POINTS, VEHICLES};

/// Takes every write, like a database that is never the bottleneck.
pub fn sink() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut buffer = Vec::new();
                let mut chunk = vec![0; 65_536];
                loop {
                    while let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n")
                    {
                        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
                        let length: usize = head
                            .lines()
                            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                            .unwrap_or(0);
                        if buffer.len() < end + 4 + length {
                            break;
                        }
                        buffer.drain(..end + 4 + length);
                        if stream
                            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                            .is_err()
                        {
                            return;
                        }
                    }
                    match stream.read(&mut chunk) {
                        Ok(0) | Err(_) => return,
                        Ok(n) => buffer.extend_from_slice(&chunk[..n]),
                    }
                }
            });
        }
    });
    port
}

/// A register of the goal's size.
pub fn register(folder: &Path) {
    let register = folder.join("register");
    std::fs::create_dir_all(&register).unwrap();
    let mut vehicles =
        "vehicle_id,organisation,site,role,category,fuel,euro,engine_cc,mass_kg,co2_g_per_km,first_registered,id_tags\n"
            .to_owned();
    for n in 0..VEHICLES {
        let fuel = if n % 4 == 0 {
            "ELECTRICITY,,,3500,0"
        } else {
            "DIESEL,EURO 6 AG,2143,3500,250"
        };
        let _ = writeln!(
            vehicles,
            "AMB-{n:04},EMAS,S{},emergency,van,{fuel},2022-03,TAG{n:04}",
            n % 70
        );
    }
    let sites: String = (0..70).map(|n| format!("S{n},EMAS\n")).collect();
    let points: String = (0..CHARGE_POINTS)
        .map(|n| format!("CP{n:04},EMAS,S{},2,22\n", n % 70))
        .collect();
    std::fs::write(register.join("vehicles.csv"), vehicles).unwrap();
    std::fs::write(
        register.join("organisations.csv"),
        "organisation_id\nEMAS\n",
    )
    .unwrap();
    std::fs::write(
        register.join("sites.csv"),
        format!("site_id,organisation\n{sites}"),
    )
    .unwrap();
    std::fs::write(
        register.join("charge_points.csv"),
        format!("charge_point_id,organisation,site,connectors,max_power_kw\n{points}"),
    )
    .unwrap();
}

/// PUBLISH packets of one connection: a template whose digits are counted up.
pub struct Packets {
    template: Vec<u8>,
    odometer_at: usize,
    time_at: usize,
    id_at: Option<usize>,
    odometer: u64,
    time: u64,
    pub id: u16,
}

impl Packets {
    pub fn new(vehicle: usize, qos: u8) -> Self {
        let topic = format!("fleet/vehicles/AMB-{vehicle:04}/telemetry");
        let (odometer, time) = (100_000_000, 1_790_000_000_000);
        let payload = format!(
            "{{\"v\":1,\"ts\":{time},\"odometer\":100000.000,\"fuel_used_total\":5321.4,\"fuel_level\":62.5,\"ignition\":true,\"speed\":48,\"soc\":76.5,\"charging\":false,\"charge_power\":0,\"position\":[52.48142,-1.89983]}}"
        );
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend_from_slice(topic.as_bytes());
        let id_at = (qos > 0).then_some(3 + body.len());
        if qos > 0 {
            body.extend_from_slice(&[0, 0]);
        }
        body.extend_from_slice(payload.as_bytes());
        assert!((128..16_384).contains(&body.len()), "two length bytes");
        let mut template = vec![
            0x30 | qos << 1,
            (body.len() % 128) as u8 | 0x80,
            (body.len() / 128) as u8,
        ];
        template.extend_from_slice(&body);
        let find = |needle: &str| {
            template
                .windows(needle.len())
                .position(|window| window == needle.as_bytes())
                .unwrap()
                + needle.len()
        };
        let (odometer_at, time_at) = (find("\"odometer\":"), find("\"ts\":"));
        Self {
            template,
            odometer_at,
            time_at,
            id_at,
            odometer,
            time,
            id: 0,
        }
    }

    pub fn next(&mut self, out: &mut Vec<u8>) {
        self.odometer += 13;
        self.time += 1_000;
        digits(
            &mut self.template[self.odometer_at..self.odometer_at + 6],
            self.odometer / 1000,
        );
        digits(
            &mut self.template[self.odometer_at + 7..self.odometer_at + 10],
            self.odometer % 1000,
        );
        digits(
            &mut self.template[self.time_at..self.time_at + 13],
            self.time,
        );
        if let Some(at) = self.id_at {
            self.id = self.id % 60_000 + 1;
            self.template[at..at + 2].copy_from_slice(&self.id.to_be_bytes());
        }
        out.extend_from_slice(&self.template);
    }
}

fn digits(into: &mut [u8], mut value: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// An MQTT connection without keep-alive.
pub fn connect(port: u16, id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut packet = vec![0x10, 12 + id.len() as u8];
    packet.extend_from_slice(b"\0\x04MQTT\x04\x02\0\0\0");
    packet.push(id.len() as u8);
    packet.extend_from_slice(id.as_bytes());
    stream.write_all(&packet).unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0]);
    stream
}

/// A MeterValues request with six samples, about 700 bytes.
pub fn meter_values(id: u64, minute: u64) -> String {
    let register = 1_000_000 + minute * 180;
    format!(
        "[2,\"{id}\",\"MeterValues\",{{\"connectorId\":1,\"transactionId\":4711,\"meterValue\":[{{\"timestamp\":\"2026-11-24T09:{:02}:{:02}Z\",\"sampledValue\":[\
         {{\"value\":\"{register}\",\"context\":\"Sample.Periodic\",\"measurand\":\"Energy.Active.Import.Register\",\"location\":\"Outlet\",\"unit\":\"Wh\"}},\
         {{\"value\":\"10800\",\"context\":\"Sample.Periodic\",\"measurand\":\"Power.Active.Import\",\"location\":\"Outlet\",\"unit\":\"W\"}},\
         {{\"value\":\"15.6\",\"context\":\"Sample.Periodic\",\"measurand\":\"Current.Import\",\"phase\":\"L1\",\"unit\":\"A\"}},\
         {{\"value\":\"15.7\",\"context\":\"Sample.Periodic\",\"measurand\":\"Current.Import\",\"phase\":\"L2\",\"unit\":\"A\"}},\
         {{\"value\":\"230.4\",\"context\":\"Sample.Periodic\",\"measurand\":\"Voltage\",\"phase\":\"L1-N\",\"unit\":\"V\"}},\
         {{\"value\":\"76\",\"context\":\"Sample.Periodic\",\"measurand\":\"SoC\",\"location\":\"EV\",\"unit\":\"Percent\"}}]}}]}}]",
        minute / 60 % 60,
        minute % 60
    )
}

/// A client's text frame with a mask of zeros.
pub fn masked(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(text);
    frame
}
