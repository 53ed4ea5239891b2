//! The pages of an administrator: communities, Sync External Database, the data that was received. Nobody is asked to sign in.

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;

use super::model::{Contact, GroupKind, HistoryLine, Item};
use super::pages::{GroupRow, MOST_SHOWN, Message, PersonRow, in_address};
use super::queue::IntakeEntry;
use super::state::State;
use crate::sim::serving::{Answer, Call, Handled};

/// So many pushes and pending records are on the page.
const MOST_LINES: usize = 50;

#[derive(Template)]
#[template(path = "sim_higher_logic/admin.html")]
struct Start {
    pending: usize,
    last_refresh: String,
    people: usize,
    communities: Vec<GroupRow>,
    security: Vec<GroupRow>,
    meetings: Vec<MeetingRow>,
}

/// An entry of the calendar.
struct MeetingRow {
    id: String,
    title: String,
    kind: String,
    /// Begin, end and time zone.
    times: [String; 3],
    place: String,
    status: &'static str,
}

impl MeetingRow {
    fn of(it: &Item) -> MeetingRow {
        let text = |field: &str| it.text(field).to_owned();
        let place: Vec<&str> = [it.text("locationName"), it.text("city"), it.text("state")]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let is_inactive = it.fields.get("isActive").and_then(serde_json::Value::as_bool) == Some(false);
        MeetingRow {
            id: it.id.clone(),
            title: text("title"),
            kind: text("meetingType"),
            times: [text("begin"), text("end"), text("timeZone")],
            place: place.join(", "),
            status: match (it.is_deleted, is_inactive) {
                (true, _) => "deleted",
                (_, true) => "not active",
                _ => "shown",
            },
        }
    }
}

struct PendingRow {
    what: &'static str,
    id: String,
    at: String,
    due: String,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/sync.html")]
struct Sync<'a> {
    now: String,
    pending: usize,
    last_refresh: String,
    waiting: Vec<PendingRow>,
    pushes: Vec<&'a IntakeEntry>,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/push.html")]
struct Push<'a> {
    push: &'a IntakeEntry,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/people.html")]
struct People {
    text: String,
    found: usize,
    people: Vec<PersonRow>,
}

struct LineRow {
    group: String,
    role: String,
    /// Since when, begin, end, removal.
    dates: [String; 4],
    is_active: bool,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/record.html")]
struct RecordPage<'a> {
    person: PersonRow,
    contact: &'a Contact,
    company: Option<String>,
    fields: Vec<(&'a str, String)>,
    lines: Vec<LineRow>,
    history: Vec<&'a HistoryLine>,
    pending: usize,
}

#[derive(Template)]
#[template(path = "sim_higher_logic/data.html")]
struct Data {
    id: String,
    key: String,
    received_at: String,
    payload: String,
}

/// An instant for people.
fn said(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A date that may be open.
fn day(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M").to_string())
}

fn unknown() -> Answer {
    Answer::page_of(
        StatusCode::NOT_FOUND,
        &Message::refusing("Not on file", "There is nothing with this key."),
    )
}

pub(super) fn home(state: &mut State, _: &Call) -> Handled {
    let meetings = state.directory.meetings.values().take(MOST_SHOWN);
    Ok(Answer::page_of(
        StatusCode::OK,
        &Start {
            pending: state.queue.len(),
            last_refresh: said(state.queue.last_refresh),
            people: state.directory.contacts.len(),
            communities: state.group_rows(GroupKind::Community),
            security: state.group_rows(GroupKind::Security),
            meetings: meetings.map(MeetingRow::of).collect(),
        },
    ))
}

/// "Sync External Database": what is pending, what was received.
pub(super) fn sync(state: &mut State, _: &Call) -> Handled {
    let waiting = state.queue.iter().take(MOST_LINES).map(|it| PendingRow {
        what: it.change.what(),
        id: it.change.id().to_owned(),
        at: said(Some(it.at)),
        due: said(Some(it.due)),
    });
    Ok(Answer::page_of(
        StatusCode::OK,
        &Sync {
            now: said(Some(state.now())),
            pending: state.queue.len(),
            last_refresh: said(state.queue.last_refresh),
            waiting: waiting.collect(),
            pushes: state.intake.iter().rev().take(MOST_LINES).collect(),
        },
    ))
}

/// One push, as it was received.
pub(super) fn push(state: &mut State, call: &Call) -> Handled {
    let number: Option<u64> = call.argument("number").parse().ok();
    let push = state.intake.iter().find(|it| Some(it.number) == number).ok_or_else(unknown)?;
    Ok(Answer::page_of(StatusCode::OK, &Push { push }))
}

pub(super) fn people(state: &mut State, call: &Call) -> Handled {
    let text = call.query("q").unwrap_or_default();
    let found = state.found(text);
    Ok(Answer::page_of(
        StatusCode::OK,
        &People {
            text: text.to_owned(),
            found: found.len(),
            people: found.into_iter().take(MOST_SHOWN).map(|it| state.person_row(it)).collect(),
        },
    ))
}

/// One contact: fields, lines in groups, history.
pub(super) fn person(state: &mut State, call: &Call) -> Handled {
    let contact = state.directory.contacts.get(call.argument("id")).ok_or_else(unknown)?;
    let now = state.now();
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let lines = contact.memberships.iter().map(|line| LineRow {
        group: state
            .directory
            .groups
            .get(&line.group)
            .map_or_else(|| line.group.clone(), |it| it.name.clone()),
        role: line.role.clone(),
        dates: [line.since, line.begin, line.end, line.removed_at].map(day),
        is_active: line.is_active(now),
    });
    let trail = state.directory.trails.get(&contact.contact_id);
    let company = state.directory.contacts.get(contact.text("parentContactId"));
    Ok(Answer::page_of(
        StatusCode::OK,
        &RecordPage {
            person: state.person_row(contact),
            contact,
            company: company.map(Contact::full_name),
            fields: contact.profile.iter().map(|(name, value)| (name.as_str(), plain(value))).collect(),
            lines: lines.collect(),
            history: trail.map(|it| it.history.iter().rev().collect()).unwrap_or_default(),
            pending: state.queue.iter().filter(|it| it.change.id() == contact.contact_id).count(),
        },
    ))
}

/// "Display Data": the latest record about somebody, as it was received.
pub(super) fn data(state: &mut State, call: &Call) -> Handled {
    let id = call.argument("id");
    let trail = state.directory.trails.get(id).ok_or_else(unknown)?;
    let payload = serde_json::to_string_pretty(&trail.payload).unwrap_or_default();
    let page = Data { id: id.to_owned(), key: in_address(id), received_at: said(trail.received_at), payload };
    Ok(Answer::page_of(StatusCode::OK, &page))
}

/// Applies what is pending for one contact.
pub(super) fn refresh(state: &mut State, call: &Call) -> Handled {
    let id = call.argument("id").to_owned();
    let pending = state.queue.of_contact(&id);
    state.apply(pending);
    Ok(Answer::redirect(format!("/admin/people/{}", in_address(&id))))
}

/// Hides or shows a community, or lets a security group give member benefits or not.
pub(super) fn change_group(state: &mut State, call: &Call) -> Handled {
    let group = state.directory.groups.get_mut(call.argument("key")).ok_or_else(unknown)?;
    match call.argument("what") {
        "hide" => group.hidden = true,
        "unhide" => group.hidden = false,
        "benefits" => group.provides_member_benefits = !group.provides_member_benefits,
        _ => return Err(unknown()),
    }
    Ok(Answer::redirect("/admin".to_owned()))
}
