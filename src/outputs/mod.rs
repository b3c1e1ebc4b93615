//! Where committed rows go. The store keeps rows in its outbox until every configured output has acknowledged them.
//!
//! To add an output: one file, which parses its section and implements [`Output`], and its line in the table below.

mod delivery;
pub mod influx;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

pub use delivery::{Delivery, deliver};

use influx::InfluxConfig;

/// Takes rows away from the outbox.
pub trait Output: Send {
    /// Name of the output's position in the outbox, which is stored, and of its label in `/metrics`.
    fn name(&self) -> &'static str;

    /// Where the rows go, for log lines.
    fn address(&self) -> &str;

    /// Writes gzip members of line protocol with times in milliseconds. Rows that were written before may come again after a crash.
    fn write(&mut self, gzip: Vec<u8>) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>>;
}

/// The result of a write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The output has acknowledged all rows.
    Stored,
    /// Some or all rows are refused for good.
    Refused(String),
    /// The body is larger than the output takes.
    TooLarge,
    /// Only a person can help: a wrong token, a missing bucket.
    NeedsAttention(String),
    /// It may work later.
    Later(String),
}

/// An output's section of the configuration.
pub trait OutputConfig: Sized {
    /// Takes the section's keys, and reports what is wrong with them; `None` for a section that configures nothing.
    fn parse(keys: &mut dyn SectionKeys) -> Option<Self>;

    /// The address of the server, if there is one: key and URL. `fleetgauge check-config` tries to reach it.
    fn server(&self) -> Option<(&'static str, &str)>;

    /// Makes the output. It connects when it has something to write.
    fn open(&self) -> Box<dyn Output>;
}

/// A section of the configuration, as outputs read it. Each method takes a key out; what is left over is a mistake.
pub trait SectionKeys {
    /// True if the section is absent or has no keys.
    fn is_empty(&self) -> bool;

    /// A text that is not empty.
    fn text(&mut self, key: &'static str, into: &mut String);

    /// A path that may be left out.
    fn optional_path(&mut self, key: &'static str, into: &mut Option<PathBuf>);

    /// A duration within a range.
    fn duration(&mut self, key: &'static str, into: &mut Duration, range: (Duration, Duration));

    /// Reports a mistake in a key, or in the whole section if `key` is empty.
    fn refuse(&mut self, key: &str, value: &str, reason: &str, hint: &str);
}

/// Makes [`OutputsConfig`] from the names of all outputs, which are also the names of their sections.
macro_rules! outputs {
    ($($(#[$doc:meta])* $name:ident: $config:ty,)+) => {
        /// The sections of all outputs; without any, rows wait in the outbox up to its limit.
        #[derive(Clone, PartialEq, Debug, Default)]
        pub struct OutputsConfig {
            $($(#[$doc])* pub $name: Option<$config>,)+
        }

        impl OutputsConfig {
            /// Every output that can be configured.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// Parses the section of one of [`Self::NAMES`].
            pub fn parse(&mut self, name: &str, keys: &mut dyn SectionKeys) {
                match name {
                    $(stringify!($name) => self.$name = OutputConfig::parse(keys),)+
                    _ => {}
                }
            }

            /// Keys and URLs of servers that are configured.
            pub fn servers(&self) -> Vec<(&'static str, &str)> {
                let mut servers = Vec::new();
                $(servers.extend(self.$name.iter().filter_map(OutputConfig::server));)+
                servers
            }

            /// Makes the outputs that are configured; none if no section is written.
            pub fn open(&self) -> Vec<Box<dyn Output>> {
                let mut opened = Vec::new();
                $(opened.extend(self.$name.iter().map(OutputConfig::open));)+
                opened
            }
        }
    };
}

outputs! {
    /// `[influx]`: InfluxDB 2 and what has the same write API.
    influx: InfluxConfig,
}
