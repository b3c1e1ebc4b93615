//! The known fields of one object, by quantity. Where several fields of a message say the same quantity the better one has it,
//! whatever the order: the two are different instruments, and a counter must not see both (`mqtt-telemetry` section 6.1).

use std::borrow::Cow;

use super::entries::Entries;
use super::rule::Rule;
use super::scalar;
use crate::model::Quantity;
use crate::telemetry::Sink;

/// A field that a format knows.
#[derive(Debug)]
pub struct Field {
    /// Its name in the message.
    pub name: &'static str,
    /// How it is read.
    pub rule: Rule,
    /// 0 is the best source of its quantity.
    pub rank: u8,
}

/// The only field of its quantity, or the best.
pub const fn best(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        rule,
        rank: 0,
    }
}

/// A field that only counts where no better one is.
pub const fn lesser(rank: u8, name: &'static str, rule: Rule) -> Field {
    Field { name, rule, rank }
}

/// The field of a name in a table.
pub fn field_of(table: &'static [Field], name: &str) -> Option<&'static Field> {
    table.iter().find(|field| scalar::same(field.name, name))
}

/// At most one field for every quantity, on the stack.
pub struct Fields<'a> {
    list: [Option<(&'static Field, Cow<'a, str>)>; Quantity::ALL.len()],
    len: usize,
}

impl<'a> Fields<'a> {
    /// None.
    pub fn new() -> Self {
        Self {
            list: [const { None }; Quantity::ALL.len()],
            len: 0,
        }
    }

    /// Offers a field with its text. It is not taken if the source does not know the value, or if a better field is there; a bad
    /// value of a better field still keeps a lesser one out, because the next one will be good.
    pub fn offer(&mut self, field: &'static Field, text: Cow<'a, str>) {
        if scalar::known(&text).is_none() {
            return;
        }
        let quantity = field.rule.quantity();
        let there = self.list[..self.len]
            .iter_mut()
            .flatten()
            .find(|(known, _)| known.rule.quantity() == quantity);
        match there {
            // A name that stands twice: the last one counts, as for nearly every JSON reader (RFC 8259, section 4).
            Some(slot) if field.rank <= slot.0.rank => *slot = (field, text),
            Some(_) => {}
            None => {
                self.list[self.len] = Some((field, text));
                self.len += 1;
            }
        }
    }

    /// The fields taken.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.list[..self.len]
            .iter()
            .flatten()
            .map(|(field, _)| *field)
    }

    /// Reads the fields that `wanted` says yes to; what cannot be read is reported.
    pub fn read<'s>(
        &'s self,
        into: &mut Entries<'s>,
        sink: &mut dyn Sink,
        mut wanted: impl FnMut(&Field) -> bool,
    ) {
        for (field, text) in self.list[..self.len].iter().flatten() {
            if !wanted(field) {
                continue;
            }
            match field.rule.read(text) {
                Ok(Some(value)) => {
                    into.put(field.rule.quantity(), value);
                }
                Ok(None) => {}
                Err((reason, detail)) => sink.ignored(reason, field.name, detail),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Reading, RejectReason, Value};
    use crate::telemetry::kit::fields::*;
    use crate::units::Thousandths;

    struct Nothing(Vec<RejectReason>);
    impl Sink for Nothing {
        fn reading(&mut self, _: Reading<'_>) {}
        fn ignored(&mut self, reason: RejectReason, _: &str, _: &str) {
            self.0.push(reason);
        }
    }

    #[test]
    fn the_better_field_has_the_quantity() {
        const TABLE: &[Field] = &[
            best("dash", Rule::Number(Quantity::Odometer, "km")),
            lesser(1, "tracker", Rule::Number(Quantity::Odometer, "m")),
            lesser(2, "guess", Rule::Number(Quantity::Odometer, "km")),
        ];
        for (given, want, ignored) in [
            (
                &[("tracker", "5000"), ("dash", "7")][..],
                Some(7_000),
                vec![],
            ),
            (&[("dash", "7"), ("tracker", "5000")], Some(7_000), vec![]),
            (&[("guess", "1"), ("tracker", "5000")], Some(5_000), vec![]),
            (
                &[("dash", "null"), ("tracker", "5000")],
                Some(5_000),
                vec![],
            ),
            (&[("dash", "7"), ("dash", "8")], Some(8_000), vec![]),
            (
                &[("tracker", "5000"), ("dash", "0")],
                None,
                vec![RejectReason::Number],
            ),
        ] {
            let mut fields = Fields::new();
            for (name, text) in given {
                fields.offer(field_of(TABLE, name).unwrap(), Cow::Borrowed(text));
            }
            let (mut entries, mut sink) = (Entries::new(), Nothing(Vec::new()));
            fields.read(&mut entries, &mut sink, |_| true);
            let got = entries.as_slice().first().map(|entry| entry.value.clone());
            assert_eq!(
                (got, sink.0),
                (want.map(|n| Value::Number(Thousandths(n))), ignored),
                "{given:?}"
            );
        }
    }
}
