//! How the community stands: for each group, for one person, the first run, and the last day (docs/community.md).
//!
//! `walk` goes through everybody on file with what is kept of the telling; `figures` counts, and keeps the answer for a moment; `person` and
//! `planned` look at people as the planner does. Nothing here writes, or asks anybody but the store.

mod figures;
mod kept;
mod person;
mod planned;
mod walk;

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;

use self::kept::KeptFigures;
use crate::adapters::store::StoreError;
use crate::adapters::store::deliveries::RowsOf;
use crate::adapters::subscribers::PeopleSubscriber;
use crate::adapters::subscribers::higher_logic::PublishedCommunity;
use crate::domain::community::CommunityMapping;
use crate::domain::deliveries::day::DayStep;
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::deliveries::look::Looking;
use crate::flows::deliveries::{Deliverer, DeliveryParts, SubscriberStatus};

pub use self::kept::{CountedFigures, FiguresAnswer};
pub use self::person::{DesiredNow, PersonFact, PersonStanding, ToldSide};
pub use self::planned::{BrakeOutlook, PlanSummary, PlannedContact, PlannedKind};

/// Says how the community stands.
pub struct CommunityStanding {
    deliverer: Arc<Deliverer>,
    subscriber: Arc<dyn PeopleSubscriber>,
    mapping: PublishedCommunity,
    kept: Mutex<KeptFigures>,
}

/// How it stands, but for the figures.
#[derive(Debug, Clone)]
pub struct CommunityStatus {
    /// How the telling stands.
    pub telling: SubscriberStatus,
    /// People on file.
    pub people: usize,
    /// The first time that everybody is told of. `None`: it has not begun, or nothing is known of it.
    pub first_run: Option<FirstRunProgress>,
    /// The last day, the oldest step first.
    pub day: Vec<DayStep>,
    /// When this was.
    pub now: Timestamp,
}

/// How far the first run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstRunProgress {
    /// When it began.
    pub began: Timestamp,
    /// When it ended. `None`: it goes on.
    pub ended: Option<Timestamp>,
    /// So many people are confirmed.
    pub confirmed: u64,
    /// So many are refused.
    pub refused: u64,
    /// Of so many.
    pub of: u64,
    /// Everybody has been listed and looked at, so that it is known of how many.
    pub is_whole: bool,
    /// So many people an hour are confirmed at present. `None`: none is.
    pub an_hour: Option<u64>,
    /// How much longer it takes at that pace.
    pub left: Option<SignedDuration>,
}

impl CommunityStanding {
    /// `None`: the deliverer tells no community.
    pub fn new(deliverer: Arc<Deliverer>, mapping: PublishedCommunity) -> Option<Arc<CommunityStanding>> {
        let name = SubscriberName::higher_logic();
        let subscriber = deliverer.parts().subscribers.iter().find(|one| *one.name() == name).cloned()?;
        Some(Arc::new(CommunityStanding { deliverer, subscriber, mapping, kept: Mutex::default() }))
    }

    /// How it stands, but for the figures.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn status(&self) -> Result<CommunityStatus, StoreError> {
        let parts = self.parts();
        let telling = self.deliverer.status_of(self.subscriber.name()).await?;
        let people = parts.directory.count_records(&parts.environment).await?;
        let now = parts.clock.now();
        let is_listed = parts.beliefs.has_read_everybody();
        let first_run = first_run(&telling, people, is_listed, &parts.environment, now);
        let day = telling.state.day.steps(now);
        Ok(CommunityStatus { telling, people, first_run, day, now })
    }

    /// The name under which it is told.
    pub fn name(&self) -> &SubscriberName {
        self.subscriber.name()
    }

    /// The association's time zone, by the community's mapping.
    pub fn zone(&self) -> TimeZone {
        self.mapping().rules().time_zone.clone()
    }

    fn parts(&self) -> &DeliveryParts {
        self.deliverer.parts()
    }

    fn mapping(&self) -> Arc<CommunityMapping> {
        Arc::clone(&self.mapping.load().mapping)
    }

    fn rows(&self) -> RowsOf<'_> {
        RowsOf { subscriber: self.subscriber.name(), environment: &self.parts().environment }
    }

    fn looking(&self, now: Timestamp) -> Looking {
        let parts = self.parts();
        Looking {
            subscriber: Arc::clone(&self.subscriber),
            beliefs: Arc::clone(&parts.beliefs),
            published: parts.rules.load_full(),
            now,
        }
    }
}

fn first_run(
    telling: &SubscriberStatus,
    people: usize,
    is_listed: bool,
    environment: &str,
    now: Timestamp,
) -> Option<FirstRunProgress> {
    let (state, counts) = (&telling.state, &telling.counts);
    let run = state.first_run.as_ref().filter(|run| run.environment == environment)?;
    let rows = counts.settled + counts.pending + counts.set_aside;
    // Until everybody has been looked at, it is not known who is not told of.
    let is_whole = is_listed && state.pass.is_none();
    let of = if !is_whole { rows.max(people as u64) } else { rows };
    let to_go = of.saturating_sub(counts.settled + counts.set_aside);
    let pace = state.day.pace(run.began, now).filter(|_| run.ended.is_none());
    let left = pace.map(|pace| to_go as f64 / pace * 3600.0);
    Some(FirstRunProgress {
        began: run.began,
        ended: run.ended,
        confirmed: counts.settled,
        refused: counts.set_aside,
        of,
        is_whole,
        an_hour: pace.map(|pace| pace.round() as u64),
        left: left.map(|seconds| SignedDuration::from_secs(seconds.clamp(0.0, 1e9) as i64)),
    })
}

#[cfg(test)]
mod tests;
