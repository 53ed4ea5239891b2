//! The list of live sessions, as administrators see it.

use super::StoreError;
use crate::adapters::BoxFuture;
use crate::domain::record::IndividualId;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

/// Which sessions of one environment.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Of this person only.
    pub of: Option<IndividualId>,
    /// Beyond this one: the last of the page before.
    pub after: Option<(Timestamp, SessionKey)>,
}

/// The sessions that we hold. Those that are over by age may still be among them.
pub trait SessionList: Send + Sync + 'static {
    /// At most `limit` sessions, latest first.
    fn list<'a>(
        &'a self,
        environment: &'a str,
        which: &'a Which,
        limit: u32,
    ) -> BoxFuture<'a, Result<Vec<Session>, StoreError>>;
}
