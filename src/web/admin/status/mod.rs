//! Is everything in order: the AMS, the directory, the store, the mapping, the certificate.

pub(crate) mod directory;
pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::answers::{Answer, PageError, page};
use super::caller::Called;
use super::done::Done;
use super::menu;
use super::plain::{Plain, PlainPage};
use super::state::{Admin, reads, writes};
use crate::flows::administer::status::environment::EnvironmentSwitchError;
use page::{StatusPage, openid_clients, parts};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(menu::STATUS.path, reads(get(show)))
        .route("/_gate/admin/status/environment", writes(post(switch)))
        .route("/_gate/admin/status/release", writes(post(release)))
}

/// Shows it.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let status = admin.services.overview.status().await;
    let (now, zone) = (admin.gate.clock.now(), admin.zone());
    let mut parts = parts(&status, now, &zone);
    parts.push(directory::part(&status.directory, now, &zone));
    if let Some(clients) = &admin.clients {
        match tokio::try_join!(clients.undelivered(), clients.deliveries()) {
            Ok((undelivered, latest)) => {
                parts.push(openid_clients(clients.list().len(), undelivered, &latest))
            }
            // The store's own part says so.
            Err(error) => tracing::warn!(%error, "What became of logout messages cannot be read"),
        }
    }
    let other = status.standby.as_deref().map(str::to_owned);
    let rosters = directory::rows(&status.directory, &admin.services.catalogues.names(), &zone);
    page(&StatusPage { shell: caller.shell(menu::STATUS).with(admin.outage()), parts, rosters, other })
}

/// Lets held absences count, if it was confirmed.
pub async fn release(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let place = directory::held_place(caller.sent("roster")).ok_or(PageError::NotFound)?;
    if caller.sent("confirmed") == "yes" && admin.services.directory.release(&caller.actor, &place).await? {
        return caller.done(menu::STATUS, Done::AbsencesReleased);
    }
    caller.go(menu::STATUS)
}

/// Switches the AMS environment, if it was confirmed.
pub async fn switch(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let to = caller.sent("to").to_owned();
    if caller.sent("confirmed") != "yes" {
        return caller.go(menu::STATUS);
    }
    match admin.services.environments.switch(&caller.actor, &to).await {
        Ok(()) => page(&PlainPage::new(caller.arrived.frame(), Plain::Switching(to))),
        Err(EnvironmentSwitchError::NoSuchEnvironment) => caller.go(menu::STATUS),
        Err(EnvironmentSwitchError::Store(error)) => Err(error.into()),
    }
}
