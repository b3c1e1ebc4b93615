//! F4: simulates a fleet against any daemon, with real MQTT and OCPP 1.6 over sockets and invented figures.
//!
//! One task moves the world (vehicles drive, plug in, charge); each vehicle and each charge point has a task with its client.

mod charge_point;
mod random;
mod vehicle;
mod world;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::charge_point::Command;
use self::random::Random;
use self::vehicle::Publication;
use self::world::World;
use crate::model::register::Register;
use crate::units::{Day, UtcMs};

/// The clock of the simulated world.
pub type WorldClock = Arc<dyn Fn() -> UtcMs + Send + Sync>;

/// The servers, the speed and the seed of a simulation.
#[derive(Clone, PartialEq, Debug)]
pub struct SimulateConfig {
    /// `host:port` of the MQTT listener or a broker.
    pub mqtt: String,
    /// `ws://host:port/ocpp`, without the charge point id.
    pub ocpp: String,
    /// How many times faster than real time.
    pub speed: u32,
    /// The same seed makes the same fleet.
    pub seed: u64,
    /// Text of `tags.csv`: the register only has hashes.
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
    /// The register has neither vehicles nor charge points.
    #[error(
        "the register has no vehicles and no charge points\n  hint: give `--register` a folder with vehicles.csv and charge_points.csv"
    )]
    Empty,
    /// The MQTT address cannot be parsed.
    #[error("`{0}` is not host:port")]
    Address(String),
}

/// Messages between the world and a vehicle or charge point; older ones are dropped when a link is down for long.
const N_QUEUED: usize = 256;
/// Time of the world between two steps.
const STEP: Duration = Duration::from_secs(10);
/// Real time between two steps, at least.
const SHORTEST_STEP: Duration = Duration::from_millis(50);

/// Runs until `shutdown` is true.
pub async fn run(
    config: SimulateConfig,
    mut register: Arc<Register>,
    clock: WorldClock,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), SimulateError> {
    if register.vehicles.is_empty() && register.charge_points.is_empty() {
        return Err(SimulateError::Empty);
    }
    // Vehicles that have left the fleet do not drive. The index by id of this copy is wrong from here on, and not used.
    let today = Day::of(clock(), register.zone());
    Arc::make_mut(&mut register)
        .vehicles
        .retain(|vehicle| vehicle.in_service_on(today));
    let (host, port) = broker_address(&config.mqtt)?;
    let mut tasks = JoinSet::new();
    let vehicles = connect_vehicles(&mut tasks, &register, &host, port);
    let charge_points = connect_charge_points(&mut tasks, &register, &config);
    let tags = Tags::parse(&config.tags);
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

fn broker_address(text: &str) -> Result<(String, u16), SimulateError> {
    text.rsplit_once(':')
        .and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)))
        .ok_or_else(|| SimulateError::Address(text.to_owned()))
}

/// Starts a client for each vehicle. Every other one speaks MQTT 5, as in fleets that grew over years.
fn connect_vehicles(
    tasks: &mut JoinSet<()>,
    register: &Register,
    host: &str,
    port: u16,
) -> Vec<mpsc::Sender<Publication>> {
    let mut senders = Vec::new();
    for (index, vehicle) in register.vehicles.iter().enumerate() {
        let (sender, receiver) = mpsc::channel(N_QUEUED);
        let (host, id, v5) = (host.to_owned(), vehicle.id.to_string(), index % 2 == 1);
        tasks.spawn(vehicle::publish(host, port, id, v5, receiver));
        senders.push(sender);
    }
    senders
}

fn connect_charge_points(
    tasks: &mut JoinSet<()>,
    register: &Register,
    config: &SimulateConfig,
) -> Vec<mpsc::Sender<Command>> {
    let mut senders = Vec::new();
    for point in &register.charge_points {
        let (sender, receiver) = mpsc::channel(N_QUEUED);
        let url = format!("{}/{}", config.ocpp, point.id);
        tasks.spawn(charge_point::run(url, config.speed, receiver));
        senders.push(sender);
    }
    senders
}

/// The id tags of `tags.csv` by holder.
#[derive(Debug, Default)]
struct Tags {
    vehicles: HashMap<String, String>,
    staff: Vec<String>,
    public: Vec<String>,
}

impl Tags {
    fn parse(text: &str) -> Self {
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
