//! Determinism, restarts and sums over random histories.

use crate::engine::*;

fn seeds() -> u64 {
    std::env::var("FLEETGAUGE_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(60)
}

#[test]
fn the_same_calls_give_the_same_rows() {
    let (steps, _) = history(1);
    let rows = || {
        let mut run = Run::new(steps[0].at());
        steps.iter().for_each(|step| run.apply(step));
        (
            run.shelf.lines.clone(),
            run.seen(steps.last().unwrap().at()),
        )
    };
    let first = rows();
    assert!(first.0.len() > 10_000);
    assert_eq!(first, rows());
}

#[test]
fn a_restart_at_any_moment_changes_no_result() {
    for seed in 0..seeds() {
        let (steps, _) = history(seed);
        let end = steps.last().unwrap().at();
        let mut straight = Run::new(steps[0].at());
        steps.iter().for_each(|step| straight.apply(step));
        let mut random = Random(seed ^ 0xABCD);
        let mut broken = Run::new(steps[0].at());
        let mut snapshot: Option<(Vec<u8>, usize)> = None;
        for (index, step) in steps.iter().enumerate() {
            broken.apply(step);
            match random.below(25) {
                // A checkpoint; its confirmation comes before the next one, or is lost with the process.
                0 => {
                    broken.engine.confirm_checkpoint(broken.shelf.generation);
                    snapshot = Some((broken.checkpoint(random.below(2) == 0), index + 1));
                }
                1 => {
                    // Killed: newest snapshot, then the inbox again. Rows were written with the commit that holds them.
                    let (lines, notices) = (broken.shelf.lines.len(), broken.shelf.notices.len());
                    let from = match &snapshot {
                        Some((bytes, at)) => {
                            broken.restart(bytes, step.at());
                            *at
                        }
                        None => {
                            let shelf = std::mem::take(&mut broken.shelf);
                            broken = Run {
                                shelf,
                                ..Run::new(steps[0].at())
                            };
                            0
                        }
                    };
                    steps[from..=index]
                        .iter()
                        .for_each(|again| broken.apply(again));
                    broken.shelf.lines.truncate(lines);
                    broken.shelf.notices.truncate(notices);
                }
                _ => {}
            }
        }
        let (found, wanted) = (broken.seen(end), straight.seen(end));
        assert_eq!(
            broken.shelf.notices, straight.shelf.notices,
            "seed {seed}: the notifications are the same"
        );
        for (found, wanted) in found.lines().zip(wanted.lines()) {
            assert_eq!(found, wanted, "seed {seed}");
        }
        assert_eq!(found, wanted, "seed {seed}");
        assert!(
            broken.shelf.lines == straight.shelf.lines,
            "seed {seed}: other rows"
        );
    }
}

#[test]
fn kilometres_are_differences_of_odometers_over_all_days() {
    for seed in 0..seeds() {
        let (steps, known) = history(seed);
        let mut run = Run::new(steps[0].at());
        steps.iter().for_each(|step| run.apply(step));
        let end = steps.last().unwrap().at();
        run.checkpoint(true);
        let mut by_vehicle: BTreeMap<String, i64> = BTreeMap::new();
        for (key, activity) in &run.shelf.activity {
            if let fleetgauge::model::Subject::Vehicle(id) = &key.subject {
                *by_vehicle.entry(id.to_string()).or_default() += activity.distance.0;
                assert!(activity.distance.0 >= 0, "seed {seed}: {key:?}");
            }
        }
        for (asset, last) in known {
            let id = if asset == "ovms:PTS307" {
                "PTS-307".to_owned()
            } else {
                asset
            };
            let driven = by_vehicle.get(&id).copied().unwrap_or(0);
            assert!(
                driven <= last - 1_000_000,
                "seed {seed}: {id} drove {driven} m, its odometer only {}",
                last - 1_000_000
            );
        }
        assert!(
            by_vehicle.values().sum::<i64>() > 0,
            "seed {seed}: no vehicle drove until {end}"
        );
    }
}
