//! A site's own payloads, described in TOML (`mqtt-telemetry` section 9): mapping files to maps, and a message to the reading of the
//! map that says most about its topic. No expression language; what is wrong in a file is said before the first message.

mod error;
mod field;
mod map;
mod pointer;
mod read;
mod read_field;
mod table;
mod template;
mod time;
mod topic;
mod value;

pub use error::{MappingError, MappingErrors};
pub use read::FindZone;

use std::cmp::Reverse;
use std::collections::HashMap;

use map::{Map, Report};
use table::Source;
use topic::Captures;

use super::{Message, Refused, Sink};

/// Bytes of one mapping file.
const MAX_BYTES: usize = 1 << 20;
/// Maps of all files.
const MAX_MAPS: usize = 10_000;

/// The maps of a site.
#[derive(Debug, Default)]
pub struct Mappings {
    /// Those that say most about their topic first; among equals, the one written first.
    maps: Vec<Map>,
    /// Places in `maps` of those whose topic begins with a literal level, by it.
    by_first_level: HashMap<String, Vec<usize>>,
    /// The other places.
    anywhere: Vec<usize>,
}

impl Mappings {
    /// Reads files, each with its name; on any mistake all of them.
    pub fn parse(files: &[(&str, &str)], zone: FindZone<'_>) -> Result<Self, MappingErrors> {
        let mut errors = Vec::new();
        let mut maps = Vec::new();
        for (name, text) in files {
            let source = Source::new(name, text);
            if text.len() > MAX_BYTES {
                source.refuse(
                    0,
                    "",
                    format!("has {} bytes; at most {MAX_BYTES}", text.len()),
                    "split it into several files",
                );
            } else {
                maps.extend(read::maps(&source, zone));
                if maps.len() > MAX_MAPS {
                    source.refuse(
                        0,
                        "",
                        format!("is one file too many: {} maps", maps.len()),
                        format!("at most {MAX_MAPS}"),
                    );
                }
            }
            errors.extend(source.into_errors());
        }
        if errors.is_empty() {
            Ok(Self::of(maps))
        } else {
            Err(MappingErrors(errors))
        }
    }

    fn of(mut maps: Vec<Map>) -> Self {
        maps.sort_by_key(|map| Reverse(map.topic.rank()));
        let mut by_first_level: HashMap<String, Vec<usize>> = HashMap::new();
        let mut anywhere = Vec::new();
        for (place, map) in maps.iter().enumerate() {
            match map.topic.first_literal() {
                Some(level) => by_first_level
                    .entry(level.to_owned())
                    .or_default()
                    .push(place),
                None => anywhere.push(place),
            }
        }
        Self {
            maps,
            by_first_level,
            anywhere,
        }
    }

    /// How many maps there are.
    pub fn len(&self) -> usize {
        self.maps.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// What to subscribe to.
    pub fn filters(&self) -> impl Iterator<Item = String> {
        self.maps.iter().map(|map| map.topic.filter())
    }

    /// Decodes a message if some map is for its topic. With `tell_all`, also what is merely absent is reported.
    pub(super) fn decode(
        &self,
        message: &Message<'_>,
        tell_all: bool,
        sink: &mut dyn Sink,
    ) -> Option<Result<(), Refused>> {
        let (map, captures) = self.find(message.topic)?;
        Some(map.decode(
            &captures,
            message,
            &mut Report {
                sink,
                all: tell_all,
            },
        ))
    }

    fn find<'t>(&self, topic: &'t str) -> Option<(&Map, Captures<'t>)> {
        let first_level = topic.split_once('/').map_or(topic, |(first, _)| first);
        let literal = self
            .by_first_level
            .get(first_level)
            .map_or(&[][..], Vec::as_slice);
        let first = |places: &[usize]| {
            places
                .iter()
                .find_map(|place| Some((*place, self.maps.get(*place)?.topic.matches(topic)?)))
        };
        let (place, captures) = match (first(literal), first(&self.anywhere)) {
            (Some(literal), Some(other)) => {
                if literal.0 < other.0 {
                    literal
                } else {
                    other
                }
            }
            (literal, other) => literal.or(other)?,
        };
        Some((self.maps.get(place)?, captures))
    }
}
