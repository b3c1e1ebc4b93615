//! What must be there after a kill, and must not be there twice.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use super::*;

/// Everything acknowledged is there; no session has more energy than was delivered, none is there twice.
pub(super) fn check(daemon: &Daemon, ledger: &Ledger, what: &str) {
    assert_odometers_kept(daemon, ledger, what);
    assert_register_energy_kept(daemon, ledger, what);
    assert_transactions_kept(daemon, ledger, what);
}

/// The newest message may be on disk although its acknowledgement was lost.
fn assert_odometers_kept(daemon: &Daemon, ledger: &Ledger, what: &str) {
    let vehicles = daemon.api("vehicles");
    let vehicle = |id: &str| {
        vehicles["vehicles"]
            .as_array()
            .unwrap()
            .iter()
            .find(|vehicle| vehicle["vehicle_id"] == id)
            .cloned()
    };
    for (id, metres) in ledger.odometer_m.lock().unwrap().iter() {
        let found = vehicle(id).unwrap_or_else(|| panic!("{what}: {id} is gone"));
        let odometer_m = (found["odometer_km"].as_f64().unwrap() * 1000.0).round() as u64;
        assert!(
            (*metres..=metres + 7).contains(&odometer_m),
            "{what}: {id} was acknowledged {metres} m, the daemon has {odometer_m} m"
        );
        let driven_m = (found["distance_today_km"].as_f64().unwrap() * 1000.0).round() as u64;
        assert_eq!(
            driven_m,
            odometer_m - ledger.first_m.lock().unwrap()[id],
            "{what}: {id}: distance is the difference of the odometer"
        );
    }
}

/// Here too the newest reading may be on disk without an acknowledgement.
fn assert_register_energy_kept(daemon: &Daemon, ledger: &Ledger, what: &str) {
    for (id, wh) in ledger.register_wh.lock().unwrap().iter() {
        let history = daemon.api(&format!(
            "history?charge_point={id}&fields=energy_wh&from=2026-09-01"
        ));
        let booked: f64 = history["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[1].as_f64().unwrap())
            .sum();
        let least = wh - FIRST_WH;
        assert!(
            (least as f64..=(least + STEP_WH) as f64).contains(&booked),
            "{what}: {id} delivered {least} Wh, its quarter hours have {booked} Wh"
        );
    }
}

/// Charge point and transaction id.
type TransactionKey = (String, i64);

/// Energy of the newest sessions of each charge point in Wh, -1 while they run.
fn session_energy(daemon: &Daemon, what: &str) -> BTreeMap<TransactionKey, f64> {
    let mut energy = BTreeMap::new();
    for id in (0..CHARGE_POINTS).map(|n| format!("CP{n}")) {
        for session in daemon.api(&format!("sessions?charge_point={id}"))["sessions"]
            .as_array()
            .unwrap()
        {
            let key = (id.clone(), session["transaction_id"].as_i64().unwrap());
            let wh = if session["ended_at"].is_null() {
                -1.0
            } else {
                session["energy_wh"].as_f64().unwrap()
            };
            assert!(
                energy.insert(key.clone(), wh).is_none(),
                "{what}: {key:?} is there twice"
            );
        }
    }
    energy
}

/// The answer is limited to the newest sessions; older ones were checked after earlier kills. Each charge point has its own clock.
fn assert_transactions_kept(daemon: &Daemon, ledger: &Ledger, what: &str) {
    let energy = session_energy(daemon, what);
    let mut oldest: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, transaction) in energy.keys() {
        let oldest = oldest.entry(id).or_insert(*transaction);
        *oldest = (*oldest).min(*transaction);
    }
    let answered = |(id, transaction): &TransactionKey| {
        *transaction > oldest.get(id.as_str()).copied().unwrap_or(0)
    };
    let stopped = ledger.stopped_wh.lock().unwrap();
    for (key, wh) in stopped.iter().filter(|(key, _)| answered(key)) {
        let found = energy
            .get(key)
            .unwrap_or_else(|| panic!("{what}: {key:?} was acknowledged and is gone"));
        assert_eq!(*found, *wh as f64, "{what}: energy of {key:?}");
    }
    let started = ledger.started.lock().unwrap();
    for key in started.keys().filter(|key| answered(key)) {
        assert!(
            energy.contains_key(key),
            "{what}: the start of {key:?} was acknowledged and is gone"
        );
    }
}
