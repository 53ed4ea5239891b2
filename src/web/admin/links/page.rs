//! The page of addresses to copy.

use askama::Template;

use crate::domain::supplied::AmsPlaces;
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
    /// What is said of webhooks.
    pub hooks: HookNote,
    /// Keys of the configuration, and where the AMS shows their values.
    pub credentials: &'static [(&'static str, &'static str)],
    /// For the site and its developers.
    pub site_own: Vec<CopyValue>,
}

/// How it stands with webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookNote {
    /// The AMS has none.
    NotSupplied,
    /// There is no secret by which the AMS could tell of changes.
    NotConfigured,
    /// Their address is on the page.
    Shown,
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
    /// The addresses of a site, for the pages of this AMS. `hook_secret`: what the address of its webhook ends in, if there is one.
    pub fn new(
        shell: Shell,
        site: String,
        origin: &str,
        places: AmsPlaces,
        hook_secret: Option<&str>,
    ) -> LinksPage {
        let at =
            |id, name, says, path: &str| CopyValue { id, name, says, address: format!("{origin}{path}") };
        LinksPage {
            shell,
            site,
            ams: vec![
                at("callback", "Redirect address", places.callback, paths::CALLBACK),
                at("slo", "Logout address (Single Logout URL)", places.logout, paths::SINGLE_LOGOUT),
            ]
            .into_iter()
            .chain(hook_secret.zip(places.hook).map(|(secret, says)| {
                at("hook", "Webhook address", says, &format!("{}{secret}", paths::HOOKS))
            }))
            .collect(),
            hooks: match (places.hook, hook_secret) {
                (None, _) => HookNote::NotSupplied,
                (Some(_), None) => HookNote::NotConfigured,
                (Some(_), Some(_)) => HookNote::Shown,
            },
            credentials: places.credentials,
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
