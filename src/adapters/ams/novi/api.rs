//! One authorised call of the interface (docs/ams/novi.md, "Key", "Answers"). What an answer means depends on the question.

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
#[derive(Debug, PartialEq)]
pub(super) enum NoviReply {
    /// With JSON.
    Body(Value),
    /// Success without a body.
    Nothing,
    /// 404.
    NotFound,
    /// 403: the key has no right to it.
    Forbidden,
    /// 400.
    BadRequest,
}

/// The interface of one site.
pub(super) struct NoviApi {
    transport: Transport,
    site: Url,
    hosts: AllowedHosts,
    headers: HeaderMap,
}

impl NoviApi {
    pub(super) fn new(transport: Transport, site: Url, hosts: AllowedHosts, key: &SecretString) -> NoviApi {
        // The key as it is: no user name, and no base64 around it. One that no header can hold is refused when it is read.
        let value = HeaderValue::from_str(&format!("Basic {}", key.expose_secret()));
        let headers = value.ok().map(|mut value| {
            value.set_sensitive(true);
            HeaderMap::from_iter([(AUTHORIZATION, value)])
        });
        NoviApi { transport, site, hosts, headers: headers.unwrap_or_default() }
    }

    /// Asks. `path` is below `/api`.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        priority: Priority,
    ) -> Result<NoviReply, AmsError> {
        self.call(path, query, CallBody::Nothing, priority).await
    }

    /// Sends a document.
    pub(super) async fn post(
        &self,
        path: &[&str],
        document: Bytes,
        priority: Priority,
    ) -> Result<NoviReply, AmsError> {
        self.call(path, &[], CallBody::Document(document), priority).await
    }

    /// Has something removed.
    pub(super) async fn delete(&self, path: &[&str], priority: Priority) -> Result<NoviReply, AmsError> {
        self.call(path, &[], CallBody::Removal, priority).await
    }

    async fn call(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        sent: CallBody,
        priority: Priority,
    ) -> Result<NoviReply, AmsError> {
        let mut url = self.hosts.accept(self.site.as_str())?;
        url.path_segments_mut()
            .map_err(|()| AmsError::AddressRefused("a site without a path".into()))?
            .pop_if_empty()
            .push("api")
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let call = Call { url, headers: self.headers.clone(), sent };
        let answer = self.transport.send(&call, priority).await?;
        match answer.status.as_u16() {
            200 | 201 if !answer.body.trim_ascii().is_empty() => {
                // The decoder's own words could quote the body, so they are not kept.
                let name = path.first().copied().unwrap_or_default();
                let body = serde_json::from_slice(&answer.body)
                    .map_err(|_| AmsError::Unreadable(format!("`{name}` is not JSON")))?;
                Ok(NoviReply::Body(body))
            }
            200..300 => Ok(NoviReply::Nothing),
            400 => Ok(NoviReply::BadRequest),
            401 => Err(AmsError::CredentialsRefused),
            403 => Ok(NoviReply::Forbidden),
            404 => Ok(NoviReply::NotFound),
            status => Err(AmsError::Failed(status)),
        }
    }
}
