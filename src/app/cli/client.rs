//! The client of a running daemon's API, for the commands that need one.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{EX_CONFIG, fail};
use crate::app::config::Config;

/// Where the daemon is.
#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// The daemon's page, host:port; without it, `web.listen` of the configuration
    #[arg(long, value_name = "ADDRESS", global = true)]
    at: Option<String>,
    /// The daemon's configuration
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// A file with a token of `web.tokens_file`, where the daemon requires one; the environment's FLEETGAUGE_TOKEN_FILE names it too
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

/// A daemon's API.
pub(super) struct Client {
    address: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl Where {
    fn address(&self) -> Result<String, ExitCode> {
        match &self.at {
            Some(address) => Ok(address.clone()),
            None => Config::load(self.config.as_deref())
                .map(|config| config.web.listen)
                .map_err(|errors| {
                    eprintln!("{errors}");
                    ExitCode::from(EX_CONFIG)
                }),
        }
    }

    fn token(&self) -> Result<Option<String>, String> {
        let named = self
            .token_file
            .clone()
            .or_else(|| std::env::var_os("FLEETGAUGE_TOKEN_FILE").map(PathBuf::from));
        let Some(file) = named else { return Ok(None) };
        let text = std::fs::read_to_string(&file).map_err(|error| {
            format!(
                "--token-file: {}: {error}\n  hint: a file with only a token in it",
                file.display()
            )
        })?;
        Ok(Some(text.trim().to_owned()))
    }
}

/// Runs `request` with the daemon's API and prints the text it returns.
pub(super) fn run(
    place: &Where,
    request: impl AsyncFnOnce(&Client) -> Result<String, String>,
) -> ExitCode {
    let address = match place.address() {
        Ok(address) => address,
        Err(code) => return code,
    };
    let token = match place.token() {
        Ok(token) => token,
        Err(error) => return fail(error, 2),
    };
    let started = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match started {
        Ok(runtime) => runtime,
        Err(error) => return fail(error, 1),
    };
    let answer = async {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        request(&Client {
            address,
            http,
            token,
        })
        .await
    };
    match runtime.block_on(answer) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(error, 1),
    }
}

impl Client {
    /// `GET /api/v1/<path>`: the JSON, or the daemon's error.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<String, String> {
        self.send(
            self.http
                .get(format!("http://{}/api/v1/{path}", self.address))
                .query(query),
        )
        .await
    }

    /// `POST /api/v1/<path>` with JSON.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<String, String> {
        let request = self
            .http
            .post(format!("http://{}/api/v1/{path}", self.address));
        self.send(
            request
                .header("Content-Type", "application/json")
                .body(body.to_string()),
        )
        .await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<String, String> {
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let answer = request.send().await.map_err(|_| {
            let address = &self.address;
            format!("no daemon answers at {address}\n  hint: start it, or name its page with --at host:port or --config FILE")
        })?;
        let (good, status) = (answer.status().is_success(), answer.status().as_u16());
        let text = answer.text().await.map_err(|error| error.to_string())?;
        if good {
            return Ok(text);
        }
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let reason = problem["error"].as_str().unwrap_or(&text);
        let hint = if matches!(status, 401 | 403) {
            "\n  hint: name a file with a token of an operator: --token-file FILE"
        } else {
            ""
        };
        Err(format!("{reason}{hint}"))
    }
}
