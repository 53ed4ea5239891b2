//! What clients do with codes and tokens: exchange, refresh, ask about the person, give back.
//!
//! The numbers are those of RFC 6749 §4.1.3 and §6, and OpenID Connect Core §3.1.3.2 and §12.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;

use super::Provider;
use super::wrong_secrets::Shown;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random;
use crate::adapters::store::StoreError;
use crate::adapters::store::grants::{NewToken, Renewal, Renewed, StoredGrant, TokenKey, TokenKind, Use};
use crate::domain::access::{Admission, admit};
use crate::domain::base64url;
use crate::domain::claims::{self, ClaimedPerson, IdToken};
use crate::domain::client::{Client, Proof, Scope, Scopes, scope_text};
use crate::domain::grant::proof_key::{Challenge, Verifier};
use crate::domain::grant::request::{Parameters, Repeated};
use crate::domain::grant::{seconds_until, token_ends};
use crate::flows::keyring::KeyringError;

/// Why a client gets no tokens (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The request is not in order. The client's fault.
    #[error("invalid_request: {0}")]
    InvalidRequest(&'static str),
    /// The client has not proved who it is. The client's fault.
    #[error("invalid_client: {0}")]
    InvalidClient(&'static str),
    /// Too many wrong secrets came from there. The client's fault, or a neighbour's.
    #[error("too many wrong secrets came from this network")]
    TooManyWrongSecrets,
    /// The code or token is worth nothing. The client's or the visitor's matter.
    #[error("invalid_grant: {0}")]
    InvalidGrant(&'static str),
    /// More was asked for than was granted. The client's fault.
    #[error("invalid_scope")]
    InvalidScope,
    /// The kind of grant is not known. The client's fault.
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no key to sign with. Our fault.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// No random numbers. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

impl From<Repeated> for TokenError {
    fn from(_: Repeated) -> TokenError {
        TokenError::InvalidRequest("a parameter is repeated")
    }
}

/// What a client gets (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Serialize)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Only if `openid` is among the scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

const UNKNOWN: TokenError = TokenError::InvalidGrant("it is not known, too old, or its session is over");
const USED_BEFORE: TokenError = TokenError::InvalidGrant("it was used before; all that came of it is ended");
const OVER: TokenError = TokenError::InvalidGrant("the session is over");

/// Name and secret as a client sends them in the `Authorization` header.
pub struct Basic {
    /// `client_id`.
    pub id: String,
    /// The secret.
    pub secret: String,
}

/// What every code and token is found by. `None`: it cannot be one of ours, and the store is not asked.
fn key_of(token: &str) -> Option<TokenKey> {
    base64url::is_256_bits(token).then(|| TokenKey(random::digest(token.as_bytes())))
}

/// What was granted, as far as the client may still ask for it.
fn scopes_of(stored: &StoredGrant, client: &Client) -> Scopes {
    stored.grant.scopes().intersection(&client.scopes).copied().collect()
}

fn fits(challenge: &Challenge, verifier: Verifier<'_>) -> bool {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(random::digest(verifier.as_str().as_bytes()));
    random::same(digest.as_bytes(), challenge.as_str().as_bytes())
}

impl Provider {
    /// Finds out which client is calling: by its header, by its name and secret in the form, or, without a secret, by name.
    ///
    /// `address`: where it calls from; wrong secrets are counted by network and client.
    pub fn authenticate(
        &self,
        address: IpAddr,
        basic: Option<Basic>,
        parameters: &Parameters,
    ) -> Result<Arc<Client>, TokenError> {
        let claimed = basic.as_ref().map(|basic| basic.id.as_str()).or(parameters.one("client_id")?);
        let client = claimed.and_then(|id| self.clients().find(id).cloned());
        if client.as_ref().is_some_and(|client| client.is_public()) {
            return self.proved(basic, parameters);
        }
        // All that nobody has registered count together.
        let claimed = client.map(|client| client.id.to_string()).unwrap_or_default();
        let judge = || {
            let judged = self.proved(basic, parameters);
            let right = match &judged {
                Ok(_) => Some(true),
                Err(TokenError::InvalidClient(_)) => Some(false),
                Err(_) => None,
            };
            (right, judged)
        };
        match self.wrong_secrets.watch(address, &claimed, self.clock.now(), judge) {
            Shown::Judged(judged) => judged,
            Shown::TooMany => Err(TokenError::TooManyWrongSecrets),
        }
    }

    fn proved(&self, basic: Option<Basic>, parameters: &Parameters) -> Result<Arc<Client>, TokenError> {
        let (id, secret) = (parameters.one("client_id")?, parameters.one("client_secret")?);
        if parameters.one("client_assertion")?.is_some() {
            return Err(TokenError::InvalidClient("client assertions are not supported"));
        }
        let (id, secret) = match &basic {
            Some(_) if secret.is_some() => {
                return Err(TokenError::InvalidRequest("the client proves itself twice"));
            }
            Some(basic) if id.is_some_and(|id| id != basic.id) => {
                return Err(TokenError::InvalidRequest("client_id differs from the one in the header"));
            }
            Some(basic) => (basic.id.as_str(), Some(basic.secret.as_str())),
            None => (id.ok_or(TokenError::InvalidClient("client_id is missing"))?, secret),
        };
        let client =
            self.clients().find(id).cloned().ok_or(TokenError::InvalidClient("the client is not known"))?;
        let proved = match (&client.proof, secret) {
            (Proof::Public, None) => true,
            (Proof::Public, Some(_)) | (Proof::Secret(_), None) => false,
            (Proof::Secret(digests), Some(secret)) => {
                let digest = random::digest(secret.as_bytes());
                // All are compared, whichever fits.
                digests.iter().fold(false, |fits, known| random::same(known, &digest) | fits)
            }
        };
        if proved {
            Ok(client)
        } else {
            Err(TokenError::InvalidClient("the secret is wrong, missing or not expected"))
        }
    }

    /// Answers a token request of a client that has proved who it is.
    pub async fn token(&self, client: &Client, parameters: &Parameters) -> Result<Tokens, TokenError> {
        match parameters.one("grant_type")? {
            Some("authorization_code") => self.exchange(client, parameters).await,
            Some("refresh_token") => self.refresh(client, parameters).await,
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None => Err(TokenError::InvalidRequest("grant_type is missing")),
        }
    }

    async fn exchange(&self, client: &Client, parameters: &Parameters) -> Result<Tokens, TokenError> {
        let code = parameters.one("code")?.ok_or(TokenError::InvalidRequest("code is missing"))?;
        let uri =
            parameters.one("redirect_uri")?.ok_or(TokenError::InvalidRequest("redirect_uri is missing"))?;
        let verifier = parameters.one("code_verifier")?;
        // (1) The code is used once. A second use ends what came of the first (RFC 6749 §4.1.2).
        let used = self.grants.use_code(key_of(code).ok_or(UNKNOWN)?, self.clock.now()).await?;
        let stored = match used {
            Use::First(stored) => stored,
            Use::Again => return Err(USED_BEFORE),
            Use::Unknown => return Err(UNKNOWN),
        };
        // (2) It was given to this client, (3) for this redirect address, (4) to whoever holds the verifier. Whoever fails has
        // a code that was meant for somebody else, so nobody gets anything for it.
        let verifies = match (&stored.grant.challenge, verifier) {
            (Some(challenge), Some(text)) => {
                Verifier::parse(text).is_some_and(|verifier| fits(challenge, verifier))
            }
            (None, None) => true,
            // A verifier without a challenge: somebody has taken the challenge out of the request (RFC 9700 §4.8.2).
            (Some(_), None) | (None, Some(_)) => false,
        };
        let why = match () {
            () if stored.client != client.id.as_str() => "the code was given to another client",
            () if stored.grant.redirect_uri != uri => "the redirect address is another one",
            () if !verifies => "the code_verifier does not fit",
            () => return self.first_tokens(client, &stored).await,
        };
        self.grants.end_grant(stored.id).await?;
        Err(TokenError::InvalidGrant(why))
    }

    async fn first_tokens(&self, client: &Client, stored: &StoredGrant) -> Result<Tokens, TokenError> {
        let scopes = scopes_of(stored, client);
        let renews = scopes.contains(&Scope::OfflineAccess);
        let (mut tokens, access) = self.issue(client, stored, scopes, stored.grant.nonce.as_deref()).await?;
        tokens.refresh_token = renews.then(random::token).transpose()?;
        let refresh = tokens.refresh_token.as_deref().map(|token| NewToken {
            key: TokenKey(random::digest(token.as_bytes())),
            kind: TokenKind::Refresh,
            ends: stored.ends,
            scopes: Scopes::new(),
        });
        let kept = self.grants.put_tokens(stored.id, [Some(access), refresh].into_iter().flatten().collect());
        if kept.await? { Ok(tokens) } else { Err(OVER) }
    }

    async fn refresh(&self, client: &Client, parameters: &Parameters) -> Result<Tokens, TokenError> {
        let token = parameters.one("refresh_token")?;
        let token = token.ok_or(TokenError::InvalidRequest("refresh_token is missing"))?;
        let key = key_of(token).ok_or(UNKNOWN)?;
        let stored = self.grants.of_refresh_token(key, self.clock.now()).await?.ok_or(UNKNOWN)?;
        // (1) It was given to this client, which may still renew its tokens.
        if stored.client != client.id.as_str() {
            self.grants.end_grant(stored.id).await?;
            return Err(TokenError::InvalidGrant("the refresh token was given to another client"));
        }
        let all = scopes_of(&stored, client);
        if !all.contains(&Scope::OfflineAccess) {
            return Err(TokenError::InvalidGrant("the client may not renew its tokens any more"));
        }
        // (2) It asks for what was granted, or less; the grant stays as it is.
        let scopes = match parameters.one("scope")? {
            None => all,
            Some(text) => {
                let asked = stored.grant.narrowed(text).ok_or(TokenError::InvalidScope)?;
                let scopes: Scopes = asked.intersection(&all).copied().collect();
                if scopes.is_empty() {
                    return Err(TokenError::InvalidScope);
                }
                scopes
            }
        };
        // (3) A refreshed ID token has no nonce (OpenID Connect Core §12.2).
        let (mut tokens, access) = self.issue(client, &stored, scopes, None).await?;
        // (4) Where tokens rotate, a use that is not the first, nor at the same time, ends the whole family (RFC 9700 §4.14.2).
        let next = self.successor_of(token);
        let successor = TokenKey(random::digest(next.as_bytes()));
        let renewal = Renewal { key, successor, rotates: client.rotates_refresh_tokens(), access };
        tokens.refresh_token = Some(match self.grants.renew(renewal, self.clock.now()).await? {
            Renewed::Kept => token.to_owned(),
            Renewed::Replaced => next,
            Renewed::OtherScope => return Err(TokenError::InvalidScope),
            Renewed::Again => return Err(USED_BEFORE),
            Renewed::Unknown => return Err(UNKNOWN),
        });
        Ok(tokens)
    }

    /// Makes an access token, and an ID token if that was asked for, of what the person holds now. The access token is good once it
    /// is kept.
    async fn issue(
        &self,
        client: &Client,
        stored: &StoredGrant,
        scopes: Scopes,
        nonce: Option<&str>,
    ) -> Result<(Tokens, NewToken), TokenError> {
        let Some((live, held)) = self.present(&stored.session, true).await? else { return Err(OVER) };
        let Some(admission) =
            admit(client, &held.standing).filter(|_| held.standing.id == stored.grant.individual)
        else {
            self.grants.end_grant(stored.id).await?;
            return Err(TokenError::InvalidGrant("the person may not sign in to this client any more"));
        };
        let now = self.clock.now();
        let holds_until = held.standing.decision.holds_until;
        let began = self.visits.jumps().aged(live.session().created, now);
        let ends = token_ends(now, began, &self.visits.limits(), holds_until);
        let id_token = if scopes.contains(&Scope::OpenId) {
            let claims = IdToken {
                iss: &self.settings.issuer,
                aud: client.id.as_str(),
                exp: ends.as_second(),
                iat: now.as_second(),
                auth_time: stored.grant.auth_time.as_second(),
                nonce,
                sid: &stored.grant.sid,
                person: self.person(admission, client, &scopes),
            };
            let claims = serde_json::to_vec(&claims).map_err(|_| CryptographyFailed)?;
            Some(self.keys.signer_with(client.id_token_algorithm).await?.sign(&claims)?)
        } else {
            None
        };
        let access_token = random::token()?;
        let key = TokenKey(random::digest(access_token.as_bytes()));
        let tokens = Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: seconds_until(now, ends),
            refresh_token: None,
            id_token,
            scope: scope_text(&scopes),
        };
        Ok((tokens, NewToken { key, kind: TokenKind::Access, ends, scopes }))
    }

    /// What this client is told about a person, in ID token and userinfo alike.
    fn person<'a>(&self, admission: Admission<'a>, client: &Client, scopes: &Scopes) -> ClaimedPerson<'a> {
        claims::person(admission, client, scopes, self.clients().email_verified(client))
    }

    /// What is told to whoever holds an access token: a JSON object, decided as of now. `None`: the token is worth nothing.
    pub async fn userinfo(&self, access_token: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = key_of(access_token) else { return Ok(None) };
        let Some((stored, scopes)) = self.grants.access(key, self.clock.now()).await? else {
            return Ok(None);
        };
        let clients = self.clients();
        let Some(client) = clients.find(&stored.client) else { return Ok(None) };
        let Some((_, held)) = self.present(&stored.session, false).await? else { return Ok(None) };
        let Some(admission) = admit(client, &held.standing) else { return Ok(None) };
        let scopes = scopes.intersection(&client.scopes).copied().collect();
        Ok(serde_json::to_vec(&self.person(admission, client, &scopes)).ok())
    }

    /// Takes a token back (RFC 7009). What is not known, or another client's, is as good as taken back.
    pub async fn revoke(&self, client: &Client, parameters: &Parameters) -> Result<(), TokenError> {
        let token = parameters.one("token")?.ok_or(TokenError::InvalidRequest("token is missing"))?;
        if let Some(key) = key_of(token) {
            self.grants.revoke(key, client.id.as_str()).await?;
        }
        Ok(())
    }
}
