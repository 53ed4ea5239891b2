//! Who waits for a call at this gateway, in order, and what is known here of the ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::Notify;

use super::priority::{Priority, Ticket};
use crate::adapters::store::calls::LedgerAnswer;
use crate::domain::budget::{CallKind, Ledger, LedgerStep, Rate};
use crate::domain::time::Timestamp;

/// Who cannot begin within this time waits for a turn.
pub const SOON: SignedDuration = SignedDuration::from_secs(3);

/// While the store gives no answer, other gateways may be calling too; this one keeps to such a part of the rate.
const WITHOUT_STORE: usize = 3;

/// Every so many starts of background work, one that would come last goes first: nothing waits for ever.
const LAST_GOES_FIRST_EVERY: u32 = 4;

/// A place in the line: by kind, then by order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallRank {
    pub(super) priority: Priority,
    arrival: u64,
}

/// The line of one gateway.
#[derive(Debug)]
pub(super) struct CallLine {
    pub(super) rate: Rate,
    /// As the store had it when it last answered.
    pub(super) ledger: Ledger,
    /// How far the store's clock is ahead of ours.
    pub(super) skew: SignedDuration,
    store_is_gone: bool,
    waiting: BTreeMap<CallRank, Arc<Notify>>,
    arrivals: u64,
    background_starts: u32,
    /// Calls that sign-ins which have begun may still make.
    reserved: HashMap<Ticket, usize>,
}

impl CallLine {
    pub(super) fn new(rate: Rate) -> CallLine {
        CallLine {
            rate,
            ledger: Ledger::default(),
            skew: SignedDuration::ZERO,
            store_is_gone: false,
            waiting: BTreeMap::new(),
            arrivals: 0,
            background_starts: 0,
            reserved: HashMap::new(),
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&self) -> Option<&CallRank> {
        let first = self.waiting.keys().next()?;
        let is_last_ones_turn = self.background_starts % LAST_GOES_FIRST_EVERY == LAST_GOES_FIRST_EVERY - 1;
        if first.priority.kind() != CallKind::Refresh || !is_last_ones_turn {
            return Some(first);
        }
        Some(self.waiting.keys().find(|rank| rank.priority.kind() > CallKind::Refresh).unwrap_or(first))
    }

    /// `None`: too many of this kind wait.
    pub(super) fn enter(&mut self, priority: Priority) -> Option<(CallRank, Arc<Notify>)> {
        let kind = priority.kind();
        if self.waiting_of(kind) >= longest_line(kind) {
            return None;
        }
        self.arrivals += 1;
        let rank = CallRank { priority, arrival: self.arrivals };
        let notify = Arc::new(Notify::new());
        self.waiting.insert(rank, Arc::clone(&notify));
        Some((rank, notify))
    }

    pub(super) fn leave(&mut self, rank: &CallRank) {
        self.waiting.remove(rank);
        if let Some(next) = self.next().and_then(|next| self.waiting.get(next)) {
            next.notify_one();
        }
    }

    pub(super) fn started(&mut self, priority: Priority) {
        match priority {
            Priority::SignIn(ticket) => {
                if let Some(left) = self.reserved.get_mut(&ticket) {
                    *left = left.saturating_sub(1);
                }
            }
            other if other.kind().is_background() => {
                self.background_starts = self.background_starts.wrapping_add(1);
            }
            _ => {}
        }
    }

    pub(super) fn reserve(&mut self, calls: usize) -> Ticket {
        self.arrivals += 1;
        let ticket = Ticket(self.arrivals);
        self.reserved.insert(ticket, calls);
        ticket
    }

    pub(super) fn give_back(&mut self, ticket: Ticket) {
        self.reserved.remove(&ticket);
        if let Some(next) = self.next().and_then(|next| self.waiting.get(next)) {
            next.notify_one();
        }
    }

    pub(super) fn reserved(&self) -> usize {
        self.reserved.values().sum()
    }

    /// How many more calls could start soon, up to `most`, for sign-ins of so many `calls` each.
    pub(super) fn room(&self, now: Timestamp, calls: usize, most: usize) -> usize {
        // The calls of one sign-in take their time, however free the minute is.
        let more = calls.saturating_sub(1) / self.rate.per_second;
        let within = SOON + SignedDuration::from_millis(1_200) * i32::try_from(more).unwrap_or(60).min(60);
        self.ledger.room(now, within, self.rate_now(), self.ahead(), most)
    }

    /// Calls that go before those of a sign-in that has not begun. Calls of sign-ins are among the reserved ones.
    pub(super) fn ahead(&self) -> usize {
        let people = [CallKind::Token, CallKind::Person, CallKind::Canary];
        self.reserved() + people.map(|kind| self.waiting_of(kind)).iter().sum::<usize>()
    }

    pub(super) fn waiting(&self) -> [usize; CallKind::ALL.len()] {
        CallKind::ALL.map(|kind| self.waiting_of(kind))
    }

    fn waiting_of(&self, kind: CallKind) -> usize {
        self.waiting.keys().filter(|rank| rank.priority.kind() == kind).count()
    }

    pub(super) fn follow(&mut self, answer: LedgerAnswer, here: Timestamp) {
        self.skew = answer.at.duration_since(here);
        self.ledger = answer.ledger;
        self.store_is_gone = false;
    }

    /// Takes a step on our own copy, within a part of the rate.
    pub(super) fn without_store(&mut self, now: Timestamp, step: LedgerStep) -> bool {
        self.store_is_gone = true;
        let step = match step {
            LedgerStep::Start { kind, rate, crowd } => {
                LedgerStep::Start { kind, rate: rate.divided_by(WITHOUT_STORE), crowd }
            }
            other => other,
        };
        self.ledger.take(now, step)
    }

    /// The limits as they are believed now.
    pub(super) fn rate_now(&self) -> Rate {
        if self.store_is_gone { self.rate.divided_by(WITHOUT_STORE) } else { self.rate }
    }
}

/// How many calls of one kind may wait.
fn longest_line(kind: CallKind) -> usize {
    if kind == CallKind::Sweep { 64 } else { 256 }
}
