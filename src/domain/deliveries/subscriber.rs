//! Who is told of people or events, and how far the telling has come as a whole.

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::brake::Stop;
use super::day::DeliveryDay;
use crate::domain::time::Timestamp;

/// A subscriber by name, such as `wordpress:library`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriberName(String);

impl SubscriberName {
    /// The WordPress of the site of this name.
    pub fn wordpress(site: &str) -> SubscriberName {
        SubscriberName(format!("wordpress:{site}"))
    }

    /// A name as [`SubscriberName::as_str`] gave it.
    pub fn stored(text: String) -> SubscriberName {
        SubscriberName(text)
    }

    /// The community of the association at Higher Logic.
    pub fn higher_logic() -> SubscriberName {
        SubscriberName("higher_logic".to_owned())
    }

    /// The calendar of that community.
    pub fn higher_logic_calendar() -> SubscriberName {
        SubscriberName("higher_logic:calendar".to_owned())
    }

    /// Whether it is told of events, and not of people.
    pub fn is_calendar(&self) -> bool {
        self.0.ends_with(":calendar") && !self.0.starts_with("wordpress:")
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubscriberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who plans for a subscriber, and until when. A number is never given twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanningLease {
    /// Grows with each holder.
    pub number: u64,
    /// Who holds it, by a name that it chose.
    pub holder: String,
    /// Until then nobody else gets it.
    pub until: Option<Timestamp>,
}

/// By which mappings a pass decides: another one of either asks for a pass of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingPair {
    /// The role mapping, by its number.
    pub roles: u64,
    /// The subscriber's own mapping; 0: it has none.
    pub own: u64,
}

/// A pass over everybody that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassUnderWay {
    /// When it began.
    pub began: Timestamp,
    /// The AMS environment whose people it goes through.
    pub environment: String,
    /// The mappings by which it decides.
    pub mapping: MappingPair,
    /// Where it goes on.
    pub after: i64,
    /// So many people have been looked at.
    pub seen: u64,
    /// No pass came to its end before.
    pub is_first: bool,
}

/// A pass over everybody that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassDone {
    /// When it ended.
    pub at: Timestamp,
    /// The AMS environment whose people it went through.
    pub environment: String,
    /// The mappings by which it decided.
    pub mapping: MappingPair,
    /// How many people there were.
    pub seen: u64,
}

/// The first time that a subscriber is told of everybody in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstRun {
    /// The AMS environment.
    pub environment: String,
    /// When it began.
    pub began: Timestamp,
    /// When everybody had been looked at and nobody waited. `None`: it goes on.
    pub ended: Option<Timestamp>,
}

/// What is kept of a subscriber as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriberState {
    /// Why nothing is sent. `None`: it is.
    pub stopped: Option<Stop>,
    /// What was lost before does not count towards the brake: an administrator has confirmed it.
    pub counts_from: Option<Timestamp>,
    /// Who plans.
    pub lease: PlanningLease,
    /// The pass that is under way.
    pub pass: Option<PassUnderWay>,
    /// The latest pass that came to its end.
    pub done: Option<PassDone>,
    /// The AMS environment whose people it was last told of.
    #[serde(default)]
    pub told_of: Option<String>,
    /// Environments of whose people it was told before, each with when that ended.
    #[serde(default)]
    pub told_before: BTreeMap<String, Timestamp>,
    /// The latest first run.
    #[serde(default)]
    pub first_run: Option<FirstRun>,
    /// How deliveries went over the last day.
    #[serde(default)]
    pub day: DeliveryDay,
}

/// What a subscriber was told of people is kept so long after the last time that anybody planned for it.
pub const KEPT_UNUSED: SignedDuration = SignedDuration::from_hours(24 * 30);

impl SubscriberState {
    /// Takes the right to plan, or keeps it. `None`: somebody else has it.
    pub fn lease(&mut self, holder: &str, now: Timestamp, until: Timestamp) -> Option<u64> {
        let lease = &mut self.lease;
        // One that lasts much longer than any is given was written before the clock was set back.
        let longest = until.duration_since(now);
        let is_held = lease.until.is_some_and(|end| end > now && end.duration_since(now) <= longest);
        if is_held && lease.holder != holder {
            return None;
        }
        if !is_held || lease.holder != holder {
            lease.number += 1;
            holder.clone_into(&mut lease.holder);
        }
        lease.until = Some(until);
        Some(lease.number)
    }

    /// Whether this number still gives the right to plan.
    pub fn is_planned_by(&self, number: u64) -> bool {
        self.lease.number == number
    }

    /// From now on it is told of the people of this environment.
    pub fn tell_of(&mut self, environment: &str, now: Timestamp) {
        if self.told_of.as_deref() != Some(environment) {
            let before = self.told_of.replace(environment.to_owned());
            self.told_before.extend(before.map(|before| (before, now)));
            self.told_before.remove(environment);
        }
    }

    /// The environments whose rows are kept for nothing.
    pub fn unused(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let is_over = move |left: &Timestamp| now.duration_since(*left) > KEPT_UNUSED;
        self.told_before.iter().filter(move |(_, left)| is_over(left)).map(|(name, _)| name.as_str())
    }

    /// Whether nobody has planned for it for so long that nothing of it need be kept, provided that the configuration does not name it.
    pub fn is_unused(&self, now: Timestamp) -> bool {
        self.lease.until.is_none_or(|until| now.duration_since(until) > KEPT_UNUSED)
    }

    /// Notes how far the pass over everybody has come.
    pub fn note_pass(&mut self, under_way: Option<&PassUnderWay>, done: Option<&PassDone>) {
        self.pass = under_way.cloned();
        // One that finds nobody is at its end before anything is noted of it.
        let is_first =
            |done: &&PassDone| self.done.as_ref().is_none_or(|before| before.environment != done.environment);
        let begun = under_way.filter(|pass| pass.is_first).map(|pass| (&pass.environment, pass.began));
        let ended = done.filter(is_first).map(|done| (&done.environment, done.at));
        if let Some((environment, began)) = begun.or(ended) {
            // After a restart, or by another mapping, it is the same first run.
            let is_same =
                |run: &FirstRun| run.environment == *environment && (run.ended.is_none() || begun.is_none());
            if !self.first_run.as_ref().is_some_and(is_same) {
                self.first_run = Some(FirstRun { environment: environment.clone(), began, ended: None });
            }
        }
        if let Some(done) = done {
            self.done = Some(done.clone());
        }
    }

    /// Whether the first run in this environment goes on, and everybody has been looked at in it.
    pub fn first_run_only_sends(&self, environment: &str) -> bool {
        let goes_on = |run: &FirstRun| run.environment == environment && run.ended.is_none();
        self.first_run.as_ref().is_some_and(goes_on)
            && self.pass.is_none()
            && self.done.as_ref().is_some_and(|done| done.environment == environment)
    }

    /// The first run has come to its end.
    pub fn end_first_run(&mut self, now: Timestamp) {
        if let Some(run) = &mut self.first_run {
            run.ended.get_or_insert(now);
        }
    }

    /// Stops it. A reason that is there stays, but a stop by hand gives way to the brake: what many would lose must be seen before it is sent.
    pub fn stop(&mut self, stop: Stop) {
        let gives_way =
            matches!(stop, Stop::ManyLose { .. }) && matches!(self.stopped, Some(Stop::ByHand { .. }));
        if self.stopped.is_none() || gives_way {
            self.stopped = Some(stop);
        }
    }

    /// Ends the stop that began at `since`; what was lost so far is confirmed. `false`: it is stopped for another reason by now, or not at all,
    /// and nothing changes.
    pub fn resume(&mut self, since: Timestamp, now: Timestamp) -> bool {
        let is_that = self.stopped.as_ref().is_some_and(|stop| stop.since() == since);
        if is_that {
            self.stopped = None;
            self.counts_from = Some(now);
        }
        is_that
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_brake_counts_during_a_stop_by_hand_and_only_what_was_seen_is_confirmed() {
        let (by_hand, many) =
            (Stop::ByHand { since: at(1) }, Stop::ManyLose { since: at(2), losers: 20, holders: 90 });
        let mut state = SubscriberState::default();
        assert!(!state.resume(at(0), at(1)) && state.counts_from.is_none(), "nothing is stopped");
        state.stop(by_hand.clone());
        state.stop(many.clone());
        assert_eq!(state.stopped, Some(many.clone()));
        state.stop(by_hand);
        state.stop(Stop::ManyLose { since: at(3), losers: 21, holders: 90 });
        assert_eq!(state.stopped, Some(many), "the first is what an administrator has to see");
        assert!(
            !state.resume(at(1), at(9)) && state.counts_from.is_none(),
            "the stop by hand was seen, the brake was not"
        );
        assert!(state.resume(at(2), at(9)) && state.stopped.is_none());
        assert_eq!(state.counts_from, Some(at(9)));
    }

    #[test]
    fn an_environment_is_kept_for_a_month_after_the_last_that_was_told_of_it() {
        let month = KEPT_UNUSED.as_secs();
        let mut state = SubscriberState::default();
        for (environment, when) in [("production", 0), ("staging", 1), ("staging", 2), ("trial", 3)] {
            state.tell_of(environment, at(when));
        }
        assert_eq!(state.unused(at(month + 1)).count(), 0);
        assert_eq!(state.unused(at(month + 2)).collect::<Vec<_>>(), ["production"]);
        state.tell_of("production", at(9));
        assert_eq!(state.unused(at(month + 5)).collect::<Vec<_>>(), ["staging"]);
        assert!(state.is_unused(at(0)), "nobody ever planned");
        state.lease("one", at(0), at(10));
        assert!(!state.is_unused(at(month + 10)) && state.is_unused(at(month + 11)));
    }

    #[test]
    fn a_first_run_begins_with_its_pass_and_ends_once() {
        let pass = |environment: &str, began: i64, is_first: bool| PassUnderWay {
            began: at(began),
            environment: environment.to_owned(),
            mapping: MappingPair { roles: 1, own: 1 },
            after: 0,
            seen: 0,
            is_first,
        };
        let done = |environment: &str| PassDone {
            at: at(5),
            environment: environment.to_owned(),
            mapping: MappingPair { roles: 1, own: 1 },
            seen: 9,
        };
        let mut state = SubscriberState::default();
        state.note_pass(Some(&pass("production", 0, true)), None);
        state.note_pass(Some(&pass("production", 2, true)), None);
        assert_eq!(state.first_run.as_ref().unwrap().began, at(0), "it was killed in between");
        assert!(!state.first_run_only_sends("production"));
        state.note_pass(None, Some(&done("production")));
        assert!(state.first_run_only_sends("production") && !state.first_run_only_sends("staging"));
        state.end_first_run(at(7));
        state.end_first_run(at(9));
        assert_eq!(state.first_run.as_ref().unwrap().ended, Some(at(7)));
        assert!(!state.first_run_only_sends("production"));
        state.note_pass(Some(&pass("production", 8, false)), None);
        assert_eq!(state.first_run.as_ref().unwrap().began, at(0), "later passes are none");
        state.note_pass(Some(&pass("staging", 9, true)), None);
        assert_eq!(state.first_run.as_ref().unwrap().began, at(9));
        state.note_pass(None, Some(&done("trial")));
        assert_eq!(state.first_run.as_ref().unwrap().began, at(5), "nobody was on file");
        state.note_pass(None, Some(&done("trial")));
        assert!(state.first_run_only_sends("trial"));
    }

    #[test]
    fn one_at_a_time_plans_and_whoever_takes_over_has_a_greater_number() {
        let mut state = SubscriberState::default();
        let one = state.lease("one", at(0), at(30)).unwrap();
        assert_eq!(state.lease("other", at(10), at(40)), None);
        assert_eq!(state.lease("one", at(20), at(50)), Some(one), "it keeps it");
        let other = state.lease("other", at(50), at(80)).unwrap();
        assert!(other > one && !state.is_planned_by(one) && state.is_planned_by(other));
        assert_eq!(state.lease("one", at(60), at(90)), None);
        let back = at(0) - SignedDuration::from_hours(9);
        assert!(
            state.lease("one", back, back + SignedDuration::from_secs(30)).is_some(),
            "the clock was set back"
        );
    }
}
