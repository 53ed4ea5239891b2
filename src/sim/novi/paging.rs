//! Lists in pages: `pageSize` and `offset`, `TotalCount` and `Results`.

use http::StatusCode;
use serde_json::{Value, json};

use super::switches::{Catalogues, Detail, MissingRecord, OverLargest, Switches};
use crate::sim::serving::{Answer, Call, Handled, rows};

/// One page of a list.
pub(super) fn page<T>(
    switches: &Switches,
    call: &Call,
    items: &[T],
    show: impl FnMut(&T) -> Value,
) -> Handled {
    let wrong = || Answer::error(StatusCode::BAD_REQUEST, "pageSize or offset is not valid.");
    let number = |name: &str, otherwise: usize| match call.query(name) {
        Some(text) => text.parse::<usize>().map_err(|_| wrong()),
        None => Ok(otherwise),
    };
    let largest = switches.largest_page as usize;
    let (mut size, offset) = (number("pageSize", switches.page_size as usize)?, number("offset", 0)?);
    if size == 0 || (size > largest && switches.over_largest == OverLargest::Refused) {
        return Err(wrong());
    }
    size = size.min(largest);
    let results = rows(call, items, offset, size, show);
    Ok(Answer::json(json!({ "TotalCount": items.len(), "Results": results })))
}

/// A list that is short by its nature.
pub(super) fn catalogue<T>(
    switches: &Switches,
    call: &Call,
    items: &[T],
    show: impl FnMut(&T) -> Value,
) -> Handled {
    match switches.catalogues {
        Catalogues::Paged => page(switches, call, items, show),
        Catalogues::Bare => Ok(Answer::json(items.iter().map(show).collect())),
    }
}

/// One record.
pub(super) fn detail(switches: &Switches, record: Value) -> Answer {
    match switches.detail {
        Detail::Flat => Answer::json(record),
        Detail::Data => Answer::json(json!({ "data": record })),
    }
}

/// What an id is answered with that is not on file.
pub(super) fn missing(switches: &Switches) -> Answer {
    match switches.missing_record {
        MissingRecord::NotFound => Answer::not_found(),
        MissingRecord::NoContent => Answer::nothing(StatusCode::NO_CONTENT),
        MissingRecord::EmptyOk => Answer::nothing(StatusCode::OK),
        MissingRecord::BadRequest => Answer::error(StatusCode::BAD_REQUEST, "The id is not valid."),
    }
}
