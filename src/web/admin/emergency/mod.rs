//! The emergency admitted_by. Looking at the link does not use it up, since programs look at links in messages; the button does.

use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::web::admin::answers::{Answer, PageError};
use crate::web::admin::caller::Called;
use crate::web::admin::guard::is_here;
use crate::web::admin::plain::{Plain, PlainPage};
use crate::web::admin::state::{Admin, reads, writes};

use crate::flows::administer::emergency::{LinkError, SESSION_LIVES};
use crate::web::arrived::Arrived;
use crate::web::cookies::{Cookie, Cookies};
use crate::web::pages::{Notice, Retry, respond};
use crate::web::paths;
use crate::web::state::{answer, see_other, with_cookies};

/// Largest form: a token.
const LARGEST: usize = 4096;

/// Its addresses for whoever is in.
pub fn routes() -> Router<Admin> {
    Router::new().route("/_gate/admin/emergency/leave", writes(post(leave)))
}

/// Its address for whoever is not in yet.
pub fn open_routes() -> Router<Admin> {
    Router::new().route(paths::ADMIN_EMERGENCY, reads(get(show).post(open)))
}

/// Shows the button.
pub async fn show(
    State(admin): State<Admin>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    if !is_here(&admin, &arrived) {
        return answer(Notice::NotFound.html(&arrived.frame()));
    }
    plain(&arrived, token(query.unwrap_or_default().as_bytes()).map_or(Plain::LinkUnknown, Plain::Emergency))
}

/// Opens the admitted_by, once.
pub async fn open(
    State(admin): State<Admin>,
    Extension(arrived): Extension<Arrived>,
    cookies: Cookies,
    request: Request,
) -> Response<Body> {
    if !is_here(&admin, &arrived) {
        return answer(Notice::NotFound.html(&arrived.frame()));
    }
    if !arrived.is_sent_from_here(request.headers()) {
        return plain(&arrived, Plain::Forged);
    }
    let body = to_bytes(request.into_body(), LARGEST).await.unwrap_or_default();
    let Some(token) = token(&body) else { return plain(&arrived, Plain::LinkUnknown) };
    match admin.administer.links.open(&token, arrived.client_address).await {
        Ok(secret) => {
            let cookie = cookies.set(Cookie::Admin, secret.cookie_text(), Some(SESSION_LIVES.as_secs()));
            with_cookies(see_other(&format!("{}{}", arrived.site.origin, paths::ADMIN)), [cookie])
        }
        Err(error) => {
            let says = match &error {
                LinkError::Unknown => Plain::LinkUnknown,
                LinkError::Used => Plain::LinkUsed,
                LinkError::Expired => Plain::LinkExpired,
                LinkError::TooMany => {
                    let notice = Notice::TooManyAttempts(Retry::after(600));
                    crate::web::log::ending(&arrived, notice.outcome(), &error);
                    return answer(notice.html(&arrived.frame()));
                }
                LinkError::Store(_) | LinkError::Cryptography(_) => {
                    return PageError::broken(error).page(&arrived);
                }
            };
            tracing::warn!(request_id = %arrived.request_id, "An emergency link did not open: {error}");
            plain(&arrived, says)
        }
    }
}

/// Ends emergency access.
pub async fn leave(State(admin): State<Admin>, Extension(caller): Called, cookies: Cookies) -> Answer {
    if let Some(session) = &caller.emergency {
        admin.administer.links.leave(session).await?;
    }
    let home = caller.arrived.home_address();
    Ok(with_cookies(see_other(&home), [cookies.clear(Cookie::Admin)]))
}

fn plain(arrived: &Arrived, says: Plain) -> Response<Body> {
    answer(respond(&PlainPage::new(arrived.frame(), says)))
}

fn token(text: &[u8]) -> Option<String> {
    url::form_urlencoded::parse(text).find(|(name, _)| name == "token").map(|(_, token)| token.into_owned())
}
