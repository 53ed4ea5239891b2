//! Whoever signs in at a client with `told_first` is known there before the client gets a code, or reads that it takes a moment.

use std::time::Duration;

use membergate::sim::people::Person;

use super::receiver::{Receiver, Trouble};
use super::{plan, within_minutes};
use crate::admin::{guards, sam};
use crate::world::{CHAIR, Page, Plan, Visitor, World, eventually};

const NEWCOMER: &str = "newcomer@people.example";
const ID: &str = "0c0ffee0-2222-4222-8333-444455556601";

/// A world that has somebody new; nobody has read anything about her yet.
async fn start() -> (World, Receiver) {
    let receiver = Receiver::start().await;
    let usual = plan(&receiver);
    let client = r#"
[oidc]
[[oidc.client]]
id = "square"
name = "Harbour Square"
redirect_uris = ["http://127.0.0.1:1/cb"]
secret = { env = "SQUARE_SECRET" }
told_first = "wordpress:library"
"#;
    let variables = vec![("SQUARE_SECRET", "square-secret-square-secret-square-00")];
    let more = format!("{}{client}", usual.more);
    let world = World::planned(Plan { more, variables, ..usual }).await;
    receiver.trust(world.url("/_gate/oidc/jwks"));
    super::told(&world, &receiver).await;
    let jane = world.people().person(CHAIR).unwrap();
    world.people().add_person(Person {
        id: ID.to_owned(),
        record_number: "30888".to_owned(),
        first_name: "Ines".to_owned(),
        email: Some(NEWCOMER.to_owned()),
        committees: Vec::new(),
        ..jane
    });
    assert!(receiver.user(ID).is_none());
    (world, receiver)
}

fn ask(world: &World) -> String {
    let query = "client_id=square&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&response_type=code&scope=profile&state=s";
    world.url(&format!("/_gate/oidc/authorize?{query}"))
}

/// Where the request of somebody who is signed in here leads.
async fn asked(world: &World, visitor: &mut Visitor) -> Page {
    visitor.get(ask(world)).await
}

async fn signs_in(world: &World, visitor: &mut Visitor) -> Page {
    visitor.sign_in(NEWCOMER, world.url("/members")).await.expect(200);
    asked(world, visitor).await
}

fn reads_that_it_takes_a_moment(page: Page) {
    let page = page.expect(503);
    for told in ["Harbour Square has to be told about your", "Try again", "Reference:"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let again = page.attribute("class=\"button\"", "href").unwrap();
    assert!(again.contains("/_gate/oidc/authorize?"), "{again}");
}

fn has_a_code(page: &Page) -> bool {
    page.location().is_some_and(|url| url.as_str().starts_with("http://127.0.0.1:1/cb?code="))
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_told_of_before_the_client_has_a_code() {
    let (world, receiver) = start().await;
    receiver.set_pace(Duration::from_millis(700));
    let mut ines = world.visitor();
    let page = signs_in(&world, &mut ines).await;
    assert!(has_a_code(&page), "{}", page.text);
    assert!(receiver.has_role(ID, "member"), "the site knew her first");
    // Now that it does, nobody waits for it.
    let requests = receiver.requests();
    assert!(has_a_code(&asked(&world, &mut ines).await));
    assert_eq!(receiver.requests(), requests, "nothing is sent twice");
    receiver.assert_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_site_does_not_answer_about_reads_so_and_gets_in_later() {
    let (world, receiver) = start().await;
    receiver.set_pace(Duration::from_secs(7));
    let mut ines = world.visitor();
    reads_that_it_takes_a_moment(signs_in(&world, &mut ines).await);
    receiver.set_pace(Duration::ZERO);
    eventually("she gets in", async || has_a_code(&asked(&world, &mut ines).await).then_some(())).await;
    assert!(receiver.has_role(ID, "member"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_down_lets_nobody_wait_for_ever_and_takes_her_when_it_is_back() {
    let (world, receiver) = start().await;
    receiver.trouble(&[503; 4].map(Trouble::Status));
    let mut ines = world.visitor();
    let page = signs_in(&world, &mut ines).await;
    reads_that_it_takes_a_moment(page);
    // Each failure is waited for longer, by the machine's clock for the site and by the world's for the person.
    within_minutes(&world, 10, "she gets in", async || {
        has_a_code(&asked(&world, &mut ines).await).then_some(())
    })
    .await;
    assert!(receiver.has_role(ID, "member"));
    receiver.assert_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_site_refuses_reads_so_at_once_until_somebody_has_seen_to_it() {
    let (world, receiver) = start().await;
    receiver.refuse(ID, true);
    let mut ines = world.visitor();
    reads_that_it_takes_a_moment(signs_in(&world, &mut ines).await);
    let began = std::time::Instant::now();
    let page = asked(&world, &mut ines).await;
    assert!(!page.text.contains("http-equiv=\"refresh\""), "it does not try again by itself");
    reads_that_it_takes_a_moment(page);
    assert!(began.elapsed() < Duration::from_secs(4), "nobody waits for a refusal");
    receiver.refuse(ID, false);
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(super::DELIVERIES)).await.expect(200);
    let (token, _) = guards(&page);
    let fields = [("token", &*token), ("subscriber", "wordpress:library"), ("id", ID)];
    sam.post(world.url(&format!("{}/again", super::DELIVERIES)), &fields).await.expect(303);
    eventually("she gets in", async || has_a_code(&asked(&world, &mut ines).await).then_some(())).await;
}
