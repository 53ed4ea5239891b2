//! Plain OAuth 2.0: clients that do not ask for `openid` get an access token and userinfo, and never an ID token.

use serde_json::json;

use super::OpenIdWorld;
use super::party::{answer, parameters};
use crate::world::{CHAIR, NON_MEMBER};

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_oauth_client_learns_who_signed_in_and_gets_no_id_token() {
    let provider = OpenIdWorld::start().await;
    let mut jane = provider.visitor();
    let plain = ["nonce", "code_challenge", "code_challenge_method"];
    let id = provider.world.people().person(CHAIR).unwrap().id.to_string();
    for (scope, granted, told) in [
        ("scope=profile", "profile", &["family_name", "given_name", "name", "preferred_username", "sub"][..]),
        ("scope=email basic", "email", &["email", "email_verified", "sub"]),
        (
            "scope",
            "profile email roles membership",
            &[
                "email",
                "email_verified",
                "family_name",
                "given_name",
                "member",
                "membership_code",
                "membership_expires",
                "membership_type",
                "name",
                "preferred_username",
                "roles",
                "sub",
            ],
        ),
    ] {
        let changes: Vec<&str> = plain.into_iter().chain([scope]).collect();
        let page = jane.sign_in(CHAIR, provider.ask("wiki", &changes)).await.expect(200);
        let sent = answer(&page);
        assert_eq!(sent["state"], "st ate&1");
        let tokens = provider.exchange(&sent["code"], &[("code_verifier", None)]).await.expect(200).json();
        assert_eq!((&tokens["token_type"], &tokens["scope"]), (&json!("Bearer"), &json!(granted)), "{scope}");
        assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none(), "{scope}");
        let person = provider.userinfo(&tokens["access_token"]).await.expect(200).json();
        assert_eq!(person["sub"], id);
        let names = person.as_object().unwrap().keys().filter(|name| *name != "holds_until");
        assert_eq!(names.collect::<Vec<_>>(), told, "{scope}");
        jane = provider.visitor();
    }
    // Renewed, it stays what it is.
    let (_, tokens) = provider.tokens(CHAIR, &["scope=profile offline_access"]).await;
    let renewed = provider.refresh(&tokens["refresh_token"]).await.expect(200).json();
    assert!(renewed.get("id_token").is_none());
    assert_eq!(provider.userinfo(&renewed["access_token"]).await.expect(200).json()["sub"], id);
    // Without a secret, with PKCE.
    let (_, tokens) = provider.app_tokens(CHAIR, &["scope=profile"]).await;
    assert!(tokens.get("id_token").is_none());
    provider.userinfo(&tokens["access_token"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_oauth_request_without_state_or_proof_is_refused() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    for (client, changes) in [
        ("wiki", &["scope=profile", "state"][..]),
        ("wiki", &["scope", "state"]),
        ("wiki", &["scope=profile", "state="]),
        ("app", &["scope=profile", "state"]),
        ("app", &["scope=profile", "code_challenge", "code_challenge_method"]),
    ] {
        let page = jane.get(provider.ask(client, changes)).await.expect(303);
        let told = parameters(&page.location().unwrap());
        assert_eq!(told["error"], "invalid_request", "{client} {changes:?}");
        assert!(!told.contains_key("code"));
    }
    // The address is exact, here too.
    let elsewhere = format!("redirect_uri={}/cb", provider.party.base);
    jane.get(provider.ask("wiki", &["scope=profile", &elsewhere])).await.expect(400);
    // With openid the nonce ties the answer to the browser.
    let page = jane.get(provider.ask("wiki", &["state"])).await.expect(303);
    assert!(parameters(&page.location().unwrap()).contains_key("code"));
    // Who may sign in is asked of such a client too.
    let mut nils = provider.visitor();
    let page = nils.sign_in(NON_MEMBER, provider.ask("shop", &["scope=profile"])).await.expect(403);
    assert!(page.text.contains("access_denied"));
}
