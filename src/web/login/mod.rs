//! `/_gate/login` and `/_gate/callback`: the way to the AMS and back; `waiting` is in between when many come at once.

mod answers;
pub(crate) mod failed;
pub(crate) mod waiting;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Request, Response};
use url::Url;

use self::answers::{after_sign_in, failed, keep_place, landing, returning, sessions};
use super::arrived::Arrived;
use super::cookies::Cookies;
use super::pages::{Notice, SignInPage, Step, respond};
use super::paths;
use super::present::{Present, Unanswered};
use super::state::{Services, answer, see_other, with_cookies};
use crate::domain::return_to::{LONGEST, ReturnTo};
use crate::flows::attempts::ATTEMPT_LIVES;
use crate::flows::long_addresses::{Destination, Key, is_handle};
use crate::flows::sign_in::{Failure, Finished, Returning, SignInError};

/// Largest form with which the AMS sends a browser back, in bytes.
const LARGEST_RETURN: usize = 16 * 1024;

/// Where `/_gate/login` is asked to end.
#[derive(Default)]
struct LoginQuery {
    /// As it was written; it may be of any length.
    return_to: Option<String>,
    /// Names the cookie with the key of the whole address.
    kept: Option<String>,
    /// Something of the address was lost before.
    is_cut: bool,
    fragment: Option<String>,
    go: bool,
    again: bool,
    /// How often a page about a failure has begun this by itself.
    tries: u8,
}

fn asked(query: Option<&str>) -> LoginQuery {
    let mut asked = LoginQuery::default();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "return_to" => asked.return_to = Some(value.into_owned()),
            // An AMS may have a link to here, with a name of its own for the page (docs/ams/growthzone.md, "Login").
            "url" if asked.return_to.is_none() => asked.return_to = Some(value.into_owned()),
            "kept" if is_handle(&value) => asked.kept = Some(value.into_owned()),
            "cut" => asked.is_cut = true,
            "fragment" => asked.fragment = Some(value.into_owned()),
            "go" => asked.go = true,
            "again" => asked.again = true,
            "tries" => asked.tries = value.parse().unwrap_or(u8::MAX),
            _ => {}
        }
    }
    asked
}

impl LoginQuery {
    /// The whole page, from the store if it lies there, and the key by which the browser has it. What is no page of the site leads
    /// home. `is_cut` tells afterwards whether something is lost.
    async fn page(
        &mut self,
        services: &Services,
        arrived: &Arrived,
        cookies: &Cookies,
    ) -> Option<(ReturnTo, Option<Key>)> {
        let text = self.return_to.as_deref().unwrap_or_default();
        let page = match ReturnTo::parse(text) {
            Ok(page) => page,
            Err(_) if text.len() > LONGEST => {
                self.is_cut = true;
                let path = text.split(['?', '#']).next().unwrap_or_default();
                ReturnTo::parse(path).or_else(|_| ReturnTo::parse(&arrived.site.home)).ok()?
            }
            Err(_) => ReturnTo::parse(&arrived.site.home).ok()?,
        };
        let (page, key) = match &self.kept {
            None => (page, None),
            Some(handle) => {
                let key = cookies.key(handle);
                let is_cut = self.is_cut || key.is_none();
                let to = Destination { page, key: key.clone(), is_cut };
                let (page, is_cut) = services.long.unpack(&arrived.site.host, to).await;
                self.is_cut = is_cut;
                (page, key.filter(|_| !is_cut))
            }
        };
        match &self.fragment {
            Some(fragment) if !fragment.is_empty() => Some((page.at_fragment(fragment), None)),
            _ => Some((page, key)),
        }
    }
}

/// Starts a login. A page stands in between, since only a script can read the fragment of the address; with `go` the
/// browser is sent on at once. Whoever is signed in already is sent straight to the page, unless `again` is said. Where something
/// of the address is lost, a page says so.
pub async fn login(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    present: Result<Option<Present>, Unanswered>,
    cookies: Cookies,
) -> Response<Body> {
    let mut asked = asked(query.as_deref());
    let Some((page, key)) = asked.page(&services, &arrived, &cookies).await else {
        return answer(Notice::BadRequest.html(&arrived.frame()));
    };
    let host = &*arrived.site.host;
    let present = match present {
        Ok(present) => present.is_some() && !asked.again,
        Err(Unanswered { error, .. }) => {
            let to = Some(Destination { is_cut: asked.is_cut, ..Destination::whole(page.cut()) });
            return failed(&arrived, &SignInError { failure: error.into(), to, tries: asked.tries });
        }
    };
    if present {
        let address = arrived.address_of(&page);
        return match asked.is_cut {
            false => see_other(&address),
            true => answer(respond(&SignInPage {
                frame: arrived.frame(),
                go_url: address,
                step: Step::CutSignedIn,
            })),
        };
    }
    // What a browser has the key of is kept already.
    let (to, is_new) = match key {
        Some(key) => (Destination { page: page.cut(), key: Some(key), is_cut: false }, false),
        None => {
            let to = services.long.pack(host, arrived.client_address, page).await;
            (Destination { is_cut: to.is_cut || asked.is_cut, ..to }, true)
        }
    };
    let key = to.key.as_ref().filter(|_| is_new).map(|key| cookies.set_key(key));
    let key = key.unwrap_or_default();
    if !asked.go {
        let tries = if asked.tries > 0 { format!("&tries={}", asked.tries) } else { String::new() };
        let step = if to.is_cut { Step::Cut } else { Step::Whole };
        // The page says what is lost; then all is said.
        let go_url = format!("{}{tries}&go=1", paths::login_to(&Destination { is_cut: false, ..to }));
        return with_cookies(answer(respond(&SignInPage { frame: arrived.frame(), go_url, step })), key);
    }
    let Ok(callback) = Url::parse(&format!("{}{}", arrived.site.origin, paths::CALLBACK)) else {
        return answer(Notice::Broken.html(&arrived.frame()));
    };
    let open = cookies.attempts();
    match services.sign_in.begin(host, &callback, to.clone(), asked.tries, &open).await {
        Ok(departure) => {
            let seconds = ATTEMPT_LIVES.as_secs();
            let kept = cookies.set_attempt(&departure.handle, &departure.sealed, seconds);
            let dropped = departure.dropped.iter().map(|handle| cookies.clear_attempt(handle));
            with_cookies(see_other(departure.address.as_str()), dropped.chain([kept]).chain(key))
        }
        Err(error) => failed(&arrived, &SignInError { failure: error, to: Some(to), tries: asked.tries }),
    }
}

/// What of a form that comes back is handed on; tokens are not.
const OF_A_FORM: [&str; 5] = ["code", "state", "iss", "error", "errorCode"];

/// Takes a browser back that the AMS sent with a form. A form from another site brings none of our cookies, so the browser is sent on to
/// the same address with what counts in the query; nothing is looked at before.
pub async fn callback_form(Extension(arrived): Extension<Arrived>, request: Request<Body>) -> Response<Body> {
    let Ok(body) = to_bytes(request.into_body(), LARGEST_RETURN).await else {
        return answer(Notice::BadRequest.html(&arrived.frame()));
    };
    let fields = url::form_urlencoded::parse(&body).filter(|(name, _)| OF_A_FORM.contains(&&**name));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    see_other(&format!("{}{}?{query}", arrived.site.origin, paths::CALLBACK))
}

/// Takes a browser back from the AMS, and sends it to a clean address: the token must not stay in the address bar, neither
/// after success nor after failure, nor while it waits.
pub async fn callback(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    present: Result<Option<Present>, Unanswered>,
    cookies: Cookies,
    headers: HeaderMap,
) -> Response<Body> {
    let (open, named) = (cookies.attempts(), sessions(&cookies));
    let parameters = query.as_deref().unwrap_or_default();
    let returning = Returning { parameters, ..returning(&arrived, &headers, &cookies, &open, &named) };
    let present = match present {
        Ok(present) => present.map(|present| present.live),
        Err(Unanswered { error, .. }) => {
            return failed(&arrived, &services.sign_in.failed_early(&returning, error));
        }
    };
    let returning = Returning { present: present.as_ref(), ..returning };
    match services.sign_in.finish(returning).await {
        Ok(Finished::SignedIn(signed_in)) => after_sign_in(&services, &arrived, &cookies, signed_in).await,
        Ok(Finished::Waits(in_line)) => {
            let spent = in_line.handle.as_ref().and_then(|handle| cookies.clear_attempt(handle));
            let address = format!("{}{}", arrived.site.origin, paths::waiting_for(&in_line.to));
            with_cookies(see_other(&address), [keep_place(&cookies, &in_line), spent])
        }
        Err(error) => match error.failure {
            // A page that was reloaded or gone back to: the sign-in it belongs to is done, or waits.
            Failure::Used | Failure::ForeignState => {
                let waits_for =
                    returning.place.and_then(|place| services.sign_in.waits_for(returning.host, place));
                match (waits_for, present, error.to) {
                    (Some(to), ..) => {
                        see_other(&format!("{}{}", arrived.site.origin, paths::waiting_for(&to)))
                    }
                    (None, Some(_), Some(to)) => see_other(&landing(&services, &arrived, to).await),
                    (None, Some(_), None) => see_other(&arrived.home_address()),
                    (None, None, to) => failed(&arrived, &SignInError { to, ..error }),
                }
            }
            // The AMS or a mailed link sent the browser. Its token is not looked at; a live AMS session bounces straight back.
            Failure::NoState => see_other(&format!("{}{}", arrived.site.origin, paths::LOGIN)),
            _ => failed(&arrived, &error),
        },
    }
}
