//! The table of formats: one file or folder per MQTT payload format, each of which exports `DECODER`. To add a format, write its file,
//! add its `mod` line and its line in [`DECODERS`] below, and record its frames in `tests/frames/mqtt/<name>/`.

mod autopi;
mod evcc;
mod flespi;
mod goe;
mod native;
mod ocpp_bridge;
mod openwb;
mod ovms;
mod shelly;
mod sparkplug;
mod tasmota;
mod teltonika;
mod tesla;
mod teslamate;
mod traccar;
mod viss;
mod wallbox;
mod wican;

use super::Decoder;

/// Every format in the program. If two claim one topic, the first gets it.
pub const DECODERS: &[Decoder] = &[
    native::DECODER,
    ovms::DECODER,
    teslamate::DECODER,
    traccar::DECODER,
    flespi::DECODER,
    teltonika::DECODER,
    autopi::DECODER,
    viss::DECODER,
    wican::DECODER,
    sparkplug::DECODER,
    // Chargers and meters.
    evcc::DECODER,
    openwb::DECODER,
    goe::DECODER,
    shelly::DECODER,
    tasmota::DECODER,
    wallbox::DECODER,
    ocpp_bridge::DECODER,
    // Last, because it recognises its topics by their end alone.
    tesla::DECODER,
];
