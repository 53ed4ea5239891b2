//! The simulated community signs people in at the gateway, as a plain OAuth 2.0 client by its preset: by discovery, by the three endpoints, and
//! in a real browser.

use membergate::sim::higher_logic::{SIGN_IN_PATH, Settings, Simulator};
use serde_json::json;

use crate::browser::Browser;
use crate::world::{CHAIR, NON_MEMBER, Page, Plan, World};

const SECRET: &str = "community-secret-community-secret-00";

/// A gateway with the community as its client.
async fn world() -> (World, Simulator) {
    let community = Simulator::start(Settings::demo()).await.unwrap();
    let more = format!(
        r#"
[[oidc.client]]
id = "community"
name = "Harbour Square"
preset = "higher_logic"
community = "{}"
secret = {{ env = "COMMUNITY_SECRET" }}
any_of = ["member"]
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

/// Fills in the AMS's form.
async fn log_in(browser: &Browser, email: &str) {
    browser.type_into("#main_content_Login_txtLoginUserName", email).await;
    browser.type_into("#main_content_Login_txtLoginPassword", "membergate").await;
    browser.click("#main_content_Login_LoginButton").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_edits_her_profile_at_the_ams_and_signs_out_in_chromium() {
    let (world, community) = world().await;
    let id = world.people().person(CHAIR).unwrap().id.clone();
    push(&community, &id).await;
    let control = community.control();
    let home = format!("{}/", community.base_url());
    let profile = format!("{}/my-profile", world.ams.base_url());
    control.set_switch(&format!("edit_profile={profile}")).unwrap();
    // Without an ID token the gateway asks before it signs anybody out, and then the way leads back to the community.
    let out = format!("/_gate/oidc/logout?client_id=community&post_logout_redirect_uri={home}");
    control.set_switch(&format!("op_logout={}", world.url(&out))).unwrap();

    let jane = Browser::start().await;
    jane.open(&home).await;
    assert!(!jane.has("#edit-profile").await);
    jane.click("#sign-in").await;
    log_in(&jane, CHAIR).await;
    jane.wait_for("#visitor").await;
    assert_eq!(jane.text("#visitor").await, "Jane Marlowe");
    assert!(jane.text("main").await.contains("You are signed in as Jane Marlowe"));
    assert_eq!(jane.url().await, home);
    jane.screenshot("higher-logic-01-signed-in").await;

    jane.click("#edit-profile").await;
    jane.wait_for_url("/my-profile").await;
    assert_eq!(jane.url().await, profile);
    assert!(jane.text("body").await.contains("Jane Marlowe"), "the AMS knows her");

    jane.open(&home).await;
    jane.click("#sign-out").await;
    jane.wait_for_url("/_gate/oidc/logout").await;
    assert!(jane.text("main").await.contains("Harbour Square asks to sign you out"));
    jane.screenshot("higher-logic-02-sign-out").await;
    jane.click("form button").await;
    jane.wait_for("#sign-in").await;
    assert_eq!(jane.url().await, home);
    assert!(!jane.has("#visitor").await);
    // The AMS has forgotten her too.
    jane.click("#sign-in").await;
    jane.wait_for("#main_content_Login_txtLoginPassword").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_member_reads_so_at_the_gateway_in_chromium() {
    let (world, community) = world().await;
    let id = world.people().person(NON_MEMBER).unwrap().id.clone();
    // The community would take him.
    push(&community, &id).await;
    let home = format!("{}/", community.base_url());
    let nils = Browser::start().await;
    nils.open(&home).await;
    nils.click("#sign-in").await;
    log_in(&nils, NON_MEMBER).await;
    nils.wait_for_url("/_gate/oidc/authorize").await;
    let page = nils.text("body").await;
    for told in [
        "Harbour Square is only for:",
        "Member",
        "Renew or upgrade",
        "Go back to Harbour Square",
        "Reference:",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    nils.screenshot("higher-logic-03-refused").await;
    nils.open(&home).await;
    assert!(nils.has("#sign-in").await && !nils.has("#visitor").await, "the community has not seen him");
}
