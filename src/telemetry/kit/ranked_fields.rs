//! The known fields of one object, by quantity. Some messages carry one quantity in several fields, such as the odometer of the dash and
//! the distance of the tracker. These are different instruments, and the difference between two instruments is not a distance; so the
//! better field is taken, whatever the order.

use std::borrow::Cow;

use super::reading_entries::Entries;
use super::rule::Rule;
use super::value_text;
use crate::model::Quantity;
use crate::telemetry::Sink;

/// A field of a format, ranked among those of its quantity.
#[derive(Debug)]
pub(crate) struct RankedField {
    /// Its name in the message.
    pub name: &'static str,
    pub rule: Rule,
    /// 0 is the best source of its quantity.
    pub rank: u8,
}

/// The only field of its quantity, or the best.
pub(crate) const fn best(name: &'static str, rule: Rule) -> RankedField {
    RankedField {
        name,
        rule,
        rank: 0,
    }
}

/// A field that only counts where no better one is.
pub(crate) const fn lesser(rank: u8, name: &'static str, rule: Rule) -> RankedField {
    RankedField { name, rule, rank }
}

/// Finds a field by its name.
pub(crate) fn find_field(
    table: &'static [RankedField],
    name: &str,
) -> Option<&'static RankedField> {
    table
        .iter()
        .find(|field| value_text::same(field.name, name))
}

/// At most one field for every quantity, on the stack.
pub(crate) struct RankedFields<'a> {
    list: [Option<(&'static RankedField, Cow<'a, str>)>; Quantity::ALL.len()],
    len: usize,
}

impl<'a> RankedFields<'a> {
    /// An empty list, with room for one field per quantity.
    pub(crate) fn new() -> Self {
        Self {
            list: [const { None }; Quantity::ALL.len()],
            len: 0,
        }
    }

    /// Offers a field with its text. It is dropped if its value is unknown or a better field is there. A bad value of a better field still
    /// keeps a lesser one out, because the next message will have a good one.
    pub(crate) fn offer(&mut self, field: &'static RankedField, text: Cow<'a, str>) {
        if value_text::known(&text).is_none() {
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

    /// The fields that were kept.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static RankedField> {
        self.list[..self.len]
            .iter()
            .flatten()
            .map(|(field, _)| *field)
    }

    /// Parses the fields that `wanted` selects; errors go to the sink.
    pub(crate) fn parse_into<'s>(
        &'s self,
        into: &mut Entries<'s>,
        sink: &mut dyn Sink,
        mut wanted: impl FnMut(&RankedField) -> bool,
    ) {
        for (field, text) in self.list[..self.len].iter().flatten() {
            if !wanted(field) {
                continue;
            }
            match field.rule.parse(text) {
                Ok(Some(value)) => {
                    into.insert(field.rule.quantity(), value);
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
    use crate::telemetry::kit::ranked_fields::*;
    use crate::units::Thousandths;

    struct RejectedValues(Vec<RejectReason>);
    impl Sink for RejectedValues {
        fn reading(&mut self, _: Reading<'_>) {}
        fn ignored(&mut self, reason: RejectReason, _: &str, _: &str) {
            self.0.push(reason);
        }
    }

    #[test]
    fn the_better_field_is_taken() {
        const TABLE: &[RankedField] = &[
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
            let mut fields = RankedFields::new();
            for (name, text) in given {
                fields.offer(find_field(TABLE, name).unwrap(), Cow::Borrowed(text));
            }
            let (mut entries, mut sink) = (Entries::new(), RejectedValues(Vec::new()));
            fields.parse_into(&mut entries, &mut sink, |_| true);
            let got = entries.as_slice().first().map(|entry| entry.value.clone());
            assert_eq!(
                (got, sink.0),
                (want.map(|n| Value::Number(Thousandths(n))), ignored),
                "{given:?}"
            );
        }
    }
}
