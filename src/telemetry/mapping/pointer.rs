//! JSON Pointers (RFC 6901) of one map, joined to a tree, so that one pass over a message finds the values of all of them.

use super::topic::PatternError;
use crate::json::Json;

/// Different pointers of one map.
pub(super) const MAX_POINTERS: usize = 64;
/// Steps of one pointer.
const MAX_STEPS: usize = 16;

/// The raw value of each pointer in one message.
pub(super) type FoundValues<'a> = [Option<&'a str>; MAX_POINTERS];

/// The pointers of a map.
#[derive(Debug)]
pub(super) struct Pointers {
    nodes: Vec<Node>,
    texts: Vec<String>,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<Child>,
    /// Which pointer ends here.
    pointer: Option<usize>,
}

#[derive(Debug)]
struct Child {
    name: String,
    /// The name as a place in an array, which RFC 6901 allows without leading zeros.
    index: Option<usize>,
    node: usize,
}

impl Pointers {
    /// A tree without pointers; only its root is there.
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            texts: Vec::new(),
        }
    }

    /// Adds a pointer unless it is there, and returns its index.
    pub(super) fn add(&mut self, text: &str) -> Result<usize, PatternError> {
        if let Some(known) = self.texts.iter().position(|known| known == text) {
            return Ok(known);
        }
        let steps = steps(text)?;
        if self.texts.len() == MAX_POINTERS {
            return Err((
                format!("is one path too many: a map has at most {MAX_POINTERS}"),
                "split the map".into(),
            ));
        }
        let mut at = 0;
        for step in steps {
            at = match self.nodes[at]
                .children
                .iter()
                .find(|child| child.name == step)
            {
                Some(child) => child.node,
                None => {
                    let node = self.nodes.len();
                    self.nodes.push(Node::default());
                    let canonical = step == "0" || !step.starts_with('0');
                    let index = step
                        .parse()
                        .ok()
                        .filter(|_| canonical && step.bytes().all(|byte| byte.is_ascii_digit()));
                    self.nodes[at].children.push(Child {
                        name: step,
                        index,
                        node,
                    });
                    node
                }
            };
        }
        let number = self.texts.len();
        self.nodes[at].pointer = Some(number);
        self.texts.push(text.to_owned());
        Ok(number)
    }

    /// Returns true if a pointer refers to the whole message.
    pub(super) fn wants_root(&self) -> bool {
        self.nodes[0].pointer.is_some()
    }

    /// Walks a message once and stores the text at each pointer. If a key stands twice the last one counts, as in nearly every JSON parser
    /// (RFC 8259, section 4).
    pub(super) fn find<'a>(&self, json: &mut Json<'a>, found: &mut FoundValues<'a>) {
        self.visit(&self.nodes[0], json, found);
    }

    fn visit<'a>(&self, node: &Node, json: &mut Json<'a>, found: &mut FoundValues<'a>) {
        let opens = json.peek();
        let from = json.position();
        match opens {
            Some(b'{') if !node.children.is_empty() => {
                json.object(|json, name| {
                    if let Some(child) = node.children.iter().find(|child| child.name == name) {
                        self.visit(&self.nodes[child.node], json, found);
                    }
                });
            }
            Some(b'[') if node.children.iter().any(|child| child.index.is_some()) => {
                let mut index = 0;
                json.one_or_many(|json| {
                    if let Some(child) = node
                        .children
                        .iter()
                        .find(|child| child.index == Some(index))
                    {
                        self.visit(&self.nodes[child.node], json, found);
                    }
                    index += 1;
                });
            }
            _ => json.skip(),
        }
        if let Some(slot) = node.pointer.and_then(|number| found.get_mut(number)) {
            *slot = Some(json.text_between(from, json.position()));
        }
    }
}

/// The steps of a pointer, unescaped.
fn steps(text: &str) -> Result<Vec<String>, PatternError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = text.strip_prefix('/') else {
        let meant = text.trim_start_matches("$.").replace('.', "/");
        return Err((
            "is no JSON Pointer: it does not begin with `/`".into(),
            format!("write \"/{meant}\""),
        ));
    };
    let steps: Vec<String> = rest
        .split('/')
        .map(unescape)
        .collect::<Option<_>>()
        .ok_or_else(|| {
            (
                "has a `~` that is neither `~0` nor `~1`".to_owned(),
                "in a JSON Pointer `~0` stands for `~` and `~1` for `/`".to_owned(),
            )
        })?;
    if steps.len() > MAX_STEPS {
        return Err((
            format!("has {} steps", steps.len()),
            format!("at most {MAX_STEPS}"),
        ));
    }
    Ok(steps)
}

fn unescape(step: &str) -> Option<String> {
    let escapes_end_well = step
        .split('~')
        .skip(1)
        .all(|after| after.starts_with(['0', '1']));
    // In this order, or `~01` would become `/` (RFC 6901, section 4).
    escapes_end_well.then(|| step.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests;
