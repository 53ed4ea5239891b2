//! Who is signed in: device, site, since when, with which roles; ending one session, or all of a person.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::adapters::store::sessions::SessionFilter;
use crate::domain::audit::Action;
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;
use crate::flows::administer::people::FindError;
use crate::flows::administer::sessions::Listed;
use crate::web::admin::fields::{Field, people};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::shell::{Room, Shell};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::words::when;
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// A session on the page.
#[derive(Clone, Debug)]
pub struct Line {
    /// Found by; a digest of what the browser has.
    pub key: String,
    /// The person's id.
    pub id: String,
    /// The person.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The browser.
    pub device: String,
    /// The site's host.
    pub host: String,
    /// Since when.
    pub since: String,
    /// Last seen.
    pub seen: String,
    /// Roles held now.
    pub roles: Vec<String>,
    /// Who looks through this person's eyes; empty: nobody.
    pub viewer: String,
    /// It is the administrator's own.
    pub own: bool,
}

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/sessions/page.html")]
pub struct SessionsPage {
    /// Around the page.
    pub shell: Shell,
    /// Whose sessions.
    pub of: Field,
    /// Only this person's are listed, by name and id.
    pub person: Option<(String, String)>,
    /// Latest first.
    pub lines: Vec<Line>,
    /// Where older ones are.
    pub older: Option<String>,
    /// Answers other than 200.
    pub status: StatusCode,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Sessions.path(), reads(get(show)))
        .route("/_gate/admin/sessions/end", writes(post(end)))
        .route("/_gate/admin/sessions/end-all", writes(post(end_all)))
}

/// Shows live sessions: `?of=` an e-mail address, a record number or an id.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let wanted = caller.asked("of").unwrap_or_default().trim().to_owned();
    let mut of = Field::text("of", "Whose", &wanted)
        .hint("An e-mail address, a record number or an AMS id; empty: everybody’s.");
    let mut person = None;
    let mut status = StatusCode::OK;
    if !wanted.is_empty() {
        match admin.desk.people.find_known(&wanted).await {
            Ok(found) => person = Some((found.record.profile.name.clone(), found.record.id)),
            Err(FindError::Store(error)) => return caller.broken(&error),
            Err(FindError::Several) => {
                of = of
                    .mend(Some("Several people share that e-mail address. Use the record number.".to_owned()))
            }
            Err(_) => of = of.mend(Some("Nobody by that has signed in here.".to_owned())),
        }
    }
    let mut lines = Vec::new();
    let mut older = None;
    if of.mend.is_some() {
        status = StatusCode::UNPROCESSABLE_ENTITY;
    } else {
        let filter = SessionFilter {
            of: person.as_ref().map(|(_, id)| id.clone()),
            after: caller.asked("after").and_then(place),
        };
        match admin.desk.sessions.page(&filter).await {
            Ok(page) => {
                let zone = admin.zone();
                lines = page.sessions.iter().map(|listed| line(listed, &caller, &zone)).collect();
                let of = utf8_percent_encode(&wanted, NON_ALPHANUMERIC);
                older =
                    page.next.map(|(at, key)| format!("of={of}&after={}-{}", at.as_nanosecond(), hex(&key)));
            }
            Err(error) => return caller.broken(&error),
        }
    }
    let person = person.map(|(name, id)| (name, id.to_string()));
    answer(respond(&SessionsPage { shell: caller.shell(Room::Sessions), of, person, lines, older, status }))
}

fn line(listed: &Listed, caller: &Caller, zone: &crate::domain::time::TimeZone) -> Line {
    let session = &listed.session;
    Line {
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
pub async fn end(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(key) = key(caller.sent("key")) else { return caller.not_found() };
    let about = caller.sent("name").to_owned();
    // It ends even if it cannot be written down.
    let ended = admin.desk.sessions.end(&key).await;
    let written = admin.administer.audit.record(&caller.actor, Action::SessionEnded, about, None, None).await;
    match ended.and(written) {
        Ok(()) => caller.go("/_gate/admin/sessions?done=ended"),
        Err(error) => caller.broken(&error),
    }
}

/// Ends every session of a person.
pub async fn end_all(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(id) = IndividualId::parse(caller.sent("id")) else { return caller.not_found() };
    let about = format!("{} ({id})", caller.sent("name"));
    // They end even if it cannot be written down.
    let ended = admin.desk.sessions.end_all_of(&id).await;
    let audit = &admin.administer.audit;
    let written = audit.record(&caller.actor, Action::SessionsOfPersonEnded, about, None, None).await;
    match ended.and(written) {
        Ok(()) => caller.go("/_gate/admin/sessions?done=all-ended"),
        Err(error) => caller.broken(&error),
    }
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

impl SessionsPage {
    fn says(&self) -> String {
        match &self.person {
            Some((name, _)) => format!("Sessions of {name}"),
            None => "Live sessions".to_owned(),
        }
    }

    fn count(&self) -> String {
        let names: std::collections::BTreeSet<&str> = self.lines.iter().map(|line| &*line.id).collect();
        let sessions = self.lines.len();
        format!(
            "{sessions} {} of {} on this page, latest first.",
            if sessions == 1 { "session" } else { "sessions" },
            people(names.len())
        )
    }
}

impl Page for SessionsPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let line = |n: u8, name: &str, device: &str, viewer: &str| Line {
            key: hex(&SessionKey([n; 32])),
            id: format!("b3a1c0de-{n}"),
            name: name.to_owned(),
            email: "someone@people.example".to_owned(),
            device: device.to_owned(),
            host: "library.harbour.example".to_owned(),
            since: "4 March 2026, 09:00".to_owned(),
            seen: "4 March 2026, 10:42".to_owned(),
            roles: vec!["member".to_owned(), "education".to_owned()],
            viewer: viewer.to_owned(),
            own: n == 1,
        };
        let page = |lines: Vec<Line>, person: Option<&str>, mend: Option<&str>| SessionsPage {
            shell: crate::web::admin::tests::samples::shell(Room::Sessions),
            of: Field::text("of", "Whose", "").mend(mend.map(str::to_owned)),
            person: person.map(|name| (name.to_owned(), "b3a1c0de-1".to_owned())),
            older: (lines.len() > 1).then(|| "of=&after=1-2".to_owned()),
            lines,
            status: if mend.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK },
        };
        let lines = vec![
            line(1, "Jane Marlowe", "Firefox on Windows", ""),
            line(2, "Zoë <b>O’Hara</b>", "Safari on iPhone", ""),
            line(3, "Nils Frost", "Chrome on macOS", "Jane Marlowe"),
        ];
        vec![
            ("sessions_empty", page(Vec::new(), None, None)),
            ("sessions_full", page(lines.clone(), None, None)),
            ("sessions_of_one", page(lines[..1].to_vec(), Some("Jane Marlowe"), None)),
            ("sessions_error", page(Vec::new(), None, Some("Nobody by that has signed in here."))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_the_form() {
        let some = SessionKey(std::array::from_fn(|at| u8::try_from(at * 7).unwrap()));
        assert_eq!(key(&hex(&some)), Some(some));
        for wrong in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(key(wrong), None);
        }
        let at = Timestamp::from_nanosecond(-5).unwrap();
        assert_eq!(place(&format!("-5-{}", hex(&some))), Some((at, some)));
    }
}
