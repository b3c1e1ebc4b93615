//! Which transaction runs at which connector, because a StopTransaction names the transaction only. Learnt from StartTransaction and
//! MeterValues; the answer that gives a transaction its id goes downstream and is not read.

use std::collections::BTreeMap;

/// Charge points remembered; as many as one bridge has by far.
const MAX_POINTS: usize = 4_096;
/// Connectors of one; the largest hubs have fewer.
const MAX_CONNECTORS: usize = 32;

/// Connector and transaction; `None` until MeterValues tell its id.
type Open = (u32, Option<i64>);

/// Open transactions by charge point.
#[derive(Default)]
pub struct Memory {
    points: BTreeMap<String, Vec<Open>>,
    news: bool,
}

impl Memory {
    /// A transaction runs at a connector. Beyond the limits it is not remembered.
    pub fn note(&mut self, point: &str, connector: u32, transaction: Option<i64>) {
        if !self.points.contains_key(point) {
            if self.points.len() >= MAX_POINTS {
                return;
            }
            self.points.insert(point.to_owned(), Vec::new());
        }
        let Some(open) = self.points.get_mut(point) else {
            return;
        };
        match open.iter().position(|(known, _)| *known == connector) {
            Some(place) if open[place].1 == transaction => return,
            Some(place) => open[place].1 = transaction,
            None if open.len() < MAX_CONNECTORS => open.push((connector, transaction)),
            None => return,
        }
        self.news = true;
    }

    /// The connector of a transaction that ends: the one it was heard at, or the only one at which a transaction without an id is open.
    pub fn end(&mut self, point: &str, transaction: Option<i64>) -> Option<u32> {
        let open = self.points.get_mut(point)?;
        let heard = open
            .iter()
            .position(|(_, known)| known.is_some() && *known == transaction);
        let place = heard.or_else(|| {
            let mut unnamed = open
                .iter()
                .enumerate()
                .filter(|(_, (_, known))| known.is_none());
            let (place, _) = unnamed.next()?;
            unnamed.next().is_none().then_some(place)
        })?;
        let (connector, _) = open.swap_remove(place);
        if open.is_empty() {
            self.points.remove(point);
        }
        self.news = true;
        Some(connector)
    }

    /// Something changed since the last call.
    pub fn has_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// For after a restart.
    pub fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.points).unwrap_or_default()
    }

    /// From what was saved; nothing if it cannot be read.
    pub fn restored(saved: &[u8]) -> Self {
        Self {
            points: postcard::from_bytes(saved).unwrap_or_default(),
            news: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::ocpp_bridge::memory::*;

    #[test]
    fn a_stop_finds_its_connector() {
        let mut memory = Memory::default();
        memory.note("CP07", 1, None);
        memory.note("CP07", 2, Some(42));
        assert_eq!(memory.end("CP08", Some(42)), None);
        let mut again = Memory::restored(&memory.save());
        assert_eq!(again.end("CP07", Some(42)), Some(2));
        assert_eq!(
            again.end("CP07", Some(43)),
            Some(1),
            "the only one whose id nobody has heard"
        );
        assert_eq!(again.end("CP07", Some(44)), None);
        assert!(again.points.is_empty() && again.has_news() && !again.has_news());
        memory.note("CP07", 2, None);
        assert_eq!(memory.end("CP07", Some(43)), None, "either of two");
        assert_eq!(Memory::restored(b"\xff\xff").points.len(), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut memory = Memory::default();
        for number in 0..MAX_POINTS + 10 {
            memory.note(&format!("CP{number}"), 1, None);
        }
        for connector in 0..100 {
            memory.note("CP0", connector, Some(1));
        }
        assert_eq!(
            (memory.points.len(), memory.points["CP0"].len()),
            (MAX_POINTS, MAX_CONNECTORS)
        );
    }
}
