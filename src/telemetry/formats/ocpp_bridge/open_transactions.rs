//! The open transaction of each connector. A StopTransaction names only the transaction, and the response that assigns a transaction's id
//! goes to the charge point, which we do not see; so connectors are recorded from StartTransaction and MeterValues.

use std::collections::BTreeMap;

/// Charge points remembered; far more than one bridge has.
const MAX_POINTS: usize = 4_096;
/// Connectors of a charge point; the largest hubs have fewer.
const MAX_CONNECTORS: usize = 32;

/// Connector and transaction id; `None` until MeterValues carry the id.
type Open = (u32, Option<i64>);

/// Open transactions by charge point.
#[derive(Default)]
pub(super) struct OpenTransactions {
    points: BTreeMap<String, Vec<Open>>,
    changed: bool,
}

impl OpenTransactions {
    /// Records that a transaction runs at a connector. Beyond the limits it is not remembered.
    pub(super) fn record(&mut self, point: &str, connector: u32, transaction: Option<i64>) {
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
            Some(index) if open[index].1 == transaction => return,
            Some(index) => open[index].1 = transaction,
            None if open.len() < MAX_CONNECTORS => open.push((connector, transaction)),
            None => return,
        }
        self.changed = true;
    }

    /// Removes a transaction and returns its connector: the one recorded with this id, or else the only one with an open transaction that has
    /// no id yet.
    pub(super) fn end(&mut self, point: &str, transaction: Option<i64>) -> Option<u32> {
        let open = self.points.get_mut(point)?;
        let named = open
            .iter()
            .position(|(_, known)| known.is_some() && *known == transaction);
        let index = named.or_else(|| {
            let mut unnamed = open
                .iter()
                .enumerate()
                .filter(|(_, (_, known))| known.is_none());
            let (index, _) = unnamed.next()?;
            unnamed.next().is_none().then_some(index)
        })?;
        let (connector, _) = open.swap_remove(index);
        if open.is_empty() {
            self.points.remove(point);
        }
        self.changed = true;
        Some(connector)
    }

    /// Returns true, once, if a transaction has changed.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The open transactions, for [`OpenTransactions::restored`].
    pub(super) fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.points).unwrap_or_default()
    }

    /// Restores saved transactions; empty if they cannot be decoded.
    pub(super) fn restored(saved: &[u8]) -> Self {
        Self {
            points: postcard::from_bytes(saved).unwrap_or_default(),
            changed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::formats::ocpp_bridge::open_transactions::*;

    #[test]
    fn a_stop_finds_its_connector() {
        let mut transactions = OpenTransactions::default();
        transactions.record("CP07", 1, None);
        transactions.record("CP07", 2, Some(42));
        assert_eq!(transactions.end("CP08", Some(42)), None);
        let mut again = OpenTransactions::restored(&transactions.save());
        assert_eq!(again.end("CP07", Some(42)), Some(2));
        assert_eq!(
            again.end("CP07", Some(43)),
            Some(1),
            "the only one without an id"
        );
        assert_eq!(again.end("CP07", Some(44)), None);
        assert!(again.points.is_empty() && again.take_changed() && !again.take_changed());
        transactions.record("CP07", 2, None);
        assert_eq!(transactions.end("CP07", Some(43)), None, "either of two");
        assert_eq!(OpenTransactions::restored(b"\xff\xff").points.len(), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut transactions = OpenTransactions::default();
        for number in 0..MAX_POINTS + 10 {
            transactions.record(&format!("CP{number}"), 1, None);
        }
        for connector in 0..100 {
            transactions.record("CP0", connector, Some(1));
        }
        assert_eq!(
            (transactions.points.len(), transactions.points["CP0"].len()),
            (MAX_POINTS, MAX_CONNECTORS)
        );
    }
}
