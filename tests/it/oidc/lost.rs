//! What the AMS takes away is taken away at every door: the proxy, a web server that asks, and OpenID clients (S-39, S-40).

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::House;
use super::party::{answer, claims};
use crate::world::{CHAIR, Plan, Visitor, eventually};

/// Records grow old within a minute; everything else outlives the story.
async fn house() -> House {
    let session = "refresh_after = \"1m\"".to_owned();
    let switches = vec!["rate_limit=off", "app_token_ttl=1000h", "session_ttl=1000h"];
    House::planned(Plan { session, switches, ..Plan::default() }, "").await
}

impl House {
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
async fn a_role_lost_in_the_ams_is_lost_at_every_door() {
    let house = house().await;
    let (mut jane, tokens) = house.tokens(CHAIR, &["scope=openid roles offline_access"]).await;
    let page = house.world.url("/education");
    jane.get(&page).await.expect(200);
    assert_eq!(house.verify_at_the_door(&mut jane).await, 200);
    assert!(is_chair(&tokens));

    house.world.people().edit_person(CHAIR, |jane| jane.committees.clear());
    house.world.forward(SignedDuration::from_mins(2));
    eventually("lost at the proxy", async || (jane.get(&page).await.status == 403).then_some(())).await;
    assert_eq!(house.verify_at_the_door(&mut jane).await, 403);
    let told = house.userinfo(&tokens["access_token"]).await.expect(200).json();
    assert!(!told["roles"].as_array().unwrap().contains(&json!("education_chair")), "{told}");
    assert!(!is_chair(&house.refresh(&tokens["refresh_token"]).await.expect(200).json()));
    let again = jane.open(house.ask("wiki", &["scope=openid roles"])).await;
    assert!(!is_chair(&house.exchange(&answer(&again)["code"], &[]).await.expect(200).json()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_ams_admits_no_more_is_nobody_at_every_door() {
    let house = house().await;
    let (mut jane, tokens) = house.tokens(CHAIR, &["scope=openid roles offline_access"]).await;
    house.userinfo(&tokens["access_token"]).await.expect(200);
    house.world.people().edit_person(CHAIR, |jane| {
        if let Some(user) = &mut jane.user {
            user.is_approved = false;
        }
    });
    house.world.forward(SignedDuration::from_mins(2));
    // The cookie stays with the browser, as a thief would have it.
    let cookie = jane.cookie("localhost", "membergate").unwrap().clone();
    eventually("nobody", async || {
        jane.plant("localhost", "membergate", &cookie);
        (jane.get(house.world.url("/_gate/me")).await.status == 401).then_some(())
    })
    .await;
    jane.plant("localhost", "membergate", &cookie);
    jane.get(house.world.url("/education")).await.expect(302);
    assert_eq!(house.verify_at_the_door(&mut jane).await, 401);
    house.userinfo(&tokens["access_token"]).await.expect(401);
    let refused = house.refresh(&tokens["refresh_token"]).await.expect(400);
    assert_eq!(refused.json()["error"], "invalid_grant");
    let page = jane.get(house.ask("wiki", &["prompt=none"])).await.expect(303);
    assert_eq!(super::party::parameters(&page.location().unwrap())["error"], "login_required");
    assert_eq!(
        claims(&house.party.told(1).await[0])["sid"],
        claims(tokens["id_token"].as_str().unwrap())["sid"]
    );
}
