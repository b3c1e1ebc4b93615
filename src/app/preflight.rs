//! What must be there before anything is started: ports that are free, files that can be read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::StartError;
use super::config::Config;
use crate::ingest::credentials::PasswordFile;
use crate::mqtt::client;
use crate::mqtt::client::{BrokerConfig, BrokerError, IsOwnTopic};
use crate::mqtt::publisher::Publisher;
use crate::notify::Notifier;
use crate::ocpp::server::{Acceptors, Listener};
use crate::ocpp::tap::Upstream;
use crate::telemetry::mapping::Mappings;
use crate::telemetry::without_covered;
use crate::tls::{TlsError, acceptor};
use crate::web::{self, Accounts, AccountsError, WebConfig};

/// The sockets, bound before anything is written: a taken port must not leave a half-started daemon.
pub(super) struct Sockets {
    pub mqtt: Option<TcpListener>,
    pub ocpp: Option<TcpListener>,
    pub ocpp_tls: Option<TcpListener>,
    pub ocpp_mutual: Option<TcpListener>,
    pub web: Option<TcpListener>,
    pub web_tls: Option<TcpListener>,
}

impl Sockets {
    pub(super) async fn bind(config: &Config) -> Result<Self, StartError> {
        Ok(Self {
            mqtt: bind(
                config.listener.enabled,
                "listener.listen",
                &config.listener.listen,
            )
            .await?,
            ocpp: bind(config.ocpp.enabled, "ocpp.listen", &config.ocpp.listen).await?,
            ocpp_tls: bind_optional(
                config.ocpp.enabled,
                "ocpp.tls_listen",
                config.ocpp.tls_listen.as_deref(),
            )
            .await?,
            ocpp_mutual: bind_optional(
                config.ocpp.enabled,
                "ocpp.mutual_tls_listen",
                config.ocpp.mutual_tls_listen.as_deref(),
            )
            .await?,
            web: bind(config.web.enabled, "web.listen", &config.web.listen).await?,
            web_tls: bind_optional(
                config.web.enabled,
                "web.tls_listen",
                config.web.tls_listen.as_deref(),
            )
            .await?,
        })
    }
}

async fn bind(
    enabled: bool,
    key: &'static str,
    address: &str,
) -> Result<Option<TcpListener>, StartError> {
    if !enabled {
        return Ok(None);
    }
    let bound = TcpListener::bind(address).await;
    bound.map(Some).map_err(|error| StartError::Listen {
        key,
        address: address.to_owned(),
        error,
    })
}

async fn bind_optional(
    enabled: bool,
    key: &'static str,
    address: Option<&str>,
) -> Result<Option<TcpListener>, StartError> {
    match address {
        Some(address) => bind(enabled, key, address).await,
        None => Ok(None),
    }
}

/// Where the sockets listen: with port 0 in the configuration the system chose a port.
pub(super) struct Addresses {
    pub mqtt: Option<SocketAddr>,
    pub ocpp: Option<SocketAddr>,
    pub web: Option<SocketAddr>,
}

impl Sockets {
    /// The addresses of the plain sockets.
    pub(super) fn addresses(&self) -> Addresses {
        let address = |socket: &Option<TcpListener>| socket.as_ref()?.local_addr().ok();
        Addresses {
            mqtt: address(&self.mqtt),
            ocpp: address(&self.ocpp),
            web: address(&self.web),
        }
    }

    /// The listeners for charge points.
    pub(super) fn listeners(&mut self, acceptors: &Acceptors) -> Vec<Listener> {
        let plain = self.ocpp.take().map(|socket| Listener {
            socket,
            tls: None,
            mutual: false,
        });
        let tls = self.ocpp_tls.take().zip(acceptors.tls.clone());
        let mutual = self.ocpp_mutual.take().zip(acceptors.mutual.clone());
        let secured = tls
            .map(|secured| (secured, false))
            .into_iter()
            .chain(mutual.map(|secured| (secured, true)));
        let secured = secured.map(|((socket, tls), mutual)| Listener {
            socket,
            tls: Some(tls),
            mutual,
        });
        plain.into_iter().chain(secured).collect()
    }

    /// Where people and programs come in.
    pub(super) fn entrances(&mut self, acceptor: Option<TlsAcceptor>) -> Option<web::Listeners> {
        let tls = self.web_tls.take().zip(acceptor);
        self.web.take().map(|plain| web::Listeners { plain, tls })
    }
}

/// What rooms need from further files, read before anything is started.
pub(super) struct Files {
    pub passwords: Option<PasswordFile>,
    pub subscribers: Vec<client::Subscriber>,
    pub publisher: Option<Publisher>,
    pub acceptors: Acceptors,
    pub upstream: Upstream,
    pub notifiers: Vec<(Arc<str>, Notifier)>,
    pub accounts: Accounts,
    pub web_acceptor: Option<TlsAcceptor>,
}

impl Files {
    pub(super) fn read(config: &Config, mappings: &Mappings) -> Result<Self, StartError> {
        let passwords = config
            .listener
            .password_file
            .as_ref()
            .filter(|_| config.listener.enabled);
        let passwords = passwords.map(|path| read_passwords(path)).transpose()?;
        let broken = |error: BrokerError| StartError::Room(error.to_string());
        let publish = config.publish.clone();
        let is_own_topic: IsOwnTopic = Arc::new(move |topic| publish.is_own_topic(topic));
        let subscribers = config.brokers.iter().map(|broker| {
            client::Subscriber::new(with_topics(broker, mappings), is_own_topic.clone())
                .map_err(broken)
        });
        let broker = config
            .brokers
            .iter()
            .find(|broker| config.publish.broker.as_ref() == Some(&broker.name));
        let publisher = broker
            .map(|broker| Publisher::new(config.publish.clone(), broker).map_err(broken))
            .transpose()?;
        let notifiers = config.notifiers.iter().map(|notifier| {
            let ready = Notifier::new(notifier.clone()).map_err(StartError::Room)?;
            Ok::<_, StartError>((Arc::from(notifier.name.as_str()), ready))
        });
        let refused = |error: TlsError| StartError::Room(error.to_string());
        Ok(Self {
            passwords,
            subscribers: subscribers.collect::<Result<_, _>>()?,
            publisher,
            acceptors: Acceptors::read(&config.ocpp).map_err(refused)?,
            upstream: Upstream::read(&config.ocpp.tap).map_err(refused)?,
            notifiers: notifiers.collect::<Result<_, _>>()?,
            accounts: read_accounts(&config.web).map_err(StartError::Room)?,
            web_acceptor: web_acceptor(&config.web).map_err(refused)?,
        })
    }
}

/// Reads the files that a start would read, for `check-config`.
pub fn check_files(config: &Config) -> Result<(), StartError> {
    Files::read(config, &Mappings::default()).map(drop)
}

/// Reads the accounts that may use the page: people and programs.
pub(super) fn read_accounts(config: &WebConfig) -> Result<Accounts, String> {
    type Take = fn(Accounts, &str, &str) -> Result<Accounts, Vec<AccountsError>>;
    let files: [(&str, &Option<PathBuf>, Take); 2] = [
        ("web.users_file", &config.users_file, Accounts::with_users),
        (
            "web.tokens_file",
            &config.tokens_file,
            Accounts::with_tokens,
        ),
    ];
    let (mut accounts, mut wrong) = (Accounts::default(), Vec::new());
    for (key, file, take) in files {
        let Some(path) = file.as_ref().filter(|_| config.enabled) else {
            continue;
        };
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Err(error) => wrong
                .push(format!("`{key}`: {name}: {error}\n  hint: a file with lines `name:role:hash` that this user may read")),
            Ok(text) => match take(accounts.clone(), &text, &name) {
                Ok(with) => accounts = with,
                Err(errors) => wrong.extend(errors.iter().map(ToString::to_string)),
            },
        }
    }
    if wrong.is_empty()
        && accounts.is_empty()
        && (config.users_file.is_some() || config.tokens_file.is_some())
        && config.enabled
    {
        // The gate would take it for a page that never had logins, and open it to everybody on this machine.
        wrong.push(
            "`web.users_file`: there is nobody in it\n  hint: add a line `name:role:hash`, or leave the key out".to_owned(),
        );
    }
    if wrong.is_empty() {
        Ok(accounts)
    } else {
        Err(wrong.join("\n"))
    }
}

fn web_acceptor(config: &WebConfig) -> Result<Option<TlsAcceptor>, TlsError> {
    let wanted = config.enabled && config.tls_listen.is_some();
    match (
        config.certificate_file.as_deref(),
        config.key_file.as_deref(),
    ) {
        (Some(certificate), Some(key)) if wanted => {
            acceptor(("web.certificate_file", certificate), ("web.key_file", key)).map(Some)
        }
        _ => Ok(None),
    }
}

/// A broker with what to subscribe to: without `topics`, those of its formats and of the maps.
fn with_topics(broker: &BrokerConfig, mappings: &Mappings) -> BrokerConfig {
    let mut broker = broker.clone();
    if broker.topics.is_empty() {
        let formats = broker.formats.filters().into_iter().map(str::to_owned);
        broker.topics = without_covered(formats.chain(mappings.filters()));
    }
    broker
}

fn read_passwords(path: &std::path::Path) -> Result<PasswordFile, StartError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        StartError::Room(format!(
            "`listener.password_file`: {name}: {error}\n  hint: a file with lines `username:hash` that this user may read"
        ))
    })?;
    PasswordFile::parse(&text, &name).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        StartError::Room(lines.join("\n"))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::app::config::MappingConfig;
    use crate::app::load_mappings;
    use crate::app::preflight::*;
    use crate::telemetry::Formats;

    #[test]
    fn brokers_subscribe_to_formats_and_maps_by_default() {
        let presets = vec!["saic".to_owned(), "geotab".to_owned()];
        let mappings = load_mappings(&MappingConfig {
            files: Vec::new(),
            presets,
        })
        .expect("presets are right");
        let native = Formats::named(["native"]).expect("it is one");
        let broker = BrokerConfig {
            formats: Arc::new(native),
            ..BrokerConfig::default()
        };
        let topics = with_topics(&broker, &mappings).topics;
        assert!(
            topics.contains(&"fleet/meters/+/status".to_owned()),
            "{topics:?}"
        );
        assert!(
            topics.contains(&"saic/+/vehicles/+/drivetrain/soc".to_owned())
                && topics.contains(&"geotab/out".to_owned())
        );
        let explicit = BrokerConfig {
            topics: vec!["fleet/#".to_owned()],
            ..broker
        };
        assert_eq!(with_topics(&explicit, &mappings).topics, ["fleet/#"]);
    }
}
