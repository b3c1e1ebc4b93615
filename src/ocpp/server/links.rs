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
pub(crate) enum Proof {
    /// It says so.
    Nothing,
    /// Its password.
    Password,
    /// Its certificate.
    Certificate,
}

/// A link that is silent for so long may be replaced by anybody who says to be the same charge point.
const SILENT: Duration = Duration::from_secs(10);

/// Signs of life of one link.
#[derive(Debug)]
pub(crate) struct Life {
    begun: Instant,
    /// ms after `begun`.
    heard: AtomicU64,
    /// Somebody wants a sign of life.
    pub asked: Notify,
    answered: Notify,
}

impl Life {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            heard: AtomicU64::new(0),
            asked: Notify::new(),
            answered: Notify::new(),
        }
    }

    /// Something was heard.
    pub fn beat(&self) {
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
struct Holder {
    generation: u64,
    proof: Proof,
    address: IpAddr,
    life: Arc<Life>,
    replaced: oneshot::Sender<()>,
}

/// A place in the table, given back by [`Links::leave`].
#[derive(Debug)]
pub(crate) struct Seat {
    key: String,
    generation: u64,
    /// To be told of every sign of life.
    pub life: Arc<Life>,
    /// Resolves when another link takes the place.
    pub replaced: oneshot::Receiver<()>,
    /// Another link held the place until now.
    pub took_over: bool,
}

/// Somebody else has the place and keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Taken;

/// Who is connected.
#[derive(Debug, Default)]
pub(crate) struct Links {
    table: Mutex<HashMap<String, Holder>>,
    generations: AtomicU64,
}

impl Links {
    fn table(&self) -> MutexGuard<'_, HashMap<String, Holder>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of `identity`, whatever its case. May wait for a sign of life of whoever has it.
    pub async fn claim(
        &self,
        identity: &str,
        proof: Proof,
        address: IpAddr,
    ) -> Result<Seat, Taken> {
        let key = identity.to_lowercase();
        if let Some(life) = self.contested(&key, proof, address)? {
            let answered = life.answered.notified();
            life.asked.notify_one();
            if tokio::time::timeout(SILENT, answered).await.is_ok() {
                return Err(Taken);
            }
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        let (replaced, when_replaced) = oneshot::channel();
        let life = Arc::new(Life::new());
        let holder = Holder {
            generation,
            proof,
            address,
            life: life.clone(),
            replaced,
        };
        let old = self.table().insert(key.clone(), holder);
        let took_over = old.is_some();
        if let Some(old) = old {
            let _ = old.replaced.send(());
        }
        Ok(Seat {
            key,
            generation,
            life,
            replaced: when_replaced,
            took_over,
        })
    }

    /// The link whose sign of life decides; `None` if the place may be taken at once.
    fn contested(
        &self,
        key: &str,
        proof: Proof,
        address: IpAddr,
    ) -> Result<Option<Arc<Life>>, Taken> {
        let table = self.table();
        let Some(old) = table.get(key) else {
            return Ok(None);
        };
        if proof < old.proof {
            return Err(Taken);
        }
        let free =
            proof > Proof::Nothing || old.address == address || old.life.silent_for() >= SILENT;
        Ok((!free).then(|| old.life.clone()))
    }

    /// The link is over. True if nobody has taken its place: the late end of a link that was replaced must not make its successor look
    /// gone.
    pub fn leave(&self, seat: &Seat) -> bool {
        let mut table = self.table();
        let ours = table
            .get(&seat.key)
            .is_some_and(|holder| holder.generation == seat.generation);
        if ours {
            table.remove(&seat.key);
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
        use Proof::{Certificate, Nothing, Password};
        for (old, new, address, want) in [
            (Nothing, Nothing, HERE, true),
            (Nothing, Password, ELSEWHERE, true),
            (Password, Password, ELSEWHERE, true),
            (Password, Nothing, HERE, false),
            (Certificate, Password, HERE, false),
        ] {
            let links = Links::default();
            let mut first = links.claim("CP1", old, HERE).await.expect("free");
            let second = links.claim("cp1", new, address).await;
            assert_eq!(second.is_ok(), want, "{old:?} {new:?} {address}");
            assert_eq!(first.replaced.try_recv().is_ok(), want);
            assert_eq!(
                links.leave(&first),
                !want,
                "its late end says nothing about its successor"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_proof_a_living_link_stays() {
        let links = Arc::new(Links::default());
        let first = links
            .claim("CP1", Proof::Nothing, HERE)
            .await
            .expect("free");
        let life = first.life.clone();
        let alive = tokio::spawn(async move {
            life.asked.notified().await;
            life.beat();
        });
        assert_eq!(
            links.claim("CP1", Proof::Nothing, ELSEWHERE).await.err(),
            Some(Taken)
        );
        alive.await.expect("no panic");
        // Now it does not answer.
        assert!(links.claim("CP1", Proof::Nothing, ELSEWHERE).await.is_ok());
        tokio::time::advance(SILENT).await;
        assert!(
            links.claim("CP1", Proof::Nothing, HERE).await.is_ok(),
            "long silent: at once"
        );
    }
}
