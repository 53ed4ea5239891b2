//! The community's mapping in the hands of administrators: draft, preview, publication, versions, import and export.
//!
//! What is edited is the text of the community file, comments and all. It is kept as the role mapping is (`drafts`), and everybody works on
//! one draft. It comes into force at once: what it newly looks at and nobody has read yet takes nothing from anybody.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::Actor;
use super::change::ChangeError;
use super::drafts::{self, Drafts, FirstFile, NewVersion, about};
use super::known::Known;
use super::mapping::{EDIT_ATTEMPTS, LONGEST_IMPORT, Which};
use super::preview_runs::{PreviewOf, PreviewRuns, PreviewState};
use crate::adapters::clock::SharedClock;
use crate::adapters::community_file;
use crate::adapters::store::mappings::Mappings;
use crate::adapters::store::{Store, StoreError};
use crate::adapters::toml_reading::Problem;
use crate::domain::audit::Action;
use crate::domain::community::{
    CommunityComparison, CommunityInForce, CommunityMapping, CommunityPreview, CommunityText, GroupMapping,
};
use crate::domain::line_diff::{LineChange, line_changes};
use crate::domain::mapping::{Draft, Version, VersionHead};
use crate::domain::time::Timestamp;
use crate::flows::community_in_force::CommunityGround;

/// Why a change of the community's mapping was refused. Nothing has changed then.
pub type CommunityChangeError = ChangeError<CommunityText>;

/// The community's mapping.
pub struct CommunityMappings {
    drafts: Drafts<CommunityText>,
    ground: Arc<CommunityGround>,
    people: Known,
    clock: SharedClock,
    runs: PreviewRuns<CommunityPreview>,
    known: tokio::sync::Mutex<KnownGroups>,
}

/// The groups that some version has named, which the community may therefore know. A version never changes, so each is read once.
#[derive(Default)]
struct KnownGroups {
    /// All versions up to this one are in it.
    up_to: u64,
    groups: Vec<GroupMapping>,
}

impl CommunityMappings {
    /// Over this store; `ground` has what is in force.
    pub fn new(
        store: Arc<dyn Store>,
        ground: Arc<CommunityGround>,
        people: Known,
        clock: SharedClock,
    ) -> CommunityMappings {
        let store: Arc<dyn Mappings<CommunityText>> = store;
        let drafts = Drafts { store, clock: Arc::clone(&clock) };
        let (runs, known) = (PreviewRuns::new(), tokio::sync::Mutex::default());
        CommunityMappings { drafts, ground, people, clock, runs, known }
    }

    /// What is in force.
    pub fn in_force(&self) -> Arc<CommunityInForce> {
        self.ground.in_force()
    }

    /// The draft; without one, what is published.
    pub async fn draft(&self) -> Result<Draft<CommunityText>, StoreError> {
        Ok(self.drafts.seen().await?.into_draft())
    }

    /// Writes the draft as it was typed or stands in a file. `None`: it says that already.
    pub async fn save(
        &self,
        actor: &Actor,
        revision: u64,
        text: &str,
    ) -> Result<Option<Draft<CommunityText>>, CommunityChangeError> {
        if self.drafts.seen_at(revision).await?.rules().text == text {
            return Ok(None);
        }
        self.write(actor, revision, Action::CommunityDraftSaved, Some(readable(text)?)).await.map(Some)
    }

    /// Adds a group at the end of the draft as it is now, whatever else was changed since the administrator's page was made.
    pub async fn add_group(
        &self,
        actor: &Actor,
        group: &GroupMapping,
    ) -> Result<Draft<CommunityText>, CommunityChangeError> {
        for _ in 0..EDIT_ATTEMPTS {
            let seen = self.drafts.seen().await?;
            let before = seen.rules().text.trim_end();
            let text = readable(&format!("{before}\n\n{}\n", community_file::print_group(group)))?;
            let written = self.drafts.put(actor, seen, Action::CommunityDraftSaved, Some(text), None).await?;
            if let Some(written) = written {
                return Ok(written.into_draft());
            }
        }
        Err(self.drafts.conflict().await)
    }

    /// Throws the draft away; what is published stays.
    pub async fn discard(
        &self,
        actor: &Actor,
        revision: u64,
    ) -> Result<Draft<CommunityText>, CommunityChangeError> {
        self.write(actor, revision, Action::CommunityDraftDiscarded, None).await
    }

    /// Makes the draft say what a version says, to be looked at and published.
    pub async fn take_version(
        &self,
        actor: &Actor,
        revision: u64,
        number: u64,
    ) -> Result<Draft<CommunityText>, CommunityChangeError> {
        let text = self.drafts.of_version(number).await?;
        if self.drafts.seen_at(revision).await?.rules() == &text {
            return Err(ChangeError::Unchanged);
        }
        self.write(actor, revision, Action::CommunityVersionTaken, Some(text)).await
    }

    /// Every version, newest first.
    pub async fn versions(&self) -> Result<Vec<VersionHead>, StoreError> {
        self.drafts.store.versions().await
    }

    /// One of them as a file.
    pub async fn export(&self, which: Which) -> Result<String, CommunityChangeError> {
        Ok(match which {
            Which::Draft => self.draft().await?.rules.text,
            Which::Published => self.in_force().text.text.clone(),
            Which::Version(number) => self.drafts.of_version(number).await?.text,
        })
    }

    /// How two of them differ, line by line.
    pub async fn compare(
        &self,
        before: Which,
        after: Which,
    ) -> Result<Vec<LineChange>, CommunityChangeError> {
        Ok(line_changes(&self.export(before).await?, &self.export(after).await?))
    }

    /// What keeps a text from coming into force: everything that makes it unsound, groups that the community knows and that would become
    /// something else, and what this AMS cannot be asked for.
    pub async fn problems(&self, text: &str) -> Result<Vec<Problem>, StoreError> {
        match community_file::parse_after(text, &self.known_groups().await?) {
            Err(problems) => Ok(problems),
            Ok(mapping) => {
                let faults = self.people.supplied().faults(mapping.rules());
                Ok(faults.into_iter().map(|fault| Problem::at("", 0, fault.what, fault.remedy)).collect())
            }
        }
    }

    /// Puts the draft in force, at once.
    pub async fn publish(
        &self,
        actor: &Actor,
        revision: u64,
        note: &str,
    ) -> Result<VersionHead, CommunityChangeError> {
        let seen = self.drafts.seen_at(revision).await?;
        let Some((_, rules)) = seen.stored.content.clone() else { return Err(ChangeError::Unchanged) };
        if rules == seen.latest.rules {
            return Err(ChangeError::Unchanged);
        }
        let problems = self.problems(&rules.text).await?;
        if !problems.is_empty() {
            return Err(ChangeError::Refused(problems));
        }
        let new = NewVersion { rules, produced: Default::default(), note, restored_from: None };
        let version = self.drafts.next(actor, &seen, new);
        let in_force = in_force(version.clone())?;
        let about = about(version.head.number, None);
        let entry = Drafts::entry(&seen, &version, Action::CommunityPublished, about);
        self.drafts.commit(&seen, &version, None, &entry).await?;
        self.ground.swap(in_force);
        Ok(version.head)
    }

    /// Puts in force what another gateway has published. Whoever hears of that, or has not heard for long, calls this.
    pub async fn follow(&self) -> Result<(), StoreError> {
        if let Some(version) = self.drafts.store.latest().await? {
            self.ground.swap(in_force(version)?);
        }
        Ok(())
    }

    /// How far the preview of a revision of the draft is; begins it when it is asked for first. Never waits for it.
    pub async fn preview(&self, revision: u64) -> Result<PreviewState<CommunityPreview>, StoreError> {
        let draft = self.draft().await?;
        if draft.revision != revision {
            return Ok(PreviewState::Outdated);
        }
        let (before, now) = (self.in_force(), self.clock.now());
        let of = PreviewOf { revision, version: before.version };
        if let Some(state) = self.runs.state(of, now) {
            return Ok(state);
        }
        let after = Arc::new(read(&draft.rules)?);
        let total = self.people.count().await?;
        let comparison = CommunityComparison::new(Arc::clone(&before.mapping), after, now);
        let people = self.people.clone();
        Ok(self.runs.begin(of, total, now, |done| compare(people, comparison, done, now)))
    }

    /// Tells the operator where the file differs from what is in force.
    pub fn tell_of_file(&self, file: &CommunityText) {
        let in_force = self.in_force();
        if in_force.text != *file {
            tracing::info!(
                version = in_force.version,
                "The community file differs from the mapping in force, which administrators change; the file is not used"
            );
        }
    }

    /// Ends what runs, for good.
    pub async fn close(&self) {
        self.runs.close().await;
    }

    async fn write(
        &self,
        actor: &Actor,
        revision: u64,
        action: Action,
        text: Option<CommunityText>,
    ) -> Result<Draft<CommunityText>, CommunityChangeError> {
        let seen = self.drafts.seen_at(revision).await?;
        match self.drafts.put(actor, seen, action, text, None).await? {
            Some(written) => Ok(written.into_draft()),
            None => Err(self.drafts.conflict().await),
        }
    }

    /// Every group as the first version said that named it. The versions that are new since the last time are read.
    async fn known_groups(&self) -> Result<Vec<GroupMapping>, StoreError> {
        let mut known = self.known.lock().await;
        let latest = self.drafts.store.latest().await?.map_or(0, |version| version.head.number);
        for number in known.up_to + 1..=latest {
            let Some(version) = self.drafts.store.version(number).await? else { continue };
            // A version that this release no longer reads is not in force; what it named is not known then.
            for group in read(&version.rules).into_iter().flat_map(|mapping| mapping.groups) {
                if known.groups.iter().all(|one| one.id != group.id) {
                    known.groups.push(group);
                }
            }
            known.up_to = number;
        }
        Ok(known.groups.clone())
    }
}

/// A text that can be read, within the limit.
fn readable(text: &str) -> Result<CommunityText, CommunityChangeError> {
    if text.len() > LONGEST_IMPORT {
        let what = format!("the file is longer than {LONGEST_IMPORT} bytes");
        return Err(ChangeError::Refused(vec![Problem::at("", 0, what, "Choose a community file")]));
    }
    community_file::parse(text).map_err(ChangeError::Refused)?;
    Ok(CommunityText { text: text.to_owned() })
}

/// What a text of the store says. It was sound when it was written.
fn read(text: &CommunityText) -> Result<CommunityMapping, StoreError> {
    community_file::parse(&text.text).map_err(|problems| {
        for Problem { line, what, remedy, .. } in problems {
            tracing::error!(line, what, remedy, "A stored mapping of the community cannot be read");
        }
        StoreError::Damaged("mapping of the community")
    })
}

fn in_force(version: Version<CommunityText>) -> Result<CommunityInForce, StoreError> {
    let mapping = Arc::new(read(&version.rules)?);
    Ok(CommunityInForce { version: version.head.number, text: version.rules, mapping })
}

/// The latest version of the store. `None`: it has none.
pub async fn latest_community(
    store: &dyn Mappings<CommunityText>,
) -> Result<Option<CommunityInForce>, StoreError> {
    store.latest().await?.map(in_force).transpose()
}

/// The mapping to start with: the latest version of the store, which the community file becomes on the first start.
pub async fn first_community(
    store: &dyn Mappings<CommunityText>,
    file: &CommunityText,
    clock: &SharedClock,
) -> Result<CommunityInForce, StoreError> {
    let note = "Taken from the community file at the first start";
    let file = FirstFile { content: file, action: Action::CommunityFileTaken, note };
    in_force(drafts::first(store, file, clock.now()).await?)
}

async fn compare(
    people: Known,
    comparison: CommunityComparison,
    done: Arc<AtomicUsize>,
    now: Timestamp,
) -> Result<CommunityPreview, StoreError> {
    let look = move |record: Result<_, _>, preview: &mut CommunityPreview| {
        match record {
            Ok(record) => comparison.add(&record, preview),
            Err(_) => preview.unreadable += 1,
        }
        std::ops::ControlFlow::Continue(())
    };
    let mut whole = CommunityPreview::default();
    people.scan(Arc::new(look), done, now).await?.into_iter().for_each(|part| whole.merge(part));
    // At most a thousand names in each of two thousand lists.
    tokio::task::spawn_blocking(move || whole.sorted())
        .await
        .map_err(|_| StoreError::Unavailable("sorting the preview was cut short".to_owned()))
}
