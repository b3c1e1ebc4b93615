//! `[setup]`: what charge points are asked to do, and how patiently.

use std::time::Duration;

use crate::app::config::keys::Section;
use crate::ocpp::provisioning::ProvisioningConfig;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// What is booked; a list without it would tell less than before.
const REGISTER: &str = "Energy.Active.Import.Register";
/// OCPP 1.6 has 22 measurands.
const MAX_MEASURANDS: usize = 22;

pub(super) fn read(mut section: Section<'_>) -> ProvisioningConfig {
    let mut config = ProvisioningConfig::default();
    section.flag("enabled", &mut config.enabled);
    section.texts("charge_points", &mut config.charge_points);
    // Less than five seconds after its boot, a charge point may be busy enough to be harmed.
    section.duration("settle", &mut config.settle, 5 * SECOND, HOUR);
    section.duration("boot_wait", &mut config.boot_wait, 5 * SECOND, HOUR);
    section.duration(
        "call_timeout",
        &mut config.call_timeout,
        SECOND,
        600 * SECOND,
    );
    section.texts("measurands", &mut config.measurands);
    section.duration("sample_interval", &mut config.sample_interval, SECOND, DAY);
    section.duration(
        "sample_interval_rapid",
        &mut config.sample_interval_rapid,
        SECOND,
        DAY,
    );
    section.duration(
        "clock_aligned_interval",
        &mut config.clock_aligned_interval,
        Duration::ZERO,
        DAY,
    );
    section.duration(
        "websocket_ping_interval",
        &mut config.websocket_ping_interval,
        10 * SECOND,
        DAY,
    );
    section.flag("triggers", &mut config.triggers);
    section.flag("inventory", &mut config.inventory);
    section.duration(
        "inventory_timeout",
        &mut config.inventory_timeout,
        SECOND,
        HOUR,
    );
    section.duration(
        "transaction_check",
        &mut config.transaction_check,
        5 * SECOND,
        DAY,
    );
    section.whole("deaf_after", &mut config.deaf_after, 1, 100);
    section.duration(
        "deaf_close_interval",
        &mut config.deaf_close_interval,
        60 * SECOND,
        365 * DAY,
    );
    if !config
        .measurands
        .iter()
        .any(|measurand| measurand == REGISTER)
    {
        section.refuse(
            "measurands",
            None,
            "",
            "lacks the register",
            "add \"Energy.Active.Import.Register\": energy is booked by it",
        );
    }
    if config.measurands.len() > MAX_MEASURANDS
        || config
            .measurands
            .iter()
            .any(|measurand| measurand.contains(','))
    {
        section.refuse(
            "measurands",
            None,
            "",
            "is no list of measurands",
            "write at most 22 of them, each in its own quotes",
        );
    }
    section.finish();
    config
}
