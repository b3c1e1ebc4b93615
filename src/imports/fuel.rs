//! Fuel cards and bunker issues: date, vehicle, litres. What is no fuel (AdBlue, a car wash) is known and left out.

use super::cells::{Cells, Column, plain};
use super::{Context, Parsed, date, who};
use crate::model::{Activity, ImportKind, ImportedRow, Powertrain, Subject};
use crate::units::Day;

pub(super) const COLUMNS: &[Column] = &[
    Column(
        "date",
        &[
            "transaction_date",
            "date_of_transaction",
            "trans_date",
            "purchase_date",
            "fill_date",
            "delivery_date",
        ],
    ),
    Column(
        "vehicle_id",
        &[
            "vehicle",
            "fleet_number",
            "fleet_no",
            "fleet_id",
            "asset_id",
            "call_sign",
        ],
    ),
    Column(
        "registration",
        &[
            "reg",
            "reg_no",
            "registration_no",
            "registration_number",
            "vrm",
            "vrn",
            "vehicle_registration",
            "vehicle_reg",
            "veh_reg",
        ],
    ),
    Column(
        "litres",
        &[
            "litre",
            "ltrs",
            "quantity",
            "qty",
            "volume",
            "quantity_litres",
            "quantity_l",
            "volume_l",
            "volume_litres",
        ],
    ),
    Column(
        "fuel",
        &[
            "fuel_type",
            "product",
            "product_name",
            "product_description",
            "product_type",
            "grade",
        ],
    ),
    Column(
        "reference",
        &[
            "ref",
            "transaction_id",
            "transaction_no",
            "transaction_number",
            "receipt",
            "receipt_no",
            "receipt_number",
            "docket",
            "voucher",
        ],
    ),
    // A bare `odometer` or `mileage` does not say whether it is in miles: it is left out.
    Column("odometer_km", &[]),
    Column("odometer_miles", &[]),
    // Read by nobody yet, but not worth a word.
    Column(
        "cost",
        &[
            "price",
            "net",
            "gross",
            "total_cost",
            "net_cost",
            "gross_cost",
            "amount_gbp",
        ],
    ),
];

/// A tanker's delivery is not one vehicle's, and a vehicle's month at the pump is below this: more is a slipped point.
const MAX_LITRES: i64 = 10_000;
/// Odometers have seven digits at most.
const MAX_ODOMETER: i64 = 9_999_999;
/// The first day of the oldest factor set's year is in 2019; fuel cards of the last century are a mistake.
const FIRST_YEAR: i32 = 2000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Product {
    Diesel,
    Petrol,
    Hvo,
    Gas,
    Not(&'static str),
}

impl Product {
    /// As a day's activity notes it. HVO has litres of its own there.
    fn flag(self) -> u8 {
        match self {
            Self::Diesel => Activity::CARD_DIESEL,
            Self::Petrol => Activity::CARD_PETROL,
            Self::Gas => Activity::CARD_LPG,
            Self::Hvo | Self::Not(_) => 0,
        }
    }
}

/// Words that a product's name holds, the first match counts. `e10 petrol`, `ULSD (derv)`, `HVO 100`.
const PRODUCTS: &[(&str, Product)] = &[
    ("adblue", Product::Not("adblue")),
    ("ad_blue", Product::Not("adblue")),
    ("urea", Product::Not("adblue")),
    ("wash", Product::Not("car wash")),
    ("lubricant", Product::Not("oil")),
    ("engine_oil", Product::Not("oil")),
    ("toll", Product::Not("toll")),
    ("parking", Product::Not("parking")),
    ("shop", Product::Not("shop")),
    ("hvo", Product::Hvo),
    ("renewable_diesel", Product::Hvo),
    ("diesel", Product::Diesel),
    ("derv", Product::Diesel),
    ("ulsd", Product::Diesel),
    ("petrol", Product::Petrol),
    ("unleaded", Product::Petrol),
    ("ulsp", Product::Petrol),
    ("lpg", Product::Gas),
    ("autogas", Product::Gas),
];

fn product(text: &str) -> Option<Product> {
    let text = plain(text);
    let text = text.as_str();
    // As a whole only: `e5` stands in too many words.
    let whole = [
        ("e5", Product::Petrol),
        ("e10", Product::Petrol),
        ("b7", Product::Diesel),
        ("ulp", Product::Petrol),
        ("def", Product::Not("adblue")),
        ("oil", Product::Not("oil")),
    ];
    whole
        .iter()
        .find(|(word, _)| *word == text)
        .or_else(|| PRODUCTS.iter().find(|(word, _)| text.contains(word)))
        .map(|(_, product)| *product)
}

pub(super) fn read(cells: &mut Cells<'_>, context: &Context<'_>) -> Option<Parsed> {
    let product = match cells.text("fuel") {
        None => None,
        Some(text) => match product(text) {
            Some(Product::Not(what)) => return Some(Parsed::Ignored(what)),
            Some(product) => Some(product),
            None => {
                cells.refuse(
                    "fuel",
                    "is no fuel known here",
                    "diesel, petrol, hvo, lpg; adblue and the like are left out",
                );
                None
            }
        },
    };
    let day = day(cells, "date", context)?;
    let litres = match cells.text("litres") {
        Some(_) => cells.amount("litres", MAX_LITRES),
        None => cells.needed("litres", "how much was taken").and(None),
    };
    let odometer_m = odometer(cells);
    let (vehicle, who) = who::vehicle(cells, context, day)?;
    let fuel_card_ml = litres?;
    if let Some(burns) = context
        .register
        .vehicle(&vehicle)
        .map(crate::model::register::Vehicle::powertrain)
        && !fits(product, burns)
    {
        let hint = format!(
            "{vehicle} is {} by vehicles.csv: correct the row, or `fuel` there",
            burns.name()
        );
        cells.refuse("fuel", "is not what the vehicle burns", hint);
    }
    let hvo_card_ml = if product == Some(Product::Hvo) {
        fuel_card_ml
    } else {
        0
    };
    let reference = cells.text("reference").unwrap_or_default();
    Some(Parsed::Activity(Box::new(ImportedRow {
        kind: ImportKind::Fuel,
        identity: format!("{who}\n{day}\n{fuel_card_ml}\n{reference}"),
        first_day: day,
        last_day: day,
        subject: Subject::Vehicle(vehicle),
        activity: Activity {
            fuel_card_ml,
            hvo_card_ml,
            metered: product.map_or(0, Product::flag),
            ..Activity::default()
        },
        odometer_m,
        line: cells.line,
    })))
}

/// A day of a cell that must be filled, not in the future and not in the last century.
pub(super) fn day(
    cells: &mut Cells<'_>,
    column: &'static str,
    context: &Context<'_>,
) -> Option<Day> {
    let text = cells.needed(column, date::DAY_HINT)?;
    let refused = match date::day(text, context.register.zone()) {
        Ok(day) if day > Day::of(context.now, context.register.zone()) => "lies in the future",
        Ok(day) if day.ymd().0 < FIRST_YEAR => "is too long ago",
        Ok(day) => return Some(day),
        Err(reason) => reason,
    };
    cells.refuse(column, refused, date::DAY_HINT);
    None
}

fn odometer(cells: &mut Cells<'_>) -> Option<i64> {
    if let Some(text) = cells.text("odometer_km").or(cells.text("odometer_miles"))
        // Drivers type 0 or 1 to be let past the pump.
        && (text == "0" || text == "1")
    {
        return None;
    }
    let km = cells.amount("odometer_km", MAX_ODOMETER);
    km.or_else(|| {
        cells
            .amount("odometer_miles", MAX_ODOMETER)
            .map(super::mileage::metres_of_miles)
    })
}

/// A fuel the vehicle can burn. What the register does not say is believed.
fn fits(product: Option<Product>, burns: Powertrain) -> bool {
    match (product, burns) {
        (_, Powertrain::Bev | Powertrain::H2) => false,
        (Some(Product::Petrol), Powertrain::Diesel) => false,
        (Some(Product::Diesel | Product::Hvo), Powertrain::Petrol) => false,
        (Some(Product::Gas), Powertrain::Diesel) => false,
        // Dual-fuel vehicles start on petrol or diesel.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::imports::fuel::*;

    #[test]
    fn products_by_their_words() {
        for (text, want) in [
            ("Diesel", Some(Product::Diesel)),
            ("DERV (ULSD)", Some(Product::Diesel)),
            ("Premium Unleaded", Some(Product::Petrol)),
            ("E10", Some(Product::Petrol)),
            ("HVO 100", Some(Product::Hvo)),
            ("Renewable Diesel", Some(Product::Hvo)),
            ("AdBlue bulk", Some(Product::Not("adblue"))),
            ("Car wash", Some(Product::Not("car wash"))),
            ("LPG", Some(Product::Gas)),
            ("Gas oil", None),
            ("electricity", None),
        ] {
            assert_eq!(product(text), want, "{text}");
        }
    }
}
