//! Addresses to copy into the AMS, and into sites.

pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use secrecy::ExposeSecret as _;

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
    let (places, hook) = (admin.services.catalogues.places(), admin.gate.hooks.current());
    let hook = hook.as_ref().map(|secret| secret.expose_secret());
    let shell = caller.shell(menu::LINKS);
    let mut links = LinksPage::new(shell, site.title.clone(), &site.origin, places, hook);
    links.site_own.extend(admin.clients.iter().map(|clients| discovery(clients.issuer())));
    page(&links)
}
