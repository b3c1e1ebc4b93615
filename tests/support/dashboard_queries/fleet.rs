//! A recorded fleet, and the servers' answers about it: queries with Grafana's macros filled in.

use serde_json::Value;

use super::http::{encoded, get, post};
use super::{Answer, Query};
use crate::support::demo_rows;

const DAY: i64 = 86_400_000;

/// What the demo wrote, and when.
pub struct Fleet {
    /// Line protocol.
    pub lines: Vec<String>,
    /// Start of the recording in Unix milliseconds.
    pub from: i64,
    /// End of the recording in Unix milliseconds.
    pub to: i64,
    /// A charge point that had a session.
    pub charge_point: String,
    /// The site of that charge point.
    pub site: String,
}

impl Fleet {
    /// Runs the demo for some seconds.
    pub fn record() -> Self {
        let demo_rows::Recording { lines, from, to } = demo_rows::record();
        let session = lines
            .iter()
            .find(|line| line.starts_with("charging_session,"))
            .unwrap();
        let tag = |name: &str| {
            session
                .split([',', ' '])
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
                .unwrap()
                .to_owned()
        };
        let (site, charge_point) = (tag("site"), tag("charge_point_id"));
        Self {
            lines,
            from,
            to,
            charge_point,
            site,
        }
    }

    /// The time range of a query. Rows of days stand at the start of the day.
    fn range(&self, query: &Query) -> (i64, i64) {
        match query.ahead {
            Some(years) => (self.to, self.to + years * 365 * DAY),
            None => (self.from - DAY, self.to),
        }
    }

    /// End of the recording in Unix seconds.
    pub fn seconds(&self) -> String {
        (self.to / 1000).to_string()
    }

    fn variable(&self, text: &str, name: &str) -> String {
        match name {
            // The simulated ones have no thermometer, the faulty one has nothing else.
            "one_charge_point_id" if text.contains("temperature_c") => {
                demo_rows::FAULTY_CHARGE_POINT.to_owned()
            }
            "one_charge_point_id" => self.charge_point.clone(),
            "one_target" => "share_low_90".to_owned(),
            "one_fleet" => "all".to_owned(),
            _ => ".*".to_owned(),
        }
    }

    fn fill(&self, query: &Query) -> String {
        let (from, to) = self.range(query);
        let mut text = query.text.replace(
            "$timeFilter",
            &format!("time >= {from}ms and time <= {to}ms"),
        );
        text = text
            .replace("$__interval", &query.interval)
            .replace("$__range", &format!("{}s", (to - from) / 1000));
        for name in [
            "one_charge_point_id",
            "one_fleet",
            "one_target",
            "vehicle_id",
            "fleet",
            "site",
            "target",
        ] {
            let value = self.variable(&query.text, name);
            text = text
                .replace(&format!("${{{name}:regex}}"), &value)
                .replace(&format!("\"${name}\""), &format!("\"{value}\""));
        }
        // `$/` ends a regular expression.
        assert!(
            !text.replace("$/", "").contains('$'),
            "a macro is left: {text}"
        );
        text
    }

    /// Sends a query to InfluxDB.
    pub fn query_influx(&self, port: u16, database: &str, query: &Query) -> Answer {
        let (status, text) = post(
            port,
            "/query",
            &[("db", database), ("epoch", "ms"), ("q", &self.fill(query))],
        );
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let result = &answer["results"][0];
        if status != 200 || result["error"].is_string() || answer["error"].is_string() {
            return Answer::Error(text);
        }
        let series: Vec<&Value> = result["series"].as_array().into_iter().flatten().collect();
        let rows = || {
            series
                .iter()
                .flat_map(|one| one["values"].as_array().unwrap())
        };
        let with_time = query.text.starts_with("SELECT");
        if !rows().any(|row| {
            row.as_array()
                .unwrap()
                .iter()
                .skip(usize::from(with_time))
                .any(|value| !value.is_null())
        }) {
            return Answer::Empty;
        }
        let columns = series[0]["columns"].as_array().unwrap();
        let empty = |at: &usize| !rows().any(|row| !row[at].is_null());
        match (1..columns.len()).find(|at| query.table && empty(at)) {
            Some(at) => Answer::EmptyColumn(columns[at].to_string()),
            None => Answer::Data,
        }
    }

    /// The numbers of InfluxDB's answer, in ascending order.
    pub fn numbers_of_influx(&self, port: u16, database: &str, query: &Query) -> Vec<f64> {
        let form = [("db", database), ("epoch", "ms"), ("q", &self.fill(query))];
        let (_, text) = post(port, "/query", &form);
        let answer: Value = serde_json::from_str(&text).unwrap();
        let series = answer["results"][0]["series"].as_array();
        sorted(
            series
                .into_iter()
                .flatten()
                .filter_map(|one| one["values"][0][1].as_f64()),
        )
    }

    /// The numbers of VictoriaMetrics' answer at the end of the recording, in ascending order.
    pub fn numbers_of_metrics(&self, port: u16, query: &Query) -> Vec<f64> {
        let form = [("query", self.fill(query)), ("time", self.seconds())];
        let form = form.each_ref().map(|(key, value)| (*key, value.as_str()));
        let (_, text) = post(port, "/api/v1/query", &form);
        let answer: Value = serde_json::from_str(&text).unwrap();
        let series = answer["data"]["result"].as_array();
        sorted(
            series
                .into_iter()
                .flatten()
                .map(|one| one["value"][1].as_str().unwrap().parse().unwrap()),
        )
    }

    /// Sends a query to VictoriaMetrics.
    pub fn query_metrics(&self, port: u16, query: &Query) -> Answer {
        let filled = self.fill(query);
        let (from, to) = self.range(query);
        let (from, to) = ((from / 1000).to_string(), (to / 1000).to_string());
        let (status, text) = match filled
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')')?.rsplit_once(", "))
        {
            Some((selector, tag)) => {
                let path = format!(
                    "/api/v1/label/{tag}/values?match[]={}&start={from}&end={to}",
                    encoded(selector)
                );
                get(port, &path)
            }
            None if query.instant => {
                post(port, "/api/v1/query", &[("query", &filled), ("time", &to)])
            }
            None => {
                let step = [
                    ("query", filled.as_str()),
                    ("start", &from),
                    ("end", &to),
                    ("step", &query.interval),
                ];
                post(port, "/api/v1/query_range", &step)
            }
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if status != 200 || answer["status"] != "success" {
            return Answer::Error(text);
        }
        let data = if answer["data"].is_array() {
            &answer["data"]
        } else {
            &answer["data"]["result"]
        };
        if data.as_array().is_some_and(|list| !list.is_empty()) {
            Answer::Data
        } else {
            Answer::Empty
        }
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}
