//! Addresses to copy into the AMS, and into sites.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};

use super::answers::{Answer, page};
use super::caller::Called;
use super::menu;
use super::state::{Admin, reads};
use page::{LinksPage, discovery};

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new().route(menu::LINKS.path, reads(get(show)))
}

/// Shows it.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let site = &caller.arrived.site;
    let mut links = LinksPage::new(caller.shell(menu::LINKS), site.title.clone(), &site.origin);
    links.site_own.extend(admin.clients.iter().map(|clients| discovery(clients.issuer())));
    page(&links)
}
