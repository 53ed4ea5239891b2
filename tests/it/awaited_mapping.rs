//! A mapping that looks at something new comes into force when that has been read of everybody who is signed in, or when an administrator
//! says so.

use std::time::Duration;

use jiff::SignedDuration;
use membergate::sim::people::Purchase;
use membergate::sim::re_members::{Endpoint, Scope};
use membergate::sim::switches::Fault;

use crate::admin::{MAPPING, guards, publish, sam};
use crate::world::{CHAIR, Page, Plan, Visitor, World, eventually};

const PREVIEW: &str = "/_gate/admin/preview";

/// Sam, an administrator, and Jane, who has bought a ticket of which no rule has asked yet, are signed in.
async fn world() -> (World, Visitor, Visitor) {
    let plan = Plan {
        directory: "in_step = true".to_owned(),
        more: "[admin]\nroles = [\"staff\"]\n".to_owned(),
        ..Plan::default()
    };
    let world = World::planned(plan).await;
    world.people().edit_person(CHAIR, |jane| {
        jane.purchases.push(Purchase {
            order_number: "1".to_owned(),
            product_code: "TICKET".to_owned(),
            product_name: "Ticket".to_owned(),
            purchase_date: Some("2026-01-05T00:00:00".to_owned()),
        });
    });
    let sam = sam(&world).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/_gate/login?return_to=%2F")).await.expect(200);
    (world, sam, jane)
}

fn fail_purchases(world: &World, fault: Fault) {
    world.people().update_switches(|switches| {
        switches.fault = fault;
        switches.fault_on = Scope::Only(Endpoint::Purchases);
    });
}

async fn add_rule(world: &World, sam: &mut Visitor) {
    let page = sam.get(world.url(MAPPING)).await.expect(200);
    let (token, revision) = guards(&page);
    let fields = [
        ("token", &*token),
        ("revision", &revision),
        ("c0.kind", "purchase"),
        ("c0.purchase", "TICKET"),
        ("role", "guest"),
        ("do", "save"),
    ];
    sam.post(world.url("/_gate/admin/mapping/rules"), &fields).await.expect(303);
}

async fn post(world: &World, sam: &mut Visitor, address: &str, more: &[(&str, &str)]) -> Page {
    let page = sam.get(world.url(PREVIEW)).await.expect(200);
    let (token, revision) = guards(&page);
    let fields = [&[("token", &*token), ("revision", &revision)], more].concat();
    sam.post(world.url(address), &fields).await
}

async fn is_guest(world: &World, jane: &mut Visitor) -> bool {
    let me = jane.get(world.url("/_gate/me")).await.expect(200).json();
    me["roles"].as_array().unwrap().iter().any(|role| role["role"] == "guest")
}

/// The version in force, as the page of versions says.
async fn is_in_force(world: &World, sam: &mut Visitor) -> bool {
    sam.get(world.url("/_gate/admin/versions")).await.expect(200).text.contains("For the new term")
}

async fn some_time(world: &World) {
    world.forward(SignedDuration::from_secs(70));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_waits_until_what_it_newly_looks_at_is_known_of_everybody_signed_in() {
    let (mut world, mut sam, mut jane) = world().await;
    fail_purchases(&world, Fault::ServerError);
    add_rule(&world, &mut sam).await;
    publish(&world, &mut sam).await.expect(303);
    let page = sam.get(world.url(PREVIEW)).await.expect(200);
    assert!(page.text.contains("Comes into force by itself"), "{}", page.text);
    for _ in 0..3 {
        some_time(&world).await;
        assert!(!is_in_force(&world, &mut sam).await, "nobody has been read");
        assert!(!is_guest(&world, &mut jane).await);
    }
    let page = sam.get(world.url(PREVIEW)).await.expect(200);
    assert!(page.text.contains("0 of 2 people who are signed in have been read"), "{}", page.text);
    // It goes on waiting after a restart.
    world.close_gate().await;
    world.open_gate().await;
    some_time(&world).await;
    assert!(!is_in_force(&world, &mut sam).await);
    fail_purchases(&world, Fault::None);
    for _ in 0..40 {
        if is_in_force(&world, &mut sam).await {
            break;
        }
        some_time(&world).await;
    }
    assert!(is_in_force(&world, &mut sam).await);
    // From the first moment on, and without a sign-in.
    assert!(is_guest(&world, &mut jane).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_has_seen_the_count_puts_it_in_force_at_once() {
    let (world, mut sam, mut jane) = world().await;
    fail_purchases(&world, Fault::ServerError);
    add_rule(&world, &mut sam).await;
    publish(&world, &mut sam).await.expect(303);
    post(&world, &mut sam, "/_gate/admin/preview/publish", &[("when", "now")]).await.expect(303);
    assert!(is_in_force(&world, &mut sam).await);
    assert!(!is_guest(&world, &mut jane).await, "what is not known grants nothing");
    // Whoever is signed in is read for it nevertheless.
    fail_purchases(&world, Fault::None);
    for _ in 0..40 {
        if is_guest(&world, &mut jane).await {
            return;
        }
        some_time(&world).await;
    }
    panic!("nobody has read what Jane bought");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_or_a_withdrawal_ends_the_wait() {
    let (world, mut sam, _jane) = world().await;
    fail_purchases(&world, Fault::ServerError);
    add_rule(&world, &mut sam).await;
    publish(&world, &mut sam).await.expect(303);
    post(&world, &mut sam, "/_gate/admin/preview/withdraw", &[]).await.expect(303);
    let page = sam.get(world.url(PREVIEW)).await.expect(200);
    assert!(!page.text.contains("Comes into force by itself"), "{}", page.text);
    fail_purchases(&world, Fault::None);
    for _ in 0..3 {
        some_time(&world).await;
    }
    assert!(!is_in_force(&world, &mut sam).await);
    let entries = sam.get(world.url("/_gate/admin/audit")).await.expect(200).text;
    for words in ["Asked for the draft to come into force", "Kept the draft from coming into force"] {
        assert!(entries.contains(words), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_looks_at_nothing_new_is_in_force_at_once() {
    let (world, mut sam, _jane) = world().await;
    let page = sam.get(world.url(MAPPING)).await.expect(200);
    let (token, revision) = guards(&page);
    let fields = [
        ("token", &*token),
        ("revision", &revision),
        ("c0.kind", "security_role"),
        ("c0.security_role", "Press"),
        ("role", "press"),
        ("do", "save"),
    ];
    sam.post(world.url("/_gate/admin/mapping/rules"), &fields).await.expect(303);
    eventually("the rosters are known", async || {
        (world.people().calls(Endpoint::CommitteeMembers) > 0).then_some(())
    })
    .await;
    publish(&world, &mut sam).await.expect(303);
    assert!(is_in_force(&world, &mut sam).await);
}
