//! The link between charge point and operator continues when the observer panics or cannot parse.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, DuplexStream, duplex};

use crate::ingest::ArrivalClock;
use crate::ocpp::tap::*;
use crate::ocpp::websocket::frame;
use crate::ocpp::websocket::frame::Opcode;
use crate::units::UtcMs;

fn text(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::encode(&mut out, Opcode::Text, payload);
    out
}

/// An observer that panics at each message of the queue, and counts the panics.
async fn panic_at_each_message(queue: Arc<Queue>, panics: Arc<AtomicUsize>) {
    let begin = move || {
        let queue = queue.clone();
        async move {
            if queue.next().await.is_some() {
                panic!("on purpose");
            }
        }
    };
    let on_panic = || {
        panics.fetch_add(1, Ordering::Relaxed);
    };
    supervise(begin, on_panic).await;
}

async fn assert_passes(bytes: &[u8], from: &mut DuplexStream, to: &mut DuplexStream) {
    from.write_all(bytes).await.expect("open");
    let mut passed = vec![0; bytes.len()];
    to.read_exact(&mut passed).await.expect("open");
    assert_eq!(passed, bytes);
}

#[tokio::test]
async fn an_observer_that_panics_at_every_frame_does_not_disturb_the_link() {
    let stats = Arc::new(Stats::default());
    let queue = Arc::new(Queue::new(4));
    let clock: ArrivalClock = Arc::new(|| UtcMs(0));
    let copier =
        |origin| MessageCopier::new(origin, 1_000, queue.clone(), clock.clone(), stats.clone());
    let (mut charger, charger_end) = duplex(64);
    let (mut operator, operator_end) = duplex(64);
    let links = crate::ocpp::server::links::Links::default();
    let slot = links
        .acquire("CP", AuthMethod::None, std::net::Ipv4Addr::LOCALHOST.into())
        .await
        .expect("free");
    let liveness = slot.liveness.clone();
    let (copier_up, copier_down, to_close) = (
        copier(Origin::ChargePoint),
        copier(Origin::Csms),
        queue.clone(),
    );
    let line = tokio::spawn(async move {
        pump::run(charger_end, operator_end, copier_up, copier_down, &liveness).await;
        to_close.close();
    });
    let panics = Arc::new(AtomicUsize::new(0));
    let (counted, observed) = (panics.clone(), queue.clone());
    let observer = tokio::spawn(panic_at_each_message(observed, counted));
    for n in 0..50 {
        let request = text(format!("[2,\"{n}\",\"Heartbeat\",{{}}]").as_bytes());
        assert_passes(
            &[request, vec![0x89, 0]].concat(),
            &mut charger,
            &mut operator,
        )
        .await;
        assert_passes(&text(b"[3]"), &mut operator, &mut charger).await;
    }
    drop(charger);
    assert_eq!(
        operator.read(&mut [0; 8]).await.expect("open"),
        0,
        "the end is passed on"
    );
    drop(operator);
    tokio::time::timeout(Duration::from_secs(10), async {
        (line.await, observer.await)
    })
    .await
    .expect("an end")
    .0
    .expect("no panic");
    assert_eq!(
        panics.load(Ordering::Relaxed) as u64 + Stats::get(&stats.tap_dropped),
        100
    );
}

#[tokio::test]
async fn bytes_that_are_no_websocket_frames_are_passed_on_unobserved() {
    let stats = Arc::new(Stats::default());
    let queue = Arc::new(Queue::new(4));
    let mut copier = MessageCopier::new(
        Origin::Csms,
        100,
        queue.clone(),
        Arc::new(|| UtcMs(0)),
        stats.clone(),
    );
    copier.copy(&text(b"before"));
    copier.copy(&[0xFF; 40]);
    copier.copy(&text(b"after"));
    queue.close();
    assert_eq!(
        queue.next().await.map(|message| message.payload),
        Some(b"before".to_vec())
    );
    assert_eq!(queue.next().await, None);
    assert_eq!(Stats::get(&stats.tap_unobserved), 1);
}
