//! Who is affected by the draft: every known person is decided twice, in the background, with progress.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use arc_swap::ArcSwap;

use super::known::Known;
use super::mapping::Mapping;
use super::preview_runs::{PreviewOf, PreviewRuns, PreviewState, Previewed};
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::domain::access::{Require, Site};
use crate::domain::preview::{self, Comparison, Preview};
use crate::domain::rule::Role;
use crate::domain::time::Timestamp;
use crate::flows::grant::PublishedClients;

/// What was found.
pub type RolePreview = Previewed<Preview>;

/// Previews, one at a time.
pub struct Previews {
    mapping: Arc<Mapping>,
    people: Known,
    /// What pages ask for.
    pages: ArcSwap<Vec<Require>>,
    clients: PublishedClients,
    admin_roles: Arc<[Role]>,
    clock: SharedClock,
    runs: PreviewRuns<Preview>,
}

impl Previews {
    pub(super) fn new(
        mapping: Arc<Mapping>,
        people: Known,
        pages: Vec<Require>,
        clients: PublishedClients,
        admin_roles: Arc<[Role]>,
        clock: SharedClock,
    ) -> Previews {
        let (pages, runs) = (ArcSwap::from_pointee(pages), PreviewRuns::new());
        Previews { mapping, people, pages, clients, admin_roles, clock, runs }
    }

    /// How far the preview of a revision of the draft is; begins it when it is asked for first. Never waits for it.
    pub async fn preview(&self, revision: u64) -> Result<PreviewState<Preview>, StoreError> {
        let draft = self.mapping.draft().await?;
        if draft.revision != revision {
            return Ok(PreviewState::Outdated);
        }
        let published = self.mapping.published();
        let now = self.clock.now();
        let of = PreviewOf { revision, version: published.version };
        if let Some(state) = self.runs.state(of, now) {
            return Ok(state);
        }
        let total = self.people.count().await?;
        let requirements = self.requirements().into();
        let admin_roles = Arc::clone(&self.admin_roles);
        let comparison =
            Comparison::new(published.rules.clone(), draft.rules, now, requirements, admin_roles);
        let people = self.people.clone();
        Ok(self.runs.begin(of, total, now, |done| compare(people, comparison, done, now)))
    }

    /// What pages and OpenID clients ask for at this moment.
    fn requirements(&self) -> Vec<Require> {
        let (pages, clients) = (self.pages.load(), self.clients.load());
        preview::each_once(pages.iter().chain(clients.all().map(|client| &client.require)))
    }

    /// Stops the preview that is under way, and forgets the answer.
    pub fn cancel(&self) {
        self.runs.cancel();
    }

    /// Takes over what the pages of these sites ask for, when the settings were read again.
    pub fn set_sites<'a>(&self, sites: impl IntoIterator<Item = &'a Site>) {
        self.pages.store(Arc::new(preview::requirements(sites)));
        self.cancel();
    }

    /// Ends what runs, for good.
    pub async fn close(&self) {
        self.runs.close().await;
    }
}

async fn compare(
    people: Known,
    comparison: Comparison,
    done: Arc<AtomicUsize>,
    now: Timestamp,
) -> Result<Preview, StoreError> {
    let look = move |record: Result<_, _>, preview: &mut Preview| {
        match record {
            Ok(record) => comparison.add(&record, preview),
            Err(_) => preview.unreadable += 1,
        }
        std::ops::ControlFlow::Continue(())
    };
    let mut whole = Preview::default();
    people.scan(Arc::new(look), done, now).await?.into_iter().for_each(|part| whole.merge(part));
    // Sorting a hundred thousand names is work for another thread.
    tokio::task::spawn_blocking(move || whole.sorted())
        .await
        .map_err(|_| StoreError::Unavailable("sorting the preview was cut short".to_owned()))
}
