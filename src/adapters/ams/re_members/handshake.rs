//! The two steps by which we get tokens (docs/ams/remembers.md, "Handshake").
//!
//! Step 1 names the tenant's own host, step 2 the base of all calls; both are checked before a secret goes there.

use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::credentials::Credentials;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::transport::{Call, CallBody, Transport};
use crate::adapters::budget::Priority;
use crate::domain::time::Timestamp;

const ACCESS_TOKEN: HeaderName = HeaderName::from_static("accesstoken");
const APP_TOKEN: HeaderName = HeaderName::from_static("apptoken");
const USER_TOKEN: HeaderName = HeaderName::from_static("usertoken");

/// What the handshake brought: where to call and what to show there.
pub(super) struct AmsTokens {
    pub(super) base: Url,
    /// `AppToken` and the integration's own `UserToken`, never a visitor's: a 401 is then about us.
    pub(super) headers: HeaderMap,
    /// The integration's own user, as the handshake names it.
    pub(super) user: Option<String>,
    pub(super) obtained: Timestamp,
    /// A call was refused with these tokens just after they were obtained, so the tokens were not the reason.
    pub(super) refused_when_new: AtomicBool,
}

/// How tokens are got in one environment.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) discovery_url: Url,
    pub(super) hosts: AllowedHosts,
    pub(super) credentials: Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovered {
    uri: String,
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authenticated {
    uri: String,
    app_token: String,
    user_token: String,
    user_id: Option<String>,
}

impl Handshake {
    /// Performs both steps. They go first in the line: whoever else waits there waits for these tokens too.
    pub(super) async fn perform(&self, transport: &Transport, now: Timestamp) -> Result<AmsTokens, AmsError> {
        self.hosts.check_scheme(&self.discovery_url)?;
        let step = post(self.discovery_url.clone(), HeaderMap::new(), self.credentials.application());
        let discovered: Discovered = ask(transport, step, "WebApiUrl").await?;

        let url = self.hosts.accept(&discovered.uri)?;
        let headers = HeaderMap::from_iter([(ACCESS_TOKEN, token(&discovered.access_token)?)]);
        let step = post(url, headers, self.credentials.integration());
        let authenticated: Authenticated = ask(transport, step, "authenticate").await?;

        let app = (APP_TOKEN, token(&authenticated.app_token)?);
        let user = (USER_TOKEN, token(&authenticated.user_token)?);
        Ok(AmsTokens {
            base: self.hosts.accept_base(&authenticated.uri)?,
            headers: HeaderMap::from_iter([app, user]),
            user: authenticated.user_id,
            obtained: now,
            refused_when_new: AtomicBool::new(false),
        })
    }
}

fn post(url: Url, headers: HeaderMap, document: Bytes) -> Call {
    Call { url, headers, sent: CallBody::Document(document) }
}

async fn ask<T: DeserializeOwned>(transport: &Transport, call: Call, step: &str) -> Result<T, AmsError> {
    let answer = transport.send(&call, Priority::Token).await?;
    match answer.status.as_u16() {
        // The decoder's own words could quote a token, so they are not kept.
        200 => serde_json::from_slice(&answer.body)
            .map_err(|_| AmsError::Unreadable(format!("`{step}` brought no tokens"))),
        401 | 403 => Err(AmsError::CredentialsRefused),
        status @ 200..300 => Err(AmsError::Unreadable(format!("`{step}` answered with status {status}"))),
        status => Err(AmsError::Failed(status)),
    }
}

fn token(text: &str) -> Result<HeaderValue, AmsError> {
    let unusable = || AmsError::Unreadable("a token of the handshake is unusable".into());
    if text.is_empty() {
        return Err(unusable());
    }
    let mut value = HeaderValue::from_str(text).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok(value)
}
