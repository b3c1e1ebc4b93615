//! `[intensity]`: the carbon intensity API.

use std::time::Duration;

use crate::app::config::keys::Section;
use crate::intensity::IntensityConfig;

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn read(mut section: Section<'_>) -> IntensityConfig {
    let mut config = IntensityConfig::default();
    section.flag("enabled", &mut config.enabled);
    let position = section.position_of("url");
    section.text("url", &mut config.url);
    // Its figures are half-hourly; asking more often than every minute is no use to anybody.
    section.duration("refresh", &mut config.refresh, Duration::from_secs(60), DAY);
    section.duration(
        "timeout",
        &mut config.timeout,
        Duration::from_secs(1),
        Duration::from_secs(300),
    );
    section.duration("keep", &mut config.keep, 14 * DAY, 3_660 * DAY);
    if !IntensityConfig::is_valid_url(&config.url) {
        let hint = "write https://api.carbonintensity.org.uk, or the http:// address of a proxy or copy of it";
        section.refuse(
            "url",
            position,
            config.url.clone(),
            "is not an address of an API",
            hint,
        );
    }
    section.finish();
    config
}
