//! A recorded feed through decode and engine, on its own clock: the same facts as when it was live.

mod line;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

pub use self::line::LineError;
use self::line::{Event, From, Line, MqttLine, OcppLine};
use crate::app::mqtt_pipeline::{MqttSink, Published, decode};
use crate::engine::views::{
    ChargePointRow, EmissionsRow, EmissionsView, SessionRow, UptimeView, VehicleRow, VendorRow,
};
use crate::engine::{Dimension, Engine, EngineConfig, SessionsQuery, StoredActivity, ViewContext};
use crate::ledger::emissions::FactorSets;
use crate::ledger::transition::Profile;
use crate::model::register::Register;
use crate::model::{
    ChargePointEvent, ChargePointMessage, ClosedSession, Deviations, Fact, LinkMode, Observation,
    OcppVersion, Reject, RejectReason, Stats, TokenHasher,
};
use crate::ocpp::codec::frame::ParseOptions;
use crate::ocpp::codec::observer::{ObservedMessage, Observer, Origin};
use crate::telemetry::mapping::Mappings;
use crate::telemetry::{Decoders, Formats};
use crate::units::{Day, Month, UtcMs};

/// What a replay needs of the configuration.
pub struct Setting {
    /// `[engine]`, `[limits]` and `[counters]` of the configuration.
    pub engine: EngineConfig,
    /// Definition of low emission.
    pub profile: Profile,
    /// The register to replay by.
    pub register: Arc<Register>,
    /// Emission factors in force.
    pub factors: Arc<FactorSets>,
    /// Hides tags; one that takes a capture's hashes for what they are.
    pub hasher: TokenHasher,
    /// `ocpp.repair_metering`: book MeterValues of broken frames that can be repaired.
    pub repair_metering: bool,
    /// `ocpp.max_json_depth`: frames nested deeper are rejected.
    pub max_depth: usize,
}

/// The figures of a replay, each as in the API.
#[derive(Debug, Default, Serialize)]
pub struct ReplayReport {
    /// As in `/api/v1/vehicles`.
    pub vehicles: Vec<VehicleRow>,
    /// As in `/api/v1/sessions`.
    pub sessions: Vec<SessionRow>,
    /// As in `/api/v1/charge-points`.
    pub charge_points: Vec<ChargePointRow>,
    /// As in `/api/v1/charge-points`; left out where the capture is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendors: Option<Vec<VendorRow>>,
    /// As in `/api/v1/uptime`, over the months of the capture.
    pub uptime: ReplayUptime,
    /// As in `/api/v1/emissions`, over the days of the capture.
    pub emissions: ReplayEmissions,
    /// As in `newest` of `/api/v1/rejects`.
    pub rejects: Vec<Reject>,
}

/// Uptime in a replay's report.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ReplayUptime {
    /// The capture has lines.
    Known(Box<UptimeView>),
    /// The capture is empty: `{}`.
    Empty {},
}

impl Default for ReplayUptime {
    fn default() -> Self {
        Self::Empty {}
    }
}

/// Emissions in a replay's report.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ReplayEmissions {
    /// The capture has lines.
    Known(Box<EmissionsView>),
    /// The capture is empty.
    Empty {
        /// Empty, so that the field is there as in other replays.
        rows: Vec<EmissionsRow>,
    },
}

impl Default for ReplayEmissions {
    fn default() -> Self {
        Self::Empty { rows: Vec::new() }
    }
}

/// A replay under way.
pub struct Replay {
    setting: Setting,
    engine: Option<Engine>,
    decoders: Decoders,
    now: UtcMs,
    observers: HashMap<String, (Arc<str>, Observer)>,
    sessions: BTreeMap<String, ClosedSession>,
    stats: Stats,
    first: UtcMs,
    observed: Vec<ObservedMessage>,
}

impl Replay {
    /// An empty one; its clock starts with the first line.
    pub fn new(setting: Setting) -> Self {
        Self {
            setting,
            engine: None,
            decoders: Decoders::default(),
            now: UtcMs(i64::MIN),
            observers: HashMap::new(),
            sessions: BTreeMap::new(),
            stats: Stats::default(),
            first: UtcMs(0),
            observed: Vec::new(),
        }
    }

    /// With the site's maps.
    #[must_use]
    pub fn with_mappings(self, mappings: Arc<Mappings>) -> Self {
        Self {
            decoders: Decoders::with_mappings(mappings),
            ..self
        }
    }

    /// Parses a line of a capture and replays its observation.
    pub fn line(&mut self, text: &str) -> Result<(), LineError> {
        let line: Line = serde_json::from_str(text)?;
        let at: UtcMs = line
            .at
            .parse()
            .map_err(|_| LineError::At(line.at.clone()))?;
        // Lines of several feeds may be a little out of order; time goes forward all the same.
        self.advance(at);
        match (line.mqtt, line.ocpp) {
            (Some(mqtt), None) => self.mqtt(&mqtt, at),
            (None, Some(ocpp)) => self.ocpp(&ocpp, at),
            _ => Err(LineError::Empty),
        }
    }

    /// The end of the capture: work that is due within the next two minutes is done, as it would have been live.
    pub fn finish(&mut self) {
        const SETTLE_MS: i64 = 120_000;
        for (charge_point, mut observer) in std::mem::take(&mut self.observers).into_values() {
            observer.ended(&mut self.observed);
            self.handle_observed(&charge_point);
        }
        if self.engine.is_some() {
            let end = self.now.plus(SETTLE_MS);
            self.advance(end);
        }
    }

    /// The figures so far.
    pub fn report(&self) -> ReplayReport {
        let Some(engine) = &self.engine else {
            return ReplayReport::default();
        };
        let context = ViewContext {
            now: self.now,
            late: Stats::get(&self.stats.late),
            rejected: 0,
        };
        let closed = self.sessions.values().cloned().collect();
        let zone = engine.register().zone();
        let (from, to) = (Day::of(self.first, zone), Day::of(self.now, zone));
        let by = [
            Dimension::Scope,
            Dimension::Organisation,
            Dimension::Site,
            Dimension::VehicleClass,
            Dimension::Tier,
        ];
        let sessions = engine.sessions_view(&context, closed, &SessionsQuery::default());
        let charge_points = engine.charge_points_view(&context);
        let months = (Month::of(self.first, zone), Month::of(self.now, zone));
        ReplayReport {
            vehicles: engine.vehicles_view(&context).vehicles,
            sessions: sessions.sessions,
            charge_points: charge_points.charge_points,
            vendors: Some(charge_points.vendors),
            uptime: ReplayUptime::Known(Box::new(engine.uptime_view(&context, months.0, months.1))),
            emissions: ReplayEmissions::Known(Box::new(engine.emissions_view(
                from,
                to,
                &by,
                StoredActivity::default(),
            ))),
            rejects: self.stats.rejects(),
        }
    }

    fn engine(&mut self, at: UtcMs) -> &mut Engine {
        let setting = &self.setting;
        self.engine.get_or_insert_with(|| {
            // A replay reports no quarter hours, and no checkpoint would take them.
            let config = EngineConfig {
                max_history_series: 0,
                ..setting.engine.clone()
            };
            Engine::new(
                config,
                setting.profile.clone(),
                setting.register.clone(),
                setting.factors.clone(),
                1,
                at,
            )
        })
    }

    /// Lets everything happen that is due until `at`.
    fn advance(&mut self, at: UtcMs) {
        if self.engine.is_none() {
            self.first = at;
        }
        self.now = self.now.max(at);
        let until = self.now;
        let engine = self.engine(at);
        let mut facts = Vec::new();
        while engine.next_timeout() <= until {
            let due = engine.next_timeout();
            engine.handle_timeout(due);
            facts.extend(std::iter::from_fn(|| engine.poll_output()));
            // Notices of the past are not sent.
            while engine.poll_notice().is_some() {}
        }
        self.keep_sessions(facts);
    }

    fn keep_sessions(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            if let Fact::Session {
                record,
                kgco2e_location,
            } = fact
            {
                self.sessions.insert(
                    record.id.clone(),
                    ClosedSession {
                        record: *record,
                        kgco2e_location,
                    },
                );
            }
        }
    }

    fn mqtt(&mut self, line: &MqttLine, at: UtcMs) -> Result<(), LineError> {
        let payload = match (&line.payload, &line.payload_b64) {
            (_, Some(encoded)) => data_encoding::BASE64
                .decode(encoded.as_bytes())
                .map_err(|_| LineError::Base64)?,
            (text, None) => text.clone().unwrap_or_default().into_bytes(),
        };
        let mut scratch = Vec::new();
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let mut sink = MqttSink {
            engine,
            inbox: &mut scratch,
            stats: &self.stats,
            now: at,
            readings: 0,
        };
        let properties: Vec<_> = line.props.clone().into_iter().collect();
        let published = Published {
            topic: line.topic.as_bytes(),
            payload: &payload,
            retained: line.retain,
            properties: &properties,
            received_at: at,
            zone: self.setting.register.zone(),
        };
        if let Err((reason, detail)) =
            decode(&mut self.decoders, &Formats::ByTopic, &published, &mut sink)
        {
            self.stats
                .reject(at, "mqtt", &line.topic, reason, &detail, &payload);
        }
        let facts = std::iter::from_fn(|| engine.poll_output()).collect();
        self.keep_sessions(facts);
        Ok(())
    }

    fn ocpp(&mut self, line: &OcppLine, at: UtcMs) -> Result<(), LineError> {
        let version = match &line.version {
            Some(name) => {
                Some(OcppVersion::from_name(name).ok_or_else(|| LineError::Version(name.clone()))?)
            }
            None => None,
        };
        let mode = line.mode.unwrap_or_default();
        let registered = self.setting.register.charge_point(&line.charge_point);
        let id: Arc<str> = registered.map_or_else(
            || Arc::from(line.charge_point.as_str()),
            |known| known.id.clone(),
        );
        match (line.event, &line.frame) {
            (Some(Event::Connected), _) => {
                self.connect(&id, version.unwrap_or(OcppVersion::V16), mode, at)
            }
            (Some(Event::Disconnected), _) => self.disconnect(&id, at),
            (None, Some(frame)) => self.frame(&id, version, line.from, frame, at),
            (None, None) => return Err(LineError::Empty),
        }
        Ok(())
    }

    fn connect(&mut self, id: &Arc<str>, version: OcppVersion, mode: LinkMode, at: UtcMs) {
        if let Some((_, mut old)) = self
            .observers
            .insert(id.to_lowercase(), (id.clone(), Observer::new(version)))
        {
            old.ended(&mut self.observed);
            self.handle_observed(id);
        }
        self.handle_message(
            id,
            at,
            Deviations::default(),
            ChargePointMessage::Connected { version, mode },
        );
    }

    fn disconnect(&mut self, id: &Arc<str>, at: UtcMs) {
        if let Some((_, mut observer)) = self.observers.remove(&id.to_lowercase()) {
            observer.ended(&mut self.observed);
            self.handle_observed(id);
        }
        self.handle_message(
            id,
            at,
            Deviations::default(),
            ChargePointMessage::Disconnected,
        );
    }

    fn frame(
        &mut self,
        id: &Arc<str>,
        version: Option<OcppVersion>,
        from: Option<From>,
        frame: &str,
        at: UtcMs,
    ) {
        let key = id.to_lowercase();
        let known = self
            .observers
            .get(&key)
            .map(|(_, observer)| observer.version());
        if known.is_none() || version.is_some_and(|version| known != Some(version)) {
            // The capture began in the middle of a link.
            self.connect(id, version.unwrap_or(OcppVersion::V16), LinkMode::Csms, at);
        }
        let Some((_, observer)) = self.observers.get_mut(&key) else {
            return;
        };
        let reading = ParseOptions {
            version: observer.version(),
            hasher: &self.setting.hasher,
            max_depth: self.setting.max_depth,
            repair_metering: self.setting.repair_metering,
        };
        let speaker = if from == Some(From::Csms) {
            Origin::Csms
        } else {
            Origin::ChargePoint
        };
        if let Err(rejected) = observer.observe(speaker, frame, &reading, at, &mut self.observed) {
            self.stats.reject(
                at,
                "ocpp",
                id,
                rejected.reason,
                &rejected.detail,
                frame.as_bytes(),
            );
        }
        self.handle_observed(id);
    }

    fn handle_observed(&mut self, id: &Arc<str>) {
        for observed in std::mem::take(&mut self.observed) {
            self.handle_message(
                id,
                observed.received_at,
                observed.deviations,
                observed.message,
            );
        }
    }

    fn handle_message(
        &mut self,
        id: &Arc<str>,
        at: UtcMs,
        deviations: Deviations,
        message: ChargePointMessage,
    ) {
        let Some(engine) = &mut self.engine else {
            return;
        };
        let event = ChargePointEvent {
            charge_point: id.clone(),
            received_at: at,
            deviations,
            message,
        };
        engine.handle(&Observation::ChargePoint(event), at);
        let facts = std::iter::from_fn(|| engine.poll_output()).collect();
        self.keep_sessions(facts);
    }

    /// A file that cannot be read as a capture at all is worth a word among the rejects too.
    pub fn record_bad_line(&self, file: &str, number: usize, error: &LineError, text: &str) {
        let detail = format!("line {number} {error}");
        self.stats.reject(
            self.now.max(UtcMs(0)),
            "capture",
            file,
            RejectReason::Syntax,
            &detail,
            text.as_bytes(),
        );
    }
}
