//! Energy charged in a half-hour at a site, with the carbon intensity of the grid.

use super::column::{SITE, float, integer, tag, text};
use super::row::RowVisitor;
use super::{Measurement, RowTime};
use crate::model::ChargingIntensityFact;
use crate::units::UtcMs;

pub(super) const SERIES: Measurement = Measurement {
    name: "charging_intensity",
    description: "energy charged in one half-hour at one site, and the CO2 it caused by the grid's intensity then: operational, for charge timing, no part of reported emissions; at the half-hour's start, replaced as the intensity is revised",
    time: RowTime::Moment,
    tags: &[
        SITE,
        tag("user", "fleet, or sold_on to staff and the public"),
    ],
    fields: &[
        float("energy_wh", "energy delivered, Wh"),
        float(
            "intensity_g_per_kwh",
            "gCO2/kWh of generation with imports and losses, without CH4 and N2O",
        ),
        float("kgco2_operational", "their product, kgCO2"),
        integer(
            "basis_code",
            "0 actual, 1 forecast, 2 national, 3 last week's half-hour, 4 annual factor",
        ),
        text(
            "basis",
            "the same in words: actual, forecast, national, last_week, annual",
        ),
    ],
};

pub(super) fn row(fact: &ChargingIntensityFact, row: &mut impl RowVisitor) -> UtcMs {
    row.tag(&fact.site);
    row.tag(fact.user);
    row.scaled(fact.energy_tenth_wh, 1);
    row.float(fact.g_per_kwh);
    row.float(fact.kgco2);
    row.integer(fact.basis_code);
    row.text(fact.basis);
    fact.at
}
