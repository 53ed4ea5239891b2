//! Granting a client its code and tokens for a person who is signed in here.
//!
//! This file has who the provider is and how a code is given; `token` what a client does with it, `kept` what travels through
//! the browser under seal, `watch` who loses what a client asks for. Every grant, of whatever kind, asks `access::admit`; none outlives the session it rests on.

pub(crate) mod kept;
pub(crate) mod token;
mod watch;
mod watched;
mod wrong_secrets;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use self::watched::{WatchedGrants, is_watched};
use self::wrong_secrets::WrongSecrets;
use super::deliveries::{Deliverer, ToldNow};
use super::person::Held;
use super::visit::{Live, Presence, Visits};
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::random;
use crate::adapters::keys::seal::{self, KeyedDigest, Sealer};
use crate::adapters::store::StoreError;
use crate::adapters::store::grants::{GrantId, Grants, NewToken, StoredGrant, TokenKey, TokenKind};
use crate::domain::access::{Standing, admit};
use crate::domain::client::{Client, Clients, Scopes};
use crate::domain::grant::request::Authorization;
use crate::domain::grant::{CODE_LIVES, Grant};
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;
use crate::flows::keyring::Keyring;

/// How long a sign-in waits for the subscriber that is told first.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// Who we are to clients.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// `iss`: an origin, without a slash at its end.
    pub issuer: String,
    /// The issuer's host, as `access::normal_host` gives it. Sessions of this host count.
    pub host: Arc<str>,
    /// The AMS's logout sends the browser to the Single Logout URL of one of our sites. Then `prompt=login` can end the AMS's
    /// session first, and a logout can end it and still come back to the client.
    pub ams_logout_returns: bool,
}

/// The clients in force, swapped whole.
pub type PublishedClients = Arc<ArcSwap<Clients>>;

/// Why no code is given.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// The person lacks the roles that the client asks for.
    #[error("the person may not sign in to this client")]
    AccessDenied,
    /// The subscriber that is told first has not confirmed that it knows the person. Theirs to mend, or a matter of time.
    #[error("the client does not know the person yet: {why}")]
    NotKnownThere {
        /// For the log.
        why: &'static str,
        /// Another try may help.
        is_on_its_way: bool,
    },
    /// The session ended meanwhile. The visitor's matter.
    #[error("the session is over")]
    SessionOver,
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// The person named by an ID token of ours, and the client to which it was given. The token may be long past its time.
#[derive(Debug)]
pub struct Hint {
    /// The client that got the token.
    pub client: Arc<Client>,
    /// The person.
    pub individual: IndividualId,
}

/// The OpenID Provider.
pub struct Provider {
    settings: ProviderSettings,
    clients: PublishedClients,
    grants: Arc<dyn Grants>,
    visits: Arc<Visits>,
    deliverer: Arc<Deliverer>,
    keys: Arc<Keyring>,
    clock: SharedClock,
    sids: KeyedDigest,
    successors: KeyedDigest,
    kept: Sealer,
    wrong_secrets: WrongSecrets,
    watched: WatchedGrants,
}

impl Provider {
    /// A provider for `clients`, over the sessions of `visits`. `deliverer`: tells subscribers of people.
    pub fn new(
        settings: ProviderSettings,
        clients: PublishedClients,
        grants: Arc<dyn Grants>,
        (visits, deliverer): (Arc<Visits>, Arc<Deliverer>),
        keys: Arc<Keyring>,
        clock: SharedClock,
        keys_of_store: &DataKeys,
    ) -> Result<Provider, CryptographyFailed> {
        let sids = KeyedDigest::new(keys_of_store, "openid: names of sessions")?;
        let successors = KeyedDigest::new(keys_of_store, "openid: successors of refresh tokens")?;
        let kept = Sealer::new(keys_of_store, "openid: kept by the browser")?;
        Ok(Provider {
            settings,
            clients,
            grants,
            visits,
            deliverer,
            keys,
            clock,
            sids,
            successors,
            kept,
            wrong_secrets: WrongSecrets::default(),
            watched: WatchedGrants::default(),
        })
    }

    /// Who we are.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// The clients in force.
    pub fn clients(&self) -> Arc<Clients> {
        self.clients.load_full()
    }

    /// Makes the keys that the clients need, unless they are there. On the first start of all it may take seconds.
    pub async fn prepare(&self) {
        for client in self.clients().all() {
            if let Err(error) = self.keys.signer_with(client.id_token_algorithm).await {
                tracing::error!(client = %client.id, %error, "There is no key to sign this client's ID tokens");
            }
        }
    }

    /// Gives a code: the request is in order, and the person is there.
    pub async fn authorize(
        &self,
        authorization: &Authorization,
        live: &Arc<Live>,
        held: &Held,
    ) -> Result<String, AuthorizeError> {
        let client = &authorization.client;
        let admission = admit(client, &held.standing).ok_or(AuthorizeError::AccessDenied)?;
        let session = live.session();
        let Standing { id: individual, profile, .. } = admission.standing();
        self.tell_first(client, individual).await?;
        let subject = client.subject.of(individual, profile);
        let grant = Grant {
            subject: (subject != individual.as_str()).then(|| subject.to_owned()),
            individual: individual.clone(),
            scopes: authorization.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            redirect_uri: authorization.reply_to.address.as_str().to_owned(),
            nonce: authorization.nonce.clone(),
            challenge: authorization.challenge.clone(),
            auth_time: session.created,
            sid: self.sid(session.key, client),
        };
        let ends = session.created + self.visits.limits().absolute;
        let id = GrantId(random::bytes()?);
        let client_id = client.id.to_string();
        let stored = StoredGrant { id, session: session.key, client: client_id, ends, grant };
        let code = random::token()?;
        let key = TokenKey(random::digest(code.as_bytes()));
        let code_ends = (self.clock.now() + CODE_LIVES).min(ends);
        let kept = NewToken { key, kind: TokenKind::Code, ends: code_ends, scopes: Scopes::new() };
        let tell = client.back_channel_logout_uri.is_some();
        if self.grants.put_grant(&stored, kept, tell).await? {
            if is_watched(client) {
                self.watched.add(client.id.as_str(), live);
            }
            Ok(code)
        } else {
            Err(AuthorizeError::SessionOver)
        }
    }

    /// Has the subscriber that this client needs know the person first.
    async fn tell_first(&self, client: &Client, individual: &IndividualId) -> Result<(), AuthorizeError> {
        let Some(subscriber) = &client.told_first else { return Ok(()) };
        let (why, is_on_its_way) = match self.deliverer.tell_now(subscriber, individual, TOLD_WITHIN).await {
            ToldNow::Settled => return Ok(()),
            ToldNow::Refused(_) => ("it does not take this person", false),
            ToldNow::NothingToTell => {
                ("it is told nothing of this person, or not everything is known yet", true)
            }
            ToldNow::NotYet => ("it has not confirmed it in time", true),
        };
        Err(AuthorizeError::NotKnownThere { why, is_on_its_way })
    }

    /// The refresh token that takes the place of another: the same each time, so that uses at the same time get the same one, and
    /// nobody but us can tell it.
    fn successor_of(&self, refresh_token: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.successors.of(refresh_token.as_bytes()))
    }

    /// What names a session to a client: the same each time, and another for each client.
    fn sid(&self, session: SessionKey, client: &Client) -> String {
        let digest = self.sids.of(&seal::context(&[&session.0, client.id.as_str().as_bytes()]));
        BASE64_URL_SAFE_NO_PAD.encode(digest)
    }

    /// Reads an ID token of ours that a client sends back. `None`: it is not one.
    pub fn read_hint(&self, id_token: &str) -> Option<Hint> {
        let claims = self.keys.verify(id_token)?;
        let text = |name: &str| claims.get(name)?.as_str();
        // Assertions for sites are signed with our keys too. They do not say when somebody signed in, and no site has a client's
        // name (the configuration sees to that).
        claims.get("auth_time")?.as_i64()?;
        let client = self.clients.load().find(text("aud")?).cloned()?;
        let is_ours = text("iss")? == self.settings.issuer;
        // Ids are lowercase here, however a client is told them.
        is_ours.then_some(Hint { client, individual: IndividualId::parse(text("sub")?)? })
    }

    /// The session of a grant, while it lives. A record that is too old is read again first. `is_visit`: the person is at work.
    async fn present(
        &self,
        key: &SessionKey,
        is_visit: bool,
    ) -> Result<Option<(Arc<Live>, Arc<Held>)>, StoreError> {
        let Some(live) = self.visits.find(key).await? else { return Ok(None) };
        let ask = |live: &Live| {
            let (host, now) = (&self.settings.host, self.clock.now());
            if is_visit {
                self.visits.presence(live, host, now)
            } else {
                self.visits.still_present(live, host, now)
            }
        };
        let presence = match ask(&live) {
            Presence::Stale => {
                if let Err(error) = self.visits.refreshed(&live).await {
                    tracing::warn!(%error, "A grant is not honoured: the record is too old and cannot be read again");
                    return Ok(None);
                }
                ask(&live)
            }
            presence => presence,
        };
        match presence {
            Presence::Present(held) => Ok(Some((live, held))),
            Presence::Stale | Presence::Over => Ok(None),
        }
    }
}
