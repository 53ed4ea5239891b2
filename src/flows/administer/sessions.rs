//! Live sessions: who is signed in where, and ending that.

use std::sync::Arc;

use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::adapters::store::sessions::{SessionFilter, Sessions};
use crate::domain::record::IndividualId;
use crate::domain::roles;
use crate::domain::rule::Role;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;
use crate::flows::directory::Beliefs;
use crate::flows::person::PublishedRules;
use crate::flows::visit::{Recall, Visits};

/// Sessions on one page of the list.
pub const PAGE: u32 = 50;

/// A live session, as the list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedSession {
    /// The session; `last_seen` is that of this very moment. Its key is a digest, so it may stand in a form.
    pub session: Session,
    /// The person's name.
    pub name: String,
    /// The person's e-mail address.
    pub email: Option<String>,
    /// The roles held now, sorted.
    pub roles: Vec<Role>,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionList {
    /// Latest first.
    pub sessions: Vec<ListedSession>,
    /// Where the next page goes on. `None`: this is the last.
    pub next: Option<(Timestamp, SessionKey)>,
}

/// The sessions of one environment.
pub struct LiveSessions {
    pub(super) store: Arc<dyn Sessions>,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) visits: Arc<Visits>,
    pub(super) beliefs: Arc<Beliefs>,
    pub(super) rules: PublishedRules,
    pub(super) environment: Arc<str>,
    pub(super) clock: SharedClock,
}

impl LiveSessions {
    /// A page of live sessions, of one person or of all.
    pub async fn page(&self, filter: &SessionFilter) -> Result<SessionList, StoreError> {
        let mut found = self.store.list_sessions(&self.environment, filter, PAGE + 1).await?;
        let more = found.len() > PAGE as usize;
        found.truncate(PAGE as usize);
        let next = found.last().filter(|_| more).map(|last| (last.created, last.key));
        let mut sessions = Vec::new();
        for session in found {
            sessions.extend(self.listed(session).await?);
        }
        Ok(SessionList { sessions, next })
    }

    /// `None`: it is over by now.
    async fn listed(&self, mut session: Session) -> Result<Option<ListedSession>, StoreError> {
        let now = self.clock.now();
        let record = match self.visits.recall(&session.key) {
            Recall::Ended => return Ok(None),
            Recall::Known(live) => {
                session.last_seen = session.last_seen.max(live.last_seen());
                live.person().record()
            }
            Recall::Unknown => match self.directory.record(&self.environment, &session.individual).await? {
                Some(record) => Arc::new(record),
                None => return Ok(None),
            },
        };
        if session.is_over(&self.visits.limits(), &self.visits.jumps(), session.last_seen, now) {
            return Ok(None);
        }
        let roles =
            roles::granted(&self.beliefs.grounds().believed(&record, now), &self.rules.load().rules, now)
                .unwrap_or_default();
        let (name, email) = (record.profile.name.clone(), record.profile.email.clone());
        Ok(Some(ListedSession { session, name, email, roles: roles.into_iter().collect() }))
    }

    /// Ends one session. Its open streams end within two seconds.
    pub async fn end(&self, key: &SessionKey) -> Result<(), StoreError> {
        self.visits.end(key).await
    }

    /// Ends every session of a person, those of administrators who impersonate the person too; tells how many.
    pub async fn end_all_of(&self, id: &IndividualId) -> Result<usize, StoreError> {
        self.visits.end_all_of(id).await
    }
}
