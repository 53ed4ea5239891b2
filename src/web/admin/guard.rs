//! Who may enter the administration, and that a form was sent from one of its own pages.
//!
//! One layer in front of every page: no handler runs for a stranger, and none sees a form that did not pass. What a handler
//! gets is a [`Caller`].

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Response};
use axum::middleware::Next;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::answers::PageError;
use super::caller::{Caller, value};
use super::plain::{Plain, PlainPage};
use super::state::Admin;
use crate::adapters::keys::random::{key_of, same};
use crate::adapters::store::StoreError;
use crate::domain::return_to::ReturnTo;
use crate::domain::session::SessionKey;
use crate::flows::administer::Actor;
use crate::flows::long_addresses::Destination;
use crate::web::arrived::Arrived;
use crate::web::cookies::{Cookie, Cookies, SessionCookie};
use crate::web::pages::{Missing, Notice, Refused, respond};
use crate::web::paths;
use crate::web::present::Present;
use crate::web::state::{answer, see_other};

/// Largest form, in bytes: a rules file or a list of users, as browsers write them.
pub const LARGEST_FORM: usize = 16 * 1024 * 1024;

/// Lets administrators in, and only forms of our own pages.
pub async fn guard(
    State(admin): State<Admin>,
    Extension(arrived): Extension<Arrived>,
    present: Option<Present>,
    cookies: Cookies,
    request: Request,
    next: Next,
) -> Response<Body> {
    if !is_here(&admin, &arrived) {
        return answer(Notice::NotFound.html(&arrived.frame()));
    }
    let entered = match enter(&admin, present, &cookies).await {
        Ok(Ok(entered)) => entered,
        Ok(Err(outside)) => return turned_away(&admin, &arrived, &request, outside),
        Err(error) => return PageError::from(error).page(&arrived),
    };
    let query = pairs(request.uri().query().unwrap_or_default().as_bytes());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (parts, body) = request.into_parts();
    let mut form = Vec::new();
    if !reads {
        if !arrived.is_sent_from_here(&parts.headers) {
            return forged(&arrived);
        }
        let Ok(body) = to_bytes(body, LARGEST_FORM).await else {
            return answer(Notice::BodyTooLarge.html(&arrived.frame()));
        };
        form = pairs(&body);
        let token = value(&form, "token").unwrap_or_default();
        if !same(token.as_bytes(), entered.token.as_bytes()) {
            return forged(&arrived);
        }
    }
    let Entered { actor, emergency, session, token } = entered;
    let has_community = admin.administer.community.is_some();
    let caller = Arc::new(Caller { arrived, actor, emergency, session, token, has_community, query, form });
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(Arc::clone(&caller));
    let response = next.run(request).await;
    match response.extensions().get::<Arc<PageError>>() {
        Some(error) => error.page(&caller.arrived),
        None => response,
    }
}

/// Whether the administration is served at this site.
pub fn is_here(admin: &Admin, arrived: &Arrived) -> bool {
    admin.administer.settings.site.as_ref().is_none_or(|site| *site == arrived.site.name)
}

struct Entered {
    actor: Actor,
    emergency: Option<SessionKey>,
    session: Option<SessionKey>,
    token: String,
}

/// Why somebody stays outside.
enum Outside {
    /// Nobody is signed in.
    Stranger,
    /// This person holds no role that lets in.
    WithoutRole(String),
}

async fn enter(
    admin: &Admin,
    present: Option<Present>,
    cookies: &Cookies,
) -> Result<Result<Entered, Outside>, StoreError> {
    if let (Some(Present { live, held }), SessionCookie::Present(secret)) =
        (&present, cookies.session(Cookie::Session))
        && let Some(actor) = admin.administer.actor(held)
    {
        let (session, token) = (Some(live.session().key), token_of(secret));
        return Ok(Ok(Entered { actor, emergency: None, session, token }));
    }
    if let SessionCookie::Present(secret) = cookies.session(Cookie::Admin)
        && let Some(key) = key_of(secret)
        && let Some(actor) = admin.administer.links.actor(&key).await?
    {
        return Ok(Ok(Entered { actor, emergency: Some(key), session: None, token: token_of(secret) }));
    }
    Ok(Err(present.map_or(Outside::Stranger, |Present { held, .. }| {
        Outside::WithoutRole(held.standing.profile.name.clone())
    })))
}

/// The anti-forgery token of a session. Its key is the session's own secret, which no page and no script can read, so nothing
/// has to be kept, and the token is worth nothing in any other session.
pub fn token_of(secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"membergate form of administration"))
}

fn forged(arrived: &Arrived) -> Response<Body> {
    tracing::warn!(site = %arrived.site.name, request_id = %arrived.request_id, "A form that no page of ours sent was refused");
    answer(respond(&PlainPage::new(arrived.frame(), Plain::Forged)))
}

fn turned_away(admin: &Admin, arrived: &Arrived, request: &Request, outside: Outside) -> Response<Body> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let here = request.uri().path_and_query().map_or(paths::ADMIN, |it| it.as_str());
    let page = ReturnTo::parse(if reads { here } else { paths::ADMIN });
    let login =
        page.map_or_else(|_| paths::LOGIN.to_owned(), |page| paths::login_to(&Destination::whole(page)));
    match outside {
        Outside::Stranger if reads => see_other(&format!("{}{login}", arrived.site.origin)),
        Outside::Stranger => answer(Notice::SignInRequired { login }.html(&arrived.frame())),
        Outside::WithoutRole(name) => {
            let rules = admin.gate.rules.load();
            let labels =
                admin.administer.settings.roles.iter().map(|role| rules.rules.label_of(role).to_string());
            let refused = Refused {
                name,
                missing: Missing::AnyOf(labels.collect()),
                renew_url: None,
                contact: arrived.association.contact.clone(),
                sign_out: paths::LOGOUT.to_owned(),
                client: None,
                unread: Vec::new(),
            };
            answer(Notice::Refused(refused).html(&arrived.frame()))
        }
    }
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
