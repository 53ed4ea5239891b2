//! How sessions end: in memory at once, then in the store, however long that gives no answer.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::{MOST_UNSEEN, Recall, Remembered, Visits};
use crate::adapters::store::StoreError;
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;

impl Visits {
    /// Ends a session: in memory at once, then in the store. What the store refuses is tried again by
    /// [`Visits::end_what_is_left`].
    pub async fn end(&self, key: &SessionKey) -> Result<(), StoreError> {
        if let Recall::Unknown = self.recall(key) {
            match self.store.session(key).await {
                Ok(Some(_)) => {}
                // Strangers name sessions that never were: nothing is written for them.
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.end_unseen(key);
                    return Err(error);
                }
            }
        }
        self.mark_ended(key);
        let ended = self.store.end_session(key).await;
        if ended.is_err() {
            self.unended().push(*key);
        }
        ended
    }

    /// Ends what may be a session, while the store cannot tell. Only so many: strangers must not fill memory.
    fn end_unseen(&self, key: &SessionKey) {
        let mut unended = self.unended();
        if unended.len() < MOST_UNSEEN {
            unended.push(*key);
            self.mark_ended(key);
        }
    }

    /// Over in memory: for whoever asks, and for whoever holds the session already.
    fn mark_ended(&self, key: &SessionKey) {
        self.sessions.entry(*key).and_upsert_with(|remembered| {
            if let Some(Remembered::Live(live)) = remembered.map(moka::Entry::into_value) {
                live.ended.store(true, Ordering::Release);
            }
            Remembered::Ended
        });
    }

    /// Ends every session of a person: in memory at once, then in the store. Tells how many the store had.
    pub async fn end_all_of(&self, id: &IndividualId) -> Result<usize, StoreError> {
        let of_this_person = |(key, remembered): (Arc<SessionKey>, Remembered)| match remembered {
            Remembered::Live(live) if live.session.individual == *id => Some(*key),
            _ => None,
        };
        let here: Vec<SessionKey> = self.sessions.iter().filter_map(of_this_person).collect();
        here.iter().for_each(|key| self.mark_ended(key));
        match self.store.end_sessions_of(&self.environment, id).await {
            Ok(ended) => {
                // Those that only the store knew; a look-up that is under way must not bring them back.
                ended.iter().for_each(|key| self.mark_ended(key));
                Ok(ended.len())
            }
            Err(error) => {
                self.unended().extend(here);
                Err(error)
            }
        }
    }

    /// Ends in the store what has ended in memory only.
    pub async fn end_what_is_left(&self) -> Result<(), StoreError> {
        let left = std::mem::take(&mut *self.unended());
        for (at, key) in left.iter().enumerate() {
            if let Err(error) = self.store.end_session(key).await {
                self.unended().extend(left.get(at..).unwrap_or_default());
                return Err(error);
            }
        }
        Ok(())
    }

    fn unended(&self) -> MutexGuard<'_, Vec<SessionKey>> {
        self.unended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
