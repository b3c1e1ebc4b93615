//! Every decoder over its recorded messages: time, bytes and allocations of a message. Decoding only: no socket, engine or disk.
//!
//! `cargo bench --bench decoders`, and `-- NAME` for one. The best of several rounds, because whatever disturbs only adds.

#![allow(
    unreachable_pub,
    reason = "helpers of a binary are public to its modules alone"
)]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark fails by panicking, and needs the real clock"
)]

#[path = "../tests/support/recorded_frames.rs"]
mod recorded_frames;

use std::hint::black_box;
use std::time::Instant;

use fleetgauge::model::{Reading, RejectReason};
use fleetgauge::telemetry::{DECODERS, Decode, Sink};
use recorded_frames::Recorded;

const ROUNDS: usize = 15;
/// Messages of one round, about: a few milliseconds, longer than the clock's step and shorter than a time slice.
const MESSAGES_OF_A_ROUND: usize = 4_000;
/// The size that the house rule is about, in bytes; the recorded JSON nearest to it is shown, and what that makes for this size.
const USUAL: usize = 200;

/// Looks at everything and keeps nothing.
struct Look;

impl Sink for Look {
    fn reading(&mut self, reading: Reading<'_>) {
        black_box(&reading);
    }

    fn ignored(&mut self, _: RejectReason, field: &str, _: &str) {
        black_box(field);
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let only = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    println!(
        "{:<14}{:>9}{:>8}{:>9}{:>9}     a JSON message near {USUAL} bytes",
        "decoder", "messages", "bytes", "ns", "allocs"
    );
    for decoder in DECODERS
        .iter()
        .filter(|decoder| only.as_deref().is_none_or(|only| only == decoder.name))
    {
        let messages = recorded_frames::messages(decoder);
        let mut running = (decoder.start)();
        let all: Vec<&Recorded> = messages.iter().collect();
        let of_all = measure(&mut *running, &all);
        print!(
            "{:<14}{:>9}{:>8.0}{:>9.0}{:>9.2}",
            decoder.name,
            all.len(),
            of_all.bytes,
            of_all.ns,
            of_all.allocations
        );
        let cases = recorded_frames::cases(decoder);
        let good = messages
            .iter()
            .chain(&cases)
            .filter(|message| tells_something(&mut *running, message));
        match good.min_by_key(|message| message.payload.len().abs_diff(USUAL)) {
            Some(usual) => {
                let one = measure(&mut *running, &[usual]);
                println!(
                    "     {:>4.0} bytes{:>6.0} ns{:>6.2} allocs{:>7.0} ns for {USUAL}",
                    one.bytes,
                    one.ns,
                    one.allocations,
                    one.ns / one.bytes * USUAL as f64
                );
            }
            None => println!(),
        }
    }
}

/// A JSON object of which something is told and nothing left out.
fn tells_something(decoder: &mut dyn Decode, message: &Recorded) -> bool {
    struct Count(usize, usize);
    impl Sink for Count {
        fn reading(&mut self, _: Reading<'_>) {
            self.0 += 1;
        }
        fn ignored(&mut self, _: RejectReason, _: &str, _: &str) {
            self.1 += 1;
        }
    }
    let mut count = Count(0, 0);
    let done = decoder.decode(&message.message(), &mut count);
    message.payload.first() == Some(&b'{') && done.is_ok() && count.0 > 0 && count.1 == 0
}

/// Of one message, on average.
struct Cost {
    bytes: f64,
    ns: f64,
    allocations: f64,
}

fn measure(decoder: &mut dyn Decode, messages: &[&Recorded]) -> Cost {
    let mut pass = || {
        for message in messages {
            let _ = black_box(decoder.decode(&black_box(message).message(), &mut Look));
        }
    };
    pass();
    let count = messages.len() as f64;
    let allocations = allocation_counter::measure(&mut pass).count_total as f64 / count;
    let passes = (MESSAGES_OF_A_ROUND / messages.len()).max(1);
    let round = || {
        let begin = Instant::now();
        (0..passes).for_each(|_| pass());
        begin.elapsed().as_nanos() as f64 / passes as f64 / count
    };
    let ns = std::iter::repeat_with(round)
        .take(ROUNDS)
        .fold(f64::INFINITY, f64::min);
    Cost {
        bytes: messages
            .iter()
            .map(|message| message.payload.len())
            .sum::<usize>() as f64
            / count,
        ns,
        allocations,
    }
}
