//! Who would this person be, and why: the record as the AMS gives it, the roles at any instant, and what time will change.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Router};
use jiff::civil::DateTime;

use super::answers::{Answer, PageError, page};
use super::caller::{Called, Caller};
use super::fields::Field;
use super::menu;
use super::state::{Admin, reads, writes};
use crate::adapters::ams::AmsError;
use crate::adapters::store::StoreError;
use crate::domain::audit::Action;
use crate::domain::preview::PersonName;
use crate::domain::record::IndividualId;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::mapping::Which;
use crate::flows::administer::people::trial::try_it;
use crate::flows::administer::people::view_as::ViewError;
use crate::flows::administer::people::{FindError, FoundPerson};
use crate::web::paths;
use page::{PeoplePage, TriedPerson, choices, links};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::PEOPLE.path, reads(get(show)))
        .route("/_gate/admin/people/view-as", writes(post(view_as)))
}

/// Shows the form, and what it found: `?who=…&at=…&mapping=draft`.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let zone = admin.zone();
    let who = caller.asked("who").unwrap_or_default().trim().to_owned();
    let draft = caller.asked("mapping") == Some("draft");
    let at = instant(caller.asked("at").unwrap_or_default(), &zone);
    let mut shown = PeoplePage {
        shell: caller.shell(menu::PEOPLE),
        who: Field::text("who", "Who", &who)
            .hint("A name, an e-mail address, a record number or an AMS id.")
            .required(),
        at: Field::text("at", "When (optional)", caller.asked("at").unwrap_or_default())
            .kind("datetime-local")
            .hint("Empty: now. In the association’s time zone.")
            .mend(at.is_err().then(|| "Write a moment such as 2027-01-01 00:00.".to_owned())),
        draft,
        person: None,
        links: Vec::new(),
        choices: Vec::new(),
        may_view: admin.services.view_as.is_on(),
    };
    let found = match at {
        Ok(_) if who.is_empty() => None,
        Ok(at) => Some((at, found(&admin, &caller, &who).await?)),
        Err(()) => {
            shown.shell.status = StatusCode::UNPROCESSABLE_ENTITY;
            None
        }
    };
    match found {
        Some((at, Ok(found))) => {
            let which = if draft { Which::Draft } else { Which::Published };
            let rules = admin.administer.mapping.rules(which).await?;
            let now = admin.gate.clock.now();
            let trial = try_it(&found.record, &rules, &admin.services.catalogues.names(), at.unwrap_or(now));
            shown.links = links(&who, draft, now, &trial, &zone);
            shown.person = Some(TriedPerson::new(&found, &trial, &rules, at.is_none(), &zone));
        }
        Some((_, Err(NotFound::Choose(names)))) => shown.choices = choices(&names, draft),
        Some((_, Err(NotFound::Mend(mend)))) => {
            shown.who = shown.who.mend(Some(mend.to_owned()));
            shown.shell.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        None => {}
    }
    page(&shown)
}

/// Why there is not the one person.
enum NotFound {
    /// What to mend.
    Mend(&'static str),
    /// Several go by that.
    Choose(Vec<PersonName>),
}

/// Finds the person; that somebody looked is written down.
async fn found(
    admin: &Admin,
    caller: &Caller,
    who: &str,
) -> Result<Result<FoundPerson, NotFound>, StoreError> {
    let error = match admin.services.people.find(who).await {
        Ok(found) => {
            let name = found.record.profile.name.clone();
            admin.administer.audit.record(&caller.actor, Action::RecordLookedUp, name, None, None).await?;
            return Ok(Ok(found));
        }
        Err(FindError::Store(error)) => return Err(error),
        Err(FindError::Several(names)) => return Ok(Err(NotFound::Choose(names))),
        Err(error) => error,
    };
    if let FindError::Ams(error) = &error {
        tracing::warn!(request_id = %caller.arrived.request_id, "A person could not be looked up: {error}");
    }
    Ok(Err(NotFound::Mend(match error {
        FindError::NotAName => "Write a name, an e-mail address, a record number or an id.",
        FindError::Nobody => "Nobody goes by that, neither on file here nor at the AMS.",
        FindError::Ams(AmsError::Busy | AmsError::RateLimited { .. }) => {
            "The AMS takes no further calls just now, and this person is not known here. Try again in a minute."
        }
        FindError::Ams(_) | FindError::Store(_) | FindError::Several(_) => {
            "The AMS gives no answer, and this person is not known here. Try again in a minute."
        }
    })))
}

/// Begins to look at this site as somebody else sees it: read-only, for a quarter of an hour.
pub async fn view_as(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let id = IndividualId::parse(caller.sent("id")).ok_or(PageError::NotFound)?;
    match admin.services.view_as.link(&caller.actor, &id, &caller.arrived.site.host).await {
        Ok(token) => caller.go_to(&format!("{}?token={token}", paths::VIEW_AS)),
        Err(error @ (ViewError::Store(_) | ViewError::Cryptography(_))) => Err(PageError::broken(error)),
        Err(_) => Err(PageError::NotFound),
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
