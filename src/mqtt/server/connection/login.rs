//! The handshake of a connection: CONNECT, credentials, CONNACK, and the end of an older connection with the same client id.

use tokio::sync::oneshot;

use super::super::Shared;
use super::super::packet::{self, Connect, Version};
use super::{ALIASES, Connection};
use crate::model::{RejectReason, Stats};
use crate::mqtt::server::responses;
use crate::mqtt::server::responses::Refusal;

impl Connection {
    /// Takes over the client id: an older connection with the same id is closed (MQTT 3.1.1 section 3.1.4, MQTT-3.1.4-2).
    pub(super) fn register(&self, taken_over: oneshot::Sender<()>) {
        let mut clients = self
            .shared
            .clients
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, previous)) =
            clients.insert(self.client_id.clone(), (self.generation, taken_over))
        {
            let _ = previous.send(());
        }
    }

    /// Gives up the client id, unless a newer connection has taken it over.
    pub(super) fn release(&self) {
        let mut clients = self
            .shared
            .clients
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if clients
            .get(&self.client_id)
            .is_some_and(|(generation, _)| *generation == self.generation)
        {
            clients.remove(&self.client_id);
        }
    }

    pub(super) async fn read_connect(&mut self) -> Option<Connect> {
        loop {
            match packet::next(&mut self.partial, self.shared.config.max_packet_bytes) {
                Ok(Some(raw)) => match packet::connect(raw) {
                    Ok(connect) => return Some(connect),
                    Err(Some(fault)) => return self.refuse(&fault),
                    Err(None) => {
                        self.reject(
                            RejectReason::Syntax,
                            "an MQTT version that is neither 3.1.1 nor 5",
                            &[],
                        );
                        responses::refuse(Version::V4, Refusal::ProtocolVersion, &mut self.out);
                        self.flush().await;
                        return None;
                    }
                },
                Ok(None) => {
                    self.stream.readable().await.ok()?;
                    match self.read() {
                        Ok(Some(data)) => self.partial = data,
                        Ok(None) => {}
                        Err(()) => return None,
                    }
                }
                Err(fault) => return self.refuse(&fault),
            }
        }
    }

    /// Checks id and credentials and sends CONNACK; returns false if the connection is to be closed.
    pub(super) async fn handshake(&mut self, connect: Connect) -> bool {
        self.version = connect.version;
        let anonymous_id = connect.client_id.is_empty();
        let refusal = if anonymous_id && connect.version == Version::V4 && !connect.clean {
            Some(Refusal::ClientId)
        } else if !self
            .credentials_are_good(connect.username.as_deref(), connect.password.as_deref())
            .await
        {
            Some(Refusal::Credentials)
        } else {
            None
        };
        self.client_id = if anonymous_id {
            format!("auto-{}", self.generation)
        } else {
            connect.client_id
        };
        if let Some(refusal) = refusal {
            Stats::count(&self.shared.stats.connections_refused);
            if refusal == Refusal::Credentials {
                self.reject(
                    RejectReason::Credentials,
                    "wrong or missing username or password",
                    &[],
                );
            }
            responses::refuse(self.version, refusal, &mut self.out);
            self.flush().await;
            return false;
        }
        self.will = connect.will;
        let config = &self.shared.config;
        let assigned = anonymous_id.then_some(self.client_id.as_str());
        responses::connack(
            self.version,
            assigned,
            config.max_inflight,
            config.max_packet_bytes,
            ALIASES,
            &mut self.out,
        );
        self.flush().await
    }

    async fn credentials_are_good(&self, username: Option<&str>, password: Option<&[u8]>) -> bool {
        let (Some(username), Some(_)) = (username, &self.shared.passwords) else {
            return self.shared.config.allow_anonymous;
        };
        let (username, password) = (username.to_owned(), password.unwrap_or_default().to_vec());
        let known = |shared: &Shared| {
            shared
                .passwords
                .as_ref()
                .is_some_and(|file| file.is_verified(&username, &password))
        };
        if known(&self.shared) {
            return true;
        }
        let shared = self.shared.clone();
        let check = move || {
            shared
                .passwords
                .as_ref()
                .is_some_and(|file| file.verify(&username, &password))
        };
        tokio::task::spawn_blocking(check).await.unwrap_or(false)
    }
}
