//! `/_gate/view-as`: begins and ends the view of a site as another person (impersonation).
//!
//! Administrators get the link from their pages; it works once. The administrator's own session is not touched by either.

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response, header};

use super::arrived::Arrived;
use super::cookies::{Cookie, Cookies, SessionCookie};
use super::pages::Notice;
use super::state::{Services, answer, see_other, with_cookies};
use crate::adapters::keys::random::key_of;
use crate::domain::outcome::Outcome;
use crate::domain::return_to::ReturnTo;
use crate::flows::administer::people::view_as::ViewError;

/// Opens a link, and goes to the site's home.
pub async fn open(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    cookies: Cookies,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(admin_services) = &services.admin_services else {
        return answer(Notice::NotFound.html(&arrived.frame()));
    };
    let token = parameter(query.as_deref(), "token").unwrap_or_default();
    let user_agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    match admin_services.view_as.open(&token, &arrived.site.host, user_agent).await {
        Ok(secret) => {
            let cookie = cookies.set(Cookie::View, secret.cookie_text(), None);
            with_cookies(see_other(&arrived.home_address()), [cookie])
        }
        Err(error @ (ViewError::Store(_) | ViewError::Cryptography(_))) => {
            super::log::ending(&arrived, Outcome::Broken, &error);
            answer(Notice::Broken.html(&arrived.frame()))
        }
        Err(_) => answer(Notice::NotFound.html(&arrived.frame())),
    }
}

/// Ends the view in this browser, and goes back to where it was, as the administrator. Harmless when somebody else's page
/// leads here: nothing but a view ends by it.
pub async fn end(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    cookies: Cookies,
) -> Response<Body> {
    let page = parameter(query.as_deref(), "return_to").and_then(|page| ReturnTo::parse(&page).ok());
    let onwards = page.map_or_else(|| arrived.home_address(), |page| arrived.address_of(&page));
    let cleared = [cookies.clear(Cookie::View)];
    if let (Some(admin_services), SessionCookie::Present(text)) =
        (&services.admin_services, cookies.session(Cookie::View))
        && let Some(key) = key_of(text)
        && let Err(error) = admin_services.view_as.end(&key).await
    {
        super::log::ending(&arrived, Outcome::Broken, &error);
    }
    with_cookies(see_other(&onwards), cleared)
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut all = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    all.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
