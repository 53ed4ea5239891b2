//! Whoever signs in at the community for the first time is known there first.

use std::time::Duration;

use membergate::sim::people::Person;

use super::receiver::{Receiver, Trouble, Way};
use super::{COMMUNITY, RULES, told};
use crate::directory::{in_step, within_minutes};
use crate::world::{CHAIR, NON_MEMBER, Page, Plan, Visitor, World};

const NEWCOMER: &str = "newcomer@people.example";
const ID: &str = "0C0FFEE0-2222-4222-8333-444455556601";

/// A community that is told of people and signs them in here, and somebody new, of whom nobody has read anything yet.
async fn start(way: Way) -> (World, Receiver) {
    let receiver = Receiver::start(way).await;
    let client = r#"
[oidc]
[[oidc.client]]
id = "square"
name = "Harbour Square"
preset = "higher_logic"
community = "http://127.0.0.1:1"
secret = { env = "SQUARE_SECRET" }
any_of = ["member"]
"#;
    let plan = Plan {
        rules: RULES.to_owned(),
        access: "[[site.access]]\npath = \"/\"\nrequire = \"signed_in\"\n".to_owned(),
        more: format!("[admin]\nroles = [\"staff\"]\n{}{client}", receiver.configuration()),
        variables: vec![
            ("PUSH_KEY", "push-key-of-acme"),
            ("SQUARE_SECRET", "square-secret-square-secret-square-00"),
        ],
        files: vec![("/etc/membergate/community.toml", COMMUNITY.to_owned())],
        ..in_step()
    };
    let world = World::planned(plan).await;
    told(&world, &receiver).await;
    let jane = world.people().person(CHAIR).unwrap();
    world.people().add_person(Person {
        id: ID.to_owned(),
        record_number: "30888".to_owned(),
        first_name: "Ines".to_owned(),
        email: Some(NEWCOMER.to_owned()),
        ..jane
    });
    assert!(receiver.contact(ID).is_none());
    (world, receiver)
}

/// Where the community's request leads somebody who is signed in here.
async fn asked(world: &World, visitor: &mut Visitor) -> Page {
    let callback = "http%3A%2F%2F127.0.0.1%3A1%2FHigherLogic%2FSecurity%2FOAuth%2FAuthentication.aspx";
    let query = format!("client_id=square&redirect_uri={callback}&response_type=code&scope=profile&state=s");
    visitor.get(world.url(&format!("/_gate/oidc/authorize?{query}"))).await
}

async fn signs_in(world: &World, email: &str) -> (Visitor, Page) {
    let mut visitor = world.visitor();
    visitor.sign_in(email, world.url("/")).await.expect(200);
    let page = asked(world, &mut visitor).await;
    (visitor, page)
}

fn has_a_code(page: &Page) -> bool {
    page.location().is_some_and(|url| url.query().is_some_and(|query| query.contains("code=")))
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_there_with_all_groups_before_the_community_has_a_code() {
    for way in [Way::Empty, Way::EachRecord, Way::Verdict] {
        let (world, receiver) = start(way).await;
        let (_ines, page) = signs_in(&world, NEWCOMER).await;
        assert!(has_a_code(&page), "{way:?}: {} {}", page.status, page.text);
        let ines = receiver.contact(ID).unwrap();
        assert!(ines.is_member && ines.places.contains_key("committee-EDU"), "{way:?}: {ines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_sign_in_there_reads_so_and_is_not_held_up() {
    let (world, receiver) = start(Way::EachRecord).await;
    let requests = receiver.requests();
    let (_nils, page) = signs_in(&world, NON_MEMBER).await;
    assert!(!has_a_code(&page));
    assert_eq!(page.status, 403, "{}", page.text);
    assert_eq!(receiver.requests(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_is_down_is_waited_for_five_seconds_and_lets_her_in_when_it_is_back() {
    let (world, receiver) = start(Way::EachRecord).await;
    receiver.trouble(&[Trouble::Status(503); 3]);
    let began = std::time::Instant::now();
    let (mut ines, page) = signs_in(&world, NEWCOMER).await;
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    assert_eq!(page.status, 503, "{}", page.text);
    for told in ["That site does not know you yet", "Harbour Square has to be told about your", "Try again"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    within_minutes(&world, 15, "she gets in", async || {
        has_a_code(&asked(&world, &mut ines).await).then_some(())
    })
    .await;
    assert!(receiver.contact(ID).unwrap().is_member);
}
