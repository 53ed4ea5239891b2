//! `/_gate/admin`: the pages on which administrators work. Each page is a typed struct with a template; what they do is done by
//! `flows::administer`. Kept out: who holds which role, what is written down, how anything is stored.
//!
//! Every handler but those of the emergency door stands behind `access::guard`. `*_page` files are pages alone; the others
//! answer requests.

pub mod access;
pub mod answers;
pub mod audit;
pub mod break_glass;
pub mod clients;
pub mod draft;
pub mod edited;
pub mod fields;
pub mod files;
pub mod kinds;
pub mod links;
pub mod mapping;
pub mod mapping_page;
pub mod migrate;
pub mod offers;
pub mod overview;
pub mod plain;
pub mod preview;
pub mod preview_page;
pub mod rule_form;
pub mod rule_page;
pub mod sessions;
pub mod shell;
pub mod status;
pub mod sweep;
pub mod try_it;
pub mod try_page;
pub mod typed;
pub mod versions;
pub mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router, body::Body, http::Response, middleware};

use crate::domain::time::TimeZone;
use crate::flows::administer::Administer;
use crate::flows::administer::clients::OpenIdClients;
use crate::flows::administer::desk::Desk;
use crate::web::arrived::Arrived;
use crate::web::pages::Notice;
use crate::web::paths;
use crate::web::state::{Gate, answer};
use shell::Room;

/// The style sheet of all these pages.
pub const STYLE: &str = include_str!("../../../assets/admin.css");
/// The script of all these pages; everything works without it.
pub const SCRIPT: &str = include_str!("../../../assets/admin.js");

/// What the handlers of the administration share.
#[derive(Clone)]
pub struct Admin {
    /// The control plane.
    pub gate: Gate,
    /// The use cases.
    pub administer: Arc<Administer>,
    /// Those about people.
    pub desk: Arc<Desk>,
    /// The clients of the OpenID Provider, if there is one.
    pub clients: Option<Arc<OpenIdClients>>,
}

impl Admin {
    /// The association's time zone, in which every instant is shown.
    pub fn zone(&self) -> TimeZone {
        self.gate.rules.load().rules.time_zone.clone()
    }
}

/// Every address of the administration.
pub fn router(admin: Admin) -> Router {
    let reads = |route: MethodRouter<Admin>| route.fallback(reads_only);
    let writes = |route: MethodRouter<Admin>| route.fallback(writes_only);
    Router::new()
        .route(paths::ADMIN, reads(get(overview::show)))
        // The role mapping
        .route(Room::Mapping.path(), reads(get(mapping::show)))
        .route("/_gate/admin/mapping/settings", writes(post(mapping::save_settings)))
        .route("/_gate/admin/mapping/rule", reads(get(rule_form::show)))
        .route("/_gate/admin/mapping/rules", writes(post(rule_form::save)))
        .route("/_gate/admin/mapping/remove", writes(post(mapping::remove)))
        .route("/_gate/admin/mapping/discard", writes(post(mapping::discard)))
        .route(Room::Preview.path(), reads(get(preview::show)))
        .route("/_gate/admin/preview/progress", reads(get(preview::how_far)))
        .route("/_gate/admin/preview/people", reads(get(preview::people_of)))
        .route("/_gate/admin/publish", writes(post(preview::publish)))
        .route(Room::Versions.path(), reads(get(versions::show)))
        .route("/_gate/admin/versions/compare", reads(get(versions::compare)))
        .route("/_gate/admin/versions/restore", writes(post(versions::restore)))
        .route(Room::Files.path(), reads(get(files::show)))
        .route("/_gate/admin/files/export", reads(get(files::export)))
        .route("/_gate/admin/files/import", writes(post(files::import)))
        .route(Room::Migrate.path(), get(migrate::show).post(migrate::compare).fallback(reads_only))
        .route("/_gate/admin/mapping/refresh", writes(post(offers::refresh)))
        .route("/_gate/admin/sweep", writes(post(sweep::start)))
        .route("/_gate/admin/sweep/stop", writes(post(sweep::stop)))
        .route("/_gate/admin/sweep/progress", reads(get(sweep::how_far)))
        // People
        .route(Room::TryIt.path(), reads(get(try_it::show)))
        .route("/_gate/admin/view-as", writes(post(try_it::view_as)))
        .route(Room::Sessions.path(), reads(get(sessions::show)))
        .route("/_gate/admin/sessions/end", writes(post(sessions::end)))
        .route("/_gate/admin/sessions/end-all", writes(post(sessions::end_all)))
        // The gateway
        .route(Room::Status.path(), reads(get(status::show)))
        .route("/_gate/admin/environment", writes(post(status::switch)))
        .route(Room::Clients.path(), reads(get(clients::show)))
        .route("/_gate/admin/clients/client", reads(get(clients::edit)))
        .route(
            "/_gate/admin/clients/save",
            post(clients::save).get(clients::shown_before).fallback(writes_only),
        )
        .route(
            "/_gate/admin/clients/secret",
            post(clients::secret).get(clients::shown_before).fallback(writes_only),
        )
        .route("/_gate/admin/clients/remove", writes(post(clients::remove)))
        .route(Room::Links.path(), reads(get(links::show)))
        .route(Room::Audit.path(), reads(get(audit::show)))
        .route("/_gate/admin/audit/download", reads(get(audit::take_home)))
        .route("/_gate/admin/leave", writes(post(break_glass::leave)))
        .route_layer(middleware::from_fn_with_state(admin.clone(), access::guard))
        // The emergency door stands outside the walls
        .route(paths::ADMIN_ENTER, get(break_glass::show).post(break_glass::open).fallback(reads_only))
        .with_state(admin)
}

async fn reads_only(Extension(arrived): Extension<Arrived>) -> Response<Body> {
    answer(Notice::MethodNotAllowed { allow: "GET, HEAD" }.html(&arrived.frame()))
}

async fn writes_only(Extension(arrived): Extension<Arrived>) -> Response<Body> {
    answer(Notice::MethodNotAllowed { allow: "POST" }.html(&arrived.frame()))
}
