//! What of the directory's own state survives a restart.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DirectoryUpdater;
use super::beliefs::{AFTER_CHANGE, Beliefs};
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::domain::directory::overlay::Rosters;
use crate::domain::directory::plan::WhyRead;
use crate::domain::directory::roster::Roster;
use crate::domain::directory::roster_name::RosterName;
use crate::domain::directory::sweep::MemberSweep;

const FEED: &str = "feed";
const SWEEP: &str = "sweep";
const ROSTERS: &str = "roster/";

/// Records that are opened at a time.
const PAGE: u16 = 500;

impl DirectoryUpdater {
    /// Takes up what the store has. What cannot be read as this release writes it is read from the AMS again.
    pub(super) async fn take_up(&self) -> Result<(), StoreError> {
        let store = &self.parts.store;
        let feed = store.state(self.environment(), FEED).await?;
        let sweep = store.state(self.environment(), SWEEP).await?;
        let rosters = kept_rosters(&**store, self.environment()).await?;
        {
            let mut state = self.parts.beliefs.state();
            state.feed = feed.and_then(|kept| read(&kept)).unwrap_or_default();
            state.sweep = sweep.and_then(|kept| read::<MemberSweep>(&kept));
            state.rosters.extend(rosters);
            let to_read: Vec<_> = state.feed.to_read().map(|(id, since)| (id.clone(), since)).collect();
            for (id, since) in &to_read {
                state.changed_seats.name(id, *since);
                state.want(id, WhyRead::Changed, *since, AFTER_CHANGE);
            }
            self.parts.beliefs.put_in_force(&state, true);
        }
        self.parts.beliefs.grounds().set_lacks_kept_rosters(false);
        self.fill_index().await
    }

    /// Reads the index out of the store, for what is needed of a person now.
    pub(super) async fn fill_index(&self) -> Result<(), StoreError> {
        let needs = (self.needed_of(None), self.parts.beliefs.wants_contact());
        let mut after = 0;
        loop {
            let page = self.parts.store.records(self.environment(), after, PAGE).await?;
            if page.len == 0 {
                *self.indexed_for() = Some(needs);
                return Ok(());
            }
            after = page.last;
            let opened =
                tokio::task::spawn_blocking(move || page.open().filter_map(Result::ok).collect::<Vec<_>>());
            let Ok(records) = opened.await else { continue };
            for record in &records {
                self.put_in_index(record);
                self.parts.refresh.note_on_file(record);
            }
        }
    }

    pub(super) async fn keep_feed(&self) -> Result<(), StoreError> {
        let feed = write(&self.parts.beliefs.state().feed)?;
        self.parts.store.put_state(self.environment(), FEED, &feed).await
    }

    pub(super) async fn keep_sweep(&self) -> Result<(), StoreError> {
        let sweep = self.parts.beliefs.state().sweep.as_ref().map(write).transpose()?;
        if let Some(sweep) = sweep {
            self.parts.store.put_state(self.environment(), SWEEP, &sweep).await?;
        }
        Ok(())
    }

    /// Keeps the rosters that have changed, and forgets those that no mapping names any longer.
    pub(super) async fn keep_rosters(&self) -> Result<(), StoreError> {
        let wanted = self.wanted_rosters();
        let (unkept, dropped) = {
            let mut state = self.parts.beliefs.state();
            let unkept = std::mem::take(&mut state.unkept);
            let dropped: Vec<RosterName> =
                state.rosters.keys().filter(|name| !wanted.contains(name)).cloned().collect();
            dropped.iter().for_each(|name| drop(state.rosters.remove(name)));
            if !dropped.is_empty() {
                self.parts.beliefs.put_in_force(&state, true);
            }
            (unkept, dropped)
        };
        for name in dropped {
            self.parts.store.remove_state(self.environment(), &format!("{ROSTERS}{name}")).await?;
        }
        let mut outcome = Ok(());
        for name in unkept {
            if let Err(error) = self.keep_roster(&name).await {
                self.parts.beliefs.state().unkept.insert(name);
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn keep_roster(&self, name: &RosterName) -> Result<(), StoreError> {
        let Some(roster) = self.parts.beliefs.state().rosters.get(name).cloned() else { return Ok(()) };
        let kept = write(&*roster)?;
        self.parts.store.put_state(self.environment(), &format!("{ROSTERS}{name}"), &kept).await
    }
}

impl Beliefs {
    /// Whether everybody has been listed once. Where nothing is kept in step, nobody is listed.
    pub fn has_read_everybody(&self) -> bool {
        !self.in_step() || self.state().sweep.as_ref().is_some_and(|sweep| sweep.before().is_some())
    }
}

/// Believes what a gateway on this store believes, without keeping anything in step: its rosters, what its change feed confirms, and how far
/// everybody is listed.
///
/// # Errors
/// The store gives no answer.
pub async fn believe_kept(
    store: &dyn Directory,
    environment: &str,
    beliefs: &Beliefs,
) -> Result<(), StoreError> {
    let feed = store.state(environment, FEED).await?;
    let sweep = store.state(environment, SWEEP).await?;
    let rosters = kept_rosters(store, environment).await?;
    {
        let mut state = beliefs.state();
        state.feed = feed.and_then(|kept| read(&kept)).unwrap_or_default();
        state.sweep = sweep.and_then(|kept| read::<MemberSweep>(&kept));
        state.rosters.extend(rosters);
        beliefs.put_in_force(&state, true);
    }
    beliefs.grounds().set_lacks_kept_rosters(false);
    Ok(())
}

/// The rosters that the store has. One that this release cannot read is read from the AMS again.
pub async fn kept_rosters(store: &dyn Directory, environment: &str) -> Result<Rosters, StoreError> {
    let kept = store.states(environment, ROSTERS).await?;
    let rosters = kept.into_iter().filter_map(|(name, kept)| {
        let name = RosterName::try_from(name.strip_prefix(ROSTERS)?.to_owned()).ok()?;
        Some((name, Arc::new(read::<Roster>(&kept)?)))
    });
    Ok(rosters.collect())
}

fn read<T: DeserializeOwned>(kept: &[u8]) -> Option<T> {
    serde_json::from_slice(kept).ok()
}

fn write<T: Serialize>(state: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(state).map_err(|_| StoreError::Damaged("state of the directory"))
}
