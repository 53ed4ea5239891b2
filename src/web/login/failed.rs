//! `/_gate/login/failed`: why a sign-in failed, at an address that holds no token. Anybody can be sent here, so it says
//! nothing that depends on who asks.

use std::sync::atomic::Ordering;

use axum::Extension;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::Response;

use crate::domain::outcome::Outcome;
use crate::domain::return_to::ReturnTo;
use crate::flows::long_addresses::{Destination, is_handle};
use crate::web::arrived::Arrived;
use crate::web::pages::{Notice, Retry};
use crate::web::paths;
use crate::web::state::answer;

/// Seconds after which the page about a failure that passes tries again; each time it takes longer, up to [`LATEST`].
const RETRY_AFTER: u16 = 20;
const LATEST: u16 = 120;

/// Nobody is sent away for longer.
const LONGEST_AFTER: u16 = 3_600;

/// So often it tries by itself, which takes about half an hour; then it waits for the person.
const MOST_TRIES: u8 = 20;

/// Longest reference that is shown.
const LONGEST_REFERENCE: usize = 40;

/// What a visitor is told about a failed sign-in; `None`: sign-ins do not end like this. `again` starts the sign-in once more;
/// `tries`: so often a page has done that by itself. `after`: in so many seconds there may be a place.
fn notice(
    outcome: Outcome,
    arrived: &Arrived,
    again: String,
    tries: u8,
    after: Option<u16>,
) -> Option<Notice> {
    let retry = Retry::after(after.unwrap_or((RETRY_AFTER + 5 * u16::from(tries)).min(LATEST)));
    let retry = if tries < MOST_TRIES { retry } else { retry.by_hand() };
    Some(match outcome {
        Outcome::NoState
        | Outcome::StateLost
        | Outcome::NotStartedHere
        | Outcome::AttemptExpired
        | Outcome::AlreadyUsed
        | Outcome::ReturnMalformed
        | Outcome::TokenRefused
        | Outcome::WrongPerson => Notice::SignInFailed { outcome, again },
        Outcome::NotAdmitted => Notice::NotAdmitted {
            contact: arrived.association.contact.clone(),
            sign_out: paths::LOGOUT.to_owned(),
        },
        Outcome::AmsDown => Notice::AmsDown(retry),
        Outcome::Busy => Notice::Busy(retry),
        Outcome::LineFull => Notice::LineFull(retry),
        Outcome::Unavailable => Notice::Unavailable(retry),
        Outcome::Broken => Notice::Broken,
        _ => return None,
    })
}

/// Whether it is over after a while, without anybody's doing.
fn passes(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::AmsDown | Outcome::Busy | Outcome::LineFull | Outcome::Unavailable)
}

/// Says what happened, under the reference of the request at which it happened.
pub async fn show(Extension(arrived): Extension<Arrived>, RawQuery(query): RawQuery) -> Response<Body> {
    let mut frame = arrived.frame();
    let (mut outcome, mut page, mut kept, mut cut, mut tries) = (None, None, String::new(), "", 0);
    let mut after = None;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "why" => outcome = Outcome::named(&value),
            "return_to" => page = ReturnTo::parse(&value).ok(),
            "kept" if is_handle(&value) => kept = format!("&kept={value}"),
            "cut" => cut = "&cut=1",
            "tries" => tries = value.parse().unwrap_or(u8::MAX),
            "after" => after = value.parse().ok().map(|after: u16| after.clamp(RETRY_AFTER, LONGEST_AFTER)),
            "reference" if is_reference(&value) => frame.request_id = value.into_owned(),
            _ => {}
        }
    }
    let login = |page| format!("{}{kept}{cut}", paths::login_to(&Destination::whole(page)));
    let mut again = page.map_or_else(|| paths::LOGIN.to_owned(), login);
    if outcome.is_some_and(passes) {
        let joint = if again.contains('?') { '&' } else { '?' };
        again.push_str(&format!("{joint}tries={}", tries.saturating_add(1)));
    }
    frame.again = Some(again.clone());
    let notice = outcome.and_then(|outcome| notice(outcome, &arrived, again, tries, after));
    if notice.is_some() {
        // The cause was logged under the reference that the page shows.
        arrived.is_logged.store(true, Ordering::Relaxed);
    }
    answer(notice.unwrap_or(Notice::NotFound).html(&frame))
}

fn is_reference(text: &str) -> bool {
    text.len() <= LONGEST_REFERENCE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
