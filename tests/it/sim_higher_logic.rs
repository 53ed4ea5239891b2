//! The simulated community signs people in at the gateway, as a plain OAuth 2.0 client: by discovery, and by the three endpoints.

use membergate::sim::higher_logic::{SIGN_IN_PATH, Settings, Simulator};
use serde_json::json;

use crate::world::{CHAIR, Page, Plan, World};

const SECRET: &str = "community-secret-community-secret-00";

/// A gateway with the community as its client.
async fn world() -> (World, Simulator) {
    let community = Simulator::start(Settings::demo()).await.unwrap();
    let more = format!(
        r#"
[[oidc.client]]
id = "community"
redirect_uris = ["{}{SIGN_IN_PATH}"]
secret = {{ env = "COMMUNITY_SECRET" }}
"#,
        community.base_url()
    );
    let variables = vec![("COMMUNITY_SECRET", SECRET)];
    let world = World::planned(Plan { more, variables, ..Plan::default() }).await;
    let discovery = format!("op_discovery={}", world.url("/.well-known/openid-configuration"));
    for switch in [&discovery, "client_id=community", &format!("client_secret={SECRET}")] {
        community.control().set_switch(switch).unwrap();
    }
    (world, community)
}

/// Pushes one contact by version 2.
async fn push(community: &Simulator, id: &str) {
    let record =
        json!([{ "ContactDetails": { "ContactId": id, "FirstName": "Jane", "LastName": "Marlowe" } }]);
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.post(format!("{}/v2/contactinfo", community.base_url())).json(&record);
    assert_eq!(request.header("ApiKey", "demo-higher-logic-api-key").send().await.unwrap().status(), 200);
}

fn names_jane(page: &Page) -> bool {
    page.attribute("id=\"visitor\"", "id").is_some() && page.text.contains(">Jane Marlowe</strong>")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_pushed_gets_into_the_community_through_the_gateway() {
    let (world, community) = world().await;
    let sign_in = format!("{}{SIGN_IN_PATH}?ReturnUrl=/", community.base_url());
    let mut jane = world.visitor();
    let page = jane.sign_in(CHAIR, &sign_in).await.expect(403);
    assert!(page.text.contains("no matching record"), "{}", page.text);
    let id = world.people().person(CHAIR).unwrap().id.clone();
    push(&community, &id.to_uppercase()).await;
    jane.open(&sign_in).await.expect(403);
    push(&community, &id).await;
    let page = jane.open(&sign_in).await.expect(200);
    assert!(names_jane(&page) && page.url.as_str().starts_with(&community.base_url()), "{}", page.text);
    let out =
        jane.get(format!("{}/HigherLogic/Security/LogOut.aspx", community.base_url())).await.expect(200);
    assert!(out.text.contains("signed out"));
    assert!(!names_jane(&jane.get(community.base_url()).await.expect(200)));

    let control = community.control();
    control.set_switch("op_discovery=off").unwrap();
    for name in ["authorize", "token", "userinfo"] {
        let address = world.url(&format!("/_gate/oidc/{name}"));
        control.set_switch(&format!("op_{name}={address}")).unwrap();
    }
    assert!(names_jane(&jane.open(&sign_in).await.expect(200)));
    control.set_switch("client_secret=another").unwrap();
    let page = jane.open(&sign_in).await.expect(502);
    assert!(page.text.contains("the token endpoint answered with 401"), "{}", page.text);
}
