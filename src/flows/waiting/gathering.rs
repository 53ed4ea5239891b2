//! The line as one gateway knows it: a snapshot of the store's, and what has happened here since.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use jiff::SignedDuration;

use crate::adapters::store::waiting::KeptPlace;
use crate::domain::time::Timestamp;
use crate::domain::waiting::{
    BEHIND_EVERY, Order, PlaceKey, Waiter, WaitingNetwork, WaitingPlace, ask_again_in,
};
use crate::flows::refusals::{CallPlace, SPAN};

/// How often it is written down that a browser has asked.
const WRITE_DOWN: SignedDuration = SignedDuration::from_secs(5);

/// A browser that was sent to the AMS once more comes back within this time, or its token counts as refused.
const COMES_BACK: SignedDuration = SignedDuration::from_secs(60);

/// So long it is remembered who is in, should the answer have been lost on the way.
const LINGERS: SignedDuration = SignedDuration::from_secs(60);

/// While the AMS gives no answer, one of those who wait tries it this often.
const TRY_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// Refused tokens within a minute that are no flood, however few calls there were.
const NO_FLOOD: usize = 5;

/// What somebody who waits is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingView {
    /// How many have their turn before.
    pub ahead: usize,
    /// About how long it takes.
    pub wait: SignedDuration,
    /// When to ask again.
    pub again_in: SignedDuration,
    /// The AMS gives no answer now.
    pub is_ams_silent: bool,
    /// It is this browser's turn as far as this gateway knows; to be used by a navigation.
    pub is_turn: bool,
}

/// How it stands with a place.
#[derive(Default)]
pub(super) enum PlaceStanding {
    #[default]
    Waits,
    /// Its turn is being used.
    UnderWay,
    /// Sent to the AMS once more. The place of its call is kept until it is known what comes of that.
    Sent { call: Option<CallPlace>, until: Timestamp },
    /// In. The place is no longer kept.
    Served(Timestamp),
}

/// A place in memory.
pub(super) struct InMemory {
    pub(super) place: WaitingPlace,
    pub(super) standing: PlaceStanding,
    /// When its browser last asked, here or at another gateway.
    asked: Timestamp,
    /// What of that is written down.
    written: Timestamp,
    expected: Timestamp,
    /// It was sent to the AMS once more already.
    pub(super) is_second: bool,
}

/// All of it.
#[derive(Default)]
pub(super) struct Gathering {
    places: HashMap<PlaceKey, InMemory>,
    order: Order,
    forecast: Vec<SignedDuration>,
    /// How much longer each further sign-in takes in a line that is long.
    each: SignedDuration,
    /// How many went before each of those who have had their turn since the order was made.
    served: Vec<usize>,
    behind: HashMap<WaitingNetwork, Timestamp>,
    last_behind: Option<Timestamp>,
    refused: VecDeque<Timestamp>,
    flood_turns: u64,
    silent_since: Option<Timestamp>,
    next_try: Option<Timestamp>,
}

/// What is to be written down after a look at everything.
#[derive(Default)]
pub(super) struct Chores {
    pub(super) asked: Vec<(PlaceKey, Timestamp)>,
    /// Calls about tokens that count as refused now.
    pub(super) refused: Vec<CallPlace>,
}

impl Gathering {
    /// Takes over what the store says. `read_at`: just before it was asked; who came later is kept.
    pub(super) fn take_over(&mut self, kept: &[KeptPlace], read_at: Timestamp, is_first: bool) {
        let mut before = std::mem::take(&mut self.places);
        for kept in kept {
            let mut known = before.remove(&kept.place.key).unwrap_or_else(|| in_memory(kept));
            if kept.asked > known.asked {
                // At another gateway.
                known.asked = kept.asked;
                known.expected = known.expected.max(kept.asked + ask_again_in(SignedDuration::MAX));
            }
            if is_first {
                // Nobody could ask while there was no gateway.
                known.asked = known.asked.max(read_at);
                known.expected = known.expected.max(read_at + ask_again_in(SignedDuration::MAX));
            }
            self.places.insert(kept.place.key, known);
        }
        let stays =
            |known: &InMemory| known.asked >= read_at || !matches!(known.standing, PlaceStanding::Waits);
        self.places.extend(before.into_iter().filter(|(_, known)| stays(known)));
    }

    /// What time alone has brought about.
    pub(super) fn chores(&mut self, now: Timestamp) -> Chores {
        let (mut chores, mut over) = (Chores::default(), Vec::new());
        for (key, known) in &mut self.places {
            match &mut known.standing {
                PlaceStanding::Served(at) if now.duration_since(*at) >= LINGERS => over.push(*key),
                PlaceStanding::Sent { call, until } if now >= *until => chores.refused.extend(call.take()),
                _ => {}
            }
            let is_kept = !matches!(known.standing, PlaceStanding::Served(_));
            if is_kept && known.asked.duration_since(known.written) >= WRITE_DOWN {
                known.written = known.asked;
                chores.asked.push((*key, known.asked));
            }
        }
        over.iter().for_each(|key| drop(self.places.remove(key)));
        self.behind.retain(|_, until| now < *until);
        let minute = SignedDuration::from_mins(1);
        self.refused.retain(|at| now.duration_since(*at) < minute);
        chores
    }

    /// Puts everybody in order. `calls_of_minute`: calls of the last minute.
    pub(super) fn arrange(&mut self, now: Timestamp, calls_of_minute: usize) {
        let is_flood = self.refused.len() > NO_FLOOD && self.refused.len() * 3 > calls_of_minute;
        let waits =
            |known: &&InMemory| matches!(known.standing, PlaceStanding::Waits | PlaceStanding::Sent { .. });
        let waiters: Vec<Waiter> = self
            .places
            .values()
            .filter(waits)
            .map(|known| Waiter {
                place: known.place,
                expected: known.expected,
                is_behind: self.behind.contains_key(&known.place.network),
            })
            .collect();
        self.order = Order::of(&waiters, now, is_flood.then_some(self.flood_turns));
        self.served.clear();
    }

    pub(super) fn set_forecast(&mut self, forecast: Vec<SignedDuration>, each: SignedDuration) {
        self.forecast = forecast;
        self.each = each;
    }

    /// How many wait, and are there.
    pub(super) fn len(&self) -> usize {
        self.order.len().saturating_sub(self.served.len())
    }

    /// How many of them are not behind the others.
    pub(super) fn in_front(&self) -> usize {
        self.order.in_front().saturating_sub(self.served.len())
    }

    /// Places in memory, whoever is there.
    pub(super) fn places(&self) -> usize {
        self.places.len()
    }

    /// Places of a network.
    pub(super) fn of_network(&self, network: WaitingNetwork) -> usize {
        let waits = |known: &&InMemory| !matches!(known.standing, PlaceStanding::Served(_));
        self.places.values().filter(waits).filter(|known| known.place.network == network).count()
    }

    pub(super) fn get(&mut self, key: &PlaceKey) -> Option<&mut InMemory> {
        self.places.get_mut(key)
    }

    /// Somebody has taken a place, or is met here for the first time.
    pub(super) fn add(&mut self, kept: &KeptPlace) {
        let (key, is_behind) = (kept.place.key, self.is_behind(kept.place.network));
        if let Entry::Vacant(vacant) = self.places.entry(key) {
            vacant.insert(in_memory(kept));
            self.order.push(key, is_behind);
        }
    }

    pub(super) fn remove(&mut self, key: &PlaceKey) -> Option<InMemory> {
        if let Some(ahead) = self.order.ahead_of(key) {
            self.served.push(ahead);
        }
        self.places.remove(key)
    }

    /// How many have their turn before this place.
    pub(super) fn ahead_of(&self, key: &PlaceKey) -> usize {
        match self.order.ahead_of(key) {
            Some(ahead) => ahead - self.served.iter().filter(|of| **of < ahead).count().min(ahead),
            None => self.len().saturating_sub(1),
        }
    }

    /// How long it takes until so many have had their turn.
    pub(super) fn wait(&self, ahead: usize) -> SignedDuration {
        let known = match (self.forecast.get(ahead), self.forecast.last()) {
            (Some(known), _) => *known,
            (None, Some(last)) => {
                // Since the last look more people have come.
                let newer = i32::try_from(ahead + 1 - self.forecast.len()).unwrap_or(i32::MAX);
                last.saturating_add(self.each.saturating_mul(newer))
            }
            (None, None) => SignedDuration::ZERO,
        };
        let behind = ahead.saturating_sub(self.in_front());
        let behind = BEHIND_EVERY * i32::try_from(behind).unwrap_or(i32::MAX);
        if self.in_front() <= ahead && !self.behind.is_empty() { known + behind } else { known }
    }

    /// Somebody asks: what they are told, and when they are expected again.
    pub(super) fn view(&mut self, key: &PlaceKey, now: Timestamp) -> WaitingView {
        let ahead = self.ahead_of(key);
        let wait = self.wait(ahead);
        let again_in = ask_again_in(wait);
        if let Some(known) = self.places.get_mut(key) {
            known.asked = known.asked.max(now);
            known.expected = now + again_in;
        }
        WaitingView { ahead, wait, again_in, is_ams_silent: self.silent_since.is_some(), is_turn: false }
    }

    /// Whether it is the turn of a place, as far as this goes without the budget. `room`: how many sign-ins could begin.
    pub(super) fn may_go(&self, key: &PlaceKey, room: usize, now: Timestamp) -> bool {
        let ahead = self.ahead_of(key);
        let is_behind =
            self.places.get(key).is_some_and(|known| self.behind.contains_key(&known.place.network));
        if is_behind && self.last_behind.is_some_and(|last| now.duration_since(last) < BEHIND_EVERY) {
            return false;
        }
        match self.next_try {
            Some(next_try) => now >= next_try && ahead == 0,
            None => ahead < room,
        }
    }

    /// Its turn is used from now on.
    pub(super) fn begin(&mut self, key: &PlaceKey, now: Timestamp) -> Option<PlaceStanding> {
        let is_behind =
            self.places.get(key).is_some_and(|known| self.behind.contains_key(&known.place.network));
        if is_behind {
            self.last_behind = Some(now);
        }
        if self.next_try.is_some() {
            self.next_try = Some(now + TRY_EVERY);
        }
        let known = self.places.get_mut(key)?;
        let before = std::mem::replace(&mut known.standing, PlaceStanding::UnderWay);
        self.flood_turns = self.flood_turns.wrapping_add(1);
        Some(before)
    }

    /// In: the place is nobody's obstacle any more.
    pub(super) fn served(&mut self, key: &PlaceKey, now: Timestamp) {
        if let Some(ahead) = self.order.ahead_of(key) {
            self.served.push(ahead);
        }
        if let Some(known) = self.places.get_mut(key) {
            known.standing = PlaceStanding::Served(now);
        }
    }

    pub(super) fn sent(&mut self, key: &PlaceKey, call: Option<CallPlace>, now: Timestamp) {
        if let Some(known) = self.places.get_mut(key) {
            known.is_second = true;
            known.standing = PlaceStanding::Sent { call, until: now + COMES_BACK };
        }
    }

    /// Too many tokens of a network were refused.
    pub(super) fn set_behind(&mut self, network: WaitingNetwork, now: Timestamp) {
        self.behind.insert(network, now + SPAN);
    }

    pub(super) fn is_behind(&self, network: WaitingNetwork) -> bool {
        self.behind.contains_key(&network)
    }

    /// A token was refused, by an AMS that finds who is there.
    pub(super) fn note_refused(&mut self, now: Timestamp) {
        self.refused.push_back(now);
    }

    /// The AMS gives no answer. `true`: that is news.
    pub(super) fn note_silent(&mut self, now: Timestamp) -> bool {
        self.next_try = Some(now + TRY_EVERY);
        self.silent_since.replace(self.silent_since.unwrap_or(now)).is_none()
    }

    /// The AMS has answered. `true`: that is news.
    pub(super) fn note_answer(&mut self) -> bool {
        self.next_try = None;
        self.silent_since.take().is_some()
    }
}

fn in_memory(kept: &KeptPlace) -> InMemory {
    InMemory {
        place: kept.place,
        standing: PlaceStanding::Waits,
        asked: kept.asked,
        written: kept.asked,
        expected: kept.asked + ask_again_in(SignedDuration::MAX),
        is_second: false,
    }
}
