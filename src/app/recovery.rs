//! Restores the engine: the newest checkpoint, then every message committed since is applied again.

use std::sync::Arc;

use super::clock::Clock;
use super::config::{Config, TargetsFile};
use super::{StartError, inbox};
use crate::engine::Engine;
use crate::ledger::emissions::FactorSets;
use crate::model::Severity;
use crate::model::register::Register;
use crate::store::Recovery;

/// Restores the engine, or makes a new one.
pub(super) fn recover(
    config: &Config,
    register: &Arc<Register>,
    factors: &Arc<FactorSets>,
    TargetsFile {
        targets,
        profile,
        restatements,
    }: TargetsFile,
    first_transaction_id: i32,
    recovery: &Recovery,
    clock: &Clock,
) -> Result<Engine, StartError> {
    let now = clock.now();
    let mut settings = config.engine.clone();
    // Without a notifier no notification is made.
    let taken = |severity: &Severity| {
        config
            .notifiers
            .iter()
            .any(|notifier| notifier.severities.contains(severity))
    };
    settings.alerts.notified_severities.retain(taken);
    let (register, factors) = (register.clone(), factors.clone());
    let mut engine = match &recovery.snapshot {
        Some(snapshot) => Engine::restore(snapshot, settings, profile, register, factors, now)?,
        None => Engine::new(
            settings,
            profile,
            register,
            factors,
            first_transaction_id,
            now,
        ),
    };
    engine.set_targets(targets);
    engine.set_declared(restatements);
    // Before messages are applied again: with the months missing, rows of a day would be written over by worse ones.
    engine.await_months();
    let mut entries = 0;
    for row in &recovery.inbox {
        entries += inbox::replay(row, &mut engine)?;
    }
    if entries > 0 {
        tracing::info!(
            entries,
            "replayed what was committed after the last checkpoint"
        );
    }
    Ok(engine)
}
