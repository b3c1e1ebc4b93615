//! A path of yearly tonnes through given years, its cumulative budget, and whether a base figure is believable.
//!
//! The path matters, not only its end: what is emitted on the way adds up. Years are April-March
//! years, named by the year they start in.

/// Yearly tonnes, straight between the given years; before the first and after the last there is no path.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CarbonPath {
    /// Year and tonnes, by rising year.
    points: Vec<(f64, f64)>,
}

impl CarbonPath {
    /// Through the points, whatever their order.
    pub fn through(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut points: Vec<_> = points.into_iter().collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { points }
    }

    /// Tonnes of a year; after the last year those of the last.
    pub fn at(&self, year: f64) -> Option<f64> {
        let first = self.points.first()?;
        if year < first.0 {
            return None;
        }
        let stretch = self.points.windows(2).find(|stretch| year <= stretch[1].0);
        match stretch {
            Some([(from, high), (to, low)]) if to > from => {
                Some(high + (low - high) * (year - from) / (to - from))
            }
            _ => self.points.last().map(|last| last.1),
        }
    }

    /// First and last year.
    pub fn years(&self) -> Option<(f64, f64)> {
        Some((self.points.first()?.0, self.points.last()?.0))
    }

    /// Tonnes allowed from one year to another, by trapezoids.
    pub fn budget(&self, from: f64, to: f64) -> Option<f64> {
        let inner = self
            .points
            .iter()
            .map(|point| point.0)
            .filter(|year| *year > from && *year < to);
        let years: Vec<f64> = std::iter::once(from).chain(inner).chain([to]).collect();
        let values: Vec<f64> = years
            .iter()
            .map(|year| self.at(*year))
            .collect::<Option<_>>()?;
        Some(area(&years.into_iter().zip(values).collect::<Vec<_>>()))
    }
}

/// Area under straight lines through points.
pub fn area(points: &[(f64, f64)]) -> f64 {
    points
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0)
        .sum()
}

/// Yearly change that leads from one figure to another, as a share; negative is a fall.
pub fn yearly_change(from: f64, to: f64, years: f64) -> Option<f64> {
    (from > 0.0 && to >= 0.0 && years > 0.0).then(|| (to / from).powf(1.0 / years) - 1.0)
}

/// Tonnes to be cut every year to get from one figure to another.
pub fn cut_per_year(from: f64, to: f64, years: f64) -> Option<f64> {
    (years > 0.0).then(|| (from - to) / years)
}

/// What a fleet's yearly tonnes would mean for each vehicle if all of it were one kind driven on one fuel.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Plausibility {
    /// Tonnes per vehicle.
    pub t_per_vehicle: f64,
    /// Litres in all.
    pub litres: f64,
    /// Litres per vehicle.
    pub litres_per_vehicle: f64,
    /// Kilometres per vehicle.
    pub km_per_vehicle: f64,
    /// Litres per 100 km that the two factors imply.
    pub l_per_100km: f64,
}

/// `kgco2e_per_litre` and `kgco2e_per_km` are the year's factors. `None` without vehicles or factors.
pub fn plausibility(
    tonnes: f64,
    vehicles: u32,
    kgco2e_per_litre: f64,
    kgco2e_per_km: f64,
) -> Option<Plausibility> {
    if vehicles == 0 || kgco2e_per_litre <= 0.0 || kgco2e_per_km <= 0.0 {
        return None;
    }
    let (vehicles, kg) = (f64::from(vehicles), tonnes * 1000.0);
    let litres = kg / kgco2e_per_litre;
    Some(Plausibility {
        t_per_vehicle: tonnes / vehicles,
        litres,
        litres_per_vehicle: litres / vehicles,
        km_per_vehicle: kg / vehicles / kgco2e_per_km,
        l_per_100km: kgco2e_per_km / kgco2e_per_litre * 100.0,
    })
}
