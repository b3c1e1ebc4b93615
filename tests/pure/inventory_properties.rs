//! What holds for the inventory of any activity: days add up to the stretch, organisations to the total, more data never makes a tier
//! worse, nothing is added to itself. A seed is the whole story and stands in the failure; `FLEETGAUGE_SEEDS=2000` for a longer run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use fleetgauge::app::EXAMPLE_REGISTER;
use fleetgauge::app::config::{FactorsConfig, load_factors};
use fleetgauge::ledger::emissions::{
    FactorSets, Figures, Inventory, InventoryContext, Months, Scope, inventory,
};
use fleetgauge::model::register::{Register, RegisterFiles};
use fleetgauge::model::{ActivityData, ActivityKey, EnergyUser, Subject, TokenHasher};
use fleetgauge::units::{Day, KgCo2e, KgCo2ePerKwh, Metres, Millilitres, TenthWattHours};

pub(super) type Rows = BTreeMap<ActivityKey, ActivityData>;

pub(super) struct Random(pub u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn amount(&mut self, max: u64) -> i64 {
        1 + self.below(max) as i64
    }
}

pub(super) fn world() -> &'static (Register, FactorSets) {
    static WORLD: OnceLock<(Register, FactorSets)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let files = EXAMPLE_REGISTER
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .to_vec();
        let register = Register::parse(
            &RegisterFiles::from_bytes(files),
            &TokenHasher::new(&[0; 32]),
        )
        .unwrap();
        (register, load_factors(&FactorsConfig::default()).unwrap())
    })
}

fn compute(activity: &Rows, months: &Months) -> Inventory {
    let (register, sets) = world();
    inventory(
        activity,
        &InventoryContext {
            per_vehicle: true,
            ..InventoryContext::new(register, sets, months)
        },
    )
}

/// One entry that a feed, a card or a claim may add to a day.
pub(super) fn some_data(random: &mut Random, register: &Register) -> (ActivityKey, ActivityData) {
    // Around a change of the April-March year.
    let day = Day("2026-02-01".parse::<Day>().unwrap().0 + random.below(90) as i32);
    let vehicle = &register.vehicles[random.below(12) as usize * register.vehicles.len() / 12];
    let point = &register.charge_points[random.below(register.charge_points.len() as u64) as usize];
    let mut data = ActivityData::default();
    let charged = TenthWattHours(random.amount(400_000));
    let kind = random.below(8);
    match kind {
        0 | 1 => data.distance = Metres(random.amount(300_000)),
        2 => {
            data.fuel = Millilitres(random.amount(40_000));
            data.metered = ActivityData::FUEL_METERED;
        }
        3 => data.fuel_card = Millilitres(random.amount(60_000)),
        4 => {
            data.vehicle_grid = TenthWattHours(random.amount(400_000));
            data.metered = ActivityData::GRID_METERED;
        }
        5 | 6 => data.charged = charged,
        _ => data.claimed = Metres(random.amount(90_000)),
    }
    let charging = |user| Subject::Charging {
        charge_point: point.id.clone(),
        user,
    };
    let subject = match kind {
        0..=4 => Subject::Vehicle(vehicle.id.clone()),
        5 => charging(EnergyUser::Vehicle(vehicle.id.clone())),
        6 => {
            let users = [
                EnergyUser::Staff,
                EnergyUser::Public,
                EnergyUser::Unallocated,
            ];
            charging(users[random.below(3) as usize].clone())
        }
        _ => Subject::GreyFleet {
            organisation: Arc::from("EMAS"),
            vehicle_class: Arc::from("car_average"),
            fuel: Arc::from("unknown"),
        },
    };
    (ActivityKey { day, subject }, data)
}

fn same(a: &Figures, b: &Figures) -> bool {
    let near = |a: Option<KgCo2e>, b: Option<KgCo2e>| {
        (a.unwrap_or_default() - b.unwrap_or_default()).abs() < KgCo2e::constant(1e-6)
    };
    (a.distance, a.energy, a.renewable, a.fuel) == (b.distance, b.energy, b.renewable, b.fuel)
        && Scope::ALL
            .into_iter()
            .all(|scope| near(a.scope(scope), b.scope(scope)))
}

fn add_up<'a>(figures: impl Iterator<Item = &'a Figures>) -> Figures {
    let mut sum = Figures::default();
    figures.for_each(|part| sum.add(part));
    sum
}

/// The tier of each vehicle's day, apart for fuel and electricity.
fn tiers(activity: &Rows, months: &Months) -> BTreeMap<(Day, Arc<str>, bool), u8> {
    let mut found = BTreeMap::new();
    for (key, sums) in activity {
        let one = Rows::from([(key.clone(), *sums)]);
        for (line, figures) in &compute(&one, months).lines {
            if let Some(vehicle) = &line.vehicle {
                let fuel = figures.scope(Scope::Scope1).is_some();
                let tier = found
                    .entry((key.day, vehicle.clone(), fuel))
                    .or_insert(line.tier);
                *tier = line.tier.min(*tier);
            }
        }
    }
    found
}

/// The organisation of an activity, by the register alone.
fn organisation(register: &Register, subject: &Subject) -> Arc<str> {
    let of_vehicle = |id: &Arc<str>| {
        register
            .vehicle(id)
            .and_then(|vehicle| vehicle.organisation.clone())
    };
    let found = match subject {
        Subject::Vehicle(id) => of_vehicle(id),
        Subject::GreyFleet { organisation, .. } => Some(organisation.clone()),
        Subject::Charging { charge_point, user } => {
            user.vehicle().and_then(of_vehicle).or_else(|| {
                register
                    .charge_point(charge_point)
                    .and_then(|point| point.organisation.clone())
            })
        }
    };
    found.unwrap_or_else(|| Arc::from("unknown"))
}

fn seeds() -> u64 {
    std::env::var("FLEETGAUGE_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(40)
}

fn add_data(activity: &mut Rows, entries: u32, random: &mut Random) {
    for _ in 0..entries {
        let (key, sums) = some_data(random, &world().0);
        activity.entry(key).or_default().add(&sums);
    }
}

fn some_activity(random: &mut Random) -> Rows {
    let mut activity = Rows::new();
    add_data(&mut activity, 60, random);
    activity
}

/// The activity in parts, by a property of its keys.
fn split_by<K: Ord>(activity: &Rows, part: impl Fn(&ActivityKey) -> K) -> BTreeMap<K, Rows> {
    let mut parts: BTreeMap<K, Rows> = BTreeMap::new();
    for (key, sums) in activity {
        parts
            .entry(part(key))
            .or_default()
            .insert(key.clone(), *sums);
    }
    parts
}

#[test]
fn days_add_up_to_the_total() {
    for seed in 0..seeds() {
        let activity = some_activity(&mut Random(seed));
        let months = Months::from_activity(&activity);
        let whole = compute(&activity, &months);
        let total = whole.total();
        let mut days = Figures::default();
        for rows in split_by(&activity, |key| key.day).values() {
            days.add(&compute(rows, &months).total());
        }
        assert!(
            same(&days, &total),
            "seed {seed}: days\n{days:?}\n{total:?}"
        );
        let parts = whole.lines.values().flat_map(|figures| {
            Scope::ALL
                .into_iter()
                .filter_map(|scope| figures.part(scope))
        });
        let kilometres: Metres = parts.map(|part| part.distance).sum();
        assert_eq!(
            kilometres, total.distance,
            "seed {seed}: kilometres stand in one row"
        );
    }
}

/// Each organisation computed from its own activity only, as if there were no other.
#[test]
fn organisations_add_up_to_the_total() {
    let (register, _) = world();
    let mut several = 0;
    for seed in 0..seeds() {
        let activity = some_activity(&mut Random(seed));
        let months = Months::from_activity(&activity);
        let whole = compute(&activity, &months);
        let parts = split_by(&activity, |key| organisation(register, &key.subject));
        several += u32::from(parts.len() > 1);
        let mut organisations = Figures::default();
        for (name, rows) in &parts {
            let alone = compute(rows, &months).total();
            let lines = whole
                .lines
                .iter()
                .filter(|(key, _)| key.organisation == *name)
                .map(|(_, figures)| figures);
            assert!(same(&alone, &add_up(lines)), "seed {seed}: {name}");
            organisations.add(&alone);
        }
        assert!(
            same(&organisations, &whole.total()),
            "seed {seed}: organisations"
        );
    }
    assert!(several > 0, "no seed had two organisations");
}

#[test]
fn more_data_never_make_a_tier_worse() {
    let (mut better, mut compared) = (0, 0);
    for seed in 0..seeds() {
        let mut random = Random(seed);
        let mut activity = some_activity(&mut random);
        let before = tiers(&activity, &Months::from_activity(&activity));
        add_data(&mut activity, 20, &mut random);
        let after = tiers(&activity, &Months::from_activity(&activity));
        for (line, tier) in before {
            // Kilometres that a meter has taken over have no line of their own any more.
            let now = after.get(&line).copied();
            assert!(
                now.is_none_or(|now| now <= tier),
                "seed {seed}: {line:?} was tier {tier} and is {now:?} with more data"
            );
            compared += u64::from(now.is_some());
            better += u32::from(now.is_some_and(|now| now < tier));
        }
    }
    assert!(
        better > 0 && compared > 10 * seeds(),
        "too little to compare: {better} {compared}"
    );
}

/// A contract changes the market-based view and nothing else: no other figure, nor a comparison or a target, has it inside.
#[test]
fn location_and_market_are_never_added() {
    let (with_contracts, sets) = world();
    let without = Register {
        renewable: Vec::new(),
        ..with_contracts.clone()
    };
    let mut different = 0;
    for seed in 0..40 {
        let mut random = Random(seed);
        let mut activity = Rows::new();
        for _ in 0..60 {
            let (key, sums) = some_data(&mut random, with_contracts);
            activity.entry(key).or_default().add(&sums);
        }
        let months = Months::from_activity(&activity);
        let of = |register: &Register, residual_factor| {
            let setting = InventoryContext {
                per_vehicle: true,
                residual_factor,
                ..InventoryContext::new(register, sets, &months)
            };
            inventory(&activity, &setting)
        };
        let (green, grey) = (
            of(with_contracts, None),
            of(&without, Some(KgCo2ePerKwh::constant(0.4))),
        );
        let (a, b) = (green.total(), grey.total());
        different += u32::from((a.market.get() - b.market.get()).abs() > 1e-3);
        assert!(
            (a.in_use() - b.in_use()).abs() < KgCo2e::constant(1e-9),
            "seed {seed}"
        );
        for scope in Scope::ALL
            .into_iter()
            .filter(|scope| *scope != Scope::Scope2MarketBased)
        {
            assert_eq!(a.scope(scope), b.scope(scope), "seed {seed}: {scope:?}");
        }
        assert_eq!(green.replaced, grey.replaced, "seed {seed}");
        // Without contract and residual factor the two views are the same energy by the same factor.
        let plain = of(&without, None).total();
        assert!(
            (plain.location.get() - plain.market.get()).abs() < 1e-9,
            "seed {seed}"
        );
    }
    assert!(different > 20, "{different}");
}
