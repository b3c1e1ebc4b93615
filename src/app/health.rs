//! What `/readyz` answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock::Clock;
use crate::api::Health;
use crate::model::Stats;
use crate::units::{UtcMs, Zone};

/// How long a broker may be without a link before `/readyz` reports it, and how often to look.
const BROKER_PATIENCE_MS: i64 = 60_000;
const BROKERS_LOOK: Duration = Duration::from_secs(5);

/// Joins the state of each room into the answer of `/readyz`. A broker without a link is only a warning: a daemon that is not ready may be
/// taken out of service, and would then lose the data of all other sources too.
pub(super) fn health(
    mut trouble: watch::Receiver<Option<String>>,
    (clock, stats): (&Clock, Arc<Stats>),
    demo: bool,
    zone: &'static Zone,
    tasks: &mut JoinSet<()>,
) -> watch::Receiver<Health> {
    let (speed, now) = (clock.speed(), clock.arrival());
    let state = move |reason: Option<String>| {
        let warnings = stats
            .brokers()
            .into_iter()
            .filter_map(|(name, down_since)| broker_warning(&name, down_since?, now(), zone));
        Health {
            ready: reason.is_none(),
            reasons: reason.into_iter().collect(),
            warnings: warnings.collect(),
            speed,
            demo,
        }
    };
    let (sender, receiver) = watch::channel(state(None));
    tasks.spawn(async move {
        while !matches!(
            tokio::time::timeout(BROKERS_LOOK, trouble.changed()).await,
            Ok(Err(_))
        ) {
            let reason = trouble.borrow_and_update().clone();
            let found = state(reason);
            sender.send_if_modified(|known| std::mem::replace(known, found.clone()) != found);
        }
    });
    receiver
}

fn broker_warning(name: &str, down_since: UtcMs, now: UtcMs, zone: &Zone) -> Option<String> {
    (now.since(down_since) > BROKER_PATIENCE_MS).then(|| {
        format!(
            "broker `{name}`: no connection since {}",
            down_since.in_words(zone)
        )
    })
}
