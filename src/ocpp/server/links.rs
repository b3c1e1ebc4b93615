//! One connection per identity.
//!
//! The newest connection wins, because the old one is mostly a line that broke without a close. It does not win against a better
//! authenticated connection; and without authentication it does not win against one that is alive (session shadowing: SaiFlow, 2023).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::AuthMethod;

/// An unauthenticated client may replace a connection that was silent for this long.
const SILENT: Duration = Duration::from_secs(10);

/// The last activity of one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    since: Instant,
    /// Time of the last bytes from the charge point, in milliseconds after `since`.
    last_activity: AtomicU64,
    /// Notified if the connection is to send a ping.
    pub probe: Notify,
    activity: Notify,
}

impl Liveness {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            last_activity: AtomicU64::new(0),
            probe: Notify::new(),
            activity: Notify::new(),
        }
    }

    /// Records that bytes were received.
    pub(crate) fn touch(&self) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_activity.store(now, Ordering::Relaxed);
        self.activity.notify_waiters();
    }

    /// The time since the last activity.
    pub(crate) fn silent_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_activity.load(Ordering::Relaxed));
        self.since.elapsed().saturating_sub(last)
    }
}

/// The connection that holds an identity's slot.
#[derive(Debug)]
struct Owner {
    generation: u64,
    method: AuthMethod,
    address: IpAddr,
    liveness: Arc<Liveness>,
    replaced: oneshot::Sender<()>,
}

/// The slot of an identity, until [`Links::release`].
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    key: String,
    generation: u64,
    /// To be touched whenever bytes are received.
    pub liveness: Arc<Liveness>,
    /// Resolves when another connection takes the slot.
    pub replaced: oneshot::Receiver<()>,
    /// The slot was taken over from another connection.
    pub took_over: bool,
}

/// Another connection keeps the slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlotTaken;

/// The connections by identity.
#[derive(Debug, Default)]
pub(crate) struct Links {
    owners: Mutex<HashMap<String, Owner>>,
    generations: AtomicU64,
}

impl Links {
    fn owners(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acquires the slot of `identity`, which ignores case. May wait for [`SILENT`] while the present owner is probed.
    pub(crate) async fn acquire(
        &self,
        identity: &str,
        method: AuthMethod,
        address: IpAddr,
    ) -> Result<ConnectionSlot, SlotTaken> {
        let key = identity.to_lowercase();
        if let Some(liveness) = self.contested(&key, method, address)? {
            let activity = liveness.activity.notified();
            liveness.probe.notify_one();
            if tokio::time::timeout(SILENT, activity).await.is_ok() {
                return Err(SlotTaken);
            }
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        let (replaced, when_replaced) = oneshot::channel();
        let liveness = Arc::new(Liveness::new());
        let owner = Owner {
            generation,
            method,
            address,
            liveness: liveness.clone(),
            replaced,
        };
        let old = self.owners().insert(key.clone(), owner);
        let took_over = old.is_some();
        if let Some(old) = old {
            let _ = old.replaced.send(());
        }
        Ok(ConnectionSlot {
            key,
            generation,
            liveness,
            replaced: when_replaced,
            took_over,
        })
    }

    /// The present owner's liveness if it decides; `None` if the slot may be taken at once.
    fn contested(
        &self,
        key: &str,
        method: AuthMethod,
        address: IpAddr,
    ) -> Result<Option<Arc<Liveness>>, SlotTaken> {
        let owners = self.owners();
        let Some(old) = owners.get(key) else {
            return Ok(None);
        };
        if method < old.method {
            return Err(SlotTaken);
        }
        let free = method > AuthMethod::None
            || old.address == address
            || old.liveness.silent_for() >= SILENT;
        Ok((!free).then(|| old.liveness.clone()))
    }

    /// Ends a connection. Returns true if it still held the slot: the late end of a connection that was replaced must not make its
    /// successor look disconnected.
    pub(crate) fn release(&self, slot: &ConnectionSlot) -> bool {
        let mut owners = self.owners();
        let held = owners
            .get(&slot.key)
            .is_some_and(|owner| owner.generation == slot.generation);
        if held {
            owners.remove(&slot.key);
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::server::links::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9));

    #[tokio::test(start_paused = true)]
    async fn newest_wins_with_equal_or_better_authentication() {
        use AuthMethod::{Certificate, Password};
        for (old, new, address, want) in [
            (AuthMethod::None, AuthMethod::None, HERE, true),
            (AuthMethod::None, Password, ELSEWHERE, true),
            (Password, Password, ELSEWHERE, true),
            (Password, AuthMethod::None, HERE, false),
            (Certificate, Password, HERE, false),
        ] {
            let links = Links::default();
            let mut first = links.acquire("CP1", old, HERE).await.expect("free");
            let second = links.acquire("cp1", new, address).await;
            assert_eq!(second.is_ok(), want, "{old:?} {new:?} {address}");
            assert_eq!(first.replaced.try_recv().is_ok(), want);
            assert_eq!(
                links.release(&first),
                !want,
                "its late end changes nothing for its successor"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_unauthenticated_client_does_not_replace_a_living_connection() {
        let links = Arc::new(Links::default());
        let unproven = AuthMethod::None;
        let first = links.acquire("CP1", unproven, HERE).await.expect("free");
        let liveness = first.liveness.clone();
        let alive = tokio::spawn(async move {
            liveness.probe.notified().await;
            liveness.touch();
        });
        assert_eq!(
            links.acquire("CP1", unproven, ELSEWHERE).await.err(),
            Some(SlotTaken)
        );
        alive.await.expect("no panic");
        // The second probe gets no reaction.
        assert!(links.acquire("CP1", unproven, ELSEWHERE).await.is_ok());
        tokio::time::advance(SILENT).await;
        assert!(
            links.acquire("CP1", unproven, HERE).await.is_ok(),
            "long silent: at once"
        );
    }
}
