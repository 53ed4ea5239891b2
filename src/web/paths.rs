//! Every address of ours, spelled once.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::return_to;
use crate::flows::long_addresses::Destination;

/// Starts a login: `?return_to=`.
pub const LOGIN: &str = "/_gate/login";
/// Says why a sign-in failed, at an address without a token.
pub const LOGIN_FAILED: &str = "/_gate/login/failed";
/// Where somebody waits for a turn to sign in.
pub const WAITING: &str = "/_gate/waiting";
/// Where the AMS sends the browser back to.
pub const CALLBACK: &str = "/_gate/callback";
/// Ends our session, then the AMS's.
pub const LOGOUT: &str = "/_gate/logout";
/// Where a logout ends that has nowhere else to go.
pub const SIGNED_OUT: &str = "/_gate/signed-out";
/// The Single Logout URL: ends the session of this browser and goes to the site's home.
pub const SINGLE_LOGOUT: &str = "/_gate/slo";
/// Where a web server asks whether a request may go on; the data plane answers.
pub const VERIFY: &str = "/_gate/verify";
/// Where the AMS tells of changes: a secret follows.
pub const HOOKS: &str = "/_gate/hooks/";
/// Asks the AMS again about a person who is signed in and lacks a role: a form posts there.
pub const CHECK_AGAIN: &str = "/_gate/check-again";
/// Who am I, which roles, until when.
pub const ME: &str = "/_gate/me";
/// Opens a link to view the site as another person: `?token=`.
pub const VIEW_AS: &str = "/_gate/view-as";
/// Ends that: `?return_to=`.
pub const VIEW_AS_END: &str = "/_gate/view-as/end";
/// Sends a kept form after sign-in.
pub const RESUME_FORM: &str = return_to::RESUME_FORM;
/// Public keys of our assertions.
pub const JWKS: &str = "/_gate/oidc/jwks";
/// Lists of managed roles: the digest of one follows.
pub const ROLES: &str = "/_gate/oidc/roles/";
/// Where a client asks to sign a person in.
pub const AUTHORIZE: &str = return_to::AUTHORIZE;
/// Where a client exchanges a code or refreshes its tokens.
pub const TOKEN: &str = "/_gate/oidc/token";
/// Where a client gives a token back.
pub const REVOKE: &str = "/_gate/oidc/revoke";
/// Where a client asks about the person.
pub const USERINFO: &str = "/_gate/oidc/userinfo";
/// Where a client asks to sign a person out.
pub const END_SESSION: &str = "/_gate/oidc/logout";
/// Where the browser goes on after the AMS's logout, when a client started it.
pub const ONWARD: &str = "/_gate/oidc/onward";
/// Where clients find all of these. At the issuer's host it is ours, not the site's.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The same for those who know OAuth 2.0 only (RFC 8414).
pub const OAUTH_DISCOVERY: &str = "/.well-known/oauth-authorization-server";
/// Inner address for a form that was posted without a session; from outside it does not exist.
pub const KEEP_FORM: &str = "/_gate/keep-form";
/// Administration; its pages are below.
pub const ADMIN: &str = return_to::ADMIN;
/// Opens an emergency link: `?token=`.
pub const ADMIN_EMERGENCY: &str = "/_gate/admin/emergency";

/// Whether a path is one that a provider answers outside our prefix.
pub fn is_discovery(path: &str) -> bool {
    [DISCOVERY, OAUTH_DISCOVERY].contains(&path)
}

/// Whether a path is answered at any host: sites read there what they check assertions by, from the inside, by whatever name
/// they reach us. What is there is public and the same for all.
pub fn is_for_sites(path: &str) -> bool {
    path == JWKS || path.starts_with(ROLES)
}

/// The link that starts a login and ends there.
pub fn login_to(to: &Destination) -> String {
    format!("{LOGIN}?{}", destination(to))
}

/// The page of somebody who waits, and ends there.
pub fn waiting_for(to: &Destination) -> String {
    format!("{WAITING}?{}", destination(to))
}

/// A destination as parameters of an address.
pub fn destination(to: &Destination) -> String {
    let page = utf8_percent_encode(to.page.as_str(), NON_ALPHANUMERIC);
    let kept = to.key.as_ref().map(|key| format!("&kept={}", key.handle())).unwrap_or_default();
    format!("return_to={page}{kept}{}", if to.is_cut { "&cut=1" } else { "" })
}
