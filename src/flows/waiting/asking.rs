//! Somebody comes or asks: a turn, a place, or how long it takes.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;

use super::gathering::{PlaceStanding, WaitingView};
use super::place_cookie::PlaceSecret;
use super::room::WaitingRoom;
use super::turn::PlaceTurn;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::store::StoreError;
use crate::adapters::store::waiting::NewPlace;
use crate::domain::waiting::{KnownVisitor, PlaceKey, come_again_in};

/// Places of one environment, whatever the AMS's rate.
const MOST_PLACES: usize = 20_000;

/// How many sign-ins may begin between two snapshots.
const MOST_AT_ONCE: usize = 64;

/// Nobody is told to come again sooner, where it is not the length of the line.
const COME_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// The line is as long as anybody is to wait, or the network holds as many places as it may. When to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineFull(pub SignedDuration);

/// How it stands with somebody who asks.
pub enum PlaceAnswer<'a> {
    /// There is no such place, or it is over.
    Gone,
    /// Its turn has not come.
    Waits(WaitingView),
    /// What was brought was not taken, or has been used: the browser needs something new from the AMS first.
    NeedsNewProof,
    /// It is its turn.
    Turn(PlaceTurn<'a>),
}

/// Why nobody could even be asked whether there is a place. Our fault.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

impl WaitingRoom {
    /// A turn for somebody who has just come. `None`: somebody waits already, or the calls of a sign-in cannot all begin soon.
    pub async fn at_once(&self, address: IpAddr) -> Option<PlaceTurn<'_>> {
        if self.gathering().in_front() > 0 {
            return None;
        }
        let call = match self.refusals.place(address).await {
            Ok(call) => call,
            Err(why) => {
                self.note_no_place(why, address);
                return None;
            }
        };
        if self.gathering().in_front() > 0 {
            return None;
        }
        let reservation = self.parts.budget.reserve(self.calls())?;
        Some(PlaceTurn {
            room: self,
            key: None,
            address,
            call: Some(call),
            reservation,
            view: WaitingView::default(),
            is_second: false,
            is_over: false,
        })
    }

    /// A place at the end of the line, or the one that the browser has already.
    pub async fn join(
        &self,
        address: IpAddr,
        known: Option<KnownVisitor>,
        held: Option<PlaceSecret>,
    ) -> Result<Result<PlaceSecret, LineFull>, JoinError> {
        let (now, network) = (self.parts.clock.now(), self.network(address));
        if let Some(held) = held
            && self.has(&held.key()).await?
        {
            if self.take_up(&held.key()) {
                // The answer that it was in was lost on the way; here it goes where it was.
                let new = NewPlace { key: held.key(), environment: self.environment(), network, known, now };
                self.parts.store.take_place(&new).await?;
            }
            return Ok(Ok(held));
        }
        {
            let gathering = self.gathering();
            let is_full = gathering.of_network(network) >= self.most_of_network.load(Ordering::Relaxed)
                || gathering.places() >= MOST_PLACES;
            let ahead = if gathering.is_behind(network) { gathering.len() } else { gathering.in_front() };
            if let Some(again) = come_again_in(gathering.wait(ahead)).or(is_full.then_some(COME_AGAIN)) {
                return Ok(Err(LineFull(again)));
            }
        }
        let secret = PlaceSecret::new()?;
        let new = NewPlace { key: secret.key(), environment: self.environment(), network, known, now };
        let kept = self.parts.store.take_place(&new).await?;
        let mut gathering = self.gathering();
        gathering.add(&kept);
        self.parts.budget.set_people_wait(true);
        Ok(Ok(secret))
    }

    /// Somebody asks for the page of their place, by a navigation: it is their turn, or they are told how long it takes.
    pub async fn ask(&self, key: &PlaceKey, address: IpAddr) -> Result<PlaceAnswer<'_>, StoreError> {
        if !self.has(key).await? {
            return Ok(PlaceAnswer::Gone);
        }
        let now = self.parts.clock.now();
        let room = self.parts.budget.room(self.calls(), MOST_AT_ONCE);
        let (view, is_behind, is_second) = {
            let mut gathering = self.gathering();
            let view = gathering.view(key, now);
            let Some(known) = gathering.get(key) else { return Ok(PlaceAnswer::Gone) };
            let (network, is_second) = (known.place.network, known.is_second);
            match known.standing {
                PlaceStanding::Waits => {}
                PlaceStanding::UnderWay => return Ok(PlaceAnswer::Waits(view)),
                PlaceStanding::Sent { .. } | PlaceStanding::Served(_) => {
                    return Ok(PlaceAnswer::NeedsNewProof);
                }
            }
            if !gathering.may_go(key, room, now) {
                return Ok(PlaceAnswer::Waits(view));
            }
            (view, gathering.is_behind(network), is_second)
        };
        // Who is behind has used up the places of the network; the turn itself is scarce enough.
        let call = match self.refusals.place_now(address) {
            Ok(call) => Some(call),
            Err(_) if is_behind => None,
            Err(why) => {
                self.note_no_place(why, address);
                return Ok(PlaceAnswer::Waits(view));
            }
        };
        let Some(reservation) = self.parts.budget.reserve(self.calls()) else {
            return Ok(PlaceAnswer::Waits(view));
        };
        if self.gathering().begin(key, now).is_none() {
            return Ok(PlaceAnswer::Gone);
        }
        Ok(PlaceAnswer::Turn(PlaceTurn {
            room: self,
            key: Some(*key),
            address,
            call,
            reservation,
            view,
            is_second,
            is_over: false,
        }))
    }

    /// As [`WaitingRoom::ask`], for a script that only looks.
    pub async fn look(&self, key: &PlaceKey) -> Result<Option<WaitingView>, StoreError> {
        if !self.has(key).await? {
            return Ok(None);
        }
        let now = self.parts.clock.now();
        let room = self.parts.budget.room(self.calls(), MOST_AT_ONCE);
        let mut gathering = self.gathering();
        let view = gathering.view(key, now);
        let Some(known) = gathering.get(key) else { return Ok(None) };
        let is_turn = match known.standing {
            PlaceStanding::Waits => gathering.may_go(key, room, now),
            PlaceStanding::UnderWay => false,
            PlaceStanding::Sent { .. } | PlaceStanding::Served(_) => true,
        };
        Ok(Some(WaitingView { is_turn, ..view }))
    }

    /// The browser has come back with something new; its place is where it was. `true`: the store has it no longer.
    fn take_up(&self, key: &PlaceKey) -> bool {
        let mut gathering = self.gathering();
        let Some(known) = gathering.get(key) else { return false };
        match known.standing {
            PlaceStanding::UnderWay => false,
            PlaceStanding::Served(_) => {
                known.standing = PlaceStanding::Waits;
                true
            }
            PlaceStanding::Waits | PlaceStanding::Sent { .. } => {
                // The call of the first token is given back: it was no refusal.
                known.standing = PlaceStanding::Waits;
                false
            }
        }
    }
}
