//! `membergate community plan`, `sync` and `status`, beside a gateway and without one.

use std::sync::Arc;

use membergate::adapters::clock::Clock;
use membergate::adapters::store::deliveries::{RowsOf, SentAgain, SubscriberChange};
use membergate::cli::community::{CommunityCommand, run_at};
use membergate::cli::explain::AnswerFormat;
use membergate::domain::deliveries::brake::Stop;
use membergate::domain::deliveries::subscriber::SubscriberName;
use serde_json::Value;

use super::receiver::{Receiver, Trouble, Way};
use super::{id, plan};
use crate::directory::within_minutes;
use crate::world::{CHAIR, LAST_DAY, Plan, SECOND_MEMBERSHIP, World};

use AnswerFormat::{Json, Text};

/// What a command said, and why it failed, if it did.
type Said = (String, Result<(), String>);

/// Runs a command by the world's clock.
async fn asked(world: &World, command: CommunityCommand) -> Said {
    let (settings, clock) = (world.settings(), Arc::clone(&world.clock) as Arc<dyn Clock>);
    let running = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        let ended = run_at(command, settings, clock, &mut out);
        (String::from_utf8(out).unwrap(), ended.map_err(|failure| failure.to_string()))
    });
    running.await.unwrap()
}

async fn planned(world: &World, format: AnswerFormat) -> String {
    let (said, ended) = asked(world, CommunityCommand::Plan { format }).await;
    assert_eq!(ended, Ok(()), "{said}");
    said
}

async fn status(world: &World, format: AnswerFormat) -> String {
    let (said, ended) = asked(world, CommunityCommand::Status { format }).await;
    assert_eq!(ended, Ok(()), "{said}");
    said
}

async fn synced(world: &World, give_up_after: u64, format: AnswerFormat) -> Said {
    asked(world, CommunityCommand::Sync { give_up_after, format }).await
}

fn lines(said: &str, kind: &str) -> Vec<Value> {
    let lines =
        said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}")));
    lines.filter(|line| line["kind"] == kind).collect()
}

/// A world whose people are on file and were told to nobody, with the gateway closed.
async fn untold() -> (World, Receiver) {
    let receiver = Receiver::start(Way::EachRecord).await;
    receiver.trouble(&[Trouble::Status(503); 4_000]);
    let mut world = World::planned(plan(&receiver)).await;
    let ids = [CHAIR, SECOND_MEMBERSHIP, LAST_DAY].map(|email| id(&world, email));
    within_minutes(&world, 60, "they are planned", async || {
        let said = status(&world, Json).await;
        let people = &lines(&said, "people")[0];
        (people["waiting"].as_u64()? >= 6 && people["looked_at"].is_null()).then_some(())
    })
    .await;
    let chair = ids[0].clone();
    within_minutes(&world, 60, "the rosters are read", async || {
        let said = planned(&world, Json).await;
        let jane = lines(&said, "person").into_iter().find(|line| line["id"] == *chair)?;
        jane["gained"].as_array()?.iter().any(|line| line["id"] == "committee-EDU").then_some(())
    })
    .await;
    world.close_gate().await;
    // What the gateway held comes free.
    world.forward(jiff::SignedDuration::from_secs(15));
    receiver.calm();
    (world, receiver)
}

/// All that is in the file; of a database nothing.
fn bytes(world: &World) -> Option<Vec<u8>> {
    world.plan.database.is_none().then(|| std::fs::read(world.folder.path().join("gate.sqlite")).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_would_be_sent_and_changes_nothing() {
    let (world, receiver) = untold().await;
    let (before, requests) = (bytes(&world), receiver.requests());
    let said = planned(&world, Json).await;
    let people = lines(&said, "person");
    let jane = people.iter().find(|line| line["id"] == id(&world, CHAIR)).unwrap();
    assert_eq!((&jane["what"], &jane["loses"]), (&"new".into(), &false.into()), "{jane}");
    let education =
        jane["gained"].as_array().unwrap().iter().find(|line| line["id"] == "committee-EDU").unwrap();
    assert!(education["because"].as_str().unwrap().contains("EDU"), "{education}");
    assert!(jane["profile"].as_array().unwrap().contains(&"Family name".into()), "{jane}");
    assert!(jane["holds_until"].is_string(), "her membership ends: {jane}");
    let members = lines(&said, "group").into_iter().find(|line| line["id"] == "MEMBERS").unwrap();
    assert_eq!(members["there"], 0);
    assert!(members["here"].as_u64().unwrap() > 3 && members["joining"] == members["here"], "{members}");
    let sum = &lines(&said, "plan")[0];
    assert_eq!(sum["planned"], people.len());
    assert_eq!(sum["brake"]["would_stop"], false);

    let text = planned(&world, Text).await;
    assert!(text.contains(&format!("{}: new\n  + MEMBERS: ", id(&world, CHAIR))), "{text}");
    assert!(text.contains("The brake lets it go: "), "{text}");
    for said in [&said, &text] {
        assert!(!said.contains("Marlowe") && !said.contains('@'), "people are named by their ids: {said}");
    }
    assert!(bytes(&world) == before, "the store is as it was");
    assert_eq!(receiver.requests(), requests, "nothing was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_without_a_gateway_sends_all_and_fails_where_somebody_is_refused() {
    let (world, receiver) = untold().await;
    let jane = id(&world, CHAIR);
    receiver.spoil(Some(&jane));
    let (said, ended) = synced(&world, 60, Json).await;
    assert_eq!(ended, Err("1 person is refused by Higher Logic".to_owned()), "{said}");
    assert_eq!(lines(&said, "here").len(), 1, "{said}");
    assert_eq!(lines(&said, "refused")[0]["id"], *jane);
    assert_eq!(lines(&said, "refused")[0]["reason"], "refused_email_address");
    assert!(!lines(&said, "progress").is_empty());
    let end = lines(&said, "people").pop().unwrap();
    assert_eq!((&end["waiting"], &end["refused"]), (&0.into(), &1.into()));
    assert!(receiver.has_member(&id(&world, LAST_DAY)) && receiver.contact(&jane).is_none());
    let said = status(&world, Text).await;
    assert!(
        said.contains(&format!("{jane} is refused since")) && said.contains("refused email address"),
        "{said}"
    );

    // Mended there, it is sent once more.
    receiver.spoil(None);
    let store = world.open_store();
    let name = SubscriberName::higher_logic();
    let of = RowsOf { subscriber: &name, environment: "production" };
    store.send_again(of, SentAgain::SetAside, world.now()).await.unwrap();
    drop(store);
    world.forward(jiff::SignedDuration::from_secs(15));
    let (said, ended) = synced(&world, 60, Text).await;
    assert_eq!(ended, Ok(()), "{said}");
    assert!(said.contains("sending from here") && said.contains(" 0 wait, 0 are refused."), "{said}");
    assert!(receiver.place(&jane, "committee-EDU").is_some());
    assert_eq!(lines(&planned(&world, Json).await, "person"), Vec::<Value>::new(), "nothing is left to send");
    let said = status(&world, Json).await;
    let members = lines(&said, "group").into_iter().find(|line| line["id"] == "MEMBERS").unwrap();
    assert_eq!((&members["here"], &members["pending"]), (&members["there"], &0.into()));
    let quarters = lines(&said, "quarter");
    let confirmed: u64 = quarters.iter().map(|line| line["confirmed"].as_u64().unwrap()).sum();
    assert!(
        confirmed as usize >= receiver.contacts() && quarters[0]["longest_delay"].is_number(),
        "{quarters:?}"
    );
    assert!(lines(&said, "first_run")[0]["ended"].is_string(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_beside_a_gateway_waits_with_it() {
    let (mut world, receiver) = untold().await;
    world.open_gate().await;
    let (said, ended) = synced(&world, 60, Text).await;
    assert_eq!(ended, Ok(()), "{said}");
    assert!(
        said.contains("A gateway runs on this store and sends by itself") || receiver.contacts() > 0,
        "{said}"
    );
    let (again, ended) = synced(&world, 60, Json).await;
    assert_eq!(ended, Ok(()), "{again}");
    assert_eq!(lines(&again, "gateway").len(), 1, "{again}");
    assert!(receiver.place(&id(&world, CHAIR), "committee-EDU").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_comes_to_nothing_says_why() {
    let (world, receiver) = untold().await;
    receiver.trouble(&[Trouble::Status(503); 4_000]);
    let (said, ended) = synced(&world, 1, Text).await;
    let why = ended.unwrap_err();
    assert!(
        why.contains("Higher Logic gives no usable answer since") && why.contains("status 503"),
        "{why} {said}"
    );
    receiver.calm();
    let store = world.open_store();
    let stop = SubscriberChange::Stop(Stop::ByHand { since: world.now() });
    store.change_subscriber(&SubscriberName::higher_logic(), stop).await.unwrap();
    drop(store);
    let requests = receiver.requests();
    let (said, ended) = synced(&world, 60, Json).await;
    let why = ended.unwrap_err();
    assert!(
        why.contains("an administrator stopped the sending at") && why.contains("page Deliveries"),
        "{why} {said}"
    );
    assert_eq!(receiver.requests(), requests);
    assert_eq!(lines(&status(&world, Json).await, "stopped")[0]["stop"]["by"], "hand");
    let text = planned(&world, Text).await;
    assert!(text.contains("Nothing is sent: an administrator stopped it on"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_community_the_commands_say_so() {
    let mut world = World::planned(Plan::default()).await;
    world.close_gate().await;
    let (said, ended) = asked(&world, CommunityCommand::Status { format: Text }).await;
    assert!(said.is_empty() && ended.unwrap_err().contains("no `[higher_logic]` section"), "{said}");
}
