//! JSON Pointers (RFC 6901) of one map, joined to a tree, so that one pass over a message finds the values of all of them.

use super::topic::Wrong;
use crate::json::Json;

/// Different pointers of one map.
pub const MAX_POINTERS: usize = 64;
/// Steps of one pointer.
const MAX_STEPS: usize = 16;

/// The raw value of each pointer in one message.
pub type Found<'a> = [Option<&'a str>; MAX_POINTERS];

/// The pointers of a map.
#[derive(Debug)]
pub struct Pointers {
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
    /// None.
    pub fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            texts: Vec::new(),
        }
    }

    /// Adds a pointer, unless it is there; its number.
    pub fn add(&mut self, text: &str) -> Result<usize, Wrong> {
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

    /// The whole message is wanted as one value.
    pub fn wants_root(&self) -> bool {
        self.nodes[0].pointer.is_some()
    }

    /// Walks a message once and notes what it finds. Of a key that stands twice the last one counts, as with nearly every reader
    /// (RFC 8259, section 4).
    pub fn find<'a>(&self, json: &mut Json<'a>, found: &mut Found<'a>) {
        self.visit(&self.nodes[0], json, found);
    }

    fn visit<'a>(&self, node: &Node, json: &mut Json<'a>, found: &mut Found<'a>) {
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
                let mut place = 0;
                json.one_or_many(|json| {
                    if let Some(child) = node
                        .children
                        .iter()
                        .find(|child| child.index == Some(place))
                    {
                        self.visit(&self.nodes[child.node], json, found);
                    }
                    place += 1;
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
fn steps(text: &str) -> Result<Vec<String>, Wrong> {
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
mod tests {
    use crate::telemetry::mapping::pointer::*;

    #[test]
    fn one_pass_finds_all() {
        // The document of RFC 6901, section 5, and what its section 6 says of it.
        let text = r#" {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}"#;
        let wanted = [
            ("/foo", Some(r#"["bar", "baz"]"#)),
            ("/foo/0", Some(r#""bar""#)),
            ("/", Some("0")),
            ("/a~1b", Some("1")),
            ("/c%d", Some("2")),
            ("/i\\j", Some("5")),
            ("/k\"l", Some("6")),
            ("/ ", Some("7")),
            ("/m~0n", Some("8")),
            ("/foo/2", None),
            ("/foo/00", None),
            ("/foo/-", None),
            ("/nowhere/1", None),
        ];
        let mut pointers = Pointers::new();
        for (number, (pointer, _)) in wanted.iter().enumerate() {
            assert_eq!(pointers.add(pointer), Ok(number));
        }
        assert_eq!(pointers.add("/foo"), Ok(0), "one and the same");
        let mut found = [None; MAX_POINTERS];
        let mut json = Json::new(text, 8);
        pointers.find(&mut json, &mut found);
        assert_eq!((json.at_end(), json.error()), (true, None));
        for ((pointer, want), got) in wanted.iter().zip(found) {
            assert_eq!(got, *want, "{pointer}");
        }
    }
}
