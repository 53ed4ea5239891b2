//! Checks an ID token (OpenID Connect Core 1.0 §3.1.3.7): signature by the configured algorithm and key, issuer, audience, times, nonce.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{
    ClaimsVerificationError, ClientId, ClientSecret, IssuerUrl, Nonce, SignatureVerificationError,
};
use secrecy::ExposeSecret as _;

use super::provider::{LoginProvider, Providers};
use super::settings::{IdTokenAlgorithm, OpenIdSettings};
use crate::adapters::ams::AmsError;
use crate::adapters::keys::random;
use crate::domain::time::Timestamp;

/// How far the clocks of AMS and gateway may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(120);

/// Checks the ID tokens of one provider.
pub(super) struct IdTokens {
    settings: Arc<OpenIdSettings>,
    /// It has returned a nonce, so from now on one must come back.
    returns_nonce: AtomicBool,
}

impl IdTokens {
    pub(super) fn new(settings: Arc<OpenIdSettings>) -> IdTokens {
        IdTokens { settings, returns_nonce: AtomicBool::new(false) }
    }

    /// Whether a login without an ID token may be believed.
    pub(super) fn absent(&self) -> Result<(), AmsError> {
        let must_come = !self.settings.may_lack_id_token || self.is_nonce_due();
        let missing = || AmsError::Unreadable("the login gave no ID token".to_owned());
        if must_come { Err(missing()) } else { Ok(()) }
    }

    fn is_nonce_due(&self) -> bool {
        self.settings.nonce_required || self.returns_nonce.load(Ordering::Relaxed)
    }

    /// The subject of a token, if everything about it is right.
    pub(super) async fn subject(
        &self,
        providers: &Providers,
        provider: &LoginProvider,
        token: &CoreIdToken,
        nonce: &str,
        now: Timestamp,
    ) -> Result<String, AmsError> {
        let verified = match self.verified(provider, token, nonce, now) {
            // The AMS may have a new key.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) if self.settings.algorithm == IdTokenAlgorithm::Rs256 => {
                let renewed = providers.with_new_keys().await?;
                self.verified(&renewed, token, nonce, now)
            }
            outcome => outcome,
        };
        verified.map_err(told)
    }

    fn verified(
        &self,
        provider: &LoginProvider,
        token: &CoreIdToken,
        nonce: &str,
        now: Timestamp,
    ) -> Result<String, ClaimsVerificationError> {
        let check = |verifier: CoreIdTokenVerifier<'static>| {
            let claims = token.claims(&verifier, |said: Option<&Nonce>| self.is_own_nonce(said, nonce))?;
            Ok(claims.subject().as_str().to_owned())
        };
        match check(verifier(&self.settings, provider, now)?) {
            // The secret looks like base64: whether its text or what it stands for is the key, no document says (docs/ams/novi.md).
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::CryptoError(
                _,
            ))) if is_signed_by_decoded_secret(&self.settings, token) => {
                check(verifier(&self.settings, provider, now)?.insecure_disable_signature_check())
            }
            outcome => outcome,
        }
    }

    fn is_own_nonce(&self, said: Option<&Nonce>, own: &str) -> Result<(), String> {
        match said {
            Some(said) if random::same(said.secret().as_bytes(), own.as_bytes()) => {
                self.returns_nonce.store(true, Ordering::Relaxed);
                Ok(())
            }
            None if !self.is_nonce_due() => Ok(()),
            Some(_) | None => Err(String::new()),
        }
    }
}

fn verifier(
    settings: &OpenIdSettings,
    provider: &LoginProvider,
    now: Timestamp,
) -> Result<CoreIdTokenVerifier<'static>, ClaimsVerificationError> {
    let issuer = IssuerUrl::new(provider.issuer.clone())
        .map_err(|_| ClaimsVerificationError::InvalidIssuer(String::new()))?;
    let algorithm = match settings.algorithm {
        IdTokenAlgorithm::Hs256 => CoreJwsSigningAlgorithm::HmacSha256,
        IdTokenAlgorithm::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    };
    let secret = ClientSecret::new(settings.client_secret.expose_secret().to_owned());
    let client = ClientId::new(settings.client_id.clone());
    let late = now.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
    let early = SystemTime::from(now.checked_add(SKEW).unwrap_or(Timestamp::MAX));
    let verifier =
        CoreIdTokenVerifier::new_confidential_client(client, secret, issuer, provider.keys.clone())
            .set_allowed_algs([algorithm])
            .set_time_fn(move || SystemTime::from(late).into())
            .set_issue_time_verifier_fn(move |issued| {
                if SystemTime::from(issued) <= early { Ok(()) } else { Err(String::new()) }
            });
    Ok(verifier)
}

/// Whether a token with the header of HS256 is signed by the bytes that the secret stands for in base64.
fn is_signed_by_decoded_secret(settings: &OpenIdSettings, token: &CoreIdToken) -> bool {
    let is_hs256 = matches!(token.signing_alg(), Ok(CoreJwsSigningAlgorithm::HmacSha256));
    let Ok(key) = STANDARD.decode(settings.client_secret.expose_secret()) else { return false };
    if settings.algorithm != IdTokenAlgorithm::Hs256 || !is_hs256 || key.len() < 16 {
        return false;
    }
    let text = token.to_string();
    let Some((message, signature)) = text.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), message.as_bytes(), &signature).is_ok()
}

/// A code of somebody else's login is the visitor's doing; everything else is the AMS's. No text of the library is kept: it quotes claims.
fn told(error: ClaimsVerificationError) -> AmsError {
    let what = match error {
        ClaimsVerificationError::InvalidNonce(_) => return AmsError::ArrivalRefused,
        ClaimsVerificationError::Expired(_) => "has expired, or is of a time to come",
        ClaimsVerificationError::InvalidAudience(_) => "is for another client",
        ClaimsVerificationError::InvalidIssuer(_) => "is of another issuer",
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoSignature) => {
            "is not signed"
        }
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::DisallowedAlg(_)) => {
            "is signed by another algorithm than `algorithm` in the configuration says"
        }
        ClaimsVerificationError::SignatureVerification(_) => "is not signed by the key of this client",
        _ => "is not one that we understand",
    };
    AmsError::Unreadable(format!("the ID token {what}"))
}
