//! Renewing tokens: at the same time, with less scope, and by somebody who has a copy.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;
use tokio::task::JoinSet;

use super::OpenIdWorld;
use super::party::{SHOP_SECRET, basic, claims};
use crate::world::{CHAIR, Page};

const TOKEN: &str = "/_gate/oidc/token";
const SCOPE: &str = "scope=openid roles offline_access";

async fn renewed_by_the_app(provider: &OpenIdWorld, token: &Value) -> Page {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str().unwrap())];
    provider.app_token(&fields).await
}

/// Twelve uses of one refresh token, on connections of their own.
async fn at_the_same_time(provider: &Arc<OpenIdWorld>, token: &Value, by_the_app: bool) -> Vec<Value> {
    let mut uses = JoinSet::new();
    for _ in 0..12 {
        let (provider, token) = (Arc::clone(provider), token.clone());
        uses.spawn(async move {
            let page = if by_the_app {
                renewed_by_the_app(&provider, &token).await
            } else {
                provider.refresh(&token).await
            };
            page.expect(200).json()
        });
    }
    uses.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_server_may_renew_twelve_times_at_once_and_keeps_its_refresh_token_until_the_session_ends()
 {
    let provider = Arc::new(OpenIdWorld::start().await);
    let (mut jane, first) = provider.tokens(CHAIR, &[SCOPE]).await;
    for renewed in at_the_same_time(&provider, &first["refresh_token"], false).await {
        assert_eq!(renewed["refresh_token"], first["refresh_token"]);
        provider.userinfo(&renewed["access_token"]).await.expect(200);
    }
    provider.world.forward(SignedDuration::from_mins(30));
    let later = provider.refresh(&first["refresh_token"]).await.expect(200).json();
    let (one, other) =
        (claims(first["id_token"].as_str().unwrap()), claims(later["id_token"].as_str().unwrap()));
    for name in ["iss", "sub", "aud", "auth_time", "sid", "roles"] {
        assert_eq!(one[name], other[name], "{name}");
    }
    assert!(other.get("nonce").is_none());
    jane.get(provider.world.url("/_gate/logout")).await.expect(303);
    provider.refresh(&first["refresh_token"]).await.expect(400);
    provider.userinfo(&later["access_token"]).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn two_tabs_of_an_app_that_renew_at_once_get_the_same_successor_and_stay_signed_in() {
    let provider = Arc::new(OpenIdWorld::start().await);
    let (_, mut tokens) = provider.app_tokens(CHAIR, &[SCOPE]).await;
    for _ in 0..3 {
        let all = at_the_same_time(&provider, &tokens["refresh_token"], true).await;
        let successor = &all[0]["refresh_token"];
        assert_ne!(*successor, tokens["refresh_token"]);
        for renewed in &all {
            assert_eq!(renewed["refresh_token"], *successor);
            provider.userinfo(&renewed["access_token"]).await.expect(200);
        }
        provider.world.forward(SignedDuration::from_secs(3));
        let late = renewed_by_the_app(&provider, &tokens["refresh_token"]).await.expect(200).json();
        assert_eq!(late["refresh_token"], *successor, "within ten seconds");
        provider.world.forward(SignedDuration::from_mins(5));
        tokens = late;
    }
    provider.userinfo(&tokens["access_token"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_apps_refresh_token_ends_everything_once_its_successor_is_used_or_ten_seconds_are_over()
{
    for seconds in [None, Some(11)] {
        let provider = OpenIdWorld::start().await;
        let (_, first) = provider.app_tokens(CHAIR, &[SCOPE]).await;
        let second = renewed_by_the_app(&provider, &first["refresh_token"]).await.expect(200).json();
        let newest = match seconds {
            None => renewed_by_the_app(&provider, &second["refresh_token"]).await.expect(200).json(),
            Some(seconds) => {
                provider.world.forward(SignedDuration::from_secs(seconds));
                second
            }
        };
        provider.userinfo(&newest["access_token"]).await.expect(200);
        let copy = renewed_by_the_app(&provider, &first["refresh_token"]).await.expect(400);
        assert_eq!(copy.json()["error"], "invalid_grant");
        renewed_by_the_app(&provider, &newest["refresh_token"]).await.expect(400);
        provider.userinfo(&newest["access_token"]).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_may_rotate_or_not() {
    let base = "http://127.0.0.1:1/cb";
    let clients = format!(
        r#"
[[oidc.client]]
id = "careful"
redirect_uris = ["{base}"]
secret = {{ env = "WIKI_SECRET" }}
scopes = ["openid", "offline_access"]
rotate_refresh_tokens = true

[[oidc.client]]
id = "careless"
redirect_uris = ["{base}"]
public = true
scopes = ["openid", "offline_access"]
rotate_refresh_tokens = false
"#
    );
    let provider = OpenIdWorld::planned(crate::world::Plan::default(), &clients).await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    for (client, secret, rotates) in
        [("careful", Some(super::party::SECRET), true), ("careless", None, false)]
    {
        let ask = provider.ask(client, &["scope=openid offline_access", &format!("redirect_uri={base}")]);
        let landed = jane.get(ask).await.expect(303).location().unwrap();
        let code = super::party::parameters(&landed)["code"].clone();
        let who = [("client_id", client)].into_iter().chain(secret.map(|secret| ("client_secret", secret)));
        let exchange = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", base),
            ("code_verifier", super::party::VERIFIER),
        ];
        let fields: Vec<_> = who.clone().chain(exchange).collect();
        let tokens = provider.call(TOKEN, None, &fields).await.expect(200).json();
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let fields: Vec<_> =
            who.chain([("grant_type", "refresh_token"), ("refresh_token", refresh)]).collect();
        let renewed = provider.call(TOKEN, None, &fields).await.expect(200).json();
        assert_eq!(renewed["refresh_token"] != tokens["refresh_token"], rotates, "{client}");
    }
}

/// RFC 6749 §6.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_may_ask_for_less_and_never_for_more() {
    let provider = OpenIdWorld::start().await;
    let (_, tokens) = provider.tokens(CHAIR, &["scope=openid profile email offline_access"]).await;
    let token = &tokens["refresh_token"];
    for wrong in [
        "openid roles",
        "openid profile email membership offline_access",
        "roles",
        "openid address",
        "openid,profile",
        "openid  profile",
        " ",
        "\"openid\"",
        "OPENID",
    ] {
        let page = provider.refresh_with(token, &[("scope", wrong)]).await.expect(400);
        assert_eq!(page.json()["error"], "invalid_scope", "{wrong}");
    }
    provider.refresh_with(token, &[("scope", "openid"), ("scope", "email")]).await.expect(400);
    for (asked, granted, told, has_id_token) in [
        ("openid email", "openid email", &["email", "email_verified", "sub"][..], true),
        ("email", "email", &["email", "email_verified", "sub"], false),
        ("offline_access openid", "openid offline_access", &["sub"], true),
    ] {
        let narrow = provider.refresh_with(token, &[("scope", asked)]).await.expect(200).json();
        assert_eq!(narrow["scope"], granted);
        assert_eq!(narrow["refresh_token"], *token, "{asked}: it can still renew");
        assert_eq!(narrow.get("id_token").is_some(), has_id_token, "{asked}");
        if let Some(id_token) = narrow["id_token"].as_str() {
            assert!(claims(id_token).get("name").is_none(), "{asked}");
        }
        let page = provider.userinfo(&narrow["access_token"]).await.expect(200).json();
        assert_eq!(page.as_object().unwrap().keys().collect::<Vec<_>>(), told, "{asked}");
    }
    // The grant itself keeps its scope.
    for more in [&[][..], &[("scope", "")], &[("scope", "offline_access email profile openid")]] {
        let whole = provider.refresh_with(token, more).await.expect(200).json();
        assert_eq!(whole["scope"], "openid profile email offline_access");
        assert_eq!(
            provider.userinfo(&whole["access_token"]).await.expect(200).json()["name"],
            "Jane Marlowe"
        );
    }
    // An app that asks for less gets a successor all the same, and the family keeps its scope.
    let (_, first) = provider.app_tokens(CHAIR, &["scope=openid profile email offline_access"]).await;
    let ask = async |token: &Value, scope: &str| {
        let token = token.as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        provider.app_token(&fields).await
    };
    let narrow = ask(&first["refresh_token"], "email").await.expect(200).json();
    let other = ask(&first["refresh_token"], "openid").await.expect(400).json();
    assert_eq!(other["error"], "invalid_scope", "the same token at the same time, with another scope");
    let same = ask(&first["refresh_token"], "email").await.expect(200).json();
    assert_eq!(same["refresh_token"], narrow["refresh_token"]);
    let whole = renewed_by_the_app(&provider, &narrow["refresh_token"]).await.expect(200).json();
    assert_eq!(whole["scope"], "openid profile email offline_access");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_worth_nothing_to_another_client() {
    let provider = OpenIdWorld::start().await;
    let (_, tokens) = provider.tokens(CHAIR, &["scope=openid offline_access"]).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let page = provider.call(TOKEN, Some(&basic("shop", SHOP_SECRET)), &fields).await.expect(400);
    assert_eq!(page.json()["error"], "invalid_grant");
    provider.refresh(&tokens["refresh_token"]).await.expect(400);
}
