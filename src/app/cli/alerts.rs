//! `fleetgauge alerts list|ack|silence|unsilence|test`: the alerts of a running daemon, and a notice to try a notifier out.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde::Deserialize;

use super::client::{self, Where};
use super::{EX_CONFIG, fail, load_config};
use crate::app::clock::Clock;
use crate::notify::{Notifier, test_notice};

/// Arguments of `alerts`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// What is firing, pending or was lately resolved, and the silences in force.
    #[command(after_help = "Example: fleetgauge alerts list")]
    List {
        /// Print JSON instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Acknowledges an alert: no more notifications until it is over and fires again.
    #[command(after_help = "Example: fleetgauge alerts ack 21b0713ac25276fb --by ann")]
    Ack {
        /// Its fingerprint in the list
        fingerprint: String,
        /// Name of the person who acknowledges it
        #[arg(long, default_value = "")]
        by: String,
    },
    /// Holds back notifications of alerts with these labels for a while.
    #[command(
        after_help = "Example: fleetgauge alerts silence site=DERBY rule=charger_offline --for 2h --comment 'new cable'"
    )]
    Silence {
        /// label=value; `rule` and `severity` too; a value may begin or end with `*`
        #[arg(required = true, value_parser = matcher)]
        matchers: Vec<(String, String)>,
        /// For how long: 30m, 2h, 7d
        #[arg(long = "for", value_name = "DURATION", value_parser = seconds)]
        duration_s: u64,
        /// Name of the person who holds the notifications back, for the list
        #[arg(long, default_value = "")]
        by: String,
        /// Reason for the silence, for the list
        #[arg(long, default_value = "")]
        comment: String,
    },
    /// Sends a test by one notifier of the configuration, without the daemon, and prints the result.
    #[command(
        after_help = "Example: fleetgauge alerts test --to mail --config /etc/fleetgauge/fleetgauge.toml"
    )]
    Test {
        /// The `name` of a [[notify]]
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Ends a silence before its time.
    #[command(after_help = "Example: fleetgauge alerts unsilence 3")]
    Unsilence {
        /// Its number in the list
        id: u64,
    },
}

fn matcher(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write label=value")?;
    if name.is_empty() || value.is_empty() {
        return Err("write label=value, both not empty".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn seconds(text: &str) -> Result<u64, String> {
    const HINT: &str = "write a number with its unit, such as 30m, 2h, 7d";
    let unit = text.chars().last().ok_or(HINT)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(HINT.to_owned()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| HINT)?;
    number
        .checked_mul(factor)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| HINT.to_owned())
}

/// Requests it from the daemon and prints the answer.
pub(super) fn run(options: &Options) -> ExitCode {
    if let What::Test { to } = &options.what {
        return test(options, to);
    }
    client::run(&options.place, async |client| match &options.what {
        What::List { json } => {
            let text = client.get("alerts", &[]).await?;
            if *json {
                return Ok(text + "\n");
            }
            serde_json::from_str(&text)
                .map(|answer| table(&answer))
                .map_err(|error| error.to_string())
        }
        What::Test { .. } => Err("a test needs no daemon".to_owned()),
        What::Ack { fingerprint, by } => {
            client
                .post(
                    "alerts/ack",
                    &serde_json::json!({ "fingerprint": fingerprint, "by": by }),
                )
                .await?;
            Ok(format!("alert {fingerprint} is acknowledged\n"))
        }
        What::Silence {
            matchers,
            duration_s,
            by,
            comment,
        } => {
            let matchers: BTreeMap<_, _> = matchers.iter().cloned().collect();
            let body = serde_json::json!({ "matchers": matchers, "duration_s": duration_s, "by": by, "comment": comment });
            let answer: serde_json::Value =
                serde_json::from_str(&client.post("alerts/silence", &body).await?)
                    .map_err(|error| error.to_string())?;
            let until = answer["until"].as_str().unwrap_or_default();
            Ok(format!(
                "silence {} holds until {until}\n",
                answer["silence"]
            ))
        }
        What::Unsilence { id } => {
            client
                .post("alerts/unsilence", &serde_json::json!({ "id": id }))
                .await?;
            Ok(format!("silence {id} is ended\n"))
        }
    })
}

/// Delivers at once: a person waits for the answer, and the notifier's own words are in it.
fn test(options: &Options, to: &str) -> ExitCode {
    let config = match load_config(options.place.config.as_deref()) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let Some(found) = config.notifiers.iter().find(|notifier| notifier.name == to) else {
        let names: Vec<&str> = config
            .notifiers
            .iter()
            .map(|notifier| notifier.name.as_str())
            .collect();
        let hint = if names.is_empty() {
            "the configuration has no [[notify]]; name its file with --config FILE".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        return fail(format!("no notifier is called `{to}`\n  hint: {hint}"), 2);
    };
    let notifier = match Notifier::new(found.clone()) {
        Ok(notifier) => notifier,
        Err(error) => return fail(error, EX_CONFIG),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(error, 1),
    };
    let now = Clock::system().now();
    match runtime.block_on(notifier.deliver(&test_notice(now), now)) {
        Ok(()) => {
            println!("{to} has taken the test");
            ExitCode::SUCCESS
        }
        Err(error) => fail(format!("{to} has not taken the test: {error}"), 1),
    }
}

#[derive(Deserialize)]
struct Answer {
    alerts: Vec<Alert>,
    silences: Vec<Silence>,
    waiting: u32,
}

#[derive(Deserialize)]
struct Alert {
    fingerprint: String,
    rule: String,
    severity: String,
    state: String,
    since: String,
    annotations: Annotations,
    acked: Option<Acked>,
    silenced: Option<u64>,
    inhibited: bool,
    quiet: bool,
}

#[derive(Deserialize)]
struct Annotations {
    summary: String,
}

#[derive(Deserialize)]
struct Acked {
    by: String,
}

#[derive(Deserialize)]
struct Silence {
    id: u64,
    matchers: BTreeMap<String, String>,
    until: String,
    by: String,
    comment: String,
}

fn table(answer: &Answer) -> String {
    let mut text = String::new();
    for alert in &answer.alerts {
        let Alert {
            fingerprint,
            rule,
            severity,
            state,
            since,
            annotations,
            ..
        } = alert;
        text.push_str(&format!(
            "{fingerprint}  {state:<8}  {severity:<8}  {since}  {rule}: {}{}\n",
            annotations.summary,
            notes(alert)
        ));
    }
    if answer.alerts.is_empty() {
        text.push_str("no alerts\n");
    }
    if answer.waiting > 0 {
        text.push_str(&format!(
            "{} more wait because of `alerts.max_per_hour`\n",
            answer.waiting
        ));
    }
    for Silence {
        id,
        matchers,
        until,
        by,
        comment,
    } in &answer.silences
    {
        let matchers: Vec<String> = matchers
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        text.push_str(&format!(
            "silence {id}  {}  until {until}  {by}  {comment}\n",
            matchers.join(" ")
        ));
    }
    text
}

/// Why an alert is not notified, in brackets; empty if it is.
fn notes(alert: &Alert) -> String {
    let mut notes = Vec::new();
    notes.extend(alert.acked.as_ref().map(|acked| {
        if acked.by.is_empty() {
            "acknowledged".to_owned()
        } else {
            format!("acknowledged by {}", acked.by)
        }
    }));
    notes.extend(alert.silenced.map(|id| format!("silence {id}")));
    notes.extend(
        alert
            .inhibited
            .then(|| "explained by another alert".to_owned()),
    );
    notes.extend(
        alert
            .quiet
            .then(|| "waits for the end of the quiet hours".to_owned()),
    );
    if notes.is_empty() {
        String::new()
    } else {
        format!("  ({})", notes.join(", "))
    }
}
