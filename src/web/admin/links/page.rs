//! The page of addresses to copy.

use askama::Template;

use crate::web::admin::fields::CopyValue;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::paths;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/links/page.html")]
pub struct LinksPage {
    /// Around the page.
    pub shell: Shell,
    /// The site.
    pub site: String,
    /// For the AMS.
    pub ams: Vec<CopyValue>,
    /// For the site and its developers.
    pub site_own: Vec<CopyValue>,
}

/// Where programs find the provider.
pub fn discovery(issuer: &str) -> CopyValue {
    CopyValue {
        id: "discovery",
        name: "OpenID Connect discovery",
        says: "For programs that sign people in by OpenID Connect: they read everything else from here.",
        address: format!("{issuer}{}", paths::DISCOVERY),
    }
}

impl LinksPage {
    /// The addresses of a site.
    pub fn new(shell: Shell, site: String, origin: &str) -> LinksPage {
        let at =
            |id, name, says, path: &str| CopyValue { id, name, says, address: format!("{origin}{path}") };
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
}

admin_pages!(LinksPage);
