//! One fuzzing binary for all targets, because linking takes longer than a target's few seconds. `FUZZ_TARGET` names the target;
//! `FUZZ_LIST` prints all names; `FUZZ_SEEDS` writes a target's seeds into a folder.
//!
//! The targets check what must hold for every input. Whether a value is right is checked by the recorded frames of `tests/frames`.

#![no_main]

mod decoder;
mod other;
mod seeds;
mod websocket;

use std::path::Path;
use std::sync::OnceLock;

use decoder::Target;
use fleetgauge::telemetry::DECODERS;
use libfuzzer_sys::fuzz_target;

/// Targets that are no decoder.
const OTHERS: [(&str, fn(&[u8])); 4] = [
    ("mapping", other::mapping),
    ("ocpp", other::ocpp),
    ("websocket", websocket::fuzz),
    ("units", other::units),
];

enum Selected {
    Decoder(Target),
    Other(fn(&[u8])),
}

static SELECTED: OnceLock<Selected> = OnceLock::new();

/// The names of all targets.
fn names() -> impl Iterator<Item = &'static str> {
    DECODERS
        .iter()
        .map(|decoder| decoder.name)
        .chain(OTHERS.into_iter().map(|(name, _)| name))
}

fn init() {
    if std::env::var_os("FUZZ_LIST").is_some() {
        names().for_each(|name| println!("{name}"));
        std::process::exit(0);
    }
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let decoder = DECODERS.iter().find(|decoder| decoder.name == name);
    let other = OTHERS.into_iter().find(|(known, _)| *known == name);
    let (selected, seeds) = match (decoder, other) {
        (Some(decoder), _) => {
            let target = Target::new(decoder);
            let seeds = target.seeds();
            (Selected::Decoder(target), seeds)
        }
        (None, Some((name, fuzz))) => (Selected::Other(fuzz), seeds::for_target(name)),
        (None, None) => {
            eprintln!(
                "FUZZ_TARGET is `{name}`; it must be one of: {}",
                names().collect::<Vec<_>>().join(", ")
            );
            std::process::exit(2);
        }
    };
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(Path::new(&folder).join(format!("seed{number:04}")), seed)
                .expect("the folder for seeds can be written");
        }
        std::process::exit(0);
    }
    let _ = SELECTED.set(selected);
}

fuzz_target!(init: init(), |data: &[u8]| {
    match SELECTED.get() {
        Some(Selected::Decoder(target)) => target.fuzz(data),
        Some(Selected::Other(fuzz)) => fuzz(data),
        None => unreachable!("init() selects a target or ends the process"),
    }
});
