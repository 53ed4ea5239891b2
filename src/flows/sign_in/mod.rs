//! Signing in: sending a browser to the AMS and taking it back.
//!
//! An AMS's redirect need not carry any state, nonce or signature, so the binding to the browser is ours: see `attempts`.
//! Whoever comes back without it gets no session, whatever proof is in the address.

mod exchange;
mod failure;
mod line;

use std::net::IpAddr;
use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use url::Url;

use super::attempts::{ATTEMPT_LIVES, Attempt, AttemptCookie, Attempts, handle_of};
use super::known_browsers::KnownBrowsers;
use super::long_addresses::Destination;
use super::tally::Tally;
use super::visit::{Live, Visits};
use super::waiting::{Brought, WaitingRoom, WaitingView};
use crate::adapters::ams::{Ams, Arrival, LoginStart};
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::random::{self, SessionSecret};
use crate::adapters::keys::seal::{self, Sealer};
use crate::adapters::store::sessions::{Once, Sessions};
use crate::domain::base64url;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;
use crate::domain::waiting::KnownVisitor;

pub use self::failure::{Failure, SignInError};

/// How long a proof is remembered as used. Staff of an association can make some that live for days
/// (docs/ams/remembers.md, "The token").
const PROOF_REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// So many attempts within [`LOOP_SPAN`] without one coming back whole: the AMS drops what we give it.
const LOOP: usize = 3;
const LOOP_SPAN: SignedDuration = SignedDuration::from_secs(30);

/// What came of a turn.
enum Exchanged {
    /// A session.
    In(SessionSecret),
    /// Nothing was decided. What was brought may be tried again.
    Kept,
    /// The AMS did not take what was brought by somebody who had to wait.
    NeedsNewProof,
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
    /// What it keeps of a place in line, as its cookie has it.
    pub place: Option<&'a str>,
    /// By what it shows that somebody has signed in there before.
    pub device: Option<&'a str>,
}

/// A browser that has come back as somebody.
#[derive(Debug)]
pub struct SignedIn {
    /// The id for the browser's cookie; `None`: its present session goes on.
    pub secret: Option<SessionSecret>,
    /// Where it wanted to go.
    pub to: Destination,
    /// Names the cookie of the attempt, which is spent.
    pub handle: Option<String>,
    /// What the browser shows from now on, to be known again.
    pub device: Option<String>,
}

/// A browser that waits for its turn.
#[derive(Debug)]
pub struct InLine {
    /// What the browser keeps of its place.
    pub cookie: String,
    /// Where it wants to go.
    pub to: Destination,
    /// Names the cookie of the attempt, which is spent.
    pub handle: Option<String>,
}

/// What comes of a browser that has come back.
#[derive(Debug)]
pub enum Finished {
    /// It is somebody.
    SignedIn(SignedIn),
    /// It has a place in line.
    Waits(InLine),
}

/// What comes of a browser that asks for its turn.
#[derive(Debug)]
pub enum Polled {
    /// Its turn has not come, or could not be used for a reason that passes.
    Waits(WaitingView, Option<Failure>),
    /// It is somebody.
    SignedIn(SignedIn),
    /// It needs something new from the AMS; its place is kept meanwhile.
    NeedsNewProof(InLine),
    /// It has no place.
    NoPlace(Option<Destination>),
}

/// By what that is sealed which a browser keeps.
pub struct SignInSealers {
    /// Login attempts.
    pub attempts: Sealer,
    /// That somebody has signed in before.
    pub browsers: Sealer,
}

/// Signs people in.
pub struct SignIn {
    ams: Arc<dyn Ams>,
    store: Arc<dyn Sessions>,
    visits: Arc<Visits>,
    clock: SharedClock,
    attempts: Attempts,
    browsers: KnownBrowsers,
    /// The line in front.
    pub waiting: Arc<WaitingRoom>,
    /// How sign-ins end.
    pub tally: Tally,
}

impl SignIn {
    /// Signs in through `ams`.
    pub fn new(
        ams: Arc<dyn Ams>,
        store: Arc<dyn Sessions>,
        visits: Arc<Visits>,
        clock: SharedClock,
        sealers: SignInSealers,
        waiting: Arc<WaitingRoom>,
    ) -> SignIn {
        let SignInSealers { attempts, browsers } = sealers;
        let (attempts, browsers) = (Attempts::new(attempts), KnownBrowsers::new(browsers));
        SignIn { ams, store, visits, clock, attempts, browsers, waiting, tally: Tally::default() }
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
    pub async fn finish(&self, returning: Returning<'_>) -> Result<Finished, SignInError> {
        let ended = self.take_back(returning).await;
        self.tally.note(match &ended {
            Ok(Finished::SignedIn(_)) => "completed",
            Ok(Finished::Waits(_)) => "waits",
            Err(error) => error.failure.outcome().slug(),
        });
        ended
    }

    async fn take_back(&self, returning: Returning<'_>) -> Result<Finished, SignInError> {
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
    ) -> Result<Finished, Failure> {
        let (to, handle) = (attempt.to.clone(), Some(attempt.handle().to_owned()));
        // (2) The AMS's part has the shape that it always has, and comes from the login to which the browser was sent.
        let arrival = self.ams.arrival(returning.parameters, &attempt.keep)?;
        let proof = proof_of(&arrival);
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
            return Ok(Finished::SignedIn(SignedIn { secret: None, to, handle, device: None }));
        }
        // (5) There is room for a whole sign-in now, or the browser gets a place in line.
        let brought = Brought { arrival, to: to.clone(), begun: attempt.begun, is_second: false };
        let turn = if self.has_place(returning).await? {
            None
        } else {
            self.waiting.at_once(returning.address).await
        };
        let Some(turn) = turn else { return self.take_place(returning, brought, handle, now).await };
        match self.exchange(returning, &brought, turn, false, now).await? {
            Exchanged::In(secret) => {
                let device = self.new_device(returning)?;
                Ok(Finished::SignedIn(SignedIn { secret: Some(secret), to, handle, device }))
            }
            Exchanged::Kept | Exchanged::NeedsNewProof => {
                self.take_place(returning, brought, handle, now).await
            }
        }
    }

    /// What a browser gets that has signed in for the first time.
    fn new_device(&self, returning: &Returning<'_>) -> Result<Option<String>, Failure> {
        if self.device_of(returning).is_some() {
            return Ok(None);
        }
        Ok(Some(self.browsers.make(returning.host)?))
    }

    fn device_of(&self, returning: &Returning<'_>) -> Option<KnownVisitor> {
        self.browsers.recognize(returning.host, returning.device?)
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

/// Where an AMS does not look at case, one proof must not count as several; elsewhere no two differ in case alone.
fn proof_of(arrival: &Arrival) -> Once {
    once(b"proof", &arrival.proof.expose_secret().to_ascii_lowercase())
}

fn once(kind: &[u8], text: &str) -> Once {
    Once(random::digest(&seal::context(&[kind, text.as_bytes()])))
}
