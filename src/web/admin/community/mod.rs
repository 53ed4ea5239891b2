//! How the community stands: its groups, the first run, the last day; and one person, line by line.

mod day;
pub(crate) mod page;
pub(crate) mod person_page;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};

use super::answers::{Answer, PageError, page};
use super::caller::{Called, Caller};
use super::fields::Field;
use super::menu;
use super::state::{Admin, reads};
use crate::domain::audit::Action;
use crate::domain::preview::PersonName;
use crate::domain::record::IndividualId;
use crate::flows::administer::people::FindError;
use crate::flows::community_standing::CommunityStanding;
use page::CommunityPage;
use person_page::{CommunityPersonPage, StandingPerson, choices};

/// The figures are waited for so long; then the page says how far the counting is.
const PATIENCE: Duration = Duration::from_secs(3);

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new().route(menu::COMMUNITY.path, reads(get(show))).route(person_page::PATH, reads(get(person)))
}

fn standing(admin: &Admin) -> Result<&Arc<CommunityStanding>, PageError> {
    admin.services.community.as_ref().ok_or(PageError::NotFound)
}

fn who_field(wanted: &str) -> Field {
    Field::text("who", "Person", wanted).hint("A name, a record number or an AMS id.")
}

/// Shows how all of it stands.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let standing = standing(&admin)?;
    let (status, figures) = tokio::join!(standing.status(), standing.figures(PATIENCE));
    let shell = caller.shell(menu::COMMUNITY);
    page(&CommunityPage::new(shell, who_field(""), &status?, &figures?, &admin.zone()))
}

/// Shows one person: `?who=` a name, an e-mail address, a record number or an id.
pub async fn person(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let standing = standing(&admin)?;
    let wanted = caller.asked("who").unwrap_or_default().trim().to_owned();
    let mut shown = CommunityPersonPage {
        shell: caller.shell(menu::COMMUNITY),
        who: who_field(&wanted),
        person: None,
        choices: Vec::new(),
    };
    match found(&admin, &wanted).await? {
        FoundThere::One(id) => {
            let person = standing.person(&id).await?;
            if person.telling.is_some() || person.name.is_some() {
                written_down(&admin, &caller, person.name.as_deref().unwrap_or(id.as_str())).await?;
                shown.person = Some(StandingPerson::new(&person, standing.name(), &admin.zone()));
                return page(&shown);
            }
        }
        FoundThere::Several(names) => {
            shown.choices = choices(&names);
            return page(&shown);
        }
        FoundThere::Nobody => {}
    }
    shown.who = shown.who.mend(Some("Nobody goes by that here.".to_owned()));
    shown.shell = shown.shell.status(StatusCode::UNPROCESSABLE_ENTITY);
    page(&shown)
}

enum FoundThere {
    One(IndividualId),
    Several(Vec<PersonName>),
    Nobody,
}

async fn found(admin: &Admin, wanted: &str) -> Result<FoundThere, PageError> {
    Ok(match admin.services.people.find_known(wanted).await {
        Ok(found) => FoundThere::One(found.record.id),
        Err(FindError::Several(names)) => FoundThere::Several(names),
        Err(FindError::Store(error)) => return Err(error.into()),
        // Somebody who is no longer on file may still be there.
        Err(_) => IndividualId::parse(wanted).map_or(FoundThere::Nobody, FoundThere::One),
    })
}

/// That somebody looked at a person is written down.
async fn written_down(admin: &Admin, caller: &Caller, name: &str) -> Result<(), PageError> {
    let audit = &admin.administer.audit;
    Ok(audit.record(&caller.actor, Action::RecordLookedUp, name, None, None).await?)
}
