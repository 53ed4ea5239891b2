//! What the AMS takes away is taken away at every web server: the proxy, a web server that asks, and OpenID clients (S-39, S-40).

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::OpenIdWorld;
use super::party::{answer, claims};
use crate::world::{CHAIR, Plan, Visitor, eventually};

/// Records grow old within a minute; everything else outlives the story.
async fn provider() -> OpenIdWorld {
    let session = "refresh_after = \"1m\"".to_owned();
    let switches = vec!["rate_limit=off", "app_token_ttl=1000h", "session_ttl=1000h"];
    OpenIdWorld::planned(Plan { session, switches, ..Plan::default() }, "").await
}

impl OpenIdWorld {
    /// What a web server is told about a page for the chair.
    async fn verify_at_the_door(&self, visitor: &mut Visitor) -> u16 {
        let host = format!("localhost:{}", self.world.address().port());
        let question = [
            ("x-forwarded-method", "GET"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", host.as_str()),
            ("x-forwarded-uri", "/education"),
        ];
        let url = self.world.url("/_gate/verify");
        visitor.request(Method::GET, &url, &question, None).await.status.as_u16()
    }
}

fn is_chair(tokens: &Value) -> bool {
    let claims = claims(tokens["id_token"].as_str().unwrap());
    claims["roles"].as_array().unwrap().contains(&json!("education_chair"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_lost_in_the_ams_is_lost_everywhere() {
    let provider = provider().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &["scope=openid roles offline_access"]).await;
    let page = provider.world.url("/education");
    jane.get(&page).await.expect(200);
    assert_eq!(provider.verify_at_the_door(&mut jane).await, 200);
    assert!(is_chair(&tokens));

    provider.world.people().edit_person(CHAIR, |jane| jane.committees.clear());
    provider.world.forward(SignedDuration::from_mins(2));
    eventually("lost at the proxy", async || (jane.get(&page).await.status == 403).then_some(())).await;
    assert_eq!(provider.verify_at_the_door(&mut jane).await, 403);
    let told = provider.userinfo(&tokens["access_token"]).await.expect(200).json();
    assert!(!told["roles"].as_array().unwrap().contains(&json!("education_chair")), "{told}");
    assert!(!is_chair(&provider.refresh(&tokens["refresh_token"]).await.expect(200).json()));
    let again = jane.open(provider.ask("wiki", &["scope=openid roles"])).await;
    assert!(!is_chair(&provider.exchange(&answer(&again)["code"], &[]).await.expect(200).json()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_longer_admitted_is_a_stranger_everywhere() {
    let provider = provider().await;
    let (mut jane, tokens) = provider.tokens(CHAIR, &["scope=openid roles offline_access"]).await;
    provider.userinfo(&tokens["access_token"]).await.expect(200);
    provider.world.people().edit_person(CHAIR, |jane| {
        if let Some(user) = &mut jane.user {
            user.is_approved = false;
        }
    });
    provider.world.forward(SignedDuration::from_mins(2));
    // The cookie stays with the browser, as a thief would have it.
    let cookie = jane.cookie("localhost", "membergate").unwrap().clone();
    eventually("nobody", async || {
        jane.plant("localhost", "membergate", &cookie);
        (jane.get(provider.world.url("/_gate/me")).await.status == 401).then_some(())
    })
    .await;
    jane.plant("localhost", "membergate", &cookie);
    jane.get(provider.world.url("/education")).await.expect(302);
    assert_eq!(provider.verify_at_the_door(&mut jane).await, 401);
    provider.userinfo(&tokens["access_token"]).await.expect(401);
    let refused = provider.refresh(&tokens["refresh_token"]).await.expect(400);
    assert_eq!(refused.json()["error"], "invalid_grant");
    let page = jane.get(provider.ask("wiki", &["prompt=none"])).await.expect(303);
    assert_eq!(super::party::parameters(&page.location().unwrap())["error"], "login_required");
    assert_eq!(
        claims(&provider.party.told(1).await[0])["sid"],
        claims(tokens["id_token"].as_str().unwrap())["sid"]
    );
}
