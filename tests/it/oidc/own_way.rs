//! What one client wants and another does not: user names, verified addresses, apps on a device.

use serde_json::{Value, json};

use super::OpenIdWorld;
use super::party::{SECRET, VERIFIER, basic, parameters};
use super::registered::{Office, secret};
use crate::world::{CHAIR, Plan, Visitor};

const ADDRESS: &str = "http://127.0.0.1:1/cb";

fn client(id: &str, more: &str) -> String {
    format!(
        "\n[[oidc.client]]\nid = \"{id}\"\nredirect_uris = [\"{ADDRESS}\"]\nsecret = {{ env = \"WIKI_SECRET\" }}\n{more}\n"
    )
}

/// ID token and userinfo of one more sign-in.
async fn told(provider: &OpenIdWorld, jane: &mut Visitor, client: &str) -> (Value, Value) {
    let ask = provider.ask(client, &[&format!("redirect_uri={ADDRESS}"), "scope=openid profile email"]);
    let landed = jane.get(ask).await.expect(303).location().unwrap();
    let code = parameters(&landed)["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("client_secret", SECRET),
        ("code", &*code),
        ("redirect_uri", ADDRESS),
        ("code_verifier", VERIFIER),
    ];
    let tokens = provider.call("/_gate/oidc/token", None, &fields).await.expect(200).json();
    let (_, id_token) = provider.verify(tokens["id_token"].as_str().unwrap(), client).await;
    (id_token, provider.userinfo(&tokens["access_token"]).await.expect(200).json())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_client_gets_the_user_name_that_it_can_use() {
    let clients: String = ["record_number", "email", "name", "none"]
        .map(|kind| client(kind, &format!("preferred_username = \"{kind}\"")))
        .concat();
    let provider = OpenIdWorld::planned(Plan::default(), &format!("{clients}{}", client("usual", ""))).await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let number = told(&provider, &mut jane, "usual").await.0["preferred_username"].clone();
    assert!(number.as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()), "{number}");
    for (kind, expect) in [
        ("record_number", number),
        ("email", json!(CHAIR)),
        ("name", json!("jane.marlowe")),
        ("none", Value::Null),
    ] {
        let (id_token, userinfo) = told(&provider, &mut jane, kind).await;
        for said in [&id_token, &userinfo] {
            assert_eq!(said["preferred_username"], expect, "{kind}");
            assert_eq!(said.get("preferred_username").is_some(), kind != "none");
            assert_eq!(said["name"], "Jane Marlowe");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_address_is_verified_is_said_for_each_client_and_a_reload_changes_it() {
    let clients = [
        client("as_usual", ""),
        client("linked", "email_verified = true"),
        client("strict", "email_verified = false"),
    ];
    let provider = OpenIdWorld::planned(Plan::default(), &clients.concat()).await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let mut settings = provider.world.settings();
    for usual in [false, true, false] {
        settings.oidc.as_mut().unwrap().email_verified = usual;
        provider.world.gate().reload(&settings).unwrap();
        for (client, verified) in [("as_usual", usual), ("linked", true), ("strict", false)] {
            let (id_token, userinfo) = told(&provider, &mut jane, client).await;
            let said = (&id_token["email_verified"], &userinfo["email_verified"]);
            assert_eq!(said, (&json!(verified), &json!(verified)), "{client} {usual}");
        }
    }
    for client in &mut settings.oidc.as_mut().unwrap().clients {
        client.email_verified = client.email_verified.map(|verified| !verified);
    }
    provider.world.gate().reload(&settings).unwrap();
    assert_eq!(told(&provider, &mut jane, "linked").await.1["email_verified"], false);
    assert_eq!(told(&provider, &mut jane, "strict").await.1["email_verified"], true);
}

/// RFC 8252 §7.3 and §7.1.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_on_a_device_is_answered_at_any_port_of_its_machine_or_by_its_own_scheme() {
    let app = r#"
[[oidc.client]]
id = "phone"
public = true
redirect_uris = ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.phone:/signed-in"]
post_logout_redirect_uris = ["com.example.phone:/signed-out"]
"#;
    let provider = OpenIdWorld::planned(Plan::default(), app).await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    for address in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:51004/cb",
        "http://[::1]:51004/cb",
        "com.example.phone:/signed-in",
    ] {
        let landed = jane.get(provider.ask("phone", &[&format!("redirect_uri={address}")])).await.expect(303);
        let landed = landed.location().unwrap();
        assert!(landed.as_str().starts_with(&format!("{address}?code=")), "{landed}");
        let exchange = async |redirect_uri: &str| {
            let code = parameters(&landed)["code"].clone();
            let fields = [
                ("grant_type", "authorization_code"),
                ("client_id", "phone"),
                ("code", &*code),
                ("redirect_uri", redirect_uri),
                ("code_verifier", VERIFIER),
            ];
            provider.call("/_gate/oidc/token", None, &fields).await
        };
        let tokens = exchange(address).await.expect(200).json();
        provider.verify(tokens["id_token"].as_str().unwrap(), "phone").await;
    }
    // The code is bound to the port that was asked for.
    let landed = jane
        .get(provider.ask("phone", &["redirect_uri=http://127.0.0.1:51004/cb"]))
        .await
        .expect(303)
        .location();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "phone"),
        ("code", &parameters(&landed.unwrap())["code"]),
        ("redirect_uri", "http://127.0.0.1:51005/cb"),
        ("code_verifier", VERIFIER),
    ];
    provider.call("/_gate/oidc/token", None, &fields).await.expect(400);
    for wrong in [
        "http://127.0.0.1:51004/other",
        "http://localhost:51004/cb",
        "http://127.0.0.2:51004/cb",
        "http://127.0.0.1:51004@evil.example/cb",
        "https://127.0.0.1:51004/cb",
        "com.example.phone:/other",
        "com.example.phone2:/signed-in",
    ] {
        jane.get(provider.ask("phone", &[&format!("redirect_uri={wrong}")])).await.expect(400);
    }
    // A server has one address, port and all.
    jane.get(provider.ask("wiki", &["redirect_uri=http://127.0.0.1:9/cb?x=1"])).await.expect(400);
    // No form can be posted to an app.
    let page = jane
        .get(provider.ask("phone", &["redirect_uri=com.example.phone:/signed-in", "response_mode=form_post"]))
        .await
        .expect(303);
    assert_eq!(parameters(&page.location().unwrap())["error"], "invalid_request");
    // A yes to "sign out?" leads to the app. Browsers apply `form-action` to every redirect behind a form.
    let out = "/_gate/oidc/logout?client_id=phone&post_logout_redirect_uri=com.example.phone:/signed-out";
    let question = jane.get(provider.world.url(out)).await.expect(200);
    assert!(!question.header("content-security-policy").unwrap().contains("form-action"));
    let sealed = question.attribute("name=\"answer\"", "value").unwrap();
    let left = jane.post(provider.world.url("/_gate/oidc/logout"), &[("answer", &sealed)]).await.expect(303);
    let mut landed = left.location().unwrap();
    while landed.scheme() == "http" {
        landed = jane.get(&landed).await.location().unwrap();
    }
    assert_eq!(landed.as_str(), "com.example.phone:/signed-out");
}

/// The details of the form do what those of the configuration do, and the form shows them again.
#[tokio::test(flavor = "multi_thread")]
async fn the_details_of_a_client_are_chosen_in_the_form() {
    let mut office = Office::open().await;
    let details = [
        ("user_name", "name"),
        ("email_verified", "yes"),
        ("rotate_refresh_tokens", "yes"),
        ("refusal", "redirect"),
        ("default_scope", "profile"),
    ];
    office.register("forum", &[("user_name", "number")]).await.expect(422);
    let more: Vec<_> = details.into_iter().chain([("scope", "profile")]).collect();
    let secret = secret(&office.register("forum", &more).await.expect(200));
    let edit = office.page("/client?id=forum").await;
    for (name, value) in details {
        let chosen = match name {
            "default_scope" => "name=\"default_scope\" value=\"profile\" checked".to_owned(),
            _ => format!("value=\"{value}\" selected"),
        };
        assert!(edit.text.contains(&chosen), "{name}: {}", edit.text);
    }
    let (_, code) = office.provider.code(CHAIR, "forum", &["scope"]).await;
    let redirect_uri = format!("{}/cb?x=1", office.provider.party.base);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    // Nothing was asked for, so the defaults count.
    let tokens = office.provider.call("/_gate/oidc/token", Some(&basic("forum", &secret)), &fields).await;
    let tokens = tokens.expect(200).json();
    assert_eq!(tokens["scope"], "profile");
    let told = office.provider.userinfo(&tokens["access_token"]).await.expect(200).json();
    assert_eq!(told["preferred_username"], "jane.marlowe");
}
