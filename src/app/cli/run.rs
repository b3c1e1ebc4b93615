//! `fleetgauge run`: the daemon until a signal ends it.

use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::{EX_CONFIG, fail, start_log};
use crate::app::clock::Clock;
use crate::app::config::Config;
use crate::app::{Daemon, RegisterSource, StartError, StartOptions};

/// Runs the daemon with a configuration file, or with the shipped defaults.
pub(super) fn run(file: Option<&Path>) -> ExitCode {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    start_log(&config.log);
    let register = config
        .register
        .directory
        .clone()
        .map_or(RegisterSource::Empty, RegisterSource::Folder);
    let options = StartOptions {
        clock: Clock::system(),
        register,
        demo: false,
    };
    block_on(async {
        let daemon = Daemon::start(&config, options).await?;
        let address =
            |a: Option<std::net::SocketAddr>| a.map_or("off".to_owned(), |a| a.to_string());
        tracing::info!(
            page = address(daemon.web_address),
            mqtt = address(daemon.mqtt_address),
            ocpp = address(daemon.ocpp_address),
            store = %config.store.directory.display(),
            "fleetgauge {} is up",
            env!("CARGO_PKG_VERSION")
        );
        until_stopped(&daemon).await;
        daemon.stop().await;
        Ok(())
    })
}

/// Runs on this thread; all sockets live here.
pub(super) fn block_on(body: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(error, 1),
    };
    match runtime.block_on(body) {
        Ok(()) => ExitCode::SUCCESS,
        Err(
            error @ (StartError::Register(_)
            | StartError::Factors(_)
            | StartError::Mapping(_)
            | StartError::Room(_)),
        ) => fail(error, EX_CONFIG),
        Err(error) => fail(error, 1),
    }
}

/// Linux' number of it; its default is to kill the process.
const SIGXFSZ: i32 = 25;

/// Waits for SIGTERM or SIGINT; SIGHUP reloads the register.
pub(super) async fn until_stopped(daemon: &Daemon) {
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        tracing::error!(
            "signals cannot be listened for; stop the daemon with SIGKILL, acknowledged messages are not lost"
        );
        return std::future::pending().await;
    };
    // A limit on file sizes (`ulimit -f`, systemd's LimitFSIZE=) is then an error of the write, and treated like a full disk.
    let _file_size = signal(SignalKind::from_raw(SIGXFSZ));
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                daemon.reload_register();
                daemon.reload_accounts();
            }
        }
    }
    tracing::info!("stopping");
}
