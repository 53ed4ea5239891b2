//! What an answer of the Push API means. How version 2 answers is not known, so three ways are understood: nothing, one result for each record, and
//! a refusal of the whole batch.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Map, Value};

use crate::adapters::http::HttpAnswer;
use crate::adapters::subscribers::SendFailure;

/// What an answer says of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BatchAnswer {
    /// Of each record, in their order.
    Each(Vec<RecordAnswer>),
    /// The batch is refused as a whole, in a word; one record may be the cause.
    NotAsWhole(&'static str),
}

/// What an answer says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordAnswer {
    /// It was taken.
    Taken,
    /// Not now, in a word.
    NotNow(&'static str),
    /// Not this, in a word.
    Refused(&'static str),
}

/// Under these names an answer may hold one result for each record.
const LISTS: [&str; 9] =
    ["results", "items", "records", "contacts", "contactinfo", "meetings", "events", "errors", "data"];
/// Under these names a result may say which record it is about.
const IDS: [&str; 9] = [
    "contactid",
    "meetingid",
    "eventkey",
    "id",
    "legacycontactkey",
    "key",
    "contactkey",
    "externalid",
    "identifier",
];
/// Under these names a result may say whether the record was taken.
const VERDICTS: [&str; 6] = ["success", "issuccess", "succeeded", "successful", "status", "result"];
/// Under these names a result may say what is wrong.
const ERRORS: [&str; 7] =
    ["error", "errors", "errormessage", "errormessages", "message", "exception", "validationerrors"];
/// Words of a verdict that say yes, and those that say no.
const YES: [&str; 10] =
    ["true", "ok", "success", "succeeded", "accepted", "queued", "created", "updated", "200", "1"];
const NO: [&str; 9] = ["false", "error", "failed", "failure", "rejected", "invalid", "refused", "400", "0"];

/// Of version 2: exactly 200 is a success.
pub(super) fn of_v2(answer: &HttpAnswer, ids: &[&str]) -> Result<BatchAnswer, SendFailure> {
    if let Some(refused) = refused_as_whole(answer)? {
        return Ok(refused);
    }
    let all_taken = || Ok(BatchAnswer::Each(vec![RecordAnswer::Taken; ids.len()]));
    if answer.body.trim_ascii().is_empty() {
        return all_taken();
    }
    let said = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let results = results(&said);
    if results.is_empty() && !said.is_object() {
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        let is_trouble =
            ["error", "fail", "exception", "invalid", "denied"].iter().any(|word| text.contains(word));
        return if is_trouble { Err(unreadable()) } else { all_taken() };
    }
    let is_refused = verdict(&said).map_or_else(|| has_error(&said), |is_taken| !is_taken);
    match by_record(&results, ids) {
        // Something is refused, and it is not said what.
        BatchAnswer::Each(answers) if is_refused && answers.iter().all(|it| *it == RecordAnswer::Taken) => {
            Ok(BatchAnswer::NotAsWhole(word(&said)))
        }
        answer => Ok(answer),
    }
}

/// Of version 1: one verdict for the whole batch.
pub(super) fn of_v1(answer: &HttpAnswer, ids: &[&str]) -> Result<BatchAnswer, SendFailure> {
    if let Some(refused) = refused_as_whole(answer)? {
        return Ok(refused);
    }
    let said: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    match verdict(&said) {
        Some(true) => Ok(BatchAnswer::Each(vec![RecordAnswer::Taken; ids.len()])),
        Some(false) => Ok(BatchAnswer::NotAsWhole(word(&said))),
        None => Err(unreadable()),
    }
}

/// A refusal by status. `None`: it is a 200 that may say more. Everything that is no word about the records is a failure.
fn refused_as_whole(answer: &HttpAnswer) -> Result<Option<BatchAnswer>, SendFailure> {
    match answer.status.as_u16() {
        200 if is_page(answer) => {
            Err(SendFailure::Failed { said: "a page in place of an answer".to_owned(), retry_after: None })
        }
        200 => Ok(None),
        400 | 422 => {
            let said = serde_json::from_slice(&answer.body);
            let said =
                said.unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.body).into_owned()));
            Ok(Some(BatchAnswer::NotAsWhole(word(&said))))
        }
        413 => Ok(Some(BatchAnswer::NotAsWhole("too_large"))),
        status => {
            let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = asked.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            Err(SendFailure::Failed { said: format!("status {status}"), retry_after })
        }
    }
}

/// Something in front of the API answers with a page of its own.
fn is_page(answer: &HttpAnswer) -> bool {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.to_ascii_lowercase().contains("html") || answer.body.trim_ascii_start().starts_with(b"<")
}

fn unreadable() -> SendFailure {
    SendFailure::Failed { said: "an answer that cannot be read".to_owned(), retry_after: None }
}

/// What stands under one of these names, without regard to case.
fn under<'v>(object: &'v Map<String, Value>, names: &[&str]) -> Option<&'v Value> {
    names.iter().find_map(|name| {
        object
            .iter()
            .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
            .map(|(_, it)| it)
    })
}

/// The results for single records.
fn results(said: &Value) -> Vec<&Map<String, Value>> {
    let list = match said {
        Value::Array(items) => Some(items),
        Value::Object(object) => LISTS.iter().find_map(|name| under(object, &[name])?.as_array()),
        _ => None,
    };
    list.into_iter().flatten().filter_map(Value::as_object).collect()
}

/// What the results say of each record. One that is not named was taken: the batch was. A refusal that may be about any of them is one of the batch.
fn by_record(results: &[&Map<String, Value>], ids: &[&str]) -> BatchAnswer {
    let id = |result: &Map<String, Value>| match under(result, &IDS) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let is_named = results.iter().any(|result| id(result).is_some());
    // Without names they are in the order of the records, if there is one for each.
    let in_order = !is_named && results.len() == ids.len();
    let nameless = results.iter().filter(|result| !in_order && id(result).is_none());
    if let Some(refused) = nameless.copied().find(|result| of_record(result) != RecordAnswer::Taken) {
        return BatchAnswer::NotAsWhole(word(&Value::Object(refused.clone())));
    }
    let of = |at: usize, own: &str| {
        let named = results.iter().filter(|result| id(result).as_deref() == Some(own));
        let placed = results.get(at).filter(|_| in_order);
        let found: Vec<RecordAnswer> = named.chain(placed).map(|result| of_record(result)).collect();
        found.iter().copied().find(|answer| *answer != RecordAnswer::Taken).unwrap_or(RecordAnswer::Taken)
    };
    BatchAnswer::Each(ids.iter().enumerate().map(|(at, own)| of(at, own)).collect())
}

fn of_record(result: &Map<String, Value>) -> RecordAnswer {
    let said = Value::Object(result.clone());
    let is_taken = verdict(&said).unwrap_or_else(|| errors(result).is_empty());
    if is_taken {
        return RecordAnswer::Taken;
    }
    let text = errors(result).to_lowercase();
    let passes = ["timeout", "timed out", "try again", "busy", "rate limit", "internal", "unavailable"];
    if passes.iter().any(|word| text.contains(word)) {
        return RecordAnswer::NotNow("busy");
    }
    RecordAnswer::Refused(word(&said))
}

/// Whether an object says that it went well. `None`: it does not say.
fn verdict(said: &Value) -> Option<bool> {
    let said = under(said.as_object()?, &VERDICTS)?;
    let word = match said {
        Value::Bool(said) => return Some(*said),
        Value::String(text) => text.trim().to_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let is = |words: &[&str]| words.contains(&word.as_str());
    if is(&YES) { Some(true) } else { is(&NO).then_some(false) }
}

/// Whether an answer names an error, and no results. A mere message may say that all is well.
fn has_error(said: &Value) -> bool {
    let Some(said) = said.as_object() else { return false };
    let is_error = |(name, value): (&String, &Value)| {
        let name = name.to_ascii_lowercase();
        let is_empty = match value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(list) => list.iter().all(Value::is_object),
            Value::Bool(said) => !said,
            Value::Number(number) => number.as_u64() == Some(0),
            Value::Object(object) => object.is_empty(),
        };
        name != "message" && ERRORS.contains(&name.as_str()) && !is_empty
    };
    said.iter().any(is_error)
}

/// All that an object says of what is wrong.
fn errors(result: &Map<String, Value>) -> String {
    let said = ERRORS.iter().filter_map(|name| under(result, &[name]));
    said.filter(|value| !matches!(value, Value::Bool(_) | Value::Number(_)))
        .filter(|value| value.as_array().is_none_or(|list| !list.is_empty()))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .filter(|text| !text.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Why something is refused, in a word of ours: what comes back may name a person.
fn word(said: &Value) -> &'static str {
    let text = said.to_string().to_lowercase();
    let fields = [
        ("email", "refused_email_address"),
        ("grouptype", "refused_group_type"),
        ("group", "refused_group"),
        ("firstname", "refused_name"),
        ("lastname", "refused_name"),
        ("first name", "refused_name"),
        ("last name", "refused_name"),
        ("organizationname", "refused_name"),
        ("country", "refused_address"),
        ("address", "refused_address"),
        ("phone", "refused_phone_number"),
        ("date", "refused_date"),
        ("demographic", "refused_demographic"),
        ("tenant", "refused_tenant"),
        ("timezone", "refused_time_zone"),
        ("meetingtype", "refused_type"),
        ("eventtype", "refused_type"),
        ("location", "refused_place"),
        ("title", "refused_title"),
    ];
    fields.into_iter().find(|(name, _)| text.contains(name)).map_or("refused", |(_, word)| word)
}
