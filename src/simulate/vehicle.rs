//! A simulated vehicle: drives, parks and charges, and publishes its state over MQTT.

use std::time::Duration;

use rumqttc::v5;
use tokio::sync::mpsc;

use super::random::Random;
use crate::model::Powertrain;
use crate::model::register::{Category, Vehicle};
use crate::units::UtcMs;

/// A PUBLISH to be sent.
#[derive(Debug)]
pub(super) struct Publication {
    pub topic: String,
    pub payload: String,
}

/// What a vehicle does, and until when.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Activity {
    Driving {
        until: UtcMs,
        kph: f64,
    },
    Parked {
        until: UtcMs,
    },
    /// At a charge point; [`super::world`] adds the energy.
    Plugged {
        charging_kw: f64,
    },
}

/// A vehicle of the simulated fleet.
#[derive(Debug)]
pub(super) struct Car {
    id: String,
    /// Published as OVMS metrics under this id instead of the native schema.
    ovms: Option<String>,
    pub site: Option<std::sync::Arc<str>>,
    pub activity: Activity,
    odometer_km: f64,
    fuel_used_l: f64,
    tank_l: f64,
    /// Energy in the battery; 0 without one.
    pub battery_kwh: f64,
    /// What the battery can hold; 0 without one.
    pub capacity_kwh: f64,
    litres_per_km: f64,
    kwh_per_km: f64,
    next_message: UtcMs,
}

impl Car {
    pub(super) fn new(vehicle: &Vehicle, random: &mut Random, now: UtcMs) -> Self {
        let powertrain = vehicle.powertrain();
        let electric = matches!(powertrain, Powertrain::Bev | Powertrain::Phev);
        let size = match vehicle.category {
            Some(Category::Heavy) => 2.2,
            Some(Category::Van | Category::Minibus) => 1.1,
            Some(Category::Motorcycle) => 0.5,
            Some(Category::Car) | None => 0.6,
        };
        let share_of_fuel = match powertrain {
            Powertrain::Bev | Powertrain::H2 => 0.0,
            Powertrain::Phev => 0.5,
            Powertrain::Hev => 0.8,
            _ => 1.0,
        };
        let capacity_kwh = if electric {
            vehicle.battery_kwh.unwrap_or(50.0)
        } else {
            0.0
        };
        let ovms = vehicle
            .feed_ids
            .iter()
            .find_map(|id| id.strip_prefix("ovms:"))
            .map(str::to_owned);
        let activity = if random.chance(0.6) {
            Activity::Driving {
                until: now.plus(random.between(5.0, 40.0) as i64 * 60_000),
                kph: random.between(25.0, 60.0),
            }
        } else {
            Activity::Parked {
                until: now.plus(random.between(1.0, 20.0) as i64 * 60_000),
            }
        };
        Self {
            id: vehicle.id.to_string(),
            ovms,
            site: vehicle.site.clone(),
            activity,
            odometer_km: random.between(8_000.0, 160_000.0).round(),
            fuel_used_l: random.between(900.0, 15_000.0).round(),
            tank_l: random.between(30.0, 75.0),
            battery_kwh: capacity_kwh * random.between(0.35, 0.9),
            capacity_kwh,
            litres_per_km: 0.11 * size * share_of_fuel,
            kwh_per_km: if electric {
                0.32 * size * if share_of_fuel > 0.0 { 0.4 } else { 1.0 }
            } else {
                0.0
            },
            next_message: now.plus(random.between(0.0, 60_000.0) as i64),
        }
    }

    /// Moves the vehicle `ms` on, to `now`.
    pub(super) fn step(&mut self, now: UtcMs, ms: i64, random: &mut Random) {
        match self.activity {
            Activity::Driving { until, kph } => {
                let km = kph * ms as f64 / 3_600_000.0;
                self.odometer_km += km;
                self.fuel_used_l += km * self.litres_per_km;
                self.tank_l -= km * self.litres_per_km;
                if self.tank_l < 8.0 {
                    self.tank_l = 75.0;
                }
                self.battery_kwh = (self.battery_kwh - km * self.kwh_per_km).max(0.0);
                if now >= until
                    || (self.capacity_kwh > 0.0 && self.litres_per_km == 0.0 && self.soc() < 0.15)
                {
                    self.activity = Activity::Parked {
                        until: now.plus(random.between(8.0, 50.0) as i64 * 60_000),
                    };
                    self.next_message = now;
                } else {
                    self.activity = Activity::Driving {
                        until,
                        kph: (kph + random.between(-6.0, 6.0)).clamp(15.0, 95.0),
                    };
                }
            }
            Activity::Parked { until } if now >= until => {
                if self.capacity_kwh == 0.0 || self.litres_per_km > 0.0 || self.soc() > 0.25 {
                    self.drive_away(now, random);
                }
            }
            Activity::Parked { .. } | Activity::Plugged { .. } => {}
        }
    }

    pub(super) fn drive_away(&mut self, now: UtcMs, random: &mut Random) {
        self.activity = Activity::Driving {
            until: now.plus(random.between(10.0, 70.0) as i64 * 60_000),
            kph: random.between(25.0, 60.0),
        };
        self.next_message = now;
    }

    pub(super) fn soc(&self) -> f64 {
        if self.capacity_kwh > 0.0 {
            (self.battery_kwh / self.capacity_kwh).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// The messages that are due: moving and charging vehicles send one every `interval_ms`, others ten times less often.
    pub(super) fn messages(&mut self, now: UtcMs, interval_ms: i64) -> Vec<Publication> {
        if now < self.next_message {
            return Vec::new();
        }
        let driving = matches!(self.activity, Activity::Driving { .. });
        let charging_kw = match self.activity {
            Activity::Plugged { charging_kw } => charging_kw,
            _ => 0.0,
        };
        self.next_message = now.plus(if driving || charging_kw > 0.0 {
            interval_ms
        } else {
            interval_ms * 10
        });
        let speed = match self.activity {
            Activity::Driving { kph, .. } => kph,
            _ => 0.0,
        };
        match &self.ovms {
            Some(id) => {
                let metric = |name: &str, payload: String| Publication {
                    topic: format!("ovms/fleet/{id}/metric/{name}"),
                    payload,
                };
                let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
                vec![
                    metric("v/p/odometer", format!("{:.1}", self.odometer_km)),
                    metric("v/b/soc", format!("{:.1}", self.soc() * 100.0)),
                    metric("v/p/speed", format!("{speed:.0}")),
                    metric("v/e/on", yes(driving)),
                    metric("v/c/charging", yes(charging_kw > 0.0)),
                ]
            }
            None => vec![Publication {
                topic: format!("fleet/vehicles/{}/telemetry", self.id),
                payload: self.native_payload(now, driving, speed, charging_kw),
            }],
        }
    }

    /// A message of the native schema.
    fn native_payload(&self, now: UtcMs, driving: bool, speed: f64, charging_kw: f64) -> String {
        use std::fmt::Write;
        let mut text = format!(
            "{{\"v\":1,\"ts\":\"{now}\",\"odometer\":{:.3},\"speed\":{speed:.0},\"ignition\":{driving}",
            self.odometer_km
        );
        if self.litres_per_km > 0.0 {
            let _ = write!(
                text,
                ",\"fuel_used_total\":{:.3},\"fuel_level\":{:.1}",
                self.fuel_used_l,
                (self.tank_l / 80.0 * 100.0).clamp(0.0, 100.0)
            );
        }
        if self.capacity_kwh > 0.0 {
            let _ = write!(
                text,
                ",\"soc\":{:.1},\"charging\":{},\"charge_power\":{charging_kw:.2}",
                self.soc() * 100.0,
                charging_kw > 0.0
            );
        }
        text.push('}');
        text
    }
}

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Between a lost link and the next attempt to connect.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// Requests that wait in a client.
const N_REQUESTS: usize = 64;

/// Publishes messages with QoS 1, and connects again when the link is lost.
pub(super) async fn publish(
    host: String,
    port: u16,
    id: String,
    v5: bool,
    messages: mpsc::Receiver<Publication>,
) {
    let client_id = format!("sim-{id}");
    if v5 {
        publish_v5(v5::MqttOptions::new(client_id, host, port), messages).await;
    } else {
        publish_v3(rumqttc::MqttOptions::new(client_id, host, port), messages).await;
    }
}

async fn publish_v5(mut options: v5::MqttOptions, messages: mpsc::Receiver<Publication>) {
    // rumqttc sizes a table by this; its default of 65,535 costs 10 MB a client.
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_outgoing_inflight_upper_limit(64);
    let (client, mut events) = v5::AsyncClient::new(options, N_REQUESTS);
    let send = forward(messages, |publication: Publication| {
        let (client, qos) = (client.clone(), v5::mqttbytes::QoS::AtLeastOnce);
        async move {
            client
                .publish(publication.topic, qos, false, publication.payload)
                .await
                .is_ok()
        }
    });
    let poll = async {
        loop {
            if events.poll().await.is_err() {
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
        }
    };
    tokio::join!(send, poll);
}

/// Publishes the messages by MQTT 3.1.1 until the channel closes.
async fn publish_v3(mut options: rumqttc::MqttOptions, messages: mpsc::Receiver<Publication>) {
    options.set_keep_alive(KEEP_ALIVE);
    let (client, mut events) = rumqttc::AsyncClient::new(options, N_REQUESTS);
    let send = forward(messages, |publication: Publication| {
        let (client, qos) = (client.clone(), rumqttc::QoS::AtLeastOnce);
        async move {
            client
                .publish(publication.topic, qos, false, publication.payload)
                .await
                .is_ok()
        }
    });
    let poll = async {
        loop {
            if events.poll().await.is_err() {
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
        }
    };
    tokio::join!(send, poll);
}

async fn forward<F: Future<Output = bool>>(
    mut messages: mpsc::Receiver<Publication>,
    send: impl Fn(Publication) -> F,
) {
    while let Some(publication) = messages.recv().await {
        if !send(publication).await {
            return;
        }
    }
}
