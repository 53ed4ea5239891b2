//! What a backup brings back: sessions that ended after it was made, and that nobody expects to live again.

use std::collections::{BTreeMap, HashSet};

use crate::adapters::store::StoreError;
use crate::adapters::store::raw::{Filling, RawRows};
use crate::adapters::store::transfer::{self, CopiedTable, SessionHead};
use crate::domain::session::{SessionKey, SessionLimits};
use crate::domain::time::Timestamp;

/// Sessions that would live again.
#[derive(Debug, Default)]
pub(crate) struct RevivedSessions(Vec<SessionHead>);

impl RevivedSessions {
    /// Those in the backup that are young enough to live, and that the present store does not have. `present`: there may be none.
    ///
    /// # Errors
    /// What either store says.
    pub(crate) async fn of(
        backup: &dyn RawRows,
        present: Option<&dyn RawRows>,
        limits: &SessionLimits,
        now: Timestamp,
    ) -> Result<RevivedSessions, StoreError> {
        let there = match present {
            Some(present) => transfer::sessions(present).await?,
            None => Vec::new(),
        };
        let there: HashSet<SessionKey> = there.into_iter().map(|session| session.key).collect();
        let lives = |session: &SessionHead| {
            now.duration_since(session.created) < limits.absolute
                && now.duration_since(session.last_seen) < limits.idle
                && !there.contains(&session.key)
        };
        Ok(RevivedSessions(transfer::sessions(backup).await?.into_iter().filter(lives).collect()))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many at each host.
    pub(crate) fn by_host(&self) -> BTreeMap<&str, usize> {
        let mut hosts = BTreeMap::new();
        for session in &self.0 {
            *hosts.entry(session.host.as_str()).or_default() += 1;
        }
        hosts
    }
}

/// Fills a store with what a backup holds, ends these sessions in it, and makes it the store.
///
/// # Errors
/// [`StoreError::Differs`] if a row did not arrive; otherwise what either side says. Nothing has changed then.
pub(crate) async fn restore(
    backup: &dyn RawRows,
    to: Box<dyn Filling>,
    end: RevivedSessions,
) -> Result<Vec<CopiedTable>, StoreError> {
    let copied = transfer::copy(backup, &*to).await?;
    if end.count() > 0 {
        to.end_sessions(end.0.into_iter().map(|session| session.key).collect()).await?;
    }
    to.finish().await?;
    Ok(copied)
}
