//! The inventory computes with unit types only. A bare `f64` in a field or a signature would let an activity meet the wrong factor, so each
//! remaining one is listed with its reason; numbers leave their types only where rows and messages are written.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};

use super::sources;

/// The rooms in which activity data meets emission factors.
const ROOMS: [&str; 4] = [
    "src/ledger/emissions",
    "src/ledger/factors",
    "src/ledger/air",
    "src/ledger/intensity",
];

/// `(file, item, reason)`: items that name the type `f64`.
const BARE: [(&str, &str, &str); 3] = [
    (
        "src/ledger/factors/cells.rs",
        "quantity",
        "parses text; its parameter is the constructor of a unit type",
    ),
    (
        "src/ledger/factors/cells.rs",
        "needed",
        "parses text; its parameter is the constructor of a unit type",
    ),
    (
        "src/ledger/factors/row.rs",
        "main",
        "the number that a list prints for rows of different units",
    ),
];

/// `(file, reason)`: files that take numbers out of their types, messages inside macros apart.
const EDGES: [(&str, &str); 3] = [
    ("src/ledger/air/inventory.rs", "rows of fleet_air"),
    ("src/ledger/emissions/rows.rs", "rows of three measurements"),
    ("src/ledger/factors/row.rs", "lists and comparisons"),
];

#[derive(Default)]
struct BareNumbers {
    /// The item that is visited.
    item: String,
    bare: BTreeSet<String>,
    leaves: bool,
}

impl<'ast> Visit<'ast> for BareNumbers {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.item = item.ident.to_string();
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.item = item.ident.to_string();
        visit::visit_item_enum(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.item = signature.ident.to_string();
        visit::visit_signature(self, signature);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.item = item.ident.to_string();
        visit::visit_item_const(self, item);
    }

    /// Fields, parameters, results, constants, casts and closures alike.
    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        if path.path.is_ident("f64") || path.path.is_ident("f32") {
            self.bare.insert(self.item.clone());
        }
        visit::visit_type_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.leaves |= call.method == "get" && call.args.is_empty();
        visit::visit_expr_method_call(self, call);
    }
}

fn numbers(file: &syn::File) -> BareNumbers {
    let mut numbers = BareNumbers::default();
    numbers.visit_file(file);
    numbers
}

#[test]
fn the_inventory_names_no_bare_number() {
    let mut found = BTreeSet::new();
    for source in ROOMS.into_iter().flat_map(sources) {
        let path = source.path.display().to_string();
        let bare = numbers(&source.tree).bare;
        found.extend(bare.into_iter().map(|item| (path.clone(), item)));
    }
    let listed = BARE.map(|(path, item, _)| (path.to_owned(), item.to_owned()));
    assert_eq!(
        found,
        listed.into(),
        "give a new item a unit type of src/units, or list it here with its reason"
    );
}

#[test]
fn numbers_leave_their_types_only_at_the_edges() {
    let mut found = BTreeSet::new();
    for source in ROOMS.into_iter().flat_map(sources) {
        if numbers(&source.tree).leaves {
            found.insert(source.path.display().to_string());
        }
    }
    let listed = EDGES.map(|(path, _)| path.to_owned());
    assert_eq!(
        found,
        listed.into(),
        "keep the number in its type, or list the file here with its reason"
    );
}

#[test]
fn a_bare_number_is_found_in_fields_parameters_and_casts() {
    let text = "
        struct Sums { kgco2e: Option<[f64; 3]> }
        fn product(litres: i64) -> i64 { (litres as f64 * 2.5).get() as i64 }
        mod tests { fn near(value: f64) {} }";
    let numbers = numbers(&syn::parse_file(text).unwrap());
    assert_eq!(
        numbers.bare,
        ["Sums", "product"].map(str::to_owned).into(),
        "tests may compare numbers"
    );
    assert!(numbers.leaves);
}
