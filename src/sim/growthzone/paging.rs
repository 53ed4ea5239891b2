//! Lists as OData pages them: `$skip`, `$top`, `$orderby`. Without the sign they are not looked at.

use http::StatusCode;
use serde_json::{Value, json};

use super::switches::{Lists, MissingRecord, OverLargest, Switches};
use crate::sim::serving::{Answer, Call, Handled, rows};

/// A number among the parameters.
fn number(call: &Call, name: &str) -> Result<Option<usize>, Answer> {
    let wrong = || Answer::error(StatusCode::BAD_REQUEST, "The request is invalid.");
    call.query(name).map(|text| text.parse().map_err(|_| wrong())).transpose()
}

/// One page of a list.
pub(super) fn page<T>(
    switches: &Switches,
    call: &Call,
    items: &[T],
    show: impl FnMut(&T) -> Value,
) -> Handled {
    let size = number(call, "$top")?.unwrap_or(switches.page_size as usize);
    page_of(switches, call, size, items, show)
}

/// One page of a size that was read elsewhere.
pub(super) fn page_of<T>(
    switches: &Switches,
    call: &Call,
    size: usize,
    items: &[T],
    show: impl FnMut(&T) -> Value,
) -> Handled {
    let largest = switches.largest_page as usize;
    if size > largest && switches.over_largest == OverLargest::Refused {
        return Err(Answer::error(StatusCode::BAD_REQUEST, "The request is invalid."));
    }
    let skip = number(call, "$skip")?.unwrap_or_default();
    let results = rows(call, items, skip, size.min(largest), show);
    let mut list = json!({ "Results": results });
    if let (true, Some(list)) = (switches.total, list.as_object_mut()) {
        list.insert("TotalRecordAvailable".to_owned(), items.len().into());
    }
    Ok(Answer::json(list))
}

/// The `top` of the feed of changes, which has no sign before it.
pub(super) fn top(switches: &Switches, call: &Call) -> Result<usize, Answer> {
    let top = number(call, "top")?.or(number(call, "$top")?);
    Ok(top.unwrap_or(switches.largest_page as usize))
}

/// A list that has everything on one page.
pub(super) fn whole<T>(switches: &Switches, items: &[T], show: impl FnMut(&T) -> Value) -> Handled {
    let results: Vec<Value> = items.iter().map(show).collect();
    Ok(Answer::json(match switches.lists {
        Lists::Bare => json!(results),
        Lists::Envelope => json!({ "TotalRecordAvailable": results.len(), "Results": results }),
    }))
}

/// What an id is answered with that is not on file.
pub(super) fn missing(switches: &Switches) -> Answer {
    match switches.missing_record {
        MissingRecord::NotFound => Answer::not_found(),
        MissingRecord::NoContent => Answer::nothing(StatusCode::NO_CONTENT),
        MissingRecord::ServerError => {
            Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.")
        }
    }
}
