//! `/api/v1/activity`: kilometres, litres and energy by vehicle, claim and charge point, from counters and imports: what emissions are
//! computed from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::super::Engine;
use super::StoredActivity;
use super::{kwh, sessions, whole};
use crate::model::{Activity, Subject};
use crate::units::Day;

/// The answer.
#[derive(Debug, Serialize)]
pub struct ActivityView {
    from: String,
    to: String,
    rows: Vec<SubjectRow>,
}

#[derive(Debug, Default, Serialize)]
struct SubjectRow {
    /// `vehicle`, `grey_fleet`, `charging`.
    subject: &'static str,
    vehicle_id: Option<Arc<str>>,
    organisation: Option<Arc<str>>,
    vehicle_class: Option<Arc<str>>,
    fuel: Option<Arc<str>>,
    charge_point_id: Option<Arc<str>>,
    user: Option<&'static str>,
    distance_km: f64,
    distance_claimed_km: f64,
    fuel_l: f64,
    fuel_card_l: f64,
    fuel_card_hvo_l: f64,
    energy_grid_kwh: f64,
    energy_charged_kwh: f64,
}

impl Engine {
    /// `/api/v1/activity`.
    pub fn activity_view(&self, from: Day, to: Day, stored: &StoredActivity) -> ActivityView {
        let mut sums: BTreeMap<Subject, Activity> = BTreeMap::new();
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

    fn subject_row(&self, subject: Subject, sums: &Activity) -> SubjectRow {
        let row = SubjectRow {
            distance_km: whole(sums.distance_m),
            distance_claimed_km: whole(sums.claimed_m),
            fuel_l: whole(sums.fuel_ml),
            fuel_card_l: whole(sums.fuel_card_ml),
            fuel_card_hvo_l: whole(sums.hvo_card_ml),
            energy_grid_kwh: kwh(sums.vehicle_grid_dwh),
            energy_charged_kwh: kwh(sums.charged_dwh),
            ..SubjectRow::default()
        };
        match subject {
            Subject::Vehicle(id) => {
                let organisation = self
                    .reference
                    .register
                    .vehicle(&id)
                    .and_then(|vehicle| vehicle.organisation.clone());
                SubjectRow {
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
            } => SubjectRow {
                subject: "grey_fleet",
                organisation: Some(organisation),
                vehicle_class: Some(vehicle_class),
                fuel: Some(fuel),
                ..row
            },
            Subject::Charging { charge_point, user } => SubjectRow {
                subject: "charging",
                user: Some(sessions::user_name(&user)),
                vehicle_id: user.vehicle().cloned(),
                charge_point_id: Some(charge_point),
                ..row
            },
        }
    }
}
