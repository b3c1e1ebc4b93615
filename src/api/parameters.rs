//! Query parameters: their descriptions, and their values as types. An unknown parameter is refused, because a request that ignores it would
//! be answered wrongly.

use std::collections::HashMap;
use std::sync::Arc;

use super::response::Problem;
use crate::units::{Day, Month, UtcMs, Zone};

/// One query parameter of a route.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name in the query string.
    pub name: &'static str,
    /// One sentence with an example and the default.
    pub description: &'static str,
}

pub(super) const FROM_DAY: Parameter = Parameter {
    name: "from",
    description: "First day, such as 2026-11-24; default 1 April of the running year.",
};
pub(super) const TO_DAY: Parameter = Parameter {
    name: "to",
    description: "Last day, included; default today.",
};
pub(super) const FROM_MONTH: Parameter = Parameter {
    name: "from",
    description: "First month, such as 2026-11.",
};
pub(super) const TO_MONTH: Parameter = Parameter {
    name: "to",
    description: "Last month, included.",
};
pub(super) const FROM_INSTANT: Parameter = Parameter {
    name: "from",
    description: "Start, such as 2026-11-24T09:00:00Z; a day alone is its beginning.",
};
pub(super) const TO_INSTANT: Parameter = Parameter {
    name: "to",
    description: "End, excluded; a day alone is its end; default now.",
};
pub(super) const SITE: Parameter = Parameter {
    name: "site",
    description: "Only this site of the register.",
};
pub(super) const CHARGE_POINT: Parameter = Parameter {
    name: "charge_point",
    description: "Only this charge point.",
};

const INSTANT: &str = "a time such as 2026-11-24T09:00:00Z, or a day such as 2026-11-24";
const DAY: &str = "a day such as 2026-11-24";
const MONTH: &str = "a month such as 2026-11";

/// Two optional ends of a range.
pub(super) type Range<T> = (Option<T>, Option<T>);

/// The parameters of a request.
pub(super) struct Values {
    values: HashMap<String, String>,
    /// The clock by which days are meant.
    zone: &'static Zone,
}

impl Values {
    /// Refuses a parameter that is not in `known`.
    pub(super) fn new(
        values: HashMap<String, String>,
        known: &[Parameter],
        zone: &'static Zone,
    ) -> Result<Self, Problem> {
        let is_known = |name: &str| known.iter().any(|parameter| parameter.name == name);
        let Some(unknown) = values.keys().find(|name| !is_known(name)) else {
            return Ok(Self { values, zone });
        };
        let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
        let known = if names.is_empty() {
            "there are none here".to_owned()
        } else {
            format!("known are {}", names.join(", "))
        };
        Err(Problem::bad_request(format!(
            "`{unknown}` is not a parameter: {known}"
        )))
    }

    /// An empty value counts as none.
    pub(super) fn text(&self, name: &str) -> Option<Arc<str>> {
        let text = self.values.get(name).filter(|text| !text.is_empty())?;
        Some(Arc::from(text.as_str()))
    }

    /// `wanted` is the noun of the refusal.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let refusal = || Problem::bad_request(format!("`{name}`: `{text}` is not {wanted}"));
        parse(&text).map(Some).ok_or_else(refusal)
    }

    /// A list of words, comma-separated.
    pub(super) fn list<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Problem> {
        self.parse(name, wanted, |text| {
            text.split(',').map(|word| parse(word.trim())).collect()
        })
    }

    /// `from` and `to`. A day alone means its beginning as `from` and its end as `to`.
    pub(super) fn instants(&self) -> Result<Range<UtcMs>, Problem> {
        let instant = |text: &str, of_day: fn(Day, &Zone) -> UtcMs| {
            let day = || Some(of_day(text.parse().ok()?, self.zone));
            text.parse::<UtcMs>().ok().or_else(day)
        };
        Ok((
            self.parse("from", INSTANT, |text| instant(text, Day::start))?,
            self.parse("to", INSTANT, |text| instant(text, Day::end))?,
        ))
    }

    /// `from` and `to` as days, both included.
    pub(super) fn days(&self) -> Result<Range<Day>, Problem> {
        in_order((
            self.parse("from", DAY, |text| text.parse().ok())?,
            self.parse("to", DAY, |text| text.parse().ok())?,
        ))
    }

    /// `from` and `to` as months, both included.
    pub(super) fn months(&self) -> Result<Range<Month>, Problem> {
        in_order((
            self.parse("from", MONTH, |text| text.parse().ok())?,
            self.parse("to", MONTH, |text| text.parse().ok())?,
        ))
    }
}

fn in_order<T: PartialOrd + Copy>((from, to): Range<T>) -> Result<Range<T>, Problem> {
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Problem::bad_request("`to` is before `from`"));
    }
    Ok((from, to))
}

/// Days of a range with both ends, less one.
pub(super) fn length((from, to): Range<Day>) -> Option<i32> {
    from.zip(to).map(|(from, to)| to.0.saturating_sub(from.0))
}
