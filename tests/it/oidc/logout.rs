//! Logout started by a client, and clients that hear of a logout.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::OpenIdWorld;
use super::party::claims;
use crate::world::{CHAIR, NON_MEMBER, Plan, Visitor};

impl OpenIdWorld {
    fn end_session(&self, parameters: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.world.url(&format!("/_gate/oidc/logout?{query}"))
    }

    fn out(&self) -> String {
        format!("{}/out?y=2", self.party.base)
    }

    async fn is_signed_in(&self, visitor: &mut Visitor) -> bool {
        visitor.get(self.world.url("/_gate/me")).await.status == 200
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_signs_its_person_out_everywhere_and_gets_the_browser_back() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let out = provider.out();
    let hint = text(&tokens["id_token"]);
    let asked = [("id_token_hint", hint), ("post_logout_redirect_uri", &out), ("state", "a b")];
    let page = jane.open(provider.end_session(&asked)).await.expect(200);
    assert_eq!(page.url.as_str(), format!("{out}&state=a+b"));
    assert!(page.trail.iter().any(|url| url.path().ends_with("/account/logout.aspx")), "{:?}", page.trail);
    assert!(!provider.is_signed_in(&mut jane).await);
    // The AMS has forgotten the browser too: the next sign-in asks for a password.
    let page = jane.open(provider.ask("wiki", &[])).await;
    assert!(page.url.path().ends_with("/account/login.aspx"), "{}", page.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logout_token_is_what_the_specification_says() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    jane.get(provider.world.url("/_gate/logout")).await.expect(303);
    let told = provider.party.told(1).await;
    let (header, token) = provider.verify(&told[0], "wiki").await;
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let id_token = claims(text(&tokens["id_token"]));
    assert_eq!((&token["sub"], &token["sid"]), (&id_token["sub"], &id_token["sid"]));
    assert_eq!(token["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(token.get("nonce").is_none());
    assert!(token["jti"].as_str().unwrap().len() > 20);
    assert!(token["exp"].as_i64().unwrap() - token["iat"].as_i64().unwrap() <= 120);
    // It is no hint: nobody signs out with it, or in.
    provider.visitor().get(provider.end_session(&[("id_token_hint", &told[0])])).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn every_way_out_tells_the_client_within_a_second() {
    for way in ["/_gate/logout", "/_gate/slo", "client", "switch of person"] {
        let provider = OpenIdWorld::start().await;
        let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
        match way {
            "client" => {
                drop(jane.open(provider.end_session(&[("id_token_hint", text(&tokens["id_token"]))])).await)
            }
            "switch of person" => {
                let form = jane.open(provider.ask("wiki", &["prompt=login"])).await;
                let landed = jane.log_in_at_the_ams(NON_MEMBER, &form).await;
                jane.open(landed).await.expect(200);
            }
            path => drop(jane.get(provider.world.url(path)).await.expect(303)),
        }
        let began = std::time::Instant::now();
        let told = provider.party.told(1).await;
        assert!(began.elapsed().as_millis() < 1000, "{way}");
        assert_eq!(claims(&told[0])["sid"], claims(text(&tokens["id_token"]))["sid"], "{way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_browser_has_a_session_of_its_own_to_be_told_about() {
    let provider = OpenIdWorld::start().await;
    let (mut desk, one) = provider.tokens(CHAIR, &[]).await;
    let (mut phone, other) = provider.tokens(CHAIR, &[]).await;
    let sid = |tokens: &Value| claims(text(&tokens["id_token"]))["sid"].clone();
    assert_ne!(sid(&one), sid(&other));
    desk.get(provider.world.url("/_gate/slo")).await.expect(303);
    assert_eq!(claims(&provider.party.told(1).await[0])["sid"], sid(&one));
    assert!(provider.is_signed_in(&mut phone).await);
    provider.userinfo(&other["access_token"]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_cannot_hear_is_told_again_later() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    provider.party.answer_with(&[204, 500, 302]);
    jane.get(provider.world.url("/_gate/slo")).await.expect(303);
    provider.party.told(1).await;
    for count in [2, 3] {
        // Time passes again and again, since the worker may note a failure only after the first step.
        let later = async {
            loop {
                provider.world.forward(SignedDuration::from_secs(20));
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::select! { () = later => {}, told = provider.party.told(count) => drop(told) }
    }
    let ids: BTreeSet<String> =
        provider.party.logout_tokens().iter().map(|t| claims(t)["jti"].to_string()).collect();
    assert_eq!(ids.len(), 3, "each try has a token of its own");
    provider.world.forward(SignedDuration::from_hours(5));
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(provider.party.logout_tokens().len(), 3, "delivered is delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hint_the_person_is_asked() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let out = provider.out();
    for asked in [
        &[][..],
        &[("state", "s")],
        &[("client_id", "wiki")],
        &[("client_id", "wiki"), ("post_logout_redirect_uri", &out), ("state", "s")],
    ] {
        let page = jane.get(provider.end_session(asked)).await.expect(200);
        assert!(page.text.contains("Do you want to sign out?"), "{}", page.text);
        assert_eq!(
            page.text.contains("Harbour Wiki"),
            asked.first().is_some_and(|(name, _)| *name == "client_id")
        );
    }
    assert!(provider.is_signed_in(&mut jane).await);
    let asked = [("client_id", "wiki"), ("post_logout_redirect_uri", out.as_str()), ("state", "s")];
    let page = jane.get(provider.end_session(&asked)).await.expect(200);
    let sealed = page.attribute("name=\"answer\"", "value").unwrap();
    let url = provider.world.url("/_gate/oidc/logout");
    // The answer belongs to the browser that was asked.
    let (mut nils, _) = provider.tokens(NON_MEMBER, &[]).await;
    nils.post(&url, &[("answer", &sealed)]).await.expect(400);
    assert!(provider.is_signed_in(&mut nils).await);
    let page = jane.post(&url, &[("answer", &sealed)]).await.expect(303);
    assert!(!provider.is_signed_in(&mut jane).await);
    let page = jane.open(page.location().unwrap()).await;
    assert_eq!(page.url.as_str(), format!("{out}&state=s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_about_somebody_else_ends_nothing_unasked() {
    let provider = OpenIdWorld::start().await;
    let (_, tokens) = provider.tokens(NON_MEMBER, &[]).await;
    let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
    let page =
        jane.get(provider.end_session(&[("id_token_hint", text(&tokens["id_token"]))])).await.expect(200);
    assert!(page.text.contains("Do you want to sign out?"));
    assert!(provider.is_signed_in(&mut jane).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_request_is_in_order_or_nothing_happens() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let hint = text(&tokens["id_token"]);
    let out = provider.out();
    let (head, signature) = hint.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for asked in [
        &[("id_token_hint", hint), ("client_id", "shop")][..],
        &[("client_id", "shop"), ("post_logout_redirect_uri", &out)],
        &[("client_id", "nobody")],
        &[("post_logout_redirect_uri", &out)],
        &[("id_token_hint", &forged)],
        &[("id_token_hint", "x")],
        &[("id_token_hint", hint), ("id_token_hint", hint)],
        &[("id_token_hint", hint), ("post_logout_redirect_uri", &out), ("post_logout_redirect_uri", &out)],
        &[("id_token_hint", hint), ("post_logout_redirect_uri", &out), ("state", "a"), ("state", "b")],
    ] {
        let page = jane.get(provider.end_session(asked)).await.expect(400);
        assert!(page.location().is_none(), "{asked:?}");
        // It says what is wrong, under a reference, and the person can sign out all the same.
        let says = [
            "is there twice",
            "is not a token of ours",
            "disagree",
            "is not known",
            "is not one of",
            "needs id_token_hint",
        ];
        assert!(says.iter().any(|it| page.text.contains(it)), "{asked:?}: {}", page.text);
        assert!(page.text.contains("class=\"reference\""), "{}", page.text);
        assert_eq!(page.attribute("class=\"button\"", "href").as_deref(), Some("/_gate/logout"));
        // The same by POST.
        let page = jane.post(provider.world.url("/_gate/oidc/logout"), asked).await.expect(303);
        jane.get(page.location().unwrap()).await.expect(400);
    }
    assert!(provider.is_signed_in(&mut jane).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_hint_is_a_hint_and_a_logout_twice_is_a_logout() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    provider.world.forward(SignedDuration::from_hours(1));
    let out = provider.out();
    let asked = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", out.as_str())];
    for _ in 0..2 {
        let page = jane.open(provider.end_session(&asked)).await.expect(200);
        assert_eq!(page.url.as_str(), out);
        assert!(!provider.is_signed_in(&mut jane).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_may_come_by_post() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let out = provider.out();
    let fields = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", out.as_str())];
    let page = jane.post(provider.world.url("/_gate/oidc/logout"), &fields).await.expect(303);
    let page = jane.open(page.location().unwrap()).await.expect(200);
    assert_eq!(page.url.as_str(), out);
    assert!(!provider.is_signed_in(&mut jane).await);
}

/// Where the AMS does not send browsers back, the client gets its visitor at once.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_amss_help_the_browser_still_comes_back() {
    let provider = OpenIdWorld::planned(Plan::default(), "ams_logout_returns = false").await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let out = provider.out();
    let asked = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", out.as_str())];
    let page = jane.open(provider.end_session(&asked)).await.expect(200);
    assert_eq!(page.url.as_str(), out);
    assert!(!page.trail.iter().any(|url| url.path().ends_with("/account/logout.aspx")), "{:?}", page.trail);
    assert!(!provider.is_signed_in(&mut jane).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_to_go_on_that_we_did_not_seal_leads_home() {
    let provider = OpenIdWorld::start().await;
    let mut jane = provider.visitor();
    for planted in ["https://evil.example", "AQ", ""] {
        jane.plant("localhost", "membergate-onward", planted);
        let page = jane.get(provider.world.url("/_gate/oidc/onward")).await.expect(303);
        assert_eq!(page.location().unwrap().as_str(), provider.world.url("/"));
    }
}

/// A site that was registered with another address must not leave people signed in.
#[tokio::test(flavor = "multi_thread")]
async fn with_an_address_that_is_not_registered_the_person_is_asked_signed_out_and_stays_here() {
    let provider = OpenIdWorld::start().await;
    let (out, base) = (provider.out(), provider.party.base.clone());
    for unregistered in ["https://evil.example/?a=b", &format!("{base}/out"), &format!("{out}&z=3")] {
        let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
        let hint = text(&tokens["id_token"]);
        let asked = [("id_token_hint", hint), ("post_logout_redirect_uri", unregistered), ("state", "s")];
        let page = jane.get(provider.end_session(&asked)).await.expect(200);
        assert!(page.text.contains("Do you want to sign out?"), "{}", page.text);
        assert!(
            page.text.contains("is not registered") && page.text.contains("class=\"reference\""),
            "{}",
            page.text
        );
        assert!(provider.is_signed_in(&mut jane).await, "nothing happens unasked");
        let sealed = page.attribute("name=\"answer\"", "value").unwrap();
        let page =
            jane.post(provider.world.url("/_gate/oidc/logout"), &[("answer", &sealed)]).await.expect(303);
        assert!(!provider.is_signed_in(&mut jane).await);
        let page = jane.open(page.location().unwrap()).await.expect(200);
        assert_eq!(page.url.as_str(), provider.world.url("/_gate/signed-out"));
        assert!(page.text.contains("You are signed out"), "{}", page.text);
        assert!(!page.trail.iter().any(|url| url.host_str() == Some("evil.example") || url.path() == "/out"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wordpress_adds_its_language_to_the_registered_address() {
    let provider = OpenIdWorld::planned(Plan::default(), WITH_WORDPRESS).await;
    let registered = "http://127.0.0.1:9/wp-login.php?loggedout=true&wp_lang=";
    for (lang, registered_too) in [("en_US", true), ("", true), ("en&x=1", false), ("en#x", false)] {
        let (mut jane, _) = provider.tokens(CHAIR, &[]).await;
        let uri = format!("{registered}{lang}");
        let asked = [("client_id", "blog"), ("post_logout_redirect_uri", uri.as_str())];
        let page = jane.get(provider.end_session(&asked)).await;
        assert_eq!(page.status == 200, registered_too, "{lang}: {}", page.text);
    }
}

const WITH_WORDPRESS: &str = r#"
[[oidc.client]]
id = "blog"
redirect_uris = ["http://127.0.0.1:9/cb"]
post_logout_redirect_uris = ["http://127.0.0.1:9/wp-login.php?loggedout=true&wp_lang=*"]
public = true
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_without_a_return_address_ends_on_a_page_that_says_so() {
    let provider = OpenIdWorld::start().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &[]).await;
    let page =
        jane.open(provider.end_session(&[("id_token_hint", text(&tokens["id_token"]))])).await.expect(200);
    assert_eq!(page.url.as_str(), provider.world.url("/_gate/signed-out"));
    assert!(page.trail.iter().any(|url| url.path().ends_with("/account/logout.aspx")), "{:?}", page.trail);
    // To somebody who is signed in the page says nothing false.
    let (mut nils, _) = provider.tokens(NON_MEMBER, &[]).await;
    assert_eq!(
        nils.get(provider.world.url("/_gate/signed-out")).await.expect(303).location().unwrap().path(),
        "/"
    );
}
