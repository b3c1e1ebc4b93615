//! Answers the web room's questions on the engine's thread: engine state plus what the store has closed already.

use super::intensity;
use crate::engine::{Engine, MAX_EMISSION_DAYS, View, ViewContext};
use crate::model::{Observation, Stats};
use crate::store::Reader;
use crate::units::{Day, UtcMs};
use crate::web::Wish;

/// The way back to who asked.
pub type Reply = tokio::sync::oneshot::Sender<Result<String, String>>;

/// Sessions given out at once; the newest come first.
const MAX_SESSIONS: usize = 1_000;

/// A wish that changes something: what the engine is to be told, and the answer for when that is on disk. Or why not.
pub fn order(
    engine: &Engine,
    wish: Wish,
    now: UtcMs,
) -> Result<(Observation<'static>, String), String> {
    match wish {
        Wish::See(_) => Err("a question changes nothing".to_owned()),
        Wish::UndoCounterEvent(entry) => {
            engine
                .check_undo(entry)
                .map_err(|error| error.to_string())?;
            Ok((
                Observation::CounterUndone { entry },
                format!("{{\"undone\":{entry}}}"),
            ))
        }
        Wish::AckAlert { fingerprint, by } => {
            engine
                .check_ack(fingerprint)
                .map_err(|error| error.to_string())?;
            Ok((
                Observation::AlertAcked { fingerprint, by },
                format!("{{\"acked\":\"{fingerprint}\"}}"),
            ))
        }
        Wish::SilenceAlerts {
            matchers,
            duration_ms,
            by,
            comment,
        } => {
            let until = now.plus(duration_ms);
            let id = engine
                .check_silence(&matchers, until, now)
                .map_err(|error| error.to_string())?;
            let answer = format!("{{\"silence\":{id},\"until\":\"{until}\"}}");
            Ok((
                Observation::AlertsSilenced {
                    matchers,
                    until,
                    by,
                    comment,
                },
                answer,
            ))
        }
        Wish::EndSilence(id) => {
            engine
                .check_unsilence(id)
                .map_err(|error| error.to_string())?;
            Ok((
                Observation::SilenceEnded { id },
                format!("{{\"ended\":{id}}}"),
            ))
        }
    }
}

/// Answers one question. A dropped receiver is a client that went away.
pub fn answer(
    engine: &Engine,
    reader: &Reader,
    stats: &Stats,
    now: UtcMs,
    view: &View,
    reply: Reply,
) {
    let _ = reply.send(json(engine, reader, stats, now, view));
}

fn json(
    engine: &Engine,
    reader: &Reader,
    stats: &Stats,
    now: UtcMs,
    view: &View,
) -> Result<String, String> {
    let rejected = stats.snapshot();
    let context = ViewContext {
        now,
        late: Stats::get(&stats.late),
        rejected: rejected.mqtt_rejected + rejected.ocpp_rejected,
    };
    let calendar = &engine.register().jurisdiction.calendar;
    let zone = &calendar.zone;
    let text = match view {
        View::Overview => serde_json::to_string(&engine.overview(&context)),
        View::Vehicles => serde_json::to_string(&engine.vehicles_view(&context)),
        View::Chosen {
            vehicles,
            organisations,
            limit,
        } => serde_json::to_string(&engine.home_assistant_view(vehicles, organisations, *limit)),
        View::ChargePoints => serde_json::to_string(&engine.charge_points_view(&context)),
        View::Counters { asset } => {
            serde_json::to_string(&engine.counters_view(&context, asset.as_deref()))
        }
        View::Intensity { from, to } => {
            let to = to.unwrap_or_else(|| Day::of(now, zone));
            let from = from.unwrap_or(Day(to.0.saturating_sub(6)));
            let stored = intensity::stored(reader, from.start(zone), to.end(zone))
                .map_err(|error| error.to_string())?;
            serde_json::to_string(&engine.intensity_view(&context, from, to, stored))
        }
        View::History { .. } | View::Utilisation { .. } => {
            return Err("the history is read beside the engine".to_owned());
        }
        View::Indicators => {
            let stored = reader.indicators().map_err(|error| error.to_string())?;
            serde_json::to_string(&engine.indicators_view(&context, stored))
        }
        View::Feeds => serde_json::to_string(&engine.feeds_view(&context)),
        View::Alerts => serde_json::to_string(&engine.alerts_view(&context)),
        View::Transition { from, to } => {
            serde_json::to_string(&engine.transition_view(&context, *from, *to))
        }
        View::WhatIf { per_month } => {
            serde_json::to_string(&engine.what_if_view(&context, *per_month))
        }
        View::Targets => serde_json::to_string(&engine.targets_view(&context)),
        View::Sessions {
            from,
            to,
            charge_point,
            vehicle,
        } => {
            let closed = reader
                .sessions(
                    *from,
                    *to,
                    charge_point.as_deref(),
                    vehicle.as_deref(),
                    MAX_SESSIONS,
                )
                .map_err(|error| error.to_string())?;
            serde_json::to_string(&engine.sessions_view(&context, closed, view))
        }
        View::Uptime { from, to } => {
            let (from, to) = engine.uptime_months(&context, *from, *to);
            serde_json::to_string(&engine.uptime_view(&context, from, to))
        }
        View::Air { from, to } => {
            let (from, to) = engine.emission_days(&context, *from, *to);
            let stored = crate::store::stored_activity(reader, from, to, calendar)?;
            let base = engine
                .air_base_days()
                .map(|(from, to)| crate::store::stored_activity(reader, from, to, calendar))
                .transpose()?;
            serde_json::to_string(&engine.air_view(from, to, stored, base))
        }
        View::Activity { from, to } => {
            let (from, to) = engine.emission_days(&context, *from, *to);
            serde_json::to_string(&engine.activity_view(
                from,
                to,
                &crate::store::stored_activity(reader, from, to, calendar)?,
            ))
        }
        View::Emissions { from, to, by } => {
            // Without an end, no further from the beginning than is allowed.
            let furthest = from.map(|from| {
                Day(from.0.saturating_add(MAX_EMISSION_DAYS - 1)).min(Day::of(now, zone))
            });
            let (from, to) = engine.emission_days(&context, *from, to.or(furthest));
            let stored = crate::store::stored_activity(reader, from, to, calendar)?;
            serde_json::to_string(&engine.emissions_view(from, to, by, stored))
        }
    };
    text.map_err(|error| error.to_string())
}
