//! Signing in: sending a browser to the AMS and taking it back.
//!
//! An AMS's redirect need not carry any state, nonce or signature, so the binding to the browser is ours: see `attempts`.
//! Whoever comes back without it gets no session, whatever proof is in the address.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use url::Url;

use super::attempts::{ATTEMPT_LIVES, Attempt, AttemptCookie, Attempts, handle_of};
use super::long_addresses::Destination;
use super::person::PublishedRules;
use super::refusals::Refusals;
use super::tally::Tally;
use super::visit::{Live, Visits};
use crate::adapters::ams::{Ams, AmsError, Arrival, ArrivalFault, LoginStart};
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::{self, SessionSecret};
use crate::adapters::keys::seal;
use crate::adapters::store::StoreError;
use crate::adapters::store::sessions::{Once, Sessions};
use crate::domain::base64url;
use crate::domain::device;
use crate::domain::outcome::Outcome;
use crate::domain::record::Record;
use crate::domain::roles;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

/// How long a proof is remembered as used. Staff of an association can make some that live for days
/// (docs/ams/remembers.md, "The token").
const PROOF_REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// So many attempts within [`LOOP_SPAN`] without one coming back whole: the AMS drops what we give it.
const LOOP: usize = 3;
const LOOP_SPAN: SignedDuration = SignedDuration::from_secs(30);

/// Why a sign-in does not end in a session.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The browser came back without any state of ours: the AMS or a mailed link sent it. A normal login is started.
    #[error("the return carries no state")]
    NoState,
    /// As before, again and again: something on the way drops our state.
    #[error("the return carries no state, for the third time within seconds")]
    Loop,
    /// The state is not one that this browser holds. The visitor's fault.
    #[error("the state does not belong to this browser")]
    ForeignState,
    /// The attempt is too old. The visitor's fault.
    #[error("the attempt has expired")]
    Expired,
    /// The state or the proof has been used before. The visitor's fault.
    #[error("the attempt has been used before")]
    Used,
    /// The rest of the return is not what the AMS sends. The visitor's fault.
    #[error(transparent)]
    Arrival(#[from] ArrivalFault),
    /// Too many refused proofs came from this network. The visitor's fault, or a neighbour's.
    #[error("too many refused proofs came from this network")]
    TooMany,
    /// The AMS does not admit this person (not approved, or deceased).
    #[error("the AMS does not admit this person")]
    NotAdmitted,
    /// The AMS gave no usable answer.
    #[error(transparent)]
    Ams(#[from] AmsError),
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers or no sealing. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

impl Failure {
    /// What it is called wherever somebody is told of it.
    pub fn outcome(&self) -> Outcome {
        match self {
            Failure::NoState => Outcome::NoState,
            Failure::Loop => Outcome::StateLost,
            Failure::ForeignState => Outcome::NotStartedHere,
            Failure::Expired => Outcome::AttemptExpired,
            Failure::Used => Outcome::AlreadyUsed,
            Failure::Arrival(_) => Outcome::ReturnMalformed,
            Failure::TooMany => Outcome::TooManyAttempts,
            Failure::NotAdmitted => Outcome::NotAdmitted,
            Failure::Ams(AmsError::ArrivalRefused) => Outcome::TokenRefused,
            Failure::Ams(AmsError::OtherPerson) => Outcome::WrongPerson,
            Failure::Ams(AmsError::Busy | AmsError::RateLimited { .. }) => Outcome::Busy,
            Failure::Ams(_) => Outcome::AmsDown,
            Failure::Store(_) => Outcome::Unavailable,
            Failure::Cryptography(_) => Outcome::Broken,
        }
    }
}

/// A failure, and where the visitor wanted to go as far as that is known.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct SignInError {
    /// What went wrong.
    pub failure: Failure,
    /// Where the visitor wanted to go.
    pub to: Option<Destination>,
    /// How often the page about a failure has begun this sign-in by itself.
    pub tries: u8,
}

impl<F: Into<Failure>> From<F> for SignInError {
    fn from(failure: F) -> SignInError {
        SignInError { failure: failure.into(), to: None, tries: 0 }
    }
}

/// A browser on its way to the AMS.
#[derive(Debug)]
pub struct Departure {
    /// Where it goes.
    pub address: Url,
    /// Names the attempt's cookie.
    pub handle: String,
    /// What the attempt's cookie holds.
    pub sealed: String,
    /// Handles of attempts that make room.
    pub dropped: Vec<String>,
}

/// A browser that has come back.
#[derive(Debug, Clone, Copy)]
pub struct Returning<'a> {
    /// The host at which it is.
    pub host: &'a str,
    /// From where, for counting refusals.
    pub address: IpAddr,
    /// The parameters with which it came (`application/x-www-form-urlencoded`).
    pub parameters: &'a str,
    /// What it says of itself; a few words made of it are kept with the session.
    pub user_agent: &'a str,
    /// Its open attempts.
    pub open: &'a [AttemptCookie<'a>],
    /// The live session that it has already.
    pub present: Option<&'a Arc<Live>>,
    /// Every session that it names, live or not. They end when a new one begins.
    pub named: &'a [SessionKey],
}

/// A browser that has come back as somebody.
#[derive(Debug)]
pub struct SignedIn {
    /// The id for the browser's cookie; `None`: its present session goes on.
    pub secret: Option<SessionSecret>,
    /// Where it wanted to go.
    pub to: Destination,
    /// Names the cookie of the attempt, which is spent.
    pub handle: String,
}

/// Signs people in.
pub struct SignIn {
    ams: Arc<dyn Ams>,
    store: Arc<dyn Sessions>,
    visits: Arc<Visits>,
    rules: PublishedRules,
    clock: SharedClock,
    attempts: Attempts,
    refusals: Refusals,
    /// How sign-ins end.
    pub tally: Tally,
}

impl SignIn {
    /// Signs in through `ams`.
    pub fn new(
        ams: Arc<dyn Ams>,
        store: Arc<dyn Sessions>,
        visits: Arc<Visits>,
        rules: PublishedRules,
        clock: SharedClock,
        attempts: Attempts,
    ) -> SignIn {
        let refusals = Refusals::new(Arc::clone(&clock));
        SignIn { ams, store, visits, rules, clock, attempts, refusals, tally: Tally::default() }
    }

    /// Sends a browser to the AMS. `callback` is our return address at the host where the visitor is.
    pub async fn begin(
        &self,
        host: &str,
        callback: &Url,
        to: Destination,
        tries: u8,
        open: &[AttemptCookie<'_>],
    ) -> Result<Departure, Failure> {
        let state = random::token()?;
        let LoginStart { location, keep } = self.ams.begin(callback, &state).await?;
        let now = self.clock.now();
        let attempt = Attempt { state, to, begun: now, tries, keep };
        let sealed = self.attempts.seal(host, &attempt)?;
        let dropped = self.attempts.beyond_the_cap(host, open, sealed.len(), now);
        Ok(Departure { address: location, handle: attempt.handle().to_owned(), sealed, dropped })
    }

    /// Takes back a browser that comes from the AMS.
    pub async fn finish(&self, returning: Returning<'_>) -> Result<SignedIn, SignInError> {
        let ended = self.take_back(returning).await;
        self.tally.note(ended.as_ref().map_or_else(|error| error.failure.outcome().slug(), |_| "completed"));
        ended
    }

    async fn take_back(&self, returning: Returning<'_>) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        // (1) The state is there once, and its twin is in a cookie of this browser, for this host.
        let attempt = self.attempt_of(&returning, now)?;
        self.complete(&returning, &attempt, now).await.map_err(|failure| SignInError {
            failure,
            to: Some(attempt.to),
            tries: attempt.tries,
        })
    }

    /// What is known of a sign-in that fails before its return is looked at.
    pub fn failed_early(&self, returning: &Returning<'_>, failure: impl Into<Failure>) -> SignInError {
        let attempt = self.attempt_of(returning, self.clock.now()).ok();
        let tries = attempt.as_ref().map_or(0, |attempt| attempt.tries);
        SignInError { failure: failure.into(), to: attempt.map(|attempt| attempt.to), tries }
    }

    fn attempt_of(&self, returning: &Returning<'_>, now: Timestamp) -> Result<Attempt, Failure> {
        let Some(state) = state_of(returning.parameters)? else {
            let lately = self.attempts.begun_within(returning.host, returning.open, LOOP_SPAN, now);
            return Err(if lately >= LOOP { Failure::Loop } else { Failure::NoState });
        };
        let handle = handle_of(&state);
        let cookie = returning.open.iter().find(|(name, _)| *name == handle).ok_or(Failure::ForeignState)?;
        let attempt = self.attempts.open(returning.host, *cookie).ok_or(Failure::ForeignState)?;
        let is_twin = random::same(attempt.state.as_bytes(), state.as_bytes());
        is_twin.then_some(attempt).ok_or(Failure::ForeignState)
    }

    async fn complete(
        &self,
        returning: &Returning<'_>,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<SignedIn, Failure> {
        let (to, handle) = (attempt.to.clone(), attempt.handle().to_owned());
        // (2) The AMS's part has the shape that it always has, and comes from the login to which the browser was sent.
        let arrival = self.ams.arrival(returning.parameters, &attempt.keep)?;
        // Where an AMS does not look at case, one proof must not count as several; elsewhere no two differ in case alone.
        let proof = once(b"proof", &arrival.proof.expose_secret().to_ascii_lowercase());
        if attempt.is_expired(now) {
            // The proof may still be good; nobody shall find it in this browser's history and use it.
            self.store.use_once(&proof, now + PROOF_REMEMBERED).await?;
            return Err(Failure::Expired);
        }
        // (3) The state is used once, here or on any other gateway.
        if !self.store.use_once(&once(b"state", &attempt.state), now + ATTEMPT_LIVES * 2).await? {
            return Err(Failure::Used);
        }
        // (4) Another tab was first: the browser is that person already. Nothing is exchanged.
        if let Some(live) = returning.present
            && arrival.claimed.as_ref() == Some(&live.session().individual)
            && live.session().created >= attempt.begun
        {
            self.store.use_once(&proof, now + PROOF_REMEMBERED).await?;
            return Ok(SignedIn { secret: None, to, handle });
        }
        // (5) The proof is good, shows the person whom the address names, and is used once. It is remembered only after the AMS has
        // vouched for it, so that strangers cannot fill the store with invented ones.
        let record = Arc::new(self.redeem(returning, &arrival).await?);
        if !self.store.use_once(&proof, now + PROOF_REMEMBERED).await? {
            return Err(Failure::Used);
        }
        // (6) The AMS admits the person now.
        if !roles::admits(&record) {
            return Err(Failure::NotAdmitted);
        }
        // (7) A new session under a new id; whatever the browser came with is over.
        let secret = self.begin_session(returning, record, now).await?;
        for key in returning.named {
            self.visits.end(key).await?;
        }
        Ok(SignedIn { secret: Some(secret), to, handle })
    }

    async fn redeem(&self, returning: &Returning<'_>, arrival: &Arrival) -> Result<Record, Failure> {
        let place = self.refusals.place(returning.address).await.map_err(|_| Failure::TooMany)?;
        let parts = self.rules.load().rules.parts();
        let redeemed = self.ams.redeem(arrival, parts).await;
        if let Err(AmsError::ArrivalRefused | AmsError::OtherPerson) = &redeemed {
            self.refusals.note(place);
        }
        Ok(redeemed?)
    }

    async fn begin_session(
        &self,
        returning: &Returning<'_>,
        record: Arc<Record>,
        now: Timestamp,
    ) -> Result<SessionSecret, Failure> {
        let secret = SessionSecret::new()?;
        let session = Session {
            key: secret.key(),
            individual: record.id.clone(),
            environment: self.ams.environment().to_owned(),
            host: returning.host.to_owned(),
            created: now,
            last_seen: now,
            device: Some(device::describe(returning.user_agent)),
            viewer: None,
        };
        self.visits.begin(session, record).await?;
        Ok(secret)
    }
}

/// The one `state` among the parameters, if there is any; the AMS keeps our parameters and their case.
fn state_of(parameters: &str) -> Result<Option<String>, Failure> {
    let mut states = url::form_urlencoded::parse(parameters.as_bytes()).filter(|(name, _)| name == "state");
    let Some((_, state)) = states.next() else { return Ok(None) };
    if base64url::is_256_bits(&state) && states.next().is_none() {
        Ok(Some(state.into_owned()))
    } else {
        Err(Failure::ForeignState)
    }
}

fn once(kind: &[u8], text: &str) -> Once {
    Once(random::digest(&seal::context(&[kind, text.as_bytes()])))
}
