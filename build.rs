//! The factor files of `config/factors/`, compressed into the build folder: 360 KB of text are 25 KB in the binary.

use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let folder = Path::new("config/factors");
    println!("cargo:rerun-if-changed={}", folder.display());
    let out =
        std::env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("cargo sets OUT_DIR"))?;
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(Path::new(&out).join("factors.gz"))?,
        flate2::Compression::best(),
    );
    let mut names = csv_files(folder)?;
    names.sort();
    for path in names {
        println!("cargo:rerun-if-changed={}", path.display());
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let name = name.to_string_lossy().replace('\\', "/");
        // A line that no CSV holds separates the files.
        encoder.write_all(format!("\u{1}{name}\n").as_bytes())?;
        encoder.write_all(&std::fs::read(&path)?)?;
    }
    encoder.finish()?.sync_all()
}

/// The files of a folder and of the folders in it, one for each country beside the first.
fn csv_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(csv_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "csv") {
            files.push(path);
        }
    }
    Ok(files)
}
