//! Fuel cards and bunker issues: date, vehicle, litres. Known products that are not fuel (AdBlue, a car wash) are skipped.

use super::csv_row::{Column, CsvRow, snake_case};
use super::{Context, Parsed, dates, register_lookup};
use crate::model::{ActivityData, ImportKind, ImportedRow, Powertrain, Subject};
use crate::units::{Day, Millilitres};

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
    // Not used, but too common to be listed as an unknown column.
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

/// Litres of one row. A vehicle's whole month is below this; a larger number has a slipped decimal point.
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
    Lpg,
    NotFuel(&'static str),
}

impl Product {
    /// Its flag in a day's activity. HVO has no flag, because it has a field of its own there.
    fn flag(self) -> u8 {
        match self {
            Self::Diesel => ActivityData::CARD_DIESEL,
            Self::Petrol => ActivityData::CARD_PETROL,
            Self::Lpg => ActivityData::CARD_LPG,
            Self::Hvo | Self::NotFuel(_) => 0,
        }
    }
}

/// Words that a product's name holds, the first match counts. `e10 petrol`, `ULSD (derv)`, `HVO 100`.
const PRODUCTS: &[(&str, Product)] = &[
    ("adblue", Product::NotFuel("adblue")),
    ("ad_blue", Product::NotFuel("adblue")),
    ("urea", Product::NotFuel("adblue")),
    ("wash", Product::NotFuel("car wash")),
    ("lubricant", Product::NotFuel("oil")),
    ("engine_oil", Product::NotFuel("oil")),
    ("toll", Product::NotFuel("toll")),
    ("parking", Product::NotFuel("parking")),
    ("shop", Product::NotFuel("shop")),
    ("hvo", Product::Hvo),
    ("renewable_diesel", Product::Hvo),
    ("diesel", Product::Diesel),
    ("derv", Product::Diesel),
    ("ulsd", Product::Diesel),
    ("petrol", Product::Petrol),
    ("unleaded", Product::Petrol),
    ("ulsp", Product::Petrol),
    ("lpg", Product::Lpg),
    ("autogas", Product::Lpg),
];

fn product(text: &str) -> Option<Product> {
    let text = snake_case(text);
    let text = text.as_str();
    // As a whole only: `e5` stands in too many words.
    let whole = [
        ("e5", Product::Petrol),
        ("e10", Product::Petrol),
        ("b7", Product::Diesel),
        ("ulp", Product::Petrol),
        ("def", Product::NotFuel("adblue")),
        ("oil", Product::NotFuel("oil")),
    ];
    whole
        .iter()
        .find(|(word, _)| *word == text)
        .or_else(|| PRODUCTS.iter().find(|(word, _)| text.contains(word)))
        .map(|(_, product)| *product)
}

pub(super) fn parse_row(row: &mut CsvRow<'_>, context: &Context<'_>) -> Option<Parsed> {
    let product = match row.text("fuel") {
        None => None,
        Some(text) => match product(text) {
            Some(Product::NotFuel(what)) => return Some(Parsed::Ignored(what)),
            Some(product) => Some(product),
            None => {
                row.refuse(
                    "fuel",
                    "is no fuel known here",
                    "diesel, petrol, hvo, lpg; adblue and the like are left out",
                );
                None
            }
        },
    };
    let day = day(row, "date", context)?;
    let litres = match row.text("litres") {
        Some(_) => row.amount("litres", MAX_LITRES),
        None => row.required("litres", "how much was taken").and(None),
    };
    let odometer_m = odometer(row);
    let (vehicle, vehicle_ref) = register_lookup::vehicle(row, context, day)?;
    let fuel_card_millilitres = litres?;
    if let Some(burns) = context
        .register
        .vehicle(&vehicle)
        .map(crate::model::register::Vehicle::powertrain)
        && !can_burn(product, burns)
    {
        let hint = format!(
            "{vehicle} is {} by vehicles.csv: correct the row, or `fuel` there",
            burns.name()
        );
        row.refuse("fuel", "is not what the vehicle burns", hint);
    }
    let hvo_card_millilitres = if product == Some(Product::Hvo) {
        fuel_card_millilitres
    } else {
        0
    };
    let reference = row.text("reference").unwrap_or_default();
    Some(Parsed::Activity(Box::new(ImportedRow {
        kind: ImportKind::Fuel,
        identity: format!("{vehicle_ref}\n{day}\n{fuel_card_millilitres}\n{reference}"),
        first_day: day,
        last_day: day,
        subject: Subject::Vehicle(vehicle),
        activity: ActivityData {
            fuel_card: Millilitres(fuel_card_millilitres),
            hvo_card: Millilitres(hvo_card_millilitres),
            metered: product.map_or(0, Product::flag),
            ..ActivityData::default()
        },
        odometer_m,
        line: row.line,
    })))
}

/// A day of a cell that must be filled, not in the future and not in the last century.
pub(super) fn day(
    row: &mut CsvRow<'_>,
    column: &'static str,
    context: &Context<'_>,
) -> Option<Day> {
    let text = row.required(column, dates::DAY_HINT)?;
    let refused = match dates::day(text, context.register.zone()) {
        Ok(day) if day > Day::of(context.now, context.register.zone()) => "lies in the future",
        Ok(day) if day.ymd().0 < FIRST_YEAR => "is too long ago",
        Ok(day) => return Some(day),
        Err(reason) => reason,
    };
    row.refuse(column, refused, dates::DAY_HINT);
    None
}

fn odometer(row: &mut CsvRow<'_>) -> Option<i64> {
    if let Some(text) = row.text("odometer_km").or(row.text("odometer_miles"))
        // Drivers type 0 or 1 to be let past the pump.
        && (text == "0" || text == "1")
    {
        return None;
    }
    let km = row.amount("odometer_km", MAX_ODOMETER);
    km.or_else(|| {
        row.amount("odometer_miles", MAX_ODOMETER)
            .map(super::mileage::metres_of_miles)
    })
}

/// Returns true if the vehicle can burn the fuel, or if the register does not name the vehicle's fuel.
fn can_burn(product: Option<Product>, burns: Powertrain) -> bool {
    match (product, burns) {
        (_, Powertrain::Bev | Powertrain::H2) => false,
        (Some(Product::Petrol), Powertrain::Diesel) => false,
        (Some(Product::Diesel | Product::Hvo), Powertrain::Petrol) => false,
        (Some(Product::Lpg), Powertrain::Diesel) => false,
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
            ("AdBlue bulk", Some(Product::NotFuel("adblue"))),
            ("Car wash", Some(Product::NotFuel("car wash"))),
            ("LPG", Some(Product::Lpg)),
            ("Gas oil", None),
            ("electricity", None),
        ] {
            assert_eq!(product(text), want, "{text}");
        }
    }
}
