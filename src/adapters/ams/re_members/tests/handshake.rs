//! Handshake and tokens: once for all, renewed when old or refused, and only where the configuration allows.

use super::*;

fn by_the_book(_: &Seen) -> Option<Response> {
    None
}

#[tokio::test]
async fn the_handshake_sends_what_re_members_expects() {
    let world = World::start(by_the_book).await;
    world.redeem(nothing()).await.unwrap();
    let seen = world.seen.lock().unwrap().clone();
    let paths: Vec<&str> = seen.iter().map(|call| call.path.as_str()).collect();
    let find = format!("/api/v1/Individuals/FindBySsoToken/{SSO}?includeDetails=true");
    assert_eq!(paths, ["/Api/v1/WebApiUrl", "/api/v1/signup/authenticate", &find]);
    assert_eq!(serde_json::from_str::<Value>(&seen[0].body).unwrap()["AppName"], "acmeGateway");
    assert_eq!(seen[1].header("AccessToken"), "access-1");
    assert_eq!(serde_json::from_str::<Value>(&seen[1].body).unwrap()["AppUserPassword"], "pass-phrase");
    assert_eq!((seen[2].header("AppToken"), seen[2].header("UserToken")), ("app-1", "user-1"));
    assert_eq!(seen[2].header("user-agent"), concat!("membergate/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn fifty_calls_at_once_share_one_handshake() {
    let world = World::start(by_the_book).await;
    let calls = (0..50).map(|_| world.redeem(nothing()));
    let outcomes = join_all(calls).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!((world.calls("WebApiUrl"), world.calls("authenticate")), (1, 1));
    assert_eq!(world.calls("FindBySsoToken"), 50);
}

#[tokio::test]
async fn fifty_calls_that_meet_a_401_share_one_renewal() {
    let world = World::start(|call: &Seen| {
        (call.is("Individuals") && call.header("AppToken") == "app-1").then(|| status(401))
    });
    let world = world.await;
    let outcomes = join_all((0..50).map(|_| world.redeem(nothing()))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.calls("authenticate"), 2);
}

#[tokio::test]
async fn tokens_are_renewed_before_they_are_a_day_old() {
    let world = World::start(by_the_book).await;
    world.read().await.unwrap();
    world.clock.forward(SignedDuration::from_mins(22 * 60 + 59));
    world.read().await.unwrap();
    assert_eq!(world.calls("authenticate"), 1);
    world.clock.forward(SignedDuration::from_mins(1));
    world.read().await.unwrap();
    assert_eq!(world.calls("authenticate"), 2);
    assert_eq!(world.ams.status().tokens_since, Some(world.clock.now()));
}

#[tokio::test]
async fn fifty_waiters_share_one_failure_and_a_later_call_tries_again() {
    let world =
        World::start(|call: &Seen| (call.is("authenticate") && call.nth <= 2).then(|| status(500))).await;
    let outcomes = join_all((0..50).map(|_| world.redeem(nothing()))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err(AmsError::Failed(500))), "{outcomes:?}");
    assert_eq!(world.calls("authenticate"), 2, "once, and once more because 5xx may pass");
    assert_eq!(world.ams.status().last_failure, Some((world.clock.now(), AmsError::Failed(500))));
    world.clock.forward(SignedDuration::from_secs(5));
    world.redeem(nothing()).await.unwrap();
    assert_eq!(world.ams.status().last_success, Some(world.clock.now()));
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again_for_a_minute() {
    let world = World::start(|call: &Seen| call.is("authenticate").then(|| status(401))).await;
    for seconds in [0, 30, 29] {
        world.clock.forward(SignedDuration::from_secs(seconds));
        assert_eq!(world.read().await, Err(AmsError::CredentialsRefused));
    }
    assert_eq!(world.calls("authenticate"), 1);
    world.clock.forward(SignedDuration::from_secs(1));
    assert_eq!(world.ams.probe().await, Err(AmsError::CredentialsRefused));
    assert_eq!(world.calls("authenticate"), 2);
}

#[tokio::test]
async fn a_check_is_a_handshake_and_one_authorised_call() {
    let world = World::start(by_the_book).await;
    assert_eq!(world.ams.probe().await, Ok(()));
    assert_eq!(world.calls(""), 3);
    let refused = World::start(|call: &Seen| call.is("/Ads/").then(|| status(403))).await;
    assert_eq!(refused.ams.probe().await, Err(AmsError::CredentialsRefused));
}

#[tokio::test]
async fn secrets_go_to_no_address_that_is_not_allowed() {
    let foreign = [
        "https://evil.example/api/v1/signup/authenticate",
        "http://members.acme.example/api/v1/signup/authenticate",
        "https://127.0.0.1@evil.example/api/v1",
        "/api/v1",
        "",
    ];
    for uri in foreign {
        let world = World::start(move |call: &Seen| {
            call.is("WebApiUrl").then(|| ok(json!({ "uri": uri, "accessToken": "a" })))
        });
        let outcome = world.await.redeem(nothing()).await;
        assert!(matches!(outcome, Err(AmsError::AddressRefused(_))), "{uri}: {outcome:?}");
        let world = World::start(move |call: &Seen| call.is("authenticate").then(|| authenticated(uri, 1)));
        let world = world.await;
        let outcome = world.redeem(nothing()).await;
        assert!(matches!(outcome, Err(AmsError::AddressRefused(_))), "{uri}: {outcome:?}");
        assert_eq!(world.calls("Individuals"), 0);
    }
}

#[tokio::test]
async fn an_answer_without_usable_tokens_is_unreadable() {
    let documents = [
        json!({ "uri": null, "accessToken": null }),
        json!({ "uri": "http://127.0.0.1/api/v1", "appToken": "", "userToken": "u", "accessToken": "" }),
        json!({ "uri": "http://127.0.0.1/api/v1", "appToken": "a\r\nb", "userToken": "u", "accessToken": "a\nb" }),
        json!({ "uri": "http://127.0.0.1/api/v1" }),
        json!("Invalid application"),
        json!([]),
        json!(null),
    ];
    for step in ["WebApiUrl", "authenticate"] {
        for document in documents.clone() {
            let answer = document.clone();
            let world = World::start(move |call: &Seen| call.is(step).then(|| ok(answer.clone()))).await;
            let outcome = world.redeem(nothing()).await;
            assert!(matches!(outcome, Err(AmsError::Unreadable(_))), "{step} {document}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn nothing_crosses_between_environments() {
    let world = World::start(by_the_book).await;
    let other = World::start(by_the_book).await;
    let staging = Environment { name: "staging".into(), ..environment(&other.address) };
    let budget = Arc::new(Budget::new(RATE, Arc::<MemoryLedger>::default(), Arc::new(SystemClock)));
    let clock: SharedClock = Arc::clone(&world.clock) as SharedClock;
    let staging = ReMembers::new(staging, HttpClient::new(HttpLimits::default()).unwrap(), budget, clock);
    assert_eq!((world.ams.environment(), staging.environment()), ("production", "staging"));

    world.ams.probe().await.unwrap();
    staging.probe().await.unwrap();
    assert_eq!(
        (world.calls(""), other.calls("")),
        (3, 3),
        "each made a handshake of its own, at its own host"
    );
    assert_ne!(world.ams.logout(None, ""), staging.logout(None, ""));
}
