//! The queries of dashboards with Grafana's macros filled in, asked of InfluxDB and VictoriaMetrics.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits on the real clock"
)]

use std::path::Path;

use serde_json::Value;

use crate::support::demo_rows;
use crate::support::http;

const DAY: i64 = 86_400_000;

/// A query of a panel, a variable or an annotation.
#[derive(Clone, Debug)]
pub struct Question {
    /// The panel's title, or which variable.
    pub panel: String,
    /// As it stands in the file.
    pub text: String,
    /// Shortest interval of the panel.
    pub interval: String,
    /// PromQL: of the end of the range only.
    pub instant: bool,
    /// Every column must have a value.
    pub table: bool,
    /// Years ahead, where the panel does not look back.
    pub ahead: Option<i64>,
}

/// What came back.
#[derive(Clone, PartialEq, Debug)]
pub enum Answers {
    /// Values.
    Data,
    /// Nothing at all.
    Nothing,
    /// A column without any value.
    EmptyColumn(String),
    /// The server's words.
    Error(String),
}

/// Dashboards of a folder, by file name.
pub fn boards(folder: &Path) -> Vec<(String, Value)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (
            name,
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(),
        )
    };
    paths.into_iter().map(read).collect()
}

fn question(panel: &str, text: &Value) -> Question {
    let text = text.as_str().unwrap().to_owned();
    Question {
        panel: panel.to_owned(),
        text,
        interval: "1m".to_owned(),
        instant: false,
        table: false,
        ahead: None,
    }
}

/// Every query of a dashboard.
pub fn questions(board: &Value) -> Vec<Question> {
    let mut all = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let text = if target["expr"].is_string() {
                &target["expr"]
            } else {
                &target["query"]
            };
            all.push(Question {
                interval: panel["interval"].as_str().unwrap_or("1m").to_owned(),
                instant: target["instant"] == true,
                table: target["resultFormat"] == "table",
                ahead: panel["timeFrom"].as_str().map(|text| {
                    text.strip_prefix('+')
                        .unwrap()
                        .strip_suffix('y')
                        .unwrap()
                        .parse()
                        .unwrap()
                }),
                ..question(panel["title"].as_str().unwrap(), text)
            });
        }
    }
    for variable in &board["templating"]["list"].as_array().unwrap()[1..] {
        let query = &variable["query"];
        all.push(question(
            &format!("variable {}", variable["name"]),
            if query.is_string() {
                query
            } else {
                &query["query"]
            },
        ));
    }
    for annotation in board["annotations"]["list"].as_array().unwrap() {
        let text = if annotation["expr"].is_string() {
            &annotation["expr"]
        } else {
            &annotation["query"]
        };
        all.push(question("annotation", text));
    }
    all
}

/// InfluxQL of Grafana's alert rules.
pub fn of_alert_rules(file: &Path) -> Vec<Question> {
    let text = std::fs::read_to_string(file).unwrap();
    let models = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("model: "));
    // `$$` is a plain `$` in a provisioning file; a single one would be a variable of the environment.
    assert!(!text.replace("$$", "").contains('$'));
    let models =
        models.map(|model| serde_json::from_str::<Value>(&model.replace("$$", "$")).unwrap());
    models
        .filter(|model| model["query"].is_string())
        .map(|model| question("alert rule", &model["query"]))
        .collect()
}

/// What the demo wrote, and when it was.
pub struct Fleet {
    /// Line protocol.
    pub lines: Vec<String>,
    /// Beginning and end, ms.
    pub from: i64,
    /// Its end.
    pub to: i64,
    /// A charge point that had a session, and its site.
    pub charge_point: String,
    /// Its site.
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

    /// Rows of days stand at the day's beginning.
    fn range(&self, question: &Question) -> (i64, i64) {
        match question.ahead {
            Some(years) => (self.to, self.to + years * 365 * DAY),
            None => (self.from - DAY, self.to),
        }
    }

    /// End of the range, s.
    pub fn seconds(&self) -> String {
        (self.to / 1000).to_string()
    }

    fn chosen(&self, text: &str, name: &str) -> String {
        match name {
            // The simulated ones have no thermometer, the guest has nothing else.
            "one_charge_point_id" if text.contains("temperature_c") => demo_rows::GUEST.to_owned(),
            "one_charge_point_id" => self.charge_point.clone(),
            "one_target" => "share_low_90".to_owned(),
            "one_fleet" => "all".to_owned(),
            _ => ".*".to_owned(),
        }
    }

    fn fill(&self, question: &Question) -> String {
        let (from, to) = self.range(question);
        let mut text = question.text.replace(
            "$timeFilter",
            &format!("time >= {from}ms and time <= {to}ms"),
        );
        text = text
            .replace("$__interval", &question.interval)
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
            let value = self.chosen(&question.text, name);
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

    /// Asks InfluxDB.
    pub fn ask_influx(&self, port: u16, database: &str, question: &Question) -> Answers {
        let (status, text) = post(
            port,
            "/query",
            &[
                ("db", database),
                ("epoch", "ms"),
                ("q", &self.fill(question)),
            ],
        );
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let result = &answer["results"][0];
        if status != 200 || result["error"].is_string() || answer["error"].is_string() {
            return Answers::Error(text);
        }
        let series: Vec<&Value> = result["series"].as_array().into_iter().flatten().collect();
        let rows = || {
            series
                .iter()
                .flat_map(|one| one["values"].as_array().unwrap())
        };
        let with_time = question.text.starts_with("SELECT");
        if !rows().any(|row| {
            row.as_array()
                .unwrap()
                .iter()
                .skip(usize::from(with_time))
                .any(|value| !value.is_null())
        }) {
            return Answers::Nothing;
        }
        let columns = series[0]["columns"].as_array().unwrap();
        let empty = |at: &usize| !rows().any(|row| !row[at].is_null());
        match (1..columns.len()).find(|at| question.table && empty(at)) {
            Some(at) => Answers::EmptyColumn(columns[at].to_string()),
            None => Answers::Data,
        }
    }

    /// The numbers of an answer at the end of the range, rising.
    pub fn numbers(&self, port: u16, database: Option<&str>, question: &Question) -> Vec<f64> {
        let filled = self.fill(question);
        let mut numbers: Vec<f64> = match database {
            Some(database) => {
                let (_, text) = post(
                    port,
                    "/query",
                    &[("db", database), ("epoch", "ms"), ("q", &filled)],
                );
                let answer: Value = serde_json::from_str(&text).unwrap();
                let series = answer["results"][0]["series"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                series
                    .iter()
                    .filter_map(|one| one["values"][0][1].as_f64())
                    .collect()
            }
            None => {
                let (_, text) = post(
                    port,
                    "/api/v1/query",
                    &[("query", &filled), ("time", &self.seconds())],
                );
                let answer: Value = serde_json::from_str(&text).unwrap();
                let series = answer["data"]["result"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default();
                series
                    .iter()
                    .map(|one| one["value"][1].as_str().unwrap().parse().unwrap())
                    .collect()
            }
        };
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    /// Asks VictoriaMetrics.
    pub fn ask_metrics(&self, port: u16, question: &Question) -> Answers {
        let filled = self.fill(question);
        let (from, to) = self.range(question);
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
            None if question.instant => {
                post(port, "/api/v1/query", &[("query", &filled), ("time", &to)])
            }
            None => {
                let step = [
                    ("query", filled.as_str()),
                    ("start", &from),
                    ("end", &to),
                    ("step", &question.interval),
                ];
                post(port, "/api/v1/query_range", &step)
            }
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if status != 200 || answer["status"] != "success" {
            return Answers::Error(text);
        }
        let data = if answer["data"].is_array() {
            &answer["data"]
        } else {
            &answer["data"]["result"]
        };
        if data.as_array().is_some_and(|list| !list.is_empty()) {
            Answers::Data
        } else {
            Answers::Nothing
        }
    }
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(one).collect()
}

/// GET.
pub fn get(port: u16, path: &str) -> (u16, String) {
    http(
        port,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    )
}

/// POST of a form.
pub fn post(port: u16, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let body: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    send(
        port,
        path,
        "application/x-www-form-urlencoded",
        &body.join("&"),
    )
}

/// POST of text.
pub fn post_text(port: u16, path: &str, body: &str) -> (u16, String) {
    send(port, path, "text/plain", body)
}

fn send(port: u16, path: &str, kind: &str, body: &str) -> (u16, String) {
    let length = body.len();
    http(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}
