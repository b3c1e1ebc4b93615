//! Imports point down: a module may use modules of lower ranks and of its own room, never a neighbour's or a higher one's.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::{Source, sources};

/// Modules by rank, lowest first. The longest prefix of a module's path decides.
const RANKS: &[&[&str]] = &[
    &["json", "units"],
    &["jurisdiction"],
    &["model"],
    &["series::table"],
    &["imports", "ledger", "ocpp::codec", "series", "telemetry"],
    &["engine"],
    &["tls"],
    &["api::requests", "http", "ingest", "store"],
    &[
        "api",
        "intensity",
        "mqtt",
        "notify",
        "ocpp",
        "outputs",
        "simulate",
        "web",
    ],
    &["dashboards", "report"],
    &["app"],
];

/// Ranks up to this one do no input and no output.
const PURE: usize = 5;

/// Imports between neighbours that are meant, with the reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("web", "api", "the page's router serves the API's routes"),
    (
        "telemetry",
        "ocpp::codec",
        "the format ocpp_bridge carries OCPP frames over MQTT",
    ),
];

/// The prefix in [`RANKS`] that a path falls under, with its rank.
fn rank(path: &[String]) -> Option<(&'static str, usize)> {
    RANKS
        .iter()
        .enumerate()
        .flat_map(|(rank, rooms)| rooms.iter().map(move |room| (*room, rank)))
        .filter(|(room, _)| {
            let room: Vec<&str> = room.split("::").collect();
            path.len() >= room.len() && room.iter().zip(path).all(|(a, b)| a == b)
        })
        .max_by_key(|(room, _)| room.len())
}

/// All paths of a file that begin at the crate, resolved.
struct Paths {
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    fn of(source: &Source) -> BTreeSet<Vec<String>> {
        let mut paths = Self {
            module: source.module(),
            found: BTreeSet::new(),
        };
        paths.visit_file(&source.tree);
        paths.found
    }

    fn add(&mut self, segments: &[String]) {
        let mut at = self.module.clone();
        let mut rest = segments;
        match segments.first().map(String::as_str) {
            Some("crate") => {
                at.clear();
                rest = &segments[1..];
            }
            Some("self" | "super") => {}
            _ => return,
        }
        while let Some(first) = rest.first() {
            match first.as_str() {
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = &rest[1..];
        }
        at.extend(rest.iter().cloned());
        self.found.insert(at);
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &[String]) {
        let with = |ident: &syn::Ident| {
            let mut path = prefix.to_vec();
            path.push(ident.to_string());
            path
        };
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => self.add(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.add(prefix),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, prefix));
            }
        }
    }

    /// Macros are not parsed: paths are put together from their tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                other => {
                    self.add(&std::mem::take(&mut path));
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.add(&path);
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.add(&segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
    }
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for source in sources("src") {
        let module = source.module();
        if module.len() == 1 && matches!(module[0].as_str(), "lib" | "main") {
            continue;
        }
        let Some((room, own)) = rank(&module) else {
            // A room whose sub-modules alone have a rank, such as the file that declares them.
            wrong.push(format!(
                "{}: has no rank: add it to RANKS here and to lib.rs",
                source.path.display()
            ));
            continue;
        };
        for path in Paths::of(&source) {
            let Some((other, other_rank)) = rank(&path) else {
                continue;
            };
            checked += 1;
            let allowed = ALLOWED
                .iter()
                .any(|(from, to, _)| *from == room && *to == other);
            // A room's own sub-modules have ranks of their own only where they are lower.
            let inside = path[0] == module[0] && other_rank <= own;
            if room != other && !inside && other_rank >= own && !allowed {
                wrong.push(format!(
                    "{}: `{room}` (rank {own}) uses `{}` (rank {other_rank})",
                    source.path.display(),
                    path.join("::")
                ));
            }
        }
    }
    assert!(
        checked > 1_000,
        "only {checked} imports found; does the check still read the sources?"
    );
    assert!(
        wrong.is_empty(),
        "imports must point down: move the shared thing to a lower rank, or hand it over as an argument\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_core_does_no_input_or_output() {
    const BANNED: [&str; 7] = [
        "std::fs",
        "std::net",
        "tokio::",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "ring::rand",
    ];
    let mut wrong = Vec::new();
    for source in sources("src") {
        if rank(&source.module()).is_none_or(|(_, rank)| rank > PURE) {
            continue;
        }
        let code = source.text.lines().enumerate();
        for (number, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for banned in BANNED.into_iter().filter(|banned| line.contains(banned)) {
                wrong.push(format!(
                    "{}:{}: `{banned}`: pass the value in from app instead",
                    source.path.display(),
                    number + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
