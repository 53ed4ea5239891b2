//! Stories of changes that travel by themselves: from the AMS to a site that nobody visits, through faults, restarts and a killed gateway.

mod receiver;
mod told_first;

use std::time::Duration;

use jiff::SignedDuration;
use membergate::adapters::store::deliveries::RowsOf;
use membergate::domain::deliveries::subscriber::SubscriberName;

use self::receiver::{Receiver, Trouble};
use crate::admin::{guards, sam};
use crate::directory::{in_step, within_minutes};
use crate::process::Gateway;
use crate::world::{
    ACCESS, CHAIR, LAST_DAY, NON_MEMBER, Plan, SECOND_MEMBERSHIP, UNAPPROVED, World, eventually,
};

const DELIVERIES: &str = "/_gate/admin/deliveries";

fn plan(receiver: &Receiver) -> Plan {
    Plan {
        access: format!("people_endpoint = \"{}\"\n{ACCESS}", receiver.endpoint()),
        more: "[admin]\nroles = [\"staff\"]\n".to_owned(),
        ..in_step()
    }
}

async fn start() -> (World, Receiver) {
    let receiver = Receiver::start().await;
    let world = World::planned(plan(&receiver)).await;
    receiver.trust(world.url("/_gate/oidc/jwks"));
    (world, receiver)
}

fn id(world: &World, email: &str) -> String {
    world.people().person(email).unwrap().id
}

/// The site knows everybody that the stories are about.
async fn told(world: &World, receiver: &Receiver) {
    let people = [CHAIR, SECOND_MEMBERSHIP, LAST_DAY].map(|email| id(world, email));
    within_minutes(world, 40, "the site knows of them", async || {
        people.iter().all(|id| receiver.user(id).is_some()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_the_ams_reaches_the_site_without_a_visit() {
    let (world, receiver) = start().await;
    told(&world, &receiver).await;
    let (jane, nils) = (id(&world, CHAIR), id(&world, NON_MEMBER));
    within_minutes(&world, 10, "the chair has her role", async || {
        receiver.has_role(&jane, "education_chair").then_some(())
    })
    .await;
    assert!(receiver.has_role(&jane, "member") && !receiver.has_role(&nils, "member"));

    let memberships = world.people().person(CHAIR).unwrap().memberships;
    world.people().edit_person(NON_MEMBER, |nils| nils.memberships = memberships);
    world.people().edit_person(CHAIR, |jane| {
        jane.committees.clear();
        jane.last_name = "Marlowe-Frost".to_owned();
    });
    within_minutes(&world, 15, "he has joined", async || receiver.has_role(&nils, "member").then_some(()))
        .await;
    within_minutes(&world, 15, "the chair has changed", async || {
        let user = receiver.user(&jane)?;
        (!receiver.has_role(&jane, "education_chair") && user.name.contains("Marlowe-Frost")).then_some(())
    })
    .await;
    assert!(receiver.has_role(&jane, "member"));
    assert!(world.people().act(NON_MEMBER, "lapse"));
    within_minutes(&world, 15, "he has left", async || (!receiver.has_role(&nils, "member")).then_some(()))
        .await;
    receiver.assert_in_order();
    // Nobody comes back to what has been told.
    let requests = receiver.requests();
    for _ in 0..8 {
        world.forward(SignedDuration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(receiver.requests() <= requests + 2, "nothing is sent twice in a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_takes_a_membership_away_at_midnight_and_who_is_not_admitted_is_removed() {
    let (world, receiver) = start().await;
    told(&world, &receiver).await;
    let (rhea, una) = (id(&world, LAST_DAY), id(&world, UNAPPROVED));
    assert!(receiver.has_role(&rhea, "member"));
    // The feed names her, so that she is on file.
    world.people().edit_person(UNAPPROVED, |una| una.last_name = "Strand-Holm".to_owned());
    within_minutes(&world, 20, "who is not approved is removed", async || {
        receiver.user(&una).filter(|una| una.state == "removed" && una.roles.is_empty())
    })
    .await;
    world.forward(SignedDuration::from_hours(24));
    eventually("her last day is over", async || (!receiver.has_role(&rhea, "member")).then_some(())).await;
    assert_eq!(receiver.user(&rhea).unwrap().state, "present");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_with_every_fault_ends_with_what_it_should_know() {
    let (mut world, receiver) = start().await;
    receiver.trouble(&[
        Trouble::Status(500),
        Trouble::Lost,
        Trouble::Half,
        Trouble::Garbage,
        Trouble::Status(503),
        Trouble::Status(413),
        Trouble::Slow(Duration::from_millis(1_500)),
        Trouble::Status(302),
        Trouble::Lost,
    ]);
    told(&world, &receiver).await;
    world.close_gate().await;
    let jane = id(&world, CHAIR);
    world.people().edit_person(CHAIR, |jane| jane.last_name = "Holm".to_owned());
    world.open_gate().await;
    within_minutes(&world, 20, "after a restart it goes on", async || {
        receiver.user(&jane).filter(|jane| jane.name.contains("Holm"))
    })
    .await;
    receiver.assert_in_order();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_site_refuses_is_set_aside_until_somebody_has_seen_to_it() {
    let (world, receiver) = start().await;
    let jane = id(&world, CHAIR);
    receiver.refuse(&jane, true);
    let mut sam = sam(&world).await;
    let page = within_minutes(&world, 40, "it is set aside", async || {
        let page = sam.get(world.url(DELIVERIES)).await.expect(200);
        page.text.contains("Another account there has this e-mail address").then_some(page)
    })
    .await;
    let metrics = reqwest::get(format!("http://{}/metrics", world.gate().operations())).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains("membergate_deliveries_set_aside{subscriber=\"wordpress:library\"} 1"),
        "{metrics}"
    );
    receiver.refuse(&jane, false);
    let (token, _) = guards(&page);
    let fields = [("token", &*token), ("subscriber", "wordpress:library"), ("id", &jane)];
    sam.post(world.url(&format!("{DELIVERIES}/again")), &fields).await.expect(303);
    eventually("it is sent again", async || receiver.user(&jane)).await;
    let page = eventually("the page says so", async || {
        let page = sam.get(world.url(&format!("{DELIVERIES}?who={jane}"))).await.expect(200);
        page.text.contains("In step").then_some(page)
    })
    .await;
    assert!(page.text.contains("applied"), "{}", page.text);
    sam.get(world.url(&format!("{DELIVERIES}?who=nobody%20at%20all"))).await.expect(422);
    // Everybody is sent again as something new, and whoever asks for a site that is not there is told so.
    let version = |id: &str| receiver.user(id).map(|user| user.version);
    let rhea = id(&world, LAST_DAY);
    let before = version(&rhea);
    let fields = [("token", &*token), ("subscriber", "wordpress:library"), ("everybody", "yes")];
    sam.post(world.url(&format!("{DELIVERIES}/again")), &fields).await.expect(303);
    eventually("she is sent again too", async || (version(&rhea) > before).then_some(())).await;
    let log = sam.get(world.url("/_gate/admin/audit")).await.expect(200).text;
    assert!(log.contains("wordpress:library, everybody"), "{log}");
    let nobody = [fields[0], ("subscriber", "wordpress:nowhere"), fields[2]];
    sam.post(world.url(&format!("{DELIVERIES}/again")), &nobody).await.expect(404);
    let malformed = [fields[0], fields[1], ("id", "two words")];
    sam.post(world.url(&format!("{DELIVERIES}/again")), &malformed).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_lose_something_at_once_wait_for_an_administrator() {
    let (world, receiver) = start().await;
    let jane = world.people().person(CHAIR).unwrap();
    let many: Vec<String> = (0..40).map(|n| format!("0c0ffee0-1111-4222-8333-4444555566{n:02}")).collect();
    for (n, id) in many.iter().enumerate() {
        world.people().add_person(membergate::sim::people::Person {
            id: id.clone(),
            record_number: format!("77{n:04}"),
            email: Some(format!("many{n}@people.example")),
            user: None,
            committees: Vec::new(),
            ..jane.clone()
        });
    }
    within_minutes(&world, 60, "all are told", async || {
        many.iter().all(|id| receiver.has_role(id, "member")).then_some(())
    })
    .await;
    let mut sam = sam(&world).await;
    for id in &many {
        assert!(world.people().act(id, "lapse"));
        // Of a new name the feed tells, so that each is read at once and nobody waits for the sweep.
        world.people().edit_person(id, |one| one.last_name.push_str("-Lapsed"));
    }
    let page = within_minutes(&world, 60, "it is stopped", async || {
        let page = sam.get(world.url(DELIVERIES)).await.expect(200);
        page.text.contains("Waits for you").then_some(page)
    })
    .await;
    for _ in 0..8 {
        world.forward(SignedDuration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let members = || many.iter().filter(|id| receiver.has_role(id, "member")).count();
    assert!(members() >= 30, "{} of 40 are left", members());
    // Without the box nothing happens.
    let (token, _) = guards(&page);
    let since = page.attribute("name=\"since\"", "value").unwrap();
    let stop = [("token", &*token), ("subscriber", "wordpress:library"), ("since", &*since)];
    sam.post(world.url(&format!("{DELIVERIES}/resume")), &stop).await.expect(303);
    assert!(sam.get(world.url(DELIVERIES)).await.text.contains("Waits for you"));
    // Nor does a confirmation of something else than what is to be seen.
    for seen in ["", "1", "2020-01-01T00:00:00Z", "soon"] {
        let fields = [stop[0], stop[1], ("since", seen), ("confirmed", "yes")];
        sam.post(world.url(&format!("{DELIVERIES}/resume")), &fields).await.expect(303);
        assert!(sam.get(world.url(DELIVERIES)).await.text.contains("Waits for you"), "{seen}");
    }
    let fields = [stop[0], stop[1], stop[2], ("confirmed", "yes")];
    sam.post(world.url(&format!("{DELIVERIES}/resume")), &fields).await.expect(303);
    within_minutes(&world, 60, "they have lost it", async || (members() == 0).then_some(())).await;
    let log = sam.get(world.url("/_gate/admin/audit")).await.expect(200).text;
    assert!(log.contains("Let the deliveries to a site go on"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_forgotten_is_removed_there_and_no_row_is_left() {
    let (world, receiver) = start().await;
    told(&world, &receiver).await;
    let (tomas, library) = (id(&world, SECOND_MEMBERSHIP), SubscriberName::wordpress("library"));
    world.people().remove_person(&tomas);
    let mut sam = sam(&world).await;
    let page = sam.get(world.url(&format!("{DELIVERIES}?who={tomas}"))).await.expect(200);
    let (token, _) = guards(&page);
    let fields = [("token", &*token), ("id", &tomas), ("confirmed", "yes")];
    sam.post(world.url(&format!("{DELIVERIES}/forget")), &fields).await.expect(303);
    eventually("he is removed", async || receiver.user(&tomas).filter(|tomas| tomas.state == "removed"))
        .await;
    let store = world.open_store();
    let of = RowsOf { subscriber: &library, environment: "production" };
    let individual = membergate::domain::record::IndividualId::parse(&tomas).unwrap();
    eventually("no row is left", async || {
        let rows = store.delivery_rows(of, std::slice::from_ref(&individual)).await.unwrap();
        rows.is_empty().then_some(())
    })
    .await;
}

/// The first run is killed in the middle of slow requests, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_while_it_sends_loses_nothing_and_tells_nothing_twice() {
    let receiver = Receiver::start().await;
    // The directory is filled first; only then there is somebody to tell.
    let quiet = Plan { access: ACCESS.to_owned(), ..plan(&receiver) };
    let mut world = World::planned(quiet).await;
    crate::directory::settled(&world).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.close_gate().await;
    world.plan.access = plan(&receiver).access;
    receiver.trust(world.url("/_gate/oidc/jwks"));
    receiver.set_pace(Duration::from_millis(700));
    for round in 0..3_u64 {
        let before = receiver.requests();
        let gateway = Gateway::start(&world);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
        while receiver.requests() == before && round == 0 {
            assert!(tokio::time::Instant::now() < deadline, "nothing is sent");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(350 * (round + 1))).await;
        drop(gateway);
    }
    receiver.set_pace(Duration::ZERO);
    let _gateway = Gateway::start(&world);
    let (store, library) = (world.open_store(), SubscriberName::wordpress("library"));
    let of = RowsOf { subscriber: &library, environment: "production" };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(240);
    loop {
        let counts = store.count_deliveries(of, world.now()).await.unwrap();
        let is_done = store.subscriber(&library).await.unwrap().done.is_some();
        let told = receiver.users().len() as u64;
        if is_done && counts.pending == 0 && counts.settled > 3 && counts.settled == told {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{counts:?}, {told} are told");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    receiver.assert_in_order();
}
