//! Sessions of logged-in users: in memory only and bounded. A session ends when it is unused for too long or has lasted too long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::Instant;

use crate::model::password::digest;

/// SHA-256 of the cookie: a copy of the memory is no login.
pub(super) type Key = [u8; 32];

#[derive(Clone, Debug)]
struct Session {
    name: Arc<str>,
    /// The password hash of the login: a session does not outlive a change of the password.
    hash: Arc<str>,
    began: Instant,
    used: Instant,
}

/// All sessions of people who have logged in.
#[derive(Debug)]
pub(super) struct Sessions {
    known: Mutex<HashMap<Key, Session>>,
    /// The setting `web.session_idle`.
    idle: Duration,
    /// The setting `web.session_max`.
    longest: Duration,
    /// The setting `web.max_sessions`.
    max_sessions: usize,
}

/// What a cookie leads to: the user's name, the password hash of the login, and the time left at most.
pub(super) type Known = (Arc<str>, Arc<str>, Duration);

impl Sessions {
    pub(super) fn new(idle: Duration, longest: Duration, max_sessions: usize) -> Self {
        Self {
            known: Mutex::default(),
            idle,
            longest,
            max_sessions,
        }
    }

    /// A new session's cookie; `None` if the system gives no random numbers. When there are too many, the one unused for longest ends.
    pub(super) fn begin(&self, name: Arc<str>, hash: Arc<str>) -> Option<String> {
        let mut secret = [0u8; 32];
        SystemRandom::new().fill(&mut secret).ok()?;
        let cookie = BASE64URL_NOPAD.encode(&secret);
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.max_sessions {
            known.retain(|_, session| self.lives(session, now));
        }
        if known.len() >= self.max_sessions {
            let oldest = known
                .iter()
                .min_by_key(|(_, session)| session.used)
                .map(|(key, _)| *key);
            oldest.map(|key| known.remove(&key));
        }
        known.insert(
            digest(cookie.as_bytes()),
            Session {
                name,
                hash,
                began: now,
                used: now,
            },
        );
        Some(cookie)
    }

    /// The session's user, if the session has not ended. Marks it as used now.
    pub(super) fn find(&self, key: &Key) -> Option<Known> {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let session = known.get_mut(key)?;
        if !self.lives(session, now) {
            known.remove(key);
            return None;
        }
        session.used = now;
        Some((
            session.name.clone(),
            session.hash.clone(),
            self.longest.saturating_sub(now - session.began),
        ))
    }

    /// Ends a session; its cookie is worth nothing from then on.
    pub(super) fn end(&self, key: &Key) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }

    fn lives(&self, session: &Session, now: Instant) -> bool {
        now - session.used < self.idle && now - session.began < self.longest
    }
}

#[cfg(test)]
mod tests {
    use crate::web::access::sessions::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn begin(sessions: &Sessions, name: &str) -> Key {
        digest(
            sessions
                .begin(Arc::from(name), Arc::from("hash"))
                .expect("random numbers")
                .as_bytes(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_unused_or_old() {
        let sessions = Sessions::new(10 * MINUTE, 25 * MINUTE, 10);
        let (used, unused) = (begin(&sessions, "ann"), begin(&sessions, "bob"));
        for left in [16, 7] {
            tokio::time::advance(9 * MINUTE).await;
            assert_eq!(
                sessions.find(&used).map(|(name, _, left)| (name, left)),
                Some((Arc::from("ann"), left * MINUTE))
            );
        }
        assert!(sessions.find(&unused).is_none(), "idle");
        tokio::time::advance(7 * MINUTE).await;
        assert!(
            sessions.find(&used).is_none(),
            "25 minutes are over, used or not"
        );
        let ended = begin(&sessions, "ann");
        sessions.end(&ended);
        assert!(sessions.find(&ended).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_unused_for_longest_makes_room() {
        let sessions = Sessions::new(10 * MINUTE, 60 * MINUTE, 2);
        let first = begin(&sessions, "first");
        tokio::time::advance(MINUTE).await;
        let second = begin(&sessions, "second");
        tokio::time::advance(MINUTE).await;
        assert!(sessions.find(&first).is_some());
        let third = begin(&sessions, "third");
        assert!(
            sessions.find(&first).is_some()
                && sessions.find(&second).is_none()
                && sessions.find(&third).is_some()
        );
    }
}
