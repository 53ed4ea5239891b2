//! The calls that have started lately, and from them the first instant at which another may. Pure: the present is an argument.
//!
//! The store keeps one ledger for the whole installation. Whoever changes it does so by a [`LedgerStep`], in one conditional write.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{CallKind, Rate};
use crate::domain::time::Timestamp;

/// Calls that start evenly may still arrive bunched, so our windows are longer than the AMS's own by 200 ms. It costs nothing in the
/// long run: there the limit per minute rules.
const SECOND: SignedDuration = SignedDuration::from_millis(1_200);
const MINUTE: SignedDuration = SignedDuration::from_millis(60_200);
const HOURS_OF_A_DAY: i64 = 24;

/// Longest time that an AMS may make us wait by `Retry-After`; one that asks for more is not believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Pauses that we choose ourselves begin at a second and double up to this.
const LONGEST_OWN_PAUSE: Duration = Duration::from_secs(15);

/// What a jump of the clock may cost.
const JUMP_COSTS: SignedDuration = SignedDuration::from_secs(60);

/// Who else wants calls now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Crowd {
    /// People wait for their turn to sign in.
    pub people_wait: bool,
    /// Calls of sign-ins that have begun, which have not started yet.
    pub reserved: usize,
}

/// A change of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerStep {
    /// A call starts, if it may.
    Start {
        /// What it is for.
        kind: CallKind,
        /// The limits.
        rate: Rate,
        /// Who else wants calls.
        crowd: Crowd,
    },
    /// The AMS said that it gets too many calls. It may have said for how long none is to start.
    Pause(Option<Duration>),
    /// The AMS answered, so the next pause of our own choice is a short one again.
    Ease,
    /// Nothing happens; somebody wants to know how it stands.
    Look,
}

/// What one installation has asked of its AMS lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The calls of the last minute, oldest first.
    starts: Vec<(Timestamp, CallKind)>,
    /// How many calls started in each of the last hours, counted from 1970.
    hours: Vec<(i64, usize)>,
    pause: Option<Pause>,
    /// Pauses of our own choice since the AMS last answered properly.
    own_pauses: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Pause {
    since: Timestamp,
    until: Timestamp,
}

impl Ledger {
    /// Takes a step at `now`. `false`: the call may not start yet; nothing has changed.
    pub fn take(&mut self, now: Timestamp, step: LedgerStep) -> bool {
        self.settle(now);
        match step {
            LedgerStep::Start { kind, rate, crowd } => {
                if self.opens(now, kind, rate, crowd) > now {
                    return false;
                }
                self.starts.push((now, kind));
                match self.hours.last_mut() {
                    Some((hour, calls)) if *hour == hour_of(now) => *calls += 1,
                    _ => self.hours.push((hour_of(now), 1)),
                }
            }
            LedgerStep::Pause(asked) => self.pause(now, asked),
            LedgerStep::Ease => self.own_pauses = 0,
            LedgerStep::Look => return false,
        }
        true
    }

    /// Whether [`LedgerStep::Ease`] would change anything.
    pub fn is_uneasy(&self) -> bool {
        self.own_pauses > 0
    }

    /// The first instant, not before `now`, at which a call may start, if none starts meanwhile.
    pub fn opens(&self, now: Timestamp, kind: CallKind, rate: Rate, crowd: Crowd) -> Timestamp {
        let all =
            self.last(rate.per_second, SECOND, |_| true).max(self.last(rate.per_minute, MINUTE, |_| true));
        let mut opens = now.max(all).max(self.paused_until(now).unwrap_or(now));
        if let Some(per_day) = rate.per_day {
            // The last tenth of a day is for people.
            let per_day = if kind.is_background() { per_day - per_day / 10 } else { per_day };
            opens = opens.max(self.day_opens(now, per_day));
        }
        if kind == CallKind::Person && crowd.people_wait {
            opens = opens.max(self.last((rate.per_minute / 3).max(1), MINUTE, |it| it == kind));
        }
        if kind.is_background() {
            opens = opens.max(self.opens_to_background(now, rate, crowd));
        }
        opens
    }

    /// Background work has a share of the minute, which it spends evenly, and leaves a call of each second and whatever is reserved.
    fn opens_to_background(&self, now: Timestamp, rate: Rate, crowd: Crowd) -> Timestamp {
        let share = self.background_share(now, rate, crowd);
        let apart = MINUTE / i32::try_from(share).unwrap_or(i32::MAX);
        let left = rate.per_minute.saturating_sub(crowd.reserved).max(1);
        self.last(rate.per_second.saturating_sub(1).max(1), SECOND, |_| true)
            .max(self.last(left, MINUTE, |_| true))
            .max(self.last(1, apart, CallKind::is_background))
            .max(self.last(share, MINUTE, CallKind::is_background))
    }

    /// How many calls of a minute are for background work.
    fn background_share(&self, now: Timestamp, rate: Rate, crowd: Crowd) -> usize {
        let signs_in = |(at, kind): &(Timestamp, CallKind)| {
            *kind == CallKind::SignIn && now.duration_since(*at) < MINUTE
        };
        let share = if crowd.people_wait {
            rate.per_minute / 10
        } else if crowd.reserved > 0 || self.starts.iter().any(signs_in) {
            rate.per_minute / 3
        } else {
            rate.per_minute * 2 / 3
        };
        share.max(1)
    }

    /// How many calls of people could start within `within`, up to `most`, after so many that go `ahead` of them.
    pub fn room(
        &self,
        now: Timestamp,
        within: SignedDuration,
        rate: Rate,
        ahead: usize,
        most: usize,
    ) -> usize {
        let mut planned = self.clone();
        planned.settle(now);
        let (end, mut at) = (now + within, now);
        for found in 0..ahead.saturating_add(most) {
            let step = LedgerStep::Start { kind: CallKind::SignIn, rate, crowd: Crowd::default() };
            at = planned.opens(at, CallKind::SignIn, rate, Crowd::default());
            if at > end || !planned.take(at, step) {
                return found.saturating_sub(ahead);
            }
        }
        most
    }

    /// In how long each of so many sign-ins can begin, one after the other, after the calls that go `ahead` of them. Background work
    /// has its share meanwhile.
    pub fn forecast(
        &self,
        now: Timestamp,
        rate: Rate,
        ahead: usize,
        calls: usize,
        sign_ins: usize,
    ) -> Vec<SignedDuration> {
        let mut planned = self.clone();
        planned.settle(now);
        let mut starts: Vec<Timestamp> = planned.starts.iter().map(|(at, _)| *at).collect();
        let per_minute = (rate.per_minute - rate.per_minute / 10).max(1);
        let mut at = self.paused_until(now).unwrap_or(now);
        let mut found = Vec::with_capacity(sign_ins);
        for nth in 0..ahead.saturating_add(calls.saturating_mul(sign_ins)) {
            for (most, span) in [(rate.per_second, SECOND), (per_minute, MINUTE)] {
                let of_window = starts.len().checked_sub(most).and_then(|first| starts.get(first));
                at = of_window.map_or(at, |first| at.max(*first + span));
            }
            starts.push(at);
            if nth >= ahead && (nth - ahead).is_multiple_of(calls) {
                found.push(at.duration_since(now));
            }
        }
        found
    }

    /// Calls that started within the last minute, by kind in the order of [`CallKind::ALL`].
    pub fn last_minute(&self, now: Timestamp) -> [usize; CallKind::ALL.len()] {
        CallKind::ALL.map(|kind| {
            let is_recent = |at: Timestamp| now.duration_since(at) < SignedDuration::from_secs(60);
            self.starts.iter().filter(|(at, of)| *of == kind && is_recent(*at)).count()
        })
    }

    /// Until when no call may start, because the AMS asked for a pause or we chose one.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        let Pause { since, until } = self.pause?;
        // The clock was set back by more than that.
        let until = if since > now + JUMP_COSTS { until.min(now + JUMP_COSTS) } else { until };
        (until > now).then_some(until)
    }

    /// Forgets what no limit looks at any more. What seems to have started in the future did so before the clock was set back.
    fn settle(&mut self, now: Timestamp) {
        self.starts.retain(|(at, _)| now.duration_since(*at) < MINUTE);
        self.starts.iter_mut().for_each(|(at, _)| *at = now.min(*at));
        let hour = hour_of(now);
        self.hours.retain(|(of, _)| (hour - HOURS_OF_A_DAY..=hour).contains(of));
        self.pause = self
            .paused_until(now)
            .zip(self.pause)
            .map(|(until, was)| Pause { since: was.since.min(now), until });
    }

    /// When a window of `span` has room again of which these calls may have `most`.
    fn last(&self, most: usize, span: SignedDuration, counts: impl Fn(CallKind) -> bool) -> Timestamp {
        let nth = self.starts.iter().rev().filter(|(_, kind)| counts(*kind)).nth(most.max(1) - 1);
        nth.map_or(Timestamp::MIN, |(at, _)| *at + span)
    }

    /// The first hour in which fewer than `most` calls lie within a day.
    fn day_opens(&self, now: Timestamp, most: usize) -> Timestamp {
        let hour = hour_of(now);
        let used = |hour: i64| -> usize {
            self.hours.iter().filter(|(of, _)| *of > hour - HOURS_OF_A_DAY).map(|(_, calls)| calls).sum()
        };
        let opens = (hour..=hour + HOURS_OF_A_DAY).find(|hour| used(*hour) < most.max(1)).unwrap_or(hour);
        if opens == hour { now } else { Timestamp::from_second(opens * 3_600).unwrap_or(now) }
    }

    /// Answers to calls that started side by side count as one.
    fn pause(&mut self, now: Timestamp, asked: Option<Duration>) {
        let wait = match asked {
            Some(wait) => wait.min(LONGEST_PAUSE),
            None if self.paused_until(now).is_some() => return,
            None => {
                self.own_pauses = self.own_pauses.saturating_add(1);
                Duration::from_secs(1 << (self.own_pauses - 1).min(6)).min(LONGEST_OWN_PAUSE)
            }
        };
        let until = now + SignedDuration::try_from(wait).unwrap_or(JUMP_COSTS);
        let until = self.paused_until(now).map_or(until, |paused| paused.max(until));
        self.pause = Some(Pause { since: now, until });
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3_600)
}
