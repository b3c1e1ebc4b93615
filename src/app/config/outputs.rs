//! Sections of outputs, such as `[influx]`: each output parses its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::ConfigError;
use super::keys::Section;
use super::source::Node;
use crate::outputs::{OutputsConfig, SectionKeys};

pub(super) fn read(
    tree: &mut BTreeMap<String, Node>,
    errors: &mut Vec<ConfigError>,
) -> OutputsConfig {
    let mut outputs = OutputsConfig::default();
    for name in OutputsConfig::NAMES {
        let mut section = Section::take(tree, name, errors);
        outputs.parse(name, &mut section);
        section.finish();
    }
    outputs
}

impl SectionKeys for Section<'_> {
    fn is_empty(&self) -> bool {
        Section::is_empty(self)
    }

    fn text(&mut self, key: &'static str, into: &mut String) {
        Section::text(self, key, into);
    }

    fn optional_path(&mut self, key: &'static str, into: &mut Option<PathBuf>) {
        Section::optional_path(self, key, into);
    }

    fn duration(&mut self, key: &'static str, into: &mut Duration, range: (Duration, Duration)) {
        Section::duration(self, key, into, range.0, range.1);
    }

    fn refuse(&mut self, key: &str, value: &str, reason: &str, hint: &str) {
        Section::refuse(self, key, None, value, reason, hint);
    }
}
