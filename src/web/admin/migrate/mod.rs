//! Comparing the roles of today's WordPress users with what the mapping would give them. Nothing is kept and nothing changes.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};

use super::answers::{Answer, page};
use super::caller::{Called, Caller};
use super::menu;
use super::state::{Admin, reads};
use super::words::sentence;
use crate::flows::administer::mapping::Which;
use crate::flows::administer::migrate::{UserComparison, read_users};
use page::{Findings, MigratePage};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new().route(menu::MIGRATE.path, reads(get(show).post(compare)))
}

/// Shows the form.
pub async fn show(Extension(caller): Called) -> Answer {
    page(&form(&caller))
}

/// Compares.
pub async fn compare(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let form = form(&caller);
    let text = caller.sent("users");
    let users = match read_users(text.as_bytes()) {
        Ok(users) => users,
        Err(fault) => {
            let mend = Some(format!("{}.", sentence(&fault.to_string())));
            let shell = form.shell.status(StatusCode::UNPROCESSABLE_ENTITY);
            return page(&MigratePage { shell, text: text.to_owned(), mend, ..form });
        }
    };
    let which = if form.draft { Which::Draft } else { Which::Published };
    let rules = admin.administer.mapping.rules(which).await?;
    let comparison = UserComparison::new(users, rules, admin.gate.clock.now());
    let report = admin.services.people.compare(comparison).await?;
    page(&MigratePage { found: Some(Findings::of(&report)), ..form })
}

fn form(caller: &Caller) -> MigratePage {
    MigratePage {
        shell: caller.shell(menu::MIGRATE),
        text: String::new(),
        mend: None,
        draft: caller.sent("mapping") == "draft",
        found: None,
    }
}
