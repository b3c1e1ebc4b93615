//! Births: the metrics of a birth become the table of its node or device. `values` emits the values.

use super::metric_names::{self, kind_of};
use super::state::{KnownMetric, MetricTable};
use super::{NodeMessage, Sparkplug, birth_number};
use crate::model::RejectReason;
use crate::telemetry::{Refused, Sink};

impl Sparkplug {
    /// Handles a birth: stores its metrics, then emits that the asset is online and the values.
    pub(super) fn birth(
        &mut self,
        incoming: &NodeMessage<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), Refused> {
        match incoming.device {
            Some(device) => self.edges.make_room(incoming.node, device)?,
            None => drop(self.edges.get_or_insert(incoming.node)?),
        }
        fill_table(
            incoming,
            &self.metrics,
            &mut self.aliases,
            &mut self.table,
            sink,
        );
        let edge = self.edges.get_or_insert(incoming.node)?;
        let table = match incoming.device {
            None => {
                edge.restart(incoming.seq);
                edge.birth_number = birth_number(incoming, &self.metrics);
                edge.born_at = incoming.at;
                &mut edge.node
            }
            Some(device) => {
                edge.dead = false;
                incoming
                    .seq
                    .into_iter()
                    .for_each(|seq| edge.observe_sequence(seq));
                if !edge.devices.contains_key(device) {
                    edge.devices.insert(device.into(), MetricTable::default());
                    self.changed = true;
                }
                edge.devices
                    .get_mut(device)
                    .expect("it was there or has just been put there")
            }
        };
        // On a bad link births repeat often; only a different one has to be saved.
        if !table.same_saved_state(&self.table) {
            table.clone_from(&self.table);
            self.changed = true;
        }
        table.born = true;
        table.online = true;
        self.values(incoming, true, sink);
        Ok(())
    }
}

fn fill_table(
    incoming: &NodeMessage<'_>,
    metrics: &[(u32, u32)],
    aliases: &mut Vec<u64>,
    table: &mut MetricTable,
    sink: &mut dyn Sink,
) {
    table.metrics.clear();
    aliases.clear();
    for metric in metrics.iter().filter_map(|index| incoming.metric(*index)) {
        aliases.extend(metric.alias);
        let Some(name) = metric.name else { continue };
        let Some((rule, path)) = metric_names::named(name) else {
            continue;
        };
        let quantity = rule.quantity();
        let rule = match metric.unit {
            None => Some(rule),
            Some(unit) => metric_names::in_unit(rule, unit),
        };
        let datatype = metric
            .datatype
            .and_then(|datatype| u8::try_from(datatype).ok())
            .unwrap_or(0);
        table.add(KnownMetric {
            alias: metric.alias,
            quantity,
            path,
            rule,
            datatype,
        });
    }
    aliases.sort_unstable();
    table.set_aliases(aliases, |alias| {
        let field = format!("alias {alias}");
        sink.ignored(
            RejectReason::Syntax,
            &field,
            "stands for several metrics of one birth; they are read by name only",
        );
    });
    table.kind = kind_of(table.metrics.iter().map(|known| known.quantity));
}
