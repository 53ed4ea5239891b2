//! `/_gate/me`: who am I, which roles, why, and until when.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use axum::{Extension, Json, response::IntoResponse};
use serde::Serialize;

use super::arrived::Arrived;
use super::pages::Notice;
use super::paths;
use super::present::Present;
use super::state::{Services, answer};
use crate::domain::rule::Role;
use crate::domain::time::Timestamp;
use crate::flows::person::Held;

#[derive(Serialize)]
struct Me {
    id: String,
    name: String,
    email: Option<String>,
    member: bool,
    membership_type: Option<String>,
    membership_code: Option<String>,
    membership_expires: Option<String>,
    roles: Vec<Reasoned>,
    holds_until: Option<String>,
    as_of: String,
    /// The parts of the record of which some are still being read; roles may follow from them.
    still_reading: Vec<&'static str>,
    /// The same in a sentence.
    notice: Option<String>,
}

#[derive(Serialize)]
struct Reasoned {
    role: Role,
    label: String,
    because: String,
}

/// Tells a signed-in person about him- or herself, and a stranger where to sign in. Same-origin scripts only: nothing here
/// allows another origin to read it.
pub async fn me(
    State(services): State<Services>,
    Extension(arrived): Extension<Arrived>,
    present: Option<Present>,
) -> Response<Body> {
    let Some(Present { held, .. }) = present else {
        let login = paths::LOGIN.to_owned();
        return answer(Notice::SignInRequired { login }.json(&arrived.frame()));
    };
    let mut response = Json(describe(&held, services.clock.now())).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn describe(held: &Held, now: Timestamp) -> Me {
    let decision = &held.standing.decision;
    // The request path decides without reasons; here somebody wants to read them.
    let reasons = held.reasons(now);
    let reasoned = |role: &Role| {
        let why = reasons.iter().find(|verdict| verdict.matched && *verdict.role == *role.as_str());
        Reasoned {
            role: role.clone(),
            label: held.published.rules.label_of(role).to_string(),
            because: why.map(|verdict| verdict.because.clone()).unwrap_or_default(),
        }
    };
    let profile = &held.standing.profile;
    let still_reading: Vec<&str> = held.standing.unread.iter().map(|part| part.name()).collect();
    Me {
        id: held.standing.id.to_string(),
        name: profile.name.clone(),
        email: profile.email.clone(),
        member: decision.member,
        membership_type: decision.membership_type.clone(),
        membership_code: decision.membership_code.clone(),
        membership_expires: decision.membership_expires.map(|day| day.to_string()),
        roles: decision.roles.iter().map(reasoned).collect(),
        holds_until: decision.holds_until.map(|instant| instant.to_string()),
        as_of: held.record.as_of().to_string(),
        notice: (!still_reading.is_empty()).then(|| {
            format!(
                "Some of your {} are still being read; more roles may follow.",
                still_reading.join(" and ")
            )
        }),
        still_reading,
    }
}
