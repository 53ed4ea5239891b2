//! What a WordPress is told, and what its answers mean.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;

use super::*;
use crate::adapters::ams::kinds::Kind;
use crate::domain::access::Standing;
use crate::domain::client::Algorithm;
use crate::domain::record::{IndividualId, Profile, Record};
use crate::domain::roles::{Decision, RoleDoubt};
use crate::domain::rule::Rules;

struct Ground(Arc<Signer>);

impl StatementGround for Ground {
    fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.0)
    }

    fn managed(&self) -> ManagedRolesClaim {
        ManagedRolesClaim::List(vec![role("member")])
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

fn wordpress() -> WordPress {
    let signer = Signer::from_stored(&Signer::generate(Algorithm::EdDsa, at(0), at(0)).unwrap()).unwrap();
    let url = Url::parse("https://library.example/people").unwrap();
    let endpoint = PeopleEndpoint { url, create: false };
    let origin = "https://library.example".to_owned();
    WordPress::new("library".into(), origin, endpoint, Arc::new(Ground(Arc::new(signer)))).unwrap()
}

fn standing(roles: &[&str], member: bool) -> Standing {
    Standing {
        id: IndividualId::parse("b3a1").unwrap(),
        profile: Profile { name: "Jane".to_owned(), ..Profile::default() },
        unread: BTreeSet::new(),
        decision: Decision {
            admitted: true,
            member,
            roles: roles.iter().map(|name| role(name)).collect(),
            membership_type: member.then(|| "Gold".to_owned()),
            membership_code: None,
            membership_expires: None,
            holds_until: None,
            trace: Vec::new(),
            warnings: Vec::new(),
        },
    }
}

fn rules() -> Rules {
    let text = r#"
time_zone = "UTC"
member = "member"
non_member = "non_member"

[[rule]]
role = "chair"
when = [{ committee = "EDU" }]
"#;
    crate::adapters::rules_file::parse(text).unwrap()
}

/// Somebody whose committees were not read.
fn record() -> Record {
    let individual = serde_json::json!({ "individual": { "id": "b3a1" } });
    let record = Kind::default().record(individual.as_object().unwrap().clone(), at(0)).unwrap();
    Record { committees: None, ..record }
}

/// What the mapping leaves open about that person.
fn open() -> RoleDoubt {
    let doubt = crate::domain::roles::doubt(&record(), &rules(), at(0));
    assert!(doubt.is_about(&role("chair")) && !doubt.is_about(&role("member")));
    doubt
}

fn desired(standing: &Standing, doubt: &RoleDoubt, before: Option<&State>, now: Timestamp) -> Option<State> {
    let (rules, ends) = (rules(), BTreeMap::from([(role("member"), at(100))]));
    let about = AboutPerson { record: &record(), standing, rules: &rules, doubt, ends: &ends, before, now };
    wordpress().desired(&about).state
}

fn roles_of(state: &State) -> Vec<String> {
    ToldState::before(state).unwrap().0.roles
}

#[test]
fn what_is_desired_is_what_an_assertion_says() {
    let known = RoleDoubt::default();
    let state = desired(&standing(&["member", "chair"], true), &known, None, at(0)).unwrap();
    assert_eq!(roles_of(&state), ["chair", "member"]);
    let holds = Holdings::from([("chair".to_owned(), None), ("member".to_owned(), Some(at(100)))]);
    assert_eq!(state.holds(), Some(&holds), "with the date that takes it away");
    let other = desired(&standing(&["non_member"], false), &known, None, at(0)).unwrap();
    assert_eq!((roles_of(&other), other.holds_something()), (vec!["non_member".to_owned()], false));
    let mut refused = standing(&[], false);
    refused.decision.admitted = false;
    assert_eq!(desired(&refused, &known, Some(&state), at(0)), Some(State::Removed));
}

#[test]
fn nothing_is_taken_because_it_is_not_known_and_a_known_lapse_is() {
    let before = desired(&standing(&["member", "chair"], true), &RoleDoubt::default(), None, at(0)).unwrap();
    let member = standing(&["member"], true);
    assert_eq!(desired(&member, &open(), None, at(1)), None, "there is nothing to go by");
    let kept = desired(&member, &open(), Some(&before), at(1)).unwrap();
    assert_eq!(roles_of(&kept), ["chair", "member"]);
    assert!(kept.says_as(&before));
    let lapsed = desired(&standing(&["non_member"], false), &open(), Some(&before), at(1)).unwrap();
    assert_eq!(roles_of(&lapsed), ["chair", "non_member"], "that the membership is over is known");
    // The term of the chair ends by a known date.
    let State::Present { said, holds } = &before else { panic!() };
    let mut holds = holds.clone();
    holds.insert("chair".to_owned(), Some(at(50)));
    let dated = State::Present { said: said.clone(), holds };
    assert_eq!(roles_of(&desired(&member, &open(), Some(&dated), at(49)).unwrap()), ["chair", "member"]);
    assert_eq!(roles_of(&desired(&member, &open(), Some(&dated), at(50)).unwrap()), ["member"]);
}

fn flight(state: State) -> Flight {
    Flight { individual: IndividualId::parse("b3a1").unwrap(), fence: 1, version: 7, state }
}

fn claims(state: State) -> (Value, Value) {
    let statement = wordpress().statement(&flight(state), at(0)).unwrap();
    let mut parts = statement.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}

#[test]
fn a_statement_has_a_type_of_its_own_and_lives_for_a_minute() {
    let state = desired(&standing(&["member"], true), &RoleDoubt::default(), None, at(0)).unwrap();
    let (header, claims_of) = claims(state);
    assert_eq!((&header["typ"], &header["alg"]), (&STATEMENT.into(), &"EdDSA".into()));
    for (name, value) in [
        ("iss", Value::from("https://library.example")),
        ("aud", "library".into()),
        ("sub", "b3a1".into()),
        ("iat", 1_800_000_000.into()),
        ("exp", 1_800_000_060.into()),
        ("version", 7.into()),
        ("state", "present".into()),
        ("create", false.into()),
        ("name", "Jane".into()),
        ("roles", vec!["member"].into()),
        ("managed_roles", vec!["member"].into()),
        ("membership_type", "Gold".into()),
    ] {
        assert_eq!(claims_of[name], value, "{name}");
    }
    let (_, removed) = claims(State::Removed);
    assert_eq!((&removed["state"], &removed["roles"]), (&"removed".into(), &Value::Array(vec![])));
    assert!(removed.get("name").is_none() && removed.get("member").is_none(), "{removed}");
}

fn answered(status: u16, body: &str) -> Result<Vec<FlightEnd>, SendFailure> {
    let headers = HeaderMap::from_iter([(RETRY_AFTER, "30".parse().unwrap())]);
    let status = StatusCode::from_u16(status).unwrap();
    let answer = HttpAnswer { status, headers, body: body.to_owned().into() };
    read_answer(answer, &[flight(State::Removed)])
}

#[test]
fn each_answer_means_what_the_protocol_says() {
    let of = |answer: &str| answered(200, &format!(r#"{{"results":[{answer}]}}"#)).unwrap().remove(0);
    for (answer, end) in [
        (r#"{"outcome":"applied","changed":true}"#, FlightEnd::Confirmed("applied")),
        (r#"{"outcome":"applied","changed":false}"#, FlightEnd::Confirmed("unchanged")),
        (r#"{"outcome":"no_account","sub":"b3a1"}"#, FlightEnd::Confirmed("no_account")),
        (r#"{"outcome":"superseded","version":9}"#, FlightEnd::Superseded(9)),
        (r#"{"outcome":"superseded","version":7}"#, FlightEnd::NotNow("unreadable".to_owned())),
        (r#"{"outcome":"refused","reason":"busy"}"#, FlightEnd::NotNow("busy".to_owned())),
        (r#"{"outcome":"refused","reason":"email_taken"}"#, FlightEnd::Refused("email_taken".to_owned())),
        (r#"{"outcome":"refused","reason":"jane@people.example"}"#, FlightEnd::Refused("refused".to_owned())),
        (r#"{"outcome":"?"}"#, FlightEnd::NotNow("unreadable".to_owned())),
    ] {
        assert_eq!(of(answer), end, "{answer}");
    }
    let asked = Some(Duration::from_secs(30));
    let expected = SendFailure::Failed { said: "status 503".to_owned(), retry_after: asked };
    assert_eq!(answered(503, ""), Err(expected));
    assert_eq!(answered(413, ""), Err(SendFailure::TooLarge));
    let about_another = r#"{"results":[{"outcome":"applied","sub":"c4b2"}]}"#;
    for body in ["", r#"{"results":[]}"#, about_another] {
        assert!(matches!(answered(200, body), Err(SendFailure::Failed { .. })), "{body}");
    }
}
