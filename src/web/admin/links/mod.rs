//! Addresses to copy into the AMS, and into sites.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::get;
use axum::{Extension, Router};

use crate::web::admin::guard::Called;
use crate::web::admin::shell::{Room, Shell};
use crate::web::admin::state::{Admin, reads};
use crate::web::pages::{Forms, Page, respond};
use crate::web::paths;
use crate::web::state::answer;

/// An address to copy.
#[derive(Clone, Debug)]
pub struct Address {
    /// On the page.
    pub id: &'static str,
    /// What it is.
    pub name: &'static str,
    /// What it is for.
    pub says: &'static str,
    /// The address.
    pub address: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/links/page.html")]
pub struct LinksPage {
    /// Around the page.
    pub shell: Shell,
    /// The site.
    pub site: String,
    /// For the AMS.
    pub ams: Vec<Address>,
    /// For the site and its developers.
    pub site_own: Vec<Address>,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new().route(Room::Links.path(), reads(get(show)))
}

/// Shows it.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let site = &caller.arrived.site;
    let mut page = page(caller.shell(Room::Links), site.title.clone(), &site.origin);
    page.site_own.extend(admin.clients.iter().map(|clients| discovery(clients.issuer())));
    answer(respond(&page))
}

fn discovery(issuer: &str) -> Address {
    Address {
        id: "discovery",
        name: "OpenID Connect discovery",
        says: "For programs that sign people in by OpenID Connect: they read everything else from here.",
        address: format!("{issuer}{}", paths::DISCOVERY),
    }
}

fn page(shell: Shell, site: String, origin: &str) -> LinksPage {
    let at = |id, name, says, path: &str| Address { id, name, says, address: format!("{origin}{path}") };
    LinksPage {
        shell,
        site,
        ams: vec![
            at(
                "slo",
                "Single Logout URL",
                "Enter it in your AMS as the page after logout. Whoever logs out there is then signed out here too.",
                paths::SINGLE_LOGOUT,
            ),
            at(
                "callback",
                "Callback address",
                "Where your AMS sends people back to after login. Some systems want it on a list of allowed addresses.",
                paths::CALLBACK,
            ),
        ],
        site_own: vec![
            at("login", "Login", "A link on your site that signs people in.", paths::LOGIN),
            at(
                "logout",
                "Logout",
                "A link on your site that signs people out, here and in the AMS.",
                paths::LOGOUT,
            ),
            at(
                "me",
                "Who am I",
                "Tells a script on your site who is signed in, with which roles, and why.",
                paths::ME,
            ),
            at(
                "keys",
                "Public keys",
                "By these your site checks what we say about a visitor (JWKS).",
                paths::JWKS,
            ),
        ],
    }
}

impl Page for LinksPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let shell = crate::web::admin::tests::samples::shell(Room::Links);
        let origin = "https://library.harbour.example";
        let page = |shell| page(shell, "Library & Archive".to_owned(), origin);
        let mut full = page(crate::web::admin::tests::samples::shell(Room::Links));
        full.site_own.push(discovery(origin));
        vec![("links_empty", page(shell)), ("links_full", full)]
    }
}
