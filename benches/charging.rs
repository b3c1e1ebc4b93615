//! Charge points: MeterValues answered after the commit, the delay of the tap, and a depot that comes back all at once.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::load::{masked, meter_values};
use super::support::TempDir;
use super::{CHARGE_POINTS, cpu_seconds, daemon, row, rss_kib};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

async fn dial(port: u16, id: &str) -> Socket {
    let mut request = format!("ws://127.0.0.1:{port}/ocpp/{id}")
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    tokio_tungstenite::connect_async(request).await.unwrap().0
}

/// A share of the sorted latencies, in ms.
fn at(latencies: &[Duration], share: f64) -> f64 {
    latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0
}

pub fn ocpp(connections: usize, messages: usize) {
    let folder = TempDir::new("bench-ocpp");
    let daemon = daemon(folder.path(), "");
    let share = messages / connections;
    let (seconds, cpu, mut latencies) = runtime().block_on(async {
        let mut sockets = Vec::new();
        for n in 0..connections {
            sockets.push(dial(daemon.ocpp, &format!("CP{n:04}")).await);
        }
        let before = cpu_seconds(daemon.id());
        let started = Instant::now();
        let tasks: Vec<_> = sockets
            .into_iter()
            .map(|mut socket| {
                tokio::spawn(async move {
                    let mut latencies = Vec::with_capacity(share);
                    for n in 0..share as u64 {
                        let sent = Instant::now();
                        socket
                            .send(Message::text(meter_values(n, n)))
                            .await
                            .unwrap();
                        let answer = socket.next().await.unwrap().unwrap();
                        assert!(answer.to_text().unwrap().starts_with("[3,"), "{answer}");
                        latencies.push(sent.elapsed());
                    }
                    latencies
                })
            })
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.unwrap());
        }
        (
            started.elapsed().as_secs_f64(),
            cpu_seconds(daemon.id()) - before,
            latencies,
        )
    });
    latencies.sort();
    let answers = latencies.len() as f64;
    row(
        &format!("OCPP 1.6 MeterValues, {connections} charge points: answers a second"),
        &format!("{:.0}", answers / seconds),
        "",
    );
    row(
        "  answers per processor second",
        &format!("{:.0}", answers / cpu),
        "Python 1.2 k, Node 15 k, bare Rust echo 60 k",
    );
    row(
        "  p50 and p99, answered after commit",
        &format!(
            "{:.1} ms, {:.1} ms",
            at(&latencies, 0.5),
            at(&latencies, 0.99)
        ),
        "",
    );
    row(
        "  memory after it",
        &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0),
        "",
    );
}

/// Round trips to an operator that answers at once, straight and through the tap, every charge point once a second.
pub fn tap(seconds: usize) {
    let operator = operator();
    let folder = TempDir::new("bench-tap");
    let daemon = daemon(
        folder.path(),
        &format!("[tap]\nupstream = \"ws://127.0.0.1:{operator}\"\n"),
    );
    let before = cpu_seconds(daemon.id());
    let straight = round_trips(operator, seconds);
    let idle_cpu = cpu_seconds(daemon.id()) - before;
    let tapped = round_trips(daemon.ocpp, seconds);
    let cpu = cpu_seconds(daemon.id()) - before - idle_cpu;
    let shown = |latencies: &[Duration]| {
        format!(
            "{:.2} ms, {:.2} ms",
            at(latencies, 0.5),
            at(latencies, 0.99)
        )
    };
    row(
        &format!("{CHARGE_POINTS} charge points, round trip straight to the operator: p50, p99"),
        &shown(&straight),
        "",
    );
    row("  through the tap", &shown(&tapped), "");
    row(
        "  added at p50, at p99",
        &format!(
            "{:.2} ms, {:.2} ms",
            at(&tapped, 0.5) - at(&straight, 0.5),
            at(&tapped, 0.99) - at(&straight, 0.99)
        ),
        "",
    );
    row(
        "  messages passed per processor second, understood and booked",
        &format!("{:.0}", 2.0 * tapped.len() as f64 / cpu),
        "",
    );
    row(
        "  memory after it",
        &format!("{:.1} MiB", rss_kib(daemon.id()) / 1024.0),
        "",
    );
    assert_eq!(
        daemon.metric("fleetgauge_tap_dropped_total"),
        0.0,
        "everything that passed was understood"
    );
}

/// An operator's central system that answers every request with nothing.
fn operator() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(async move {
                    let mut socket = tokio_tungstenite::accept_hdr_async(stream, protocol)
                        .await
                        .unwrap();
                    while let Some(Ok(Message::Text(text))) = socket.next().await {
                        let id = text.split('"').nth(1).unwrap();
                        socket
                            .send(Message::text(format!("[3,\"{id}\",{{}}]")))
                            .await
                            .unwrap();
                    }
                });
            }
        });
    });
    port
}

#[expect(
    clippy::result_large_err,
    reason = "the callback's type is the library's"
)]
fn protocol(
    _: &tokio_tungstenite::tungstenite::handshake::server::Request,
    mut response: tokio_tungstenite::tungstenite::handshake::server::Response,
) -> Result<
    tokio_tungstenite::tungstenite::handshake::server::Response,
    tokio_tungstenite::tungstenite::handshake::server::ErrorResponse,
> {
    response.headers_mut().insert(
        "Sec-WebSocket-Protocol",
        HeaderValue::from_static("ocpp1.6"),
    );
    Ok(response)
}

fn round_trips(port: u16, seconds: usize) -> Vec<Duration> {
    let mut latencies = runtime().block_on(async {
        let mut sockets = Vec::new();
        for n in 0..CHARGE_POINTS {
            sockets.push(dial(port, &format!("TAP{n:04}")).await);
        }
        let begun = Instant::now();
        let tasks = sockets.into_iter().enumerate().map(|(n, mut socket)| {
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                for round in 0..seconds {
                    // One after the other, not all at the full second.
                    let due = Duration::from_secs(round as u64)
                        + Duration::from_secs(1) * n as u32 / CHARGE_POINTS as u32;
                    tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
                    let sent = Instant::now();
                    socket
                        .send(Message::text(meter_values(round as u64, round as u64)))
                        .await
                        .unwrap();
                    socket.next().await.unwrap().unwrap();
                    latencies.push(sent.elapsed());
                }
                latencies
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.unwrap());
        }
        latencies
    });
    latencies.sort();
    latencies
}

/// A depot that comes back all at once: every charge point connects, boots, and sends a transaction from its memory.
pub fn storm(charge_points: usize) {
    let folder = TempDir::new("bench-storm");
    let daemon = daemon(folder.path(), "");
    let port = daemon.ocpp;
    let before = cpu_seconds(daemon.id());
    let begun = Instant::now();
    let mut latencies = runtime().block_on(async {
        let tasks: Vec<_> = (0..charge_points)
            .map(|n| tokio::spawn(reconnect(port, n)))
            .collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await.unwrap());
        }
        latencies
    });
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = cpu_seconds(daemon.id()) - before;
    latencies.sort();
    row(
        &format!("{charge_points} charge points reconnect at once: all settled after"),
        &format!("{seconds:.1} s"),
        "",
    );
    row("  processor seconds", &format!("{cpu:.2}"), "");
    row(
        "  transaction messages answered after commit: p50, p99",
        &format!(
            "{:.0} ms, {:.0} ms",
            at(&latencies, 0.5),
            at(&latencies, 0.99)
        ),
        "",
    );
    let refused = daemon.metric("fleetgauge_connections_refused_total");
    let (_, sessions) = daemon.get("/api/v1/sessions");
    let booked = sessions.matches("\"transaction_id\":").count();
    row(
        "  connections refused, transactions lost",
        &format!("{refused:.0}, {}", charge_points - booked),
        "",
    );
    assert!(refused == 0.0 && booked == charge_points);
}

async fn reconnect(port: u16, n: usize) -> Vec<Duration> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let head = format!(
        "GET /ocpp/STORM{n:05} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut buffer = Vec::new();
    while !buffer.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut buffer).await.unwrap() > 0, "closed");
    }
    assert!(
        buffer.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&buffer)
    );
    ask(
        &mut stream,
        r#"[2,"1","BootNotification",{"chargePointVendor":"ACME","chargePointModel":"M1"}]"#,
    )
    .await;
    ask(&mut stream, r#"[2,"2","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#).await;
    let mut latencies = Vec::new();
    let mut timed = Instant::now();
    let start = r#"[2,"3","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2026-11-24T09:00:00Z"}]"#;
    let started = ask(&mut stream, start).await;
    latencies.push(timed.elapsed());
    let id: String = started
        .split("transactionId\":")
        .nth(1)
        .unwrap()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    timed = Instant::now();
    let stop = format!(
        r#"[2,"4","StopTransaction",{{"transactionId":{id},"meterStop":5000,"timestamp":"2026-11-24T10:00:00Z"}}]"#
    );
    ask(&mut stream, &stop).await;
    latencies.push(timed.elapsed());
    latencies
}

/// Sends a request of less than 126 bytes and reads an answer of less than 126 bytes.
async fn ask(stream: &mut TcpStream, frame: &str) -> String {
    assert!(frame.len() < 126, "{} bytes", frame.len());
    stream.write_all(&masked(frame.as_bytes())).await.unwrap();
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    assert!(head[0] == 0x81 && head[1] < 126, "{head:?}");
    let mut answer = vec![0; head[1].into()];
    stream.read_exact(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("[3,"), "{answer}");
    answer
}
