//! A map's `topic`: levels as in MQTT, with captures. Matches a topic without allocating, and gives the filter to subscribe to.

/// Captures of one pattern.
pub(super) const MAX_CAPTURES: usize = 8;
/// Levels of one pattern; topics in use have up to a dozen.
const MAX_LEVELS: usize = 32;

/// The text of each capture in a topic, in the pattern's order.
pub(super) struct Captures<'t>([&'t str; MAX_CAPTURES]);

impl<'t> Captures<'t> {
    /// The capture of this number.
    pub(super) fn get(&self, number: usize) -> &'t str {
        self.0.get(number).copied().unwrap_or_default()
    }
}

/// A pattern, compiled.
#[derive(Debug)]
pub(super) struct Pattern {
    levels: Vec<Level>,
    tail: Tail,
    names: Vec<String>,
}

#[derive(PartialEq, Eq, Debug)]
enum Level {
    /// Exactly this text.
    Literal(String),
    /// `+`: one level of any text.
    Any,
    /// `before{name}after`: one level. Home Assistant's topics hold the id so: `sensor/<vin>_battery_level/state`.
    Capture { before: String, after: String },
}

#[derive(PartialEq, Eq, Debug)]
enum Tail {
    /// The topic ends here.
    None,
    /// `#`: or it goes on.
    Any,
    /// `{name*}`: it goes on, and the rest is captured.
    Capture,
}

/// What is wrong with a pattern, and a hint.
pub(super) type PatternError = (String, String);

fn refuse<T>(reason: impl Into<String>, hint: impl Into<String>) -> Result<T, PatternError> {
    Err((reason.into(), hint.into()))
}

impl Pattern {
    /// Compiles a pattern; the error describes the first mistake.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() || text.contains('\0') {
            return refuse(
                "is no topic",
                "write the topic as it is published, with {id} for the level that names the asset",
            );
        }
        if text.starts_with("$share/") {
            return refuse(
                "is a shared subscription",
                "write the topic alone; $share/<group>/ belongs to `topics` of the [[broker]]",
            );
        }
        let count = text.split('/').count();
        if count > MAX_LEVELS {
            return refuse(
                format!("has {count} levels"),
                format!("at most {MAX_LEVELS}"),
            );
        }
        let mut pattern = Self {
            levels: Vec::new(),
            tail: Tail::None,
            names: Vec::new(),
        };
        for (index, level) in text.split('/').enumerate() {
            pattern.add(level, index + 1 == count)?;
        }
        Ok(pattern)
    }

    fn add(&mut self, level: &str, is_last: bool) -> Result<(), PatternError> {
        match level {
            "+" => self.levels.push(Level::Any),
            "#" if is_last => self.tail = Tail::Any,
            "#" => {
                return refuse(
                    "has `#` before its end",
                    "`#` is the rest of a topic; `+` is one level",
                );
            }
            _ if level.contains(['+', '#']) => {
                return refuse(
                    format!("has a wildcard within the level `{level}`"),
                    "`+` and `#` are levels of their own",
                );
            }
            _ if level.contains(['{', '}']) => {
                let braces = || {
                    (
                        format!("has unmatched braces in the level `{level}`"),
                        "write {name}, at most one in a level".into(),
                    )
                };
                let (before, rest) = level.split_once('{').ok_or_else(braces)?;
                let (name, after) = rest.split_once('}').ok_or_else(braces)?;
                if [before, name, after]
                    .iter()
                    .any(|part| part.contains(['{', '}']))
                {
                    return Err(braces());
                }
                return self.capture(before, name, after, is_last);
            }
            _ => self.levels.push(Level::Literal(level.to_owned())),
        }
        Ok(())
    }

    fn capture(
        &mut self,
        before: &str,
        name: &str,
        after: &str,
        is_last: bool,
    ) -> Result<(), PatternError> {
        let rest = name.strip_suffix('*');
        if let Some(name) = rest
            && !(is_last && before.is_empty() && after.is_empty())
        {
            return refuse(
                format!("has `{{{name}*}}` before its end"),
                format!("{{{name}*}} is the rest of a topic; {{{name}}} is one level"),
            );
        }
        let name = rest.unwrap_or(name);
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return refuse(
                format!("has a capture called `{name}`"),
                "names have letters, digits and `_`",
            );
        }
        if self.names.iter().any(|known| known == name) {
            return refuse(
                format!("has the capture `{name}` twice"),
                "each needs a name of its own; `+` is a level that does not matter",
            );
        }
        if self.names.len() == MAX_CAPTURES {
            return refuse(
                format!("has more than {MAX_CAPTURES} captures"),
                "write `+` for levels that do not matter",
            );
        }
        self.names.push(name.to_owned());
        match rest {
            Some(_) => self.tail = Tail::Capture,
            None => self.levels.push(Level::Capture {
                before: before.to_owned(),
                after: after.to_owned(),
            }),
        }
        Ok(())
    }

    /// The names of its captures.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The literal text of its first level.
    pub(super) fn first_literal(&self) -> Option<&str> {
        match self.levels.first() {
            Some(Level::Literal(text)) => Some(text),
            _ => None,
        }
    }

    /// How literal it is: the number of literal levels, then of levels that are literal in part.
    pub(super) fn rank(&self) -> (usize, usize) {
        let count =
            |wanted: fn(&Level) -> bool| self.levels.iter().filter(|level| wanted(level)).count();
        let in_part = |level: &Level| matches!(level, Level::Capture { before, after } if !(before.is_empty() && after.is_empty()));
        (
            count(|level| matches!(level, Level::Literal(_))),
            count(in_part),
        )
    }

    /// Its captures in a topic; `None` if the topic does not match.
    pub(super) fn matches<'t>(&self, topic: &'t str) -> Option<Captures<'t>> {
        // MQTT 5, section 4.7.2: a wildcard at the beginning does not match the server's own topics.
        let begins_wild = match self.levels.first() {
            Some(Level::Literal(_)) => false,
            Some(Level::Capture { before, .. }) => before.is_empty(),
            Some(Level::Any) | None => true,
        };
        if begins_wild && topic.starts_with('$') {
            return None;
        }
        let mut captures = Captures([""; MAX_CAPTURES]);
        let mut slots = captures.0.iter_mut();
        let mut rest = Some(topic);
        for level in &self.levels {
            let here = rest?;
            let (part, after) = here
                .split_once('/')
                .map_or((here, None), |(part, after)| (part, Some(after)));
            match level {
                Level::Literal(text) if text == part => {}
                Level::Literal(_) => return None,
                Level::Any => {}
                Level::Capture { before, after } => {
                    *slots.next()? = part
                        .strip_prefix(before.as_str())?
                        .strip_suffix(after.as_str())?;
                }
            }
            rest = after;
        }
        match self.tail {
            Tail::None if rest.is_some() => return None,
            Tail::None | Tail::Any => {}
            Tail::Capture => *slots.next()? = rest?,
        }
        Some(captures)
    }

    /// The filter that subscribes to its topics.
    pub(super) fn filter(&self) -> String {
        let level = |level: &Level| match level {
            Level::Literal(text) => text.clone(),
            Level::Any | Level::Capture { .. } => "+".to_owned(),
        };
        let tail = (self.tail != Tail::None).then(|| "#".to_owned());
        self.levels
            .iter()
            .map(level)
            .chain(tail)
            .collect::<Vec<_>>()
            .join("/")
    }
}

#[cfg(test)]
mod tests;
