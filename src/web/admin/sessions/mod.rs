//! Who is signed in: device, site, since when, with which roles; ending one session, or all of a person.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answers::{Answer, PageError, page};
use super::caller::{Called, Caller};
use super::done::Done;
use super::fields::Field;
use super::menu;
use super::state::{Admin, reads, writes};
use super::words::when;
use crate::adapters::store::sessions::SessionFilter;
use crate::domain::audit::Action;
use crate::domain::preview::PersonName;
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::people::FindError;
use crate::flows::administer::sessions::ListedSession;
use page::{SessionLine, SessionsPage};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::SESSIONS.path, reads(get(show)))
        .route("/_gate/admin/sessions/end", writes(post(end)))
        .route("/_gate/admin/sessions/end-all", writes(post(end_all)))
}

/// Shows live sessions: `?of=` an e-mail address, a record number or an id.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let wanted = caller.asked("of").unwrap_or_default().trim().to_owned();
    let of = Field::text("of", "Whose", &wanted)
        .hint("A name, an e-mail address, a record number or an AMS id; empty: everybody’s.");
    let person = match (wanted.is_empty(), admin.services.people.find_known(&wanted).await) {
        (true, _) => None,
        (false, Ok(found)) => Some((found.record.profile.name.clone(), found.record.id)),
        (false, Err(FindError::Store(error))) => return Err(error.into()),
        (false, Err(error)) => {
            let (mend, choices) = match &error {
                FindError::Several(names) => (None, choices(names)),
                _ => (Some("Nobody by that is on file here.".to_owned()), Vec::new()),
            };
            let status = if mend.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            return page(&SessionsPage {
                shell: caller.shell(menu::SESSIONS).status(status),
                of: of.mend(mend),
                person: None,
                choices,
                lines: Vec::new(),
                older: None,
            });
        }
    };
    let filter = SessionFilter {
        of: person.as_ref().map(|(_, id)| id.clone()),
        after: caller.asked("after").and_then(place),
    };
    let found = admin.services.sessions.page(&filter).await?;
    let (zone, whose) = (admin.zone(), utf8_percent_encode(&wanted, NON_ALPHANUMERIC));
    let older =
        |(at, key): (Timestamp, SessionKey)| format!("of={whose}&after={}-{}", at.as_nanosecond(), hex(&key));
    page(&SessionsPage {
        shell: caller.shell(menu::SESSIONS),
        of,
        person: person.map(|(name, id)| (name, id.to_string())),
        choices: Vec::new(),
        lines: found.sessions.iter().map(|listed| line(listed, &caller, &zone)).collect(),
        older: found.next.map(older),
    })
}

/// The people to choose from: name, number, and where the person's sessions are.
fn choices(names: &[PersonName]) -> Vec<(String, String, String)> {
    let choice = |person: &PersonName| {
        let of = utf8_percent_encode(person.id.as_str(), NON_ALPHANUMERIC);
        let number = person.record_number.clone().unwrap_or_default();
        (person.name.clone(), number, format!("{}?of={of}", menu::SESSIONS.path))
    };
    names.iter().map(choice).collect()
}

fn line(listed: &ListedSession, caller: &Caller, zone: &TimeZone) -> SessionLine {
    let session = &listed.session;
    SessionLine {
        key: hex(&session.key),
        id: session.individual.to_string(),
        name: listed.name.clone(),
        email: listed.email.clone().unwrap_or_default(),
        device: session.device.clone().unwrap_or_else(|| "An unknown device".to_owned()),
        host: session.host.clone(),
        since: when(session.created, zone),
        seen: when(session.last_seen, zone),
        roles: listed.roles.iter().map(ToString::to_string).collect(),
        viewer: session.viewer.as_ref().map(|viewer| viewer.by.name.clone()).unwrap_or_default(),
        own: caller.session == Some(session.key),
    }
}

/// Ends one session.
pub async fn end(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let key = key(caller.sent("key")).ok_or(PageError::NotFound)?;
    let about = caller.sent("name").to_owned();
    // It ends even if it cannot be written down.
    let ended = admin.services.sessions.end(&key).await;
    let written = admin.administer.audit.record(&caller.actor, Action::SessionEnded, about, None, None).await;
    ended.and(written)?;
    caller.done(menu::SESSIONS, Done::SessionEnded)
}

/// Ends every session of a person.
pub async fn end_all(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let id = IndividualId::parse(caller.sent("id")).ok_or(PageError::NotFound)?;
    let about = format!("{} ({id})", caller.sent("name"));
    // They end even if it cannot be written down.
    let ended = admin.services.sessions.end_all_of(&id).await;
    let audit = &admin.administer.audit;
    let written = audit.record(&caller.actor, Action::SessionsOfPersonEnded, about, None, None).await;
    ended.and(written)?;
    caller.done(menu::SESSIONS, Done::SessionsEnded)
}

fn hex(key: &SessionKey) -> String {
    key.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key(text: &str) -> Option<SessionKey> {
    let mut key = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(SessionKey(key))
}

fn place(text: &str) -> Option<(Timestamp, SessionKey)> {
    let (at, of) = text.rsplit_once('-')?;
    Some((Timestamp::from_nanosecond(at.parse().ok()?).ok()?, key(of)?))
}
