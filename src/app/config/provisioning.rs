//! `[setup]`: the configuration that charge points are to have, and how long to wait for them.

use std::time::Duration;

use crate::app::config::keys::Section;
use crate::ocpp::provisioning::ProvisioningConfig;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// What is booked; a list without it would lose data.
const REGISTER: &str = "Energy.Active.Import.Register";
/// OCPP 1.6 has 22 measurands.
const MAX_MEASURANDS: usize = 22;

pub(super) fn read(mut section: Section<'_>) -> ProvisioningConfig {
    let mut config = ProvisioningConfig::default();
    section.flag("enabled", &mut config.enabled);
    section.texts("charge_points", &mut config.charge_points);
    section.texts("measurands", &mut config.measurands);
    section.flag("triggers", &mut config.triggers);
    section.flag("inventory", &mut config.inventory);
    section.whole("deaf_after", &mut config.deaf_after, 1, 100);
    let clock_aligned = &mut config.clock_aligned_interval;
    let deaf_close = &mut config.deaf_close_interval;
    for (key, into, low, high) in [
        // Less than five seconds after its boot, a charge point may be busy enough to be harmed.
        ("settle", &mut config.settle, 5 * SECOND, HOUR),
        ("boot_wait", &mut config.boot_wait, 5 * SECOND, HOUR),
        (
            "call_timeout",
            &mut config.call_timeout,
            SECOND,
            600 * SECOND,
        ),
        ("sample_interval", &mut config.sample_interval, SECOND, DAY),
        (
            "sample_interval_rapid",
            &mut config.sample_interval_rapid,
            SECOND,
            DAY,
        ),
        ("clock_aligned_interval", clock_aligned, Duration::ZERO, DAY),
        (
            "websocket_ping_interval",
            &mut config.websocket_ping_interval,
            10 * SECOND,
            DAY,
        ),
        (
            "inventory_timeout",
            &mut config.inventory_timeout,
            SECOND,
            HOUR,
        ),
        (
            "transaction_check",
            &mut config.transaction_check,
            5 * SECOND,
            DAY,
        ),
        ("deaf_close_interval", deaf_close, 60 * SECOND, 365 * DAY),
    ] {
        section.duration(key, into, low, high);
    }
    check_measurands(&mut section, &config.measurands);
    section.finish();
    config
}

fn check_measurands(section: &mut Section<'_>, measurands: &[String]) {
    if !measurands.iter().any(|measurand| measurand == REGISTER) {
        let hint = "add \"Energy.Active.Import.Register\": energy is booked by it";
        section.refuse_key("measurands", "lacks the register", hint);
    }
    if measurands.len() > MAX_MEASURANDS || measurands.iter().any(|name| name.contains(',')) {
        let hint = "write at most 22 of them, each in its own quotes";
        section.refuse_key("measurands", "is no list of measurands", hint);
    }
}
