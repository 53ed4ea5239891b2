//! Stories of a community at Higher Logic that follows the AMS by itself, in each way in which it may answer.

mod calendar;
mod commands;
mod each_ams;
mod first_sign_in;
mod properties;
mod publish;
mod receiver;
mod standing;

use std::time::Duration;

use jiff::SignedDuration;

use self::receiver::{Receiver, Trouble, Way};
use crate::admin::{guards, sam};
use crate::directory::{in_step, within_minutes};
use crate::world::{CHAIR, LAST_DAY, NON_MEMBER, Plan, SECOND_MEMBERSHIP, World, eventually};

/// The role mapping knows nothing of committees: what the community looks at is read for the community.
const RULES: &str = r#"
time_zone = "America/New_York"
member = "member"

[[rule]]
role = "staff"
when = [{ security_role = "Staff" }]
"#;

const COMMUNITY: &str = r#"
time_zone = "America/New_York"

[contact]
names = false
directory = false
organization = false

[[group]]
id = "MEMBERS"
name = "Members"
as = "security_group"
member = true
when = [{ member = true }]

[[group]]
id = "committee-EDU"
name = "{name}"
as = "community"
type = "Committee"
role = "{position}"
when = [{ committee = "EDU" }]
"#;

async fn start(way: Way) -> (World, Receiver) {
    start_with(way, COMMUNITY).await
}

async fn start_with(way: Way, community: &str) -> (World, Receiver) {
    let receiver = Receiver::start(way).await;
    (World::planned(plan_with(&receiver, community)).await, receiver)
}

fn plan(receiver: &Receiver) -> Plan {
    plan_with(receiver, COMMUNITY)
}

fn plan_with(receiver: &Receiver, community: &str) -> Plan {
    Plan {
        rules: RULES.to_owned(),
        access: "[[site.access]]\npath = \"/\"\nrequire = \"public\"\n".to_owned(),
        more: format!("[admin]\nroles = [\"staff\"]\n{}", receiver.configuration()),
        variables: vec![("PUSH_KEY", "push-key-of-acme")],
        files: vec![("/etc/membergate/community.toml", community.to_owned())],
        ..in_step()
    }
}

fn id(world: &World, email: &str) -> String {
    world.people().person(email).unwrap().id
}

/// The community knows everybody that the stories are about.
async fn told(world: &World, receiver: &Receiver) {
    let people = [CHAIR, SECOND_MEMBERSHIP, LAST_DAY].map(|email| id(world, email));
    within_minutes(world, 40, "the community knows of them", async || {
        people.iter().all(|id| receiver.contact(id).is_some()).then_some(())
    })
    .await;
}

/// Joining, a seat with its role and dates, leaving, a date, and somebody who is gone.
async fn follows(way: Way) {
    let (world, receiver) = start(way).await;
    told(&world, &receiver).await;
    let (jane, nils, rhea) = (id(&world, CHAIR), id(&world, NON_MEMBER), id(&world, LAST_DAY));
    // From a roster it comes without the committee's name, which a reading of the person brings.
    let seat = within_minutes(&world, 60, "the chair is on her committee", async || {
        receiver.place(&jane, "committee-EDU").filter(|seat| seat.name != "committee-EDU")
    })
    .await;
    assert_eq!((seat.role.as_str(), seat.kind.as_str()), ("Chair", "Committee"));
    assert_eq!(seat.name, "Education Committee");
    assert!(seat.begin.ends_with(":00:00.000Z") && seat.end.ends_with(":59:59.999Z"), "{seat:?}");
    assert!(receiver.has_member(&jane) && receiver.has_member(&rhea) && !receiver.has_member(&nils));
    let of_members = receiver.place(&jane, "MEMBERS").unwrap();
    assert_eq!(of_members.kind, if way == Way::Verdict { "Security" } else { "Membership" });

    let memberships = world.people().person(CHAIR).unwrap().memberships;
    world.people().edit_person(NON_MEMBER, |nils| nils.memberships = memberships);
    world.people().edit_person(CHAIR, |jane| {
        jane.committees.clear();
        jane.last_name = "Marlowe-Frost".to_owned();
    });
    within_minutes(&world, 15, "he has joined", async || receiver.has_member(&nils).then_some(())).await;
    within_minutes(&world, 15, "the chair has changed", async || {
        let contact = receiver.contact(&jane)?;
        (contact.last_name == "Marlowe-Frost" && !contact.places.contains_key("committee-EDU")).then_some(())
    })
    .await;
    assert!(receiver.has_member(&jane) && receiver.place(&jane, "MEMBERS").is_some());
    assert!(world.people().act(NON_MEMBER, "lapse"));
    within_minutes(&world, 15, "he has left", async || (!receiver.has_member(&nils)).then_some(())).await;
    let left = receiver.contact(&nils).unwrap();
    assert!(!left.is_removed && left.places.is_empty() && left.first_name == "Nils", "{left:?}");

    let requests = receiver.requests();
    for _ in 0..6 {
        world.forward(SignedDuration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(receiver.requests() <= requests + 2, "nothing is sent twice in a row");

    world.forward(SignedDuration::from_hours(24));
    eventually("her last day is over", async || (!receiver.has_member(&rhea)).then_some(())).await;
    assert!(!receiver.contact(&rhea).unwrap().is_removed);

    let tomas = id(&world, SECOND_MEMBERSHIP);
    world.people().remove_person(&tomas);
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(&format!("/_gate/admin/deliveries?who={tomas}"))).await.expect(200);
    let (token, _) = guards(&page);
    let fields = [("token", &*token), ("id", &tomas), ("confirmed", "yes")];
    sam.post(world.url("/_gate/admin/deliveries/forget"), &fields).await.expect(303);
    eventually("who is forgotten is removed", async || {
        receiver.contact(&tomas).filter(|tomas| tomas.is_removed)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_answers_nothing_follows_the_ams() {
    follows(Way::Empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_answers_for_each_record_follows_the_ams() {
    follows(Way::EachRecord).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_by_version_1_follows_the_ams() {
    follows(Way::Verdict).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_with_every_fault_ends_with_what_it_should_know() {
    let (mut world, receiver) = start(Way::Empty).await;
    receiver.trouble(&[Trouble::Status(500), Trouble::Lost, Trouble::TooMany]);
    told(&world, &receiver).await;
    // A gateway that starts again tries at once.
    world.close_gate().await;
    let jane = id(&world, CHAIR);
    world.people().edit_person(CHAIR, |jane| jane.last_name = "Holm".to_owned());
    receiver.trouble(&[Trouble::Half, Trouble::Page, Trouble::Status(401), Trouble::Lost]);
    world.open_gate().await;
    within_minutes(&world, 40, "the new name is there", async || {
        receiver.contact(&jane).filter(|jane| jane.last_name == "Holm")
    })
    .await;
    assert!(receiver.has_member(&jane));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_that_it_cannot_bear_is_set_aside_alone() {
    for way in [Way::Empty, Way::Verdict] {
        let (world, receiver) = start(way).await;
        let jane = id(&world, CHAIR);
        receiver.spoil(Some(&jane));
        let others = [SECOND_MEMBERSHIP, LAST_DAY].map(|email| id(&world, email));
        within_minutes(&world, 40, "the others are told", async || {
            others.iter().all(|id| receiver.contact(id).is_some()).then_some(())
        })
        .await;
        let mut sam = sam(&world).await;
        let page = within_minutes(&world, 20, "she is set aside", async || {
            let page = sam.get(world.url("/_gate/admin/deliveries")).await.expect(200);
            page.text.contains("refused email address").then_some(page)
        })
        .await;
        assert!(receiver.contact(&jane).is_none());
        receiver.spoil(None);
        let (token, _) = guards(&page);
        let fields = [("token", &*token), ("subscriber", "higher_logic"), ("id", &jane)];
        sam.post(world.url("/_gate/admin/deliveries/again"), &fields).await.expect(303);
        eventually("it is sent again", async || receiver.contact(&jane)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_takes_nothing_away() {
    let (world, receiver) = start(Way::EachRecord).await;
    told(&world, &receiver).await;
    let jane = id(&world, CHAIR);
    within_minutes(&world, 15, "the chair is on her committee", async || {
        receiver.place(&jane, "committee-EDU")
    })
    .await;
    // A date of her membership cannot be read, and she has another name.
    world.people().edit_person(CHAIR, |jane| {
        jane.last_name = "Holm".to_owned();
        for membership in &mut jane.memberships {
            membership.expire_date = Some("the last of May".to_owned());
        }
    });
    within_minutes(&world, 15, "the new name is there", async || {
        receiver.contact(&jane).filter(|jane| jane.last_name == "Holm")
    })
    .await;
    assert!(receiver.has_member(&jane), "it is not known that her membership is over");
    assert!(receiver.place(&jane, "MEMBERS").is_some() && receiver.place(&jane, "committee-EDU").is_some());
    world.people().edit_person(CHAIR, |jane| {
        jane.last_name = "Marlowe".to_owned();
        jane.memberships.clear();
    });
    within_minutes(&world, 30, "that it is over is known", async || {
        (!receiver.has_member(&jane)).then_some(())
    })
    .await;
    assert!(receiver.place(&jane, "MEMBERS").is_none() && receiver.place(&jane, "committee-EDU").is_some());
}
