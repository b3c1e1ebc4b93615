//! What brokers hold for our sessions: which topic filters, as far as is known. A session that no broker of the configuration has any
//! more keeps its rows, because it may come back before it expires.

use rusqlite::params;

use super::{CommitError, Store};
use crate::model::Subscription;

impl Store {
    /// The filters of one session, in order.
    pub fn subscriptions(&self, session: &str) -> Result<Vec<Subscription>, CommitError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT filter, qos FROM subscription WHERE session = ?1 ORDER BY filter",
        )?;
        let rows = statement.query_map([session], |row| {
            Ok(Subscription {
                filter: row.get(0)?,
                qos: row.get(1)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Replaces the filters of one session, in one transaction.
    pub fn remember_subscriptions(
        &mut self,
        session: &str,
        rows: &[Subscription],
    ) -> Result<(), CommitError> {
        if self.subscriptions(session)? == rows {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        transaction
            .prepare_cached("DELETE FROM subscription WHERE session = ?1")?
            .execute([session])?;
        for Subscription { filter, qos } in rows {
            transaction
                .prepare_cached(
                    "INSERT INTO subscription (session, filter, qos) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![session, filter, qos])?;
        }
        transaction.commit()?;
        Ok(())
    }
}
