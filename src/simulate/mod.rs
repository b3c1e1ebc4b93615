//! F4: a fleet that speaks real MQTT and real OCPP 1.6 to any daemon over sockets. Everything it says is invented.
//!
//! One task moves the world (vehicles drive, plug in, charge); one task per vehicle publishes; one task per charge point talks OCPP.

mod charge_point;
mod random;
mod vehicle;
mod world;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::random::Random;
use self::world::World;
use crate::model::register::Register;
use crate::units::{Day, UtcMs};

/// Tells the time of the simulated world.
pub type WorldClock = Arc<dyn Fn() -> UtcMs + Send + Sync>;

/// Where to, and how.
#[derive(Clone, PartialEq, Debug)]
pub struct SimulateConfig {
    /// `host:port` of the MQTT listener or a broker.
    pub mqtt: String,
    /// `ws://host:port/ocpp`, without the charge point id.
    pub ocpp: String,
    /// How much faster than the world.
    pub speed: u32,
    /// The same seed makes the same fleet.
    pub seed: u64,
    /// Text of `tags.csv`: the register only knows hashes.
    pub tags: String,
    /// Time of the world between two messages of a moving vehicle.
    pub telemetry_interval: Duration,
    /// Time of the world between two MeterValues of a connector.
    pub meter_interval: Duration,
}

impl Default for SimulateConfig {
    fn default() -> Self {
        Self {
            mqtt: "127.0.0.1:1883".into(),
            ocpp: "ws://127.0.0.1:9310/ocpp".into(),
            speed: 1,
            seed: 1,
            tags: String::new(),
            telemetry_interval: Duration::from_secs(60),
            meter_interval: Duration::from_secs(60),
        }
    }
}

/// The simulation cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Nothing to simulate.
    #[error(
        "the register has no vehicles and no charge points\n  hint: give `--register` a folder with vehicles.csv and charge_points.csv"
    )]
    Empty,
    /// Where to?
    #[error("`{0}` is not host:port")]
    Address(String),
}

/// Messages between the world and a vehicle or charge point; older ones are dropped when a link is down for long.
const N_QUEUED: usize = 256;
/// Time of the world between two steps.
const STEP: Duration = Duration::from_secs(10);
/// But no more often than this.
const SHORTEST_STEP: Duration = Duration::from_millis(50);

/// Runs until told to stop.
pub async fn run(
    config: SimulateConfig,
    mut register: Arc<Register>,
    clock: WorldClock,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), SimulateError> {
    if register.vehicles.is_empty() && register.charge_points.is_empty() {
        return Err(SimulateError::Empty);
    }
    // Who has left the fleet drives no more. Nothing here asks this copy for a vehicle by its id.
    let today = Day::of(clock(), register.zone());
    Arc::make_mut(&mut register)
        .vehicles
        .retain(|vehicle| vehicle.in_service_on(today));
    let address = config
        .mqtt
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.to_owned(), port.parse::<u16>().ok()?)));
    let (host, port) = address.ok_or_else(|| SimulateError::Address(config.mqtt.clone()))?;
    let mut tasks = JoinSet::new();
    let mut vehicles = Vec::new();
    for (index, _) in register.vehicles.iter().enumerate() {
        let (sender, receiver) = mpsc::channel(N_QUEUED);
        // Every other vehicle speaks MQTT 5, as fleets grow over years.
        tasks.spawn(vehicle::publish(
            host.clone(),
            port,
            register.vehicles[index].id.to_string(),
            index % 2 == 1,
            receiver,
        ));
        vehicles.push(sender);
    }
    let mut charge_points = Vec::new();
    for point in &register.charge_points {
        let (sender, receiver) = mpsc::channel(N_QUEUED);
        tasks.spawn(charge_point::talk(
            format!("{}/{}", config.ocpp, point.id),
            config.speed,
            receiver,
        ));
        charge_points.push(sender);
    }
    let tags = Tags::read(&config.tags);
    let mut world = World::new(
        &config,
        register,
        &tags,
        Random::new(config.seed),
        clock(),
        vehicles,
        charge_points,
    );
    let mut ticks = tokio::time::interval((STEP / config.speed.max(1)).max(SHORTEST_STEP));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => world.step(clock()),
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => break,
        }
    }
    tasks.shutdown().await;
    Ok(())
}

/// Who holds which card.
#[derive(Debug, Default)]
struct Tags {
    vehicles: HashMap<String, String>,
    staff: Vec<String>,
    public: Vec<String>,
}

impl Tags {
    fn read(text: &str) -> Self {
        let mut tags = Self::default();
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(text.as_bytes());
        for record in reader.records().flatten() {
            let cell = |index| record.get(index).unwrap_or_default().to_owned();
            match cell(1).as_str() {
                "vehicle" => drop(tags.vehicles.insert(cell(2), cell(0))),
                "staff" => tags.staff.push(cell(0)),
                "public" => tags.public.push(cell(0)),
                _ => {}
            }
        }
        tags
    }
}
