//! The WordPress of a site, told of people by signed statements (docs/deliveries.md).
//!
//! A statement says what an assertion for that site would say. Its signature is all that the site goes by: no cookie, no other credential.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{AboutPerson, PeopleSubscriber, SendFailure, Subscriber};
use crate::adapters::BoxFuture;
use crate::adapters::http::{HttpAnswer, HttpClient, HttpError, HttpLimits};
use crate::adapters::keys::assertion::Signer;
use crate::adapters::keys::{CryptographyFailed, random};
use crate::domain::claims::SitePerson;
use crate::domain::deliveries::row::{Flight, FlightEnd};
use crate::domain::deliveries::state::{Desired, Holdings, State};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::rule::Role;
use crate::domain::time::Timestamp;

/// Limits of a request. The site may have a hundred accounts to make, and puts off what takes it more than 15 seconds.
const LIMITS: HttpLimits =
    HttpLimits { connect: Duration::from_secs(5), total: Duration::from_secs(35), body: 1024 * 1024 };

/// How long a statement is valid.
const LIFE: SignedDuration = SignedDuration::from_secs(60);

/// What statements are, so that no reader takes one for an assertion or an assertion for one.
const STATEMENT: &str = "membergate-person+jwt";

/// So many statements are in one request at most, and so many bytes: by default nginx takes up to 1 MiB.
const MOST_STATEMENTS: u16 = 100;
const MOST_BYTES: usize = 512 * 1024;

/// Refusals that pass by themselves.
const PASSING: [&str; 5] = ["keys_unreachable", "busy", "expired", "not_yet_valid", "replayed"];

/// The longest reason of a refusal that is kept.
const LONGEST_REASON: usize = 64;

/// The roles that the mapping in force manages, as a statement says them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManagedRolesClaim {
    /// All of them.
    List(Vec<Role>),
    /// The digest of a long list, which the site fetches.
    Digest(String),
}

/// What statements are made with at the moment of sending.
pub trait StatementGround: Send + Sync + 'static {
    /// The key that signs assertions.
    fn signer(&self) -> Arc<Signer>;

    /// What the mapping in force manages.
    fn managed(&self) -> ManagedRolesClaim;
}

/// Where a site's WordPress is told of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleEndpoint {
    /// The address.
    pub url: Url,
    /// Whether it makes accounts for people who have none.
    pub create: bool,
}

/// A site's WordPress.
pub struct WordPress {
    name: SubscriberName,
    origin: String,
    site: Arc<str>,
    endpoint: PeopleEndpoint,
    ground: Arc<dyn StatementGround>,
    http: HttpClient,
}

/// What a state says, as the engine keeps it. The order of the fields makes the text canonical.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ToldState {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    roles: Vec<String>,
    member: bool,
    membership_type: Option<String>,
    membership_code: Option<String>,
    membership_expires: Option<Date>,
    create: bool,
}

impl ToldState {
    fn of(person: &SitePerson<'_>, create: bool) -> ToldState {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        ToldState {
            name: person.name.to_owned(),
            given_name: owned(person.given_name),
            family_name: owned(person.family_name),
            email: owned(person.email),
            roles: person.roles.iter().map(|role| (*role).to_owned()).collect(),
            member: person.member,
            membership_type: owned(person.membership_type),
            membership_code: owned(person.membership_code),
            membership_expires: person.membership_expires,
            create,
        }
    }

    fn before(state: &State) -> Option<(ToldState, &Holdings)> {
        let State::Present { said, holds } = state else { return None };
        Some((serde_json::from_str(said).ok()?, holds))
    }
}

impl WordPress {
    /// The WordPress of the site of this name and origin. Fails when the machine's TLS certificate store cannot be opened.
    pub fn new(
        site: Arc<str>,
        origin: String,
        endpoint: PeopleEndpoint,
        ground: Arc<dyn StatementGround>,
    ) -> Result<WordPress, HttpError> {
        let (name, http) = (SubscriberName::wordpress(&site), HttpClient::new(LIMITS)?);
        Ok(WordPress { name, origin, site, endpoint, ground, http })
    }

    fn statement(&self, flight: &Flight, now: Timestamp) -> Result<String, CryptographyFailed> {
        let mut claims = Map::new();
        let state = match &flight.state {
            State::Removed | State::RemovedAs { .. } => {
                claims.insert("roles".to_owned(), Value::Array(Vec::new()));
                claims.insert("create".to_owned(), false.into());
                "removed"
            }
            State::Present { said, .. } => {
                claims = serde_json::from_str(said).map_err(|_| CryptographyFailed)?;
                "present"
            }
        };
        let expires = now.saturating_add(LIFE).unwrap_or(now);
        let (managed_name, managed) = match self.ground.managed() {
            ManagedRolesClaim::List(roles) => {
                let roles = roles.into_iter().map(|role| Value::from(role.as_str())).collect();
                ("managed_roles", Value::Array(roles))
            }
            ManagedRolesClaim::Digest(digest) => ("managed_roles_digest", digest.into()),
        };
        let others: [(&str, Value); 9] = [
            ("iss", self.origin.as_str().into()),
            ("aud", (&*self.site).into()),
            ("sub", flight.individual.as_str().into()),
            ("iat", now.as_second().into()),
            ("exp", expires.as_second().into()),
            ("jti", random::token()?.into()),
            ("version", flight.version.into()),
            ("state", state.into()),
            (managed_name, managed),
        ];
        claims.extend(others.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let text = serde_json::to_vec(&claims).map_err(|_| CryptographyFailed)?;
        self.ground.signer().sign_as(STATEMENT, &text)
    }

    /// `None`: something is open, and what was desired before stays.
    fn state(&self, about: &AboutPerson<'_>) -> Option<State> {
        if !about.standing.decision.admitted {
            return Some(State::Removed);
        }
        let mut said = ToldState::of(&SitePerson::of(about.standing), self.endpoint.create);
        let mut kept = BTreeMap::new();
        if !about.doubt.is_none() {
            let (before, held) = about.before.and_then(ToldState::before)?;
            kept = kept_on_doubt(&before, held, &said, about);
            said.roles.extend(kept.keys().cloned());
            if about.doubt.is_about_membership() {
                stay_as_member(&mut said, &before, about);
            }
            said.roles.sort();
        }
        let non_member = about.rules.non_member.as_ref().map(Role::as_str);
        // To become a member takes nothing away.
        let held = said.roles.iter().filter(|role| Some(role.as_str()) != non_member);
        let end = |role: &String| Role::parse(role).ok().and_then(|role| about.ends.get(&role).copied());
        let holds: Holdings =
            held.map(|role| (role.clone(), kept.get(role).copied().unwrap_or_else(|| end(role)))).collect();
        let said = serde_json::to_string(&said).ok()?;
        Some(State::Present { said, holds })
    }

    async fn tell(&self, flights: &[Flight], now: Timestamp) -> Result<Vec<FlightEnd>, SendFailure> {
        let statements: Result<Vec<String>, _> =
            flights.iter().map(|flight| self.statement(flight, now)).collect();
        let statements = statements.map_err(|error| failed(error.to_string()))?;
        let body = serde_json::to_vec(&serde_json::json!({ "statements": statements }));
        let body = body.map_err(|_| failed("the request cannot be written".to_owned()))?;
        if body.len() > MOST_BYTES {
            return Err(SendFailure::TooLarge);
        }
        let answer = self.http.post_json(self.endpoint.url.clone(), HeaderMap::new(), body.into()).await;
        read_answer(answer.map_err(|error| failed(error.to_string()))?, flights)
    }
}

impl Subscriber for WordPress {
    fn name(&self) -> &SubscriberName {
        &self.name
    }

    fn most_at_once(&self) -> u16 {
        MOST_STATEMENTS
    }

    fn send<'a>(
        &'a self,
        flights: &'a [Flight],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<FlightEnd>, SendFailure>> {
        Box::pin(self.tell(flights, now))
    }
}

impl PeopleSubscriber for WordPress {
    fn desired(&self, about: &AboutPerson<'_>) -> Desired {
        let state = self.state(about);
        // What stays although it is not known may still end by a date.
        let held = state.as_ref().or(about.before).and_then(State::holds).into_iter().flatten();
        let ends = held.filter_map(|(_, end)| *end).chain(about.standing.decision.holds_until);
        Desired { holds_until: ends.filter(|end| *end > about.now).min(), state }
    }
}

/// The roles that stay because it is not known that they are lost, each with the known date that ends it.
fn kept_on_doubt(before: &ToldState, held: &Holdings, said: &ToldState, about: &AboutPerson<'_>) -> Holdings {
    let mut kept = Holdings::new();
    for role in before.roles.iter().filter(|role| !said.roles.contains(role)) {
        let end = held.get(role).copied().flatten();
        let is_open = Role::parse(role).is_ok_and(|role| about.doubt.is_about(&role));
        if is_open && end.is_none_or(|end| end > about.now) {
            kept.insert(role.clone(), end);
        }
    }
    kept
}

/// Whoever was a member stays one while it is not known that the membership has ended, and is no non-member meanwhile.
fn stay_as_member(said: &mut ToldState, before: &ToldState, about: &AboutPerson<'_>) {
    let member = about.rules.member.as_ref().map(Role::as_str);
    let has_lapsed = member.is_some_and(|role| !said.roles.iter().any(|held| held == role));
    if !before.member || has_lapsed {
        return;
    }
    said.member = true;
    said.membership_type.clone_from(&before.membership_type);
    said.membership_code.clone_from(&before.membership_code);
    said.membership_expires = before.membership_expires;
    let non_member = about.rules.non_member.as_ref().map(Role::as_str);
    said.roles.retain(|role| Some(role.as_str()) != non_member);
}

/// The answer to a request.
#[derive(Deserialize)]
struct Answers {
    results: Vec<StatementAnswer>,
}

#[derive(Deserialize)]
struct StatementAnswer {
    sub: Option<String>,
    outcome: String,
    version: Option<u64>,
    reason: Option<String>,
    changed: Option<bool>,
}

fn failed(said: String) -> SendFailure {
    SendFailure::Failed { said, retry_after: None }
}

fn read_answer(answer: HttpAnswer, flights: &[Flight]) -> Result<Vec<FlightEnd>, SendFailure> {
    match answer.status.as_u16() {
        200 => {}
        413 => return Err(SendFailure::TooLarge),
        status => {
            let asked = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = asked.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            return Err(SendFailure::Failed { said: format!("status {status}"), retry_after });
        }
    }
    let unreadable = || failed("an answer that cannot be read".to_owned());
    let answers: Answers = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    let is_about = |(flight, answer): (&Flight, &StatementAnswer)| {
        answer.sub.as_ref().is_none_or(|sub| *sub == flight.individual.as_str())
    };
    if answers.results.len() != flights.len() || !flights.iter().zip(&answers.results).all(is_about) {
        return Err(unreadable());
    }
    Ok(flights.iter().zip(answers.results).map(|(flight, answer)| answer.end(flight)).collect())
}

impl StatementAnswer {
    fn end(self, flight: &Flight) -> FlightEnd {
        let reason = || {
            let said = self.reason.clone().unwrap_or_default();
            let is_word = !said.is_empty()
                && said.len() <= LONGEST_REASON
                && said.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if is_word { said } else { "refused".to_owned() }
        };
        match self.outcome.as_str() {
            "applied" if self.changed == Some(false) => FlightEnd::Confirmed("unchanged"),
            "applied" => FlightEnd::Confirmed("applied"),
            "no_account" => FlightEnd::Confirmed("no_account"),
            "superseded" if self.version.is_some_and(|theirs| theirs > flight.version) => {
                FlightEnd::Superseded(self.version.unwrap_or_default())
            }
            "refused" if PASSING.contains(&reason().as_str()) => FlightEnd::NotNow(reason()),
            "refused" => FlightEnd::Refused(reason()),
            _ => FlightEnd::NotNow("unreadable".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
