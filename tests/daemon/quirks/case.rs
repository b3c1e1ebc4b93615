//! A case, read from its folder.

use std::path::{Path, PathBuf};

/// The day of the replay's clock.
pub(super) const DAY: &str = "2026-08-21";

#[derive(Clone, Debug)]
pub(super) enum Step {
    At(String),
    /// A frame of the charge point.
    Sent(String),
    /// The reply that must follow.
    Reply(String),
    /// A frame of the operator's central system.
    Operator(String),
    Up {
        version: String,
        tap: bool,
    },
    Down,
}

pub(super) struct Case {
    pub name: String,
    pub folder: PathBuf,
    pub version: &'static str,
    pub steps: Vec<Step>,
}

impl Case {
    /// The text of a file of the case, if it has it.
    pub fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok()
    }

    pub fn quirks(&self) -> Vec<u32> {
        let text = self.read("quirk").unwrap_or_default();
        text.split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect()
    }

    /// A case for the tap has no replies of ours.
    pub fn is_for_tap(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Operator(_) | Step::Up { tap: true, .. }))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames");
    let mut cases = Vec::new();
    for (folder, version) in [("ocpp16", "1.6"), ("ocpp201", "2.0.1"), ("ocpp21", "2.1")] {
        let mut folders: Vec<PathBuf> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        cases.extend(folders.into_iter().map(|folder| {
            Case {
                name: folder.file_name().unwrap().to_string_lossy().into_owned(),
                version,
                steps: std::fs::read_to_string(folder.join("frames"))
                    .map(|text| steps(&text, &folder))
                    .unwrap_or_default(),
                folder,
            }
        }));
    }
    cases
}

fn steps(text: &str, folder: &Path) -> Vec<Step> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| step(line, folder))
        .collect()
}

fn step(line: &str, folder: &Path) -> Step {
    let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
    match mark {
        "@" if rest.contains('T') => Step::At(rest.to_owned()),
        "@" => Step::At(format!("{DAY}T{rest}Z")),
        ">" => Step::Sent(match rest.strip_prefix("file:") {
            Some(name) => std::fs::read_to_string(folder.join(name)).unwrap(),
            None => rest.to_owned(),
        }),
        "<" => Step::Reply(rest.to_owned()),
        "<<" => Step::Operator(rest.to_owned()),
        "+" if rest == "tap" => Step::Up {
            version: String::new(),
            tap: true,
        },
        "+" => Step::Up {
            version: rest.to_owned(),
            tap: false,
        },
        "-" => Step::Down,
        other => panic!("{}: unknown mark `{other}`", folder.display()),
    }
}
