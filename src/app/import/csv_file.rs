//! A CSV file as a stream of records, whatever its size. Detects the separator and byte order mark, and computes a fingerprint of the
//! content.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use csv::ByteRecord;
use ring::digest;

use super::Progress;

/// An open file.
pub(super) struct CsvFile {
    reader: csv::Reader<BufReader<File>>,
    fingerprint: digest::Digest,
    length: u64,
    line: u64,
    separator: u8,
}

impl CsvFile {
    /// Opens a file and reads it once for its fingerprint, by which the same content under another name is recognised.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut context = digest::Context::new(&digest::SHA256);
        let mut buffer = vec![0; 64 * 1024];
        let mut start = Vec::new();
        let mut length = 0;
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            if start.is_empty() {
                start.extend_from_slice(&buffer[..count]);
            }
            context.update(&buffer[..count]);
            length += count as u64;
        }
        if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "is UTF-16; save it as `CSV UTF-8`",
            ));
        }
        let mark = if start.starts_with(b"\xEF\xBB\xBF") {
            3
        } else {
            0
        };
        file.seek(SeekFrom::Start(mark))?;
        let header = start
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        // Excel writes the separator of the machine's region; commas win where the header has any.
        let separator = [b',', b';', b'\t']
            .into_iter()
            .find(|byte| header.contains(byte))
            .unwrap_or(b',');
        let mut builder = csv::ReaderBuilder::new();
        builder
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(separator);
        Ok(Self {
            reader: builder.from_reader(BufReader::new(file)),
            fingerprint: context.finish(),
            length,
            line: 1,
            separator,
        })
    }

    /// The next record; false at the end.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, String> {
        let more = self.reader.read_byte_record(record);
        self.line = record
            .position()
            .map_or(self.reader.position().line(), csv::Position::line);
        more.map_err(|error| error.to_string())
    }

    /// The line in which the last record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The separator of cells.
    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// SHA-256 of the content.
    pub(super) fn fingerprint(&self) -> &[u8] {
        self.fingerprint.as_ref()
    }

    /// How far the file is read, after `rows`.
    pub(super) fn progress(&self, rows: u64) -> Progress {
        Progress {
            bytes: self.reader.position().byte().min(self.length),
            of: self.length,
            rows,
        }
    }
}
