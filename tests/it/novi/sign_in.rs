//! Who it is that comes back from the login, and everything that must not count as that.

use membergate::adapters::ams::catalogue::AmsCatalogue as _;
use membergate::adapters::ams::openid::IdTokenAlgorithm;
use membergate::adapters::ams::{Ams as _, AmsError, ArrivalFault, Keep};
use membergate::adapters::budget::Priority;
use membergate::sim::novi::Endpoint;

use super::*;

#[tokio::test]
async fn a_sign_in_is_two_calls_after_the_first_and_brings_the_record() {
    let world = World::start(&[]).await;
    let record = world.sign_in(DANAS_EMAIL).await.unwrap();
    assert_eq!((record.id.as_str(), record.profile.name.as_str()), (DANA, "Dana Ruiz"));
    let calls = |endpoint| world.sim.control().calls(endpoint);
    let before = (calls(Endpoint::Metadata), calls(Endpoint::Token), calls(Endpoint::Member));
    assert_eq!(before, (1, 1, 1));
    assert_eq!(calls(Endpoint::Jwks), 0, "the secret is the key");
    world.sign_in("marek.holt@acmebuilders.example").await.unwrap();
    let after = (calls(Endpoint::Metadata), calls(Endpoint::Token), calls(Endpoint::Member));
    assert_eq!(after, (1, 2, 2), "the metadata is kept");
    assert_eq!(world.production.calls_of_sign_in(Parts::default()), 2);
}

#[tokio::test]
async fn the_login_works_in_every_position_that_is_believed_possible() {
    for switches in [
        &["issuer_slash=on"][..],
        &["hs256_key=decoded"],
        &["nonce_returned=off"],
        &["pkce=ignored"],
        &["pkce=required"],
        &["token_auth=basic"],
        &["token_auth=post"],
        &["scopes=ignored"],
        &["scopes=strict"],
        &["claims_in_id_token=off"],
        &["email_claim=contact"],
        &["refresh_tokens=on"],
        &["userinfo_member_status=off"],
    ] {
        let world = World::start(switches).await;
        let record = world.sign_in(DANAS_EMAIL).await;
        assert_eq!(record.map(|record| record.id.to_string()), Ok(DANA.to_owned()), "{switches:?}");
    }
    let world = World::with_algorithm(&["id_token_alg=rs256"], IdTokenAlgorithm::Rs256).await;
    assert_eq!(world.sign_in(DANAS_EMAIL).await.unwrap().id.as_str(), DANA);
}

#[tokio::test]
async fn a_token_with_anything_wrong_about_it_shows_nobody() {
    let flaws = [
        "missing",
        "bad_signature",
        "unsigned",
        "other_algorithm",
        "unknown_key",
        "jku",
        "jwk",
        "issuer",
        "audience",
        "two_audiences",
        "nonce",
        "expired",
        "early",
        "no_subject",
    ];
    for (algorithm, name) in [(IdTokenAlgorithm::Hs256, "hs256"), (IdTokenAlgorithm::Rs256, "rs256")] {
        let world = World::with_algorithm(&[&format!("id_token_alg={name}")], algorithm).await;
        world.sign_in(DANAS_EMAIL).await.unwrap();
        for flaw in flaws {
            world.switch(&format!("id_token_flaw={flaw}"));
            let error = world.sign_in(DANAS_EMAIL).await.expect_err(flaw);
            match flaw {
                "nonce" => assert_eq!(error, AmsError::ArrivalRefused),
                _ => assert!(matches!(error, AmsError::Unreadable(_)), "{name}, {flaw}: {error:?}"),
            }
            assert!(!error.to_string().contains(DANA), "{error}");
        }
        // It is about another person: the record that is read is that one's, and there is none.
        world.switch("id_token_flaw=other_subject");
        assert!(matches!(world.sign_in(DANAS_EMAIL).await, Err(AmsError::Unreadable(_))));
        world.switch("id_token_flaw=none");
        world.sign_in(DANAS_EMAIL).await.unwrap();
    }
}

#[tokio::test]
async fn the_algorithm_is_the_configured_one_whatever_metadata_and_token_say() {
    for (configured, of_the_site) in [(IdTokenAlgorithm::Hs256, "rs256"), (IdTokenAlgorithm::Rs256, "hs256")]
    {
        let world = World::with_algorithm(&[&format!("id_token_alg={of_the_site}")], configured).await;
        let error = world.sign_in(DANAS_EMAIL).await.unwrap_err();
        assert!(error.to_string().contains("another algorithm"), "{error}");
    }
}

#[tokio::test]
async fn a_new_key_of_the_site_is_found_once_a_minute() {
    let world = World::with_algorithm(&["id_token_alg=rs256"], IdTokenAlgorithm::Rs256).await;
    world.sign_in(DANAS_EMAIL).await.unwrap();
    world.switch("signing_key=2");
    // The keys were read just now, so they are not asked for again yet.
    assert!(world.sign_in(DANAS_EMAIL).await.is_err());
    assert_eq!(world.sim.control().calls(Endpoint::Jwks), 1);
}

#[tokio::test]
async fn once_a_nonce_came_back_it_must_come_back() {
    let world = World::start(&[]).await;
    world.sign_in(DANAS_EMAIL).await.unwrap();
    world.switch("nonce_returned=off");
    assert_eq!(world.sign_in(DANAS_EMAIL).await, Err(AmsError::ArrivalRefused));
}

#[tokio::test]
async fn a_code_is_good_once_and_only_with_what_its_own_browser_kept() {
    let world = World::start(&[]).await;
    let (mine, other) = (world.begin().await, world.begin().await);
    let parameters = world.come_back(&mine.location, DANAS_EMAIL).await;
    // Another browser's secrets: the verifier does not fit.
    assert_eq!(world.redeem(&parameters, &other.keep).await, Err(AmsError::ArrivalRefused));
    let parameters = world.come_back(&mine.location, DANAS_EMAIL).await;
    world.redeem(&parameters, &mine.keep).await.unwrap();
    assert_eq!(world.redeem(&parameters, &mine.keep).await, Err(AmsError::ArrivalRefused), "used before");
    // Where the site does not look at the verifier, the nonce tells.
    world.switch("pkce=ignored");
    let parameters = world.come_back(&mine.location, DANAS_EMAIL).await;
    assert_eq!(world.redeem(&parameters, &other.keep).await, Err(AmsError::ArrivalRefused));
}

#[tokio::test]
async fn a_code_of_another_client_or_another_site_shows_nobody() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    // Another client's code is one that this site's client is not given a token for.
    let foreign = "code=00000000000000000000000000000000&state=the-state";
    assert_eq!(world.redeem(foreign, &start.keep).await, Err(AmsError::ArrivalRefused));
    // What was begun at one site opens at no other.
    let parameters = world.come_back(&start.location, DANAS_EMAIL).await;
    let at_staging = world.staging.arrival(&parameters, &start.keep);
    assert_eq!(at_staging.unwrap_err(), ArrivalFault::MixedUp);
    let foreign = Keep::new("remembers", "production", "");
    assert_eq!(world.production.arrival(&parameters, &foreign).unwrap_err(), ArrivalFault::MixedUp);
    let of_nobody = Keep::new("novi", "production", "");
    assert_eq!(world.production.arrival(&parameters, &of_nobody).unwrap_err(), ArrivalFault::MixedUp);
}

#[tokio::test]
async fn a_return_that_is_not_what_the_site_sends_is_told_apart() {
    let world = World::start(&[]).await;
    let keep = world.begin().await.keep;
    let base = world.sim.base_url();
    let whole = "code=abc&state=the-state";
    let (own, foreign) = (format!("{whole}&iss={base}"), format!("{whole}&iss=https://elsewhere.example"));
    assert!(world.production.arrival(whole, &keep).is_ok() && world.production.arrival(&own, &keep).is_ok());
    for (parameters, fault) in [
        ("state=the-state", ArrivalFault::Missing),
        ("code=a&code=b&state=s", ArrivalFault::Doubled),
        ("code=&state=s", ArrivalFault::Malformed),
        ("code=%0a&state=s", ArrivalFault::Malformed),
        ("error=access_denied&code=a", ArrivalFault::Malformed),
        ("error=a&error=b", ArrivalFault::Doubled),
        ("error=access_denied&state=s", ArrivalFault::NotPermitted),
        ("error=server_error&state=s", ArrivalFault::LoginFailed),
        (foreign.as_str(), ArrivalFault::MixedUp),
    ] {
        assert_eq!(world.production.arrival(parameters, &keep).unwrap_err(), fault, "{parameters}");
    }
    let long = format!("code={}&state=s", "x".repeat(5000));
    assert_eq!(world.production.arrival(&long, &keep).unwrap_err(), ArrivalFault::Malformed);
}

#[tokio::test]
async fn metadata_that_leads_elsewhere_is_not_followed() {
    for switch in [
        "issuer_answered=https://elsewhere.example",
        "token_endpoint_answered=https://elsewhere.example/oauth/token",
        "token_endpoint_answered=http://127.0.0.1.evil.example/oauth/token",
    ] {
        let world = World::start(&[switch]).await;
        let callback = Url::parse(CALLBACK).unwrap();
        let error = world.production.begin(&callback, "the-state").await.unwrap_err();
        assert!(matches!(error, AmsError::AddressRefused(_)), "{switch}: {error:?}");
        assert!(world.production.status().last_failure.is_some());
    }
}

#[tokio::test]
async fn whoever_has_to_wait_waits_as_the_person_that_the_code_showed() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    let parameters = world.come_back(&start.location, DANAS_EMAIL).await;
    let arrival = world.production.arrival(&parameters, &start.keep).unwrap();
    let waits = world.production.before_wait(arrival).await.unwrap();
    assert!(waits.is_verified && waits.claimed.as_ref().is_some_and(|id| id.as_str() == DANA));
    let record = world.production.redeem(&waits, everything(), Priority::Person).await.unwrap().record;
    assert_eq!(record.id.as_str(), DANA);
    assert_eq!(world.sim.control().calls(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_sign_in_whose_record_could_not_be_read_needs_no_second_code() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    let parameters = world.come_back(&start.location, DANAS_EMAIL).await;
    let arrival = world.production.arrival(&parameters, &start.keep).unwrap();
    world.switch("missing_endpoints=member");
    assert!(world.production.redeem(&arrival, everything(), Priority::Person).await.is_err());
    world.switch("missing_endpoints=off");
    let waits = world.production.before_wait(arrival).await.unwrap();
    assert_eq!(waits.claimed.unwrap().as_str(), DANA);
    assert_eq!(world.sim.control().calls(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_login_page_leads_to_the_site_and_carries_no_secret_of_ours() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    let query: std::collections::BTreeMap<_, _> = start.location.query_pairs().collect();
    assert_eq!((query["response_type"].as_ref(), query["state"].as_ref()), ("code", "the-state"));
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["redirect_uri"], CALLBACK);
    assert_eq!(query["scope"], "openid profile email");
    let secrets = start.keep.secrets("novi", "production").unwrap();
    let verifier = secrets.split(' ').nth(1).unwrap();
    assert!(!start.location.as_str().contains(verifier));
    assert_eq!(world.production.logout(None, "https://www.acme.example/").path(), "/log-out");
}
