//! The line goes on whatever happens to whoever listens.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, duplex};

use crate::ingest::ArrivalClock;
use crate::ocpp::tap::*;
use crate::ocpp::websocket::frame;
use crate::ocpp::websocket::frame::Opcode;
use crate::units::UtcMs;

fn text(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::write(&mut out, Opcode::Text, payload);
    out
}

#[tokio::test]
async fn a_listener_that_dies_at_every_frame_is_not_noticed() {
    let stats = Arc::new(Stats::default());
    let queue = Arc::new(Queue::new(4));
    let clock: ArrivalClock = Arc::new(|| UtcMs(0));
    let tap = |origin| StreamTap::new(origin, 1_000, queue.clone(), clock.clone(), stats.clone());
    let (mut charger, charger_end) = duplex(64);
    let (mut operator, operator_end) = duplex(64);
    let links = crate::ocpp::server::links::Links::default();
    let slot = links
        .acquire("CP", AuthMethod::None, std::net::Ipv4Addr::LOCALHOST.into())
        .await
        .expect("free");
    let liveness = slot.liveness.clone();
    let (ear_up, ear_down, to_end) = (tap(Origin::ChargePoint), tap(Origin::Csms), queue.clone());
    let line = tokio::spawn(async move {
        pump::run(charger_end, operator_end, ear_up, ear_down, &liveness).await;
        to_end.end();
    });
    let deaths = Arc::new(AtomicUsize::new(0));
    let (counted, listened) = (deaths.clone(), queue.clone());
    let listening = tokio::spawn(async move {
        let begin = move || {
            let queue = listened.clone();
            async move {
                if queue.take().await.is_some() {
                    panic!("on purpose");
                }
            }
        };
        let died = || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        stay(begin, died).await;
    });
    for n in 0..50 {
        let said = [
            text(format!("[2,\"{n}\",\"Heartbeat\",{{}}]").as_bytes()),
            vec![0x89, 0],
        ]
        .concat();
        charger.write_all(&said).await.expect("open");
        let mut passed = vec![0; said.len()];
        operator.read_exact(&mut passed).await.expect("open");
        assert_eq!(passed, said);
        let answer = text(b"[3]");
        operator.write_all(&answer).await.expect("open");
        let mut passed = vec![0; answer.len()];
        charger.read_exact(&mut passed).await.expect("open");
        assert_eq!(passed, answer);
    }
    drop(charger);
    assert_eq!(
        operator.read(&mut [0; 8]).await.expect("open"),
        0,
        "the end is passed on"
    );
    drop(operator);
    tokio::time::timeout(Duration::from_secs(10), async {
        (line.await, listening.await)
    })
    .await
    .expect("an end")
    .0
    .expect("no panic");
    assert_eq!(
        deaths.load(Ordering::Relaxed) as u64 + Stats::get(&stats.tap_dropped),
        100
    );
}

#[tokio::test]
async fn bytes_that_make_no_sense_are_passed_on_all_the_same() {
    let stats = Arc::new(Stats::default());
    let queue = Arc::new(Queue::new(4));
    let mut tap = StreamTap::new(
        Origin::Csms,
        100,
        queue.clone(),
        Arc::new(|| UtcMs(0)),
        stats.clone(),
    );
    tap.hear(&text(b"before"));
    tap.hear(&[0xFF; 40]);
    tap.hear(&text(b"after"));
    queue.end();
    assert_eq!(
        queue.take().await.map(|tapped| tapped.payload),
        Some(b"before".to_vec())
    );
    assert_eq!(queue.take().await, None);
    assert_eq!(Stats::get(&stats.tap_deaf), 1);
}
