//! The simulated world: vehicles drive, return, find a free plug, charge and stay too long; a plug breaks now and then.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::charge_point::{Command, MeterSample};
use super::random::Random;
use super::vehicle::{Activity, Car, Publication};
use super::{SimulateConfig, Tags};
use crate::model::register::{Access, Register};
use crate::units::UtcMs;

/// A parked vehicle plugs in below this state of charge.
const CHARGE_BELOW: f64 = 0.62;
/// Charging ends at this state of charge.
const FULL: f64 = 0.92;
/// The power of a vehicle's own charger on an AC plug.
const ON_BOARD_KW: f64 = 11.0;
/// A plug with more power is DC.
const AC_KW: f64 = 22.0;
/// The chance that a free plug breaks.
const FAULTS_PER_SECOND: f64 = 0.00004;

#[derive(Clone, Debug)]
enum Plug {
    Free,
    /// Cable in, card not shown yet.
    Preparing {
        visit: Visit,
        until: UtcMs,
    },
    Charging {
        visit: Visit,
        kw: f64,
    },
    /// The battery is full, the transaction goes on.
    Full {
        visit: Visit,
        until: UtcMs,
    },
    /// Stopped, cable still in.
    Finishing {
        visit: Visit,
        until: UtcMs,
    },
    Faulted {
        until: UtcMs,
    },
}

/// A vehicle at a plug, from plugging in to leaving.
#[derive(Clone, Debug)]
struct Visit {
    /// The index of a fleet vehicle; None for staff and the public.
    car: Option<usize>,
    tag: String,
    /// Energy still to be charged, of a visit without a simulated battery.
    remaining_kwh: f64,
}

#[derive(Debug)]
struct Connector {
    point: usize,
    id: u32,
    site: Option<Arc<str>>,
    access: Access,
    max_kw: f64,
    plug: Plug,
    register_wh: f64,
    next_meter: UtcMs,
    announced: bool,
}

/// The vehicles and connectors, and the channels to their tasks.
pub(super) struct World {
    cars: Vec<Car>,
    connectors: Vec<Connector>,
    vehicle_tags: Vec<Option<String>>,
    staff: Vec<String>,
    public: Vec<String>,
    vehicles: Vec<mpsc::Sender<Publication>>,
    charge_points: Vec<mpsc::Sender<Command>>,
    random: Random,
    last: UtcMs,
    telemetry_ms: i64,
    meter_ms: i64,
}

impl World {
    pub(super) fn new(
        config: &SimulateConfig,
        register: Arc<Register>,
        tags: &Tags,
        mut random: Random,
        now: UtcMs,
        vehicles: Vec<mpsc::Sender<Publication>>,
        charge_points: Vec<mpsc::Sender<Command>>,
    ) -> Self {
        let mut cars: Vec<Car> = register
            .vehicles
            .iter()
            .map(|vehicle| Car::new(vehicle, &mut random, now))
            .collect();
        // Some vehicles have just returned with a little to charge, so that charging can be seen from the start.
        for car in cars.iter_mut().filter(|car| car.capacity_kwh > 0.0).take(8) {
            car.battery_kwh = car.capacity_kwh * FULL - random.between(0.8, 2.5);
            car.activity = Activity::Parked {
                until: now.plus(3_600_000),
            };
        }
        let mut connectors = Vec::new();
        for (point, registered) in register.charge_points.iter().enumerate() {
            for id in 1..=registered.connectors {
                connectors.push(Connector {
                    point,
                    id,
                    site: registered.site.clone(),
                    access: registered.access,
                    max_kw: registered.max_power_kw.unwrap_or(AC_KW),
                    plug: Plug::Free,
                    register_wh: random.between(50_000.0, 9_000_000.0).round(),
                    next_meter: now,
                    announced: false,
                });
            }
        }
        let vehicle_tags = register
            .vehicles
            .iter()
            .map(|vehicle| tags.vehicles.get(vehicle.id.as_ref()).cloned())
            .collect();
        let ms =
            |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(60_000);
        Self {
            cars,
            connectors,
            vehicle_tags,
            staff: tags.staff.clone(),
            public: tags.public.clone(),
            vehicles,
            charge_points,
            random,
            last: now,
            telemetry_ms: ms(config.telemetry_interval),
            meter_ms: ms(config.meter_interval),
        }
    }

    /// Moves everything to `now` and sends the messages that are due.
    pub(super) fn step(&mut self, now: UtcMs) {
        let ms = now.since(self.last).max(0);
        let first = ms == 0;
        self.last = now;
        for car in &mut self.cars {
            car.step(now, ms, &mut self.random);
        }
        for index in 0..self.connectors.len() {
            self.step_connector(index, now, ms);
        }
        self.plug_in_fleet(now, first);
        self.plug_in_visitors(now);
        for (car, sender) in self.cars.iter_mut().zip(&self.vehicles) {
            for publication in car.messages(now, self.telemetry_ms) {
                // A vehicle without a link for long loses messages, as real ones do.
                let _ = sender.try_send(publication);
            }
        }
    }

    /// A parked vehicle with little energy plugs in where its site has a free plug.
    fn plug_in_fleet(&mut self, now: UtcMs, first: bool) {
        for index in 0..self.cars.len() {
            let car = &self.cars[index];
            let Activity::Parked { .. } = car.activity else {
                continue;
            };
            let charges = car.capacity_kwh > 0.0
                && (car.soc() < CHARGE_BELOW
                    || (car.soc() < FULL - 0.002 && (first || self.random.chance(0.02))));
            let Some(tag) = self.vehicle_tags[index].clone().filter(|_| charges) else {
                continue;
            };
            let site = car.site.clone();
            let free = self.connectors.iter().position(|c| {
                matches!(c.plug, Plug::Free) && c.access == Access::Fleet && c.site == site
            });
            let Some(free) = free else { continue };
            self.cars[index].activity = Activity::Plugged { charging_kw: 0.0 };
            let until = now.plus(self.random.between(20.0, 90.0) as i64 * 1000);
            let visit = Visit {
                car: Some(index),
                tag,
                remaining_kwh: 0.0,
            };
            self.set(free, Plug::Preparing { visit, until }, now);
        }
    }

    /// Staff and the public plug in at their free plugs now and then.
    fn plug_in_visitors(&mut self, now: UtcMs) {
        for free in 0..self.connectors.len() {
            let cards = match self.connectors[free].access {
                Access::Fleet => continue,
                Access::Staff => &self.staff,
                Access::Public => &self.public,
            };
            if !matches!(self.connectors[free].plug, Plug::Free)
                || cards.is_empty()
                || !self.random.chance(0.01)
            {
                continue;
            }
            let tag = cards[self.random.below(cards.len())].clone();
            let visit = Visit {
                car: None,
                tag,
                remaining_kwh: self.random.between(3.0, 20.0),
            };
            let until = now.plus(60_000);
            self.set(free, Plug::Preparing { visit, until }, now);
        }
    }

    fn step_connector(&mut self, index: usize, now: UtcMs, ms: i64) {
        if !self.connectors[index].announced {
            self.connectors[index].announced = true;
            return self.set(index, Plug::Free, now);
        }
        match self.connectors[index].plug.clone() {
            Plug::Free if self.random.chance(FAULTS_PER_SECOND * ms as f64 / 1000.0) => {
                let until = now.plus(self.random.between(15.0, 60.0) as i64 * 60_000);
                self.set(index, Plug::Faulted { until }, now);
            }
            Plug::Preparing { visit, until } if now >= until => {
                self.start_transaction(index, visit, now);
            }
            Plug::Charging { visit, kw } => self.charge(index, visit, kw, now, ms),
            Plug::Full { visit, until } if now >= until => {
                self.stop_transaction(index, visit, now);
            }
            Plug::Finishing { visit, until } if now >= until => {
                if let Some(car) = visit.car {
                    self.cars[car].drive_away(now, &mut self.random);
                }
                self.set(index, Plug::Free, now);
            }
            Plug::Faulted { until } if now >= until => self.set(index, Plug::Free, now),
            _ => {}
        }
    }

    fn start_transaction(&mut self, index: usize, visit: Visit, now: UtcMs) {
        let connector = &self.connectors[index];
        let kw = if connector.max_kw > AC_KW {
            connector.max_kw * 0.8
        } else {
            connector.max_kw.min(ON_BOARD_KW)
        };
        let start = Command::Start {
            connector: connector.id,
            tag: visit.tag.clone(),
            meter_wh: connector.register_wh as i64,
            at: now,
        };
        self.send(index, start);
        self.connectors[index].next_meter = now.plus(self.meter_ms);
        self.set(index, Plug::Charging { visit, kw }, now);
    }

    fn stop_transaction(&mut self, index: usize, visit: Visit, now: UtcMs) {
        let connector = &self.connectors[index];
        let stop = Command::Stop {
            connector: connector.id,
            tag: visit.tag.clone(),
            meter_wh: connector.register_wh as i64,
            reason: "Local",
            at: now,
        };
        self.send(index, stop);
        // Most leave at once; some forget their vehicle.
        let minutes = if self.random.chance(0.2) {
            self.random.between(15.0, 60.0)
        } else {
            self.random.between(1.0, 5.0)
        };
        let until = now.plus((minutes * 60_000.0) as i64);
        self.set(index, Plug::Finishing { visit, until }, now);
    }

    fn charge(&mut self, index: usize, mut visit: Visit, kw: f64, now: UtcMs, ms: i64) {
        let mut kwh = kw * ms as f64 / 3_600_000.0;
        let (done, soc) = match visit.car {
            Some(car) => {
                let car = &mut self.cars[car];
                kwh = kwh.min((car.capacity_kwh * FULL - car.battery_kwh).max(0.0));
                // Nine tenths of what the meter counts arrive in the battery.
                car.battery_kwh += kwh * 0.9;
                car.activity = Activity::Plugged { charging_kw: kw };
                (
                    car.battery_kwh >= car.capacity_kwh * FULL - 0.02,
                    Some(car.soc()),
                )
            }
            None => {
                kwh = kwh.min(visit.remaining_kwh);
                visit.remaining_kwh -= kwh;
                (visit.remaining_kwh <= 0.01, None)
            }
        };
        let connector = &mut self.connectors[index];
        connector.register_wh += kwh * 1000.0;
        if now >= connector.next_meter || done {
            connector.next_meter = now.plus(self.meter_ms);
            let power_w = if done { 0.0 } else { kw * 1000.0 };
            let meter = Command::Meter(MeterSample {
                connector: connector.id,
                register_wh: connector.register_wh as i64,
                power_w,
                soc,
                at: now,
            });
            self.send(index, meter);
        }
        if done {
            if let Some(car) = visit.car {
                self.cars[car].activity = Activity::Plugged { charging_kw: 0.0 };
            }
            let until = now.plus(self.random.between(30.0, 300.0) as i64 * 1000);
            self.set(index, Plug::Full { visit, until }, now);
        } else {
            self.connectors[index].plug = Plug::Charging { visit, kw };
        }
    }

    fn set(&mut self, index: usize, plug: Plug, now: UtcMs) {
        let (status, error) = match &plug {
            Plug::Free => ("Available", "NoError"),
            Plug::Preparing { .. } => ("Preparing", "NoError"),
            Plug::Charging { .. } => ("Charging", "NoError"),
            Plug::Full { .. } => ("SuspendedEV", "NoError"),
            Plug::Finishing { .. } => ("Finishing", "NoError"),
            Plug::Faulted { .. } => ("Faulted", "GroundFailure"),
        };
        self.connectors[index].plug = plug;
        let connector = self.connectors[index].id;
        self.send(
            index,
            Command::Status {
                connector,
                status,
                error,
                at: now,
            },
        );
    }

    fn send(&self, index: usize, command: Command) {
        // A charge point without a link for long loses messages.
        let _ = self.charge_points[self.connectors[index].point].try_send(command);
    }
}
