//! `baseline` and `plan` of a target: where the path begins and how it runs.

use crate::app::config::keys::Section;
use crate::jurisdiction::Jurisdiction;
use crate::ledger::targets::{Baseline, CarbonPoint, Conversion, Kind, Measure, Plan, Tonnes};
use crate::units::Day;

pub(super) fn baseline(
    section: &mut Section<'_>,
    kind: Option<Kind>,
    measure: Option<&Measure>,
) -> Baseline {
    let mut baseline = Baseline::default();
    let Some(mut table) = section.table("baseline") else {
        return baseline;
    };
    table.optional_day("date", &mut baseline.date);
    table.flag("proxy", &mut baseline.proxy);
    if let Some(Measure::Air(pollutants)) = measure {
        for (key, name) in [("nox", "nox"), ("pm25", "pm25"), ("pm10", "pm10")] {
            let mut kg = None;
            if let Some(pollutant) = pollutants.iter().find(|pollutant| &***pollutant == name) {
                table.number(key, &mut kg, 1e-6, 1e12);
                baseline
                    .pollutants
                    .extend(kg.map(|kg| (pollutant.clone(), kg)));
            }
        }
    } else {
        // A change is a share of the baseline: it cannot be zero.
        let low = if kind == Some(Kind::Relative) {
            1e-6
        } else {
            0.0
        };
        table.number(
            "value",
            &mut baseline.value,
            low,
            if kind == Some(Kind::Share) { 1.0 } else { 1e12 },
        );
    }
    if matches!(measure, Some(Measure::Fleet { .. }) | None) {
        let (mut vehicles, given) = (0, table.has("vehicles"));
        table.whole("vehicles", &mut vehicles, 0, 10_000_000);
        baseline.vehicles = Some(vehicles).filter(|_| given);
    }
    if baseline.proxy && baseline.value.is_none() && baseline.pollutants.is_empty() {
        table.refuse_key(
            "proxy",
            "marks a figure that is not there",
            "write the stand-in's value, or leave `proxy` out",
        );
    }
    table.finish();
    baseline
}

pub(super) fn read(
    section: &mut Section<'_>,
    measure: Option<&Measure>,
    kind: Option<Kind>,
    jurisdiction: &'static Jurisdiction,
) -> Plan {
    let position = section.position_of("plan");
    let Some(mut table) = section.table("plan") else {
        return Plan::default();
    };
    let plan = match shape(&mut table) {
        Some(Shape::Linear) => Plan::Linear,
        Some(Shape::SCurve) => Plan::SCurve {
            k: steepness(&mut table),
        },
        Some(Shape::Schedule) => match measure {
            Some(Measure::Fleet { .. }) => Plan::Conversions(conversions(&mut table)),
            _ if kind == Some(Kind::Relative) => {
                let reason = "does not fit a relative target";
                let hint = "write linear, s_curve or carbon";
                table.refuse("shape", position, "schedule", reason, hint);
                table.skip("points");
                Plan::default()
            }
            _ => Plan::Points(points(&mut table)),
        },
        Some(Shape::Carbon) => {
            let tonnes = matches!(measure, Some(Measure::Yearly(name)) if name.ends_with("tco2e"));
            if !tonnes {
                let hint = "figure = \"yearly\" with a name that ends in tco2e";
                table.refuse("shape", position, "carbon", "is for yearly tonnes", hint);
            }
            Plan::Carbon(carbon(&mut table), jurisdiction)
        }
        None => {
            table.skip("points");
            table.skip("k");
            Plan::default()
        }
    };
    table.finish();
    plan
}

#[derive(Clone, Copy)]
enum Shape {
    Linear,
    SCurve,
    Schedule,
    Carbon,
}

fn shape(table: &mut Section<'_>) -> Option<Shape> {
    let mut shape = None;
    if !table.has("shape") {
        table.refuse_section(
            "has no `shape`",
            "one of: linear, s_curve, schedule, carbon",
        );
    }
    let shapes = [
        ("linear", Some(Shape::Linear)),
        ("s_curve", Some(Shape::SCurve)),
        ("schedule", Some(Shape::Schedule)),
        ("carbon", Some(Shape::Carbon)),
    ];
    table.word("shape", &mut shape, &shapes);
    shape
}

/// `k` of an S-curve. Its default of 8 is an assumption.
fn steepness(table: &mut Section<'_>) -> f64 {
    let mut k = 8.0;
    table.level("k", &mut k, 0.1, 50.0);
    k
}

/// The points of a list; one that is not whole was reported.
fn each<T>(
    table: &mut Section<'_>,
    fewest: usize,
    mut read: impl FnMut(&mut Section<'_>) -> Option<T>,
) -> Vec<T> {
    let items = table.tables("points");
    if items.len() < fewest {
        table.refuse_section(
            format!("needs at least {fewest} `points`"),
            "write points = [{ .. }, { .. }]",
        );
    }
    let mut found = Vec::new();
    for (name, node) in items {
        let mut point = Section::from_node(name, Some(node), table.errors());
        found.extend(read(&mut point));
        point.finish();
    }
    found
}

fn date(point: &mut Section<'_>, last: &mut Option<Day>) -> Option<Day> {
    let mut date = None;
    if !point.has("date") {
        point.refuse_section("has no `date`", "write date = \"2027-03-31\"");
    }
    let position = point.position_of("date");
    point.optional_day("date", &mut date);
    if last.zip(date).is_some_and(|(last, date)| date <= last) {
        point.refuse(
            "date",
            position,
            "",
            "is not after the one before",
            "write the points in order",
        );
    }
    *last = date.or(*last);
    date
}

fn conversions(table: &mut Section<'_>) -> Vec<Conversion> {
    let mut last = None;
    each(table, 1, |point| {
        let date = date(point, &mut last);
        let (mut conversions, mut disposals) = (None, Some(0.0));
        if !point.has("conversions") {
            point.refuse_section(
                "has no `conversions`",
                "vehicles that count from that day on, such as 12",
            );
        }
        point.number("conversions", &mut conversions, 0.0, 1e6);
        point.number("disposals", &mut disposals, 0.0, 1e6);
        Some(Conversion {
            date: date?,
            conversions: conversions?,
            disposals: disposals?,
        })
    })
}

fn points(table: &mut Section<'_>) -> Vec<(Day, f64)> {
    let mut last = None;
    each(table, 2, |point| {
        let date = date(point, &mut last);
        let mut value = None;
        if !point.has("value") {
            point.refuse_section("has no `value`", "the figure planned for that day");
        }
        point.number("value", &mut value, 0.0, 1e12);
        Some((date?, value?))
    })
}

fn carbon(table: &mut Section<'_>) -> Vec<CarbonPoint> {
    let mut last = 0;
    each(table, 2, |point| {
        let (mut year, mut value, mut share) = (0, None, None);
        let position = point.position_of("year");
        point.whole("year", &mut year, 1990, 2200);
        if year == 0 && position.is_none() {
            point.refuse_section("has no `year`", "the April it starts in, such as 2032");
        } else if year != 0 && year <= last {
            point.refuse(
                "year",
                position,
                year.to_string(),
                "is not after the one before",
                "write the points in order",
            );
        }
        last = last.max(year);
        if point.has("value") == point.has("of_baseline") {
            point.refuse_section(
                "needs either `value` or `of_baseline`",
                "tonnes, or a share of the baseline such as 0.2",
            );
        }
        point.number("value", &mut value, 0.0, 1e12);
        point.number("of_baseline", &mut share, 0.0, 10.0);
        let tonnes = value
            .map(Tonnes::Absolute)
            .or(share.map(Tonnes::OfBaseline));
        Some(CarbonPoint {
            year: Some(year).filter(|year| *year > 0)?,
            tonnes: tonnes?,
        })
    })
}
