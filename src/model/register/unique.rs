//! Ids and tags must be unique within their file, without regard to case; a repeated one is refused with the line of the first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Register;
use super::parse::Row;
use crate::model::{EnergyUser, IdTokenHash, TokenHasher, check_id};

/// Ids and tags of the rows so far, with their line numbers.
#[derive(Default)]
pub(super) struct Seen {
    ids: HashMap<(&'static str, String), u64>,
    tags: HashMap<IdTokenHash, u64>,
    ambiguous: HashSet<IdTokenHash>,
}

impl Seen {
    /// The row's own id: well-formed and new, without regard to case.
    pub(super) fn new_id(&mut self, row: &mut Row<'_>, column: &'static str) -> Option<Arc<str>> {
        let Some(text) = row.text(column) else {
            row.refuse(column, "is empty", "every row needs its id");
            return None;
        };
        if let Err(error) = check_id(&text) {
            row.refuse(
                column,
                error.to_string(),
                "use letters, digits, `-`, `_`, `.`, `:`, `|`",
            );
            return None;
        }
        if let Some(line) = self.ids.insert((column, text.to_lowercase()), row.line()) {
            row.refuse(
                column,
                format!("is already in line {line}"),
                "an id names one thing",
            );
            return None;
        }
        Some(Arc::from(text))
    }

    /// Adds a tag of `user`, and the tags that are easily mistaken for it.
    pub(super) fn add_tag(
        &mut self,
        row: &mut Row<'_>,
        column: &str,
        tag: &str,
        user: EnergyUser,
        hasher: &TokenHasher,
        register: &mut Register,
    ) {
        let Some(hash) = hasher.hash(tag) else {
            row.refuse(
                column,
                format!("`{tag}` has no letter or digit"),
                "write the tag as the reader shows it, such as 04A1B2C3",
            );
            return;
        };
        match register.tags.insert(hash, user.clone()) {
            Some(other) if other != user => {
                let line = self.tags.get(&hash).copied().unwrap_or(0);
                row.refuse(
                    column,
                    format!("`{tag}` already belongs to another user (line {line} there)"),
                    "a tag stands for one vehicle, or staff, or the public",
                );
            }
            _ => {}
        }
        self.tags.insert(hash, row.line());
        self.add_resembling(tag, user, hasher, register);
    }

    /// Tags that differ from this one only as readers confuse them. A tag that resembles those of two users suggests neither.
    fn add_resembling(
        &mut self,
        tag: &str,
        user: EnergyUser,
        hasher: &TokenHasher,
        register: &mut Register,
    ) {
        for variant in hasher.resembling(tag) {
            match register.resembling_tags.get(&variant) {
                Some(other) if *other != user => {
                    register.resembling_tags.remove(&variant);
                    self.ambiguous.insert(variant);
                }
                None if !self.ambiguous.contains(&variant) => {
                    register.resembling_tags.insert(variant, user.clone());
                }
                _ => {}
            }
        }
    }
}
