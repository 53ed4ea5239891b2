//! `/_gate/login/failed`: why a sign-in failed, at an address that holds no token. Anybody can be sent here, so it says
//! nothing that depends on who asks.

use std::sync::atomic::Ordering;

use axum::Extension;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::Response;

use crate::adapters::ams::AmsError;
use crate::domain::return_to::ReturnTo;
use crate::flows::long_addresses::{Destination, is_handle};
use crate::flows::sign_in::Failure;
use crate::web::arrived::Arrived;
use crate::web::pages::{Notice, Retry, SignInFailure};
use crate::web::paths;
use crate::web::state::answer;

/// Seconds after which the page about a failure that passes tries again; each time it takes longer, up to [`LATEST`].
const RETRY_AFTER: u16 = 20;
const LATEST: u16 = 120;

/// So often it tries by itself, which takes about half an hour; then it waits for the person.
const MOST_TRIES: u8 = 20;

/// Longest reference that is shown.
const LONGEST_REFERENCE: usize = 40;

/// What a visitor is told about a failed sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// See [`SignInFailure`].
    Visitor(SignInFailure),
    /// The AMS does not admit the person.
    NotAdmitted,
    /// The AMS gave no usable answer.
    AmsDown,
    /// Too many people are signing in.
    Busy,
    /// Too many tokens were refused to visitors of this network.
    TooMany,
    /// The store gives no answer.
    Unavailable,
    /// Something failed in the gateway.
    Broken,
}

const NAMES: [(Failed, &str); 11] = [
    (Failed::Visitor(SignInFailure::AttemptExpired), "expired"),
    (Failed::Visitor(SignInFailure::NotStartedHere), "not-started-here"),
    (Failed::Visitor(SignInFailure::TokenRefused), "refused"),
    (Failed::Visitor(SignInFailure::AlreadyUsed), "used"),
    (Failed::Visitor(SignInFailure::WrongPerson), "other-person"),
    (Failed::TooMany, "too-many"),
    (Failed::Unavailable, "unavailable"),
    (Failed::NotAdmitted, "not-admitted"),
    (Failed::AmsDown, "ams-down"),
    (Failed::Busy, "busy"),
    (Failed::Broken, "broken"),
];

impl Failed {
    /// What to tell about a failure.
    pub fn of(failure: &Failure) -> Failed {
        match failure {
            Failure::NoState | Failure::Loop | Failure::ForeignState => {
                Failed::Visitor(SignInFailure::NotStartedHere)
            }
            Failure::Expired => Failed::Visitor(SignInFailure::AttemptExpired),
            Failure::Used => Failed::Visitor(SignInFailure::AlreadyUsed),
            Failure::Arrival(_) | Failure::Ams(AmsError::ArrivalRefused) => {
                Failed::Visitor(SignInFailure::TokenRefused)
            }
            Failure::Ams(AmsError::OtherPerson) => Failed::Visitor(SignInFailure::WrongPerson),
            Failure::TooMany => Failed::TooMany,
            Failure::NotAdmitted => Failed::NotAdmitted,
            Failure::Ams(AmsError::Busy | AmsError::RateLimited { .. }) => Failed::Busy,
            Failure::Ams(_) => Failed::AmsDown,
            Failure::Store(_) => Failed::Unavailable,
            Failure::Cryptography(_) => Failed::Broken,
        }
    }

    /// As it stands in the address.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(failed, _)| *failed == self).map_or("broken", |(_, name)| name)
    }

    /// Whether it is over after a while, without anybody's doing.
    fn passes(self) -> bool {
        matches!(self, Failed::AmsDown | Failed::Busy | Failed::TooMany | Failed::Unavailable)
    }

    fn named(name: &str) -> Option<Failed> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(failed, _)| *failed)
    }

    /// The notice. `again` starts the sign-in once more; `tries`: so often a page has done that by itself.
    pub fn notice(self, arrived: &Arrived, again: String, tries: u8) -> Notice {
        let retry = Retry::after((RETRY_AFTER + 5 * u16::from(tries)).min(LATEST));
        let retry = if tries < MOST_TRIES { retry } else { retry.by_hand() };
        match self {
            Failed::Visitor(reason) => Notice::SignInFailed { reason, again },
            Failed::NotAdmitted => Notice::NotAdmitted {
                contact: arrived.association.contact.clone(),
                sign_out: paths::LOGOUT.to_owned(),
            },
            Failed::AmsDown => Notice::AmsDown(retry),
            Failed::Busy => Notice::Busy(retry),
            Failed::TooMany => Notice::TooManyAttempts(retry),
            Failed::Unavailable => Notice::Unavailable(retry),
            Failed::Broken => Notice::Broken,
        }
    }
}

/// Says what happened, under the reference of the request at which it happened.
pub async fn show(Extension(arrived): Extension<Arrived>, RawQuery(query): RawQuery) -> Response<Body> {
    let mut frame = arrived.frame();
    let (mut failed, mut page, mut kept, mut cut, mut tries) = (None, None, String::new(), "", 0);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "why" => failed = Failed::named(&value),
            "return_to" => page = ReturnTo::parse(&value).ok(),
            "kept" if is_handle(&value) => kept = format!("&kept={value}"),
            "cut" => cut = "&cut=1",
            "tries" => tries = value.parse().unwrap_or(u8::MAX),
            "reference" if is_reference(&value) => frame.request_id = value.into_owned(),
            _ => {}
        }
    }
    if failed.is_some() {
        // The cause was logged under the reference that the page shows.
        arrived.is_logged.store(true, Ordering::Relaxed);
    }
    let login = |page| format!("{}{kept}{cut}", paths::login_to(&Destination::whole(page)));
    let mut again = page.map_or_else(|| paths::LOGIN.to_owned(), login);
    if failed.is_some_and(Failed::passes) {
        let joint = if again.contains('?') { '&' } else { '?' };
        again.push_str(&format!("{joint}tries={}", tries.saturating_add(1)));
    }
    frame.again = Some(again.clone());
    let notice = failed.map_or(Notice::NotFound, |failed| failed.notice(&arrived, again, tries));
    answer(notice.html(&frame))
}

fn is_reference(text: &str) -> bool {
    text.len() <= LONGEST_REFERENCE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
