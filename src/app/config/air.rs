//! `[air]`: which pollutants are tracked, against which base year, at which mix of speeds.

use crate::app::config::keys::Section;
use crate::ledger::air::{AirConfig, Pollutant};
use crate::units::{Kilograms, Ratio};

pub(super) fn read(mut section: Section<'_>) -> AirConfig {
    let mut config = AirConfig::default();
    speed_mix(&mut section, &mut config);
    section.flag("include_non_exhaust", &mut config.include_non_exhaust);
    section.word(
        "electric_wear",
        &mut config.credit_regeneration,
        &[("default", false), ("regen", true)],
    );
    tracked(&mut section, &mut config.tracked);
    let mut target = None;
    section.number("target_change", &mut target, -1.0, 0.0);
    config.target_change = target.and_then(Ratio::new).unwrap_or(config.target_change);
    base(&mut section, &mut config);
    section.finish();
    config
}

fn speed_mix(section: &mut Section<'_>, config: &mut AirConfig) {
    let [mut urban, mut rural, mut motorway] = config.speed_mix.map(Ratio::get);
    section.share("urban_share", &mut urban);
    section.share("rural_share", &mut rural);
    section.share("motorway_share", &mut motorway);
    if (urban + rural + motorway - 1.0).abs() > 1e-9 {
        section.refuse_section(
            "`urban_share`, `rural_share` and `motorway_share` do not add up to 1",
            "write all three",
        );
    } else {
        config.speed_mix =
            [urban, rural, motorway].map(|share| Ratio::new(share).unwrap_or_default());
    }
}

fn tracked(section: &mut Section<'_>, into: &mut Vec<Pollutant>) {
    let mut names: Vec<String> = into
        .iter()
        .map(|pollutant| pollutant.name().to_owned())
        .collect();
    section.words("tracked", &mut names, &Pollutant::ALL.map(Pollutant::name));
    *into = Pollutant::ALL
        .into_iter()
        .filter(|pollutant| names.iter().any(|name| name == pollutant.name()))
        .collect();
}

/// The base that changes are compared with: kilograms given, or a stretch of days.
fn base(section: &mut Section<'_>, config: &mut AirConfig) {
    for (key, pollutant) in [
        ("base_nox_kg", Pollutant::Nox),
        ("base_pm25_kg", Pollutant::Pm25),
        ("base_pm10_kg", Pollutant::Pm10),
    ] {
        let mut base = None;
        section.number(key, &mut base, 0.0, 1e9);
        let base = base.and_then(Kilograms::new);
        config.base_kg.extend(base.map(|base| (pollutant, base)));
    }
    let (mut from, mut to) = (None, None);
    section.optional_day("base_from", &mut from);
    section.optional_day("base_to", &mut to);
    if from.is_some() != to.is_some() || from.zip(to).is_some_and(|(from, to)| to < from) {
        section.refuse_section(
            "`base_from` and `base_to` are not the two ends of a stretch",
            "base_to is its last day",
        );
    }
    config.base_days = from.zip(to);
}
