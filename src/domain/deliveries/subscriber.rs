//! Who is told of people or events, and how far the telling has come as a whole.

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::brake::Stop;
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

/// A pass over everybody that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassUnderWay {
    /// When it began.
    pub began: Timestamp,
    /// The AMS environment whose people it goes through.
    pub environment: String,
    /// The mapping by which it decides.
    pub mapping: u64,
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
    /// The mapping by which it decided.
    pub mapping: u64,
    /// How many people there were.
    pub seen: u64,
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
