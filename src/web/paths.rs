//! Every address of ours, spelled once.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::return_to::{self, ReturnTo};

/// Starts a login: `?return_to=`.
pub const LOGIN: &str = "/_gate/login";
/// Says why a sign-in failed, at an address without a token.
pub const LOGIN_FAILED: &str = "/_gate/login/failed";
/// Where the AMS sends the browser back to.
pub const CALLBACK: &str = "/_gate/callback";
/// Ends our session, then the AMS's.
pub const LOGOUT: &str = "/_gate/logout";
/// The Single Logout URL: ends the session of this browser and goes to the site's home.
pub const SINGLE_LOGOUT: &str = "/_gate/slo";
/// Where a web server asks whether a request may go on; the data plane answers.
pub const VERIFY: &str = "/_gate/verify";
/// Who am I, which roles, until when.
pub const ME: &str = "/_gate/me";
/// Sends a kept form after sign-in.
pub const RESUME_FORM: &str = return_to::RESUME_FORM;
/// Public keys of our assertions.
pub const JWKS: &str = "/_gate/oidc/jwks";
/// Inner address for a form that was posted without a session; from outside it does not exist.
pub const KEEP_FORM: &str = "/_gate/keep-form";

/// The link that starts a login and ends at `page`.
pub fn login_to(page: &ReturnTo) -> String {
    format!("{LOGIN}?return_to={}", utf8_percent_encode(page.as_str(), NON_ALPHANUMERIC))
}
