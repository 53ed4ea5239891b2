//! The figures of all groups: counted in the background, by one at a time, and kept for a moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::CommunityStanding;
use super::kept::{CountOutcome, CountedFigures, FiguresAnswer, KeptFigures};
use super::walk::StandingWalk;
use crate::adapters::store::StoreError;
use crate::adapters::subscribers::higher_logic::told;
use crate::domain::community::{CommunityFigures, SyncPhase, untold};
use crate::domain::deliveries::row::{Delivery, Phase};
use crate::flows::deliveries::look::LookedAt;

/// An answer is kept so long; one that took long to count, so many times as long as that.
const KEPT: Duration = Duration::from_secs(10);
const TIMES_AS_LONG: u32 = 10;

impl CommunityStanding {
    /// The figures. If they have to be counted, that is waited for so long; it goes on in the background.
    ///
    /// # Errors
    /// The store gives no answer.
    pub async fn figures(self: &Arc<Self>, patience: Duration) -> Result<FiguresAnswer, StoreError> {
        let (mut outcome, seen) = {
            let mut kept = self.kept();
            if let Some(latest) = kept.latest.clone().filter(|latest| self.is_fresh(latest)) {
                return Ok(FiguresAnswer { counted: Some(latest), counting: None });
            }
            kept.under_way.get_or_insert_with(|| self.begin()).clone()
        };
        match tokio::time::timeout(patience, outcome.wait_for(Option::is_some)).await {
            Ok(Ok(ended)) => match &*ended {
                Some(Ok(counted)) => Ok(FiguresAnswer { counted: Some(Arc::clone(counted)), counting: None }),
                Some(Err(error)) => Err(error.clone()),
                None => Err(cut_short()),
            },
            Ok(Err(_)) => {
                self.kept().under_way = None;
                Err(cut_short())
            }
            Err(_) => {
                let counted = self.kept().latest.clone();
                Ok(FiguresAnswer { counted, counting: Some(seen.load(Ordering::Relaxed)) })
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, KeptFigures> {
        // Nothing panics while it is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self, counted: &CountedFigures) -> bool {
        let age = self.parts().clock.steady().saturating_sub(counted.steady);
        age < KEPT.max(counted.took * TIMES_AS_LONG)
    }

    /// Counts on a thread apart from those of visitors.
    fn begin(self: &Arc<Self>) -> (watch::Receiver<CountOutcome>, Arc<AtomicUsize>) {
        let (tell, outcome) = watch::channel(None);
        let seen = Arc::new(AtomicUsize::new(0));
        let (standing, runtime, counter) = (Arc::downgrade(self), Handle::current(), Arc::clone(&seen));
        tokio::task::spawn_blocking(move || {
            let counted = runtime.block_on(count(&standing, &counter)).map(Arc::new);
            if let Some(standing) = standing.upgrade() {
                let mut kept = standing.kept();
                kept.under_way = None;
                if let Ok(counted) = &counted {
                    kept.latest = Some(Arc::clone(counted));
                }
            }
            tell.send_replace(Some(counted));
        });
        (outcome, seen)
    }
}

/// Counts everybody; ends as soon as nobody needs the answer.
async fn count(standing: &Weak<CommunityStanding>, seen: &AtomicUsize) -> Result<CountedFigures, StoreError> {
    let held = standing.upgrade().ok_or_else(cut_short)?;
    let parts = held.parts();
    let (at, began) = (parts.clock.now(), std::time::Instant::now());
    let steady = parts.clock.steady();
    let mapping = held.mapping();
    let mut figures = CommunityFigures::of(&mapping);
    let mut walk = StandingWalk::new(parts, held.rows());
    while let Some(people) = walk.next().await? {
        // Ours is the last: the gateway ends.
        if standing.strong_count() <= 1 {
            return Err(cut_short());
        }
        seen.fetch_add(people.len(), Ordering::Relaxed);
        let believed = |person: &LookedAt| {
            let record = person.record.clone()?;
            Some(parts.beliefs.believed(record, at))
        };
        for person in &people {
            match (&person.row, &person.record) {
                (Some(row), _) => note_row(&mut figures, row),
                (None, Some(_)) => {
                    if let Some(record) = believed(person) {
                        figures.note_untold(untold(&mapping, &record, at));
                    }
                }
                (None, None) => {}
            }
        }
    }
    Ok(CountedFigures { figures, at, took: began.elapsed(), steady })
}

/// Notes a person as the row says.
fn note_row(figures: &mut CommunityFigures, row: &Delivery) {
    let there = row.confirmed.as_ref().and_then(|known| told(&known.state));
    let here = told(&row.desired);
    figures.note(here.as_ref(), there.as_ref(), phase_of(row));
}

/// How far a row is.
pub(super) fn phase_of(row: &Delivery) -> SyncPhase {
    match row.phase {
        Phase::Settled => SyncPhase::Settled,
        Phase::Pending { .. } | Phase::InFlight { .. } => SyncPhase::Waits,
        Phase::SetAside { .. } => SyncPhase::Refused,
    }
}

fn cut_short() -> StoreError {
    StoreError::Unavailable("counting was cut short".to_owned())
}
