//! What a provider says of itself (OpenID Connect Discovery 1.0), kept for a day and renewed once for all who need it.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::HeaderMap;
use jiff::SignedDuration;
use openidconnect::AuthType;
use openidconnect::core::CoreJsonWebKeySet;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::settings::{IdTokenAlgorithm, OpenIdSettings};
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::transport::{Call, CallBody, Transport};
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::domain::time::Timestamp;

/// How long metadata and keys are believed.
const BELIEVED: SignedDuration = SignedDuration::from_hours(24);
/// After a failure nobody tries again for so long.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// How often keys are fetched for a token whose key is not known.
const KEYS_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// What a provider says of itself.
#[derive(Debug)]
pub(super) struct LoginProvider {
    pub(super) issuer: String,
    pub(super) authorize: Url,
    pub(super) token: Url,
    /// Where its userinfo is, if it says so.
    pub(super) userinfo: Option<Url>,
    /// It says that it checks code challenges.
    pub(super) checks_challenge: bool,
    /// The keys of RS256; none where tokens are signed by the secret.
    pub(super) keys: CoreJsonWebKeySet,
    /// How the client proves itself, if only one way is named.
    pub(super) auth: Option<AuthType>,
    read_at: Timestamp,
}

/// The provider as it was read last.
pub(super) struct Providers {
    settings: Arc<OpenIdSettings>,
    transport: Transport,
    clock: SharedClock,
    current: ArcSwapOption<LoginProvider>,
    /// Held while it is read; inside is how that failed last.
    renewal: Mutex<Option<(Timestamp, AmsError)>>,
}

impl Providers {
    pub(super) fn new(settings: Arc<OpenIdSettings>, transport: Transport, clock: SharedClock) -> Providers {
        Providers { settings, transport, clock, current: ArcSwapOption::empty(), renewal: Mutex::new(None) }
    }

    /// The provider; read first if it is too old.
    pub(super) async fn usable(&self) -> Result<Arc<LoginProvider>, AmsError> {
        self.read_since(self.clock.now().checked_sub(BELIEVED).unwrap_or(Timestamp::MIN)).await
    }

    /// The provider with keys that were fetched for a token whose key is not known, at most once a minute.
    pub(super) async fn with_new_keys(&self) -> Result<Arc<LoginProvider>, AmsError> {
        self.read_since(self.clock.now().checked_sub(KEYS_PAUSE).unwrap_or(Timestamp::MIN)).await
    }

    async fn read_since(&self, oldest: Timestamp) -> Result<Arc<LoginProvider>, AmsError> {
        let now = self.clock.now();
        // A clock that was set back must not keep it for ever.
        let usable = || {
            let current = self.current.load_full();
            current.filter(|provider| provider.read_at >= oldest && provider.read_at <= now)
        };
        if let Some(provider) = usable() {
            return Ok(provider);
        }
        let mut failure = self.renewal.lock().await;
        if let Some(provider) = usable() {
            return Ok(provider);
        }
        if let Some((at, error)) = &*failure
            && now.duration_since(*at).abs() < PAUSE
        {
            return Err(error.clone());
        }
        match read(&self.settings, &self.transport, now).await {
            Ok(provider) => {
                let provider = Arc::new(provider);
                self.current.store(Some(Arc::clone(&provider)));
                *failure = None;
                Ok(provider)
            }
            Err(error) => {
                tracing::warn!(%error, "The AMS's login gave no metadata");
                // A full queue of ours says nothing about the login.
                if error != AmsError::Busy {
                    *failure = Some((self.clock.now(), error.clone()));
                }
                Err(error)
            }
        }
    }
}

async fn read(
    settings: &OpenIdSettings,
    transport: &Transport,
    now: Timestamp,
) -> Result<LoginProvider, AmsError> {
    let document = ask(settings, transport, &settings.metadata, "the metadata of the login").await?;
    let entry = JsonEntry::of(&document).ok_or_else(|| unreadable("the metadata of the login"))?;
    let text = |name: &str| entry.text(name).ok().flatten();
    let issuer = text("issuer").filter(|issuer| settings.issuers.contains(issuer));
    let issuer =
        issuer.ok_or_else(|| AmsError::AddressRefused("the login is of another issuer".to_owned()))?;
    let endpoint = |name: &str| {
        let address = text(name).ok_or_else(|| unreadable("the metadata of the login"))?;
        settings.hosts.accept(&address)
    };
    let keys = match settings.algorithm {
        IdTokenAlgorithm::Hs256 => CoreJsonWebKeySet::default(),
        IdTokenAlgorithm::Rs256 => {
            let keys = ask(settings, transport, &endpoint("jwks_uri")?, "the keys of the login").await?;
            serde_json::from_value(keys).map_err(|_| unreadable("the keys of the login"))?
        }
    };
    Ok(LoginProvider {
        issuer,
        authorize: endpoint("authorization_endpoint")?,
        token: endpoint("token_endpoint")?,
        userinfo: text("userinfo_endpoint").map(|address| settings.hosts.accept(&address)).transpose()?,
        checks_challenge: entry
            .get("code_challenge_methods_supported")
            .and_then(Value::as_array)
            .is_some_and(|methods| methods.iter().any(|method| method.as_str() == Some("S256"))),
        keys,
        auth: only_way(&entry),
        read_at: now,
    })
}

/// The way in which a client proves itself, where the metadata names only one of the two that we know.
fn only_way(entry: &JsonEntry<'_>) -> Option<AuthType> {
    let named = entry.get("token_endpoint_auth_methods_supported")?.as_array()?;
    let has = |name: &str| named.iter().any(|one| one.as_str() == Some(name));
    match (has("client_secret_basic"), has("client_secret_post")) {
        (true, false) => Some(AuthType::BasicAuth),
        (false, true) => Some(AuthType::RequestBody),
        _ => None,
    }
}

async fn ask(
    settings: &OpenIdSettings,
    transport: &Transport,
    url: &Url,
    what: &str,
) -> Result<Value, AmsError> {
    let url = settings.hosts.accept(url.as_str())?;
    let call = Call { url, headers: HeaderMap::new(), sent: CallBody::Nothing };
    let answer = transport.send(&call, Priority::Token).await?;
    match answer.status.as_u16() {
        200 => serde_json::from_slice(&answer.body).map_err(|_| unreadable(what)),
        status => Err(AmsError::Failed(status)),
    }
}

fn unreadable(what: &str) -> AmsError {
    AmsError::Unreadable(what.to_owned())
}
