//! Sample facts of emissions, the register, targets, alerts and the daemon itself.

use fleetgauge::model::{
    AirFact, AlertFact, AvoidedFact, CounterEventFact, DataQualityFact, EmissionsFact, Fact,
    Fingerprint, FleetGroupFact, IngestStatsFact, ProjectionFact, Severity, SiteEmissionsFact,
    SiteInfoFact, TargetFact, TransitionFact, VehicleInfoFact,
};
use fleetgauge::units::{Thousandths, UtcMs};

const AT: UtcMs = UtcMs(1_764_028_800_000);

pub fn all() -> Vec<Fact> {
    let mut facts = emissions();
    facts.extend(transitions());
    facts.extend(register());
    facts.extend(targets());
    facts.extend(operation());
    facts
}

fn emissions() -> Vec<Fact> {
    vec![
        Fact::Emissions(EmissionsFact {
            fleet: "EMAS".into(),
            vehicle_class: "Van, Class III".into(),
            scope: "2_market",
            method: "distance",
            at: AT,
            kgco2e: 12.5,
            sd_kgco2e: 1e-9,
            tier: 4,
            distance_m: 100_001,
            energy_tenth_wh: 55,
            fuel_millilitres: 2_500,
            factor_set: "desnz2025+provisional".to_owned(),
        }),
        Fact::SiteEmissions(SiteEmissionsFact {
            fleet: "EMAS".into(),
            site: "DERBY".into(),
            scope: "outside",
            at: AT,
            kgco2e: 1e21,
        }),
        Fact::Avoided(AvoidedFact {
            fleet: "EMAS".into(),
            site: "DERBY".into(),
            at: AT,
            baseline_kgco2e: 10.25,
            own_kgco2e: 12.0,
            distance_m: 40_000,
            vehicles: 3,
        }),
        Fact::Air(AirFact {
            fleet: "EMAS".into(),
            vehicle_class: "car".into(),
            at: AT,
            distance_m: 1_500,
            grams: [1.0, f64::NAN, 3.0],
            pm_exhaust_g: 0.125,
        }),
    ]
}

fn transitions() -> Vec<Fact> {
    let transition = TransitionFact {
        fleet: "all".into(),
        vehicle_class: "all".into(),
        at: AT,
        total: 8,
        low_emission: 4,
        ultra_low: 3,
        zero: 2,
        unknown: 1,
    };
    vec![
        Fact::Transition(TransitionFact {
            total: 0,
            ..transition.clone()
        }),
        Fact::Transition(transition),
        Fact::FleetGroup(FleetGroupFact {
            fleet: "all".into(),
            vehicle_class: "minibus",
            role: "support",
            at: AT,
            total: 5,
            low_emission: 2,
            needed: 3,
        }),
    ]
}

fn register() -> Vec<Fact> {
    let vehicle = VehicleInfoFact {
        fleet: "EMAS".into(),
        site: "DERBY".into(),
        vehicle: "AMB-1".into(),
        at: AT,
        class_code: 1,
        class: "ultra_low",
        role: "emergency",
        category: "van",
        body: "box".to_owned(),
        fuel: "HEAVY OIL".to_owned(),
        euro: Some(6),
        co2_g_per_km: Some(210),
        first_registered: Some(UtcMs(-1)),
        age_years: Some(3.5),
    };
    let site = SiteInfoFact {
        fleet: "EMAS".into(),
        site: "DERBY".into(),
        at: AT,
        name: "Derby depot".to_owned(),
        capacity_w: Some(300_000.0),
        charge_points: 4,
        connectors: 7,
    };
    vec![
        Fact::VehicleInfo(Box::new(VehicleInfoFact {
            euro: None,
            co2_g_per_km: None,
            first_registered: None,
            age_years: None,
            ..vehicle.clone()
        })),
        Fact::VehicleInfo(Box::new(vehicle)),
        Fact::SiteInfo(SiteInfoFact {
            capacity_w: None,
            ..site.clone()
        }),
        Fact::SiteInfo(site),
    ]
}

fn targets() -> Vec<Fact> {
    let known = TargetFact {
        fleet: "all".into(),
        target: "low_emission_share".into(),
        at: AT,
        share: Some(0.5),
        goal: Some(0.9),
        path: Some(0.75),
        value: Some(4.0),
        path_value: Some(6.0),
        missing: Some(3.2),
        vehicles_needed: Some(4),
        slope_per_year: Some(-0.5),
        projected_at: Some(AT),
        days_late: Some(-12),
        p_hit: Some(0.05),
        band_at_due: Some([0.5, 0.625, 0.75]),
        state_code: Some(2),
    };
    let unknown = TargetFact {
        share: None,
        goal: None,
        value: Some(1.0),
        path_value: None,
        missing: None,
        vehicles_needed: None,
        slope_per_year: None,
        projected_at: None,
        days_late: None,
        p_hit: None,
        band_at_due: None,
        state_code: None,
        ..known.clone()
    };
    vec![
        Fact::Target(known),
        Fact::Target(unknown),
        Fact::Projection(ProjectionFact {
            fleet: "all".into(),
            target: "low_emission_share".into(),
            at: AT,
            path: Some(0.8),
            trend: Some(0.7),
            band: Some([0.25, 0.5, 1.0]),
            path_value: Some(7.0),
            trend_value: Some(6.5),
        }),
    ]
}

fn operation() -> Vec<Fact> {
    vec![
        Fact::CounterEvent(CounterEventFact {
            site: "DERBY".into(),
            asset: "AMB-1".into(),
            quantity: "odometer",
            event: "reset",
            at: AT,
            id: 42,
            feed: "teltonika/AMB-1".into(),
            before: Thousandths(100_500),
            after: Thousandths(-1),
            undone: true,
        }),
        Fact::DataQuality(DataQualityFact {
            fleet: "all".into(),
            at: AT,
            vehicles: 4,
            heard_24h: 3,
            stale: 1,
            messages_lost: u64::MAX,
        }),
        Fact::Alert(Box::new(AlertFact {
            rule: "vehicle_silent".into(),
            severity: Severity::Warning,
            fleet: "EMAS".into(),
            site: "unknown".into(),
            fingerprint: Fingerprint(0x1f),
            at: AT,
            state_code: 2,
            subject: "vehicle=AMB-1, fleet=EMAS".to_owned(),
            value: Some(25.5),
            threshold: 24.0,
            notified: 1,
        })),
        Fact::IngestStats(IngestStatsFact {
            source: "mqtt",
            at: AT,
            received: 5,
            accepted: 4,
            rejected: 1,
            late: 0,
            dropped: 9,
        }),
    ]
}
