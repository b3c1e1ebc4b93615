//! Answers travel through the process as structures. Whoever looks a field up by name in JSON gets a silent zero when the field is renamed.

use syn::visit::{self, Visit};

use super::sources;

/// Rooms that use the engine's answers.
const ROOMS: &[&[&str]] = &[
    &["report"],
    &["mqtt", "publisher"],
    &["notify", "alertmanager"],
    &["app", "replay"],
];

/// Lookups by name: indices that are texts, `pointer`, and `get` of a text.
#[derive(Default)]
struct Lookups(Vec<String>);

impl<'ast> Visit<'ast> for Lookups {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // Tests may look into what was written.
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        if is_text(&index.index) {
            self.0.push("an index that is a text".to_owned());
        }
        visit::visit_expr_index(self, index);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let by_text = name == "get" && call.args.iter().any(is_text);
        if by_text || name == "pointer" || name == "pointer_mut" {
            self.0.push(format!("`.{name}(..)`"));
        }
        visit::visit_expr_method_call(self, call);
    }
}

fn is_text(expression: &syn::Expr) -> bool {
    matches!(
        expression,
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(_),
            ..
        })
    )
}

#[test]
fn answers_are_not_looked_into_by_name() {
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for source in sources("src") {
        let module = source.module();
        let within = |room: &&[&str]| {
            module.len() >= room.len() && room.iter().zip(&module).all(|(a, b)| a == b)
        };
        if !ROOMS.iter().any(within) {
            continue;
        }
        checked += 1;
        let mut lookups = Lookups::default();
        lookups.visit_file(&source.tree);
        for lookup in lookups.0 {
            wrong.push(format!("{}: {lookup}", source.path.display()));
        }
    }
    assert!(
        checked > 15,
        "only {checked} files; were the rooms renamed?"
    );
    assert!(
        wrong.is_empty(),
        "use the field of the engine's structure (`engine::views`), not its name in JSON\n{}",
        wrong.join("\n")
    );
}
