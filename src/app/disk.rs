//! How much of the disk that holds the store is free, once a minute. Without `df` it stays unknown.
//!
//! The standard library has no such call (statvfs needs unsafe code or one more package), and every system this runs on has POSIX `df`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::Stats;

const INTERVAL: Duration = Duration::from_secs(60);

/// Runs until `shutdown` is true.
pub(super) async fn watch(folder: PathBuf, stats: Arc<Stats>, mut shutdown: watch::Receiver<bool>) {
    let look = async {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let folder = folder.clone();
            let free = tokio::task::spawn_blocking(move || free_ratio(&folder))
                .await
                .ok()
                .flatten();
            // 0 is unknown, so that an empty disk is one millionth.
            let ppm = free.map_or(0, |free| ((free * 1e6) as u64).max(1));
            stats.disk_free_ppm.store(ppm, Ordering::Relaxed);
        }
    };
    tokio::select! {
        () = look => {}
        () = async { drop(shutdown.wait_for(|stop| *stop).await) } => {}
    }
}

fn free_ratio(folder: &Path) -> Option<f64> {
    // POSIX: `-P` one line for each file system, `-k` in kilobytes.
    let output = Command::new("df")
        .args(["-P", "-k", "--"])
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(text: &str) -> Option<f64> {
    // Counted from the percentage, because the name of a file system may hold spaces.
    let words: Vec<&str> = text.lines().nth(1)?.split_whitespace().collect();
    let percent = words.iter().position(|word| word.ends_with('%'))?;
    let number = |back: usize| words.get(percent.checked_sub(back)?)?.parse::<f64>().ok();
    let (free, used) = (number(1)?, number(2)?);
    // What is kept for the superuser is in neither.
    (free + used > 0.0).then(|| free / (free + used))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_columns_of_posix() {
        let text = "Filesystem     1024-blocks      Used Available Capacity Mounted on\n/dev/my disk      100000     75000     25000      75% /var/lib\n";
        assert_eq!(super::parse(text), Some(0.25));
        assert_eq!(super::parse("df: no such file"), None);
    }
}
