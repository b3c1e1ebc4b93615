//! The rules that are shipped, as one table: levels, times, and where each number comes from. `[alerts]` may change all but the meaning.

use std::sync::Arc;

use crate::model::Severity;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A rule in force.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Its name: label `alertname` and tag `rule`.
    pub name: Arc<str>,
    /// Whether the rule is evaluated.
    pub enabled: bool,
    /// Decides which receivers are notified, and how soon.
    pub severity: Severity,
    /// Raised above the level; else below.
    pub above: bool,
    /// A value at the level raises too.
    pub inclusive: bool,
    /// The level that raises.
    pub raise: f64,
    /// The level at which it is over; between the two nothing changes.
    pub clear: f64,
    /// ms that it must hold before it fires.
    pub for_ms: i64,
    /// Evaluations in a row that must raise it, for rules that are looked at once a month.
    pub evaluations: u32,
    /// ms that it goes on firing when it is over, so that a flapping one is one alert.
    pub keep_firing_ms: i64,
    /// ms between two notifications of the same alert; 0 is never again.
    pub repeat_ms: i64,
    /// Over only once it is acknowledged, too.
    pub latched: bool,
    /// Alerts with the same values of these labels share one notification.
    pub group: Vec<Arc<str>>,
    /// What it means.
    pub title: Arc<str>,
}

/// A sample judged by the levels of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Beyond the level.
    Raised,
    /// Between the two levels: the alert stays as it is.
    Between,
    /// Beyond the level that raises.
    Clear,
    /// No data: changes nothing.
    Unknown,
}

impl Rule {
    /// Compares a value with the levels.
    pub fn judge(&self, value: f64) -> Verdict {
        let (value, raise, clear) = if self.above {
            (value, self.raise, self.clear)
        } else {
            (-value, -self.raise, -self.clear)
        };
        if value.is_nan() {
            Verdict::Unknown
        } else if value > raise || (self.inclusive && value >= raise) {
            Verdict::Raised
        } else if value <= clear {
            Verdict::Clear
        } else {
            Verdict::Between
        }
    }
}

/// A rule as shipped.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Name and configuration key.
    pub name: &'static str,
    /// What it means.
    pub title: &'static str,
    /// Unit of its levels; `None` is a condition without levels.
    pub unit: Option<&'static str>,
    severity: Severity,
    above: bool,
    inclusive: bool,
    raise: f64,
    clear: f64,
    for_ms: i64,
    evaluations: u32,
    keep_firing_ms: i64,
    repeat_ms: i64,
    latched: bool,
    group: &'static [&'static str],
}

const CONDITION: Builtin = Builtin {
    name: "",
    title: "",
    unit: None,
    severity: Severity::Warning,
    above: true,
    inclusive: true,
    raise: 1.0,
    clear: 0.0,
    for_ms: 0,
    evaluations: 1,
    keep_firing_ms: 0,
    repeat_ms: DAY,
    latched: false,
    group: &[],
};

/// Monthly, on frozen counts: a repeat within 30 days would have no new figure.
const MONTHLY: Builtin = Builtin {
    evaluations: 2,
    repeat_ms: 30 * DAY,
    group: &["target"],
    ..CONDITION
};

/// All of them. Levels without another source are choices of ours.
pub const RULES: &[Builtin] = &[
    // At once in the engine; the two minutes spare the faults that charge points take back by themselves.
    Builtin {
        name: "charger_faulted",
        title: "A charge point reports a fault",
        for_ms: 2 * MINUTE,
        keep_firing_ms: 10 * MINUTE,
        group: &["site"],
        ..CONDITION
    },
    Builtin {
        name: "charger_offline",
        title: "A charge point has no link",
        for_ms: 15 * MINUTE,
        keep_firing_ms: 5 * MINUTE,
        group: &["site"],
        ..CONDITION
    },
    Builtin {
        name: "site_offline",
        title: "No charge point of a site has a link",
        severity: Severity::Critical,
        for_ms: 15 * MINUTE,
        keep_firing_ms: 5 * MINUTE,
        ..CONDITION
    },
    Builtin {
        name: "charger_overstay",
        title: "A vehicle blocks a connector after charging",
        unit: Some("minutes"),
        severity: Severity::Info,
        inclusive: false,
        raise: 120.0,
        clear: 0.0,
        group: &["site"],
        ..CONDITION
    },
    // 23 CFR 680.116(b) (NEVI, 2023): above 97 % over twelve months.
    Builtin {
        name: "uptime_low",
        title: "A charge point's uptime over twelve months is below the goal",
        unit: Some("ratio"),
        above: false,
        inclusive: false,
        raise: 0.97,
        clear: 0.975,
        for_ms: DAY,
        repeat_ms: 7 * DAY,
        group: &["site"],
        ..CONDITION
    },
    Builtin {
        name: "vehicle_silent",
        title: "A vehicle that was heard before is silent",
        for_ms: HOUR,
        repeat_ms: 7 * DAY,
        group: &["fleet"],
        ..CONDITION
    },
    Builtin {
        name: "data_completeness",
        title: "Too few vehicles are heard",
        unit: Some("ratio"),
        above: false,
        inclusive: false,
        raise: 0.9,
        clear: 0.95,
        for_ms: HOUR,
        ..CONDITION
    },
    Builtin {
        name: "counter_event",
        title: "A register was reset, jumped or changed its source",
        severity: Severity::Info,
        repeat_ms: 0,
        group: &["site"],
        ..CONDITION
    },
    Builtin {
        name: "broker_down",
        title: "An MQTT broker has no link",
        for_ms: 10 * MINUTE,
        ..CONDITION
    },
    Builtin {
        name: "output_behind",
        title: "A database does not take its rows",
        unit: Some("s"),
        inclusive: false,
        raise: 900.0,
        clear: 60.0,
        for_ms: 5 * MINUTE,
        ..CONDITION
    },
    Builtin {
        name: "disk_near_full",
        title: "The disk of the store is nearly full",
        unit: Some("ratio"),
        severity: Severity::Critical,
        above: false,
        inclusive: false,
        raise: 0.1,
        clear: 0.15,
        for_ms: 5 * MINUTE,
        ..CONDITION
    },
    // Percentage points behind the path: amber on at -1.0 pp for two evaluations, off at -0.5; red on at -2.5, off at -2.0.
    Builtin {
        name: "target_drift",
        title: "A target drifts below its path",
        unit: Some("percentage points"),
        above: false,
        raise: -1.0,
        clear: -0.5,
        ..MONTHLY
    },
    Builtin {
        name: "target_off_path",
        title: "A target is far below its path",
        unit: Some("percentage points"),
        severity: Severity::Critical,
        above: false,
        raise: -2.5,
        clear: -2.0,
        ..MONTHLY
    },
    // The same section: also red when P(hit) < 0.2 or the projected date is more than 6 months late, for two evaluations. The levels
    // at which they are over are ours.
    Builtin {
        name: "target_unlikely",
        title: "A target will probably be missed",
        unit: Some("probability"),
        severity: Severity::Critical,
        above: false,
        inclusive: false,
        raise: 0.2,
        clear: 0.3,
        ..MONTHLY
    },
    Builtin {
        name: "target_late",
        title: "A target is projected to be reached too late",
        unit: Some("months"),
        severity: Severity::Critical,
        inclusive: false,
        raise: 6.0,
        clear: 3.0,
        ..MONTHLY
    },
    // CUSUM with k = 0.5 and h = 4: one-sided run length 335 months in control, 8.4 at a shortfall of one sigma (G12). Latched until it
    // is acknowledged and back at 0.
    Builtin {
        name: "target_trend",
        title: "Conversions fall behind the plan month after month",
        unit: Some("sigma"),
        inclusive: false,
        raise: 4.0,
        clear: 0.0,
        evaluations: 1,
        latched: true,
        ..MONTHLY
    },
    // The same section: state changes are suppressed when more than 5 % of vehicles are unknown or stale; a data alert instead.
    Builtin {
        name: "target_data_poor",
        title: "Too many vehicles are unknown or stale to judge a target",
        unit: Some("ratio"),
        inclusive: false,
        raise: 0.05,
        clear: 0.05,
        evaluations: 1,
        ..MONTHLY
    },
    // The same section: on the log ratio of kg/km to the same month last year, never on totals. The same CUSUM.
    Builtin {
        name: "emissions_per_km",
        title: "Emissions per kilometre rise against last year",
        unit: Some("sigma"),
        inclusive: false,
        raise: 4.0,
        clear: 0.0,
        evaluations: 1,
        latched: true,
        group: &["fleet"],
        ..MONTHLY
    },
];

/// A firing alert of the first rule hides those of the others that have the same value of the label.
pub(super) const INHIBITIONS: &[(&str, &[&str], &str)] = &[
    (
        "site_offline",
        &["charger_offline", "charger_faulted", "charger_overstay"],
        "site",
    ),
    ("data_completeness", &["vehicle_silent"], "fleet"),
    ("target_off_path", &["target_drift"], "target"),
];

impl Builtin {
    /// The rule with its shipped settings.
    pub fn rule(&self) -> Rule {
        Rule {
            name: Arc::from(self.name),
            enabled: true,
            severity: self.severity,
            above: self.above,
            inclusive: self.inclusive,
            raise: self.raise,
            clear: self.clear,
            for_ms: self.for_ms,
            evaluations: self.evaluations,
            keep_firing_ms: self.keep_firing_ms,
            repeat_ms: self.repeat_ms,
            latched: self.latched,
            group: self.group.iter().map(|name| Arc::from(*name)).collect(),
            title: Arc::from(self.title),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::alerts::rules::*;

    #[test]
    fn levels_lie_on_the_right_sides_and_names_are_unique() {
        for (at, builtin) in RULES.iter().enumerate() {
            let rule = builtin.rule();
            assert!(
                if rule.above {
                    rule.clear <= rule.raise
                } else {
                    rule.clear >= rule.raise
                },
                "{}",
                rule.name
            );
            assert!(rule.evaluations >= 1 && !builtin.title.is_empty());
            assert!(RULES[..at].iter().all(|other| other.name != builtin.name));
        }
        for (source, hidden, _) in INHIBITIONS {
            let known = |name: &str| RULES.iter().any(|rule| rule.name == name);
            assert!(known(source) && hidden.iter().all(|name| known(name)));
        }
    }
}
