//! The line in front of the sign-in: who cannot be let in at once waits for a turn, and everybody has one.
//!
//! The store keeps the order for every gateway; each takes a snapshot of it once a second and answers from memory. What a browser
//! brought from the AMS stays with the browser (`place_cookie`) and is exchanged only when its turn has come. Kept out: the exchange
//! itself (`flows::sign_in`), and the order (`domain::waiting`).

mod canary;
mod gathering;
mod place_cookie;
mod snapshot;
#[cfg(test)]
mod tests;
mod turn;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::canary::Canary;
use self::gathering::{Gathering, PlaceStanding};
use super::person::PublishedRules;
use super::refusals::{NoCallPlace, Refusals};
use crate::adapters::ams::Ams;
use crate::adapters::budget::Budget;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::seal::{KeyedDigest, Sealer};
use crate::adapters::store::StoreError;
use crate::adapters::store::waiting::{NewPlace, WaitingLine};
use crate::domain::network::ClientNetwork;
use crate::domain::time::Timestamp;
use crate::domain::waiting::{KnownDevice, PlaceKey, WaitingNetwork, come_again_in};
use jiff::SignedDuration;

pub use self::gathering::WaitingView;
pub use self::place_cookie::{Brought, PlaceCookies, PlaceSecret};
pub use self::turn::PlaceTurn;

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

/// What somebody waits with.
pub struct WaitingParts {
    /// The AMS that is live.
    pub ams: Arc<dyn Ams>,
    /// The budget of calls.
    pub budget: Arc<Budget>,
    /// Keeps the line.
    pub store: Arc<dyn WaitingLine>,
    /// Says which parts of a record a sign-in reads.
    pub rules: PublishedRules,
    /// The clock.
    pub clock: SharedClock,
    /// Places that one network may hold.
    pub most_of_network: usize,
}

/// The line of the AMS environment that is live.
pub struct WaitingRoom {
    parts: WaitingParts,
    networks: KeyedDigest,
    refusals: Refusals,
    canary: Canary,
    most_of_network: AtomicUsize,
    gathering: Mutex<Gathering>,
    started: Timestamp,
    /// Seals what waits with a browser.
    pub cookies: PlaceCookies,
}

impl WaitingRoom {
    /// Nobody waits, until the first snapshot.
    pub fn new(parts: WaitingParts, keys: &DataKeys) -> Result<WaitingRoom, CryptographyFailed> {
        let sealer = Sealer::new(keys, "waiting for a turn")?;
        Ok(WaitingRoom {
            networks: KeyedDigest::new(keys, "waiting: digest of a network")?,
            refusals: Refusals::new(Arc::clone(&parts.clock)),
            canary: Canary::new(Arc::clone(&parts.ams), Arc::clone(&parts.clock)),
            most_of_network: AtomicUsize::new(parts.most_of_network),
            gathering: Mutex::default(),
            started: parts.clock.now(),
            cookies: PlaceCookies::new(sealer, parts.ams.environment()),
            parts,
        })
    }

    /// Another limit of places for one network, from the next place on.
    pub fn set_most_of_network(&self, most: usize) {
        self.most_of_network.store(most, Ordering::Relaxed);
    }

    /// How many wait, for the metrics.
    pub fn count(&self) -> usize {
        self.gathering().len()
    }

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
        device: Option<KnownDevice>,
        held: Option<PlaceSecret>,
    ) -> Result<Result<PlaceSecret, LineFull>, JoinError> {
        let (now, network) = (self.parts.clock.now(), self.network(address));
        if let Some(held) = held
            && self.has(&held.key()).await?
        {
            if self.take_up(&held.key()) {
                // The answer that it was in was lost on the way; here it goes where it was.
                let new = NewPlace { key: held.key(), environment: self.environment(), network, device, now };
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
        let new = NewPlace { key: secret.key(), environment: self.environment(), network, device, now };
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

    /// Gives a place up.
    pub async fn leave(&self, key: &PlaceKey) -> Result<(), StoreError> {
        self.gathering().remove(key);
        self.parts.store.leave_line(&[*key]).await
    }

    /// Whether a token that the AMS refused is worth nothing: the AMS finds who is there.
    pub async fn refusal_counts(&self) -> bool {
        self.canary.is_found().await
    }

    /// The AMS gave no answer, or has given one again.
    pub fn note_ams(&self, has_answered: bool) {
        let mut gathering = self.gathering();
        if has_answered {
            if gathering.note_answer() {
                tracing::info!("The AMS answers again; those who wait go on");
            }
        } else if gathering.note_silent(self.parts.clock.now()) {
            tracing::warn!("The AMS gives no answer; those who wait keep their places");
        }
    }

    /// Whether a place is kept: as far as memory knows, else by the store.
    pub async fn has(&self, key: &PlaceKey) -> Result<bool, StoreError> {
        if self.gathering().get(key).is_some() {
            return Ok(true);
        }
        let kept = self.parts.store.waiting_place(self.environment(), *key).await?;
        if let Some(kept) = &kept {
            self.gathering().add(kept);
        }
        Ok(kept.is_some())
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

    fn note_no_place(&self, why: NoCallPlace, address: IpAddr) {
        if why == NoCallPlace::Refused {
            let network = self.network(address);
            self.gathering().set_behind(network, self.parts.clock.now());
        }
    }

    fn network(&self, address: IpAddr) -> WaitingNetwork {
        WaitingNetwork(self.networks.of(ClientNetwork::of(address).address().to_string().as_bytes()))
    }

    fn calls(&self) -> usize {
        self.parts.ams.calls_of_sign_in(self.parts.rules.load().rules.parts())
    }

    fn environment(&self) -> &str {
        self.parts.ams.environment()
    }

    fn gathering(&self) -> MutexGuard<'_, Gathering> {
        // Nothing panics while it is held; if something ever did, the next snapshot puts it right.
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
