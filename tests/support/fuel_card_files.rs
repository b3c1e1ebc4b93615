//! What tests of imports share: a small register, and files of many rows with a known sum.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fmt::Write as _;

use fleetgauge::units::Day;

/// organisations.csv.
pub const ORGANISATIONS: &str =
    "organisation_id,name\nEMAS,East Midlands Ambulance Service\nACUTE-N,Acute North\n";
/// vehicles.csv.
pub const VEHICLES: &str = "vehicle_id,registration,organisation,fuel,in_service_from,in_service_to\n\
    A1,AB12 CDE,EMAS,DIESEL,,\nA2,AB12 CDF,EMAS,HYBRID ELECTRIC,,\nE1,EV20 AAA,ACUTE-N,ELECTRICITY,,\n\
    OLD,RE12 USE,EMAS,DIESEL,2015-01-01,2022-01-01\nNEW,RE12 USE,EMAS,DIESEL,2022-01-01,\n";

/// Rows of one vehicle, so many millilitres in all.
pub fn many_rows(count: u32) -> (String, i64) {
    let mut text = "Date,Reg,Litres,Product,Receipt No\n".to_owned();
    let mut sum = 0;
    for n in 0..count {
        let day = Day(20_000 + (n % 300) as i32);
        writeln!(
            text,
            "{day},AB12CDE,{}.{:02},Diesel,R{n}",
            20 + n % 50,
            n % 100
        )
        .unwrap();
        sum += i64::from((20 + n % 50) * 1000 + n % 100 * 10);
    }
    (text, sum)
}
