//! `renewable.csv`: which share of a site's electricity a contract covers (REGO, PPA), from when to when, with the contract's own factor.

use std::collections::HashSet;
use std::sync::Arc;

use super::Register;
use super::parse::Row;
use super::rows::{day, reference};
use crate::units::{Day, KgCo2ePerKwh, Ratio};

pub(super) const COLUMNS: &[&str] = &["site", "from", "to", "share", "factor_kgco2e_per_kwh"];

/// A contract for a part of a site's electricity.
#[derive(Clone, PartialEq, Debug)]
pub struct RenewableContract {
    /// `site`: id of the site.
    pub site: Arc<str>,
    /// `from`: first day.
    pub from: Day,
    /// `to`: the first day without it (half-open interval); `None` is open-ended.
    pub to: Option<Day>,
    /// `share` of the site's energy, 0 to 1.
    pub share: Ratio,
    /// `factor_kgco2e_per_kwh` of the contract; 0 for REGO-backed wind and solar.
    pub factor: KgCo2ePerKwh,
    /// Line of the file, from 1.
    pub line: u64,
}

/// What contracts cover of a site's energy on a day.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Coverage {
    /// Covered share of the energy, 0 to 1.
    pub share: Ratio,
    /// Emissions of the covered part, per kilowatt-hour of the whole energy.
    pub factor: KgCo2ePerKwh,
}

impl RenewableContract {
    fn holds(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }
}

impl Register {
    /// What contracts cover of a site's energy on a day; nothing where the site is not known.
    pub fn coverage(&self, site: Option<&str>, day: Day) -> Coverage {
        let mut coverage = Coverage::default();
        for contract in self
            .renewable
            .iter()
            .filter(|contract| Some(&*contract.site) == site && contract.holds(day))
        {
            coverage.share += contract.share;
            coverage.factor += contract.factor * contract.share;
        }
        coverage
    }
}

/// Parses a row. Mistakes are reported; contracts that together cover more than the whole energy are one.
pub(super) fn contract(
    row: &mut Row<'_>,
    sites: Option<&HashSet<Arc<str>>>,
    before: &[RenewableContract],
) -> Option<RenewableContract> {
    for column in ["site", "from", "share", "factor_kgco2e_per_kwh"] {
        if row.text(column).is_none() {
            row.refuse(
                column,
                "is empty",
                "a contract needs all of them; the factor is 0 for REGO-backed wind and solar",
            );
        }
    }
    // All cells are parsed before the first return, so that every mistake is reported.
    let (site, from, to) = (
        reference(row, "site", sites, "sites.csv"),
        day(row, "from"),
        day(row, "to"),
    );
    let (share, factor) = (
        row.number("share", 0.0, 1.0),
        row.number("factor_kgco2e_per_kwh", 0.0, 5.0),
    );
    let contract = RenewableContract {
        site: site?,
        from: from?,
        to,
        share: Ratio::new(share?)?,
        factor: KgCo2ePerKwh::new(factor?)?,
        line: row.line(),
    };
    if contract.to.is_some_and(|to| to <= contract.from) {
        row.refuse(
            "to",
            format!("is not after `from` ({})", contract.from),
            "it is the first day without the contract",
        );
    }
    check_shares(row, &contract, before);
    Some(contract)
}

/// The contracts of one site cover at most its whole energy on every day.
fn check_shares(row: &mut Row<'_>, contract: &RenewableContract, before: &[RenewableContract]) {
    let of_site = || {
        before
            .iter()
            .chain([contract])
            .filter(|other| other.site == contract.site)
    };
    let share_on = |day: Day| {
        of_site()
            .filter(|other| other.holds(day))
            .map(|other| other.share)
            .sum::<Ratio>()
    };
    // The sum can only rise at a first day.
    let too_much = of_site()
        .filter(|other| contract.holds(other.from) || other.holds(contract.from))
        .map(|other| other.from.max(contract.from))
        .find(|day| share_on(*day) > Ratio::ONE + Ratio::constant(1e-9));
    let Some(day) = too_much else { return };
    let lines: Vec<String> = before
        .iter()
        .filter(|other| other.site == contract.site && other.holds(day))
        .map(|other| other.line.to_string())
        .collect();
    let reason = format!(
        "with line {} more than all of the site's energy is covered on {day}",
        lines.join(", ")
    );
    row.refuse(
        "share",
        reason,
        "shares of one site at one time add up to 1 at most; `to` is the first day without",
    );
}
