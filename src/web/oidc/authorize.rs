//! `/_gate/oidc/authorize`: a client sends a browser to have its person signed in, and gets it back with a code.
//!
//! A request that has to wait for a sign-in travels along under our seal, in the address to which the sign-in leads.

use std::borrow::Cow;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response, StatusCode};

use super::Desk;
use crate::adapters::store::StoreError;
use crate::domain::grant::request::{
    Authorization, AuthorizationError, Next, Parameters, Prompt, Refusal, ReplyTo, ResponseMode, SignedIn,
    check,
};
use crate::domain::return_to::ReturnTo;
use crate::flows::grant::AuthorizeError;
use crate::flows::grant::kept::{ONWARD_LIVES, Waiting};
use crate::web::arrived::Arrived;
use crate::web::log::Claimed;
use crate::web::pages::{FormPost, Notice, Retry, respond};
use crate::web::refusal_log::Reason;
use crate::web::state::{answer, see_other, with_cookies};
use crate::web::{cookies, log, paths};

/// Seconds after which a request is made again that the store could not answer.
const SOON: u16 = 10;

/// A request by POST (OpenID Connect Core §3.1.2.1). It comes from another site, so the session's cookie does not come with it;
/// the same request by GET brings it.
pub(super) async fn posted(
    Extension(arrived): Extension<Arrived>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match std::str::from_utf8(&body) {
        Ok(form) if super::is_form(&headers) && form.bytes().all(|byte| byte.is_ascii_graphic()) => {
            see_other(&format!("{}{}?{form}", arrived.site.origin, paths::AUTHORIZE))
        }
        _ => on_our_page(&arrived, None, "the body is not a form"),
    }
}

/// Answers a request: with a code, with an error, or by sending the person to sign in first.
pub(super) async fn authorize(
    State(desk): State<Desk>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response<Body> {
    let mut parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let mut waiting = None;
    // A request that has waited for a sign-in.
    if let Ok(Some(sealed)) = parameters.one("resume") {
        let Some(opened) = desk.provider.open_waiting(sealed) else {
            return on_our_page(&arrived, None, "the request that waited for a sign-in is not one of ours");
        };
        parameters = Parameters::parse(opened.request.as_bytes());
        waiting = Some(opened);
    }
    let authorization = match check(&desk.provider.clients(), &parameters) {
        Ok(authorization) => authorization,
        Err(Refusal::OnOurPage(why)) => {
            let contact = arrived.association.contact.clone();
            let notice = Notice::SiteNotRegistered { why, contact };
            return with_notice(&arrived, claimed(&parameters).as_ref(), &notice, why);
        }
        Err(Refusal::AtTheClient(to, error, why)) => {
            return desk.refuse(&arrived, claimed(&parameters).as_ref(), &to, (error, why));
        }
    };
    match desk.next(&arrived, &headers, &parameters, &authorization, waiting).await {
        Ok(response) => response,
        Err(told) => desk.refuse(&arrived, claimed(&parameters).as_ref(), &authorization.reply_to, told),
    }
}

/// Who the client says it is: for the log alone.
fn claimed(parameters: &Parameters) -> Option<Claimed> {
    parameters.one("client_id").ok().flatten().map(Claimed::new)
}

type Told = (AuthorizationError, &'static str);

impl Desk {
    async fn next(
        &self,
        arrived: &Arrived,
        headers: &HeaderMap,
        parameters: &Parameters,
        authorization: &Authorization,
        waiting: Option<Waiting>,
    ) -> Result<Response<Body>, Told> {
        let failed = |error: &dyn std::fmt::Display| {
            log::ending_of(arrived, claimed(parameters).as_ref(), Notice::Broken.code(), error);
            (AuthorizationError::ServerError, "something failed at the provider")
        };
        let expected = match (&waiting, parameters.one("id_token_hint")) {
            (Some(waiting), _) => waiting.expected.clone(),
            (None, Ok(None)) => None,
            (None, Ok(Some(hint))) => match self.provider.read_hint(hint) {
                Some(hint) => Some(hint.individual),
                None => {
                    return Err((AuthorizationError::InvalidRequest, "id_token_hint is not a token of ours"));
                }
            },
            (None, Err(_)) => return Err((AuthorizationError::InvalidRequest, "a parameter is repeated")),
        };
        let present = match self.gate.present(arrived, headers).await {
            Ok(present) => present,
            Err(error) if authorization.prompt == Prompt::Never => return Err(failed(&error)),
            Err(error) => return Ok(unavailable(arrived, parameters, &error)),
        };
        let signed_in = present.as_ref().map(|(live, _)| SignedIn {
            individual: &live.session().individual,
            began: live.session().created,
        });
        let now = self.gate.clock.now();
        let resumed =
            waiting.filter(|waiting| self.provider.still_waits(waiting)).map(|waiting| waiting.asked);
        let next = authorization.next(signed_in, expected.as_ref(), resumed, now);
        let waiting = Waiting { request: parameters.kept(), asked: resumed.unwrap_or(now), expected };
        match (next, present) {
            (Next::Decide, Some((live, held))) => {
                match self.provider.authorize(authorization, &live, &held).await {
                    Ok(code) => Ok(self.reply(arrived, &authorization.reply_to, vec![("code", code.into())])),
                    Err(AuthorizeError::AccessDenied) => Err((
                        AuthorizationError::AccessDenied,
                        "this person lacks the roles that the site asks for",
                    )),
                    Err(AuthorizeError::SessionOver) => {
                        Err((AuthorizationError::LoginRequired, "the session ended meanwhile"))
                    }
                    Err(AuthorizeError::Store(error)) if authorization.prompt != Prompt::Never => {
                        Ok(unavailable(arrived, parameters, &error))
                    }
                    Err(error) => Err(failed(&error)),
                }
            }
            (Next::LoginRequired, _) => Err((AuthorizationError::LoginRequired, "the person has to sign in")),
            (Next::SignIn | Next::Decide, _) => Ok(see_other(&self.sign_in(arrived, &waiting, false)?)),
            (Next::SignInAnew, _) => {
                let login = self.sign_in(arrived, &waiting, true)?;
                if !self.provider.settings().ams_logout_returns {
                    return Ok(see_other(&login));
                }
                // The AMS lets whoever has a session there straight through (re:Members fact sheet §2.1), so that ends first.
                let sealed = self.provider.seal_onward(&login).map_err(|error| failed(&error))?;
                let kept = cookies::set_onward(&sealed, ONWARD_LIVES.as_secs(), arrived.is_secure());
                Ok(with_cookies(see_other(self.gate.ams.logout_url().as_str()), [kept]))
            }
        }
    }

    /// The address that starts a sign-in and leads back to the request.
    fn sign_in(&self, arrived: &Arrived, waiting: &Waiting, anew: bool) -> Result<String, Told> {
        let sealed = self.provider.seal_waiting(waiting);
        let sealed =
            sealed.map_err(|_| (AuthorizationError::ServerError, "something failed at the provider"))?;
        let resume = ReturnTo::parse(&format!("{}?resume={sealed}", paths::AUTHORIZE));
        let too_long =
            |_| (AuthorizationError::InvalidRequest, "the request is too long to be kept during a sign-in");
        let login = paths::login_to(&resume.map_err(too_long)?);
        Ok(format!("{}{login}&go=1{}", arrived.site.origin, if anew { "&anew=1" } else { "" }))
    }

    fn refuse(
        &self,
        arrived: &Arrived,
        client: Option<&Claimed>,
        to: &ReplyTo,
        (error, why): Told,
    ) -> Response<Body> {
        let code = error.as_str();
        let cause = format!("{code}: {why}");
        log::refused(arrived, client, StatusCode::SEE_OTHER, Reason::OpenIdRequest, Some(&cause));
        self.reply(arrived, to, vec![("error", code.into()), ("error_description", why.into())])
    }

    /// Answers the client at its checked address, with its state and our name (RFC 9207).
    fn reply(
        &self,
        arrived: &Arrived,
        to: &ReplyTo,
        mut pairs: Vec<(&'static str, Cow<'static, str>)>,
    ) -> Response<Body> {
        if let Some(state) = &to.state {
            pairs.push(("state", state.clone().into()));
        }
        pairs.push(("iss", self.provider.settings().issuer.clone().into()));
        match to.mode {
            ResponseMode::Query => {
                let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, &**value)).collect();
                see_other(to.address.with_query(&pairs).as_str())
            }
            ResponseMode::FormPost => answer(respond(&FormPost {
                frame: arrived.frame(),
                action: to.address.as_str().to_owned(),
                fields: pairs.into_iter().map(|(name, value)| (name, value.into_owned())).collect(),
            })),
        }
    }
}

/// The store gives no answer. The client could not help it, so the person waits here, on a page that makes the request again.
fn unavailable(arrived: &Arrived, parameters: &Parameters, error: &StoreError) -> Response<Body> {
    let notice = Notice::Unavailable(Retry::after(SOON));
    log::ending_of(arrived, claimed(parameters).as_ref(), notice.code(), error);
    answer(notice.html(&arrived.frame()))
}

fn on_our_page(arrived: &Arrived, client: Option<&Claimed>, why: &'static str) -> Response<Body> {
    with_notice(arrived, client, &Notice::BadRequest, why)
}

fn with_notice(
    arrived: &Arrived,
    client: Option<&Claimed>,
    notice: &Notice,
    why: &'static str,
) -> Response<Body> {
    log::ending_of(arrived, client, notice.code(), &format!("OpenID request: {why}"));
    answer(notice.html(&arrived.frame()))
}
