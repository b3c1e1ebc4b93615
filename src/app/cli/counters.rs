//! `fleetgauge counters list|undo`: the audit log of registers of a running daemon.

use std::process::ExitCode;

use serde::Deserialize;

use super::client::{self, Where};

/// Arguments of `counters`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Resets, jumps, suspected units and changes of the booking feed, newest first.
    #[command(after_help = "Example: fleetgauge counters list --asset AMB-101")]
    List {
        /// Also the registers of this vehicle, charger or feed
        #[arg(long)]
        asset: Option<String>,
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Undoes an entry: a reset that was none, a jump that was real. The days it was booked on are corrected.
    #[command(after_help = "Example: fleetgauge counters undo 7")]
    Undo {
        /// Its number in the list
        entry: u64,
    },
}

#[derive(Deserialize)]
struct Answer {
    entries: Vec<Entry>,
    registers: Vec<Register>,
}

#[derive(Deserialize)]
struct Entry {
    id: u64,
    at: String,
    asset: String,
    feed: String,
    quantity: String,
    unit: String,
    event: String,
    before: f64,
    after: f64,
    undo_adds: Option<f64>,
    undone_at: Option<String>,
}

#[derive(Deserialize)]
struct Register {
    feed: String,
    quantity: String,
    unit: String,
    value: Option<f64>,
    read_at: Option<String>,
    total: f64,
    books: bool,
    in_doubt: bool,
}

/// Requests it from the daemon and prints the answer.
pub(super) fn run(options: &Options) -> ExitCode {
    client::run(&options.place, async |client| match &options.what {
        What::List { asset, json } => {
            let query: Vec<_> = asset
                .iter()
                .map(|asset| ("asset", asset.as_str()))
                .collect();
            let text = client.get("counters", &query).await?;
            if *json {
                return Ok(text + "\n");
            }
            serde_json::from_str(&text)
                .map(|answer| table(&answer))
                .map_err(|error| error.to_string())
        }
        What::Undo { entry } => {
            client
                .post("counters/undo", &serde_json::json!({ "entry": entry }))
                .await?;
            Ok(format!("entry {entry} is undone\n"))
        }
    })
}

fn table(answer: &Answer) -> String {
    let mut text = String::new();
    for Entry {
        id,
        at,
        asset,
        feed,
        quantity,
        unit,
        event,
        before,
        after,
        undo_adds,
        undone_at,
    } in &answer.entries
    {
        let undo = match (undone_at, undo_adds) {
            (Some(at), _) => format!("undone {at}"),
            (None, Some(by)) => format!("undo adds {by} {unit}"),
            (None, None) => String::new(),
        };
        text.push_str(&format!("{id:>5}  {at}  {asset} ({feed})  {quantity}  {event}  {before} -> {after} {unit}  {undo}\n"));
    }
    if answer.entries.is_empty() {
        text.push_str("nothing has happened to any register\n");
    }
    for Register {
        feed,
        quantity,
        unit,
        value,
        read_at,
        total,
        books,
        in_doubt,
    } in &answer.registers
    {
        let value = value.map_or_else(|| "unknown".to_owned(), |value| format!("{value} {unit}"));
        let read_at = read_at.as_deref().unwrap_or("never");
        let books = if *books { "books" } else { "does not book" };
        let doubt = if *in_doubt {
            ", a reading in doubt"
        } else {
            ""
        };
        text.push_str(&format!(
            "{feed}  {quantity}  {value} at {read_at}, gained {total} {unit}, {books}{doubt}\n"
        ));
    }
    text
}
