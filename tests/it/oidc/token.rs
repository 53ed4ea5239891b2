//! Codes, tokens and what is told about a person.

use jiff::SignedDuration;
use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::json;

use super::OpenIdWorld;
use super::party::{SECRET, SHOP_SECRET, VERIFIER, answer, basic, claims};
use crate::world::{CHAIR, LAST_DAY, Plan};

const TOKEN: &str = "/_gate/oidc/token";

type Fields<'a> = &'a [(&'a str, &'a str)];
type Changes<'a> = &'a [(&'a str, Option<&'a str>)];

#[tokio::test(flavor = "multi_thread")]
async fn a_client_learns_who_signed_in_and_which_roles_the_person_has() {
    let provider = OpenIdWorld::start().await;
    let mut jane = provider.visitor();
    let page = jane.sign_in(CHAIR, provider.ask("wiki", &[])).await.expect(200);
    assert!(page.url.as_str().starts_with(&format!("{}/cb?x=1&code=", provider.party.base)), "{}", page.url);
    let sent = answer(&page);
    assert_eq!(sent.keys().map(String::as_str).collect::<Vec<_>>(), ["code", "iss", "state", "x"]);
    assert_eq!((sent["state"].as_str(), sent["iss"].as_str()), ("st ate&1", provider.issuer().as_str()));
    let page = provider.exchange(&sent["code"], &[]).await.expect(200);
    assert_eq!((page.header("cache-control"), page.header("pragma")), (Some("no-store"), Some("no-cache")));
    let tokens = page.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid profile email roles membership");
    assert!(tokens.get("refresh_token").is_none(), "offline_access was not asked for");
    assert!((1..=600).contains(&tokens["expires_in"].as_i64().unwrap()));
    let (header, id_token) = provider.verify(tokens["id_token"].as_str().unwrap(), "wiki").await;
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::RS256, Some("JWT")));
    let id = provider.world.people().person(CHAIR).unwrap().id;
    assert_eq!(id_token["sub"], id.to_string());
    assert_eq!(id_token["nonce"], "n-1");
    assert_eq!(id_token["roles"], json!(["education_chair", "member", "subscriber"]));
    let at = |name: &str| id_token[name].as_i64().unwrap();
    assert!(at("exp") > at("iat") && at("exp") - at("iat") <= 600 && at("auth_time") <= at("iat"));
    // The rest of a second is rounded down.
    let rest = at("exp") - at("iat") - tokens["expires_in"].as_i64().unwrap();
    assert!((0..=1).contains(&rest), "{rest}");
    assert!(id_token["sid"].as_str().unwrap().len() > 20);
    let told = provider.userinfo(&tokens["access_token"]).await.expect(200);
    assert_eq!(told.header("content-type"), Some("application/json"));
    let told = told.json();
    assert_eq!(told["name"], "Jane Marlowe");
    assert_eq!(told["email"], CHAIR);
    assert_eq!((&told["email_verified"], &told["member"]), (&json!(false), &json!(true)));
    for (name, value) in told.as_object().unwrap() {
        assert_eq!(&id_token[name], value, "both say the same about {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_tells_its_claims_in_whatever_order_it_is_asked_for() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    for (scope, granted, told) in [
        ("openid", "openid", &["sub"][..]),
        ("email openid", "openid email", &["email", "email_verified", "sub"]),
        ("openid address phone", "openid", &["sub"]),
        (
            "membership openid",
            "openid membership",
            &["member", "membership_code", "membership_expires", "membership_type", "sub"],
        ),
    ] {
        let page = jane.open(provider.ask("wiki", &[&format!("scope={scope}"), "nonce"])).await;
        let tokens = provider.exchange(&answer(&page)["code"], &[]).await.expect(200).json();
        assert_eq!(tokens["scope"], granted);
        let (_, id_token) = provider.verify(tokens["id_token"].as_str().unwrap(), "wiki").await;
        assert!(id_token.get("nonce").is_none());
        let userinfo = provider.userinfo(&tokens["access_token"]).await.expect(200).json();
        assert_eq!(userinfo.as_object().unwrap().keys().collect::<Vec<_>>(), told, "{scope}");
    }
}

/// Roles in tokens never outlive the decision that they come from; a refresh decides again.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_when_the_roles_in_it_may_change() {
    let session = "idle = \"40h\"\nabsolute = \"40h\"\nstale_limit = \"40h\"".to_owned();
    let provider = OpenIdWorld::planned(Plan { session, ..Plan::default() }, "").await;
    let (_, tokens) = provider.tokens(LAST_DAY, &["scope=openid roles offline_access"]).await;
    let first = claims(tokens["id_token"].as_str().unwrap());
    assert!(first["roles"].as_array().unwrap().contains(&json!("member")), "{first}");
    let holds_until = first["holds_until"].as_i64().unwrap();
    assert!(first["exp"].as_i64().unwrap() <= holds_until);
    let left = holds_until - first["iat"].as_i64().unwrap();
    // The minute before the change, and the minute after it.
    provider.world.forward(SignedDuration::from_secs(left - 60));
    let before = provider.refresh(&tokens["refresh_token"]).await.expect(200).json();
    assert!(before["expires_in"].as_i64().unwrap() <= 60, "{before}");
    provider.userinfo(&before["access_token"]).await.expect(200);
    provider.world.forward(SignedDuration::from_secs(120));
    provider.userinfo(&before["access_token"]).await.expect(401);
    let after = provider.refresh(&before["refresh_token"]).await.expect(200).json();
    let after = claims(after["id_token"].as_str().unwrap());
    assert!(!after["roles"].as_array().unwrap().contains(&json!("member")), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_client_needs_no_second_sign_in_and_gets_its_own_signature() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let redirect_uri = format!("{}/cb?x=1", provider.party.base);
    for (client, secret, algorithm) in
        [("shop", Some(SHOP_SECRET), Algorithm::ES256), ("app", None, Algorithm::EdDSA)]
    {
        let page = jane.open(provider.ask(client, &["scope=openid"])).await.expect(200);
        let code = answer(&page)["code"].clone();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_id", client),
        ];
        fields.extend(secret.map(|secret| ("client_secret", secret)));
        let tokens = provider.call(TOKEN, None, &fields).await.expect(200).json();
        let (header, claims) = provider.verify(tokens["id_token"].as_str().unwrap(), client).await;
        assert_eq!(header.alg, algorithm);
        assert!(claims.get("name").is_none() && claims.get("roles").is_none(), "{claims}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_proves_itself_in_exactly_one_way() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let redirect_uri = format!("{}/cb?x=1", provider.party.base);
    let wrong = basic("wiki", "wrong-secret-wrong-secret-wrong-secret");
    let right = basic("wiki", SECRET);
    let encoded = basic("wiki", &SECRET.replace('-', "%2D"));
    let id = ("client_id", "wiki");
    // (header, fields, status, error)
    let cases: &[(Option<&str>, Fields<'_>, u16, &str)] = &[
        (Some(&right), &[], 200, ""),
        (Some(&right), &[id], 200, ""),
        (Some(&encoded), &[], 200, ""),
        (None, &[id, ("client_secret", SECRET)], 200, ""),
        (None, &[], 401, "invalid_client"),
        (None, &[id], 401, "invalid_client"),
        (None, &[id, ("client_secret", "")], 401, "invalid_client"),
        (None, &[id, ("client_secret", &SECRET[..36])], 401, "invalid_client"),
        (None, &[("client_id", "nobody"), ("client_secret", SECRET)], 401, "invalid_client"),
        (None, &[("client_id", "app"), ("client_secret", SECRET)], 401, "invalid_client"),
        (Some(&wrong), &[], 401, "invalid_client"),
        (Some("Bearer x"), &[], 401, "invalid_client"),
        (Some(&right), &[("client_secret", SECRET)], 400, "invalid_request"),
        (Some(&right), &[("client_id", "shop")], 400, "invalid_request"),
        (None, &[id, id, ("client_secret", SECRET)], 400, "invalid_request"),
        (None, &[id, ("client_assertion", "x")], 401, "invalid_client"),
    ];
    for (header, more, status, error) in cases {
        let page = jane.open(provider.ask("wiki", &[])).await;
        let code = answer(&page)["code"].clone();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        fields.extend_from_slice(more);
        let page = provider.call(TOKEN, *header, &fields).await;
        assert_eq!(page.status.as_u16(), *status, "{header:?} {more:?} {}", page.text);
        if *status != 200 {
            assert_eq!(page.json()["error"], *error, "{header:?} {more:?}");
            let challenge = (*status == 401).then_some(r#"Basic realm="OpenID clients""#);
            assert_eq!(page.header("www-authenticate"), challenge, "{header:?} {more:?}");
            // The code was not touched: its owner can still use it.
            provider.exchange(&code, &[]).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_request_is_in_order_or_refused() {
    let provider = OpenIdWorld::start().await;
    let authorization = basic("wiki", SECRET);
    for (fields, error) in [
        (&[][..], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "client_credentials")], "unsupported_grant_type"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "authorization_code"), ("code", "x")], "invalid_request"),
        (&[("grant_type", "authorization_code"), ("code", "x"), ("code", "x")], "invalid_request"),
        (&[("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "x")], "invalid_grant"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant"),
        (&[("grant_type", "refresh_token"), ("grant_type", "refresh_token")], "invalid_request"),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "x"), ("refresh_token", "x")],
            "invalid_request",
        ),
    ] {
        let page = provider.call(TOKEN, Some(&authorization), fields).await.expect(400);
        assert_eq!(page.json()["error"], error, "{fields:?}");
    }
    let url = provider.world.url(TOKEN);
    provider.visitor().get(&url).await.expect(405);
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = Some(r#"{"grant_type":"refresh_token"}"#.to_owned());
    let page = provider.visitor().request(Method::POST, &url, &headers, body).await.expect(400);
    assert_eq!(page.json()["error"], "invalid_request");
}

/// S-69. The Foundation's suite tries the second use after 30 seconds; both are refused.
#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_code_used_twice_takes_back_what_came_of_it() {
    for wait in [0, 30, 120] {
        let provider = OpenIdWorld::start().await;
        let (_, code) = provider.code(CHAIR, "wiki", &["scope=openid offline_access"]).await;
        let tokens = provider.exchange(&code, &[]).await.expect(200).json();
        provider.userinfo(&tokens["access_token"]).await.expect(200);
        provider.world.forward(SignedDuration::from_secs(wait));
        let again = provider.exchange(&code, &[]).await.expect(400);
        assert_eq!(again.json()["error"], "invalid_grant");
        provider.userinfo(&tokens["access_token"]).await.expect(401);
        provider.refresh(&tokens["refresh_token"]).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lives_for_a_minute() {
    let provider = OpenIdWorld::start().await;
    let (_, code) = provider.code(CHAIR, "wiki", &[]).await;
    provider.world.forward(SignedDuration::from_secs(61));
    assert_eq!(provider.exchange(&code, &[]).await.expect(400).json()["error"], "invalid_grant");
}

/// S-67 and S-68: the code is bound to client, redirect address and verifier, and burnt by whoever gets one wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_worth_nothing_to_anybody_else() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let second = format!("{}/second", provider.party.base);
    let long = "a".repeat(43);
    let no_challenge: &[&str] = &["code_challenge", "code_challenge_method"];
    let cases: &[(&[&str], Changes<'_>)] = &[
        (&[], &[("redirect_uri", Some(&second))]),
        (&[], &[("code_verifier", None)]),
        (&[], &[("code_verifier", Some(&long))]),
        (&[], &[("code_verifier", Some("short"))]),
        (no_challenge, &[]),
    ];
    for (changes, with) in cases {
        let code = answer(&jane.open(provider.ask("wiki", changes)).await)["code"].clone();
        let page = provider.exchange(&code, with).await.expect(400);
        assert_eq!(page.json()["error"], "invalid_grant", "{changes:?} {with:?}");
        provider.exchange(&code, &[]).await.expect(400);
    }
    // Another client, with a proof of its own.
    let code = answer(&jane.open(provider.ask("wiki", &[])).await)["code"].clone();
    let redirect_uri = format!("{}/cb?x=1", provider.party.base);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let page = provider.call(TOKEN, Some(&basic("shop", SHOP_SECRET)), &fields).await.expect(400);
    assert_eq!(page.json()["error"], "invalid_grant");
    provider.exchange(&code, &[]).await.expect(400);
    // Without a challenge in the request, a confidential client does without a verifier.
    let code = answer(&jane.open(provider.ask("wiki", no_challenge)).await)["code"].clone();
    provider.exchange(&code, &[("code_verifier", None)]).await.expect(200);
}

/// S-70, CVE-2026-27840.
#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_token_is_a_token() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &["scope=openid offline_access"]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let code = answer(&jane.open(provider.ask("wiki", &[])).await)["code"].clone();
    for length in 0..token.len() {
        provider.userinfo(&json!(&token[..length])).await.expect(401);
        provider.refresh(&json!(&refresh[..length])).await.expect(400);
        provider.exchange(&code[..length], &[]).await.expect(400);
    }
    // Nothing of that has touched the whole ones.
    provider.exchange(&code, &[]).await.expect(200);
    provider.refresh(&tokens["refresh_token"]).await.expect(200);
    provider.userinfo(&json!(format!("{token}A"))).await.expect(401);
    provider.userinfo(&json!(token)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_takes_a_token_in_the_header_or_a_form_and_says_what_is_wrong() {
    let provider = OpenIdWorld::start().await;
    let (_, tokens) = provider.tokens(CHAIR, &["scope=openid"]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let bearer = format!("Bearer {token}");
    let url = provider.world.url("/_gate/oidc/userinfo");
    for page in [
        provider.call("/_gate/oidc/userinfo", Some(&bearer), &[]).await,
        provider.call("/_gate/oidc/userinfo", None, &[("access_token", token)]).await,
    ] {
        let told = page.expect(200).json();
        assert_eq!(told.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
        assert_eq!(told["sub"], claims(tokens["id_token"].as_str().unwrap())["sub"]);
    }
    let nothing = provider.visitor().get(&url).await.expect(401);
    assert_eq!(nothing.header("www-authenticate"), Some(r#"Bearer realm="userinfo""#));
    let in_the_address = provider.visitor().get(format!("{url}?access_token={token}")).await.expect(401);
    assert_eq!(in_the_address.header("www-authenticate"), Some(r#"Bearer realm="userinfo""#));
    let wrong = provider.userinfo(&tokens["id_token"]).await.expect(401);
    assert_eq!(wrong.header("www-authenticate"), Some(r#"Bearer realm="userinfo", error="invalid_token""#));
    let twice =
        provider.call("/_gate/oidc/userinfo", Some(&bearer), &[("access_token", token)]).await.expect(400);
    assert_eq!(twice.header("www-authenticate"), Some(r#"Bearer realm="userinfo", error="invalid_request""#));
    provider.world.forward(SignedDuration::from_mins(11));
    provider.userinfo(&tokens["access_token"]).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_with_the_session() {
    for how in ["/_gate/logout", "/_gate/slo"] {
        let provider = OpenIdWorld::start().await;
        let (mut jane, tokens) = provider.tokens(CHAIR, &["scope=openid offline_access"]).await;
        let page = jane.open(provider.ask("wiki", &[])).await;
        let code = answer(&page)["code"].clone();
        jane.get(provider.world.url(how)).await.expect(303);
        provider.userinfo(&tokens["access_token"]).await.expect(401);
        provider.refresh(&tokens["refresh_token"]).await.expect(400);
        provider.exchange(&code, &[]).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_taken_back_is_worth_nothing() {
    let provider = OpenIdWorld::start().await;
    let (_, tokens) = provider.tokens(CHAIR, &["scope=openid offline_access"]).await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let path = "/_gate/oidc/revoke";
    provider.call(path, Some(&basic("shop", SHOP_SECRET)), &[("token", access)]).await.expect(200);
    provider.userinfo(&tokens["access_token"]).await.expect(200);
    provider.call(path, None, &[("token", access), ("client_id", "wiki")]).await.expect(401);
    provider.call(path, Some(&basic("wiki", SECRET)), &[("token", access)]).await.expect(200);
    provider.userinfo(&tokens["access_token"]).await.expect(401);
    provider.call(path, Some(&basic("wiki", SECRET)), &[("token", refresh)]).await.expect(200);
    provider.refresh(&tokens["refresh_token"]).await.expect(400);
    provider.call(path, Some(&basic("wiki", SECRET)), &[("token", "unknown")]).await.expect(200);
}
