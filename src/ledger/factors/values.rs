//! The figures of one row of a factor file, checked against what can be published.
//!
//! Refused: unknown units and components, a component in the wrong scope, a gas split that adds up to another figure, and a zero for
//! a fuel that burns.

use super::cells::Cells;
use super::row::{BySpeed, EmissionFactor, Exhaust, FactorKind, FactorValue, Wear};
use crate::units::{GramsPerKm, KgCo2ePerUnit, KwhPerKm, Ratio};

/// Rounding of the published gas split: five digits per litre, kWh or kilometre. Tonnes are printed to 0.01 kg, so there it is relative.
const SPLIT_TOLERANCE: Ratio = Ratio::constant(5e-5);
/// Sums of binary fractions differ in the last digits.
const BINARY_TOLERANCE: KgCo2ePerUnit = KgCo2ePerUnit::constant(1e-12);

/// The speed mix of the single value of a file: 30, 60, 100 km/h (urban, rural, motorway; an assumption of this program).
pub(in crate::ledger) const PRINTED_MIX: [Ratio; 3] = [
    Ratio::constant(0.4),
    Ratio::constant(0.4),
    Ratio::constant(0.2),
];

/// Unit, component and scope that go together in the UK Government's sets.
const GHG: [(&str, &str, &str); 18] = [
    ("kWh", "generation", "2"),
    ("kWh", "td_losses", "3"),
    ("kWh", "wtt_generation", "3"),
    ("kWh", "wtt_td", "3"),
    ("litre", "ttw", "1"),
    ("litre", "wtt", "3"),
    ("litre", "biogenic_co2", "outside"),
    ("tonne", "ttw", "1"),
    ("tonne", "wtt", "3"),
    ("tonne", "biogenic_co2", "outside"),
    ("kWh_net_cv", "ttw", "1"),
    ("kWh_net_cv", "wtt", "3"),
    ("kWh_net_cv", "biogenic_co2", "outside"),
    ("km", "ttw", "1"),
    ("km", "wtt", "3"),
    ("km", "elec_generation", "2"),
    ("km", "elec_td", "3"),
    ("km", "grey_fleet_total", "3"),
];

/// The mean of a factor at 30, 60 and 100 km/h, by shares of the kilometres.
pub(in crate::ledger) fn at_mix(at: [GramsPerKm; 3], mix: [Ratio; 3]) -> GramsPerKm {
    at.into_iter()
        .zip(mix)
        .map(|(factor, share)| factor * share)
        .sum()
}

impl Cells<'_> {
    pub(super) fn value(&mut self, kind: FactorKind) -> Option<FactorValue> {
        let unit = self.text("unit").to_owned();
        let wanted = match kind {
            FactorKind::Ghg => return self.gases(&unit).map(FactorValue::Gases),
            FactorKind::EvEnergy => "kWh/km",
            FactorKind::AirExhaust | FactorKind::AirNonExhaust => "g/km",
        };
        if unit != wanted {
            self.refuse("unit", format!("`{unit}` is not {wanted}"));
        }
        match kind {
            // The sheet of 2020 prints 0 kWh for some classes: a value that was not published, not an energy of 0.
            FactorKind::EvEnergy => self
                .quantity("kwh_per_km", KwhPerKm::new)
                .filter(|kwh| *kwh > KwhPerKm::ZERO)
                .map(FactorValue::KwhPerKm),
            FactorKind::AirExhaust => {
                let nox = self.by_speed(["g_nox", "g_nox_urban", "g_nox_rural", "g_nox_motorway"]);
                let pm25 =
                    self.by_speed(["g_pm25", "g_pm25_urban", "g_pm25_rural", "g_pm25_motorway"]);
                let (nox, pm25) = nox.zip(pm25)?;
                Some(FactorValue::Exhaust(Exhaust { nox, pm25 }))
            }
            _ => self.wear().map(FactorValue::Wear),
        }
    }

    fn wear(&mut self) -> Option<Wear> {
        let [pm10, pm25] = ["g_pm10", "g_pm25"].map(|column| self.needed(column, GramsPerKm::new));
        let [bev, bev_regen] = ["bev_multiplier_default", "bev_multiplier_regen_profile"]
            .map(|column| self.needed(column, Ratio::new));
        Some(Wear {
            pm10: pm10?,
            pm25: pm25?,
            bev: bev?,
            bev_regen: bev_regen?,
        })
    }

    fn by_speed(&mut self, columns: [&'static str; 4]) -> Option<BySpeed> {
        let values = columns.map(|column| self.needed(column, GramsPerKm::new));
        let by_speed = match values {
            [Some(mix), Some(urban), Some(rural), Some(motorway)] => Some(BySpeed {
                mix,
                at: [urban, rural, motorway],
            }),
            _ => None,
        };
        if let Some(BySpeed { mix, at }) = by_speed {
            let computed = at_mix(at, PRINTED_MIX);
            if (computed - mix).abs() > GramsPerKm::constant(1.0) * SPLIT_TOLERANCE {
                self.refuse(
                    columns[0],
                    format!(
                        "is not 40 % urban, 40 % rural, 20 % motorway of the row, which is {:.5}",
                        computed.get()
                    ),
                );
            }
        }
        if values.contains(&Some(GramsPerKm::ZERO)) && self.text("fuel") != "bev" {
            self.refuse(
                columns[0],
                "is 0, but something burns: leave the row out where nothing was published",
            );
        }
        by_speed
    }

    fn gases(&mut self, unit: &str) -> Option<EmissionFactor<KgCo2ePerUnit>> {
        let component = self.text("component").to_owned();
        self.check_component(unit, &component);
        let kgco2e = self.needed("kgco2e", KgCo2ePerUnit::new);
        if kgco2e == Some(KgCo2ePerUnit::ZERO)
            && !(self.text("fuel") == "bev" && component == "ttw")
        {
            self.refuse("kgco2e", "is 0, but only a battery-electric tailpipe is: leave the row out where nothing was published");
        }
        let split = self.split(&component);
        let kgco2e = kgco2e?;
        let printed_to = if unit == "tonne" {
            kgco2e
        } else {
            KgCo2ePerUnit::constant(1.0)
        };
        let tolerance = printed_to * SPLIT_TOLERANCE + BINARY_TOLERANCE;
        let sum = split.map(|split| split.into_iter().sum::<KgCo2ePerUnit>());
        if let Some(sum) = sum.filter(|sum| (*sum - kgco2e).abs() > tolerance) {
            self.refuse(
                "kgco2e",
                format!(
                    "is {}, but the gases add up to {:.5}",
                    kgco2e.get(),
                    sum.get()
                ),
            );
        }
        Some(EmissionFactor { kgco2e, split })
    }

    /// Tests that the component is published per this unit, and is in its scope.
    fn check_component(&mut self, unit: &str, component: &str) {
        let scope = self.text("scope").to_owned();
        // Miles are kilometres x 1.609344 in the sets; they are checked like them and not used.
        let per = if unit == "mile" { "km" } else { unit };
        let found = GHG
            .iter()
            .find(|(known, part, _)| *known == per && *part == component);
        match found {
            Some((_, _, wanted)) if *wanted != scope => {
                self.refuse(
                    "scope",
                    format!("`{scope}` cannot be: `{component}` is scope {wanted}"),
                );
            }
            Some(_) => {}
            None if !GHG.iter().any(|(known, _, _)| *known == per) => {
                self.refuse(
                    "unit",
                    format!("`{unit}` is not kWh, litre, tonne, kWh_net_cv, km or mile"),
                );
            }
            None => self.refuse(
                "component",
                format!("`{component}` is not published per {unit}"),
            ),
        }
    }

    /// CO2, CH4 and N2O, where the row gives all of them.
    fn split(&mut self, component: &str) -> Option<[KgCo2ePerUnit; 3]> {
        let parts = ["kgco2", "kgco2e_ch4", "kgco2e_n2o"]
            .map(|column| self.quantity(column, KgCo2ePerUnit::new));
        match parts {
            [Some(co2), Some(ch4), Some(n2o)] => Some([co2, ch4, n2o]),
            // Biogenic CO2 holds no other gas.
            [Some(co2), None, None] if component == "biogenic_co2" => {
                Some([co2, KgCo2ePerUnit::ZERO, KgCo2ePerUnit::ZERO])
            }
            [None, None, None] => None,
            _ => {
                self.refuse(
                    "kgco2",
                    "the gas split is not whole: give all three gases, or none",
                );
                None
            }
        }
    }
}
