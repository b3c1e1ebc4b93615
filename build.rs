//! The factor files of `config/factors/`, compressed into the build folder: 360 KB of text are 25 KB in the binary.

use std::io::Write;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new("config/factors");
    println!("cargo:rerun-if-changed={}", folder.display());
    let out =
        std::env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("cargo sets OUT_DIR"))?;
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(Path::new(&out).join("factors.gz"))?,
        flate2::Compression::best(),
    );
    let mut names: Vec<_> = std::fs::read_dir(folder)?
        .collect::<Result<Vec<_>, _>>()?
        .iter()
        .map(std::fs::DirEntry::path)
        .collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    names.sort();
    for path in names {
        println!("cargo:rerun-if-changed={}", path.display());
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // A line that no CSV holds separates the files.
        encoder.write_all(format!("\u{1}{name}\n").as_bytes())?;
        encoder.write_all(&std::fs::read(&path)?)?;
    }
    encoder.finish()?.sync_all()
}
