//! A Higher Logic community as a client by its preset: it knows people by the id exactly as the AMS writes it, in every token alike.

use membergate::sim::people::Person;
use serde_json::Value;

use super::OpenIdWorld;
use super::party::{SECRET, answer, basic, claims, parameters};
use crate::world::{CHAIR, Page, Plan, Visitor};

const TOKEN: &str = "/_gate/oidc/token";
const HILDE: &str = "hilde.marlowe@people.example";
const WRITTEN: &str = "B3A1C0DE-7777-4222-8333-4444ABCDEF99";
const CALLBACK: &str = "/HigherLogic/Security/OAuth/Authentication.aspx";

const COMMUNITY: &str = r#"
[[oidc.client]]
id = "community"
preset = "higher_logic"
community = "{base}"
secret = { env = "WIKI_SECRET" }
back_channel_logout_uri = "{base}/backchannel"
any_of = ["member"]
"#;

/// A world with somebody whose id the AMS writes in capitals.
async fn world() -> OpenIdWorld {
    let provider = OpenIdWorld::planned(Plan::default(), COMMUNITY).await;
    let jane = provider.world.people().person(CHAIR).unwrap();
    provider.world.people().add_person(Person {
        id: WRITTEN.to_owned(),
        record_number: "30777".to_owned(),
        first_name: "Hilde".to_owned(),
        email: Some(HILDE.to_owned()),
        ..jane
    });
    provider
}

/// As the community asks: neither PKCE nor a nonce.
fn asks(provider: &OpenIdWorld, callback: &str, scope: &str) -> String {
    let redirect_uri = format!("redirect_uri={}{callback}", provider.party.base);
    let changes = [&*redirect_uri, scope, "nonce", "code_challenge", "code_challenge_method"];
    provider.ask("community", &changes)
}

async fn exchanged(provider: &OpenIdWorld, code: &str, callback: &str, in_form: bool) -> Page {
    let redirect_uri = format!("{}{callback}", provider.party.base);
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &*redirect_uri)];
    let header = basic("community", SECRET);
    if in_form {
        fields.extend([("client_id", "community"), ("client_secret", SECRET)]);
    }
    provider.call(TOKEN, (!in_form).then_some(&*header), &fields).await
}

/// Signs somebody in who has just signed in here, by OpenID Connect.
async fn signed_in(provider: &OpenIdWorld, visitor: &mut Visitor) -> Value {
    let page = visitor.get(asks(provider, CALLBACK, "scope=openid profile email")).await.expect(303);
    let code = parameters(&page.location().unwrap())["code"].clone();
    exchanged(provider, &code, CALLBACK, true).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_is_told_the_key_as_the_ams_writes_it_wherever_it_looks() {
    let provider = world().await;
    let mut hilde = provider.visitor();
    // Plain OAuth 2.0, and HTTP Basic.
    let page = hilde.sign_in(HILDE, asks(&provider, CALLBACK, "scope=profile")).await;
    let code = answer(&page)["code"].clone();
    let tokens = exchanged(&provider, &code, CALLBACK, false).await.expect(200).json();
    assert!(tokens.get("id_token").is_none());
    let person = provider.userinfo(&tokens["access_token"]).await.expect(200).json();
    for claim in ["sub", "legacy_contact_key"] {
        assert_eq!(person[claim], WRITTEN, "{person}");
    }
    assert_eq!((&person["member_id"], &person["given_name"]), (&"30777".into(), &"Hilde".into()));
    assert!(person.as_object().unwrap().values().all(Value::is_string), "{person}");

    // OpenID Connect, by the other address, and with the secret in the form.
    let other = "/higherlogic/security/membersso/callback";
    let page = hilde.get(asks(&provider, other, "scope=openid profile email")).await.expect(303);
    let code = parameters(&page.location().unwrap())["code"].clone();
    let tokens = exchanged(&provider, &code, other, true).await.expect(200).json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id_token["sub"], &id_token["legacy_contact_key"]), (&WRITTEN.into(), &WRITTEN.into()));
    assert_eq!(provider.userinfo(&tokens["access_token"]).await.expect(200).json()["sub"], WRITTEN);

    // Another client knows her as before.
    let page = hilde.get(provider.ask("wiki", &[])).await.expect(303);
    let code = parameters(&page.location().unwrap())["code"].clone();
    let tokens = provider.exchange(&code, &[]).await.expect(200).json();
    let told = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(told["sub"], WRITTEN.to_lowercase());
    assert!(told.get("legacy_contact_key").is_none() && told.get("member_id").is_none(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_hears_of_a_logout_by_the_same_key_and_signs_out_by_it() {
    let provider = world().await;
    let mut hilde = provider.visitor();
    hilde.sign_in(HILDE, provider.world.url("/members")).await.expect(200);
    let tokens = signed_in(&provider, &mut hilde).await;
    hilde.get(provider.world.url("/_gate/logout")).await.expect(303);
    let told = provider.party.told(1).await;
    let (_, told) = provider.verify(&told[0], "community").await;
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&told["sub"], &told["sid"]), (&WRITTEN.into(), &id_token["sid"]));

    // Its own logout needs no question: the ID token names the person who is signed in.
    let mut hilde = provider.visitor();
    hilde.sign_in(HILDE, provider.world.url("/members")).await.expect(200);
    let tokens = signed_in(&provider, &mut hilde).await;
    let back = format!("{}/HigherLogic/Security/LoggedOut.aspx", provider.party.base);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("id_token_hint", tokens["id_token"].as_str().unwrap())
        .append_pair("post_logout_redirect_uri", &back)
        .finish();
    let page = hilde.open(provider.world.url(&format!("/_gate/oidc/logout?{query}"))).await.expect(200);
    assert_eq!(page.url.as_str(), back);
    hilde.get(provider.world.url("/_gate/me")).await.expect(401);
}

/// Codes for a client with a secret may come without PKCE; whoever began with it has to end with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_uses_pkce_is_held_to_it() {
    let provider = world().await;
    let redirect_uri = format!("redirect_uri={}{CALLBACK}", provider.party.base);
    let mut hilde = provider.visitor();
    let page = hilde.sign_in(HILDE, provider.ask("community", &[&redirect_uri, "scope=profile"])).await;
    let code = answer(&page)["code"].clone();
    let refused = exchanged(&provider, &code, CALLBACK, false).await.expect(400).json();
    assert_eq!(refused["error"], "invalid_grant");
}
