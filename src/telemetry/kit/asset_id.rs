//! Builds the id of an asset, `<source>:<native id>`, on the stack, because every message needs one.

use crate::model::{RejectReason, check_id};
use crate::telemetry::Refused;

/// Longest id: a source, and up to three ids of 64 bytes with slashes between (a Sparkplug group, node and device).
const MAX: usize = 256;

/// An id `<source>:<part>[/<part>...]` of at most 256 bytes, in a buffer of its own.
#[derive(Clone, Copy)]
pub(crate) struct AssetId {
    bytes: [u8; MAX],
    len: usize,
}

impl AssetId {
    /// Joins checked parts behind `source`, so that they never equal a fleet id by accident.
    pub(crate) fn new(source: &str, parts: &[&str]) -> Result<Self, Refused> {
        Self::from_levels(source, parts.iter().copied())
    }

    /// Like [`AssetId::new`], from topic paths of several levels each; the first of several may be empty.
    pub(crate) fn from_paths(source: &str, paths: &[&str]) -> Result<Self, Refused> {
        let paths = if let ["", rest @ ..] = paths {
            if rest.is_empty() { paths } else { rest }
        } else {
            paths
        };
        Self::from_levels(source, paths.iter().flat_map(|path| path.split('/')))
    }

    fn from_levels<'p>(
        source: &str,
        parts: impl Iterator<Item = &'p str>,
    ) -> Result<Self, Refused> {
        let mut id = Self::empty();
        id.push(source)?;
        for (index, part) in parts.enumerate() {
            check_id(part).map_err(|error| {
                Refused::new(RejectReason::Id, format!("the id `{part:.64}` {error}"))
            })?;
            id.push(if index == 0 { ":" } else { "/" })?;
            id.push(part)?;
        }
        Ok(id)
    }

    /// An empty id, to be filled with [`AssetId::push`] and then [`AssetId::checked`].
    pub(crate) fn empty() -> Self {
        Self {
            bytes: [0; MAX],
            len: 0,
        }
    }

    /// Checks the whole id: an optional `<source>:`, then ids divided by `/`. Without a source it is a fleet id.
    pub(crate) fn checked(self) -> Result<Self, Refused> {
        let whole = self.as_str();
        let (source, native) = whole
            .split_once(':')
            .map_or((None, whole), |(source, native)| (Some(source), native));
        for part in source.into_iter().chain(native.split('/')) {
            check_id(part).map_err(|error| {
                Refused::new(
                    RejectReason::Id,
                    format!("`{part:.64}` in `{whole:.128}` {error}"),
                )
            })?;
        }
        Ok(self)
    }

    /// Appends text; fails if the id becomes too long.
    pub(crate) fn push(&mut self, text: &str) -> Result<(), Refused> {
        let target = self
            .bytes
            .get_mut(self.len..self.len + text.len())
            .ok_or_else(|| {
                Refused::new(
                    RejectReason::Id,
                    format!("the id has more than {MAX} bytes"),
                )
            })?;
        target.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only whole texts were written.
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::kit::asset_id::*;

    #[test]
    fn parts_are_checked_and_joined() {
        let id = |parts: &[&str]| AssetId::new("sparkplug", parts).map(|id| id.as_str().to_owned());
        assert_eq!(
            id(&["Depot", "gw1", "CP07"]),
            Ok("sparkplug:Depot/gw1/CP07".to_owned())
        );
        for parts in [&[""][..], &["a b"], &["a", "+"], &["a/b"]] {
            assert_eq!(
                id(parts).map_err(|refused| refused.reason),
                Err(RejectReason::Id),
                "{parts:?}"
            );
        }
        let from_paths =
            |paths: &[&str]| AssetId::from_paths("shelly", paths).map(|id| id.as_str().to_owned());
        assert_eq!(
            from_paths(&["", "depot/em", "1"]),
            Ok("shelly:depot/em/1".to_owned())
        );
        for paths in [&["depot//em", "1"][..], &[""], &["", ""], &["depot", ""]] {
            assert!(from_paths(paths).is_err(), "{paths:?}");
        }
        let long = "x".repeat(64);
        assert!(id(&[&long, &long, &long]).is_ok());
        assert!(id(&[&long, &long, &long, &long]).is_err());
    }
}
