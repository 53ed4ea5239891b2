//! Stories of the handshake: tokens, environments, lifetimes.

use jiff::SignedDuration;

use super::*;

const PROBE: &str = "/Ads/Mobile/All/1";

#[tokio::test]
async fn two_steps_give_tokens_that_open_the_api() {
    let world = World::with(&[]).await;
    let tokens = world.handshake(Environment::Production).await;
    assert_eq!(world.get(&tokens, PROBE).await.0, 200);
    // The user of the tokens is a record like any other.
    let user = world.only(&tokens, &format!("/Individuals/Profile/{}", text(&tokens.answer["userId"]))).await;
    assert_eq!(user["email"], "gateway_integration@acme.example");
    assert_eq!(tokens.answer["accessToken"], Value::Null);
    assert_eq!(text(&tokens.answer["ssoToken"]).len(), 36);
}

#[tokio::test]
async fn wrong_credentials_and_missing_tokens_are_401_with_a_plain_text() {
    let world = World::with(&[]).await;
    let right = Credentials::demo(Environment::Production);
    let first: Value = world.step_1(&right).await.json().await.unwrap();
    let (uri, access) = (text(&first["uri"]), text(&first["accessToken"]));

    let wrong_key = Credentials { app_key: "x".into(), ..right.clone() };
    let wrong_user = Credentials { user_password: "x".into(), ..right.clone() };
    for refused in [
        world.step_1(&wrong_key).await,
        world.step_2(uri, "", &right).await,
        world.step_2(uri, "not-a-token", &right).await,
        world.step_2(uri, access, &wrong_user).await,
        world.open("/api/v1/Ads/Mobile/All/1", None).await,
    ] {
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(refused.json::<Value>().await.unwrap().is_string());
    }
}

#[tokio::test]
async fn names_ignore_case_and_a_form_will_do_for_step_1() {
    let world = World::with(&[]).await;
    let tokens = world.handshake(Environment::Production).await;
    let form = world
        .http
        .post(world.url("/API/V1/webapiurl"))
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("appname=acmeGatewayLIVE&APPKEY=demoLiveKey00001").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    let url = format!("{}/individuals/PROFILE/100481", tokens.base);
    let lower = world.http.get(url).header("apptoken", &tokens.app).header("usertoken", &tokens.user);
    assert_eq!(lower.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_base_shows_its_port_and_slash_as_switched() {
    let base = |port: &'static str, slash: &'static str| async move {
        let address =
            |settings: &mut Settings| settings.public_base = Some("https://members.acme.example".into());
        let world = World::with_settings(&[port, slash], address).await;
        let credentials = Credentials::demo(Environment::Staging);
        let first: Value = world.step_1(&credentials).await.json().await.unwrap();
        assert_eq!(first["uri"], "https://members.acme.example/staging/api/v1/signup/authenticate");
        let here = format!("http://{}/staging/api/v1/Signup/Authenticate", world.simulator.address());
        let second = world.step_2(&here, text(&first["accessToken"]), &credentials).await;
        text(&second.json::<Value>().await.unwrap()["uri"]).to_owned()
    };
    let check = "https://members.acme.example:443/staging/api/v1";
    assert_eq!(base("base_uri_port=on", "base_uri_slash=off").await, check);
    assert_eq!(base("base_uri_port=on", "base_uri_slash=on").await, format!("{check}/"));
    assert_eq!(base("base_uri_port=off", "base_uri_slash=off").await, check.replace(":443", ""));
}

#[tokio::test]
async fn a_uri_that_no_client_should_trust_can_be_switched_on() {
    let world = World::with(&["uri_of_step_2=http://evil.example/api/v1"]).await;
    assert_eq!(world.handshake(Environment::Production).await.base, "http://evil.example/api/v1");
    world.control().set_switch("uri_of_step_1=https://evil.example/x").unwrap();
    let first: Value = world.step_1(&Credentials::demo(Environment::Production)).await.json().await.unwrap();
    assert_eq!(first["uri"], "https://evil.example/x");
}

#[tokio::test]
async fn staging_refuses_what_production_gave() {
    let world = World::with(&[]).await;
    let live = world.handshake(Environment::Production).await;
    let staging = world.handshake(Environment::Staging).await;
    let crossed = Tokens { base: staging.base.clone(), ..live.clone() };
    assert_eq!(world.get(&crossed, PROBE).await.0, 401);
    let half = Tokens { user: live.user.clone(), ..staging.clone() };
    assert_eq!(world.get(&half, PROBE).await.0, 401);

    let tess = "/Individuals/Profile/tess.trialler@people.example/1";
    assert_eq!(world.get(&staging, tess).await.0, 200);
    assert_eq!(world.get(&live, tess).await.0, 404);
    let token = world.control().issue_sso(Environment::Production, "100481").unwrap();
    let (_, answer) = world.get(&staging, &format!("/Individuals/FindBySsoToken/{token}")).await;
    assert_eq!(answer["dataList"], json!([]));
}

#[tokio::test]
async fn tokens_end_with_their_lifetime_and_when_revoked() {
    let world = World::with(&["app_token_ttl=24h"]).await;
    let tokens = world.handshake(Environment::Production).await;
    world.control().advance(SignedDuration::from_hours(23));
    assert_eq!(world.get(&tokens, PROBE).await.0, 200);
    world.control().advance(SignedDuration::from_hours(1));
    assert_eq!(world.get(&tokens, PROBE).await.0, 401);

    let tokens = world.handshake(Environment::Production).await;
    world.control().revoke_app_tokens();
    assert_eq!(world.get(&tokens, PROBE).await.0, 401);
}

#[tokio::test]
async fn a_new_handshake_ends_the_old_tokens_only_where_switched() {
    for (switch, expected) in [("rotation_revokes=off", 200), ("rotation_revokes=on", 401)] {
        let world = World::with(&[switch]).await;
        let old = world.handshake(Environment::Production).await;
        let new = world.handshake(Environment::Production).await;
        assert_eq!(world.get(&old, PROBE).await.0, expected, "{switch}");
        assert_eq!(world.get(&new, PROBE).await.0, 200, "{switch}");
    }
}

#[tokio::test]
async fn step_2_checks_the_password_of_a_member_too() {
    let world = World::with(&["members_read_others=off"]).await;
    let member = Credentials {
        user_email: "JANE.marlowe@harborlabs.example".into(),
        user_password: PASSWORD.into(),
        ..Credentials::demo(Environment::Production)
    };
    let first: Value = world.step_1(&member).await.json().await.unwrap();
    let answer: Value =
        world.step_2(text(&first["uri"]), text(&first["accessToken"]), &member).await.json().await.unwrap();
    let jane = world.control().person("100481").unwrap();
    assert_eq!(answer["userId"], json!(jane.id));

    let integration = world.handshake(Environment::Production).await;
    let own = Tokens { user: text(&answer["ssoToken"]).to_owned(), ..integration };
    assert_eq!(world.get(&own, &format!("/Individuals/Profile/{}/1", jane.id)).await.0, 200);
    assert_eq!(world.get(&own, "/Individuals/Profile/100482/1").await.0, 403);
    assert_eq!(world.get(&own, "/Individuals/Members/All/1").await.0, 403);
}
