//! Reads the months before today from the store, once a day and beside the engine's thread: what the running day's emissions lean on.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use crate::ledger::emissions::Months;
use crate::model::Subject;
use crate::model::register::Register;
use crate::store::Reader;
use crate::units::{Day, Month};

/// So many whole months before the running one: a year, and one more for the same season of the year before.
const MONTHS_BEFORE: i32 = 13;

/// Asks for the months, and hands them over when they are there.
#[derive(Debug, Default)]
pub struct MonthsBefore {
    day: Option<Day>,
    coming: Option<Receiver<Months>>,
}

impl MonthsBefore {
    /// Starts reading when the day is a new one; returns what was read since. Without a readable store there is nothing to lean on, and
    /// kilometres go by their class.
    pub fn poll(&mut self, today: Day, directory: &Path, register: &Arc<Register>) -> Option<Months> {
        if self.day != Some(today) {
            self.day = Some(today);
            let (sender, receiver) = channel();
            let (directory, register) = (directory.to_owned(), register.clone());
            let started =
                std::thread::Builder::new().name("months".into()).spawn(move || match read(&directory, today, &register) {
                    Ok(months) => drop(sender.send(months)),
                    Err(reason) => tracing::warn!("the months before today cannot be read: {reason}"),
                });
            self.coming = started.ok().map(|_| receiver);
        }
        let months = self.coming.as_ref()?.try_recv().ok()?;
        self.coming = None;
        Some(months)
    }

    /// A new register: read again.
    pub fn forget(&mut self) {
        self.day = None;
    }
}

fn read(directory: &Path, today: Day, register: &Register) -> Result<Months, String> {
    let reader = Reader::open(directory).map_err(|error| error.to_string())?;
    let mut months = Months::default();
    let first = Month::of_day(today).plus(-MONTHS_BEFORE).first_day();
    let read = reader.each_activity(first, today, |row| {
        let vehicle = match &row.key.subject {
            Subject::Vehicle(id) => Some(id),
            Subject::Charging { user, .. } => user.vehicle(),
            Subject::GreyFleet { .. } => None,
        };
        // Others have no emissions.
        if vehicle.is_some_and(|id| register.vehicle(id).is_some()) {
            months.add(&row.key, &row.activity);
        }
    });
    read.map(|_| months).map_err(|error| error.to_string())
}
