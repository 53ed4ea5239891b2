//! What a mapping newly looks at: the index follows it, and people who are signed in are read first.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::SignedDuration;

use super::beliefs::{Beliefs, SignedInProgress};
use super::{DirectoryUpdater, Hitch};
use crate::adapters::store::StoreError;
use crate::adapters::store::sessions::SessionFilter;
use crate::domain::directory::plan::{Task, WhyRead};
use crate::domain::parts::Parts;
use crate::domain::record::IndividualId;

/// Sessions that are read from the store at a time.
const PAGE: u32 = 500;

/// Within this time somebody who is signed in is read for what a mapping newly looks at, if the budget allows it.
pub(super) const SOON: SignedDuration = SignedDuration::from_mins(5);

impl Beliefs {
    /// How far people who are signed in have been read for the draft that waits, as last counted. `None`: it is not known yet.
    pub fn progress(&self) -> Option<SignedInProgress> {
        self.progress.load().as_deref().copied()
    }

    fn note_progress(&self, progress: SignedInProgress) {
        self.progress.store(Some(Arc::new(progress)));
    }
}

impl DirectoryUpdater {
    /// Fills the index again when something else is needed of a person than before. Rosters come first: what they tell is not asked of
    /// each person.
    pub(super) async fn follow_needs(&self) {
        if self.is_indexed() || !self.are_rosters_settled() {
            return;
        }
        let filled = async {
            self.fill_index().await?;
            self.read_signed_in().await
        };
        if let Err(error) = filled.await {
            self.note_hitch(&Hitch::Store(error), self.parts.clock.now());
        }
    }

    pub(super) fn indexed_for(&self) -> MutexGuard<'_, Option<(Parts, bool)>> {
        // Nothing panics while it is held.
        self.indexed_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_indexed(&self) -> bool {
        let needs = (self.needed_of(None), self.parts.beliefs.wants_contact());
        *self.indexed_for() == Some(needs)
    }

    /// Whether each roster that is wanted was read, or could not be.
    fn are_rosters_settled(&self) -> bool {
        let wanted = self.wanted_rosters();
        let state = self.parts.beliefs.state();
        wanted.into_iter().all(|name| {
            let is_known = state.rosters.contains_key(&name) || state.absent_rosters.contains_key(&name);
            is_known
                || state
                    .failed
                    .keys()
                    .any(|task| matches!(task, Task::Roster { name: of, .. } if *of == name))
        })
    }

    /// Has everybody who is signed in read for what is needed of them and was never read, and tells how far that is. `None`: what is needed
    /// is being found out.
    pub async fn read_signed_in(&self) -> Result<Option<SignedInProgress>, StoreError> {
        if !self.is_indexed() {
            return Ok(None);
        }
        let signed_in = self.signed_in().await?;
        let index = self.index();
        let unread = index.unread_of(&signed_in);
        let now = self.parts.clock.now();
        let mut state = self.parts.beliefs.state();
        unread.iter().for_each(|id| state.want(id, WhyRead::ListTooOld, now, SOON));
        let progress = SignedInProgress { people: signed_in.len(), unread: unread.len() };
        self.parts.beliefs.note_progress(progress);
        Ok(Some(progress))
    }

    async fn signed_in(&self) -> Result<BTreeSet<IndividualId>, StoreError> {
        let grounds = self.parts.beliefs.grounds();
        let (now, limits, jumps) = (self.parts.clock.now(), grounds.limits(), grounds.jumps());
        let (mut people, mut filter) = (BTreeSet::new(), SessionFilter::default());
        loop {
            let page = self.parts.sessions.list_sessions(self.environment(), &filter, PAGE).await?;
            let Some(last) = page.last() else { return Ok(people) };
            filter.after = Some((last.created, last.key));
            let live =
                page.into_iter().filter(|session| !session.is_over(&limits, &jumps, session.last_seen, now));
            people.extend(live.map(|session| session.individual));
        }
    }
}
