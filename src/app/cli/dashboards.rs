//! `fleetgauge dashboards export`: dashboards, alert rules, provisioning and a compose file from the binary into a folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::fail;
use crate::dashboards::files;

/// Arguments of `dashboards`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Writes all files; those of an earlier version are replaced.
    Export {
        /// The folder; it is made if it is not there.
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// Runs the command.
pub(super) fn run(options: &Options) -> ExitCode {
    let Action::Export { directory } = &options.action;
    let files = files();
    for (path, text) in &files {
        let path = directory.join(path);
        if let Err(error) = write(&path, text) {
            return fail(format!("{} cannot be written: {error}", path.display()), 1);
        }
    }
    println!("{} files in {}", files.len(), directory.display());
    println!("  grafana/             dashboards for InfluxDB (InfluxQL)");
    println!("  grafana-prometheus/  the same for VictoriaMetrics (PromQL)");
    println!("  provisioning/        data source, dashboards and alert rules for Grafana");
    println!("  prometheus/          alert rules for Prometheus");
    println!("  compose.yml          Mosquitto, InfluxDB 2 and Grafana");
    ExitCode::SUCCESS
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
