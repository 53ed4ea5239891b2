//! `/_gate/login/failed`: why a sign-in failed, at an address that holds no token. Anybody can be sent here, so it says
//! nothing that depends on who asks.

use std::sync::atomic::Ordering;

use axum::Extension;
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::Response;

use crate::adapters::ams::AmsError;
use crate::domain::return_to::ReturnTo;
use crate::flows::sign_in::Failure;
use crate::web::arrived::Arrived;
use crate::web::pages::{Notice, SignInFailure};
use crate::web::paths;
use crate::web::state::answer;

/// Seconds after which the page about an unreachable AMS tries again.
const RETRY_AFTER: u16 = 20;

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
    /// Something failed in the gateway.
    Broken,
}

const NAMES: [(Failed, &str); 10] = [
    (Failed::Visitor(SignInFailure::AttemptExpired), "expired"),
    (Failed::Visitor(SignInFailure::NotStartedHere), "not-started-here"),
    (Failed::Visitor(SignInFailure::TokenRefused), "refused"),
    (Failed::Visitor(SignInFailure::AlreadyUsed), "used"),
    (Failed::Visitor(SignInFailure::WrongPerson), "other-person"),
    (Failed::Visitor(SignInFailure::TooManyAttempts), "too-many"),
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
            Failure::Arrival(_) | Failure::Ams(AmsError::TokenRefused) => {
                Failed::Visitor(SignInFailure::TokenRefused)
            }
            Failure::Ams(AmsError::OtherPerson) => Failed::Visitor(SignInFailure::WrongPerson),
            Failure::TooMany => Failed::Visitor(SignInFailure::TooManyAttempts),
            Failure::NotAdmitted => Failed::NotAdmitted,
            Failure::Ams(AmsError::Busy | AmsError::RateLimited { .. }) => Failed::Busy,
            Failure::Ams(_) => Failed::AmsDown,
            Failure::Store(_) | Failure::Cryptography(_) => Failed::Broken,
        }
    }

    /// As it stands in the address.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(failed, _)| *failed == self).map_or("broken", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Failed> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(failed, _)| *failed)
    }

    /// The notice, with the link that tries again.
    pub fn notice(self, arrived: &Arrived, again: String) -> Notice {
        match self {
            Failed::Visitor(reason) => Notice::SignInFailed { reason, again },
            Failed::NotAdmitted => Notice::NotAdmitted {
                contact: arrived.association.contact.clone(),
                sign_out: paths::LOGOUT.to_owned(),
            },
            Failed::AmsDown => Notice::AmsDown { retry_after: RETRY_AFTER, again },
            Failed::Busy => Notice::Busy { retry_after: RETRY_AFTER },
            Failed::Broken => Notice::Broken,
        }
    }
}

/// Says what happened, under the reference of the request at which it happened.
pub async fn show(Extension(arrived): Extension<Arrived>, RawQuery(query): RawQuery) -> Response<Body> {
    let mut frame = arrived.frame();
    let (mut failed, mut again) = (None, paths::LOGIN.to_owned());
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "why" => failed = Failed::named(&value),
            "return_to" => again = ReturnTo::parse(&value).map_or(again, |page| paths::login_to(&page)),
            "reference" if is_reference(&value) => frame.request_id = value.into_owned(),
            _ => {}
        }
    }
    if failed.is_some() {
        // The cause was logged under the reference that the page shows.
        arrived.is_logged.store(true, Ordering::Relaxed);
    }
    let notice = failed.map_or(Notice::NotFound, |failed| failed.notice(&arrived, again));
    answer(notice.html(&frame))
}

fn is_reference(text: &str) -> bool {
    text.len() <= LONGEST_REFERENCE && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
