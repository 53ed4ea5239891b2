//! The one page of the control for people: the common things as forms. Each form comes back to the page.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, response::Result as Answered};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::routes::{FaultOrder, duration};
use super::{Action, CallReport, Control, FaultLine, Refusal, Simulated};
use crate::sim::serving::Scope;
use crate::sim::switches::{Fault, Setting, SwitchLine};

/// People and calls that the page shows.
const MOST_SHOWN: usize = 25;

#[derive(Template)]
#[template(path = "sim_control/page.html")]
struct ControlPage {
    title: String,
    addresses: Vec<(&'static str, String)>,
    now: String,
    ahead: i64,
    people_name: &'static str,
    text: String,
    found: usize,
    people: Vec<ListedPerson>,
    actions: &'static [Action],
    switches: Vec<SwitchLine>,
    faults: Vec<FaultLine>,
    fault_values: String,
    scope_values: String,
    tokens: &'static [&'static str],
    calls: CallReport,
    mistake: Option<String>,
}

struct ListedPerson {
    /// As it stands in an address.
    key: String,
    name: String,
    note: String,
}

pub(super) fn router<S: Simulated>() -> Router<Control<S>> {
    Router::new()
        .route("/", get(show::<S>))
        .route("/form/time", post(time::<S>))
        .route("/form/switches/{name}", post(switch::<S>))
        .route("/form/faults", post(fault::<S>))
        .route("/form/faults/clear", post(no_faults::<S>))
        .route("/form/calls/reset", post(reset_calls::<S>))
        .route("/form/tokens", post(tokens::<S>))
        .route("/form/act/{key}/{action}", post(act::<S>))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn show<S: Simulated>(State(control): State<Control<S>>, Query(asked): Query<Asked>) -> Response {
    page(&control, asked.q, None)
}

fn page<S: Simulated>(control: &Control<S>, text: String, mistake: Option<String>) -> Response {
    let status = if mistake.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = {
        let mut state = control.lock();
        let clock = &state.common().clock;
        let (now, ahead) = (clock.now(), clock.offset().as_secs());
        let people = state.collections().first();
        let found = people.map(|people| state.entries(people.name, &text)).unwrap_or_default();
        ControlPage {
            title: state.title(),
            addresses: state.addresses(),
            now: now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            ahead,
            people_name: people.map_or("", |people| people.name),
            found: found.len(),
            people: found
                .iter()
                .take(MOST_SHOWN)
                .map(|it| listed(it, people.map_or("", |it| it.key)))
                .collect(),
            text,
            actions: people.map_or(&[], |people| people.actions),
            switches: state.switch_lines(),
            faults: state.common_mut().faults.lines(now),
            fault_values: Fault::values(),
            scope_values: Scope::<S::Endpoint>::values(),
            tokens: state.token_kinds(),
            calls: state.common().calls.report(now, None, 0, MOST_SHOWN),
            mistake,
        }
    };
    match page.render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn listed(person: &Value, key: &str) -> ListedPerson {
    let text = |name: &str| person.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{} {}", text("firstName"), text("lastName")).trim().to_owned();
    let key = utf8_percent_encode(text(key), NON_ALPHANUMERIC).to_string();
    ListedPerson { key, name, note: text("note").to_owned() }
}

/// Back to the page; or the page with what was wrong.
#[expect(clippy::result_large_err, reason = "it is axum's own type")]
fn back<S: Simulated>(control: &Control<S>, done: Result<(), Refusal>) -> Answered<Redirect> {
    match done {
        Ok(()) => Ok(Redirect::to("/")),
        Err(refusal) => Err(page(control, String::new(), Some(refusal.to_string())).into()),
    }
}

#[derive(Deserialize)]
struct TimeForm {
    by: String,
}

async fn time<S: Simulated>(
    State(control): State<Control<S>>,
    Form(form): Form<TimeForm>,
) -> Answered<Redirect> {
    if form.by.trim().is_empty() {
        control.lock().common_mut().clock.reset();
        return back(&control, Ok(()));
    }
    let moved = duration(&form.by).map(|by| control.advance(by));
    back(&control, moved)
}

#[derive(Deserialize)]
struct SwitchForm {
    value: String,
}

async fn switch<S: Simulated>(
    State(control): State<Control<S>>,
    Path(name): Path<String>,
    Form(form): Form<SwitchForm>,
) -> Answered<Redirect> {
    let set = control.set_switch(&format!("{name}={}", form.value.trim()));
    back(&control, set.map_err(Refusal::from))
}

#[derive(Deserialize)]
struct FaultForm {
    fault: String,
    on: String,
    times: String,
    lasting: String,
}

async fn fault<S: Simulated>(
    State(control): State<Control<S>>,
    Form(form): Form<FaultForm>,
) -> Answered<Redirect> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let times = given(&form.times)
        .map(|times| times.parse().map_err(|_| Refusal::Wrong(format!("{times:?} is no number"))));
    let planned = times.transpose().and_then(|times| {
        let order = FaultOrder {
            fault: form.fault.trim().to_owned(),
            on: given(&form.on),
            times,
            lasting: given(&form.lasting),
            every: None,
        };
        order.plan().map(|plan| control.plan_fault(plan)).map(|_| ())
    });
    back(&control, planned)
}

async fn no_faults<S: Simulated>(State(control): State<Control<S>>) -> Answered<Redirect> {
    control.clear_faults();
    back(&control, Ok(()))
}

async fn reset_calls<S: Simulated>(State(control): State<Control<S>>) -> Answered<Redirect> {
    control.reset_counts();
    back(&control, Ok(()))
}

async fn tokens<S: Simulated>(
    State(control): State<Control<S>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Answered<Redirect> {
    let kind = form.get("kind").filter(|kind| !kind.is_empty());
    control.lock().expire_tokens(kind.map(String::as_str));
    back(&control, Ok(()))
}

async fn act<S: Simulated>(
    State(control): State<Control<S>>,
    Path((key, action)): Path<(String, String)>,
) -> Answered<Redirect> {
    let done = control.lock().act(&key, &action, json!({}));
    back(&control, done.map(|_| ()))
}
