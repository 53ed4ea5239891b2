//! `/_gate/waiting`: the page of somebody who waits for a turn to sign in. When the turn has come, loading it signs them in.

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Response};
use jiff::SignedDuration;

use super::answers::{after_sign_in, destination_of, failed, keep_place, landing, returning, sessions};
use crate::flows::long_addresses::Destination;
use crate::flows::sign_in::Polled;
use crate::flows::waiting::WaitingView;
use crate::web::arrived::Arrived;
use crate::web::client_kind::{ClientKind, client_kind};
use crate::web::cookies::{Cookie, Cookies};
use crate::web::pages::{Notice, WaitingNews, WaitingPage, respond};
use crate::web::present::{Present, Unanswered};
use crate::web::state::{Services, answer, see_other, with_cookies};
use crate::web::{log, paths};

/// A person's page is shown, or leads on; a script is told how it stands, and changes nothing.
pub async fn waiting(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    RawQuery(query): RawQuery,
    present: Result<Option<Present>, Unanswered>,
    cookies: Cookies,
    headers: HeaderMap,
) -> Response<Body> {
    let place = cookies.only(Cookie::Waiting);
    if client_kind(&headers) == ClientKind::Program {
        return look(&services, &arrived, place).await;
    }
    let here = destination_of(query.as_deref(), &cookies);
    let named = sessions(&cookies);
    let open = Vec::new();
    match services.sign_in.poll(returning(&arrived, &headers, &cookies, &open, &named)).await {
        Ok(Polled::Waits(view, trouble)) => {
            if let Some(trouble) = trouble {
                log::ending(&arrived, trouble.outcome(), &trouble);
            }
            show(&services, &arrived, view, here, place)
        }
        Ok(Polled::SignedIn(mut signed_in)) => {
            signed_in.to = here.unwrap_or(signed_in.to);
            after_sign_in(&services, &arrived, &cookies, signed_in).await
        }
        Ok(Polled::NeedsNewProof(in_line)) => {
            let to = here.as_ref().unwrap_or(&in_line.to);
            let login = format!("{}{}&go=1", arrived.site.origin, paths::login_to(to));
            with_cookies(see_other(&login), [keep_place(&cookies, &in_line)])
        }
        Ok(Polled::NoPlace(to)) => {
            let to = here.or(to);
            let cleared = place.and_then(|_| cookies.clear(Cookie::Waiting));
            let address = match (present, to) {
                // Another tab was first.
                (Ok(Some(_)), Some(to)) => landing(&services, &arrived, to).await,
                (Ok(Some(_)), None) => arrived.home_address(),
                (_, Some(to)) => format!("{}{}", arrived.site.origin, paths::login_to(&to)),
                (_, None) => format!("{}{}", arrived.site.origin, paths::LOGIN),
            };
            with_cookies(see_other(&address), [cleared])
        }
        Err(error) => with_cookies(failed(&arrived, &error), [cookies.clear(Cookie::Waiting)]),
    }
}

fn show(
    services: &Services,
    arrived: &Arrived,
    view: WaitingView,
    here: Option<Destination>,
    place: Option<&str>,
) -> Response<Body> {
    let to = here.or_else(|| services.sign_in.waits_for(&arrived.site.host, place?));
    let address = to.map_or_else(|| paths::WAITING.to_owned(), |to| paths::waiting_for(&to));
    answer(respond(&WaitingPage { frame: arrived.frame(), news: news(view), address }))
}

async fn look(services: &Services, arrived: &Arrived, place: Option<&str>) -> Response<Body> {
    let news = match services.sign_in.look(&arrived.site.host, place).await {
        Ok(Some(view)) => news(view),
        Ok(None) => WaitingNews { is_over: true, ..WaitingNews::default() },
        Err(failure) => {
            log::ending(arrived, failure.outcome(), &failure);
            return answer(Notice::Broken.json(&arrived.frame()));
        }
    };
    answer(news.json())
}

fn news(view: WaitingView) -> WaitingNews {
    let seconds = |span: SignedDuration| u64::try_from(span.as_secs()).unwrap_or_default();
    WaitingNews {
        place: view.ahead + 1,
        wait: seconds(view.wait),
        again_in: seconds(view.again_in).max(1),
        is_ams_silent: view.is_ams_silent,
        is_over: view.is_turn,
    }
}
