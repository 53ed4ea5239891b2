//! Sign-in at an AMS that is an OpenID Provider: the authorization code flow (OpenID Connect Core 1.0 §3.1) with state, nonce and PKCE.
//!
//! The crate `openidconnect` makes the requests and checks the ID tokens. Every call goes through our own transport, to hosts that
//! the configuration allows. How a token is signed is said by the configuration, never by the token.

mod exchange;
mod id_token;
mod login_secrets;
mod provider;
mod settings;

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};

use self::id_token::IdTokens;
use self::login_secrets::LoginSecrets;
use self::provider::Providers;
use super::transport::Transport;
use super::{AmsError, Arrival, ArrivalFault};
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::random;
use crate::domain::record::IndividualId;
use crate::domain::session::LogoutHint;
use crate::domain::time::Timestamp;

pub use self::settings::IdTokenAlgorithm;
pub(in crate::adapters::ams) use self::settings::OpenIdSettings;

/// A code that was exchanged, while its sign-in was put off, is remembered so long.
const EXCHANGED_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// So many of them.
const MOST_EXCHANGED: usize = 1000;

/// The client of one provider.
pub(in crate::adapters::ams) struct OpenIdLogin {
    settings: Arc<OpenIdSettings>,
    transport: Transport,
    clock: SharedClock,
    providers: Providers,
    tokens: IdTokens,
    /// Who was shown by a code, by the digest of all that belongs to it.
    exchanged: Mutex<Vec<ExchangedCode>>,
}

/// What a code has shown.
pub(in crate::adapters::ams) struct ShownByCode {
    /// The subject of the ID token. `None`: none came, and none has to.
    pub(in crate::adapters::ams) subject: Option<String>,
    /// Opens what the person may see.
    pub(in crate::adapters::ams) access_token: SecretString,
    /// Where the provider says that its userinfo is.
    pub(in crate::adapters::ams) userinfo: Option<Url>,
    /// The ID token, for the provider's logout (OpenID Connect RP-Initiated Logout 1.0 §2).
    pub(in crate::adapters::ams) logout_hint: Option<LogoutHint>,
}

/// Who a code was exchanged for.
pub(in crate::adapters::ams) struct ExchangedPerson {
    pub(in crate::adapters::ams) person: IndividualId,
    pub(in crate::adapters::ams) logout_hint: Option<LogoutHint>,
}

/// How the login of a provider is protected, as far as its metadata says.
pub(in crate::adapters::ams) struct LoginProtection {
    /// It checks code challenges.
    pub(in crate::adapters::ams) checks_challenge: bool,
}

struct ExchangedCode {
    digest: [u8; 32],
    shown: ExchangedPerson,
    at: Timestamp,
}

impl OpenIdLogin {
    pub(in crate::adapters::ams) fn new(
        settings: OpenIdSettings,
        transport: Transport,
        clock: SharedClock,
    ) -> OpenIdLogin {
        let settings = Arc::new(settings);
        OpenIdLogin {
            providers: Providers::new(Arc::clone(&settings), transport.clone(), Arc::clone(&clock)),
            tokens: IdTokens::new(Arc::clone(&settings)),
            settings,
            transport,
            clock,
            exchanged: Mutex::default(),
        }
    }

    /// Reads the provider's metadata, if that was not done lately.
    pub(in crate::adapters::ams) async fn reachable(&self) -> Result<LoginProtection, AmsError> {
        let provider = self.providers.usable().await?;
        Ok(LoginProtection { checks_challenge: provider.checks_challenge })
    }

    /// The provider's login for a browser, and what stays with the browser.
    pub(in crate::adapters::ams) async fn begin(
        &self,
        callback: &Url,
        state: &str,
    ) -> Result<(Url, String), AmsError> {
        let provider = self.providers.usable().await?;
        let no_random = |_| AmsError::Unreachable("the machine has no random numbers".to_owned());
        let (nonce, verifier) = (random::token().map_err(no_random)?, random::token().map_err(no_random)?);
        let secrets = LoginSecrets { nonce: &nonce, verifier: &verifier, callback: callback.as_str() };
        Ok((exchange::login_url(&self.settings, &provider, &secrets, state)?, secrets.text()))
    }

    /// Reads `code`, `error` (or `errorCode`) and `iss` of a return; `kept` is what [`OpenIdLogin::begin`] gave the browser.
    pub(in crate::adapters::ams) fn arrival(
        &self,
        parameters: &str,
        kept: &str,
    ) -> Result<Arrival, ArrivalFault> {
        LoginSecrets::parse(kept).ok_or(ArrivalFault::MixedUp)?;
        // Of another provider (RFC 9207 §2.4).
        if only(parameters, "iss")?.is_some_and(|issuer| !self.settings.issuers.contains(&issuer)) {
            return Err(ArrivalFault::MixedUp);
        }
        let error = match (only(parameters, "error")?, only(parameters, "errorCode")?) {
            (Some(_), Some(_)) => return Err(ArrivalFault::Doubled),
            (error, code) => error.or(code),
        };
        match (error, only(parameters, "code")?) {
            (Some(_), Some(_)) => Err(ArrivalFault::Malformed),
            (Some(error), None) if error == "access_denied" => Err(ArrivalFault::NotPermitted),
            (Some(_), None) => Err(ArrivalFault::LoginFailed),
            (None, None) => Err(ArrivalFault::Missing),
            (None, Some(code)) if is_code(&code) => Ok(Arrival {
                proof: code.into(),
                kept: kept.to_owned().into(),
                claimed: None,
                logout_hint: None,
                is_verified: false,
            }),
            (None, Some(_)) => Err(ArrivalFault::Malformed),
        }
    }

    /// Who it is that the code shows, where the subject is the id. A code that was exchanged for a sign-in that was put off is good once
    /// more, with the same secrets.
    pub(in crate::adapters::ams) async fn person(&self, arrival: &Arrival) -> Result<IndividualId, AmsError> {
        if let Some(exchanged) = self.exchanged_before(arrival) {
            return Ok(exchanged.person);
        }
        let subject = self.shown(arrival).await?.subject;
        let no_id = || AmsError::Unreadable("the ID token has no subject that is an id".to_owned());
        subject.and_then(|subject| IndividualId::parse(&subject)).ok_or_else(no_id)
    }

    /// Exchanges the code. What it shows is checked as far as an ID token goes.
    pub(in crate::adapters::ams) async fn shown(&self, arrival: &Arrival) -> Result<ShownByCode, AmsError> {
        let kept = arrival.kept.expose_secret();
        let secrets = LoginSecrets::parse(kept).ok_or(AmsError::ArrivalRefused)?;
        let provider = self.providers.usable().await?;
        let code = arrival.proof.expose_secret();
        let tokens = exchange::redeem(&self.settings, &self.transport, &provider, code, &secrets).await?;
        let subject = match &tokens.id_token {
            Some(token) => {
                let now = self.clock.now();
                Some(self.tokens.subject(&self.providers, &provider, token, secrets.nonce, now).await?)
            }
            None => {
                self.tokens.absent()?;
                None
            }
        };
        Ok(ShownByCode {
            subject,
            access_token: tokens.access_token,
            userinfo: provider.userinfo.clone(),
            logout_hint: tokens.id_token.and_then(|token| LogoutHint::new(token.to_string())),
        })
    }

    /// The person that this code showed in a sign-in that was put off. It answers once.
    pub(in crate::adapters::ams) fn exchanged_before(&self, arrival: &Arrival) -> Option<ExchangedPerson> {
        self.take_exchanged(&digest_of(arrival))
    }

    /// The sign-in of this arrival is put off; its code is spent, and not to be asked for again.
    pub(in crate::adapters::ams) fn put_off(&self, arrival: &Arrival, shown: ExchangedPerson) {
        let now = self.clock.now();
        let mut exchanged = self.exchanged();
        exchanged.retain(|one| now.duration_since(one.at).abs() < EXCHANGED_LASTS);
        if exchanged.len() >= MOST_EXCHANGED {
            exchanged.remove(0);
        }
        exchanged.push(ExchangedCode { digest: digest_of(arrival), shown, at: now });
    }

    fn take_exchanged(&self, digest: &[u8; 32]) -> Option<ExchangedPerson> {
        let now = self.clock.now();
        let mut exchanged = self.exchanged();
        let place = exchanged.iter().position(|one| {
            random::same(&one.digest, digest) && now.duration_since(one.at).abs() < EXCHANGED_LASTS
        })?;
        Some(exchanged.remove(place).shown)
    }

    fn exchanged(&self) -> std::sync::MutexGuard<'_, Vec<ExchangedCode>> {
        self.exchanged.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn digest_of(arrival: &Arrival) -> [u8; 32] {
    let (code, kept) = (arrival.proof.expose_secret(), arrival.kept.expose_secret());
    random::digest(format!("{} {code} {kept}", code.len()).as_bytes())
}

/// Printable and not longer than any is (RFC 6749, appendix A.11).
fn is_code(code: &str) -> bool {
    (1..=2048).contains(&code.len()) && code.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

fn only(parameters: &str, name: &str) -> Result<Option<String>, ArrivalFault> {
    let values = form_urlencoded::parse(parameters.as_bytes()).filter(|(key, _)| key == name);
    let mut values = values.map(|(_, value)| value.into_owned());
    let first = values.next();
    if values.next().is_some() { Err(ArrivalFault::Doubled) } else { Ok(first) }
}
