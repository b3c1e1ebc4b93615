//! Frozen years in the answer of `/api/v1/emissions`: each whole year of the days of the request, as it was at its freeze and as it is today.

use std::collections::BTreeMap;

use super::super::Engine;
use crate::ledger::emissions::{
    Inventory, InventoryContext, YearRestatement, inventory, restate_year, year_version,
};
use crate::model::{ActivityData, ActivityKey, YearVersion};
use crate::units::Day;

impl Engine {
    /// `whole` is the inventory of `from..=to`, as `setting` computes it.
    pub(super) fn frozen_years(
        &self,
        versions: &[YearVersion],
        (from, to): (Day, Day),
        whole: &Inventory,
        activity: &BTreeMap<ActivityKey, ActivityData>,
        setting: &InventoryContext<'_>,
    ) -> Vec<YearRestatement> {
        let calendar = &self.reference.register.jurisdiction.calendar;
        let mut rows = Vec::new();
        for versions in versions.chunk_by(|a, b| a.year == b.year) {
            let Some(year) = versions.first().map(|frozen| frozen.year) else {
                continue;
            };
            let (first, last) = (year.first_day(calendar), year.last_day(calendar));
            let now = if (from, to) == (first, last) {
                year_version(year, self.activity.today().day, whole)
            } else {
                let days = activity
                    .iter()
                    .filter(|(key, _)| (first..=last).contains(&key.day));
                let days = days.map(|(key, sums)| (key.clone(), *sums)).collect();
                // A frozen year is over: all of its silence is filled, as at the freeze.
                let of_year = inventory(
                    &days,
                    &InventoryContext {
                        fill: Some((first, last)),
                        per_vehicle: false,
                        ..*setting
                    },
                );
                year_version(year, self.activity.today().day, &of_year)
            };
            rows.extend(restate_year(
                versions,
                &now,
                self.targets.declared(),
                calendar,
            ));
        }
        rows
    }
}
