//! A site's own payloads, described in TOML. Mapping files are compiled to maps at start, with every mistake reported then; a message is
//! decoded by the map whose topic has the most literal levels. There is no expression language: captures, JSON Pointers, units, a linear
//! scale and tables of words suffice for the sources met so far. `config/mappings/README.md` describes the language.

mod error;
mod field;
mod map;
mod parse_field;
mod parse_map;
mod pointer;
mod raw_value;
mod template;
mod time;
mod toml_table;
mod topic;

pub use error::{MappingError, MappingErrors};
pub use parse_map::FindZone;

use std::cmp::Reverse;
use std::collections::HashMap;

use map::{Map, Report};
use toml_table::MappingFile;
use topic::Captures;

use super::{Message, Refused, Sink};

/// Bytes of one mapping file.
const MAX_BYTES: usize = 1 << 20;
/// Maps of all files.
const MAX_MAPS: usize = 10_000;

/// The maps of a site.
#[derive(Debug, Default)]
pub struct Mappings {
    /// Most literal topic first; among equals, the one written first.
    maps: Vec<Map>,
    /// Indexes in `maps` of those whose topic begins with a literal level, by that level.
    by_first_level: HashMap<String, Vec<usize>>,
    /// Indexes in `maps` of those whose topic begins with a capture or wildcard.
    anywhere: Vec<usize>,
}

impl Mappings {
    /// Parses files, each with its name. The error holds every mistake of every file.
    pub fn parse(files: &[(&str, &str)], zone: FindZone<'_>) -> Result<Self, MappingErrors> {
        let mut errors = Vec::new();
        let mut maps = Vec::new();
        for (name, text) in files {
            let source = MappingFile::new(name, text);
            if text.len() > MAX_BYTES {
                source.refuse(
                    0,
                    "",
                    format!("has {} bytes; at most {MAX_BYTES}", text.len()),
                    "split it into several files",
                );
            } else {
                maps.extend(parse_map::maps(&source, zone));
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
            Ok(Self::from_maps(maps))
        } else {
            Err(MappingErrors(errors))
        }
    }

    fn from_maps(mut maps: Vec<Map>) -> Self {
        maps.sort_by_key(|map| Reverse(map.topic.rank()));
        let mut by_first_level: HashMap<String, Vec<usize>> = HashMap::new();
        let mut anywhere = Vec::new();
        for (index, map) in maps.iter().enumerate() {
            match map.topic.first_literal() {
                Some(level) => by_first_level
                    .entry(level.to_owned())
                    .or_default()
                    .push(index),
                None => anywhere.push(index),
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

    /// Returns true if there are no maps.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// The topic filters to subscribe to.
    pub fn filters(&self) -> impl Iterator<Item = String> {
        self.maps.iter().map(|map| map.topic.filter())
    }

    /// Decodes a message if a map's topic matches. With `report_absent`, fields that the message does not have are reported too.
    pub(super) fn decode(
        &self,
        message: &Message<'_>,
        report_absent: bool,
        sink: &mut dyn Sink,
    ) -> Option<Result<(), Refused>> {
        let (map, captures) = self.find(message.topic)?;
        Some(map.decode(
            &captures,
            message,
            &mut Report {
                sink,
                all: report_absent,
            },
        ))
    }

    fn find<'t>(&self, topic: &'t str) -> Option<(&Map, Captures<'t>)> {
        let first_level = topic.split_once('/').map_or(topic, |(first, _)| first);
        let literal = self
            .by_first_level
            .get(first_level)
            .map_or(&[][..], Vec::as_slice);
        let first = |indexes: &[usize]| {
            indexes
                .iter()
                .find_map(|index| Some((*index, self.maps.get(*index)?.topic.matches(topic)?)))
        };
        let (index, captures) = match (first(literal), first(&self.anywhere)) {
            (Some(literal), Some(other)) => {
                if literal.0 < other.0 {
                    literal
                } else {
                    other
                }
            }
            (literal, other) => literal.or(other)?,
        };
        Some((self.maps.get(index)?, captures))
    }
}
