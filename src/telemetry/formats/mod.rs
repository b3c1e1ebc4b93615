//! One file or folder per MQTT payload format. Each exports `DECODER`; the table of all is [`super::DECODERS`].

pub(super) mod autopi;
pub(super) mod evcc;
pub(super) mod flespi;
pub(super) mod goe;
pub(super) mod native;
pub(super) mod ocpp_bridge;
pub(super) mod openwb;
pub(super) mod ovms;
pub(super) mod shelly;
pub(super) mod sparkplug;
pub(super) mod tasmota;
pub(super) mod teltonika;
pub(super) mod tesla;
pub(super) mod teslamate;
pub(super) mod traccar;
pub(super) mod viss;
pub(super) mod wallbox;
pub(super) mod wican;
