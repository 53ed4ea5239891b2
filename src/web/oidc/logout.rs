//! `/_gate/oidc/logout`: a client asks to sign its person out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! An ID token of ours shows that the client and the person belong together; without one, the person is asked. Our sessions end
//! first, at every host, then the AMS's, and then the browser goes back to the client. Who is told of it is the store's matter.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response};

use super::Desk;
use crate::domain::client::Client;
use crate::domain::grant::request::{Parameters, Repeated};
use crate::flows::grant::Hint;
use crate::flows::grant::kept::ONWARD_LIVES;
use crate::web::arrived::Arrived;
use crate::web::pages::{Notice, SignOutQuestion, respond};
use crate::web::round::{self, End};
use crate::web::state::{answer, see_other, with_cookies};
use crate::web::{cookies, log, paths};

/// What a client asks for, checked.
struct Asked {
    hint: Option<Hint>,
    client: Option<String>,
    /// Where the client wants the browser back: registered, with the state.
    onward: Option<String>,
}

/// Signs out, or asks first.
pub(super) async fn end_session(
    State(desk): State<Desk>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let asked = match desk.read(&parameters) {
        Ok(asked) => asked,
        Err(why) => return refuse(&arrived, why),
    };
    let present = match desk.gate.present(&arrived, &headers).await {
        Ok(present) => present,
        Err(error) => return broken(&arrived, &error),
    };
    let onward = asked.onward.as_deref();
    let Some((live, _)) = present else { return desk.sign_out(&arrived, &headers, onward).await };
    let session = live.session();
    if asked.hint.is_some_and(|hint| hint.individual == session.individual) {
        return desk.sign_out(&arrived, &headers, onward).await;
    }
    match desk.provider.seal_question(session.key, onward) {
        Ok(sealed) => answer(respond(&SignOutQuestion {
            frame: arrived.frame(),
            client: asked.client,
            action: paths::END_SESSION.to_owned(),
            answer: sealed,
        })),
        Err(error) => broken(&arrived, &error),
    }
}

/// A yes to our question, or a client's request by POST. That comes from another site and so without the session's cookie; the
/// same by GET brings it.
pub(super) async fn posted(
    State(desk): State<Desk>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Ok(form) = std::str::from_utf8(&body) else { return refuse(&arrived, "the body is not a form") };
    if !super::is_form(&headers) || !form.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse(&arrived, "the body is not a form");
    }
    let parameters = Parameters::parse(form.as_bytes());
    let Ok(Some(sealed)) = parameters.one("answer") else {
        return see_other(&format!("{}{}?{form}", arrived.site.origin, paths::END_SESSION));
    };
    let present = match desk.gate.present(&arrived, &headers).await {
        Ok(present) => present,
        Err(error) => return broken(&arrived, &error),
    };
    let Some((live, _)) = present else { return desk.sign_out(&arrived, &headers, None).await };
    match desk.provider.open_question(live.session().key, sealed) {
        Some(onward) => desk.sign_out(&arrived, &headers, onward.as_deref()).await,
        None => refuse(&arrived, "the answer fits no question that we asked this browser"),
    }
}

/// Where the AMS's logout ends when a client, or a request to sign in anew, started it.
pub(super) async fn onward(
    State(desk): State<Desk>,
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
) -> Response<Body> {
    let secure = arrived.is_secure();
    let onward = cookies::onward(&headers, secure).and_then(|sealed| desk.provider.open_onward(sealed));
    let address = onward.map_or_else(|| arrived.home_address(), |onward| onward.address);
    with_cookies(see_other(&address), [cookies::clear_onward(secure)])
}

impl Desk {
    /// Checks a request. The numbers are those of RP-Initiated Logout §2 and §3.
    fn read(&self, parameters: &Parameters) -> Result<Asked, &'static str> {
        let one = |name| parameters.one(name).map_err(|Repeated(_)| "a parameter is repeated");
        // (1) The hint is an ID token that we made; it may be old.
        let hint = match one("id_token_hint")? {
            Some(text) => Some(self.provider.read_hint(text).ok_or("id_token_hint is not a token of ours")?),
            None => None,
        };
        // (2) The client is the one to which the hint was given, or else the one that is named.
        let clients = self.provider.clients();
        let client: Option<&Client> = match (&hint, one("client_id")?) {
            (Some(hint), Some(id)) if hint.client.id.as_str() != id => {
                return Err("client_id and id_token_hint disagree");
            }
            (Some(hint), _) => Some(&hint.client),
            (None, Some(id)) => Some(clients.find(id).ok_or("the client is not known")?),
            (None, None) => None,
        };
        // (3) The address is one of that client's, character by character. Without a client there is none.
        let onward = match (one("post_logout_redirect_uri")?, client) {
            (None, _) => None,
            (Some(uri), Some(client)) => {
                let address = client.post_logout_redirect_uri(uri);
                let address = address.ok_or("post_logout_redirect_uri is not one of the client's")?;
                let state = one("state")?.map(|state| ("state", state));
                Some(address.with_query(state.as_slice()).to_string())
            }
            (Some(_), None) => return Err("post_logout_redirect_uri needs id_token_hint or client_id"),
        };
        let client = client.map(|client| client.name.clone());
        Ok(Asked { hint, client, onward })
    }

    /// Ends the sessions of this browser by a round of all hosts, then the AMS's, and goes on. Where the AMS does not send browsers
    /// back to us, a client that wants its visitor back gets it after the round, and the AMS's session stays.
    async fn sign_out(&self, arrived: &Arrived, headers: &HeaderMap, onward: Option<&str>) -> Response<Body> {
        let kept = match onward.map(|address| self.provider.seal_onward(address)).transpose() {
            Ok(kept) => kept,
            Err(error) => return broken(arrived, &error),
        };
        let comes_back = self.provider.settings().ams_logout_returns;
        let end =
            if kept.is_some() && !comes_back { End::Onward(Arc::clone(&arrived.site)) } else { End::Ams };
        let left = round::leave(&self.gate, arrived, headers, &arrived.site, &end).await;
        let keep = |sealed: String| cookies::set_onward(&sealed, ONWARD_LIVES.as_secs(), arrived.is_secure());
        with_cookies(left, [kept.and_then(keep)])
    }
}

fn refuse(arrived: &Arrived, why: &'static str) -> Response<Body> {
    log::ending(arrived, Notice::BadRequest.code(), &format!("OpenID logout: {why}"));
    answer(Notice::BadRequest.html(&arrived.frame()))
}

fn broken(arrived: &Arrived, error: &dyn std::fmt::Display) -> Response<Body> {
    log::ending(arrived, Notice::Broken.code(), error);
    answer(Notice::Broken.html(&arrived.frame()))
}
