//! The AMS tells of a change: a webhook names people, who are read again at once, and nothing else follows from it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use jiff::SignedDuration;
use membergate::sim::people::Membership;
use reqwest::Method;

use crate::process::Gateway;
use crate::world::{CHAIR, Page, Plan, Visitor, World, eventually};

const SECRET: &str = "first-secret-of-the-hooks";
const NEXT: &str = "next-secret-of-the-hooks";
const JANE: &str = "b3a1c0de-0001-4222-8333-444455550001";

fn plan() -> Plan {
    Plan {
        directory: r#"hook_secrets = [{ env = "HOOK" }]"#.to_owned(),
        more: "[admin]\nroles = [\"staff\"]\n".to_owned(),
        variables: vec![("HOOK", SECRET), ("HOOK_2", NEXT)],
        ..Plan::default()
    }
}

async fn call(visitor: &mut Visitor, world: &World, secret: &str, body: &str) -> Page {
    let url = world.url(&format!("/_gate/hooks/{secret}"));
    visitor.request(Method::POST, &url, &[("content-type", "application/json")], Some(body.to_owned())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_a_webhook_names_is_read_again_at_once() {
    let world = World::planned(plan()).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let desk = world.gate().admin_services().unwrap();
    // From here on only a sweep, a roster or the next poll of the feed would tell of a change, and those are minutes away.
    eventually("everybody was read, and the feed was asked", async || {
        world.forward(SignedDuration::from_secs(2));
        let status = desk.directory.status();
        (status.last_sweep.is_some() && status.polled_at.is_some() && status.to_read == 0).then_some(())
    })
    .await;
    assert_eq!(desk.directory.status().hooked_at, None);
    // Nobody is read twice within half a minute.
    world.forward(SignedDuration::from_secs(31));
    let ended = |it: &mut Membership| it.expire_date = Some("2020-12-31".to_owned());
    assert!(world.people().edit_person(CHAIR, |jane| jane.memberships.iter_mut().for_each(ended)));

    let mut ams = world.visitor();
    // What a webhook says is not believed, and a body without a person is as good.
    call(&mut ams, &world, SECRET, "no JSON at all").await.expect(200);
    jane.get(world.url("/members")).await.expect(200);
    let named = format!(r#"{{ "Notifications": [{{ "CustomerId": "{JANE}" }}] }}"#);
    let answered = call(&mut ams, &world, SECRET, &named).await.expect(200);
    assert_eq!(answered.text, "");
    assert!(desk.directory.status().hooked_at.is_some());
    eventually("she is no member any longer", async || {
        (jane.get(world.url("/members")).await.status == 403).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_secret_there_is_nothing_and_with_it_a_sender_may_try_the_address() {
    let mut world = World::planned(plan()).await;
    let mut ams = world.visitor();
    let unknown = ams.get(world.url("/_gate/nothing")).await.expect(404);
    let without_reference = |page: &Page| {
        let reference = page.header("x-request-id").unwrap();
        page.text.replace(reference, "").replace("/_gate/nothing", "").replace("/_gate/hooks/wrong", "")
    };
    for page in [
        ams.get(world.url("/_gate/hooks/wrong")).await.expect(404),
        ams.get(world.url("/_gate/hooks/wrong?echo=abc")).await.expect(404),
        call(&mut ams, &world, "wrong", "{}").await.expect(404),
        call(&mut ams, &world, NEXT, "{}").await.expect(404),
        call(&mut ams, &world, &SECRET.to_uppercase(), "{}").await.expect(404),
    ] {
        assert_eq!(without_reference(&page), without_reference(&unknown));
    }
    let echo = ams.get(world.url(&format!("/_gate/hooks/{SECRET}?echo=Abc123"))).await.expect(200);
    assert_eq!(
        (echo.text.as_str(), echo.header("content-type")),
        ("Abc123", Some("text/plain; charset=utf-8"))
    );
    ams.get(world.url(&format!("/_gate/hooks/{SECRET}?echo=%3Cb%3E"))).await.expect(400);
    call(&mut ams, &world, SECRET, &"x".repeat(64 * 1024)).await.expect(200);
    call(&mut ams, &world, SECRET, &"x".repeat(64 * 1024 + 1)).await.expect(413);
    let url = world.url(&format!("/_gate/hooks/{SECRET}"));
    ams.request(Method::PUT, &url, &[], None).await.expect(405);

    // A second secret takes the place of the first without a restart.
    for (sources, first, second) in [
        (r#"{ env = "HOOK_2" }, { env = "HOOK" }"#, 200, 200),
        (r#"{ env = "HOOK_2" }"#, 404, 200),
        ("", 404, 404),
    ] {
        world.plan.directory = format!("hook_secrets = [{sources}]");
        world.gate().reload(&world.settings()).unwrap();
        call(&mut ams, &world, SECRET, "{}").await.expect(first);
        call(&mut ams, &world, NEXT, "{}").await.expect(second);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_never_has_what_may_be_a_secret() {
    let mut world = World::planned(plan()).await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);
    for secret in [SECRET, "a-wrong-one-that-was-typed"] {
        for method in ["GET", "POST", "PUT"] {
            let mut stream = TcpStream::connect(world.address()).unwrap();
            let port = world.address().port();
            let head = format!("{method} /_gate/hooks/{secret} HTTP/1.1\r\nHost: localhost:{port}\r\n");
            stream
                .write_all(format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes())
                .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        }
    }
    let log = gateway.end();
    assert!(log.contains("\"reason\":\"not_found\""), "refusals are logged: {log}");
    assert!(!log.contains(SECRET) && !log.contains("a-wrong-one"), "{log}");
}
