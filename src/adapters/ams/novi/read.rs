//! What we ask about people, and what the answers mean.

use serde_json::Value;

use super::api::{NoviApi, NoviReply};
use super::lists::ListRequest;
use super::wire;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::PageSize;
use crate::adapters::ams::{AmsError, NoRecord, is_guid};
use crate::adapters::budget::Priority;
use crate::domain::record::IndividualId;

/// Of people who may have gone since, so many are asked for.
const MOST_CANARIES: usize = 3;

/// What the interface says of one person. `None`: nobody of this id, as far as the key shows.
pub(super) async fn member(
    api: &NoviApi,
    id: &IndividualId,
    priority: Priority,
) -> Result<Option<Value>, AmsError> {
    // Ids are GUIDs; anything else is not put into a path.
    if !is_guid(id.as_str()) {
        return Err(AmsError::Unreadable("an id that is not a GUID".into()));
    }
    match api.get(&["members", id.as_str()], &[], priority).await? {
        NoviReply::Body(body) => Ok(wire::opened(body)),
        // That the key does not show somebody is no statement either, and is met as one that is missing.
        NoviReply::NotFound | NoviReply::Nothing | NoviReply::Forbidden => Ok(None),
        NoviReply::BadRequest => Err(AmsError::Failed(400)),
    }
}

/// Whether somebody is found who is there. Where nobody is known, a list of members with somebody on it must do.
pub(super) async fn canary(
    api: &NoviApi,
    named: Option<&IndividualId>,
    fallback: &[IndividualId],
) -> Result<bool, AmsError> {
    let asked: Vec<&IndividualId> = match named {
        Some(one) => vec![one],
        None => fallback.iter().filter(|id| is_guid(id.as_str())).take(MOST_CANARIES).collect(),
    };
    if asked.is_empty() {
        return Ok(!anybody(api, Priority::Canary).await?.is_empty());
    }
    for id in asked {
        if member(api, id, Priority::Canary).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first rows of the list of members.
pub(super) async fn anybody(api: &NoviApi, priority: Priority) -> Result<Vec<Value>, AmsError> {
    let size = PageSize::default();
    let list = ListRequest { api, size: &size, path: &["members"], query: &[], priority };
    let page = list.page(0).await?.rows();
    page.map(|page| page.rows).ok_or(AmsError::Failed(404))
}

/// Those who have this e-mail address, and of several the one who signs in with it.
pub(super) fn one_of(rows: Vec<Value>, email: &str) -> Option<Value> {
    let signs_in = |row: &Value| {
        let text = JsonEntry::of(row).and_then(|row| row.text("AccountEmail").ok().flatten());
        text.is_some_and(|text| text.eq_ignore_ascii_case(email))
    };
    match rows.iter().position(signs_in) {
        Some(place) => rows.into_iter().nth(place),
        None if rows.len() == 1 => rows.into_iter().next(),
        None => None,
    }
}

pub(super) fn unreadable(no_record: NoRecord) -> AmsError {
    AmsError::Unreadable(no_record.to_string())
}
