//! Signing in: sending a browser to the AMS and taking it back.
//!
//! The AMS's redirect carries no state, nonce or signature (re:Members fact sheet §2.7), so the binding is ours: a random
//! state travels inside the return address, and its twin stays in a cookie of this browser. Whoever comes back without
//! both gets no session, whatever token is in the address.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::person::PublishedRules;
use super::visit::{Live, Visits};
use crate::adapters::ams::{Ams, AmsError, Arrival, ArrivalFault};
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::{self, SessionSecret, TOKEN_CHARS};
use crate::adapters::keys::seal::{self, Sealer};
use crate::adapters::store::{Once, Store, StoreError};
use crate::domain::record::{IndividualId, Record};
use crate::domain::return_to::ReturnTo;
use crate::domain::roles;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;

/// How long a visitor may take at the AMS's login page, a forgotten password included.
pub const ATTEMPT_LIVES: SignedDuration = SignedDuration::from_hours(1);

/// How many attempts a browser may have open at once: a restored browser opens all its tabs together.
pub const MOST_ATTEMPTS: usize = 24;

/// How long a token is remembered as used. Staff can make tokens that live for days (re:Members fact sheet §2.4).
const TOKEN_REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Characters of the state that name its cookie, so that each attempt has a cookie of its own.
const HANDLE_CHARS: usize = 12;

/// Why a sign-in does not end in a session.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The browser came back without any state of ours: the AMS or a mailed link sent it. The visitor's matter; a normal
    /// login is started instead.
    #[error("the return carries no state")]
    NoState,
    /// The state is not one that this browser holds. The visitor's fault.
    #[error("the state does not belong to this browser")]
    ForeignState,
    /// The attempt is too old. The visitor's fault.
    #[error("the attempt has expired")]
    Expired(ReturnTo),
    /// The state or the token has been used before. The visitor's fault.
    #[error("the attempt has been used before")]
    Used(ReturnTo),
    /// The rest of the return is not what the AMS sends. The visitor's fault.
    #[error(transparent)]
    Arrival(#[from] ArrivalFault),
    /// The token proves somebody else than the address says. Upstream's fault, or a forgery.
    #[error("the token proves another person than the address names")]
    WrongPerson(ReturnTo),
    /// The AMS does not admit this person (not approved, or deceased).
    #[error("the AMS does not admit this person")]
    NotAdmitted,
    /// The AMS gave no usable answer.
    #[error(transparent)]
    Ams(AmsFailure),
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers or no sealing. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// The AMS failed, and where the visitor wanted to go.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct AmsFailure {
    /// What the AMS did.
    pub error: AmsError,
    /// Where the visitor wanted to go.
    pub return_to: ReturnTo,
}

/// What the cookie of one attempt holds, sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Attempt {
    state: String,
    host: String,
    return_to: ReturnTo,
    begun: Timestamp,
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
    /// Handles of attempts that make room: too old, unreadable, or the oldest beyond the cap.
    pub dropped: Vec<String>,
}

/// A browser that has come back as somebody.
#[derive(Debug)]
pub struct SignedIn {
    /// The id for the browser's cookie; `None`: its present session goes on.
    pub secret: Option<SessionSecret>,
    /// Where it wanted to go.
    pub return_to: ReturnTo,
    /// Names the cookie of the attempt, which is spent.
    pub handle: String,
}

/// An attempt's cookie as the browser sent it: handle and sealed text.
pub type Held<'a> = (&'a str, &'a str);

/// Signs people in.
pub struct SignIn {
    ams: Arc<dyn Ams>,
    store: Arc<dyn Store>,
    visits: Arc<Visits>,
    rules: PublishedRules,
    clock: SharedClock,
    attempts: Sealer,
}

impl SignIn {
    /// Signs in through `ams`; `attempts` seals what the cookies of attempts hold.
    pub fn new(
        ams: Arc<dyn Ams>,
        store: Arc<dyn Store>,
        visits: Arc<Visits>,
        rules: PublishedRules,
        clock: SharedClock,
        attempts: Sealer,
    ) -> SignIn {
        SignIn { ams, store, visits, rules, clock, attempts }
    }

    /// Sends a browser to the AMS. `callback` is our return address at the host where the visitor is.
    pub fn begin(
        &self,
        host: &str,
        mut callback: Url,
        return_to: ReturnTo,
        open: &[Held<'_>],
    ) -> Result<Departure, CryptographyFailed> {
        let now = self.clock.now();
        let state = random::token()?;
        let handle = handle_of(&state).to_owned();
        callback.query_pairs_mut().append_pair("state", &state);
        let address = self.ams.login_url(&callback);
        let attempt = Attempt { state, host: host.to_owned(), return_to, begun: now };
        let plain = serde_json::to_vec(&attempt).map_err(|_| CryptographyFailed)?;
        let sealed = self.attempts.seal(&plain, &bound_to(host, &handle))?;
        let dropped = self.make_room(host, open, now);
        Ok(Departure { address, handle, sealed: BASE64_URL_SAFE_NO_PAD.encode(sealed), dropped })
    }

    fn make_room(&self, host: &str, open: &[Held<'_>], now: Timestamp) -> Vec<String> {
        let mut live: Vec<(Timestamp, &str)> = Vec::new();
        let mut dropped = Vec::new();
        for &(handle, sealed) in open {
            match self.unseal(host, handle, sealed).filter(|attempt| !is_expired(attempt, now)) {
                Some(attempt) => live.push((attempt.begun, handle)),
                None => dropped.push(handle.to_owned()),
            }
        }
        live.sort();
        let beyond = (live.len() + 1).saturating_sub(MOST_ATTEMPTS);
        dropped.extend(live.into_iter().take(beyond).map(|(_, handle)| handle.to_owned()));
        dropped
    }

    /// Takes back a browser that comes from the AMS with `query`. `present` is the session that it has already.
    pub async fn finish(
        &self,
        host: &str,
        query: &str,
        open: &[Held<'_>],
        present: Option<&Arc<Live>>,
    ) -> Result<SignedIn, SignInError> {
        let now = self.clock.now();
        // (1) The state is there once, and its twin is in a cookie of this browser, for this host.
        let state = state_of(query)?;
        let handle = handle_of(&state).to_owned();
        let sealed = open.iter().find(|(name, _)| *name == handle).ok_or(SignInError::ForeignState)?.1;
        let attempt = self.unseal(host, &handle, sealed).ok_or(SignInError::ForeignState)?;
        if !random::same(attempt.state.as_bytes(), state.as_bytes()) || attempt.host != host {
            return Err(SignInError::ForeignState);
        }
        let return_to = attempt.return_to.clone();
        if is_expired(&attempt, now) {
            return Err(SignInError::Expired(return_to));
        }
        // (2) The state is used once, here or on any other gateway.
        if !self.store.use_once(&once(b"state", &state), now + ATTEMPT_LIVES * 2).await? {
            return Err(SignInError::Used(return_to));
        }
        // (3) The AMS's part has the shape that it always has.
        let arrival = self.ams.arrival(query)?;
        // (4) Another tab was first: the browser is that person already. Nothing is exchanged.
        if let Some(live) = present
            && live.session().individual == arrival.claimed
            && live.session().created >= attempt.begun
        {
            return Ok(SignedIn { secret: None, return_to, handle });
        }
        // (5) The token is used once, and proves the person whom the address names.
        let record = self.redeem(&arrival, &return_to, now).await?;
        // (6) The AMS admits the person now.
        if !roles::decide(&record, &self.rules.load().rules, now).admitted {
            return Err(SignInError::NotAdmitted);
        }
        // (7) A new session under a new id; the one that the browser came with is over.
        let secret = self.begin_session(host, record, now).await?;
        if let Some(live) = present {
            self.visits.end(&live.session().key).await?;
        }
        Ok(SignedIn { secret: Some(secret), return_to, handle })
    }

    async fn redeem(
        &self,
        arrival: &Arrival,
        return_to: &ReturnTo,
        now: Timestamp,
    ) -> Result<Record, SignInError> {
        let token = once(b"sso", &arrival.token.expose_secret().to_ascii_lowercase());
        if !self.store.use_once(&token, now + TOKEN_REMEMBERED).await? {
            return Err(SignInError::Used(return_to.clone()));
        }
        let parts = self.rules.load().rules.parts();
        let failed = |error| SignInError::Ams(AmsFailure { error, return_to: return_to.clone() });
        let record = self.ams.redeem(arrival, parts).await.map_err(failed)?;
        if record.id == arrival.claimed {
            Ok(record)
        } else {
            Err(SignInError::WrongPerson(return_to.clone()))
        }
    }

    async fn begin_session(
        &self,
        host: &str,
        record: Record,
        now: Timestamp,
    ) -> Result<SessionSecret, SignInError> {
        let secret = SessionSecret::new()?;
        let individual: IndividualId = record.id.clone();
        let session = Session {
            key: secret.key(),
            individual,
            environment: self.ams.environment().to_owned(),
            host: host.to_owned(),
            created: now,
            last_seen: now,
        };
        self.visits.begin(session, record).await?;
        Ok(secret)
    }

    fn unseal(&self, host: &str, handle: &str, sealed: &str) -> Option<Attempt> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.attempts.open(&sealed, &bound_to(host, handle))?;
        serde_json::from_slice(&plain).ok()
    }
}

/// The one `state` of a query; the AMS keeps our parameters and their case.
fn state_of(query: &str) -> Result<String, SignInError> {
    let mut states = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "state");
    let state = states.next().ok_or(SignInError::NoState)?.1.into_owned();
    let well_formed = state.len() == TOKEN_CHARS
        && state.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if well_formed && states.next().is_none() { Ok(state) } else { Err(SignInError::ForeignState) }
}

fn handle_of(state: &str) -> &str {
    state.get(..HANDLE_CHARS).unwrap_or(state)
}

fn bound_to(host: &str, handle: &str) -> Vec<u8> {
    seal::context(&[host.as_bytes(), handle.as_bytes()])
}

fn is_expired(attempt: &Attempt, now: Timestamp) -> bool {
    let age = now.duration_since(attempt.begun);
    // An attempt from the future was sealed by a clock that nobody should trust.
    age >= ATTEMPT_LIVES || age < SignedDuration::from_mins(-5)
}

fn once(kind: &[u8], text: &str) -> Once {
    Once(random::digest(&seal::context(&[kind, text.as_bytes()])))
}
