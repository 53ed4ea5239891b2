//! `/_gate/oidc/authorize`: a client sends a browser to have its person signed in, and gets it back with a code.
//!
//! A request that has to wait for a sign-in travels along under our seal, in the address to which the sign-in leads.

use std::borrow::Cow;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::shared::{OpenIdServices, is_form};
use crate::adapters::store::StoreError;
use crate::domain::grant::request::{
    Authorization, AuthorizationError, AuthorizationRefusal, Next, Parameters, Prompt, Refusal, ReplyTo,
    ResponseMode, SignInState, check,
};
use crate::domain::outcome::Outcome;
use crate::domain::return_to::{LONGEST, LONGEST_CARRIED, ReturnTo};
use crate::flows::grant::AuthorizeError;
use crate::flows::grant::kept::{ONWARD_LIVES, WaitingRequest};
use crate::flows::long_addresses::Destination;
use crate::flows::person::Held;
use crate::web::arrived::Arrived;
use crate::web::cookies::{Cookie, Cookies};
use crate::web::log::Claimed;
use crate::web::pages::{FormPost, Notice, Refused, Retry, WayBack, respond};
use crate::web::present::{Present, Unanswered};
use crate::web::refusal_log::Reason;
use crate::web::round;
use crate::web::state::{answer, see_other, with_cookies};
use crate::web::{log, missing_roles, paths};

/// Seconds after which a request is made again that the store could not answer.
const SOON: u16 = 10;

/// When somebody is expected to be known at a site that was told of them.
const IN_A_MINUTE: Retry = Retry::after(60);

/// A request by POST (OpenID Connect Core §3.1.2.1). It comes from another site, so the session's cookie does not come with it;
/// the same request by GET brings it.
pub(super) async fn posted(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    cookies: Cookies,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match std::str::from_utf8(&body) {
        Ok(form) if is_form(&headers) && form.bytes().all(|byte| byte.is_ascii_graphic()) => {
            let address = format!("{}{}", arrived.site.origin, paths::AUTHORIZE);
            if form.len() > LONGEST_CARRIED {
                match openid.services.long.keep(&arrived.site.host, arrived.client_address, form).await {
                    Ok(key) => {
                        let posted = see_other(&format!("{address}?posted={}", key.handle()));
                        return with_cookies(posted, cookies.set_key(&key));
                    }
                    Err(error) => tracing::warn!(%error, "A client's long request was not kept"),
                }
            }
            see_other(&format!("{address}?{form}"))
        }
        _ => on_our_page(&arrived, None, "the body is not a form"),
    }
}

/// Answers a request: with a code, with an error, or by sending the person to sign in first.
pub(super) async fn authorize(
    State(openid): State<OpenIdServices>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    present: Result<Option<Present>, Unanswered>,
    cookies: Cookies,
) -> Response<Body> {
    let mut parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let mut waiting = None;
    // A long request that came by POST.
    if let Ok(Some(handle)) = parameters.one("posted") {
        match openid.kept(&arrived, &cookies, handle).await {
            Ok(Some(form)) => parameters = Parameters::parse(form.as_bytes()),
            Ok(None) => return on_our_page(&arrived, None, "the request is no longer kept"),
            Err(error) => return unavailable(&arrived, &parameters, &error),
        }
    }
    // A request that has waited for a sign-in.
    if let Ok(Some(sealed)) = parameters.one("resume") {
        let kept = match openid.kept(&arrived, &cookies, sealed).await {
            Ok(kept) => kept,
            Err(error) => return unavailable(&arrived, &parameters, &error),
        };
        let Some(opened) = openid.provider.open_waiting(kept.as_deref().unwrap_or(sealed)) else {
            return on_our_page(&arrived, None, "the request that waited for a sign-in is not one of ours");
        };
        parameters = Parameters::parse(opened.request.as_bytes());
        waiting = Some(opened);
    }
    let authorization = match check(&openid.provider.clients(), &parameters) {
        Ok(authorization) => authorization,
        Err(Refusal::OnOurPage(why)) => {
            let contact = arrived.association.contact.clone();
            let notice = Notice::SiteNotRegistered { why, contact };
            return with_notice(&arrived, claimed(&parameters).as_ref(), &notice, why);
        }
        Err(Refusal::AtTheClient(to, error, why)) => {
            return openid.refuse(&arrived, claimed(&parameters).as_ref(), &to, (error, why));
        }
    };
    match openid.next(&arrived, present, &cookies, &parameters, &authorization, waiting).await {
        Ok(response) => response,
        Err(told) => openid.refuse(&arrived, claimed(&parameters).as_ref(), &authorization.reply_to, told),
    }
}

/// Who the client says it is: for the log alone.
fn claimed(parameters: &Parameters) -> Option<Claimed> {
    parameters.one("client_id").ok().flatten().map(Claimed::new)
}

const LACKS_ROLES: AuthorizationRefusal =
    (AuthorizationError::AccessDenied, "this person lacks the roles that the site asks for");

impl OpenIdServices {
    async fn next(
        &self,
        arrived: &Arrived,
        present: Result<Option<Present>, Unanswered>,
        cookies: &Cookies,
        parameters: &Parameters,
        authorization: &Authorization,
        waiting: Option<WaitingRequest>,
    ) -> Result<Response<Body>, AuthorizationRefusal> {
        let failed = |error: &dyn std::fmt::Display| {
            log::ending_of(arrived, claimed(parameters).as_ref(), Outcome::Broken, error);
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
        let present = match present {
            Ok(present) => present,
            Err(Unanswered { error, .. }) if authorization.prompt == Prompt::Never => {
                return Err(failed(&error));
            }
            Err(Unanswered { error, .. }) => return Ok(unavailable(arrived, parameters, &error)),
        };
        let signed_in = present.as_ref().map(|Present { live, .. }| SignInState {
            individual: &live.session().individual,
            began: live.session().created,
        });
        let now = self.services.clock.now();
        let resumed =
            waiting.filter(|waiting| self.provider.still_waits(waiting)).map(|waiting| waiting.asked);
        let next = authorization.next(signed_in, expected.as_ref(), resumed, now);
        let waiting = WaitingRequest { request: parameters.kept(), asked: resumed.unwrap_or(now), expected };
        match (next, present) {
            (Next::Decide, Some(Present { live, held })) => {
                match self.provider.authorize(authorization, &live, &held).await {
                    Ok(code) => Ok(self.reply(arrived, &authorization.reply_to, vec![("code", code.into())])),
                    Err(AuthorizeError::AccessDenied) if authorization.refuses_on_our_page() => {
                        Ok(self.refused(arrived, parameters, authorization, &held))
                    }
                    Err(AuthorizeError::AccessDenied) => Err(LACKS_ROLES),
                    Err(AuthorizeError::SessionOver) => {
                        Err((AuthorizationError::LoginRequired, "the session ended meanwhile"))
                    }
                    Err(AuthorizeError::NotKnownThere { why, is_on_its_way })
                        if authorization.prompt != Prompt::Never =>
                    {
                        let retry = if is_on_its_way { IN_A_MINUTE } else { IN_A_MINUTE.by_hand() };
                        let client = authorization.client.name.clone();
                        let notice = Notice::NotKnownThere { client, retry };
                        Ok(with_notice(arrived, claimed(parameters).as_ref(), &notice, why))
                    }
                    Err(AuthorizeError::Store(error)) if authorization.prompt != Prompt::Never => {
                        Ok(unavailable(arrived, parameters, &error))
                    }
                    Err(error) => Err(failed(&error)),
                }
            }
            (Next::LoginRequired, _) => Err((AuthorizationError::LoginRequired, "the person has to sign in")),
            (Next::SignIn | Next::Decide, _) => {
                let (login, key) = self.sign_in(arrived, cookies, &waiting, false).await?;
                Ok(with_cookies(see_other(&login), key))
            }
            (Next::SignInAgain, _) => {
                let (login, key) = self.sign_in(arrived, cookies, &waiting, true).await?;
                if !self.provider.settings().ams_logout_returns {
                    return Ok(with_cookies(see_other(&login), key));
                }
                // The AMS lets whoever has a session there straight through (docs/ams/remembers.md, "Login"), so that ends first.
                let sealed = self.provider.seal_onward(&login).map_err(|error| failed(&error))?;
                let kept = cookies.set(Cookie::Onward, &sealed, Some(ONWARD_LIVES.as_secs()));
                let hint = round::hint_of(&self.services, cookies).await;
                let logout = self.services.ams.logout(hint.as_ref(), &arrived.single_logout_address());
                let logout = see_other(logout.as_str());
                Ok(with_cookies(logout, key.into_iter().chain([kept])))
            }
        }
    }

    /// What is kept for this browser under a handle. `None`: nothing, or the text is no handle.
    async fn kept(
        &self,
        arrived: &Arrived,
        cookies: &Cookies,
        handle: &str,
    ) -> Result<Option<String>, StoreError> {
        match cookies.key(handle) {
            Some(key) => self.services.long.find(&arrived.site.host, &key).await,
            None => Ok(None),
        }
    }

    /// The address that starts a sign-in and leads back to the request. A long request lies in the store meanwhile; its browser gets
    /// the key of it.
    async fn sign_in(
        &self,
        arrived: &Arrived,
        cookies: &Cookies,
        waiting: &WaitingRequest,
        again: bool,
    ) -> Result<(String, Vec<Option<HeaderValue>>), AuthorizationRefusal> {
        if Parameters::parse(waiting.request.as_bytes()).length() > LONGEST {
            return Err((
                AuthorizationError::InvalidRequest,
                "the request is too long to be kept during a sign-in: more than 8192 bytes",
            ));
        }
        let broken = |error: &dyn std::fmt::Display| {
            log::ending(arrived, Outcome::Broken, error);
            (AuthorizationError::ServerError, "something failed at the provider")
        };
        let sealed = self.provider.seal_waiting(waiting).map_err(|error| broken(&error))?;
        let resume = |text: &str| ReturnTo::parse(&format!("{}?resume={text}", paths::AUTHORIZE));
        let (page, key) = match resume(&sealed) {
            Ok(page) if page.fits() => (page, Vec::new()),
            _ => {
                let key = self.services.long.keep(&arrived.site.host, arrived.client_address, &sealed).await;
                let key = key.map_err(|error| broken(&error))?;
                let page = resume(key.handle()).map_err(|error| broken(&error))?;
                (page, cookies.set_key(&key))
            }
        };
        let login = paths::login_to(&Destination::whole(page));
        Ok((format!("{}{login}&go=1{}", arrived.site.origin, if again { "&again=1" } else { "" }), key))
    }

    fn refuse(
        &self,
        arrived: &Arrived,
        client: Option<&Claimed>,
        to: &ReplyTo,
        (error, why): AuthorizationRefusal,
    ) -> Response<Body> {
        let code = error.as_str();
        let cause = format!("{code}: {why}");
        log::refused(arrived, client, StatusCode::SEE_OTHER, Reason::OpenIdRequest, Some(&cause));
        self.reply(arrived, to, refusal(error, why))
    }

    /// The page for a person who lacks the client's roles. Only a link on it leads back to the client: many clients would send the
    /// person straight here again.
    fn refused(
        &self,
        arrived: &Arrived,
        parameters: &Parameters,
        authorization: &Authorization,
        held: &Held,
    ) -> Response<Body> {
        let (client, to) = (&authorization.client, &authorization.reply_to);
        let ours = |prompt| format!("{}?{}", paths::AUTHORIZE, parameters.kept_with_prompt(prompt));
        let address = match to.mode {
            ResponseMode::Query => self.address(to, &refusal(LACKS_ROLES.0, LACKS_ROLES.1)),
            // Without a prompt the same request ends in the form that carries the refusal.
            ResponseMode::FormPost => ours("none"),
        };
        let other_account = self.provider.settings().ams_logout_returns.then(|| ours("select_account"));
        let notice = Notice::Refused(Refused {
            client: Some(WayBack { name: client.name.clone(), address, other_account }),
            ..missing_roles::of(&self.services.rules, &arrived.association, &held.standing, &client.require)
        });
        with_notice(arrived, claimed(parameters).as_ref(), &notice, LACKS_ROLES.1)
    }

    /// Answers the client at its checked address, with its state and our name (RFC 9207).
    fn reply(&self, arrived: &Arrived, to: &ReplyTo, pairs: Vec<AnswerField>) -> Response<Body> {
        match to.mode {
            ResponseMode::Query => see_other(&self.address(to, &pairs)),
            ResponseMode::FormPost => answer(respond(&FormPost {
                frame: arrived.frame(),
                action: to.address.as_str().to_owned(),
                fields: self.whole(to, &pairs).map(|(name, value)| (name, value.to_owned())).collect(),
            })),
        }
    }

    /// The client's checked address with an answer.
    fn address(&self, to: &ReplyTo, pairs: &[AnswerField]) -> String {
        to.address.with_query(&self.whole(to, pairs).collect::<Vec<_>>()).into()
    }

    /// An answer with the client's state and our name.
    fn whole<'a>(
        &'a self,
        to: &'a ReplyTo,
        pairs: &'a [AnswerField],
    ) -> impl Iterator<Item = (&'static str, &'a str)> {
        let own = pairs.iter().map(|(name, value)| (*name, &**value));
        let state = to.state.as_deref().map(|state| ("state", state));
        own.chain(state).chain([("iss", self.provider.settings().issuer.as_str())])
    }
}

/// A part of an answer.
type AnswerField = (&'static str, Cow<'static, str>);

fn refusal(error: AuthorizationError, why: &'static str) -> Vec<AnswerField> {
    vec![("error", error.as_str().into()), ("error_description", why.into())]
}

/// The store gives no answer. The client could not help it, so the person waits here, on a page that makes the request again.
fn unavailable(arrived: &Arrived, parameters: &Parameters, error: &StoreError) -> Response<Body> {
    let notice = Notice::Unavailable(Retry::after(SOON));
    log::ending_of(arrived, claimed(parameters).as_ref(), notice.outcome(), error);
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
    log::ending_of(arrived, client, notice.outcome(), &format!("OpenID request: {why}"));
    answer(notice.html(&arrived.frame()))
}
