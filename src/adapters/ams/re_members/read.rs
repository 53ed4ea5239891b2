//! What we ask about individuals, and what the answers mean: by token and by id. `lists` reads the parts that cost calls of their own.
//!
//! Lists have no total and no end mark, so they are read page by page until one of the signs that are known to come
//! after the last page (docs/ams/remembers.md, "Pages of a list").

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::api::{Api, ApiQuestion, Reply};
use super::seen_lists::ListEnd;
use super::wire::{self, Fetched};
use crate::adapters::ams::{AmsError, NoRecord, is_guid};
use crate::adapters::budget::Priority;
use crate::domain::record::{IndividualId, Record};
use crate::domain::time::Timestamp;

/// More pages than any list of the association fills.
const MOST_PAGES: usize = 100;

/// Of people who may have gone since, so many are asked for.
const MOST_CANARIES: usize = 3;

/// Finds the person that the visitor's token stands for. Every way of saying that it is not valid gives `ArrivalRefused`.
pub(super) async fn find_by_token(
    api: &Api,
    token: &SecretString,
    priority: Priority,
) -> Result<Value, AmsError> {
    let token = token.expose_secret();
    if !is_guid(token) {
        return Err(AmsError::ArrivalRefused);
    }
    let path = &["Individuals", "FindBySsoToken", token];
    let reply = api.get(ApiQuestion { path, query: &[("includeDetails", "true")] }, priority).await?;
    match reply {
        Reply::Body(body) => one(&body, "FindBySsoToken")?.ok_or(AmsError::ArrivalRefused),
        // The tokens shown were our own and good, so a refusal is about the visitor's.
        _ => Err(AmsError::ArrivalRefused),
    }
}

/// Finds an individual by id. `None` only if the AMS says so: 404, or a list with nobody in it.
pub(super) async fn find_by_id(
    api: &Api,
    id: &IndividualId,
    priority: Priority,
) -> Result<Option<Value>, AmsError> {
    let path = &["Individuals", "Profile", guid(id)?, "1"];
    match api.get(ApiQuestion { path, query: &[("IncludeDetails", "true")] }, priority).await? {
        Reply::Body(body) => one(&body, "Profile"),
        Reply::NotFound => Ok(None),
        // A blank answer may be a mishap, and `None` signs people out; who is really gone stays so.
        Reply::Nothing => Err(AmsError::Unreadable("`Profile` is blank".into())),
        Reply::BadRequest => Err(AmsError::Failed(400)),
        Reply::Unauthorised => Err(AmsError::CredentialsRefused),
    }
}

/// A cheap call that needs good tokens and nothing else (docs/ams/remembers.md, "Tokens").
pub(super) async fn probe(api: &Api) -> Result<(), AmsError> {
    let path = &["Ads", "Mobile", "All", "1"];
    match api.get(ApiQuestion { path, query: &[] }, Priority::Person).await? {
        Reply::Unauthorised => Err(AmsError::CredentialsRefused),
        _ => Ok(()),
    }
}

/// Whether somebody is found who is there: the one that the configuration names, else the integration's own user, else one of
/// `fallback`.
pub(super) async fn canary(
    api: &Api,
    named: Option<&IndividualId>,
    fallback: &[IndividualId],
) -> Result<bool, AmsError> {
    let tokens = api.tokens.usable().await?;
    let own = tokens.user.as_deref().filter(|user| is_guid(user));
    let asked: Vec<&str> = match named.map(guid).transpose()?.or(own) {
        Some(one) => vec![one],
        None => fallback.iter().take(MOST_CANARIES).filter_map(|id| guid(id).ok()).collect(),
    };
    // Nobody is known yet; tokens that are accepted must do.
    let mut found = asked.is_empty();
    for id in asked {
        let path = &["Individuals", "Profile", id, "1"];
        found = match api.get(ApiQuestion { path, query: &[] }, Priority::Canary).await? {
            Reply::Body(body) => one(&body, "Profile")?.is_some(),
            _ => false,
        };
        if found {
            break;
        }
    }
    Ok(found)
}

/// The entries of a list, page by page, and whether that is all of them.
pub(super) async fn pages(
    api: &Api,
    path: &[&str],
    name: &str,
    priority: Priority,
) -> Result<(Vec<Value>, bool), AmsError> {
    let mut entries = Vec::new();
    let mut last_page = Vec::new();
    for page in 1..=MOST_PAGES {
        let items = page_of(api, path, page, &[], name, priority).await?;
        // A page that repeats the one before: page numbers past the end, or all of them, are not looked at.
        if items.is_empty() || items == last_page {
            return Ok((entries, true));
        }
        entries.extend(items.iter().cloned());
        last_page = items;
    }
    Ok((entries, false))
}

/// One page of a list; empty past the last one.
pub(super) async fn page_of(
    api: &Api,
    path: &[&str],
    number: usize,
    query: &[(&str, &str)],
    name: &str,
    priority: Priority,
) -> Result<Vec<Value>, AmsError> {
    let page_number = number.to_string();
    let path: Vec<&str> = path.iter().copied().chain([page_number.as_str()]).collect();
    match page(api, &path, query, name, priority).await? {
        PageAnswer::Rows(rows) => objects(rows, name),
        // On page 1 too: page 1 of an empty list lies past its last page.
        PageAnswer::End(end) => {
            if number > 1 {
                api.seen_lists.ended(end);
            }
            Ok(Vec::new())
        }
    }
}

/// How a page of a list was answered.
pub(super) enum PageAnswer {
    /// With what came, be it rows or not.
    Rows(Vec<Value>),
    /// Without a list.
    End(ListEnd),
}

/// One page of a list; the last segment of the path is its number.
pub(super) async fn page(
    api: &Api,
    path: &[&str],
    query: &[(&str, &str)],
    name: &str,
    priority: Priority,
) -> Result<PageAnswer, AmsError> {
    match api.get(ApiQuestion { path, query }, priority).await? {
        Reply::Body(body) => Ok(PageAnswer::Rows(wire::items_owned(json(&body, name)?))),
        Reply::Nothing => Ok(PageAnswer::End(ListEnd::Blank)),
        Reply::NotFound => Ok(PageAnswer::End(ListEnd::NotFound)),
        Reply::BadRequest => Ok(PageAnswer::End(ListEnd::BadRequest)),
        Reply::Unauthorised => Err(AmsError::CredentialsRefused),
    }
}

/// What came, if it is rows.
pub(super) fn objects(rows: Vec<Value>, name: &str) -> Result<Vec<Value>, AmsError> {
    if rows.iter().all(Value::is_object) {
        Ok(rows)
    } else {
        Err(AmsError::Unreadable(format!("`{name}` brought something else than a list of objects")))
    }
}

fn items(body: &[u8], name: &str) -> Result<Vec<Value>, AmsError> {
    objects(wire::items_owned(json(body, name)?), name)
}

pub(super) fn one(body: &[u8], name: &str) -> Result<Option<Value>, AmsError> {
    let mut items = items(body, name)?;
    match items.len() {
        0 | 1 => Ok(items.pop()),
        _ => Err(AmsError::Unreadable(format!("`{name}` brought several individuals"))),
    }
}

fn json(body: &[u8], name: &str) -> Result<Value, AmsError> {
    // The decoder's own words could quote the body, so they are not kept.
    serde_json::from_slice(body).map_err(|_| AmsError::Unreadable(format!("`{name}` is not JSON")))
}

/// The id in an individual's data.
pub(super) fn id_of(individual: &Value) -> Result<IndividualId, AmsError> {
    wire::id(individual).map_err(unreadable)
}

pub(super) fn record(api: &Api, fetched: &Fetched, as_of: Timestamp) -> Result<Record, AmsError> {
    let mut record = wire::record(fetched, as_of).map_err(unreadable)?;
    api.seen_fields.judge(&fetched.individual, &mut record);
    if api.reads_contact.is_wanted() {
        record.contact = wire::contact::contact(&fetched.individual).map(Box::new);
    }
    Ok(record)
}

fn unreadable(no_record: NoRecord) -> AmsError {
    AmsError::Unreadable(no_record.to_string())
}

/// Ids of re:Members are GUIDs; anything else is not put into a path.
pub(super) fn guid(id: &IndividualId) -> Result<&str, AmsError> {
    let id = id.as_str();
    if is_guid(id) { Ok(id) } else { Err(AmsError::Unreadable("an id that is not a GUID".into())) }
}
