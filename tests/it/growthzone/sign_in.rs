//! Who it is that comes back from the login, and everything that must not count as that.

use membergate::adapters::ams::catalogue::AmsCatalogue as _;
use membergate::adapters::ams::{Ams as _, AmsError, ArrivalFault, Keep};
use membergate::sim::growthzone::Endpoint;

use super::*;

#[tokio::test]
async fn a_sign_in_is_a_handful_of_calls_and_brings_the_record() {
    let world = World::start(&[]).await;
    let LoginStart { location, keep } = world.begin().await;
    let parameters = world.come_back(&location, "druiz").await;
    let arrival = world.client.arrival(&parameters, &keep).unwrap();
    let proven = world.client.redeem(&arrival, Parts::default(), Priority::Person).await.unwrap();
    let record = proven.record;
    assert_eq!((record.id.as_str(), record.profile.name.as_str()), (DANA, "Dana Ruiz"));
    let counted = [
        Endpoint::Token,
        Endpoint::Userinfo,
        Endpoint::AboutMe,
        Endpoint::Person,
        Endpoint::ContactMemberships,
    ];
    assert_eq!(counted.map(|endpoint| world.calls(endpoint)), [1; 5]);
    let kept = [Endpoint::Metadata, Endpoint::Jwks];
    assert_eq!(kept.map(|endpoint| world.calls(endpoint)), [1; 2]);
    world.sign_in("mholt").await.unwrap();
    assert_eq!(kept.map(|endpoint| world.calls(endpoint)), [1; 2], "both are kept");
    assert_eq!(world.client.calls_of_sign_in(Parts::default()), 6);
}

#[tokio::test]
async fn the_login_works_in_every_position_that_is_believed_possible() {
    for switches in [
        &["nonce_returned=off"][..],
        &["pkce=ignored"],
        &["pkce=checked"],
        &["pkce=required"],
        &["token_auth=basic"],
        &["token_auth=post"],
        &["claim_case=lower"],
        &["claim_case=upper"],
        &["userinfo_email=off"],
        &["userinfo_mem_types=off"],
        &["userinfo_contact_id=off"],
        &["aboutme_contact_id=off"],
        &["userinfo_contact_id=off", "aboutme_contact_id=off"],
        &["missing_endpoints=about_me"],
        &["missing_endpoints=about_me,claims"],
        &["id_token_flaw=missing"],
        &["consent=off"],
        &["refresh_tokens=off"],
        &["response_mode=query"],
        &["bearer_reads_others=off"],
        &["signing_key=2"],
        &["subject_version=2"],
        &["empty_strings=off", "date_sentinel=off"],
        &["lists=bare"],
        &["total=off"],
    ] {
        let world = World::start(switches).await;
        let record = world.sign_in("druiz").await;
        assert_eq!(record.map(|record| record.id.to_string()), Ok(DANA.to_owned()), "{switches:?}");
    }
}

#[tokio::test]
async fn a_token_with_anything_wrong_about_it_shows_nobody() {
    let world = World::start(&[]).await;
    world.sign_in("druiz").await.unwrap();
    for flaw in [
        // Once a nonce has come back, an ID token has to come.
        "missing",
        "bad_signature",
        "unsigned",
        // HS256, keyed by the public key.
        "other_algorithm",
        "unknown_key",
        // The key is where the token says, or in the token itself.
        "jku",
        "jwk",
        "issuer",
        "audience",
        "two_audiences",
        "nonce",
        "expired",
        "early",
        "no_subject",
        "other_subject",
    ] {
        world.switch(&format!("id_token_flaw={flaw}"));
        let error = world.sign_in("druiz").await.expect_err(flaw);
        match flaw {
            "nonce" => assert_eq!(error, AmsError::ArrivalRefused),
            // Userinfo is about another.
            "other_subject" => assert_eq!(error, AmsError::OtherPerson),
            _ => assert!(matches!(error, AmsError::Unreadable(_)), "{flaw}: {error:?}"),
        }
        assert!(!error.to_string().contains(DANA), "{error}");
    }
    assert_eq!(world.calls(Endpoint::OtherKeys), 0, "no token says where its key is");
    world.switch("id_token_flaw=none");
    world.sign_in("druiz").await.unwrap();
}

#[tokio::test]
async fn contact_ids_that_disagree_show_nobody_and_without_any_there_is_nobody() {
    let world = World::start(&["contact_ids_agree=off"]).await;
    assert_eq!(world.sign_in("druiz").await, Err(AmsError::OtherPerson));
    let world = World::start(&["userinfo_contact_id=off", "missing_endpoints=about_me,claims"]).await;
    assert!(matches!(world.sign_in("druiz").await, Err(AmsError::Unreadable(_))));
    // Neither ID token nor userinfo: a token alone proves nobody.
    let world = World::start(&["id_token_flaw=missing", "missing_endpoints=userinfo"]).await;
    let error = world.sign_in("druiz").await;
    assert!(
        matches!(error, Err(AmsError::Unreadable(_))) || error.is_ok_and(|record| record.id.as_str() == DANA)
    );
}

#[tokio::test]
async fn an_organization_is_nobody_who_signs_in() {
    let world = World::start(&[]).await;
    let login = membergate::sim::growthzone::people::Login { username: "acme".into(), ..Default::default() };
    assert!(world.sim.control().edit_contact(ACME, |contact| contact.login = Some(login)));
    assert!(matches!(world.sign_in("acme").await, Err(AmsError::Unreadable(_))));
    assert_eq!(world.try_read(ACME).await, Ok(None));
}

#[tokio::test]
async fn a_nonce_is_required_where_the_configuration_says_so_and_once_it_came_back() {
    let world = World::with(&["nonce_returned=off"], |host| host.nonce_required = true).await;
    assert_eq!(world.sign_in("druiz").await, Err(AmsError::ArrivalRefused));
    let world = World::with(&["id_token_flaw=missing"], |host| host.nonce_required = true).await;
    assert!(world.sign_in("druiz").await.is_err());
    let world = World::start(&[]).await;
    world.sign_in("druiz").await.unwrap();
    world.switch("nonce_returned=off");
    assert_eq!(world.sign_in("druiz").await, Err(AmsError::ArrivalRefused));
}

#[tokio::test]
async fn a_new_key_is_looked_for_once_a_minute() {
    let world = World::start(&[]).await;
    world.sign_in("druiz").await.unwrap();
    world.switch("signing_key=2");
    // The keys were read just now, so they are not asked for again yet.
    assert!(world.sign_in("druiz").await.is_err());
    assert_eq!(world.calls(Endpoint::Jwks), 1);
}

#[tokio::test]
async fn a_code_is_good_once_and_only_with_what_its_own_browser_kept() {
    let world = World::start(&["pkce=checked"]).await;
    let (mine, other) = (world.begin().await, world.begin().await);
    let parameters = world.come_back(&mine.location, "druiz").await;
    assert_eq!(world.redeem(&parameters, &other.keep).await, Err(AmsError::ArrivalRefused), "the verifier");
    let parameters = world.come_back(&mine.location, "druiz").await;
    world.redeem(&parameters, &mine.keep).await.unwrap();
    assert_eq!(world.redeem(&parameters, &mine.keep).await, Err(AmsError::ArrivalRefused), "used before");
    world.switch("pkce=ignored");
    let parameters = world.come_back(&mine.location, "druiz").await;
    assert_eq!(world.redeem(&parameters, &other.keep).await, Err(AmsError::ArrivalRefused), "the nonce");
    let foreign = "code=00000000000000000000000000000000&state=the-state";
    assert_eq!(world.redeem(foreign, &mine.keep).await, Err(AmsError::ArrivalRefused), "of nobody");
}

#[tokio::test]
async fn a_code_of_another_client_shows_nobody_even_where_the_login_takes_it() {
    let world = World::start(&[]).await;
    // Somebody else's website sends its own visitor to the login, with what our login's address has, and brings the code here.
    let other_client = |location: &Url| {
        let mut location = location.clone();
        let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
        location.query_pairs_mut().clear().extend_pairs(pairs.iter().map(|(name, value)| {
            (name.as_str(), if name == "client_id" { "another-client" } else { value.as_str() })
        }));
        location
    };
    let mine = world.begin().await;
    let parameters = world.come_back(&other_client(&mine.location), "druiz").await;
    assert_eq!(world.redeem(&parameters, &mine.keep).await, Err(AmsError::ArrivalRefused));
    // Then the token is for the other client.
    world.switch("code_client=off");
    let parameters = world.come_back(&other_client(&mine.location), "druiz").await;
    let error = world.redeem(&parameters, &mine.keep).await.unwrap_err();
    assert!(error.to_string().contains("for another client"), "{error}");
    let parameters = world.come_back(&mine.location, "druiz").await;
    world.redeem(&parameters, &mine.keep).await.unwrap();
}

#[tokio::test]
async fn a_return_that_is_not_what_the_ams_sends_is_told_apart() {
    let world = World::start(&[]).await;
    let keep = world.begin().await.keep;
    let base = world.sim.base_url();
    let whole = "code=abc&state=the-state";
    let (own, foreign) = (format!("{whole}&iss={base}/"), format!("{whole}&iss={base}"));
    assert!(world.client.arrival(whole, &keep).is_ok() && world.client.arrival(&own, &keep).is_ok());
    for (parameters, fault) in [
        ("state=the-state", ArrivalFault::Missing),
        ("code=a&code=b&state=s", ArrivalFault::Doubled),
        ("code=&state=s", ArrivalFault::Malformed),
        ("error=access_denied&code=a", ArrivalFault::Malformed),
        ("errorCode=access_denied&code=a", ArrivalFault::Malformed),
        ("error=a&errorCode=b", ArrivalFault::Doubled),
        ("error=access_denied&state=s", ArrivalFault::NotPermitted),
        ("errorCode=access_denied&state=s", ArrivalFault::NotPermitted),
        ("errorCode=server_error&state=s", ArrivalFault::LoginFailed),
        // The issuer has a slash at its end.
        (foreign.as_str(), ArrivalFault::MixedUp),
    ] {
        assert_eq!(world.client.arrival(parameters, &keep).unwrap_err(), fault, "{parameters}");
    }
    for keep in [Keep::new("novi", "production", "a b c"), Keep::new("growthzone", "staging", "a b c")] {
        assert_eq!(world.client.arrival(whole, &keep).unwrap_err(), ArrivalFault::MixedUp);
    }
}

#[tokio::test]
async fn metadata_that_leads_elsewhere_is_not_followed() {
    for switch in [
        "issuer_answered=https://elsewhere.example/",
        "token_endpoint_answered=https://elsewhere.example/oauth/token",
        "token_endpoint_answered=http://127.0.0.1.evil.example/oauth/token",
    ] {
        let world = World::start(&[switch]).await;
        let error = world.client.begin(&Url::parse(CALLBACK).unwrap(), "the-state").await.unwrap_err();
        assert!(matches!(error, AmsError::AddressRefused(_)), "{switch}: {error:?}");
        assert!(world.client.status().last_failure.is_some());
    }
    // To the character: the same issuer without its slash is another.
    let world = World::start(&[]).await;
    world.switch(&format!("issuer_answered={}", world.sim.base_url()));
    assert!(world.client.begin(&Url::parse(CALLBACK).unwrap(), "the-state").await.is_err());
}

#[tokio::test]
async fn whoever_waits_or_is_put_off_needs_no_second_code() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    let parameters = world.come_back(&start.location, "druiz").await;
    let arrival = world.client.arrival(&parameters, &start.keep).unwrap();
    world.switch("missing_endpoints=person");
    assert!(world.client.redeem(&arrival, everything(), Priority::Person).await.is_err());
    world.switch("missing_endpoints=off");
    let waits = world.client.before_wait(arrival).await.unwrap();
    assert!(waits.is_verified && waits.claimed.as_ref().is_some_and(|id| id.as_str() == DANA));
    let proven = world.client.redeem(&waits, everything(), Priority::Person).await.unwrap();
    assert_eq!((proven.record.id.as_str(), world.calls(Endpoint::Token)), (DANA, 1));
    assert!(proven.logout_hint.is_some(), "the ID token waits too");
}

#[tokio::test]
async fn a_login_page_leads_to_the_host_and_carries_no_secret_of_ours() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    let query: std::collections::BTreeMap<_, _> = start.location.query_pairs().collect();
    assert_eq!((query["response_type"].as_ref(), query["state"].as_ref()), ("code", "the-state"));
    assert_eq!((query["response_mode"].as_ref(), query["code_challenge_method"].as_ref()), ("query", "S256"));
    assert_eq!((query["redirect_uri"].as_ref(), query["scope"].as_ref()), (CALLBACK, "openid profile email"));
    assert!(query.contains_key("nonce"));
    let secrets = start.keep.secrets("growthzone", "production").unwrap();
    let verifier = secrets.split(' ').nth(1).unwrap();
    assert!(!start.location.as_str().contains(verifier));
}

#[tokio::test]
async fn the_logout_is_shown_the_id_token_and_leads_back_to_the_character() {
    let world = World::start(&[]).await;
    let start = world.begin().await;
    let parameters = world.come_back(&start.location, "druiz").await;
    let arrival = world.client.arrival(&parameters, &start.keep).unwrap();
    let proven = world.client.redeem(&arrival, everything(), Priority::Person).await.unwrap();
    let hint = proven.logout_hint.unwrap();
    let back = "https://www.acme.example/_gate/slo";
    let query = |hint| {
        let logout = world.client.logout(hint, back);
        assert_eq!(logout.path(), "/oauth/logout");
        logout.query_pairs().into_owned().collect::<Vec<_>>()
    };
    let address = ("post_logout_redirect_uri".to_owned(), back.to_owned());
    assert_eq!(query(None), std::slice::from_ref(&address));
    assert_eq!(query(Some(&hint)), [address, ("id_token_hint".to_owned(), hint.as_str().to_owned())]);
    // Where no ID token comes there is none to show.
    let world = World::start(&["id_token_flaw=missing"]).await;
    let start = world.begin().await;
    let parameters = world.come_back(&start.location, "druiz").await;
    let arrival = world.client.arrival(&parameters, &start.keep).unwrap();
    let proven = world.client.redeem(&arrival, everything(), Priority::Person).await.unwrap();
    assert_eq!(proven.logout_hint, None);
}
