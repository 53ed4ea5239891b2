//! Who would this person be, and why: the record as the AMS gives it, the roles at any instant, and what time will change.

pub mod page;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use jiff::civil::DateTime;

use crate::adapters::ams::AmsError;
use crate::domain::audit::Action;
use crate::domain::record::IndividualId;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::mapping::Which;
use crate::flows::administer::people::trial::try_it;
use crate::flows::administer::people::view_as::ViewError;
use crate::flows::administer::people::{FindError, Found};
use crate::web::admin::fields::Field;
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::people::page::{PeoplePage, Person};
use crate::web::admin::shell::Room;
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::words::when;
use crate::web::pages::respond;
use crate::web::paths;
use crate::web::state::answer;

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::People.path(), reads(get(show)))
        .route("/_gate/admin/people/view-as", writes(post(view_as)))
}

/// Shows the form, and what it found: `?who=…&at=…&mapping=draft`.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let zone = admin.zone();
    let who = caller.asked("who").unwrap_or_default().trim().to_owned();
    let draft = caller.asked("mapping") == Some("draft");
    let now = admin.gate.clock.now();
    let at = instant(caller.asked("at").unwrap_or_default(), &zone);
    let mut page = PeoplePage {
        shell: caller.shell(Room::People),
        who: Field::text("who", "Who", &who)
            .hint("An e-mail address, a record number or an AMS id.")
            .required(),
        at: Field::text("at", "When (optional)", caller.asked("at").unwrap_or_default())
            .kind("datetime-local")
            .hint("Empty: now. In the association’s time zone.")
            .mend(at.is_err().then(|| "Write a moment such as 2027-01-01 00:00.".to_owned())),
        draft,
        person: None,
        steps: Vec::new(),
        may_view: admin.desk.view_as.is_on(),
        status: if at.is_err() { http::StatusCode::UNPROCESSABLE_ENTITY } else { http::StatusCode::OK },
    };
    if let (false, Ok(at)) = (who.is_empty(), at) {
        let (at, is_now) = (at.unwrap_or(now), at.is_none());
        match found(&admin, &caller, &who).await {
            Ok(Ok(found)) => match rules(&admin, draft).await {
                Ok(rules) => {
                    let trial = try_it(&found.record, &rules, at);
                    page.steps = crate::web::admin::people::page::steps(&who, draft, now, &trial, &zone);
                    page.person = Some(Person::new(&found, &trial, &rules, is_now, &zone));
                }
                Err(error) => return caller.broken(&error),
            },
            Ok(Err(why)) => {
                page.who = page.who.mend(Some(why));
                page.status = http::StatusCode::UNPROCESSABLE_ENTITY;
            }
            Err(error) => return caller.broken(&error),
        }
    }
    answer(respond(&page))
}

async fn rules(
    admin: &Admin,
    draft: bool,
) -> Result<crate::domain::rule::Rules, crate::flows::administer::mapping::ChangeError> {
    admin.administer.mapping.rules(if draft { Which::Draft } else { Which::Published }).await
}

/// Finds the person; that somebody looked is written down. `Err` inside: what to mend.
async fn found(
    admin: &Admin,
    caller: &Caller,
    who: &str,
) -> Result<Result<Found, String>, crate::adapters::store::StoreError> {
    match admin.desk.people.find(who).await {
        Ok(found) => {
            let name = found.record.profile.name.clone();
            admin.administer.audit.record(&caller.actor, Action::RecordLookedUp, name, None, None).await?;
            Ok(Ok(found))
        }
        Err(FindError::Store(error)) => Err(error),
        Err(FindError::NotAName) => {
            Ok(Err("Write an e-mail address, a record number or an id, without spaces.".to_owned()))
        }
        Err(FindError::Nobody) => Ok(Err("The AMS knows nobody by that.".to_owned())),
        Err(FindError::Several) => {
            Ok(Err("Several people share that e-mail address. Use the record number.".to_owned()))
        }
        Err(FindError::Ams(error)) => {
            tracing::warn!(request_id = %caller.arrived.request_id, "A person could not be looked up: {error}");
            Ok(Err(match error {
                AmsError::Busy | AmsError::RateLimited { .. } => {
                    "The AMS takes no more calls just now, and this person is not known here. Try again in a minute."
                }
                _ => "The AMS gives no answer, and this person is not known here. Try again in a minute.",
            }
            .to_owned()))
        }
    }
}

/// Begins to look at this site as somebody else sees it: read-only, for a quarter of an hour.
pub async fn view_as(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let Some(id) = IndividualId::parse(caller.sent("id")) else { return caller.not_found() };
    match admin.desk.view_as.link(&caller.actor, &id, &caller.arrived.site.host).await {
        Ok(token) => caller.go(&format!("{}?token={token}", paths::VIEW_AS)),
        Err(error @ (ViewError::Store(_) | ViewError::Cryptography(_))) => caller.broken(&error),
        Err(_) => caller.not_found(),
    }
}

/// An instant as a browser's date box writes it. `None`: nothing was given.
fn instant(text: &str, zone: &TimeZone) -> Result<Option<Timestamp>, ()> {
    let text = text.trim().replace(' ', "T");
    if text.is_empty() {
        return Ok(None);
    }
    let civil: Result<DateTime, _> = text.parse();
    let zoned = civil.ok().and_then(|civil| civil.to_zoned(zone.clone()).ok());
    zoned.map(|zoned| Some(zoned.timestamp())).ok_or(())
}

/// An instant as a browser's date box reads it.
pub fn boxed(at: Timestamp, zone: &TimeZone) -> String {
    let civil = zone.to_datetime(at);
    format!("{}T{:02}:{:02}", civil.date(), civil.hour(), civil.minute())
}

/// `3 March 2026, 10:42`, as elsewhere.
pub fn told(at: Timestamp, zone: &TimeZone) -> String {
    when(at, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_box_survives_being_read_and_written() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (text, read) in [
            ("", Ok(None)),
            ("2027-01-01", Ok(Some("2027-01-01T05:00:00Z"))),
            ("2027-01-01T00:00", Ok(Some("2027-01-01T05:00:00Z"))),
            ("2027-07-01 12:30", Ok(Some("2027-07-01T16:30:00Z"))),
            ("tomorrow", Err(())),
        ] {
            let read = read.map(|at| at.map(|at| at.parse::<Timestamp>().unwrap()));
            assert_eq!(instant(text, &zone), read, "{text}");
        }
        let at = "2027-07-01T16:30:00Z".parse().unwrap();
        assert_eq!(instant(&boxed(at, &zone), &zone), Ok(Some(at)));
    }
}
