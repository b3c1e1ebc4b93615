//! The engine's thread: frames in, observations to the engine, facts to rows, everything of one commit to the writer.

mod commit;
mod figures;
mod own;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::api::requests::{EngineRequest, PreparedCommand};
use crate::app::aggregates::HistoryReader;
use crate::app::backfill::PastRows;
use crate::app::clock::Clock;
use crate::app::intensity::IntensityRows;
use crate::app::mqtt_pipeline::{MqttSink, Published, decode};
use crate::app::rollups::RollupReaders;
use crate::app::wiring::Receivers;
use crate::app::writer::{CommitJob, Done, Job};
use crate::app::{api_requests, inbox};
use crate::engine::Engine;
use crate::ingest::capture::{Capture, Line};
use crate::ingest::{Frame, MqttBatch, OcppFrame, Receipt, Settlement};
use crate::ledger::targets::Figures;
use crate::model::register::Register;
use crate::model::{
    ChargePointEvent, ChargePointMessage, ClosedSession, Deviations, Fact, Observation, Stats,
};
use crate::series;
use crate::store::{Reader, StoreConfig};
use crate::telemetry::Decoders;
use crate::units::UtcMs;

/// Frames taken from the queue at once.
const FRAMES_AT_ONCE: usize = 64;
/// Messages waiting for a commit at which no more frames are read: after a crash the senders repeat at most these.
const MAX_WAITING: usize = 50_000;
/// Bytes of those messages at which no more frames are read either.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// How often `ingest_stats` rows are written.
const STATS_ROWS_MS: i64 = 10_000;

/// The channels to the sockets, the API and the writer.
pub(super) struct Channels {
    /// From the sockets. The pipeline ends when all senders are gone.
    pub frames: mpsc::Receiver<Frame>,
    /// Queries and commands of the API, answered between frames.
    pub requests: mpsc::Receiver<EngineRequest>,
    /// The register, after each reload.
    pub register: watch::Receiver<Arc<Register>>,
    /// Work for the writer's thread: commits, checkpoints, acknowledgements.
    pub jobs: mpsc::Sender<Job>,
    /// Reports of the writer: what is durable, and buffers to fill again.
    pub done: mpsc::UnboundedReceiver<Done>,
}

/// State of the engine's thread, which decodes frames, runs the engine and hands commits to the writer.
pub(super) struct Pipeline {
    engine: Engine,
    decoders: Decoders,
    clock: Clock,
    config: StoreConfig,
    stats: Arc<Stats>,
    reader: Reader,
    capture: Capture,
    batch: CommitJob,
    /// Buffers that came back from the writer, to be filled again.
    spare: Option<CommitJob>,
    commit_under_way: bool,
    checkpoint_under_way: bool,
    last_commit: Instant,
    last_checkpoint: Instant,
    inbox_since_checkpoint: u64,
    next_stats_row: UtcMs,
    history: HistoryReader,
    past_rows: PastRows,
    rollups: RollupReaders,
    /// What targets were last compared with.
    figures: Figures,
    next_own_state: UtcMs,
    receivers: Receivers,
    /// Half-hourly intensities arrived or were revised since their rows were written.
    intensity_revised: bool,
    intensity_rows: IntensityRows,
}

impl Pipeline {
    /// Makes the pipeline of a restored engine; the decoders get their memories back from it.
    pub(super) fn new(
        engine: Engine,
        mut decoders: Decoders,
        clock: Clock,
        config: StoreConfig,
        stats: Arc<Stats>,
        reader: Reader,
        capture: Capture,
    ) -> Self {
        let now = Instant::now();
        let next_stats_row = clock.now();
        engine
            .decoder_memories()
            .for_each(|memory| decoders.restore(&memory));
        Self {
            engine,
            decoders,
            clock,
            stats,
            reader,
            capture,
            batch: CommitJob::default(),
            spare: None,
            commit_under_way: false,
            checkpoint_under_way: false,
            // Long ago: the first message after the start is committed at once.
            last_commit: now.checked_sub(config.commit_interval).unwrap_or(now),
            last_checkpoint: now,
            inbox_since_checkpoint: 0,
            next_stats_row,
            history: HistoryReader::default(),
            past_rows: PastRows::default(),
            rollups: RollupReaders::new(&config.directory),
            figures: Figures::default(),
            next_own_state: next_stats_row,
            receivers: Receivers::default(),
            intensity_revised: false,
            intensity_rows: IntensityRows::default(),
            config,
        }
    }

    /// Sets the receivers of what the pipeline emits.
    pub(super) fn with_receivers(self, receivers: Receivers) -> Self {
        Self { receivers, ..self }
    }

    /// Runs until every sender of frames is gone, then commits, writes a last checkpoint and returns.
    pub(super) async fn run(mut self, mut channels: Channels) {
        self.forget_links();
        let mut frames = Vec::with_capacity(FRAMES_AT_ONCE);
        let mut register_open = true;
        let mut requests_open = true;
        loop {
            let wake = self.wake_at();
            tokio::select! {
                biased;
                Some(done) = channels.done.recv() => self.done(done),
                request = channels.requests.recv(), if requests_open => match request {
                    Some(request) => self.handle_request(request),
                    None => requests_open = false,
                },
                changed = channels.register.changed(), if register_open => match changed {
                    Ok(()) => {
                        let register = channels.register.borrow_and_update().clone();
                        self.engine.set_register(register, self.clock.now());
                        self.history.forget();
                        self.past_rows.clear();
                        self.last_checkpoint = self.last_checkpoint.checked_sub(self.config.checkpoint_interval).unwrap_or(self.last_checkpoint);
                    }
                    Err(_) => register_open = false,
                },
                // After the requests: under full load there is always a frame, and the page must still answer.
                count = channels.frames.recv_many(&mut frames, FRAMES_AT_ONCE), if self.has_room() => {
                    if count == 0 {
                        break;
                    }
                    let now = self.clock.now();
                    for frame in frames.drain(..) {
                        self.take(frame, now);
                    }
                }
                () = sleep_until(wake) => {}
            }
            self.tick();
            self.commit_if_due(&channels.jobs).await;
        }
        self.finish(&mut channels).await;
    }

    /// No message arrived while the process was away, and no link outlives it, however it ended.
    fn forget_links(&mut self) {
        let now = self.clock.now();
        self.engine.handle(&Observation::Restarted, now);
        inbox::append_observed(&mut self.batch.inbox, now, Observation::Restarted);
        for charge_point in self.engine.online_charge_points() {
            let message = ChargePointMessage::Disconnected;
            let observation = Observation::ChargePoint(ChargePointEvent {
                charge_point,
                received_at: now,
                deviations: Deviations::default(),
                message,
            });
            self.engine.handle(&observation, now);
            inbox::append_observed(&mut self.batch.inbox, now, observation);
        }
        self.drain_facts();
    }

    fn has_room(&self) -> bool {
        self.batch.messages < MAX_WAITING
            && self.batch.inbox.len() + self.batch.lines.len() < MAX_WAITING_BYTES
    }

    /// The next time at which work is due without a message.
    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let engine_ms = self
            .engine
            .next_timeout()
            .min(self.next_stats_row)
            .min(self.next_own_state)
            .since(self.clock.now())
            .max(0);
        let engine =
            now + Duration::from_millis(engine_ms as u64 / u64::from(self.clock.speed()) + 1);
        let commit = (!self.batch.is_empty() && !self.commit_under_way)
            .then(|| self.last_commit + self.config.commit_interval);
        let checkpoint = self.last_checkpoint + self.config.checkpoint_interval;
        // While a commit is stuck on a full disk there is no work to wake up for.
        let waiting =
            !self.checkpoint_under_way && !self.commit_under_way && self.inbox_since_checkpoint > 0;
        let checkpoint = waiting.then_some(checkpoint);
        // The system clock may step; look again at least every minute.
        [commit, checkpoint]
            .into_iter()
            .flatten()
            .fold(engine.min(now + Duration::from_secs(60)), Instant::min)
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        self.look_at_history(now);
        if now >= self.engine.next_timeout() {
            inbox::append_timeout(&mut self.batch.inbox, now);
            self.engine.handle_timeout(now);
            self.drain_facts();
        }
        if now >= self.next_own_state {
            self.observe_own_state(now);
            self.look_at_indicators();
        }
        if std::mem::take(&mut self.intensity_revised) {
            match self
                .intensity_rows
                .changed_rows(&self.engine, &self.reader, now)
            {
                Ok(rows) => rows.iter().for_each(|fact| {
                    self.batch.points += u64::from(series::encode(fact, &mut self.batch.lines))
                }),
                Err(error) => tracing::warn!(%error, "no rows of charging_intensity this time"),
            }
        }
        if now >= self.next_stats_row {
            self.next_stats_row = now.plus(STATS_ROWS_MS * i64::from(self.clock.speed()));
            self.write_stats_rows(now);
        }
    }

    fn handle_request(&mut self, request: EngineRequest) {
        let now = self.clock.now();
        match request {
            EngineRequest::Query(answer) => {
                api_requests::answer(&self.engine, &self.reader, &self.stats, now, answer);
            }
            EngineRequest::Rollups { series, answer } => {
                self.rollups.answer(&self.engine, now, series, answer);
            }
            EngineRequest::Command(prepare) => {
                let Some(PreparedCommand {
                    observation,
                    confirm,
                }) = prepare(&self.engine, now)
                else {
                    return;
                };
                self.observe(observation, now);
                self.batch
                    .receipts
                    .push((Receipt::new(move |_| confirm()), Settlement::default()));
            }
        }
    }

    /// To the engine and into the inbox.
    fn observe(&mut self, observation: Observation<'_>, now: UtcMs) {
        self.engine.handle(&observation, now);
        inbox::append_observed(&mut self.batch.inbox, now, observation);
        self.drain_facts();
    }

    fn take(&mut self, frame: Frame, now: UtcMs) {
        match frame {
            Frame::Mqtt(batch) => self.take_mqtt(batch),
            Frame::Ocpp(frame) => self.take_ocpp(frame, now),
        }
        self.note_tally();
        self.drain_facts();
    }

    fn take_mqtt(&mut self, batch: MqttBatch) {
        let now = batch.received_at;
        let received = batch.messages.len();
        let mut accepted = 0;
        for message in &batch.messages {
            if self.capture.includes_mqtt() {
                let (topic, payload) = (message.topic.clone(), message.payload.clone());
                let properties = message.properties.clone();
                self.capture.record(Line::Mqtt {
                    at: now,
                    topic,
                    payload,
                    retained: message.retained,
                    properties,
                });
            }
            let zone = self.engine.register().zone();
            let mut sink = MqttSink {
                engine: &mut self.engine,
                inbox: &mut self.batch.inbox,
                stats: &self.stats,
                now,
                readings: 0,
            };
            let published = Published {
                topic: &message.topic,
                payload: &message.payload,
                retained: message.retained,
                properties: &message.properties,
                received_at: now,
                zone,
            };
            match decode(&mut self.decoders, &batch.formats, &published, &mut sink) {
                Ok(()) => accepted += u64::from(sink.readings > 0),
                Err((reason, detail)) => {
                    let origin = String::from_utf8_lossy(&message.topic);
                    self.stats
                        .reject(now, "mqtt", &origin, reason, &detail, &message.payload);
                }
            }
        }
        // In the same commit as what they followed from.
        for memory in self.decoders.changed_memories() {
            let observation = Observation::Remembered(memory);
            self.engine.handle(&observation, now);
            inbox::append_observed(&mut self.batch.inbox, now, observation);
        }
        Stats::add(&self.stats.mqtt_accepted, accepted);
        self.batch.messages += received;
        self.batch.receipts.extend(
            batch
                .receipt
                .map(|receipt| (receipt, Settlement::default())),
        );
    }

    fn take_ocpp(&mut self, frame: OcppFrame, now: UtcMs) {
        let is_message = own::is_message(&frame.event.message);
        let is_provisioning = frame.receipt.is_some()
            && matches!(frame.event.message, ChargePointMessage::Provisioning(_));
        let provisioned = is_provisioning.then(|| frame.event.charge_point.clone());
        let observation = Observation::ChargePoint(frame.event);
        let transaction_id = self.engine.handle(&observation, now);
        inbox::append_observed(&mut self.batch.inbox, now, observation);
        Stats::add(&self.stats.ocpp_accepted, u64::from(is_message));
        self.batch.messages += 1;
        if let Some(receipt) = frame.receipt {
            let provisioning = provisioned
                .map(|charge_point| Box::new(self.engine.provisioning_snapshot(&charge_point)));
            self.batch.receipts.push((
                receipt,
                Settlement {
                    transaction_id,
                    provisioning,
                },
            ));
        }
    }

    fn drain_facts(&mut self) {
        while let Some(notice) = self.engine.poll_notice() {
            self.batch
                .notifications
                .extend(self.receivers.notifications(&notice));
        }
        while let Some(fact) = self.engine.poll_output() {
            self.batch.points += u64::from(series::encode(&fact, &mut self.batch.lines));
            if let Fact::Session {
                record,
                kgco2e_location,
            } = fact
            {
                self.batch.sessions.push(ClosedSession {
                    record: *record,
                    kgco2e_location,
                });
            }
        }
    }
}
