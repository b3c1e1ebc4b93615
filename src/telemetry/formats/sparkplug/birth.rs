//! A birth to a table of metrics, kept if it says something new. Values are not read here.

use super::names::{self, kind_of};
use super::state::{Known, Table};
use super::{Heard, Sparkplug, birth_number};
use crate::model::RejectReason;
use crate::telemetry::{Refused, Sink};

impl Sparkplug {
    /// Takes a birth: what its metrics are, that it is online, and their values.
    pub(super) fn birth(&mut self, heard: &Heard<'_>, sink: &mut dyn Sink) -> Result<(), Refused> {
        match heard.device {
            Some(device) => self.edges.make_room(heard.node, device)?,
            None => drop(self.edges.make(heard.node)?),
        }
        read_table(
            heard,
            &self.metrics,
            &mut self.aliases,
            &mut self.table,
            sink,
        );
        let edge = self.edges.make(heard.node)?;
        let table = match heard.device {
            None => {
                edge.restart(heard.seq);
                edge.birth_number = birth_number(heard, &self.metrics);
                edge.born_at = heard.at;
                &mut edge.node
            }
            Some(device) => {
                edge.dead = false;
                heard.seq.into_iter().for_each(|seq| edge.count(seq));
                if !edge.devices.contains_key(device) {
                    edge.devices.insert(device.into(), Table::default());
                    self.news = true;
                }
                edge.devices
                    .get_mut(device)
                    .expect("it was there or has just been put there")
            }
        };
        // A birth that repeats the last one is no news: on a bad link there are many.
        if !table.says_the_same(&self.table) {
            table.clone_from(&self.table);
            self.news = true;
        }
        table.born = true;
        table.online = true;
        self.values(heard, true, sink);
        Ok(())
    }
}

fn read_table(
    heard: &Heard<'_>,
    metrics: &[(u32, u32)],
    aliases: &mut Vec<u64>,
    table: &mut Table,
    sink: &mut dyn Sink,
) {
    table.metrics.clear();
    aliases.clear();
    for metric in metrics.iter().filter_map(|place| heard.metric(*place)) {
        aliases.extend(metric.alias);
        let Some(name) = metric.name else { continue };
        let Some((rule, path)) = names::named(name) else {
            continue;
        };
        let quantity = rule.quantity();
        let rule = match metric.unit {
            None => Some(rule),
            Some(unit) => names::in_unit(rule, unit),
        };
        let datatype = metric
            .datatype
            .and_then(|datatype| u8::try_from(datatype).ok())
            .unwrap_or(0);
        table.learn(Known {
            alias: metric.alias,
            quantity,
            path,
            rule,
            datatype,
        });
    }
    aliases.sort_unstable();
    table.take_aliases(aliases, |alias| {
        let field = format!("alias {alias}");
        sink.ignored(
            RejectReason::Syntax,
            &field,
            "stands for several metrics of one birth; they are read by name only",
        );
    });
    table.kind = kind_of(table.metrics.iter().map(|known| known.quantity));
}
