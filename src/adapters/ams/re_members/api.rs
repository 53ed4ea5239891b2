//! One authorised question to the API: tokens shown, a 401 met with one renewal and one more try.
//!
//! What an answer means depends on the question, so it is left to `read`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use url::Url;

use super::handshake::AmsTokens;
use super::seen_fields::SeenFields;
use super::seen_lists::SeenLists;
use super::tokens::TokenCache;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::ams::transport::{Call, CallBody, Transport};
use crate::adapters::budget::Priority;
use crate::adapters::http::HttpAnswer;

/// What is asked: path segments below the base, then query parameters.
pub(super) struct ApiQuestion<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
}

/// How the API answered (docs/ams/remembers.md, "Answers").
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// 200 with something in it.
    Body(Bytes),
    /// Success without a body.
    Nothing,
    /// 404: there is no such thing, or no such page.
    NotFound,
    /// 400: likewise, or the question was not understood.
    BadRequest,
    /// 401 or 403, with tokens that were just renewed or are known to be good.
    Unauthorised,
}

pub(super) struct Api {
    transport: Transport,
    pub(super) tokens: TokenCache,
    pub(super) seen_lists: SeenLists,
    pub(super) seen_fields: SeenFields,
    /// Profiles are read for a community, too.
    pub(super) reads_contact: ContactWanted,
}

impl Api {
    pub(super) fn new(transport: Transport, tokens: TokenCache) -> Api {
        let (seen_lists, seen_fields) = (SeenLists::default(), SeenFields::default());
        Api { transport, tokens, seen_lists, seen_fields, reads_contact: ContactWanted::default() }
    }

    pub(super) async fn get(&self, question: ApiQuestion<'_>, priority: Priority) -> Result<Reply, AmsError> {
        self.asked(&question, &CallBody::Nothing, priority).await
    }

    /// Sends a document to a path.
    pub(super) async fn post(
        &self,
        path: &[&str],
        document: Bytes,
        priority: Priority,
    ) -> Result<Reply, AmsError> {
        self.asked(&ApiQuestion { path, query: &[] }, &CallBody::Document(document), priority).await
    }

    /// Has something removed.
    pub(super) async fn delete(&self, path: &[&str], priority: Priority) -> Result<Reply, AmsError> {
        self.asked(&ApiQuestion { path, query: &[] }, &CallBody::Removal, priority).await
    }

    async fn asked(
        &self,
        question: &ApiQuestion<'_>,
        sent: &CallBody,
        priority: Priority,
    ) -> Result<Reply, AmsError> {
        let tokens = self.tokens.usable().await?;
        let reply = self.ask(&tokens, question, sent, priority).await?;
        if reply != Reply::Unauthorised {
            return Ok(reply);
        }
        let Some(renewed) = self.tokens.instead_of(&tokens).await? else {
            return Ok(reply);
        };
        let reply = self.ask(&renewed, question, sent, priority).await?;
        if reply == Reply::Unauthorised {
            renewed.refused_when_new.store(true, Ordering::Relaxed);
        }
        Ok(reply)
    }

    async fn ask(
        &self,
        tokens: &Arc<AmsTokens>,
        question: &ApiQuestion<'_>,
        sent: &CallBody,
        priority: Priority,
    ) -> Result<Reply, AmsError> {
        let url = address(&tokens.base, question)?;
        let call = Call { url, headers: tokens.headers.clone(), sent: sent.clone() };
        read(self.transport.send(&call, priority).await?)
    }
}

fn address(base: &Url, question: &ApiQuestion<'_>) -> Result<Url, AmsError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| AmsError::AddressRefused("a base without a path".into()))?
        .pop_if_empty()
        .extend(question.path);
    if !question.query.is_empty() {
        url.query_pairs_mut().extend_pairs(question.query);
    }
    Ok(url)
}

fn read(answer: HttpAnswer) -> Result<Reply, AmsError> {
    match answer.status.as_u16() {
        200 if !answer.body.trim_ascii().is_empty() => Ok(Reply::Body(answer.body)),
        200..300 => Ok(Reply::Nothing),
        404 => Ok(Reply::NotFound),
        400 => Ok(Reply::BadRequest),
        401 | 403 => Ok(Reply::Unauthorised),
        status => Err(AmsError::Failed(status)),
    }
}
