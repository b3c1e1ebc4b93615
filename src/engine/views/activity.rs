//! `/api/v1/activity`: kilometres, litres and energy by vehicle, claim and charge point, from counters and imports: what emissions are
//! computed from.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Engine;
use super::StoredActivity;
use super::ViewContext;
use super::{kwh, sessions, whole};
use crate::engine::query::{Query, Stored};
use crate::model::{ActivityData, Subject};
use crate::units::Day;

/// Activity of the days `from..=to`, by subject.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ActivityView {
    /// First day, `2026-11-24`.
    pub from: String,
    /// Last day, included.
    pub to: String,
    /// One row per subject with any activity in these days.
    pub rows: Vec<SubjectActivity>,
}

/// Sums of one vehicle, of grey-fleet claims of one kind, or of one charge point and user.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct SubjectActivity {
    /// `vehicle`, `grey_fleet` or `charging`.
    pub subject: &'static str,
    /// Fleet id; set for vehicles, and for charging that a vehicle used.
    pub vehicle_id: Option<Arc<str>>,
    /// Organisation by the register, or by the claim.
    pub organisation: Option<Arc<str>>,
    /// Class of a grey-fleet claim.
    pub vehicle_class: Option<Arc<str>>,
    /// Fuel of a grey-fleet claim.
    pub fuel: Option<Arc<str>>,
    /// Charge point; set for charging only.
    pub charge_point_id: Option<Arc<str>>,
    /// Who used the energy (`vehicle`, `staff`, `public`, `unallocated`); set for charging only.
    pub user: Option<&'static str>,
    /// Kilometres by the vehicle's own odometer.
    pub distance_km: f64,
    /// Kilometres claimed as mileage.
    pub distance_claimed_km: f64,
    /// Litres by the vehicle's own fuel total.
    pub fuel_l: f64,
    /// Litres bought by fuel card, without HVO.
    pub fuel_card_l: f64,
    /// Litres of HVO (hydrotreated vegetable oil) bought by fuel card.
    pub fuel_card_hvo_l: f64,
    /// kWh from the grid by the vehicle's own meter.
    pub energy_grid_kwh: f64,
    /// kWh charged, by the charge point's register.
    pub energy_charged_kwh: f64,
}

/// Activity of the days `from..=to`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ActivityQuery {
    /// First day; default 1 April of the running year.
    pub from: Option<Day>,
    /// Last day; default today.
    pub to: Option<Day>,
}

impl Query for ActivityQuery {
    type Response = ActivityView;

    fn answer(
        self,
        engine: &Engine,
        context: &ViewContext,
        stored: &dyn Stored,
    ) -> Result<ActivityView, String> {
        let (from, to) = engine.emission_days(context, self.from, self.to);
        let stored = stored.activity(from, to)?;
        Ok(engine.activity_view(from, to, &stored))
    }
}

impl Engine {
    /// Answers a request of `/api/v1/activity`.
    pub fn activity_view(&self, from: Day, to: Day, stored: &StoredActivity) -> ActivityView {
        let mut sums: BTreeMap<Subject, ActivityData> = BTreeMap::new();
        for (key, activity) in self.activity(from, to, stored) {
            sums.entry(key.subject).or_default().add(&activity);
        }
        let rows = sums
            .into_iter()
            .map(|(subject, sums)| self.subject_row(subject, &sums))
            .collect();
        ActivityView {
            from: from.to_string(),
            to: to.to_string(),
            rows,
        }
    }

    fn subject_row(&self, subject: Subject, sums: &ActivityData) -> SubjectActivity {
        let row = SubjectActivity {
            distance_km: whole(sums.distance.0),
            distance_claimed_km: whole(sums.claimed.0),
            fuel_l: whole(sums.fuel.0),
            fuel_card_l: whole(sums.fuel_card.0),
            fuel_card_hvo_l: whole(sums.hvo_card.0),
            energy_grid_kwh: kwh(sums.vehicle_grid.0),
            energy_charged_kwh: kwh(sums.charged.0),
            ..SubjectActivity::default()
        };
        match subject {
            Subject::Vehicle(id) => {
                let organisation = self
                    .reference
                    .register
                    .vehicle(&id)
                    .and_then(|vehicle| vehicle.organisation.clone());
                SubjectActivity {
                    subject: "vehicle",
                    vehicle_id: Some(id),
                    organisation,
                    ..row
                }
            }
            Subject::GreyFleet {
                organisation,
                vehicle_class,
                fuel,
            } => SubjectActivity {
                subject: "grey_fleet",
                organisation: Some(organisation),
                vehicle_class: Some(vehicle_class),
                fuel: Some(fuel),
                ..row
            },
            Subject::Charging { charge_point, user } => SubjectActivity {
                subject: "charging",
                user: Some(sessions::user_name(&user)),
                vehicle_id: user.vehicle().cloned(),
                charge_point_id: Some(charge_point),
                ..row
            },
        }
    }
}
