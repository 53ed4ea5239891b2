//! Emergency access: a link that an operator makes at the machine, good once and for ten minutes, and the session of
//! administration that it opens.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Actor;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::{self, SessionSecret};
use crate::adapters::store::StoreError;
use crate::adapters::store::administration::{Administration, Opening};
use crate::adapters::store::sessions::Once;
use crate::domain::audit::{Action, Entry};
use crate::domain::network::ClientNetwork;
use crate::domain::session::SessionKey;
use crate::flows::failures::Failures;

/// How long a link is good for.
pub const LINK_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// Links that do not exist which one network may try within ten minutes. The operator can then still open one from another
/// network, such as the machine's own.
const MOST_GUESSES: usize = 10;

/// How long emergency access lasts.
pub const SESSION_LIVES: SignedDuration = SignedDuration::from_hours(1);

/// Why a link does not open.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LinkError {
    /// There is no such link. The visitor's fault.
    #[error("there is no such link")]
    Unknown,
    /// It was opened before. The visitor's fault, or somebody else has it.
    #[error("the link was opened before")]
    Used,
    /// It is older than ten minutes. The visitor's fault.
    #[error("the link has expired")]
    Expired,
    /// Too many links that do not exist were tried from this network. The visitor's fault, or a neighbour's.
    #[error("too many unknown links were tried from this network")]
    TooMany,
    /// Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// Emergency links and sessions.
pub struct AdminLinks {
    store: Arc<dyn Administration>,
    clock: SharedClock,
    guesses: Failures<ClientNetwork>,
}

impl AdminLinks {
    /// Over a store.
    pub fn new(store: Arc<dyn Administration>, clock: SharedClock) -> AdminLinks {
        AdminLinks { store, clock, guesses: Failures::new(MOST_GUESSES) }
    }

    /// Makes a link; what comes back goes into the address. Only the operator may ask.
    pub async fn make(&self) -> Result<String, LinkError> {
        let (token, now) = (random::token()?, self.clock.now());
        let entry = Entry {
            at: now,
            actor: Actor::operator(),
            action: Action::LinkMade,
            about: String::new(),
            before: None,
            after: None,
        };
        self.store.put_link(&digest(&token), now + LINK_LIVES, &entry).await?;
        Ok(token)
    }

    /// Opens a link. What comes back is for a cookie of this browser, for `SESSION_LIVES`.
    ///
    /// `address`: of the browser; links that do not exist are counted by network.
    pub async fn open(&self, token: &str, address: IpAddr) -> Result<SessionSecret, LinkError> {
        let begun = self.guesses.begin(ClientNetwork::of(address), self.clock.now());
        let begun = begun.map_err(|_| LinkError::TooMany)?;
        let opened = self.opened(token).await;
        if !matches!(opened, Err(LinkError::Unknown)) {
            begun.give_back();
        }
        opened
    }

    async fn opened(&self, token: &str) -> Result<SessionSecret, LinkError> {
        if random::key_of(token).is_none() {
            return Err(LinkError::Unknown);
        }
        let (secret, now) = (SessionSecret::new()?, self.clock.now());
        let entry = Entry {
            at: now,
            actor: Actor::break_glass(),
            action: Action::LinkOpened,
            about: String::new(),
            before: None,
            after: None,
        };
        match self.store.open_link(&digest(token), &secret.key(), now + SESSION_LIVES, &entry).await? {
            Opening::Opened => Ok(secret),
            Opening::Used => Err(LinkError::Used),
            Opening::Expired => Err(LinkError::Expired),
            Opening::Unknown => Err(LinkError::Unknown),
        }
    }

    /// Who a browser is that brings this session. `None`: nobody.
    pub async fn actor(&self, session: &SessionKey) -> Result<Option<Actor>, StoreError> {
        let until = self.store.emergency_session(session).await?;
        Ok(until.filter(|until| self.clock.now() < *until).map(|_| Actor::break_glass()))
    }

    /// Ends emergency access.
    pub async fn leave(&self, session: &SessionKey) -> Result<(), StoreError> {
        if self.store.end_emergency_session(session).await? {
            let entry = Entry {
                at: self.clock.now(),
                actor: Actor::break_glass(),
                action: Action::LeftEmergency,
                about: String::new(),
                before: None,
                after: None,
            };
            self.store.append(&entry).await?;
        }
        Ok(())
    }
}

fn digest(token: &str) -> Once {
    Once(random::digest(token.as_bytes()))
}
