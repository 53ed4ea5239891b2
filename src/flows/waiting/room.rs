//! The line of one AMS environment: what it is made of, and what its parts share.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::gathering::Gathering;
use super::place_cookie::PlaceCookies;
use crate::adapters::ams::Ams;
use crate::adapters::budget::Budget;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::seal::{KeyedDigest, Sealer};
use crate::adapters::store::StoreError;
use crate::adapters::store::waiting::WaitingLine;
use crate::domain::network::ClientNetwork;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;
use crate::domain::waiting::{KnownVisitor, PlaceKey, WaitingNetwork};
use crate::flows::canary::Canary;
use crate::flows::directory::Beliefs;
use crate::flows::person::PublishedRules;
use crate::flows::refusals::{NoCallPlace, Refusals};

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
    /// Whether what the AMS refuses says anything.
    pub canary: Arc<Canary>,
    /// What need not be asked again.
    pub beliefs: Arc<Beliefs>,
    /// Places that one network may hold.
    pub most_of_network: usize,
}

/// The line of the AMS environment that is live.
pub struct WaitingRoom {
    pub(super) parts: WaitingParts,
    pub(super) networks: KeyedDigest,
    pub(super) refusals: Refusals,
    pub(super) most_of_network: AtomicUsize,
    pub(super) gathering: Mutex<Gathering>,
    pub(super) started: Timestamp,
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

    /// What speaks for a browser that comes back as somebody on file. Whoever makes returns up does not know whose ids are on file; and
    /// one id speaks for one place only.
    pub fn on_file(&self, person: &IndividualId) -> KnownVisitor {
        KnownVisitor(self.networks.of(format!("person {person}").as_bytes()))
    }

    /// Gives a place up.
    pub async fn leave(&self, key: &PlaceKey) -> Result<(), StoreError> {
        self.gathering().remove(key);
        self.parts.store.leave_line(&[*key]).await
    }

    /// Whether a token that the AMS refused is worth nothing: the AMS finds who is there.
    pub async fn refusal_counts(&self) -> bool {
        self.parts.canary.is_found().await
    }

    /// The AMS has just told of this person.
    pub fn note_found(&self, person: &IndividualId) {
        self.parts.canary.note_found(person);
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

    pub(super) fn note_no_place(&self, why: NoCallPlace, address: IpAddr) {
        if why == NoCallPlace::Refused {
            let network = self.network(address);
            self.gathering().set_behind(network, self.parts.clock.now());
        }
    }

    pub(super) fn network(&self, address: IpAddr) -> WaitingNetwork {
        WaitingNetwork(self.networks.of(ClientNetwork::of(address).address().to_string().as_bytes()))
    }

    pub(super) fn calls(&self) -> usize {
        let needed =
            self.parts.beliefs.needed(&self.parts.rules.load().rules, None, None, self.parts.clock.now());
        self.parts.ams.calls_of_sign_in(needed)
    }

    pub(super) fn environment(&self) -> &str {
        self.parts.ams.environment()
    }

    pub(super) fn gathering(&self) -> MutexGuard<'_, Gathering> {
        // Nothing panics while it is held; if something ever did, the next snapshot puts it right.
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
