//! `/api/v1/counters` and `/api/v1/counters/undo`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::caller::Caller;
use super::parameters::{Parameter, Values};
use super::response::Problem;
use super::route::{Get, Post};
use crate::engine::{CountersQuery, UndoCounterEvent};

pub(super) struct Counters;

impl Get for Counters {
    const PATH: &'static str = "/counters";
    const SUMMARY: &'static str = "The audit log of registers, and the registers of one asset";
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "asset",
        description: "Fleet id or feed id of the registers to list.",
    }];
    type Request = CountersQuery;

    fn request(values: &Values) -> Result<CountersQuery, Problem> {
        Ok(CountersQuery {
            asset: values.text("asset"),
        })
    }
}

pub(super) struct Undo;

/// Body of `/api/v1/counters/undo`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UndoBody {
    /// Number of the entry.
    entry: u64,
}

impl Post for Undo {
    const PATH: &'static str = "/counters/undo";
    const SUMMARY: &'static str = "Undo an entry of the audit log";
    const BODY: &'static str = "{\"entry\": <number>}";
    type Body = UndoBody;
    type Command = UndoCounterEvent;

    fn command(UndoBody { entry }: UndoBody, _: &Caller) -> Result<UndoCounterEvent, String> {
        Ok(UndoCounterEvent { entry })
    }

    fn log_text(command: &UndoCounterEvent) -> String {
        // An undone entry keeps no user name: the log has it.
        format!("undid counter entry {}", command.entry)
    }
}
