//! The best reading of a measurand among those of several locations and phases.

/// Where a value was measured; the lower, the better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Location {
    #[default]
    Outlet,
    /// No location is given.
    Unspecified,
    /// Inlet, cable, body or vehicle.
    Elsewhere,
}

impl Location {
    pub(super) fn from_name(name: Option<&str>) -> Self {
        match name {
            Some("Outlet") => Self::Outlet,
            None => Self::Unspecified,
            Some(_) => Self::Elsewhere,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Phase {
    /// The value is a total.
    None,
    /// L1, L2 or L3, by its index.
    Line(usize),
    /// Neutral, and voltages between lines.
    Other,
}

impl Phase {
    pub(super) fn from_name(name: Option<&str>) -> Self {
        match name {
            None => Self::None,
            Some("L1" | "L1-N") => Self::Line(0),
            Some("L2" | "L2-N") => Self::Line(1),
            Some("L3" | "L3-N") => Self::Line(2),
            Some(_) => Self::Other,
        }
    }
}

/// The best reading so far.
#[derive(Default)]
pub(super) struct Best {
    location: Location,
    total: Option<i64>,
    /// Readings of the phases L1, L2 and L3; `None` where none came.
    phases: [Option<i64>; 3],
}

impl Best {
    pub(super) fn push(&mut self, location: Location, phase: Phase, value: i64) {
        let is_empty = self.total.is_none() && self.phases == [None; 3];
        if !is_empty && location > self.location {
            return;
        }
        if is_empty || location < self.location {
            *self = Self {
                location,
                ..Self::default()
            };
        }
        match phase {
            Phase::None => self.total = Some(value),
            Phase::Line(line) => self.phases[line] = Some(value),
            Phase::Other => {}
        }
    }

    fn lines(&self) -> impl Iterator<Item = i64> {
        self.phases.iter().flatten().copied()
    }

    /// The total, or the sum of the phases. A single phase counts as the total: a Vestel reports the total as L1.
    pub(super) fn sum(&self) -> Option<i64> {
        self.total
            .or_else(|| self.lines().reduce(i64::saturating_add))
    }

    /// The total, or the highest phase.
    pub(super) fn max(&self) -> Option<i64> {
        self.total.or_else(|| self.lines().max())
    }

    /// The total, or the mean of the phases.
    pub(super) fn mean(&self) -> Option<i64> {
        let sum: i128 = self.lines().map(i128::from).sum();
        let count = self.lines().count() as i128;
        self.total
            .or_else(|| (count > 0).then(|| (sum / count) as i64))
    }
}
