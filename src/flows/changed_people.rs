//! People who may have changed. Those who read people note them here; those who tell others about people take the notes.
//!
//! A note that is lost costs only time: everybody is looked at again now and then.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::directory::overlay::Rosters;
use crate::domain::directory::roster::{Roster, RosterLine, RosterStanding};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// Above so many, people are not remembered one by one; everybody is looked at.
const MOST: usize = 10_000;

/// What is new, as far as it was noted.
#[derive(Debug, Default)]
pub(super) struct ChangedSince {
    /// These people; with when the AMS no longer knew them, if that is what is new.
    pub(super) people: BTreeMap<IndividualId, Option<Timestamp>>,
    /// So many that they were not remembered.
    pub(super) everybody: bool,
}

/// People who may have changed.
#[derive(Debug, Default)]
pub struct ChangedPeople {
    since: Mutex<ChangedSince>,
    wake: Notify,
    /// Nobody notes anything that nobody takes.
    is_wanted: AtomicBool,
}

impl ChangedPeople {
    /// From now on what is noted is taken.
    pub(super) fn want(&self) {
        self.is_wanted.store(true, Ordering::Release);
    }

    /// Something about these people was read, and the store has it.
    pub(super) fn note<'a>(&self, people: impl IntoIterator<Item = &'a IndividualId>) {
        self.add(people.into_iter().map(|id| (id.clone(), None)));
    }

    /// The AMS no longer knows somebody, or the person was erased here.
    pub(super) fn note_gone(&self, id: &IndividualId, at: Timestamp) {
        self.add([(id.clone(), Some(at))]);
    }

    /// Other rosters are believed from now on.
    pub(super) fn note_rosters(&self, before: &Rosters, after: &Rosters) {
        if !self.is_wanted.load(Ordering::Acquire) {
            return;
        }
        let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
        for name in names {
            match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) if Arc::ptr_eq(before, after) => {}
                (before, after) => {
                    let (before, after) = (before.map(|it| &**it), after.map(|it| &**it));
                    let people = [before, after].into_iter().flatten().flat_map(Roster::people);
                    self.note(people.filter(|id| lines(before, id) != lines(after, id)));
                }
            }
        }
    }

    /// Takes what is new.
    pub(super) fn take(&self) -> ChangedSince {
        std::mem::take(&mut *self.since())
    }

    /// Puts back what could not be looked at.
    pub(super) fn put_back(&self, changed: ChangedSince) {
        self.since().everybody |= changed.everybody;
        self.add(changed.people);
    }

    /// Waits until something is noted.
    pub(super) async fn noted(&self) {
        self.wake.notified().await;
    }

    fn add(&self, people: impl IntoIterator<Item = (IndividualId, Option<Timestamp>)>) {
        if !self.is_wanted.load(Ordering::Acquire) {
            return;
        }
        let mut since = self.since();
        let mut is_news = false;
        for (id, gone) in people {
            is_news = true;
            if since.people.len() >= MOST && !since.people.contains_key(&id) && gone.is_none() {
                since.everybody = true;
                continue;
            }
            let known = since.people.entry(id).or_default();
            *known = gone.or(*known);
        }
        drop(since);
        if is_news {
            self.wake.notify_one();
        }
    }

    fn since(&self) -> MutexGuard<'_, ChangedSince> {
        // Nothing panics while it is held.
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a roster says of somebody, whenever it says so.
fn lines<'r>(roster: Option<&'r Roster>, id: &IndividualId) -> Option<&'r [RosterLine]> {
    match roster?.standing(id) {
        RosterStanding::On(lines, _) => Some(lines),
        RosterStanding::Off => None,
    }
}
