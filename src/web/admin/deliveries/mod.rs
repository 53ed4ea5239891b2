//! What subscribers are told of people: how far, what was refused, what one person looks like there; stopping, going on, sending again.

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
use crate::adapters::store::deliveries::SentAgain;
use crate::domain::calendar;
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;
use crate::flows::administer::people::FindError;
use page::{DeliveriesPage, PersonAtSubscribers, card, person_rows};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::DELIVERIES.path, reads(get(show)))
        .route("/_gate/admin/deliveries/stop", writes(post(stop)))
        .route("/_gate/admin/deliveries/resume", writes(post(resume)))
        .route("/_gate/admin/deliveries/again", writes(post(again)))
        .route("/_gate/admin/deliveries/forget", writes(post(forget)))
}

/// Shows it: `?who=` a name, an e-mail address, a record number or an id; of an event, the id of its rows.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let wanted = caller.asked("who").unwrap_or_default().trim().to_owned();
    let who = Field::text("who", "Person", &wanted)
        .hint("A name, an e-mail address, a record number or an AMS id.");
    let standing = admin.services.deliveries.standing().await?;
    let zone = admin.zone();
    let mut shown = DeliveriesPage {
        shell: caller.shell(menu::DELIVERIES),
        cards: standing.subscribers.iter().map(|one| card(one, &standing, &zone)).collect(),
        who,
        person: None,
    };
    if wanted.is_empty() {
        return page(&shown);
    }
    let found = match admin.services.people.find_known(&wanted).await {
        Ok(found) => Some((found.record.profile.name.clone(), found.record.id)),
        Err(FindError::Store(error)) => return Err(error.into()),
        // Somebody who is no longer on file may still have rows.
        Err(_) => IndividualId::parse(&wanted).map(|id| (id.to_string(), id)),
    };
    let rows = match &found {
        Some((_, id)) => admin.services.deliveries.of_person(id).await?,
        None => Vec::new(),
    };
    match found {
        Some((name, id)) if rows.iter().any(|row| row.row.is_some() || row.now.is_some()) => {
            let rows = person_rows(&rows, &zone);
            shown.person = Some(PersonAtSubscribers {
                name,
                is_event: calendar::is_event(&id),
                id: id.to_string(),
                rows,
            });
        }
        _ => {
            shown.who = shown.who.mend(Some("Nobody by that is known here, or several are.".to_owned()));
            shown.shell = shown.shell.status(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    page(&shown)
}

fn subscriber(admin: &Admin, caller: &Caller) -> Result<SubscriberName, PageError> {
    admin.services.deliveries.subscriber(caller.sent("subscriber")).ok_or(PageError::NotFound)
}

/// Stops a subscriber.
pub async fn stop(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let name = subscriber(&admin, &caller)?;
    admin.services.deliveries.stop(&caller.actor, &name).await?;
    caller.done(menu::DELIVERIES, Done::DeliveriesStopped)
}

/// Goes on, if it was confirmed and the reason is still the one that was seen.
pub async fn resume(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let name = subscriber(&admin, &caller)?;
    let since: Option<Timestamp> = caller.sent("since").parse().ok();
    match since.filter(|_| caller.sent("confirmed") == "yes") {
        Some(since) if admin.services.deliveries.resume(&caller.actor, &name, since).await? => {
            caller.done(menu::DELIVERIES, Done::DeliveriesResumed)
        }
        _ => caller.go(menu::DELIVERIES),
    }
}

/// Sends again: of one person, of everybody, or what is set aside.
pub async fn again(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let name = subscriber(&admin, &caller)?;
    let person = match caller.sent("id") {
        "" => None,
        id => Some(IndividualId::parse(id).ok_or(PageError::NotFound)?),
    };
    let which = match &person {
        Some(id) => SentAgain::Of(id),
        None if caller.sent("everybody") == "yes" => SentAgain::All,
        None => SentAgain::SetAside,
    };
    admin.services.deliveries.send_again(&caller.actor, &name, which).await?;
    let who = person.map(|id| format!("&who={}", utf8_percent_encode(id.as_str(), NON_ALPHANUMERIC)));
    let path = format!("{}?done={}{}", menu::DELIVERIES.path, Done::SentAgain.key(), who.unwrap_or_default());
    caller.go_to(&path)
}

/// Forgets one person, if it was confirmed.
pub async fn forget(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let id = IndividualId::parse(caller.sent("id")).ok_or(PageError::NotFound)?;
    if caller.sent("confirmed") == "yes" && admin.services.deliveries.forget(&caller.actor, &id).await? {
        return caller.done(menu::DELIVERIES, Done::PersonForgotten);
    }
    caller.go(menu::DELIVERIES)
}
