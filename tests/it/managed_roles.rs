//! What a site is told of the roles that the mapping manages: a short list, or the digest of a long one.

use std::net::SocketAddr;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::http::HeaderMap;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{CHAIR, Page, Plan, RULES, Visitor, World, eventually};

/// A mapping with so many further roles, which Jane holds if `held`.
fn many(count: usize, held: bool) -> String {
    let when = if held { "{ committee = \"EDU\" }" } else { "{ committee = \"NONE\" }" };
    let rules = (0..count).map(|n| format!("[[rule]]\nrole = \"committee-{n:04}\"\nwhen = [{when}]\n"));
    format!("{RULES}\n{}", rules.collect::<String>())
}

fn slugs(rules: &str) -> Vec<String> {
    let rules = membergate::adapters::rules_file::parse(rules).unwrap();
    rules.managed_roles().iter().map(ToString::to_string).collect()
}

fn digest_of(slugs: &[String]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, slugs.join("\n").as_bytes()))
}

/// A site that answers with the headers it got.
async fn mirror() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = async |headers: HeaderMap| {
        let told = headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())));
        Json(Value::Object(told.collect()))
    };
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(answer)).into_future());
    address
}

async fn world(rules: String) -> World {
    let upstream = Some(format!("http://{}", mirror().await));
    World::planned(Plan { rules, upstream, ..Plan::default() }).await
}

/// The assertion that the site gets, and its claims.
async fn told(world: &World, visitor: &mut Visitor) -> (String, Value) {
    let headers = visitor.get(world.url("/members")).await.expect(200).json();
    let assertion = headers["membergate-assertion"].as_str().unwrap().to_owned();
    let claims = claims_of(&assertion);
    (assertion, claims)
}

fn claims_of(assertion: &str) -> Value {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

async fn jane(world: &World) -> Visitor {
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    jane
}

async fn list(world: &World, digest: &str) -> Page {
    world.visitor().get(world.url(&format!("/_gate/oidc/roles/{digest}"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_stays_under_4_kb_with_a_thousand_managed_roles() {
    let few = world(RULES.to_owned()).await;
    let (_, claims) = told(&few, &mut jane(&few).await).await;
    assert_eq!(claims["managed_roles"], json!(slugs(RULES)), "a short list is told as it is");
    assert!(claims["managed_roles_digest"].is_null());
    assert_eq!((&claims["given_name"], &claims["family_name"]), (&json!("Jane"), &json!("Marlowe")));
    // A short list has an address as well.
    assert_eq!(list(&few, &digest_of(&slugs(RULES))).await.expect(200).json(), claims["managed_roles"]);

    let rules = many(1000, false);
    let world = world(rules.clone()).await;
    let mut jane = jane(&world).await;
    let (assertion, claims) = told(&world, &mut jane).await;
    assert!(assertion.len() < 4096, "{}", assertion.len());
    assert!(claims["managed_roles"].is_null());
    let digest = claims["managed_roles_digest"].as_str().unwrap();
    assert_eq!(digest, digest_of(&slugs(&rules)));
    // A web server that asks passes the same on to its site.
    let granted = jane.get(world.url("/_gate/verify@library/members")).await.expect(200);
    let passed_on = claims_of(granted.header("membergate-assertion").unwrap());
    assert_eq!(passed_on["managed_roles_digest"], claims["managed_roles_digest"]);
    let page = list(&world, digest).await.expect(200);
    assert_eq!(page.json(), json!(slugs(&rules)));
    assert!(page.header("cache-control").unwrap().contains("immutable"));
    for wrong in ["", "x", &"A".repeat(43), &digest.to_lowercase()] {
        list(&world, wrong).await.expect(404);
    }
}

/// Around the limit of 2 KB, and with a person who holds many: it is one or the other, never both or none.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_beside_many_roles_of_one_person_makes_room() {
    for (count, is_list) in [(110, true), (125, false)] {
        let world = world(many(count, false)).await;
        let (assertion, claims) = told(&world, &mut jane(&world).await).await;
        assert_eq!(claims["managed_roles"].is_array(), is_list, "{count}");
        assert_eq!(claims["managed_roles_digest"].is_string(), !is_list, "{count}");
        assert!(assertion.len() < 4096, "{}", assertion.len());
    }
    let world = world(many(110, true)).await;
    let (assertion, claims) = told(&world, &mut jane(&world).await).await;
    assert!(claims["roles"].as_array().unwrap().len() > 110 && claims["managed_roles"].is_null(), "{claims}");
    assert!(assertion.len() < 4096, "{}", assertion.len());
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_old_list_is_found_for_seven_days_and_after_a_restart() {
    let (before, after) = (many(200, false), many(300, false));
    let mut world = world(before.clone()).await;
    let (old, new) = (digest_of(&slugs(&before)), digest_of(&slugs(&after)));
    list(&world, &old).await.expect(200);
    list(&world, &new).await.expect(404);

    world.plan.rules = after.clone();
    world.gate().reload(&world.settings()).unwrap();
    list(&world, &new).await.expect(200);
    eventually("the old list is kept", async || (list(&world, &old).await.status == 200).then_some(())).await;
    world.close_gate().await;
    world.open_gate().await;
    assert_eq!(list(&world, &old).await.expect(200).json(), json!(slugs(&before)));

    world.forward(SignedDuration::from_hours(7 * 24 - 1));
    list(&world, &old).await.expect(200);
    world.forward(SignedDuration::from_hours(2));
    list(&world, &old).await.expect(404);
    list(&world, &new).await.expect(200);
}

/// A site's server reaches the gateway by an inner name that no visitor knows.
#[tokio::test(flavor = "multi_thread")]
async fn keys_and_lists_are_answered_at_any_host_and_nothing_else_is() {
    let world = world(RULES.to_owned()).await;
    let roles = format!("/_gate/oidc/roles/{}", digest_of(&slugs(RULES)));
    for host in ["127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "gateway.internal", "localhost:1", "10.0.0.5"] {
        for (path, status) in [
            ("/_gate/oidc/jwks", "200"),
            (&*roles, "200"),
            ("/_gate/oidc/roles/x", "404"),
            ("/_gate/oidc/roles", "421"),
        ] {
            let answer = raw(&world, "GET", path, host).await;
            // `localhost` is a host that has a site.
            let status = if host.starts_with("localhost") && status == "421" { "404" } else { status };
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host} {path}: {answer}");
            let head = raw(&world, "HEAD", path, host).await;
            assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{host} {path}: {head}");
        }
        if !host.starts_with("localhost") {
            for path in
                ["/", "/members", "/_gate/login", "/_gate/me", "/_gate/oidc/jwksx", "/_gate/oidc/token"]
            {
                assert!(raw(&world, "GET", path, host).await.starts_with("HTTP/1.1 421"), "{host} {path}");
            }
        }
    }
}

async fn raw(world: &World, method: &str, path: &str, host: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
