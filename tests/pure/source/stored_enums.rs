//! Snapshots, inbox rows and memories hold an enum as the number of its variant, counted from 0 in the order of the source. So variants are
//! only added at the end. `stored_enums.txt` has the numbers; this test compares.
//!
//! `FLEETGAUGE_ADD_STORED_ENUMS=1 cargo test --test pure stored_enums` adds new enums and variants to the file. It never changes a number: a
//! variant that is renamed is renamed in the file by hand, and one that moved or disappeared is a mistake.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

use super::sources;

/// Rooms with stored types.
const ROOMS: [&str; 5] = [
    "src/app",
    "src/engine",
    "src/ledger",
    "src/model",
    "src/telemetry",
];

#[derive(Default)]
struct Enums(BTreeMap<String, Vec<String>>);

fn is_stored(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let mut derived = (false, false);
        if attribute.path().is_ident("derive") {
            let _ = attribute.parse_nested_meta(|meta| {
                derived.0 |= meta.path.is_ident("Serialize");
                derived.1 |= meta.path.is_ident("Deserialize");
                Ok(())
            });
        }
        derived == (true, true)
    })
}

impl<'ast> Visit<'ast> for Enums {
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        if is_stored(&item.attrs) {
            let variants = item
                .variants
                .iter()
                .map(|variant| variant.ident.to_string());
            let former = self.0.insert(item.ident.to_string(), variants.collect());
            assert!(
                former.is_none(),
                "two stored enums are called {}",
                item.ident
            );
        }
        visit::visit_item_enum(self, item);
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pure/source/stored_enums.txt")
}

/// Lines `Name: 0 First, 1 Second`.
fn parse(text: &str) -> BTreeMap<String, Vec<String>> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, variants) = line.split_once(": ").expect("a name and its variants");
            let variants = variants.split(", ").enumerate().map(|(number, variant)| {
                let (written, variant) = variant.split_once(' ').expect("a number and a name");
                assert_eq!(written, number.to_string(), "{line}");
                variant.to_owned()
            });
            (name.to_owned(), variants.collect())
        })
        .collect()
}

fn print(enums: &BTreeMap<String, Vec<String>>) -> String {
    let mut text =
        "# The numbers by which stored enums are written. See stored_enums.rs.\n".to_owned();
    for (name, variants) in enums {
        let variants: Vec<String> = variants
            .iter()
            .enumerate()
            .map(|(number, variant)| format!("{number} {variant}"))
            .collect();
        text.push_str(&format!("{name}: {}\n", variants.join(", ")));
    }
    text
}

#[test]
fn stored_enums_keep_their_numbers() {
    let mut found = Enums::default();
    for source in ROOMS.into_iter().flat_map(sources) {
        found.visit_file(&source.tree);
    }
    assert!(found.0.len() > 20, "only {} enums found", found.0.len());
    let written = parse(&std::fs::read_to_string(file()).unwrap_or_default());
    let mut wrong = Vec::new();
    for (name, variants) in &written {
        match found.0.get(name) {
            Some(now) if now.starts_with(variants) => {}
            Some(now) => wrong.push(format!(
                "{name}: stored as {variants:?}, now {now:?}: add at the end, never reorder"
            )),
            None => wrong.push(format!(
                "{name} is gone: a stored value of it cannot be read any more"
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if std::env::var_os("FLEETGAUGE_ADD_STORED_ENUMS").is_some() {
        std::fs::write(file(), print(&found.0)).unwrap();
    } else {
        assert!(
            found.0 == written,
            "new variants have no number yet: FLEETGAUGE_ADD_STORED_ENUMS=1 cargo test --test pure stored_enums"
        );
    }
}
