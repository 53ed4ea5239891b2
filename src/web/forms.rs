//! A form that was posted without a session: kept by the browser across the sign-in, and sent after all.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::Response;

use super::arrived::{Arrived, PostedTo};
use super::cookies::Cookies;
use super::pages::{KeptForm, Notice, ResumeForm, respond};
use super::paths;
use super::present::Present;
use super::state::{Services, answer, see_other, with_cookies};
use crate::domain::return_to::ReturnTo;
use crate::flows::long_addresses::Destination;

/// Largest form that is kept, in bytes.
pub const LARGEST_FORM: usize = 64 * 1024;

/// Most fields of a form that is kept.
const MOST_FIELDS: usize = 500;

/// Answers a form posted without a session. Only the data plane can lead here: it says where the form was going.
pub async fn keep(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    cookies: Cookies,
    request: Request,
) -> Response<Body> {
    let frame = arrived.frame();
    let Some(PostedTo(page)) = request.extensions().get::<PostedTo>().cloned() else {
        return answer(Notice::NotFound.html(&frame));
    };
    let to = services.long.pack_text(&arrived.site.host, arrived.client_address, &page).await;
    let login = to.as_ref().map_or_else(|| paths::LOGIN.to_owned(), paths::login_to);
    let key = to.and_then(|to| to.key);
    let key = key.map(|key| cookies.set_key(&key)).unwrap_or_default();
    let Ok(body) = to_bytes(request.into_body(), LARGEST_FORM).await else {
        return with_cookies(answer(Notice::FormNotKept { login }.html(&frame)), key);
    };
    let fields = url::form_urlencoded::parse(&body).take(MOST_FIELDS + 1);
    let fields: Vec<_> = fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    if fields.len() > MOST_FIELDS {
        return with_cookies(answer(Notice::FormNotKept { login }.html(&frame)), key);
    }
    let next_url = format!("{}?return_to=%2F_gate%2Fresume%3Fform%3D", paths::LOGIN);
    with_cookies(answer(respond(&KeptForm { frame, fields, next_url, login })), key)
}

/// After the sign-in: the tab shows the form that it holds, and sends it when the person says so.
pub async fn resume(
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    present: Option<Present>,
) -> Response<Body> {
    if let Some(Present { held, .. }) = present {
        let name = held.standing.profile.name.clone();
        return answer(respond(&ResumeForm { frame: arrived.frame(), name }));
    }
    let here = format!("{}?{}", paths::RESUME_FORM, query.unwrap_or_default());
    let login = ReturnTo::parse(&here)
        .map_or_else(|_| paths::LOGIN.to_owned(), |page| paths::login_to(&Destination::whole(page)));
    see_other(&format!("{}{login}", arrived.site.origin))
}
