//! How it stands with the directory, for the status page and the metrics.

use jiff::SignedDuration;

use super::DirectoryUpdater;
use crate::domain::directory::brake::Absentees;
use crate::domain::directory::plan::stretch;
use crate::domain::directory::roster_name::RosterName;
use crate::domain::directory::settings::PeopleOnFile;
use crate::domain::time::Timestamp;

/// Absences that are held until each was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAbsences {
    /// Since when.
    pub since: Timestamp,
    /// How many people.
    pub people: usize,
}

/// How it stands with one roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterStatus {
    /// Which.
    pub name: RosterName,
    /// How many are on it. `None`: it was never read.
    pub people: Option<usize>,
    /// When it was last read whole.
    pub whole_at: Option<Timestamp>,
    /// When it was last confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// Its rows say from when to when.
    pub has_dates: bool,
    /// People who are missing from it and are believed to be on it.
    pub missing: usize,
    /// These absences are held.
    pub held: Option<HeldAbsences>,
}

/// How it stands with the directory.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectoryStatus {
    /// It is kept in step.
    pub in_step: bool,
    /// Which people it has records of.
    pub coverage: PeopleOnFile,
    /// How many people are on file.
    pub people: usize,
    /// The AMS has a change feed.
    pub has_feed: bool,
    /// When the feed last answered.
    pub polled_at: Option<Timestamp>,
    /// Since when all changes have been asked for.
    pub unbroken_since: Option<Timestamp>,
    /// Parts of which the feed was believed to tell, and does not.
    pub feed_lacks: Vec<&'static str>,
    /// When a hook last came.
    pub hooked_at: Option<Timestamp>,
    /// The rosters.
    pub rosters: Vec<RosterStatus>,
    /// The page of everybody that is next, and how many there are.
    pub sweep_page: Option<(u32, Option<u32>)>,
    /// When the last whole sweep began, and how many people it found.
    pub last_sweep: Option<(Timestamp, u64)>,
    /// How long a sweep is to take.
    pub sweep_every: SignedDuration,
    /// Absences from the sweep that are held.
    pub sweep_held: Option<HeldAbsences>,
    /// What people's own lists lack is held: a second reading said so too, and the AMS did not show that it is well.
    pub own_lists_held: Option<HeldAbsences>,
    /// People who are to be read one by one.
    pub to_read: usize,
    /// By how much all ages are stretched because the budget does not allow more: 1 if it does.
    pub stretch: f64,
    /// Calls an hour that it would take.
    pub calls_an_hour: f64,
}

impl DirectoryUpdater {
    /// How it stands now.
    pub fn status(&self) -> DirectoryStatus {
        let now = self.parts.clock.now();
        let (sweep_every, wanted) = (self.sweep_every(), self.wanted_rosters());
        let demand = self.demand(&self.tasks(now));
        let allowed = self.parts.budget.rate().per_minute.saturating_mul(60 * 2) / 3;
        let allowed = f64::from(u32::try_from(allowed).unwrap_or(u32::MAX));
        let people = self.index().len();
        let state = self.parts.beliefs.state();
        let held = |absentees: &Absentees| {
            let people = absentees.people().len();
            absentees.held_since().map(|since| HeldAbsences { since, people })
        };
        let rosters = wanted.into_iter().map(|name| {
            let roster = state.rosters.get(&name);
            RosterStatus {
                people: roster.map(|roster| roster.people().len()),
                whole_at: roster.map(|roster| roster.whole_at()),
                confirmed_at: roster.map(|roster| roster.confirmed_at()),
                has_dates: roster.is_none_or(|roster| roster.has_dates()),
                missing: roster.map_or(0, |roster| roster.absentees().people().len()),
                held: roster.and_then(|roster| held(roster.absentees())),
                name,
            }
        });
        DirectoryStatus {
            in_step: self.parts.settings.in_step,
            coverage: self.parts.settings.people,
            people,
            has_feed: self.parts.ams.supplies().has_feed,
            polled_at: state.feed.polled_at(),
            unbroken_since: state.feed.unbroken_since(),
            feed_lacks: state.feed.ended().keys().map(|part| part.name()).collect(),
            hooked_at: *self.hooked.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            rosters: rosters.collect(),
            sweep_page: state.sweep.as_ref().map(|sweep| sweep.progress()),
            last_sweep: state.sweep.as_ref().and_then(|sweep| sweep.before()),
            sweep_every,
            sweep_held: state.sweep.as_ref().and_then(|sweep| held(sweep.absentees())),
            own_lists_held: state.doubted_losses().map(|(since, people)| HeldAbsences { since, people }),
            to_read: state.reads.len(),
            stretch: stretch(demand, allowed),
            calls_an_hour: demand,
        }
    }
}
