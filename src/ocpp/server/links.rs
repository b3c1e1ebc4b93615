//! One link per identity. The newest wins, because the old one is mostly a line that died without saying so; but not against a better
//! authenticated one, and without authentication not against one that is alive (session shadowing: SaiFlow, 2023).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// How a charge point showed who it is, weakest first (OCPP security profiles 0, 1 and 2, 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum AuthMethod {
    /// It says so.
    None,
    /// Its password.
    Password,
    /// Its certificate.
    Certificate,
}

/// A link that is silent for so long may be replaced by anybody who says to be the same charge point.
const SILENT: Duration = Duration::from_secs(10);

/// Signs of life of one link.
#[derive(Debug)]
pub(crate) struct Liveness {
    begun: Instant,
    /// ms after `begun`.
    heard: AtomicU64,
    /// Somebody wants a sign of liveness.
    pub probe: Notify,
    answered: Notify,
}

impl Liveness {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            heard: AtomicU64::new(0),
            probe: Notify::new(),
            answered: Notify::new(),
        }
    }

    /// Something was heard.
    pub fn touch(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now, Ordering::Relaxed);
        self.answered.notify_waiters();
    }

    /// How long nothing was heard.
    pub fn silent_for(&self) -> Duration {
        self.begun
            .elapsed()
            .saturating_sub(Duration::from_millis(self.heard.load(Ordering::Relaxed)))
    }
}

#[derive(Debug)]
struct Owner {
    generation: u64,
    method: AuthMethod,
    address: IpAddr,
    liveness: Arc<Liveness>,
    replaced: oneshot::Sender<()>,
}

/// A place in the table, given back by [`Links::release`].
#[derive(Debug)]
pub(crate) struct ConnectionSlot {
    key: String,
    generation: u64,
    /// To be told of every sign of liveness.
    pub liveness: Arc<Liveness>,
    /// Resolves when another link takes the place.
    pub replaced: oneshot::Receiver<()>,
    /// Another link held the place until now.
    pub took_over: bool,
}

/// Somebody else has the place and keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlotTaken;

/// Who is connected.
#[derive(Debug, Default)]
pub(crate) struct Links {
    table: Mutex<HashMap<String, Owner>>,
    generations: AtomicU64,
}

impl Links {
    fn table(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of `identity`, whatever its case. May wait for a sign of life of whoever has it.
    pub async fn acquire(
        &self,
        identity: &str,
        method: AuthMethod,
        address: IpAddr,
    ) -> Result<ConnectionSlot, SlotTaken> {
        let key = identity.to_lowercase();
        if let Some(liveness) = self.contested(&key, method, address)? {
            let answered = liveness.answered.notified();
            liveness.probe.notify_one();
            if tokio::time::timeout(SILENT, answered).await.is_ok() {
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
        let old = self.table().insert(key.clone(), owner);
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

    /// The link whose sign of life decides; `None` if the place may be taken at once.
    fn contested(
        &self,
        key: &str,
        method: AuthMethod,
        address: IpAddr,
    ) -> Result<Option<Arc<Liveness>>, SlotTaken> {
        let table = self.table();
        let Some(old) = table.get(key) else {
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

    /// The link is over. True if nobody has taken its place: the late end of a link that was replaced must not make its successor look
    /// gone.
    pub fn release(&self, slot: &ConnectionSlot) -> bool {
        let mut table = self.table();
        let ours = table
            .get(&slot.key)
            .is_some_and(|owner| owner.generation == slot.generation);
        if ours {
            table.remove(&slot.key);
        }
        ours
    }
}

#[cfg(test)]
mod tests {
    use crate::ocpp::server::links::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9));

    #[tokio::test(start_paused = true)]
    async fn newest_wins_with_equal_or_better_proof() {
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
                "its late end says nothing about its successor"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_proof_a_living_link_stays() {
        let links = Arc::new(Links::default());
        let first = links
            .acquire("CP1", AuthMethod::None, HERE)
            .await
            .expect("free");
        let liveness = first.liveness.clone();
        let alive = tokio::spawn(async move {
            liveness.probe.notified().await;
            liveness.touch();
        });
        assert_eq!(
            links
                .acquire("CP1", AuthMethod::None, ELSEWHERE)
                .await
                .err(),
            Some(SlotTaken)
        );
        alive.await.expect("no panic");
        // Now it does not answer.
        assert!(
            links
                .acquire("CP1", AuthMethod::None, ELSEWHERE)
                .await
                .is_ok()
        );
        tokio::time::advance(SILENT).await;
        assert!(
            links.acquire("CP1", AuthMethod::None, HERE).await.is_ok(),
            "long silent: at once"
        );
    }
}
