//! One authorised call (docs/ams/growthzone.md, "Answers"). What an answer means depends on the question.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::transport::{Call, CallBody, Transport};
use crate::adapters::budget::Priority;

/// How the interface answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ApiReply {
    /// With JSON.
    Body(Value),
    /// Success without a body.
    Nothing,
    /// 404 or 405: it is not on file, or the association has no such module.
    NotFound,
    /// 403, or 401 to a person's token: whoever asks has no right to it.
    Forbidden,
    /// 400.
    BadRequest,
}

/// Login and interface of one database.
pub(super) struct GrowthZoneApi {
    transport: Transport,
    host: Url,
    hosts: AllowedHosts,
    key: HeaderMap,
}

impl GrowthZoneApi {
    pub(super) fn new(
        transport: Transport,
        host: Url,
        hosts: AllowedHosts,
        key: &SecretString,
    ) -> GrowthZoneApi {
        GrowthZoneApi { transport, host, hosts, key: authorised("ApiKey", key) }
    }

    /// Asks with the key. `path` is below `/api`.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        priority: Priority,
    ) -> Result<ApiReply, AmsError> {
        let call = Call {
            url: self.address(&format!("/api/{path}"), query)?,
            headers: self.key.clone(),
            sent: CallBody::Nothing,
        };
        self.keyed(call, path, priority).await
    }

    /// Sends an empty document with the key, to a list that is asked for so.
    pub(super) async fn post(
        &self,
        path: &str,
        query: &[(&str, &str)],
        priority: Priority,
    ) -> Result<ApiReply, AmsError> {
        let call = Call {
            url: self.address(&format!("/api/{path}"), query)?,
            headers: self.key.clone(),
            sent: CallBody::Document(Bytes::from_static(b"{}")),
        };
        self.keyed(call, path, priority).await
    }

    async fn keyed(&self, call: Call, path: &str, priority: Priority) -> Result<ApiReply, AmsError> {
        self.send(call, path, priority).await?.ok_or(AmsError::CredentialsRefused)
    }

    /// Asks with a person's token. `path` is below the host.
    pub(super) async fn get_as(
        &self,
        token: &SecretString,
        path: &str,
        priority: Priority,
    ) -> Result<ApiReply, AmsError> {
        let url = self.address(path, &[])?;
        self.get_at(token, url, path, priority).await
    }

    /// Asks with a person's token at an address that the login named.
    pub(super) async fn get_at(
        &self,
        token: &SecretString,
        url: Url,
        what: &str,
        priority: Priority,
    ) -> Result<ApiReply, AmsError> {
        let url = self.hosts.accept(url.as_str())?;
        let call = Call { url, headers: authorised("Bearer", token), sent: CallBody::Nothing };
        Ok(self.send(call, what, priority).await?.unwrap_or(ApiReply::Forbidden))
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, AmsError> {
        let mut url = self.hosts.accept(self.host.as_str())?;
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// `None`: 401.
    async fn send(&self, call: Call, what: &str, priority: Priority) -> Result<Option<ApiReply>, AmsError> {
        let answer = self.transport.send(&call, priority).await?;
        Ok(Some(match answer.status.as_u16() {
            200 | 201 if !answer.body.trim_ascii().is_empty() => {
                // The decoder's own words could quote the body, and the path has an id, so neither is kept.
                let name =
                    what.split('/').find(|part| !part.is_empty() && *part != "api").unwrap_or_default();
                let body = serde_json::from_slice(&answer.body)
                    .map_err(|_| AmsError::Unreadable(format!("`{name}` is not JSON")))?;
                ApiReply::Body(body)
            }
            200..300 => ApiReply::Nothing,
            400 => ApiReply::BadRequest,
            401 => return Ok(None),
            403 => ApiReply::Forbidden,
            404 | 405 => ApiReply::NotFound,
            status => return Err(AmsError::Failed(status)),
        }))
    }
}

/// One that no header can hold is refused when the configuration is read.
fn authorised(scheme: &str, secret: &SecretString) -> HeaderMap {
    let value = HeaderValue::from_str(&format!("{scheme} {}", secret.expose_secret()));
    let headers = value.ok().map(|mut value| {
        value.set_sensitive(true);
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    });
    headers.unwrap_or_default()
}
