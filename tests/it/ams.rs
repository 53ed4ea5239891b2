//! The re:Members client against the simulated re:Members, which shares no type with it.
#![expect(clippy::unwrap_used, reason = "a world that cannot be built stops the test")]

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use membergate::adapters::ams::allowed_hosts::AllowedHosts;
use membergate::adapters::ams::catalogue::AmsCatalogue as _;
use membergate::adapters::ams::re_members::{Credentials, Environment, Portal, ReMembers};
use membergate::adapters::ams::{Ams, AmsError, ArrivalFault};
use membergate::adapters::budget::{Budget, MemoryLedger, Priority};
use membergate::adapters::clock::SystemClock;
use membergate::adapters::http::{HttpClient, HttpLimits};
use membergate::domain::budget::Rate;
use membergate::domain::record::{Codes, IndividualId, Parts, Record};
use membergate::sim::people::Environment as SimulatedEnvironment;
use membergate::sim::re_members::{self as sim, Endpoint, Scope, Simulator};
use membergate::sim::switches::Fault;
use url::Url;

const JANE: &str = "b3a1c0de-0001-4222-8333-444455550001";
const EVERYTHING: Parts = Parts {
    security_roles: true,
    custom_fields: true,
    committees: true,
    registrations: true,
    purchases: true,
    certifications: true,
    relationships: true,
    groups: false,
    seats: Codes::All,
    events: Codes::All,
    products: Codes::All,
};

/// A simulator and a client for each environment.
pub struct World {
    pub sim: Simulator,
    pub production: ReMembers,
    staging: ReMembers,
}

impl World {
    /// A simulator without its rate limit, and clients that hurry.
    pub async fn start() -> World {
        let world = World::start_with(Rate::new(1_000, 100_000)).await;
        world.switch("rate_limit=off");
        world
    }

    async fn start_with(rate: Rate) -> World {
        let sim = Simulator::start(sim::Settings::demo()).await.unwrap();
        let budget = Arc::new(Budget::new(rate, Arc::<MemoryLedger>::default(), Arc::new(SystemClock)));
        let http = HttpLimits { total: Duration::from_secs(5), ..HttpLimits::default() };
        let http = HttpClient::new(http).unwrap();
        let client = |name: &str, portal: String, of| {
            let environment = environment(name, &sim, &portal, of);
            ReMembers::new(environment, http.clone(), Arc::clone(&budget), Arc::new(SystemClock))
        };
        let base = sim.base_url();
        let production = client("production", base.clone(), SimulatedEnvironment::Production);
        let staging = client("staging", format!("{base}/staging"), SimulatedEnvironment::Staging);
        World { sim, production, staging }
    }

    pub fn switch(&self, assignment: &str) {
        self.sim.control().set_switch(assignment).unwrap();
    }

    fn token(&self) -> String {
        self.sim.control().issue_sso(SimulatedEnvironment::Production, JANE).unwrap()
    }

    async fn sign_in(&self, token: &str, parts: Parts) -> Result<Record, AmsError> {
        redeem(&self.production, token, parts).await
    }
}

pub fn environment(name: &str, sim: &Simulator, portal: &str, of: SimulatedEnvironment) -> Environment {
    let sim::Credentials { app_name, app_key, app_id, app_password, user_email, user_password } =
        sim::Credentials::demo(of);
    Environment {
        name: name.into(),
        canary: None,
        discovery_url: Url::parse(&format!("{}/Api/v1/WebApiUrl", sim.base_url())).unwrap(),
        portal: Portal::at(Url::parse(portal).unwrap()),
        allowed_hosts: AllowedHosts::parse(&[sim.address().to_string()], true).unwrap(),
        credentials: Credentials {
            app_name: app_name.into(),
            app_key: app_key.into(),
            app_id: Some(app_id.into()),
            app_password: Some(app_password.into()),
            user_email: user_email.into(),
            user_password: user_password.into(),
        },
    }
}

async fn redeem(ams: &ReMembers, token: &str, parts: Parts) -> Result<Record, AmsError> {
    let home = Url::parse("https://www.acme.example/").unwrap();
    let keep = ams.begin(&home, "x").await.unwrap().keep;
    let arrival = ams.arrival(&format!("state=x&UserId={JANE}&sso={token}"), &keep).unwrap();
    Ok(ams.redeem(&arrival, parts, Priority::Person).await?.record)
}

#[tokio::test]
async fn a_token_brings_the_whole_record_of_its_holder() {
    let world = World::start().await;
    let record = world.sign_in(&world.token(), EVERYTHING).await.unwrap();
    assert_eq!((record.id.as_str(), record.profile.record_number.as_deref()), (JANE, Some("100481")));
    assert_eq!(record.is_approved, Some(true));
    assert_eq!(record.memberships[0].code.as_deref(), Some("INDIV"));
    let seats = record.committees.as_ref().unwrap();
    assert!(seats.iter().any(|seat| seat.committee == "EDU" && seat.position.as_deref() == Some("CHAIR")));
    assert_eq!(record.warnings, Vec::new());

    let id = IndividualId::parse(JANE).unwrap();
    let again = world.production.read(&id, EVERYTHING, Priority::Refresh).await.unwrap().unwrap();
    // The list with an entry has a second page for all that a sign-in knows; here it was read to its end.
    assert!(again.has_all(&EVERYTHING) && !record.has_all(&EVERYTHING));
    assert_eq!(
        Record { confirmed: record.confirmed.clone(), partly: record.partly.clone(), ..again },
        record
    );
}

#[tokio::test]
async fn lists_come_whole_however_a_tenant_ends_them() {
    let world = World::start().await;
    world.switch("page_size=1");
    let id = IndividualId::parse(JANE).unwrap();
    let read = async || world.production.read(&id, EVERYTHING, Priority::Refresh).await.unwrap().unwrap();
    let whole = read().await;
    assert!(whole.has_all(&EVERYTHING));
    for end in ["empty_list", "no_content", "not_found", "bad_request"] {
        world.switch(&format!("end_of_list={end}"));
        for body in ["json_string", "object", "text", "empty"] {
            world.switch(&format!("error_body={body}"));
            let record = read().await;
            assert_eq!(Record { confirmed: whole.confirmed.clone(), ..record }, whole, "{end}, {body}");
        }
    }
}

#[tokio::test]
async fn a_bad_token_is_the_visitors_fault_however_a_tenant_says_so() {
    let world = World::start().await;
    for shape in ["empty_list", "null_list", "unauthorized", "not_found", "bad_request", "no_content"] {
        world.switch(&format!("invalid_sso={shape}"));
        let forged = world.sign_in("11111111-2222-4333-8444-555555555555", EVERYTHING).await;
        assert_eq!(forged, Err(AmsError::ArrivalRefused), "{shape}");
        assert!(world.sign_in(&world.token(), Parts::default()).await.is_ok(), "{shape}");
    }
}

#[tokio::test]
async fn a_token_that_was_looked_up_once_may_be_worth_nothing() {
    let world = World::start().await;
    world.switch("sso_use=once");
    let token = world.token();
    assert!(world.sign_in(&token, Parts::default()).await.is_ok());
    assert_eq!(world.sign_in(&token, Parts::default()).await, Err(AmsError::ArrivalRefused));
}

#[tokio::test]
async fn tokens_that_the_ams_ended_are_renewed_unnoticed() {
    let world = World::start().await;
    for rotation in ["off", "on"] {
        world.switch(&format!("rotation_revokes={rotation}"));
        world.sim.control().revoke_app_tokens();
        assert!(world.sign_in(&world.token(), EVERYTHING).await.is_ok());
        world.sim.control().advance(SignedDuration::from_hours(25));
        assert!(world.sign_in(&world.token(), EVERYTHING).await.is_ok());
    }
    assert!(world.sim.control().calls(Endpoint::Authenticate) <= 5);
}

#[tokio::test]
async fn every_spelling_of_the_base_address_is_understood() {
    for (port, slash) in [("on", "on"), ("on", "off"), ("off", "on"), ("off", "off")] {
        let world = World::start().await;
        world.switch(&format!("base_uri_port={port}"));
        world.switch(&format!("base_uri_slash={slash}"));
        assert!(world.sign_in(&world.token(), Parts::default()).await.is_ok(), "port {port}, slash {slash}");
    }
}

#[tokio::test]
async fn every_fault_is_an_error_and_passes_when_it_ends() {
    let faults = [
        Fault::ServerError,
        Fault::Unavailable,
        Fault::HtmlOk,
        Fault::NoContent,
        Fault::Unauthorized,
        Fault::TooMany,
        Fault::TruncatedJson,
        Fault::HalfClosed,
        Fault::Closed,
        Fault::Hang,
    ];
    let world = World::start().await;
    let id = IndividualId::parse(JANE).unwrap();
    for fault in faults {
        world.sim.control().update_switches(|switches| {
            (switches.fault, switches.fault_on) = (fault, Scope::Only(Endpoint::Profile));
        });
        let outcome = world.production.read(&id, Parts::default(), Priority::Refresh).await;
        let error = outcome.expect_err("a fault gives no record");
        assert!(!matches!(error, AmsError::ArrivalRefused | AmsError::Busy), "{fault:?}: {error:?}");
        world.sim.control().update_switches(|switches| switches.fault = Fault::None);
        let outcome = world.production.read(&id, Parts::default(), Priority::Refresh).await;
        assert!(outcome.unwrap().is_some(), "after {fault:?}");
    }
}

#[tokio::test]
async fn somebody_who_was_removed_is_no_longer_there() {
    let world = World::start().await;
    let id = IndividualId::parse(JANE).unwrap();
    assert!(world.production.read(&id, Parts::default(), Priority::Sweep).await.unwrap().is_some());
    world.sim.control().remove_person(JANE);
    assert_eq!(world.production.read(&id, Parts::default(), Priority::Sweep).await, Ok(None));
}

#[tokio::test]
async fn a_token_of_production_is_worth_nothing_in_staging() {
    let world = World::start().await;
    let token = world.token();
    assert_eq!(redeem(&world.staging, &token, Parts::default()).await, Err(AmsError::ArrivalRefused));
    assert!(redeem(&world.production, &token, Parts::default()).await.is_ok());
    assert_eq!((world.production.probe().await, world.staging.probe().await), (Ok(()), Ok(())));
    assert!(
        world
            .staging
            .logout(None, "https://www.acme.example/_gate/slo")
            .as_str()
            .ends_with("/staging/account/logout.aspx")
    );
}

#[tokio::test]
async fn a_return_from_the_login_of_the_other_environment_is_refused_before_anybody_is_asked() {
    let world = World::start().await;
    let callback = Url::parse("https://www.acme.example/_gate/callback").unwrap();
    let parameters = format!("state=x&UserId={JANE}&sso={}", world.token());
    let keep = world.staging.begin(&callback, "x").await.unwrap().keep;
    assert_eq!(world.production.arrival(&parameters, &keep).unwrap_err(), ArrivalFault::MixedUp);
    assert!(world.staging.arrival(&parameters, &keep).is_ok());
    assert_eq!(world.sim.control().api_calls(), 0);
}

#[tokio::test]
async fn a_rush_of_sign_ins_never_meets_the_rate_limit() {
    let world = World::start_with(Rate::new(3, 60)).await;
    let mut sign_ins = tokio::task::JoinSet::new();
    let production = Arc::new(world.production);
    for _ in 0..10 {
        let token = world.sim.control().issue_sso(SimulatedEnvironment::Production, JANE).unwrap();
        let production = Arc::clone(&production);
        sign_ins.spawn(async move { redeem(&production, &token, Parts::default()).await });
    }
    let outcomes = sign_ins.join_all().await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!((world.sim.control().rate_limited(), world.sim.control().api_calls()), (0, 12));
}
