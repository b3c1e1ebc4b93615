//! Compiles one entry of `fields`: the quantity, its unit, and only the keys that apply to it.

use toml::de::DeValue;

use super::field::{Conversion, DIGITS, LinearScale, MappedField};
use super::pointer::Pointers;
use super::toml_table::{TomlEntry, TomlTable, decimal};
use crate::model::{Quantity, Value, check_id, nearest};
use crate::telemetry::kit::unit::Unit;
use crate::units::Thousandths;

const PATH_HINT: &str = "write path = \"/io/odo\": where the value stands (for a bare value, format = \"value\" in the map)";
const VALUES_HINT: &str =
    "write values = { ON = true, OFF = false }: the source's words, and what they mean";
const VALID_HINT: &str =
    "write valid = [6, 94]: the lowest and the highest number that the source sends in earnest";
/// Words of one table.
const MAX_WORDS: usize = 256;

/// The keys of the map on which a field depends.
pub(super) struct MapContext {
    /// `format` is "json".
    pub is_json: bool,
    /// The map has a `select`.
    pub has_select: bool,
}

/// Compiles a field; `None`, with the mistakes reported, if it has any.
pub(super) fn field(
    mut table: TomlTable<'_, '_>,
    map: &MapContext,
    pointers: &mut Pointers,
) -> Option<MappedField> {
    let path = path(&mut table, map.is_json, pointers);
    let quantity = quantity(&mut table);
    let when = when(&mut table, map.has_select);
    let conversion = quantity.and_then(|quantity| conversion(&mut table, quantity));
    if quantity.is_none() {
        // Which of these it may have depends on the quantity.
        for key in ["unit", "scale", "offset", "values", "valid"] {
            table.take(key);
        }
    }
    table.finish();
    let (quantity, (pointer, path)) = (quantity?, path?);
    let name = if map.is_json {
        path
    } else {
        quantity.name().to_owned()
    };
    Some(MappedField {
        name,
        pointer,
        quantity,
        when,
        conversion: conversion?,
    })
}

fn path(
    table: &mut TomlTable<'_, '_>,
    is_json: bool,
    pointers: &mut Pointers,
) -> Option<(usize, String)> {
    let has_path = table.has("path");
    let given = table.any_text("path", PATH_HINT);
    if !is_json {
        if let Some((_, at)) = given {
            let hint = "write format = \"json\", or remove the path";
            table.refuse(
                "path",
                Some(at),
                "has nowhere to lead: `format` is \"value\"",
                hint,
            );
        }
        return Some((0, String::new()));
    }
    let Some((text, at)) = given else {
        if !has_path {
            table.refuse("", None, "has no `path`", PATH_HINT);
        }
        return None;
    };
    match pointers.add(&text) {
        Ok(number) => Some((number, text)),
        Err((reason, hint)) => {
            table.refuse("path", Some(at), format!("`{text}` {reason}"), hint);
            None
        }
    }
}

fn quantity(table: &mut TomlTable<'_, '_>) -> Option<Quantity> {
    let names: Vec<&str> = Quantity::ALL
        .iter()
        .map(|quantity| quantity.name())
        .collect();
    let hint = format!("one of: {}", names.join(", "));
    if !table.has("quantity") {
        table.refuse("", None, "has no `quantity`", &hint);
    }
    let (name, at) = table.text("quantity", &hint)?;
    let quantity = Quantity::from_name(&name);
    if quantity.is_none() {
        table.refuse(
            "quantity",
            Some(at),
            format!("`{name}` is not known"),
            nearest(&name, &names),
        );
    }
    quantity
}

fn when(table: &mut TomlTable<'_, '_>, has_select: bool) -> Option<String> {
    let taken = table.take("when")?;
    if !has_select {
        table.refuse(
            "when",
            Some(taken.at),
            "needs a `select` in the map",
            "write select = { path = \"/type\" } in the map",
        );
    }
    match &taken.value {
        DeValue::String(text) => Some(text.trim().to_owned()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        _ => {
            table.refuse(
                "when",
                Some(taken.at),
                "is no text",
                "write when = \"..\": what stands at the path of `select`",
            );
            None
        }
    }
}

fn conversion(table: &mut TomlTable<'_, '_>, quantity: Quantity) -> Option<Conversion> {
    let unit = unit(table, quantity);
    let words = words(table, quantity, unit);
    let is_number = !matches!(quantity.unit(), "bool" | "id") && quantity != Quantity::Position;
    let line = linear_scale(table, is_number && words.is_none());
    match (words, quantity.unit()) {
        (Some(words), _) => Some(Conversion::Words(words?)),
        (None, "bool") => Some(Conversion::Bool),
        (None, "id") => Some(Conversion::Id),
        (None, "deg") if quantity == Quantity::Position => Some(Conversion::Position),
        (None, "deg") => Some(Conversion::Angle(line?)),
        (None, _) => Some(Conversion::Number(unit?, line?)),
    }
}

/// The unit of a number. Angles, states and ids have one unit only, whose name is accepted.
fn unit(table: &mut TomlTable<'_, '_>, quantity: Quantity) -> Option<Unit> {
    let names: Vec<&str> = Unit::names(quantity).collect();
    let has_unit = table.has("unit");
    let wanted = if names.is_empty() {
        quantity.unit().to_owned()
    } else {
        names.join(", ")
    };
    let given = table.text("unit", &format!("one of: {wanted}"));
    let Some((name, at)) = given else {
        if !has_unit && !matches!(quantity.unit(), "bool" | "id") {
            let hint = format!(
                "write unit = \"..\", one of: {wanted}; sources differ, and nothing is guessed"
            );
            table.refuse(
                "",
                None,
                format!("has no `unit` for `{}`", quantity.name()),
                hint,
            );
        }
        return None;
    };
    if names.is_empty() {
        if name != quantity.unit() && !(quantity.unit() == "deg" && name == "°") {
            let what = if quantity.unit() == "deg" {
                "is in `deg`"
            } else {
                "has no unit"
            };
            table.refuse(
                "unit",
                Some(at),
                format!("`{name}`: `{}` {what}", quantity.name()),
                "remove the key, or correct the quantity",
            );
        }
        return None;
    }
    let unit = Unit::from_name(quantity, &name);
    if unit.is_none() {
        let hint = format!("one of: {wanted}; for another, write `scale`");
        table.refuse(
            "unit",
            Some(at),
            format!("`{name}` is no unit of `{}`", quantity.name()),
            hint,
        );
    }
    unit
}

/// `values`; `Some(None)` if they are there but wrong.
fn words(
    table: &mut TomlTable<'_, '_>,
    quantity: Quantity,
    unit: Option<Unit>,
) -> Option<Option<Vec<(String, Value<'static>)>>> {
    if !table.has("values") {
        return None;
    }
    let Some(mut words) = table.table("values", VALUES_HINT, &[]) else {
        return Some(None);
    };
    let entries = words.rest();
    if entries.is_empty() || entries.len() > MAX_WORDS {
        words.refuse(
            "",
            None,
            format!("has {} words", entries.len()),
            format!("from 1 to {MAX_WORDS}"),
        );
        return Some(None);
    }
    let mut meanings = Vec::with_capacity(entries.len());
    let mut good = true;
    for (word, taken) in entries {
        match meaning(quantity, unit, &taken) {
            Ok(meaning) => meanings.push((word.trim().to_owned(), meaning)),
            Err(wanted) => {
                good = false;
                // A missing unit was already reported.
                if !wanted.is_empty() {
                    words.refuse(
                        &word,
                        Some(taken.at),
                        format!("does not mean what `{}` can be", quantity.name()),
                        wanted,
                    );
                }
            }
        }
    }
    Some(good.then_some(meanings))
}

/// The value of a word; the error is a hint.
fn meaning(
    quantity: Quantity,
    unit: Option<Unit>,
    taken: &TomlEntry<'_>,
) -> Result<Value<'static>, &'static str> {
    match (quantity.unit(), &taken.value) {
        ("bool", DeValue::Boolean(state)) => Ok(Value::Bool(*state)),
        ("bool", _) => Err("write true or false"),
        ("id", DeValue::String(id)) if check_id(id).is_ok() => Ok(Value::Id(id.to_string().into())),
        ("id", _) => Err("write an id in quotes"),
        ("deg", _) => Err("degrees have no words: remove `values`"),
        (_, value) => {
            let number = decimal(value).ok_or("write a number in the field's unit")?;
            let unit = unit.ok_or("")?;
            unit.thousandths(number)
                .map(|n| Value::Number(Thousandths(n)))
                .map_err(|_| "write a number that can be")
        }
    }
}

/// `scale`, `offset` and `valid`, which only numbers have.
fn linear_scale(table: &mut TomlTable<'_, '_>, allowed: bool) -> Option<LinearScale> {
    if !allowed {
        for key in ["scale", "offset", "valid"] {
            if let Some(taken) = table.take(key) {
                let reason = "is for quantities that are one number, without `values`";
                table.refuse(
                    key,
                    Some(taken.at),
                    reason,
                    "remove the key, or correct the quantity",
                );
            }
        }
        return None;
    }
    let scale_at = table.position("scale");
    let has_scale = table.has("scale");
    let scale = table.number("scale", "write scale = 0.001: value = raw * scale + offset");
    if scale.is_some_and(|scale| scale.is_zero()) {
        table.refuse(
            "scale",
            scale_at,
            "is zero: every value would be the same",
            "write scale = 0.001",
        );
        return None;
    }
    let has_offset = table.has("offset");
    let offset = table.number("offset", "write offset = -40: value = raw * scale + offset");
    let has_valid = table.has("valid");
    let valid = valid(table);
    let good = (scale.is_some() || !has_scale)
        && (offset.is_some() || !has_offset)
        && (valid.is_some() || !has_valid);
    good.then_some(LinearScale {
        scale,
        offset,
        valid,
    })
}

fn valid(table: &mut TomlTable<'_, '_>) -> Option<(i128, i128)> {
    let (items, at) = table.list("valid", VALID_HINT)?;
    let numbers: Vec<i128> = items
        .iter()
        .filter_map(|item| decimal(&item.value)?.scaled(DIGITS).ok())
        .collect();
    let wrong = match numbers[..] {
        [low, high] if items.len() == 2 && low <= high => return Some((low, high)),
        [low, high] if low > high => (
            "has its lowest number above its highest",
            "write the lowest first",
        ),
        _ => ("is not two numbers", VALID_HINT),
    };
    table.refuse("valid", Some(at), wrong.0, wrong.1);
    None
}
