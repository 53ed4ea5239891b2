//! A draft that waits to come into force: until what it newly looks at has been read of everybody who is signed in.
//!
//! Otherwise its rules would give nobody anything at first, or, where a rule took the place of another, take it away for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Actor;
use super::mapping::{ChangeError, Mapping};
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::StoredDraft;
use crate::domain::audit::Action;
use crate::domain::mapping::{AwaitedPublication, Edit, VersionHead};
use crate::domain::rule::Rules;
use crate::flows::directory::{DirectoryUpdater, SignedInProgress};

/// How often it is looked whether everything has been read.
const LOOK: Duration = Duration::from_secs(1);

impl Mapping {
    /// Puts the draft in force once what it newly looks at has been read of everybody who is signed in; at once if it looks at nothing new.
    /// `None`: it waits, and `publish_when_read` sees to it. Any edit of the draft ends the wait.
    pub async fn publish_once_read(
        &self,
        actor: &Actor,
        revision: u64,
        note: &str,
    ) -> Result<Option<VersionHead>, ChangeError> {
        let seen = self.drafts.seen_at(revision).await?;
        let Some((_, rules)) = seen.stored.content.clone() else { return Err(ChangeError::Unchanged) };
        if !self.looks_at_more(&rules) {
            return self.publish(actor, revision, note, false).await.map(Some);
        }
        if self.check(&seen, &rules).await? {
            return Err(ChangeError::LockOut);
        }
        let asked = Edit { by: actor.clone(), at: self.clock.now() };
        let awaited = AwaitedPublication { asked, note: note.to_owned() };
        match self.put(actor, seen, Action::PublicationAwaited, Some(rules), Some(awaited)).await? {
            Some(_) => Ok(None),
            None => Err(self.drafts.conflict().await),
        }
    }

    /// The draft no longer comes into force by itself. It stays as it is.
    pub async fn withdraw(&self, actor: &Actor, revision: u64) -> Result<(), ChangeError> {
        let seen = self.drafts.seen_at(revision).await?;
        if seen.stored.awaited.is_none() {
            return Err(ChangeError::Unchanged);
        }
        let rules = seen.stored.content.as_ref().map(|(_, rules)| rules.clone());
        match self.put(actor, seen, Action::PublicationWithdrawn, rules, None).await? {
            Some(_) => Ok(()),
            None => Err(self.drafts.conflict().await),
        }
    }

    /// How far people who are signed in have been read for a draft that waits. `None`: it is being found out.
    pub fn read_for_awaited(&self) -> Option<SignedInProgress> {
        self.people.beliefs().progress()
    }

    /// Whether these rules look at something that those in force do not, and that nobody has read yet.
    fn looks_at_more(&self, rules: &Rules) -> bool {
        let (beliefs, now) = (self.people.beliefs(), self.clock.now());
        let needed = |rules: &Rules| beliefs.needed(rules, None, None, now);
        beliefs.in_step() && !needed(&self.published().rules).cover(&needed(rules))
    }

    /// Whoever reads people reads what a draft looks at that waits, and nothing for one that does not.
    pub(super) fn look_ahead(&self, draft: &StoredDraft) {
        let rules =
            draft.content.as_ref().filter(|_| draft.awaited.is_some()).map(|(_, rules)| rules.clone());
        self.people.beliefs().look_ahead(rules);
    }

    /// Takes up a draft that has waited since before the start.
    async fn take_up_awaited(&self) -> Result<(), StoreError> {
        self.look_ahead(&self.drafts.store.draft().await?);
        Ok(())
    }

    /// Puts the draft in force that waits, if everything has been read. `None`: none waits, or not everything has.
    async fn publish_awaited(
        &self,
        directory: &DirectoryUpdater,
    ) -> Result<Option<VersionHead>, ChangeError> {
        if !self.people.beliefs().looks_ahead() {
            return Ok(None);
        }
        let stored = self.drafts.store.draft().await?;
        let Some(AwaitedPublication { asked, note }) = &stored.awaited else { return Ok(None) };
        if !matches!(directory.read_signed_in().await?, Some(SignedInProgress { unread: 0, .. })) {
            return Ok(None);
        }
        let published = self.publish(&asked.by, stored.revision, note, false).await;
        if let Err(ChangeError::LockOut | ChangeError::Unsound(_) | ChangeError::Unchanged) = &published {
            // It was sound when it was asked for; somebody has to look at it again.
            self.withdraw(&Actor::operator(), stored.revision).await?;
        }
        published.map(Some)
    }
}

/// Puts a draft in force that waits, as soon as everything has been read, until `stop`.
pub async fn publish_when_read(
    mapping: Arc<Mapping>,
    directory: Arc<DirectoryUpdater>,
    stop: CancellationToken,
) {
    let work = async {
        while let Err(error) = mapping.take_up_awaited().await {
            tracing::warn!(%error, "Whether a draft waits to come into force cannot be read; it is tried again");
            tokio::time::sleep(LOOK * 10).await;
        }
        let mut took = Duration::ZERO;
        loop {
            // Where many are signed in, counting them takes time.
            tokio::time::sleep(LOOK + took * 4).await;
            let began = tokio::time::Instant::now();
            let published = mapping.publish_awaited(&directory).await;
            took = began.elapsed();
            match published {
                Ok(None) => {}
                Ok(Some(head)) => {
                    tracing::info!(
                        version = head.number,
                        "Everybody signed in has been read; the draft is in force"
                    );
                }
                // Somebody edited it at the same moment, or published it.
                Err(ChangeError::Conflict { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, "The draft that waits could not come into force");
                    tokio::time::sleep(LOOK * 10).await;
                }
            }
        }
    };
    stop.run_until_cancelled(work).await;
}
