//! Stories of sign-in: the community as a client of an authorization server, which a simulated Novi is here.

use super::*;
use crate::sim::novi;
use crate::sim::people::{Environment, PASSWORD};
use crate::sim::tests::post;

const DANA: &str = "6a6f5f2e-0001-4222-8333-444455550001";
const DANAS_EMAIL: &str = "dana.ruiz@people.example";

/// A community, the server at which its people sign in, and the cookie of a browser there.
async fn with_server() -> (World, novi::Simulator, String) {
    let server = novi::Simulator::start(novi::Settings::demo_on(Some(TODAY))).await.unwrap();
    let own = novi::Credentials::demo(Environment::Production);
    let world = World::with(&[
        &format!("op_discovery={}/.well-known/openid-configuration", server.base_url()),
        &format!("client_id={}", own.client_id),
        &format!("client_secret={}", own.client_secret),
    ])
    .await;
    let url = format!("{}/login", server.base_url());
    let signed_in = post(&world.http, url, None, &[("email", DANAS_EMAIL), ("password", PASSWORD)]).await;
    (world, server, cookie(&signed_in))
}

impl World {
    /// Goes to the sign-in page and through the server; gives the answer with which the browser comes back.
    async fn come_back(&self, path: &str, at_server: &str) -> Response {
        let begun = self.open(path, None).await;
        assert_eq!(begun.status(), StatusCode::FOUND, "{}", begun.text().await.unwrap());
        let attempt = cookie(&begun);
        let back = open(&self.http, location(&begun), Some(at_server)).await;
        open(&self.http, location(&back), Some(&attempt)).await
    }
}

const SIGN_IN: &str = "/HigherLogic/Security/OAuth/Authentication.aspx";

#[tokio::test]
async fn whoever_has_a_record_of_exactly_this_key_is_signed_in() {
    let (world, _server, browser) = with_server().await;
    let refused = world.come_back(SIGN_IN, &browser).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.text().await.unwrap().contains("no matching record"));
    world.pushed(&[person(&DANA.to_uppercase(), json!([]))]).await;
    assert_eq!(world.come_back(SIGN_IN, &browser).await.status(), 403, "keys are exact");
    world.pushed(&[person(DANA, json!([]))]).await;
    let path = format!("{SIGN_IN}?ReturnUrl=%2Fpeople%2F{DANA}");
    let signed_in = world.come_back(&path, &browser).await;
    assert_eq!((signed_in.status().as_u16(), location(&signed_in)), (302, format!("/people/{DANA}")));
    let own = cookie(&signed_in);
    let home = async |own: &str| world.open("/", Some(own)).await.text().await.unwrap();
    assert!(home(&own).await.contains("You are signed in as") && !home(&own).await.contains("Edit profile"));
    world.set("edit_profile=https://ams.acme.example/profile");
    assert!(home(&own).await.contains("href=\"https://ams.acme.example/profile\">Edit profile</a>"));
    world.set("edit_profile=javascript:alert(1)");
    assert!(!home(&own).await.contains("Edit profile"), "it is no address of a page");
    let out = world.open("/HigherLogic/Security/LogOut.aspx", Some(&own)).await;
    assert!(out.text().await.unwrap().contains("You are signed out"));
    assert!(!home(&own).await.contains("You are signed in as"), "the old cookie opens nothing");
    world.set("op_logout=https://www.acme.example/_gate/slo");
    let out = world.open("/HigherLogic/Security/LogOut.aspx", None).await;
    assert_eq!(location(&out), "https://www.acme.example/_gate/slo");
    world.pushed(&[json!({ "ContactDetails": { "ContactId": DANA, "IsDeleted": true } })]).await;
    assert!(world.come_back(SIGN_IN, &browser).await.text().await.unwrap().contains("is Deleted"));
}

#[tokio::test]
async fn the_request_is_plain_oauth_and_only_local_pages_are_returned_to() {
    let (world, _server, browser) = with_server().await;
    let begun = location(&world.open(SIGN_IN, None).await);
    let query: Vec<(String, String)> = url::Url::parse(&begun).unwrap().query_pairs().into_owned().collect();
    let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["client_id", "response_type", "scope", "redirect_uri", "state"], "no PKCE, no nonce");
    assert_eq!((query[2].1.as_str(), query[3].1.clone()), ("profile", world.url(SIGN_IN)));
    world.pushed(&[person(DANA, json!([]))]).await;
    for elsewhere in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example"] {
        let back = world.come_back(&format!("{SIGN_IN}?ReturnUrl={elsewhere}"), &browser).await;
        assert_eq!(location(&back), "/");
    }
    world.set("scope=openid");
    assert!(location(&world.open(SIGN_IN, None).await).contains("scope=openid&"));
}

#[tokio::test]
async fn a_sign_in_that_goes_wrong_says_why() {
    let (world, server, browser) = with_server().await;
    world.pushed(&[person(DANA, json!([]))]).await;
    let page = async |path: &str| {
        let answer = world.open(path, None).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, text) = page(&format!("{SIGN_IN}?error=access_denied")).await;
    assert!(status == 400 && text.contains("access_denied"), "{text}");
    let (status, text) = page(&format!("{SIGN_IN}?code=a&state=b")).await;
    assert!(status == 400 && text.contains("did not begin in this browser"), "{text}");
    for (switch, part) in [
        ("id_claim=contact_number", "userinfo has no claim contact_number"),
        ("client_secret=wrong", "the token endpoint answered with 401"),
        ("op_userinfo=http://127.0.0.1:1/", "userinfo could not be asked"),
        ("op_token=no address", "token_endpoint"),
    ] {
        let before = world.control().switches();
        world.set(switch);
        let back = world.come_back(SIGN_IN, &browser).await;
        let (status, text) = (back.status().as_u16(), back.text().await.unwrap());
        assert!(status == 502 && text.contains(part), "{switch}: {status} {text}");
        world.control().update_switches(|switches| *switches = before);
    }
    server.control().set_switch("token_auth=basic").unwrap();
    world.set("client_proof=post");
    assert_eq!(world.come_back(SIGN_IN, &browser).await.status(), 502);
    server.control().set_switch("token_auth=post").unwrap();
    assert_eq!(world.come_back(SIGN_IN, &browser).await.status(), 302);
    world.set("op_discovery=off");
    let (status, text) = page(SIGN_IN).await;
    assert!(status == 502 && text.contains("No authorization server is set"), "{text}");
    world.set(&format!("op_authorize={}/oauth/authorize", server.base_url()));
    assert_eq!(world.open(SIGN_IN, None).await.status(), 302);
}
