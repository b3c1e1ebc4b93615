//! One fuzzing binary for all targets: `FUZZ_TARGET` says which; `FUZZ_LIST` prints them, `FUZZ_SEEDS` writes a target's seeds into a folder.
//! Checks what holds for every input; finds no wrong meaning, that is the frames' business.

#![no_main]
#![allow(dead_code, reason = "only a part of the main crate is called")]

#[path = "../../src/decode/mod.rs"]
pub mod decode;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/units/mod.rs"]
pub mod units;

mod decoder;
mod other;
mod seeds;
mod websocket;

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

use decode::mqtt::DECODERS;
use decoder::Target;

/// Targets that are no decoder.
const OTHERS: [(&str, fn(&[u8])); 4] = [
    ("mapping", other::mapping),
    ("ocpp", other::ocpp),
    ("websocket", websocket::fuzz),
    ("units", other::units),
];

enum Chosen {
    Decoder(Target),
    Other(fn(&[u8])),
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

/// Everything that can be chosen.
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
    let (chosen, seeds) = match (decoder, other) {
        (Some(decoder), _) => {
            let target = Target::new(decoder);
            let seeds = target.seeds();
            (Chosen::Decoder(target), seeds)
        }
        (None, Some((name, fuzz))) => (Chosen::Other(fuzz), seeds::of_other(name)),
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
    let _ = CHOSEN.set(chosen);
}

fuzz_target!(init: init(), |data: &[u8]| {
    match CHOSEN.get() {
        Some(Chosen::Decoder(target)) => target.fuzz(data),
        Some(Chosen::Other(fuzz)) => fuzz(data),
        None => unreachable!("init() chooses or ends the process"),
    }
});
