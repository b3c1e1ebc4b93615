//! Files and functions are small at default rustfmt, and each file states its purpose.
//!
//! `cargo test --test pure size -- --nocapture` prints the figures and what is nearest to the limits.

use std::sync::LazyLock;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::sources;

const FOLDERS: [&str; 4] = ["src", "tests", "benches", "fuzz/src"];

/// No file is longer.
const MAX_FILE: usize = 500;
/// `main.rs` only hands over.
const MAX_MAIN: usize = 80;
/// The median file is at most this long.
const MAX_MEDIAN: usize = 150;
/// No function is longer, from its signature to its closing brace.
const MAX_FUNCTION: usize = 100;
/// Functions longer than [`LONG_FUNCTION`] are at most this many in a thousand.
const MAX_LONG_PER_MILLE: usize = 10;
const LONG_FUNCTION: usize = 60;

#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line + 1 - signature.span().start().line;
        self.0.push((signature.ident.to_string(), lines));
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

/// `(lines, name)`, longest first.
type Lengths = Vec<(usize, String)>;

fn measure(folders: &[&str]) -> (Lengths, Lengths, Vec<String>) {
    let (mut files, mut functions, mut headless) = (Vec::new(), Vec::new(), Vec::new());
    for source in folders.iter().flat_map(|folder| sources(folder)) {
        let path = source.path.display().to_string();
        if !source.text.starts_with("//!") {
            headless.push(path.clone());
        }
        let mut found = Functions::default();
        found.visit_file(&source.tree);
        let named = |(name, lines)| (lines, format!("{path} {name}"));
        functions.extend(found.0.into_iter().map(named));
        files.push((source.text.lines().count(), path));
    }
    files.sort_by(|a, b| b.cmp(a));
    functions.sort_by(|a, b| b.cmp(a));
    (files, functions, headless)
}

/// The whole tree, measured once.
static TREE: LazyLock<(Lengths, Lengths, Vec<String>)> = LazyLock::new(|| measure(&FOLDERS));

fn summary(files: &Lengths) -> String {
    let (median, longest) = (files[files.len() / 2].0, files[0].0);
    format!(
        "{} files, median {median} lines, longest {longest}",
        files.len()
    )
}

fn list(lengths: &[(usize, String)]) -> String {
    let lines: Vec<String> = lengths
        .iter()
        .map(|(lines, name)| format!("{lines:5} {name}"))
        .collect();
    lines.join("\n")
}

fn count_long(functions: &Lengths) -> usize {
    functions
        .iter()
        .filter(|(lines, _)| *lines > LONG_FUNCTION)
        .count()
}

#[test]
fn size_figures_are_printed() {
    for folder in FOLDERS {
        let (files, _, _) = measure(&[folder]);
        println!("{folder}: {}", summary(&files));
    }
    let (files, functions, _) = &*TREE;
    let long = count_long(functions);
    println!(
        "{} functions, {long} over {LONG_FUNCTION} lines, longest {}",
        functions.len(),
        functions[0].0
    );
    println!("longest files:\n{}", list(&files[..20]));
    println!("longest functions:\n{}", list(&functions[..long]));
}

#[test]
fn every_file_opens_with_its_purpose() {
    let headless = &TREE.2;
    assert!(
        headless.is_empty(),
        "these open without `//!`: state what the file turns into what\n{}",
        headless.join("\n")
    );
}

#[test]
fn files_and_functions_are_within_the_limits() {
    let (files, functions, _) = &*TREE;
    let limit = |path: &str| {
        if path == "src/main.rs" {
            MAX_MAIN
        } else {
            MAX_FILE
        }
    };
    let files = files.iter().filter(|(lines, path)| *lines > limit(path));
    let functions = functions.iter().filter(|(lines, _)| *lines > MAX_FUNCTION);
    let over: Lengths = files.chain(functions).cloned().collect();
    assert!(
        over.is_empty(),
        "split these by what changes together; at most {MAX_FILE} lines in a file and {MAX_FUNCTION} in a function\n{}",
        list(&over)
    );
}

#[test]
fn the_median_file_and_nearly_all_functions_are_small() {
    let (files, functions, _) = &*TREE;
    let median = files[files.len() / 2].0;
    assert!(
        median <= MAX_MEDIAN,
        "the median file has {median} lines, at most {MAX_MEDIAN}"
    );
    let long = count_long(functions);
    assert!(
        long * 1_000 <= functions.len() * MAX_LONG_PER_MILLE,
        "{long} of {} functions are over {LONG_FUNCTION} lines; at most {MAX_LONG_PER_MILLE} in a thousand",
        functions.len()
    );
}
