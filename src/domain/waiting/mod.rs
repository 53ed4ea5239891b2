//! Who waits for a turn to sign in, and in which order turns are given. Pure: the present is an argument.
//!
//! The order is one sequence of numbers. Where one network holds very many places, networks take turns; whoever comes from a network
//! of which too many tokens were refused goes behind the others; and in a flood of bad tokens every second turn goes to a browser that
//! has signed in before, or that comes back as somebody on file. Kept out: when the AMS has room (`domain::budget`), and where places are kept.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use jiff::SignedDuration;

use crate::domain::time::Timestamp;

/// A turn that is not used for so long passes on: the browser was to ask by then, and has not.
pub const PASSES_ON: SignedDuration = SignedDuration::from_secs(15);

/// A place stays so long although its browser does not ask.
pub const PLACE_STAYS: SignedDuration = SignedDuration::from_mins(5);

/// Nobody is given a place who would wait for longer.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// Networks take turns as soon as one holds more places than this.
const MOST_BEFORE_TURNS: usize = 50;

/// Browsers ask as often as this at the head of the line, and at its end.
const SOONEST: SignedDuration = SignedDuration::from_secs(2);
const LATEST: SignedDuration = SignedDuration::from_secs(30);

/// Who is behind the others has a turn as often as this, if nobody else waits.
pub const BEHIND_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// A place in the line: a digest of the secret that its browser has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceKey(pub [u8; 32]);

/// The network from which somebody waits: a digest, for the line needs no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WaitingNetwork(pub [u8; 32]);

/// What speaks for somebody in a flood of bad tokens: a digest of what a browser shows that has signed in before, or else of the person on
/// file that its return names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KnownVisitor(pub [u8; 32]);

/// Somebody's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingPlace {
    /// By what it is found.
    pub key: PlaceKey,
    /// Of the one sequence. It never changes.
    pub number: i64,
    /// In which round its turn comes, where networks take turns.
    pub round: i64,
    /// From where its browser came.
    pub network: WaitingNetwork,
    /// What speaks for its browser.
    pub known: Option<KnownVisitor>,
}

/// Somebody who waits, as of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiter {
    /// The place.
    pub place: WaitingPlace,
    /// Its browser was told to ask again by then.
    pub expected: Timestamp,
    /// Too many tokens of its network were refused.
    pub is_behind: bool,
}

impl Waiter {
    /// Whether its turn would be used.
    pub fn is_there(&self, now: Timestamp) -> bool {
        now.duration_since(self.expected) < PASSES_ON
    }
}

/// The round of a new place: after the last of its network, and not before the first that anybody has, so that nobody is owed for the
/// time before (start-time fair queueing).
pub fn round(first_of_all: Option<i64>, last_of_network: Option<i64>) -> i64 {
    let next = last_of_network.map_or(i64::MIN, |last| last.saturating_add(1));
    first_of_all.unwrap_or(0).max(next)
}

/// Places in the order of turns: how many go before each. Those who are not there hold up nobody, and keep their number.
#[derive(Debug, Clone, Default)]
pub struct Order {
    ahead: HashMap<PlaceKey, usize>,
    there: usize,
    in_front: usize,
}

impl Order {
    /// The order at `now`. In a flood of bad tokens every second turn is for known visitors; `turns` counts those given in it.
    pub fn of(waiters: &[Waiter], now: Timestamp, flood_turns: Option<u64>) -> Order {
        let mut sorted: Vec<&Waiter> = waiters.iter().collect();
        let crowded = most_of_one(waiters.iter().map(|waiter| waiter.place.network)) > MOST_BEFORE_TURNS;
        sorted.sort_unstable_by_key(|Waiter { place, is_behind, .. }| {
            (*is_behind, if crowded { place.round } else { 0 }, place.number)
        });
        if let Some(turns) = flood_turns {
            sorted = every_second_to_known(sorted, turns);
        }
        let mut order = Order::default();
        for waiter in sorted {
            order.ahead.insert(waiter.place.key, order.there);
            if waiter.is_there(now) {
                order.there += 1;
                order.in_front += usize::from(!waiter.is_behind);
            }
        }
        order
    }

    /// Somebody comes at the end.
    pub fn push(&mut self, key: PlaceKey, is_behind: bool) {
        self.ahead.insert(key, self.there);
        self.there += 1;
        self.in_front += usize::from(!is_behind);
    }

    /// How many have their turn before this place. `None`: it is not in the line.
    pub fn ahead_of(&self, key: &PlaceKey) -> Option<usize> {
        self.ahead.get(key).copied()
    }

    /// How many are there.
    pub fn len(&self) -> usize {
        self.there
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.there == 0
    }

    /// How many are there who are not behind the others.
    pub fn in_front(&self) -> usize {
        self.in_front
    }
}

fn most_of_one<K: Hash + Eq>(keys: impl Iterator<Item = K>) -> usize {
    let mut counts = HashMap::<K, usize>::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    counts.into_values().max().unwrap_or_default()
}

/// Alternates between known visitors and everybody in order. A visitor counts once, however many places show the same.
fn every_second_to_known(sorted: Vec<&Waiter>, turns: u64) -> Vec<&Waiter> {
    let mut shown = HashSet::new();
    let is_known =
        |waiter: &&&Waiter| !waiter.is_behind && waiter.place.known.is_some_and(|known| shown.insert(known));
    let known: Vec<&Waiter> = sorted.iter().filter(is_known).copied().collect();
    let (mut known, mut all) = (known.into_iter().peekable(), sorted.into_iter().peekable());
    let (mut taken, mut order, mut turn) = (HashSet::new(), Vec::new(), turns);
    while known.peek().is_some() || all.peek().is_some() {
        let next = if turn.is_multiple_of(2) {
            known.next().or_else(|| all.next())
        } else {
            all.next().or_else(|| known.next())
        };
        if let Some(next) = next.filter(|next| taken.insert(next.place.key)) {
            order.push(next);
            turn = turn.wrapping_add(1);
        }
    }
    order
}

/// How long to wait before asking again, for somebody who has their turn in `wait`.
pub fn ask_again_in(wait: SignedDuration) -> SignedDuration {
    (wait / 10).clamp(SOONEST, LATEST)
}

/// When to come again, if a place now would mean to wait for longer than anybody is to.
pub fn come_again_in(wait: SignedDuration) -> Option<SignedDuration> {
    (wait > LONGEST_WAIT).then(|| (wait - LONGEST_WAIT).max(SignedDuration::from_mins(1)))
}
