//! A map's `asset`: literal text with captures, values of the message and user properties, joined and checked as an id.

use super::pointer::{FoundValues, Pointers};
use super::raw_value;
use super::topic::{Captures, Pattern, PatternError};
use crate::model::{RejectReason, nearest};
use crate::telemetry::kit::asset_id::AssetId;
use crate::telemetry::{Message, Refused};

/// An asset's id to be filled in.
#[derive(Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Capture(usize),
    Pointer { number: usize, text: String },
    Property(String),
}

impl Template {
    /// Compiles a template; its pointers join those of the map, or are refused if there are none (`format = "value"`).
    pub(super) fn parse(
        text: &str,
        topic: &Pattern,
        mut pointers: Option<&mut Pointers>,
    ) -> Result<Self, PatternError> {
        let braces = || {
            (
                "has unmatched braces".to_owned(),
                "write {name}, {/json/pointer} or {prop:userProperty}".to_owned(),
            )
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, after) = after.split_once('}').ok_or_else(braces)?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(piece(inside, topic, pointers.as_deref_mut())?);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Text(text) if text.contains('}')))
        {
            return Err(braces());
        }
        let template = Self(pieces);
        template.check()?;
        Ok(template)
    }

    /// Checks that it is an id when each placeholder is replaced by `x`.
    fn check(&self) -> Result<(), PatternError> {
        let mut id = AssetId::empty();
        let filled = self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => id.push(text),
            _ => id.push("x"),
        });
        filled
            .and_then(|()| id.checked())
            .map(drop)
            .map_err(|refused| {
                (
                    format!("is no id: {}", refused.detail),
                    "write source:{id}, ids divided by `/`: no spaces, `+`, `#`, quotes or commas"
                        .into(),
                )
            })
    }

    /// The id of a message's asset.
    pub(super) fn fill(
        &self,
        captures: &Captures<'_>,
        found: &FoundValues<'_>,
        message: &Message<'_>,
    ) -> Result<AssetId, Refused> {
        let missing = |what: String| Refused::new(RejectReason::Id, what);
        let mut id = AssetId::empty();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => id.push(text)?,
                Piece::Capture(number) => id.push(captures.get(*number))?,
                Piece::Pointer { number, text } => {
                    match found
                        .get(*number)
                        .copied()
                        .flatten()
                        .and_then(raw_value::known)
                    {
                        Some(value) => id.push(&value)?,
                        None => {
                            return Err(missing(format!(
                                "the message has nothing at `{text}` to name the asset by"
                            )));
                        }
                    }
                }
                Piece::Property(name) => match message.property(name) {
                    Some(value) => id.push(value)?,
                    None => {
                        return Err(missing(format!(
                            "the message has no user property `{name}` to name the asset by"
                        )));
                    }
                },
            }
        }
        id.checked()
    }
}

fn piece(
    inside: &str,
    topic: &Pattern,
    pointers: Option<&mut Pointers>,
) -> Result<Piece, PatternError> {
    if let Some(name) = inside.strip_prefix("prop:") {
        if name.is_empty() {
            return Err((
                "has a property without a name".into(),
                "write {prop:vehicleName}".into(),
            ));
        }
        return Ok(Piece::Property(name.to_owned()));
    }
    if inside.starts_with('/') {
        let Some(pointers) = pointers else {
            let hint =
                "a bare value has no parts: write format = \"json\", or take the id from the topic";
            return Err((
                format!("has `{{{inside}}}` although `format` is \"value\""),
                hint.into(),
            ));
        };
        let number = pointers
            .add(inside)
            .map_err(|(reason, hint)| (format!("has `{{{inside}}}`, which {reason}"), hint))?;
        return Ok(Piece::Pointer {
            number,
            text: inside.to_owned(),
        });
    }
    let name = inside.strip_suffix('*').unwrap_or(inside);
    if let Some(number) = topic.names().iter().position(|known| known == name) {
        return Ok(Piece::Capture(number));
    }
    let names: Vec<&str> = topic.names().iter().map(String::as_str).collect();
    let hint = match names[..] {
        [] => format!("put {{{name}}} for a level of the topic"),
        _ => nearest(name, &names),
    };
    Err((format!("has `{{{inside}}}`, which is not in `topic`"), hint))
}
