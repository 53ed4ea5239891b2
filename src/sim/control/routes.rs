//! The addresses of the control: plain verbs, JSON in and out (docs/simulator.md).

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Control, FaultPlan, Refusal, Simulated, edits};
use crate::sim::people::relative_dates;
use crate::sim::switches::{Fault, Setting};

/// Entries and calls that one answer lists if it does not say how many.
const USUAL: usize = 100;

pub(super) fn router<S: Simulated>() -> Router<Control<S>> {
    Router::new()
        .route("/status", get(status::<S>))
        .route("/time", get(time::<S>).put(set_time::<S>).delete(real_time::<S>))
        .route("/time/advance", post(advance::<S>))
        .route("/switches", get(switches::<S>).patch(set_switches::<S>))
        .route("/switches/{name}", put(set_switch::<S>).delete(reset_switch::<S>))
        .route("/faults", get(faults::<S>).post(plan_fault::<S>).delete(clear_faults::<S>))
        .route("/faults/{id}", delete(clear_fault::<S>))
        .route("/calls", get(calls::<S>).delete(reset_calls::<S>))
        .route("/tokens", delete(expire_tokens::<S>))
        .route("/{collection}", get(list::<S>))
        .route(
            "/{collection}/{key}",
            get(show::<S>).put(put_entry::<S>).patch(patch_entry::<S>).delete(remove::<S>),
        )
        .route("/{collection}/{key}/{list}", get(show_list::<S>).post(add_or_act::<S>))
        .route("/{collection}/{key}/{list}/{which}", delete(take::<S>))
        .fallback(|| async { Refusal::Unknown("address like that; see /status".to_owned()) })
}

type Handled = Result<Json<Value>, Refusal>;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Refusal::Unknown(_) => StatusCode::NOT_FOUND,
            Refusal::Wrong(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

fn wrong(reason: impl ToString) -> Refusal {
    Refusal::Wrong(reason.to_string())
}

/// The body as JSON, whatever type it says it has: `curl -d` says that it is a form.
fn json_of(body: &str) -> Result<Value, Refusal> {
    if body.trim().is_empty() { Ok(json!({})) } else { serde_json::from_str(body).map_err(wrong) }
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, Refusal> {
    serde_json::from_value(json_of(body)?).map_err(wrong)
}

async fn status<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    let state = control.lock();
    let addresses: Map<String, Value> =
        state.addresses().into_iter().map(|(name, address)| (name.to_owned(), address.into())).collect();
    let on_file: Map<String, Value> = state
        .collections()
        .iter()
        .map(|it| (it.name.to_owned(), state.entries(it.name, "").len().into()))
        .collect();
    let actions =
        state.collections().iter().flat_map(|it| it.actions).map(|it| (it.name.to_owned(), it.what.into()));
    Json(json!({
        "simulates": state.title(), "addresses": addresses, "on_file": on_file,
        "actions": actions.collect::<Map<String, Value>>(), "tokens": state.token_kinds(),
        "time": time_of(&*state),
    }))
}

fn time_of<S: Simulated>(state: &S) -> Value {
    let clock = &state.common().clock;
    json!({ "now": clock.now(), "ahead_seconds": clock.offset().as_secs() })
}

async fn time<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    Json(time_of(&*control.lock()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTime {
    now: Timestamp,
}

async fn set_time<S: Simulated>(State(control): State<Control<S>>, body: String) -> Handled {
    let NewTime { now } = read(&body)?;
    control.lock().common_mut().clock.set(now);
    Ok(time(State(control)).await)
}

async fn real_time<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    control.lock().common_mut().clock.reset();
    time(State(control)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by: String,
}

async fn advance<S: Simulated>(State(control): State<Control<S>>, body: String) -> Handled {
    let Advance { by } = read(&body)?;
    control.advance(duration(&by)?);
    Ok(time(State(control)).await)
}

/// A length of time such as `90s`, `36h`, `2 days` or `P1D`; a day has 24 hours.
pub(super) fn duration(text: &str) -> Result<SignedDuration, Refusal> {
    let span: jiff::Span = text.trim().parse().map_err(wrong)?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(wrong)
}

async fn switches<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    Json(json!(control.lock().switch_lines()))
}

async fn set_switches<S: Simulated>(State(control): State<Control<S>>, body: String) -> Handled {
    let wanted: Map<String, Value> = read(&body)?;
    for (name, value) in &wanted {
        control.set_switch(&format!("{name}={}", plain(value)))?;
    }
    Ok(switches(State(control)).await)
}

async fn set_switch<S: Simulated>(
    State(control): State<Control<S>>,
    Path(name): Path<String>,
    body: String,
) -> Handled {
    // As JSON, or just the word.
    let value =
        serde_json::from_str::<Value>(&body).map_or_else(|_| body.trim().to_owned(), |value| plain(&value));
    control.set_switch(&format!("{name}={value}"))?;
    Ok(switches(State(control)).await)
}

async fn reset_switch<S: Simulated>(State(control): State<Control<S>>, Path(name): Path<String>) -> Handled {
    let lines = control.lock().switch_lines();
    let line = lines.iter().find(|line| line.name == name.replace('-', "_"));
    let line = line.ok_or_else(|| Refusal::Unknown(format!("switch {name}")))?;
    control.set_switch(&format!("{name}={}", line.default))?;
    Ok(switches(State(control)).await)
}

/// A JSON value as it is written in a switch: true and false are its on and off.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => members.get("value").map_or_else(String::new, plain),
        other => other.to_string(),
    }
}

async fn faults<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    let mut state = control.lock();
    let now = state.common().clock.now();
    Json(json!(state.common_mut().faults.lines(now)))
}

/// A fault as it is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultOrder {
    pub(super) fault: String,
    #[serde(default)]
    pub(super) on: Option<String>,
    #[serde(default)]
    pub(super) times: Option<u32>,
    #[serde(default, rename = "for")]
    pub(super) lasting: Option<String>,
    #[serde(default)]
    pub(super) every: Option<u32>,
}

impl FaultOrder {
    pub(super) fn plan<T: Setting>(&self) -> Result<FaultPlan<T>, Refusal> {
        fn setting<T: Setting>(text: &str) -> Result<T, Refusal> {
            T::read(text.trim()).ok_or_else(|| wrong(format!("{text:?} is none of {}", T::values())))
        }
        Ok(FaultPlan {
            scope: setting::<T>(self.on.as_deref().unwrap_or("everything"))?,
            fault: setting::<Fault>(&self.fault)?,
            times: self.times,
            lasting: self.lasting.as_deref().map(duration).transpose()?,
            every: self.every.unwrap_or(1),
        })
    }
}

async fn plan_fault<S: Simulated>(
    State(control): State<Control<S>>,
    body: String,
) -> Result<Response, Refusal> {
    let id = control.plan_fault(read::<FaultOrder>(&body)?.plan()?);
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))).into_response())
}

async fn clear_faults<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    control.clear_faults();
    faults(State(control)).await
}

async fn clear_fault<S: Simulated>(State(control): State<Control<S>>, Path(id): Path<u64>) -> Handled {
    let was_there = control.lock().common_mut().faults.clear(Some(id));
    if !was_there {
        return Err(Refusal::Unknown(format!("planned fault {id}")));
    }
    Ok(faults(State(control)).await)
}

#[derive(Deserialize)]
struct Wanted {
    kind: Option<String>,
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

async fn calls<S: Simulated>(State(control): State<Control<S>>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let state = control.lock();
    let (calls, now) = (&state.common().calls, state.common().clock.now());
    let limit = wanted.limit.unwrap_or(USUAL);
    Json(json!(calls.report(now, wanted.kind.as_deref(), wanted.after, limit)))
}

async fn reset_calls<S: Simulated>(State(control): State<Control<S>>) -> Json<Value> {
    control.reset_counts();
    Json(json!(control.call_report(0)))
}

#[derive(Deserialize)]
struct TokenKind {
    kind: Option<String>,
}

async fn expire_tokens<S: Simulated>(
    State(control): State<Control<S>>,
    Query(TokenKind { kind }): Query<TokenKind>,
) -> Handled {
    let mut state = control.lock();
    if let Some(kind) = kind.as_deref().filter(|kind| !state.token_kinds().contains(kind)) {
        let known = state.token_kinds().join(", ");
        return Err(wrong(format!("{kind:?} is no kind of token; the kinds are {known}")));
    }
    Ok(Json(json!({ "ended": state.expire_tokens(kind.as_deref()) })))
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

async fn list<S: Simulated>(
    State(control): State<Control<S>>,
    Path(collection): Path<String>,
    Query(search): Query<Search>,
) -> Handled {
    let state = control.lock();
    known(&*state, &collection)?;
    let found = state.entries(&collection, &search.q);
    let total = found.len();
    let shown: Vec<Value> =
        found.into_iter().skip(search.offset).take(search.limit.unwrap_or(USUAL)).collect();
    Ok(Json(json!({ "total": total, "offset": search.offset, "entries": shown })))
}

fn known<S: Simulated>(state: &S, collection: &str) -> Result<(), Refusal> {
    let known = state.collections().iter().any(|it| it.name == collection);
    if known { Ok(()) } else { Err(Refusal::Unknown(format!("collection {collection}"))) }
}

fn entry_of<S: Simulated>(state: &S, collection: &str, key: &str) -> Result<Value, Refusal> {
    known(state, collection)?;
    state.entry(collection, key).ok_or_else(|| Refusal::Unknown(format!("{key} in {collection}")))
}

async fn show<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key)): Path<(String, String)>,
) -> Handled {
    Ok(Json(entry_of(&*control.lock(), &collection, &key)?))
}

/// Puts an entry on file, in which dates may count from today.
fn keep<S: Simulated>(state: &mut S, collection: &str, key: &str, mut entry: Value) -> Result<bool, Refusal> {
    relative_dates(&mut entry, state.day());
    state.put(collection, key, entry)
}

async fn put_entry<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key)): Path<(String, String)>,
    body: String,
) -> Result<Response, Refusal> {
    let mut state = control.lock();
    known(&*state, &collection)?;
    let is_new = keep(&mut *state, &collection, &key, json_of(&body)?)?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(entry_of(&*state, &collection, &key)?)).into_response())
}

async fn patch_entry<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key)): Path<(String, String)>,
    body: String,
) -> Handled {
    let patch = json_of(&body)?;
    changed(&mut *control.lock(), &collection, &key, |entry| {
        edits::merge(entry, patch);
        Ok(())
    })
}

fn changed<S: Simulated>(
    state: &mut S,
    collection: &str,
    key: &str,
    change: impl FnOnce(&mut Value) -> Result<(), Refusal>,
) -> Handled {
    let mut entry = entry_of(state, collection, key)?;
    change(&mut entry)?;
    keep(state, collection, key, entry.clone())?;
    Ok(Json(state.entry(collection, key).unwrap_or(entry)))
}

async fn remove<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let mut state = control.lock();
    entry_of(&*state, &collection, &key)?;
    state.remove(&collection, &key);
    Ok(StatusCode::NO_CONTENT)
}

async fn show_list<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key, list)): Path<(String, String, String)>,
) -> Handled {
    let entry = entry_of(&*control.lock(), &collection, &key)?;
    let items = entry.get(&list).filter(|items| items.is_array()).cloned();
    items.map(Json).ok_or_else(|| Refusal::Unknown(format!("list {list} in this entry")))
}

/// An action if the last word is one, else one more item in the list of that name.
async fn add_or_act<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key, word)): Path<(String, String, String)>,
    body: String,
) -> Handled {
    let mut state = control.lock();
    let mut all = state.collections().iter().filter(|it| it.name == collection);
    if all.any(|it| it.actions.iter().any(|action| action.name == word)) {
        entry_of(&*state, &collection, &key)?;
        return state.act(&key, &word, Value::Object(read(&body)?)).map(Json);
    }
    let item = json_of(&body)?;
    changed(&mut *state, &collection, &key, |entry| edits::add(entry, &word, item))
}

async fn take<S: Simulated>(
    State(control): State<Control<S>>,
    Path((collection, key, list, which)): Path<(String, String, String, String)>,
) -> Handled {
    changed(&mut *control.lock(), &collection, &key, |entry| edits::take(entry, &list, &which))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_read_as_people_write_it() {
        for (text, seconds) in
            [("90s", 90), ("36h", 129_600), ("2 days", 172_800), ("P1D", 86_400), ("-5m", -300)]
        {
            assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        assert!(duration("soon").is_err() && duration("1 month").is_err());
    }
}
