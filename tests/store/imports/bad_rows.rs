//! Rows that must be refused: kind of file, header, row, and a part of the error.

use fleetgauge::model::ImportKind;

pub(super) const BAD_ROWS: &[(ImportKind, &str, &str, &str)] = &[
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-26,A1,40",
        "column `date`: `2026-11-26`: lies in the future",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "11/24/2026,A1,40",
        "has its month first",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        ",A1,40",
        "column `date`: is empty",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-24,A9,40",
        "`A9`: is not in the register",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-24,,40",
        "by vehicle_id or registration",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,Quantity",
        "2026-11-24,A1,lots",
        "column `Quantity`: `lots`: is not a number",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-24,A1,\"40,5\"",
        "`40,5`: is not a number",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-24,A1,0",
        "is nothing",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-24,A1,40000",
        "is more than one row can be",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres",
        "2026-11-24,A1,40,7",
        "has 4 cells, the header has 3",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres,fuel",
        "2026-11-24,A1,40,Petrol",
        "is not what the vehicle burns",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres,fuel",
        "2026-11-24,E1,40,diesel",
        "E1 is bev by vehicles.csv",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,litres,fuel",
        "2026-11-24,A1,40,gas oil",
        "is no fuel known here",
    ),
    (
        ImportKind::Fuel,
        "date,vehicle_id,reg,litres",
        "2026-11-24,A1,AB12CDF,40",
        "is on A2 by the register, the row says A1",
    ),
    (
        ImportKind::Fuel,
        "date,reg,litres",
        "2014-01-01,RE12USE,40",
        "is on several vehicles",
    ),
    (
        ImportKind::Mileage,
        "from,to,vehicle_id,miles",
        "2026-11-02,2026-11-01,A1,40",
        "is before the first day",
    ),
    (
        ImportKind::Mileage,
        "from,to,vehicle_id,miles",
        "2024-11-02,2026-11-01,A1,40",
        "more than a year",
    ),
    (
        ImportKind::Mileage,
        "month,vehicle_id,miles",
        "2026-12,A1,40",
        "lies in the future",
    ),
    (
        ImportKind::Mileage,
        "month,vehicle_id,miles,km",
        "2026-10,A1,40,60",
        "stands beside a distance in km",
    ),
    (
        ImportKind::Mileage,
        "month,organisation,vehicle_class,miles",
        "2026-10,EMAS,tank,40",
        "has no emission factor",
    ),
    (
        ImportKind::Mileage,
        "month,organisation,vehicle_class,miles",
        "2026-10,EMASS,car,40",
        "did you mean `EMAS`?",
    ),
    (
        ImportKind::Mileage,
        "month,organisation,miles",
        "2026-10,EMAS,40",
        "or organisation and vehicle_class",
    ),
    (
        ImportKind::Indicators,
        "month,organisation,name,value",
        "2026-10,EMAS,a b,40",
        "column `name`: `a b`: holds ' '",
    ),
    (
        ImportKind::Indicators,
        "month,organisation,name,value",
        "2026-10,EMAS,a,inf",
        "is not a number",
    ),
    (
        ImportKind::Indicators,
        "month,organisation,name,value",
        "2027-10,EMAS,a,1",
        "lies in the future",
    ),
    (
        ImportKind::Indicators,
        "month,organisation,name,value",
        "2026-10,EMAS,a,",
        "leave the row out",
    ),
];
