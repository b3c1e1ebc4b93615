//! `fleetgauge counters list|undo`: the audit log of registers of a running daemon.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Deserialize;

use super::{EX_CONFIG, fail};
use crate::app::config::Config;

/// Arguments of `counters`.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
    /// The daemon's page, host:port; without it, `web.listen` of the configuration
    #[arg(long, value_name = "ADDRESS", global = true)]
    at: Option<String>,
    /// The daemon's configuration
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Resets, jumps, suspected units and changes of the booking feed, newest first.
    #[command(after_help = "Example: fleetgauge counters list --asset AMB-101")]
    List {
        /// Also the registers of this vehicle, charger or feed
        #[arg(long)]
        asset: Option<String>,
        /// As JSON
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

/// Asks the daemon and prints.
pub fn run(options: &Options) -> ExitCode {
    let address = match &options.at {
        Some(address) => address.clone(),
        None => match Config::load(options.config.as_deref()) {
            Ok(config) => config.web.listen,
            Err(errors) => {
                eprintln!("{errors}");
                return ExitCode::from(EX_CONFIG);
            }
        },
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(error, 1),
    };
    match runtime.block_on(ask(&address, &options.what)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(error, 1),
    }
}

async fn ask(address: &str, what: &What) -> Result<String, String> {
    let client = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
    let url = format!("http://{address}/api/v1/counters");
    let request = match what {
        What::List { asset, .. } => client.get(url).query(&asset.iter().map(|asset| ("asset", asset)).collect::<Vec<_>>()),
        What::Undo { entry } => {
            let body = serde_json::json!({ "entry": entry }).to_string();
            client.post(format!("{url}/undo")).header("Content-Type", "application/json").body(body)
        }
    };
    let answer = request.send().await.map_err(|_| {
        format!("no daemon answers at {address}\n  hint: start it, or name its page with --at host:port or --config FILE")
    })?;
    let good = answer.status().is_success();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if !good {
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        return Err(problem["error"].as_str().unwrap_or(&text).to_owned());
    }
    match what {
        What::List { json: true, .. } => Ok(text + "\n"),
        What::List { .. } => serde_json::from_str(&text).map(|answer| table(&answer)).map_err(|error| error.to_string()),
        What::Undo { entry } => Ok(format!("entry {entry} is undone\n")),
    }
}

fn table(answer: &Answer) -> String {
    let mut text = String::new();
    for Entry { id, at, asset, feed, quantity, unit, event, before, after, undo_adds, undone_at } in &answer.entries {
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
    for Register { feed, quantity, unit, value, read_at, total, books, in_doubt } in &answer.registers {
        let value = value.map_or_else(|| "unknown".to_owned(), |value| format!("{value} {unit}"));
        let read_at = read_at.as_deref().unwrap_or("never");
        let books = if *books { "books" } else { "does not book" };
        let doubt = if *in_doubt { ", a reading in doubt" } else { "" };
        text.push_str(&format!("{feed}  {quantity}  {value} at {read_at}, gained {total} {unit}, {books}{doubt}\n"));
    }
    text
}
