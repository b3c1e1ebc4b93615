//! OCPP versions, connection modes and transaction ids.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The OCPP version of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OcppVersion {
    /// OCPP 1.6 over JSON.
    #[serde(rename = "1.6")]
    V16,
    /// OCPP 2.0.1, edition 2 or 3.
    #[serde(rename = "2.0.1")]
    V201,
    /// OCPP 2.1, edition 1.
    #[serde(rename = "2.1")]
    V21,
}

impl OcppVersion {
    /// `1.6`, `2.0.1`, `2.1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V16 => "1.6",
            Self::V201 => "2.0.1",
            Self::V21 => "2.1",
        }
    }

    /// The version with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::V16, Self::V201, Self::V21]
            .into_iter()
            .find(|version| version.name() == name)
    }
}

/// Which central system a charge point's connection leads to.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkMode {
    /// This daemon is the central system.
    #[default]
    Csms,
    /// The operator's central system; the daemon forwards the traffic and observes it.
    Tap,
}

/// Id of a transaction: a number from the central system (OCPP 1.6), or a text from the charging station (OCPP 2.x).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TransactionId {
    /// OCPP 1.6: chosen by the central system.
    Number(i64),
    /// OCPP 2.x: chosen by the charging station.
    Text(Box<str>),
    /// OCPP 1.6, while the operator's response has not been observed.
    Unknown,
}

impl From<i64> for TransactionId {
    fn from(id: i64) -> Self {
        Self::Number(id)
    }
}

impl std::fmt::Display for TransactionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(id) => id.fmt(f),
            Self::Text(id) => f.write_str(id),
            Self::Unknown => f.write_str("?"),
        }
    }
}

#[derive(Serialize, Deserialize)]
enum Tagged {
    Number(i64),
    Text(Box<str>),
    Unknown,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Plain {
    Number(i64),
    Text(Box<str>),
    Unknown(()),
}

/// In JSON a number, a text, or null; in the snapshot tagged, because postcard does not describe itself.
impl Serialize for TransactionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self, serializer.is_human_readable()) {
            (Self::Number(id), true) => Plain::Number(*id).serialize(serializer),
            (Self::Text(id), true) => Plain::Text(id.clone()).serialize(serializer),
            (Self::Unknown, true) => Plain::Unknown(()).serialize(serializer),
            (Self::Number(id), false) => Tagged::Number(*id).serialize(serializer),
            (Self::Text(id), false) => Tagged::Text(id.clone()).serialize(serializer),
            (Self::Unknown, false) => Tagged::Unknown.serialize(serializer),
        }
    }
}

impl schemars::JsonSchema for TransactionId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TransactionId".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Plain::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for TransactionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Ok(match Plain::deserialize(deserializer)? {
                Plain::Number(id) => Self::Number(id),
                Plain::Text(id) => Self::Text(id),
                Plain::Unknown(()) => Self::Unknown,
            });
        }
        Ok(match Tagged::deserialize(deserializer)? {
            Tagged::Number(id) => Self::Number(id),
            Tagged::Text(id) => Self::Text(id),
            Tagged::Unknown => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::ocpp::*;

    #[test]
    fn a_transaction_id_survives_both_formats() {
        for (id, json) in [
            (TransactionId::Number(-7), "-7"),
            (TransactionId::Text("7".into()), "\"7\""),
            (TransactionId::Unknown, "null"),
        ] {
            assert_eq!(serde_json::to_string(&id).expect("JSON"), json);
            assert_eq!(
                serde_json::from_str::<TransactionId>(json).expect("JSON"),
                id
            );
            let bytes = postcard::to_allocvec(&id).expect("postcard");
            assert_eq!(
                postcard::from_bytes::<TransactionId>(&bytes).expect("postcard"),
                id
            );
        }
    }
}
