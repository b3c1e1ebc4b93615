//! The thread that writes captured lines to files and removes old files.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::text::json_line;
use super::{CaptureConfig, Line};
use crate::model::TokenHasher;
use crate::units::UtcMs;

/// The number of lines taken from the queue at once.
const BATCH: usize = 256;

/// Writes captured lines to files.
#[derive(Debug)]
pub struct Writer {
    lines: mpsc::Receiver<Line>,
    directory: PathBuf,
    max_file_bytes: u64,
    max_files: usize,
    hasher: TokenHasher,
    /// The present file and its size in bytes.
    file: Option<(BufWriter<File>, u64)>,
}

impl Writer {
    pub(super) fn new(
        lines: mpsc::Receiver<Line>,
        directory: PathBuf,
        config: &CaptureConfig,
        hasher: TokenHasher,
    ) -> Self {
        Self {
            lines,
            directory,
            max_file_bytes: config.max_file_bytes,
            max_files: config.max_files,
            hasher,
            file: None,
        }
    }

    /// Runs until every [`super::Capture`] is dropped. Blocks, so it needs a thread of its own.
    pub fn run(mut self) {
        let mut batch = Vec::new();
        while self.lines.blocking_recv_many(&mut batch, BATCH) > 0 {
            for line in batch.drain(..) {
                let text = json_line(&line, &self.hasher);
                if let Err(error) = self.write(line.at(), &text) {
                    tracing::warn!(%error, directory = %self.directory.display(), "capture cannot be written, this line is lost; check the disk");
                    self.file = None;
                }
            }
            if let Some((file, _)) = &mut self.file {
                let _ = file.flush();
            }
        }
    }

    fn write(&mut self, at: UtcMs, text: &str) -> std::io::Result<()> {
        if self
            .file
            .as_ref()
            .is_none_or(|(_, size)| *size >= self.max_file_bytes)
        {
            self.file = Some((self.new_file(at)?, 0));
        }
        let Some((file, size)) = &mut self.file else {
            return Ok(());
        };
        *size += text.len() as u64 + 1;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")
    }

    fn new_file(&self, at: UtcMs) -> std::io::Result<BufWriter<File>> {
        let is_capture = |name: &str| name.starts_with("capture-") && name.ends_with(".jsonl");
        let mut old: Vec<PathBuf> = std::fs::read_dir(&self.directory)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(is_capture)
            })
            .collect();
        old.sort();
        let excess = (old.len() + 1).saturating_sub(self.max_files.max(1));
        for path in &old[..excess.min(old.len())] {
            std::fs::remove_file(path)?;
        }
        let name = format!("capture-{}.jsonl", at.to_string().replace([':', '.'], "-"));
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.directory.join(name)).map(BufWriter::new)
    }
}
