//! What happens: vehicles drive, come home, find a free plug, charge, stay too long; a plug breaks now and then.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::charge_point::Command;
use super::random::Random;
use super::vehicle::{Car, Doing, Publication};
use super::{SimulateConfig, Tags};
use crate::model::register::{Access, Register};
use crate::units::UtcMs;

/// A vehicle arrives with less than this.
const COMES_TO_CHARGE: f64 = 0.62;
/// Charged to this.
const FULL: f64 = 0.92;
/// A vehicle's own charger on an AC plug, kW.
const ON_BOARD_KW: f64 = 11.0;
/// Above this a plug is DC.
const AC_KW: f64 = 22.0;

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

/// Who is plugged in.
#[derive(Clone, Debug)]
struct Visit {
    /// Index of a fleet vehicle; none for staff and the public.
    car: Option<usize>,
    tag: String,
    /// Still wanted by a visit without a simulated battery.
    wants_kwh: f64,
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

/// Everything simulated.
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
        // Some vehicles are just coming home with a little to charge, so that there is something to see from the start.
        for car in cars.iter_mut().filter(|car| car.capacity_kwh > 0.0).take(8) {
            car.battery_kwh = car.capacity_kwh * FULL - random.between(0.8, 2.5);
            car.doing = Doing::Parked {
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

    /// Moves everything to `now` and says what there is to say.
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
        self.plug_in(now, first);
        for (car, sender) in self.cars.iter_mut().zip(&self.vehicles) {
            for publication in car.messages(now, self.telemetry_ms) {
                // A vehicle whose link is down for long loses its oldest words, as they do.
                let _ = sender.try_send(publication);
            }
        }
    }

    /// Vehicles that stand at a site with a free plug and little energy plug in; visitors come to staff and public plugs.
    fn plug_in(&mut self, now: UtcMs, first: bool) {
        for index in 0..self.cars.len() {
            let car = &self.cars[index];
            let Doing::Parked { .. } = car.doing else {
                continue;
            };
            let wants = car.capacity_kwh > 0.0
                && (car.soc() < COMES_TO_CHARGE
                    || (car.soc() < FULL - 0.002 && (first || self.random.chance(0.02))));
            let Some(tag) = self.vehicle_tags[index].clone().filter(|_| wants) else {
                continue;
            };
            let site = car.site.clone();
            let free = self.connectors.iter().position(|c| {
                matches!(c.plug, Plug::Free) && c.access == Access::Fleet && c.site == site
            });
            let Some(free) = free else { continue };
            self.cars[index].doing = Doing::Plugged { charging_kw: 0.0 };
            let until = now.plus(self.random.between(20.0, 90.0) as i64 * 1000);
            self.set(
                free,
                Plug::Preparing {
                    visit: Visit {
                        car: Some(index),
                        tag,
                        wants_kwh: 0.0,
                    },
                    until,
                },
                now,
            );
        }
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
                wants_kwh: self.random.between(3.0, 20.0),
            };
            self.set(
                free,
                Plug::Preparing {
                    visit,
                    until: now.plus(60_000),
                },
                now,
            );
        }
    }

    fn step_connector(&mut self, index: usize, now: UtcMs, ms: i64) {
        if !self.connectors[index].announced {
            self.connectors[index].announced = true;
            return self.set(index, Plug::Free, now);
        }
        match self.connectors[index].plug.clone() {
            Plug::Free if self.random.chance(0.00004 * ms as f64 / 1000.0) => {
                let until = now.plus(self.random.between(15.0, 60.0) as i64 * 60_000);
                self.set(index, Plug::Faulted { until }, now);
            }
            Plug::Preparing { visit, until } if now >= until => {
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
                self.tell(index, start);
                self.connectors[index].next_meter = now.plus(self.meter_ms);
                self.set(index, Plug::Charging { visit, kw }, now);
            }
            Plug::Charging { visit, kw } => self.charge(index, visit, kw, now, ms),
            Plug::Full { visit, until } if now >= until => {
                let connector = &self.connectors[index];
                let stop = Command::Stop {
                    connector: connector.id,
                    tag: visit.tag.clone(),
                    meter_wh: connector.register_wh as i64,
                    reason: "Local",
                    at: now,
                };
                self.tell(index, stop);
                // Most leave at once; some forget their vehicle.
                let minutes = if self.random.chance(0.2) {
                    self.random.between(15.0, 60.0)
                } else {
                    self.random.between(1.0, 5.0)
                };
                self.set(
                    index,
                    Plug::Finishing {
                        visit,
                        until: now.plus((minutes * 60_000.0) as i64),
                    },
                    now,
                );
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

    fn charge(&mut self, index: usize, mut visit: Visit, kw: f64, now: UtcMs, ms: i64) {
        let mut kwh = kw * ms as f64 / 3_600_000.0;
        let (done, soc) = match visit.car {
            Some(car) => {
                let car = &mut self.cars[car];
                kwh = kwh.min((car.capacity_kwh * FULL - car.battery_kwh).max(0.0));
                // Nine tenths of what the meter counts arrive in the battery.
                car.battery_kwh += kwh * 0.9;
                car.doing = Doing::Plugged { charging_kw: kw };
                (
                    car.battery_kwh >= car.capacity_kwh * FULL - 0.02,
                    Some(car.soc()),
                )
            }
            None => {
                kwh = kwh.min(visit.wants_kwh);
                visit.wants_kwh -= kwh;
                (visit.wants_kwh <= 0.01, None)
            }
        };
        let connector = &mut self.connectors[index];
        connector.register_wh += kwh * 1000.0;
        if now >= connector.next_meter || done {
            connector.next_meter = now.plus(self.meter_ms);
            let power_w = if done { 0.0 } else { kw * 1000.0 };
            let meter = Command::Meter {
                connector: connector.id,
                register_wh: connector.register_wh as i64,
                power_w,
                soc,
                at: now,
            };
            self.tell(index, meter);
        }
        if done {
            if let Some(car) = visit.car {
                self.cars[car].doing = Doing::Plugged { charging_kw: 0.0 };
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
        self.tell(
            index,
            Command::Status {
                connector,
                status,
                error,
                at: now,
            },
        );
    }

    fn tell(&self, index: usize, command: Command) {
        let _ = self.charge_points[self.connectors[index].point].try_send(command);
    }
}
