//! Requests to sign a person in.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;

use super::OpenIdWorld;
use super::party::{CHALLENGE, answer, claims, parameters};
use crate::world::{CHAIR, NON_MEMBER, Page, Plan};

fn is_ams_form(page: &Page) -> bool {
    page.url.path().ends_with("/account/login.aspx") && page.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let base = provider.party.base.clone();
    for change in [
        "client_id=nobody".to_owned(),
        "client_id".to_owned(),
        "+client_id=wiki".to_owned(),
        "redirect_uri".to_owned(),
        "redirect_uri=https://evil.example/".to_owned(),
        format!("redirect_uri={base}/cb"),
        format!("redirect_uri={base}/cb?x=1&y=2"),
        format!("redirect_uri={base}/cb?x=1#"),
        format!("redirect_uri={base}/other"),
        format!("+redirect_uri={base}/second"),
        "redirect_uri=javascript:alert(1)".to_owned(),
        format!("+redirect_uri={base}/cb?x=1"),
        format!("redirect_uri={base}.evil.example/cb?x=1"),
    ] {
        let page = jane.get(provider.ask("wiki", &[&change, "prompt=none"])).await.expect(400);
        assert!(page.location().is_none(), "{change}");
        assert!(!page.text.contains("evil"), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_travels_back_with_state_and_issuer() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    for (changes, error) in [
        (&["response_type"][..], "invalid_request"),
        (&["response_type=token"], "unsupported_response_type"),
        (&["response_type=id_token token"], "unsupported_response_type"),
        (&["scope=groups"], "invalid_scope"),
        (&["scope=openid,profile"], "invalid_scope"),
        (&["scope=openid", "response_mode=fragment"], "invalid_request"),
        (&["request=eyJhbGciOiJub25lIn0.e30."], "request_not_supported"),
        (&["request_uri=https://evil.example/r"], "request_uri_not_supported"),
        (&["registration={}"], "registration_not_supported"),
        (&["code_challenge_method=plain"], "invalid_request"),
        (&["code_challenge_method"], "invalid_request"),
        (&["code_challenge"], "invalid_request"),
        (&["prompt=none login"], "invalid_request"),
        (&["max_age=soon"], "invalid_request"),
        (&["id_token_hint=x.y.z"], "invalid_request"),
        (&["+scope=openid"], "invalid_request"),
        (&["+nonce=n-2"], "invalid_request"),
        (&["+code_challenge=x"], "invalid_request"),
        (&["+response_type=token"], "invalid_request"),
    ] {
        let page = jane.get(provider.ask("wiki", changes)).await.expect(303);
        let location = page.location().unwrap();
        assert!(location.as_str().starts_with(&provider.party.base), "{location}");
        let told = parameters(&location);
        assert_eq!(told["error"], error, "{changes:?}");
        assert_eq!((told["state"].as_str(), told["iss"].as_str()), ("st ate&1", provider.issuer().as_str()));
        assert!(!told.contains_key("code") && told["x"] == "1");
    }
    let page = jane.get(provider.ask("app", &["code_challenge", "code_challenge_method"])).await.expect(303);
    assert_eq!(parameters(&page.location().unwrap())["error"], "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_do_not_know_is_ignored() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let ignored = [
        "display=popup",
        "ui_locales=fr en",
        "claims_locales=fr",
        "acr_values=1 2",
        "login_hint=jane",
        "claims={\"userinfo\":{\"name\":{\"essential\":true}}}",
        "extra=foobar",
        "prompt=consent",
    ];
    let page = jane.open(provider.ask("wiki", &ignored)).await;
    assert!(answer(&page).contains_key("code"), "{}", page.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn prompt_none_never_shows_a_page() {
    let provider = OpenIdWorld::start().await;
    let mut stranger = provider.visitor();
    let page = stranger.get(provider.ask("wiki", &["prompt=none"])).await.expect(303);
    assert_eq!(parameters(&page.location().unwrap())["error"], "login_required");
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let hint = format!("id_token_hint={}", tokens["id_token"].as_str().unwrap());
    for hint in [None, Some(hint.as_str())] {
        let changes: Vec<&str> = ["prompt=none"].into_iter().chain(hint).collect();
        let page = jane.get(provider.ask("wiki", &changes)).await.expect(303);
        assert!(parameters(&page.location().unwrap()).contains_key("code"));
    }
    // The client expects somebody else.
    let (mut nils, _) = provider.tokens(NON_MEMBER, &[]).await;
    let page = nils.get(provider.ask("wiki", &["prompt=none", &hint])).await.expect(303);
    assert_eq!(parameters(&page.location().unwrap())["error"], "login_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn prompt_login_asks_for_the_password_again() {
    let provider = OpenIdWorld::start().await;
    for prompt in ["prompt=login", "prompt=select_account"] {
        let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
        let before = claims(tokens["id_token"].as_str().unwrap())["auth_time"].as_i64().unwrap();
        provider.world.forward(SignedDuration::from_secs(5));
        let form = jane.open(provider.ask("wiki", &[prompt])).await;
        assert!(is_ams_form(&form), "{prompt}: {:?}", form.trail);
        let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
        let page = jane.open(landed).await;
        let tokens = provider.exchange(&answer(&page)["code"], &[]).await.expect(200).json();
        let after = claims(tokens["id_token"].as_str().unwrap())["auth_time"].as_i64().unwrap();
        assert!(after >= before + 5, "{prompt}: {before} {after}");
    }
}

/// The AMS still knows the browser and would let it straight through, with a fresh `auth_time` for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_or_forgotten_session_is_no_way_around_the_password() {
    let provider = OpenIdWorld::start().await;
    for (change, how) in [("prompt=login", "cookie"), ("max_age=600", "cookie"), ("prompt=login", "idle")] {
        let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
        match how {
            "cookie" => jane.forget("localhost", "membergate"),
            _ => provider.world.forward(SignedDuration::from_mins(121)),
        }
        let form = jane.open(provider.ask("wiki", &[change])).await;
        assert!(is_ams_form(&form), "{change} {how}: {:?}", form.trail);
        let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
        assert!(answer(&jane.open(landed).await).contains_key("code"), "{change} {how}");
    }
}

/// Nobody has signed in for a request that was sealed long ago, however young the session is.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waited_too_long_is_as_if_it_were_made_now() {
    let provider = OpenIdWorld::planned(Plan::default(), "ams_logout_returns = false").await;
    for (minutes, gets_a_code) in [(30, true), (66, false)] {
        let asked = provider.visitor().get(provider.ask("wiki", &["prompt=login"])).await.expect(303);
        let login = parameters(&asked.location().unwrap());
        provider.world.forward(SignedDuration::from_mins(minutes));
        let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
        let page = jane.get(provider.world.url(&login["return_to"])).await.expect(303);
        let next = parameters(&page.location().unwrap());
        assert_eq!(next.contains_key("code"), gets_a_code, "{minutes}: {next:?}");
        assert_eq!(next.contains_key("again"), !gets_a_code, "{minutes}: {next:?}");
    }
}

/// The AMS does not send browsers back from its logout: the trip to it is made all the same, and `auth_time` says when.
#[tokio::test(flavor = "multi_thread")]
async fn prompt_login_without_the_amss_help_still_makes_the_trip() {
    let provider = OpenIdWorld::planned(Plan::default(), "ams_logout_returns = false").await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let page = jane.open(provider.ask("wiki", &["prompt=login"])).await;
    assert!(answer(&page).contains_key("code"), "{}", page.url);
    assert!(page.trail.iter().any(|url| url.path().ends_with("/account/login.aspx")), "{:?}", page.trail);
}

#[tokio::test(flavor = "multi_thread")]
async fn max_age_asks_again_only_when_the_sign_in_is_older() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let first = claims(tokens["id_token"].as_str().unwrap())["auth_time"].clone();
    provider.world.forward(SignedDuration::from_secs(100));
    let page = jane.open(provider.ask("wiki", &["max_age=10000"])).await;
    let tokens = provider.exchange(&answer(&page)["code"], &[]).await.expect(200).json();
    assert_eq!(claims(tokens["id_token"].as_str().unwrap())["auth_time"], first);
    let page = jane.get(provider.ask("wiki", &["max_age=10", "prompt=none"])).await.expect(303);
    assert_eq!(parameters(&page.location().unwrap())["error"], "login_required");
    let form = jane.open(provider.ask("wiki", &["max_age=10"])).await;
    assert!(is_ams_form(&form), "{:?}", form.trail);
    let landed = jane.log_in_at_the_ams(CHAIR, &form).await;
    let page = jane.open(landed).await;
    let tokens = provider.exchange(&answer(&page)["code"], &[]).await.expect(200).json();
    let again = claims(tokens["id_token"].as_str().unwrap())["auth_time"].as_i64().unwrap();
    assert!(again >= first.as_i64().unwrap() + 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_expects_somebody_gets_nobody_else() {
    let provider = OpenIdWorld::start().await;
    let (_, tokens) = provider.tokens(CHAIR, &[]).await;
    let hint = format!("id_token_hint={}", tokens["id_token"].as_str().unwrap());
    for (who, expect) in [(NON_MEMBER, "error"), (CHAIR, "code")] {
        let (mut browser, _) = provider.tokens(NON_MEMBER, &[]).await;
        let form = browser.open(provider.ask("wiki", &[&hint])).await;
        assert!(is_ams_form(&form), "{:?}", form.trail);
        let landed = browser.log_in_at_the_ams(who, &form).await;
        let told = answer(&browser.open(landed).await);
        assert!(told.contains_key(expect), "{who}: {told:?}");
        assert!(told.get("error").is_none_or(|error| error == "login_required"), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_be_answered_by_a_form() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let page = jane.get(provider.ask("wiki", &["response_mode=form_post"])).await.expect(200);
    assert_eq!(page.attribute("form method", "action"), Some(format!("{}/cb?x=1", provider.party.base)));
    assert_eq!(page.attribute("name=\"iss\"", "value"), Some(provider.issuer()));
    let code = page.attribute("name=\"code\"", "value").unwrap();
    provider.exchange(&code, &[]).await.expect(200);
    let page = jane.get(provider.ask("wiki", &["response_mode=form_post", "scope=groups"])).await.expect(200);
    assert_eq!(page.attribute("name=\"error\"", "value").as_deref(), Some("invalid_scope"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_come_by_post() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://wiki.example")];
    let body = Some(provider.request("wiki", &[]));
    let url = provider.world.url("/_gate/oidc/authorize");
    let page = jane.request(reqwest::Method::POST, &url, &headers, body).await.expect(303);
    let page = jane.open(page.location().unwrap()).await;
    assert!(answer(&page).contains_key("code"), "{}", page.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_request_survives_the_sign_in_and_one_that_is_too_long_is_refused_at_once() {
    let provider = OpenIdWorld::start().await;
    let state = format!("state={}", "s".repeat(4000));
    let mut jane = provider.visitor();
    let page = jane.sign_in(CHAIR, provider.ask("wiki", &[&state])).await;
    assert_eq!(answer(&page)["state"], "s".repeat(4000));
    let (state, nonce) = (format!("state={}", "s".repeat(5000)), format!("nonce={}", "n".repeat(5000)));
    let page = provider.visitor().get(provider.ask("wiki", &[&state, &nonce])).await.expect(303);
    let told = parameters(&page.location().unwrap());
    assert_eq!((told["error"].as_str(), told["state"].len()), ("invalid_request", 5000));
    // Whoever is signed in needs no such room.
    let page = jane.get(provider.ask("wiki", &[&state, &nonce])).await.expect(303);
    assert!(parameters(&page.location().unwrap()).contains_key("code"));
}

/// S-72: what waits for a sign-in is sealed; nobody can write such a request.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_we_did_not_seal_is_not_resumed() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    for resume in ["x", CHALLENGE, "AQ", ""] {
        let page =
            jane.get(provider.world.url(&format!("/_gate/oidc/authorize?resume={resume}"))).await.expect(400);
        assert!(page.location().is_none());
    }
}

/// S-35, S-36: what looks like a token of ours, or is one for another purpose, says nothing to anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_forged_or_for_another_purpose_is_none() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    let jwks = provider.visitor().get(provider.world.url("/_gate/oidc/jwks")).await.expect(200).json();
    let echo = jane.get(provider.world.url("/echo")).await.expect(200).json();
    let all = echo["headers"].as_array().unwrap();
    let assertion = all.iter().find(|field| field[0] == "membergate-assertion").unwrap()[1].as_str().unwrap();

    let parts: Vec<&str> = id_token.split('.').collect();
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let header = jsonwebtoken::decode_header(id_token).unwrap();
    let kid = header.kid.unwrap();
    let hs256 = |secret: &str, kid: &str| {
        let header = jsonwebtoken::Header { kid: Some(kid.to_owned()), ..jsonwebtoken::Header::default() };
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&header, &claims(id_token), &key).unwrap()
    };
    let public = jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap();
    let claims_of = |name: &str, value: &str| {
        let mut changed = claims(id_token);
        changed[name] = value.into();
        format!("{}.{}.{}", parts[0], encode(&changed.to_string()), parts[2])
    };
    let forged = [
        format!("{}.{}.", encode(r#"{"alg":"none"}"#), parts[1]),
        format!("{}.{}.", encode(&format!(r#"{{"alg":"none","typ":"JWT","kid":"{kid}"}}"#)), parts[1]),
        format!(
            "{}.{}.{}",
            encode(&format!(r#"{{"alg":"none","typ":"JWT","kid":"{kid}"}}"#)),
            parts[1],
            parts[2]
        ),
        format!(
            "{}.{}.{}",
            encode(r#"{"alg":"RS256","typ":"JWT","kid":"../../etc/passwd"}"#),
            parts[1],
            parts[2]
        ),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        hs256(&public.to_string(), &kid),
        hs256(public["n"].as_str().unwrap(), &kid),
        hs256("", "unknown"),
        claims_of("aud", "shop"),
        claims_of("iss", "https://evil.example"),
        claims_of("sub", "somebody-else"),
        // Signed by us, for a site; and a token that is no statement at all.
        assertion.to_owned(),
        tokens["access_token"].as_str().unwrap().to_owned(),
    ];
    for token in &forged {
        let page = jane
            .get(provider.ask("wiki", &["prompt=none", &format!("id_token_hint={token}")]))
            .await
            .expect(303);
        assert_eq!(parameters(&page.location().unwrap())["error"], "invalid_request", "{token}");
    }
    // Nor is any of them, or an ID token, a way in: no bearer counts at a site, and userinfo takes access tokens only.
    let access = tokens["access_token"].as_str().unwrap();
    for token in forged.iter().map(String::as_str).chain([id_token]) {
        let bearer = format!("Bearer {token}");
        let mut stranger = provider.visitor();
        for planted in [None, Some(token)] {
            if let Some(planted) = planted {
                stranger.plant("localhost", "membergate", planted);
            }
            let headers = [("authorization", bearer.as_str())];
            let url = provider.world.url("/members");
            stranger.request(reqwest::Method::GET, &url, &headers, None).await.expect(401);
        }
        if token != access {
            provider.userinfo(&token.into()).await.expect(401);
        }
    }
}
