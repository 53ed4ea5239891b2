//! How a mapping comes into force: publication, rollback, and the first start; and how a role leaves the list of those it manages.
//!
//! One transaction writes the version, what is left of the draft, and the audit entry; then the mapping in force is swapped.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::drafts::{self, Drafts, FirstFile, NewVersion, SeenDraft, about};
use super::mapping::{ChangeError, Mapping, Which};
use super::{Actor, AdmittedBy};
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::Mappings;
use crate::domain::audit::{Action, Entry};
use crate::domain::mapping::{Version, VersionHead};
use crate::domain::roles;
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;
use crate::flows::managed_roles::ManagedRoles;
use crate::flows::person::Published;
use crate::flows::role_lists;

/// A mapping on its way into force.
struct Publication<'a> {
    actor: &'a Actor,
    seen: SeenDraft,
    rules: Rules,
    note: &'a str,
    restored_from: Option<u64>,
    despite_lock_out: bool,
}

impl Mapping {
    /// Puts the draft in force, for live sessions too, at once. `despite_lock_out` counts only for emergency access. An empty note stands for
    /// that of a draft that waits.
    pub async fn publish(
        &self,
        actor: &Actor,
        revision: u64,
        note: &str,
        despite_lock_out: bool,
    ) -> Result<VersionHead, ChangeError> {
        let seen = self.drafts.seen_at(revision).await?;
        let Some((_, rules)) = seen.stored.content.clone() else { return Err(ChangeError::Unchanged) };
        let waited = seen.stored.awaited.clone().filter(|_| note.trim().is_empty());
        let note = waited.as_ref().map_or(note, |awaited| &awaited.note);
        self.put_in_force(Publication { actor, seen, rules, note, restored_from: None, despite_lock_out })
            .await
    }

    /// Puts an older version in force again, as a new version. A draft that was under way is kept.
    pub async fn restore(
        &self,
        actor: &Actor,
        number: u64,
        despite_lock_out: bool,
    ) -> Result<VersionHead, ChangeError> {
        let seen = self.drafts.seen().await?;
        let rules = self.rules(Which::Version(number)).await?;
        let restored_from = Some(number);
        self.put_in_force(Publication { actor, seen, rules, note: "", restored_from, despite_lock_out }).await
    }

    /// Refuses what cannot come into force. Tells whether nobody that we know could enter administration under these rules.
    pub(super) async fn check(&self, seen: &SeenDraft, rules: &Rules) -> Result<bool, ChangeError> {
        if *rules == seen.latest.rules {
            return Err(ChangeError::Unchanged);
        }
        let mut faults = rules.faults();
        let listed = self.people.catalogue().await?;
        faults.extend(listed.iter().flat_map(|listed| listed.faults(rules)));
        faults.extend(self.people.supplied().faults(rules));
        if !faults.is_empty() {
            return Err(ChangeError::Unsound(faults));
        }
        Ok(self.locks_out(rules).await?)
    }

    async fn put_in_force(&self, publication: Publication<'_>) -> Result<VersionHead, ChangeError> {
        let Publication { actor, seen, rules, note, restored_from, despite_lock_out } = publication;
        let locks_out = self.check(&seen, &rules).await?;
        if locks_out && !(despite_lock_out && actor.admitted_by == AdmittedBy::BreakGlass) {
            return Err(ChangeError::LockOut);
        }
        let produced = &seen.latest.produced | &self.produced(&rules).await?;
        let version = self.drafts.next(actor, &seen, NewVersion { rules, produced, note, restored_from });
        let action = if restored_from.is_some() { Action::Restored } else { Action::Published };
        let warning = if locks_out { ", although nobody known can enter administration" } else { "" };
        let about = format!("{}{warning}", about(version.head.number, restored_from));
        let entry = Drafts::entry(&seen, &version, action, about);
        let draft = restored_from.and(seen.stored.content.clone());
        self.commit(seen, version, draft, &entry).await
    }

    /// The number of the version in force, and the roles that rules for many have ever given, beyond those that it names.
    pub async fn given_by_patterns(&self) -> Result<(u64, BTreeSet<Role>), StoreError> {
        let latest = self.drafts.seen().await?.latest;
        let named = latest.rules.managed_roles().into_iter().collect();
        Ok((latest.head.number, &latest.produced - &named))
    }

    /// Takes roles that rules for many have given off the list of those that the mapping manages, in a new version that says the same.
    /// What the mapping gives somebody now stays. A draft that is under way is kept.
    pub async fn release(
        &self,
        actor: &Actor,
        version: u64,
        roles: &BTreeSet<Role>,
    ) -> Result<VersionHead, ChangeError> {
        let seen = self.drafts.seen().await?;
        if seen.latest.head.number != version {
            return Err(seen.conflict());
        }
        let rules = seen.latest.rules.clone();
        let released = &(&seen.latest.produced & roles) - &self.produced(&rules).await?;
        if released.is_empty() {
            return Err(ChangeError::Unchanged);
        }
        let produced = &seen.latest.produced - &released;
        let managed = |produced| Some(ManagedRoles::of(&rules, produced).text());
        let (before, after) = (managed(&seen.latest.produced), managed(&produced));
        let note = format!("No longer manages {}", in_short(&released));
        let new = NewVersion { rules, produced, note: &note, restored_from: None };
        let version = self.drafts.next(actor, &seen, new);
        let entry = Drafts::entry(&seen, &version, Action::RolesReleased, in_short(&released));
        let draft = seen.stored.content.clone();
        self.commit(seen, version, draft, &Entry { before, after, ..entry }).await
    }

    /// Writes a version, what is left of the draft and the entry, and puts the version in force.
    async fn commit(
        &self,
        seen: SeenDraft,
        version: Version,
        draft: Option<(u64, Rules)>,
        entry: &Entry,
    ) -> Result<VersionHead, ChangeError> {
        // First, so that no assertion names a list that is not kept.
        let lists = [&seen.latest, &version].map(|it| ManagedRoles::of(&it.rules, &it.produced));
        role_lists::keep(&*self.lists, &lists.each_ref(), self.clock.now()).await?;
        let left = self.drafts.commit(&seen, &version, draft, entry).await?;
        let head = version.head.clone();
        self.look_ahead(&left);
        self.swap(version);
        Ok(head)
    }

    /// The roles that rules for many give, as far as is known: for the codes that the AMS lists, and to people that we know of.
    async fn produced(&self, rules: &Rules) -> Result<BTreeSet<Role>, StoreError> {
        let listed = self.people.catalogue().await?.map(|listed| listed.produced(rules)).unwrap_or_default();
        Ok(&listed | &self.produced_for_known(rules).await?)
    }

    async fn produced_for_known(&self, rules: &Rules) -> Result<BTreeSet<Role>, StoreError> {
        if rules.rules.iter().all(|rule| rule.role.one().is_some()) {
            return Ok(BTreeSet::new());
        }
        let (named, rules, now) = (rules.managed_roles(), rules.clone(), self.clock.now());
        let look = move |record: Result<_, _>, found: &mut BTreeSet<Role>| {
            if let Ok(record) = record {
                found.extend(roles::granted(&record, &rules, now).into_iter().flatten());
            }
            ControlFlow::Continue(())
        };
        let found = self.people.scan(Arc::new(look), Arc::default(), now).await?;
        Ok(found.into_iter().flatten().filter(|role| !named.contains(role)).collect())
    }

    /// Whether nobody that we know could enter administration under these rules.
    async fn locks_out(&self, rules: &Rules) -> Result<bool, StoreError> {
        let (rules, roles, now) = (rules.clone(), Arc::clone(&self.admin_roles), self.clock.now());
        let look = move |record: Result<_, _>, found: &mut bool| {
            let Ok(record) = record else { return ControlFlow::Continue(()) };
            let held = roles::granted(&record, &rules, now);
            *found |= held.is_some_and(|held| roles.iter().any(|role| held.contains(role)));
            if *found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = self.people.scan(Arc::new(look), Arc::default(), now).await?;
        Ok(!found.contains(&true))
    }
}

/// The first of these roles by their names, and how many others there are.
fn in_short(roles: &BTreeSet<Role>) -> String {
    let names: Vec<&str> = roles.iter().take(5).map(Role::as_str).collect();
    let others = roles.len() - names.len();
    if others == 0 { names.join(", ") } else { format!("{} and {others} others", names.join(", ")) }
}

/// The latest version; on the first start the rules file becomes version 1.
pub(super) async fn first(
    store: &dyn Mappings<Rules>,
    file: &Rules,
    now: Timestamp,
) -> Result<Published, StoreError> {
    let note = "Taken from the rules file at the first start";
    let file = FirstFile { content: file, action: Action::RulesFileTaken, note };
    Ok(drafts::first(store, file, now).await?.into())
}
