//! The rows of generated months, pinned to the last bit. A change of the order of operations alters published figures in the last digit,
//! and every row would be written to the database again: such a change is made on purpose, with a new `METHOD_VERSION`, or not at all.

use super::inventory_properties::{Random, Rows, some_data, world};
use fleetgauge::ledger::air::{AirConfig, air};
use fleetgauge::ledger::emissions::{
    InventoryContext, Months, avoided_rows, day_rows, inventory, site_rows,
};
use fleetgauge::units::{KgCo2ePerKwh, UtcMs};

/// FNV-1a over the bits of every figure, in the order of the rows.
struct Digest(u64);

impl Digest {
    fn add(&mut self, figure: f64) {
        for byte in figure.to_bits().to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn digest(seed: u64) -> u64 {
    let (register, sets) = world();
    let mut random = Random(seed);
    let mut activity = Rows::new();
    for _ in 0..200 {
        let (key, sums) = some_data(&mut random, register);
        activity.entry(key).or_default().add(&sums);
    }
    let months = Months::from_activity(&activity);
    let at: UtcMs = "2026-03-31T23:00:00Z".parse().unwrap();
    let setting = InventoryContext {
        per_vehicle: true,
        residual_factor: seed
            .is_multiple_of(2)
            .then_some(KgCo2ePerKwh::constant(0.4)),
        fill: Some(("2026-02-01".parse().unwrap(), "2026-03-31".parse().unwrap())),
        ..InventoryContext::new(register, sets, &months)
    };
    let found = inventory(&activity, &setting);
    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    for row in day_rows(&found, at) {
        digest.add(row.kgco2e);
        digest.add(row.sd_kgco2e);
    }
    for row in site_rows(&found, at) {
        digest.add(row.kgco2e);
    }
    for row in avoided_rows(&found, register, at) {
        digest.add(row.baseline_kgco2e);
        digest.add(row.own_kgco2e);
    }
    let config = AirConfig::default();
    for row in air(&activity, register, sets, &months, &config).rows(at, &config) {
        row.grams.into_iter().for_each(|grams| digest.add(grams));
        digest.add(row.pm_exhaust_g);
    }
    digest.0
}

#[test]
fn generated_months_have_the_same_figures_to_the_bit() {
    let found: Vec<String> = (0..6)
        .map(|seed| format!("{:016x}", digest(seed)))
        .collect();
    assert_eq!(
        found,
        [
            "d765a95d17d341fd",
            "981b5b65df05b1b8",
            "f570f8c8c7bdabf9",
            "d055cf15935e885a",
            "d1212501d8debebf",
            "caec5ff4d4dd16d9",
        ]
    );
}
