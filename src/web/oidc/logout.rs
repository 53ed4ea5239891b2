//! `/_gate/oidc/logout`: a client asks to sign its person out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! An ID token of ours shows that the client and the person belong together; without one, the person is asked. Our sessions end
//! first, at every host, then the AMS's, and then the browser goes back to the client. Who is told of it is the store's matter.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response};

use super::shared::{OpenIdServices, is_form};
use crate::domain::client::Client;
use crate::domain::grant::request::{Parameters, Repeated};
use crate::domain::outcome::Outcome;
use crate::flows::grant::Hint;
use crate::flows::grant::kept::ONWARD_LIVES;
use crate::web::arrived::Arrived;
use crate::web::cookies::{Cookie, Cookies};
use crate::web::log::Claimed;
use crate::web::pages::{Notice, SignOutQuestion, respond};
use crate::web::present::Present;
use crate::web::round::{self, End};
use crate::web::state::{answer, see_other, with_cookies};
use crate::web::{log, paths};

/// What a client asks for, checked.
struct LogoutRequest {
    hint: Option<Hint>,
    client: Option<String>,
    onward: AfterLogout,
}

/// Where the client wants the browser back.
#[derive(Debug, Clone)]
enum AfterLogout {
    /// Nowhere in particular.
    Nowhere,
    /// At this address of its own, with the state.
    At(String),
    /// At one that is not registered.
    Unregistered,
}

impl AfterLogout {
    fn address(&self) -> Option<&str> {
        match self {
            AfterLogout::At(address) => Some(address),
            AfterLogout::Nowhere | AfterLogout::Unregistered => None,
        }
    }
}

/// Signs out, or asks first.
pub(super) async fn end_session(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    present: Option<Present>,
    cookies: Cookies,
    headers: HeaderMap,
) -> Response<Body> {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let asked = match openid.read(&parameters) {
        Ok(asked) => asked,
        Err(why) => return refuse(&arrived, &parameters, why),
    };
    let onward = asked.onward.address();
    let stays_here = matches!(asked.onward, AfterLogout::Unregistered);
    if stays_here {
        // The person is not left signed in for a mistake of the site, but nothing happens unasked.
        let why = "post_logout_redirect_uri is not one of the client's; the person was asked";
        note(&arrived, &parameters, why);
    }
    let Some(Present { live, .. }) = present else {
        return openid.sign_out(&arrived, &headers, &cookies, onward).await;
    };
    let session = live.session();
    if !stays_here && asked.hint.is_some_and(|hint| hint.individual == session.individual) {
        return openid.sign_out(&arrived, &headers, &cookies, onward).await;
    }
    match openid.provider.seal_question(session.key, onward) {
        Ok(sealed) => answer(respond(&SignOutQuestion {
            frame: arrived.frame(),
            client: asked.client,
            stays_here,
            action: paths::END_SESSION.to_owned(),
            answer: sealed,
        })),
        Err(error) => broken(&arrived, &error),
    }
}

/// A yes to our question, or a client's request by POST. That comes from another site and so without the session's cookie; the
/// same by GET brings it.
pub(super) async fn posted(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    present: Option<Present>,
    cookies: Cookies,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let no_form = Parameters::parse(b"");
    let Ok(form) = std::str::from_utf8(&body) else {
        return refuse(&arrived, &no_form, "the body is not a form");
    };
    if !is_form(&headers) || !form.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse(&arrived, &no_form, "the body is not a form");
    }
    let parameters = Parameters::parse(form.as_bytes());
    let Ok(Some(sealed)) = parameters.one("answer") else {
        return see_other(&format!("{}{}?{form}", arrived.site.origin, paths::END_SESSION));
    };
    let Some(Present { live, .. }) = present else {
        return openid.sign_out(&arrived, &headers, &cookies, None).await;
    };
    match openid.provider.open_question(live.session().key, sealed) {
        Some(onward) => openid.sign_out(&arrived, &headers, &cookies, onward.as_deref()).await,
        None => refuse(&arrived, &parameters, "the answer fits no question that we asked this browser"),
    }
}

/// Where the AMS's logout ends when a client, or a request to sign in again, started it.
pub(super) async fn onward(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    cookies: Cookies,
) -> Response<Body> {
    let onward = cookies.values(Cookie::Onward).next().and_then(|sealed| openid.provider.open_onward(sealed));
    let address = onward.map_or_else(|| round::landing(&arrived, &arrived.site), |onward| onward.address);
    with_cookies(see_other(&address), [cookies.clear(Cookie::Onward)])
}

impl OpenIdServices {
    /// Checks a request. The numbers are those of RP-Initiated Logout §2 and §3.
    fn read(&self, parameters: &Parameters) -> Result<LogoutRequest, &'static str> {
        let one = |name| parameters.one(name).map_err(repeated);
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
        // (3) The address is one of that client's. Without a client there is none; without an address the state goes nowhere.
        let state = one("state")?;
        let onward = match (one("post_logout_redirect_uri")?, client) {
            (None, _) => AfterLogout::Nowhere,
            (Some(uri), Some(client)) => match client.post_logout_redirect_uri(uri) {
                Some(address) => {
                    let state = state.map(|state| ("state", state));
                    AfterLogout::At(address.with_query(state.as_slice()).to_string())
                }
                // Only with an ID token is it sure that the client asks for this person.
                None if hint.is_some() => AfterLogout::Unregistered,
                None => return Err("post_logout_redirect_uri is not one of the client's"),
            },
            (Some(_), None) => return Err("post_logout_redirect_uri needs id_token_hint or client_id"),
        };
        let client = client.map(|client| client.name.clone());
        Ok(LogoutRequest { hint, client, onward })
    }

    /// Ends the sessions of this browser by a round of all hosts, then the AMS's, and goes on. Where the AMS does not send browsers
    /// back to us, a client that wants its visitor back gets it after the round, and the AMS's session stays.
    async fn sign_out(
        &self,
        arrived: &Arrived,
        headers: &HeaderMap,
        cookies: &Cookies,
        onward: Option<&str>,
    ) -> Response<Body> {
        let comes_back = self.provider.settings().ams_logout_returns;
        let own = format!("{}{}", arrived.site.origin, paths::SIGNED_OUT);
        // Without an address of the client's it ends here, when the AMS sends the browser back.
        let onward = onward.or(comes_back.then_some(own.as_str()));
        let kept = match onward.map(|address| self.provider.seal_onward(address)).transpose() {
            Ok(kept) => kept,
            Err(error) => return broken(arrived, &error),
        };
        let (end, key) = if kept.is_some() && !comes_back {
            (End::Onward(Arc::clone(&arrived.site)), Vec::new())
        } else {
            round::to_the_ams(&self.services, arrived, cookies).await
        };
        let left = round::leave(&self.services, arrived, headers, cookies, &arrived.site, &end).await;
        let keep = |sealed: String| cookies.set(Cookie::Onward, &sealed, Some(ONWARD_LIVES.as_secs()));
        with_cookies(left, key.into_iter().chain([kept.and_then(keep)]))
    }
}

fn repeated(Repeated(name): Repeated) -> &'static str {
    match name {
        "id_token_hint" => "id_token_hint is there twice",
        "client_id" => "client_id is there twice",
        "post_logout_redirect_uri" => "post_logout_redirect_uri is there twice",
        "state" => "state is there twice",
        _ => "a parameter is there twice",
    }
}

/// Nothing was done. The page says what is wrong, and how the person signs out all the same.
fn refuse(arrived: &Arrived, parameters: &Parameters, why: &'static str) -> Response<Body> {
    note(arrived, parameters, why);
    answer(Notice::LogoutRefused { why, sign_out: paths::LOGOUT.to_owned() }.html(&arrived.frame()))
}

/// Logs what is wrong, and the address that was asked for.
fn note(arrived: &Arrived, parameters: &Parameters, why: &'static str) {
    let client = parameters.one("client_id").ok().flatten().map(Claimed::new);
    let address = parameters.one("post_logout_redirect_uri").ok().flatten().map(plain_address);
    let asked = address.map(|address| format!(": {address}")).unwrap_or_default();
    log::ending_of(arrived, client.as_ref(), Outcome::LogoutRefused, &format!("OpenID logout: {why}{asked}"));
}

/// An address that a stranger may have written, fit for a log: short, in plain characters, without name or password, and without
/// the values of its query, which may be secrets.
fn plain_address(text: &str) -> String {
    const MOST: usize = 200;
    let (before, query) =
        text.split_once(['?', '#']).map_or((text, None), |(before, query)| (before, Some(query)));
    let before = match before.split_once("//") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}//{host}{path}")
        }
        None => before.to_owned(),
    };
    let names = query.unwrap_or_default().split(['&', '#']).map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => "…".to_owned(),
    });
    let names: Vec<String> = names.take(query.map_or(0, |_| 16)).collect();
    let whole = if names.is_empty() { before } else { format!("{before}?{}", names.join("&")) };
    whole
        .chars()
        .take(MOST)
        .flat_map(|it| if it == '…' { vec![it] } else { it.escape_default().collect() })
        .collect()
}

fn broken(arrived: &Arrived, error: &dyn std::fmt::Display) -> Response<Body> {
    log::ending(arrived, Outcome::Broken, error);
    answer(Notice::Broken.html(&arrived.frame()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_an_address_without_what_may_be_secret() {
        for (address, logged) in [
            (
                "https://wp.example/wp-login.php?loggedout=true&wp_lang=en",
                "https://wp.example/wp-login.php?loggedout=…&wp_lang=…",
            ),
            ("https://wp.example/out", "https://wp.example/out"),
            ("https://jane:secret@wp.example/out?t0ken", "https://wp.example/out?…"),
            ("https://wp.example/out#token=x", "https://wp.example/out?token=…"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("https://a.example/\n2026 ERROR forged", "https://a.example/\\n2026 ERROR forged"),
        ] {
            assert_eq!(plain_address(address), logged);
        }
        assert!(plain_address(&format!("https://a.example/{}", "x".repeat(9000))).len() <= 1200);
        assert!(plain_address(&"?a=b".repeat(5000)).len() <= 1200);
    }
}
