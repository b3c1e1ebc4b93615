//! Reads the repository's own Rust files as syntax trees, for the rules that a machine can check.

mod comments;
mod countries;
mod imports;
mod size;
mod stored_enums;
mod typed_answers;
mod units;
mod words;

use std::path::{Path, PathBuf};

/// A file of the repository.
pub struct Source {
    /// Relative to the repository.
    pub path: PathBuf,
    pub text: String,
    pub tree: syn::File,
}

impl Source {
    /// The module that a file of `src` is, as path segments below the crate.
    pub fn module(&self) -> Vec<String> {
        let mut segments: Vec<String> = self
            .path
            .with_extension("")
            .iter()
            .skip(1)
            .map(|segment| segment.to_string_lossy().into_owned())
            .collect();
        if segments.last().is_some_and(|last| last == "mod") {
            segments.pop();
        }
        segments
    }
}

/// Every Rust file below a folder of the repository, parsed.
pub fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(folder), &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let tree = syn::parse_file(&text).unwrap();
            let path = path.strip_prefix(root).unwrap().to_path_buf();
            Source { path, text, tree }
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
