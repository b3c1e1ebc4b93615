//! Connects rooms that do not import each other: subscribers and notifiers with the store.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::config::Config;
use super::writer::Job;
use crate::model::{Notice, Severity, Subscription};
use crate::mqtt::client::Subscriber;
use crate::store::{CommitError, Notification, Store};

/// Who is there to take what goes out.
#[derive(Clone, Debug, Default)]
pub(super) struct Receivers {
    /// Some output takes the rows.
    pub has_output: bool,
    /// Notifiers, and the severities that each receives.
    pub notifiers: Vec<(Arc<str>, Vec<Severity>)>,
}

impl Receivers {
    /// As configured.
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

    /// A notice for each notifier that is to have it.
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

/// A session, and what is to be remembered of it whenever that changes.
pub(super) type Remembering = (String, watch::Receiver<Vec<Subscription>>);

/// Gives each subscriber what is remembered of its session, and writes down what it is about to ask for: were it asked first and written
/// then, a crash in between would leave a subscription that nobody knows of.
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

/// Hands what changes to the store until the subscriber has ended. Only the newest state counts, so nothing waits for a slow disk.
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

/// Hands what was delivered to the store.
pub(super) async fn record_delivered(mut noted: mpsc::Receiver<Vec<i64>>, jobs: mpsc::Sender<Job>) {
    while let Some(ids) = noted.recv().await {
        if jobs.send(Job::Delivered(ids)).await.is_err() {
            return;
        }
    }
}
