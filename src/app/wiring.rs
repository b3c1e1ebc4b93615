//! Connects rooms that do not import each other: subscribers and notifiers with the store.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::config::Config;
use super::writer::Job;
use crate::model::{Notice, Severity, Subscription};
use crate::mqtt::client::Subscriber;
use crate::store::{CommitError, Notification, Store};

/// The receivers of rows and notifications.
#[derive(Clone, Debug, Default)]
pub(super) struct Receivers {
    /// At least one output is configured.
    pub has_output: bool,
    /// Notifiers, and the severities that each receives.
    pub notifiers: Vec<(Arc<str>, Vec<Severity>)>,
}

impl Receivers {
    /// From the outputs and notifiers of the configuration.
    pub(super) fn of(config: &Config) -> Self {
        let notifiers = config.notifiers.iter();
        Self {
            has_output: !config.outputs.open().is_empty(),
            notifiers: notifiers
                .map(|notifier| {
                    (
                        Arc::from(notifier.name.as_str()),
                        notifier.severities.clone(),
                    )
                })
                .collect(),
        }
    }

    /// The notice for each notifier that receives its severity.
    pub(super) fn notifications(&self, notice: &Notice) -> Vec<Notification> {
        let body: Arc<str> = serde_json::to_string(notice)
            .expect("a notice is JSON")
            .into();
        let receivers = self
            .notifiers
            .iter()
            .filter(|(_, severities)| severities.contains(&notice.severity));
        receivers
            .map(|(notifier, _)| Notification {
                notifier: notifier.clone(),
                body: body.clone(),
            })
            .collect()
    }
}

/// A session with the newest state of its subscriptions.
pub(super) type Remembering = (String, watch::Receiver<Vec<Subscription>>);

/// Gives each subscriber the stored subscriptions of its session, and stores those it is about to make. Storing comes first: a crash in
/// between would otherwise leave a subscription at the broker that is never removed.
pub(super) fn recall(
    store: &mut Store,
    subscribers: &mut [Subscriber],
) -> Result<Vec<Remembering>, CommitError> {
    let mut remembering = Vec::new();
    for subscriber in subscribers {
        let session = subscriber.session();
        let (rows, newest) = subscriber.restore(store.subscriptions(&session)?);
        store.remember_subscriptions(&session, &rows)?;
        remembering.push((session, newest));
    }
    Ok(remembering)
}

/// Passes each change to the store until the subscriber has ended. Only the newest state counts, so no change waits for a slow disk.
pub(super) async fn remember(
    session: String,
    mut newest: watch::Receiver<Vec<Subscription>>,
    jobs: mpsc::Sender<Job>,
) {
    while newest.changed().await.is_ok() {
        let rows = newest.borrow_and_update().clone();
        if jobs
            .send(Job::Remember(session.clone(), rows))
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Passes the ids of delivered notifications to the store.
pub(super) async fn record_delivered(
    mut delivered: mpsc::Receiver<Vec<i64>>,
    jobs: mpsc::Sender<Job>,
) {
    while let Some(ids) = delivered.recv().await {
        if jobs.send(Job::Delivered(ids)).await.is_err() {
            return;
        }
    }
}
