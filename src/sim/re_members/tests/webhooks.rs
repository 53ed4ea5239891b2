//! Stories of webhooks: what a change says, and how it arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::{Query, State};
use http::HeaderMap;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::records::start;
use super::*;
use crate::sim::people::Seat;

type Arrived = (HeaderMap, String);

/// An address that takes deliveries.
struct Receiver {
    url: String,
    arrived: UnboundedReceiver<Arrived>,
    /// Who takes the one permit keeps deliveries from being answered.
    gate: Arc<Semaphore>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// `echoes` says whether it answers the question before registration; `refuses`, how many deliveries it refuses.
    async fn start(echoes: bool, refuses: u32) -> Receiver {
        type Shared = Arc<(UnboundedSender<Arrived>, bool, AtomicU32, Arc<Semaphore>)>;
        async fn get(State(shared): State<Shared>, Query(query): Query<Vec<(String, String)>>) -> String {
            let word = query.into_iter().find(|(name, _)| name == "echo").map(|(_, word)| word);
            word.filter(|_| shared.1).unwrap_or_default()
        }
        async fn post(State(shared): State<Shared>, headers: HeaderMap, body: String) -> StatusCode {
            shared.0.send((headers, body)).unwrap();
            let left = |left: u32| left.checked_sub(1);
            drop(shared.3.acquire().await.unwrap());
            let order = Ordering::SeqCst;
            if shared.2.fetch_update(order, order, left).is_ok() {
                StatusCode::BAD_GATEWAY
            } else {
                StatusCode::OK
            }
        }
        let (sender, arrived) = unbounded_channel();
        let gate = Arc::new(Semaphore::new(1));
        let shared: Shared = Arc::new((sender, echoes, refuses.into(), Arc::clone(&gate)));
        let router = Router::new().route("/hook", axum::routing::get(get).post(post)).with_state(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { url, arrived, gate, task }
    }

    async fn next(&mut self) -> Arrived {
        tokio::time::timeout(Duration::from_secs(20), self.arrived.recv()).await.unwrap().unwrap()
    }

    /// The one notice of the next delivery.
    async fn notice(&mut self) -> Value {
        let (_, body) = self.next().await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body["WebhookId"].is_string() && body["Properties"]["Date"].is_string(), "{body}");
        assert_eq!(body["Notifications"].as_array().map(Vec::len), Some(1), "{body}");
        body["Notifications"][0].clone()
    }
}

async fn register(world: &World, tokens: &Tokens, route: &str, url: &str) -> Response {
    let hook = json!({ "typeName": route, "secret": "k3y", "callBackUrl": url, "description": "d" });
    let request = world.http.post(format!("{}/Webhooks/{route}", tokens.base)).json(&hook);
    request.header("AppToken", &tokens.app).header("UserToken", &tokens.user).send().await.unwrap()
}

fn seat(code: &str) -> Seat {
    Seat { committee: "EDU".into(), code: code.into(), ..Seat::default() }
}

#[tokio::test]
async fn each_kind_of_change_is_told_to_the_hooks_of_its_kind() {
    let (world, tokens) = start(&[]).await;
    let mut receiver = Receiver::start(false, 0).await;
    for route in [
        "IndividualCreated",
        "Individual.Deleted",
        "EmailUpdated",
        "Customer.CustomFieldValueUpdated",
        "Customer.PhoneUpdated",
        "Customer.AddressUpdated",
        "Customer.Merged",
        "Customer.RelationshipUpdated",
        "CommitteeMemberUpdated",
        "ProductPurchased",
        "Membership.Terminated",
    ] {
        assert_eq!(register(&world, &tokens, route, &receiver.url).await.status(), 200, "{route}");
    }
    let control = world.control();
    let jane = control.person("100481").unwrap();
    control.edit_person("100481", |it| it.committees.push(seat("EDU-1")));
    let notice = receiver.notice().await;
    assert_eq!(
        (&notice["Action"], &notice["CustomerId"]),
        (&json!("Individual.CommitteeUpdated"), &json!(jane.id))
    );
    assert_eq!((&notice["CommitteeCode"], &notice["ActionType"]), (&json!("EDU"), &json!("Created")));
    control.edit_person("100481", |it| it.committees.retain(|it| it.code != "EDU-1"));
    assert_eq!(receiver.notice().await["ActionType"], "Deleted");
    control.edit_person("100481", |it| it.email = Some("jane@new.example".into()));
    let notice = receiver.notice().await;
    assert_eq!(
        (&notice["IsLoginEmail"], &notice["EmailAddress"]),
        (&json!(true), &json!("jane@new.example"))
    );
    assert_eq!(notice["Old"]["EmailAddress"], json!(jane.email));
    control.edit_person("100481", |it| {
        it.custom_fields.push(crate::sim::people::CustomField { name: "x".into(), ..Default::default() });
    });
    assert_eq!(receiver.notice().await["CustomFieldName"], "x");
    control.edit_person("100481", |it| it.profile.as_mut().unwrap().phones.truncate(1));
    let notice = receiver.notice().await;
    assert_eq!(
        (&notice["Action"], &notice["PhoneNumber"], &notice["ActionType"]),
        (&json!("Customer.PhoneUpdated"), &json!("555-0143"), &json!("Deleted"))
    );
    control.edit_person("100481", |it| it.profile.as_mut().unwrap().addresses.clear());
    assert_eq!(receiver.notice().await["City"], "Portland");
    control.edit_person("100485", |it| it.relationships.clear());
    assert_eq!(receiver.notice().await["Relationship"], "Employee");
    control.edit_person("100481", |it| {
        it.purchases.push(crate::sim::people::Purchase { product_code: "WEB1".into(), ..Default::default() });
    });
    assert_eq!(receiver.notice().await["ProductCode"], "WEB1");
    // A renewal, an approval and a name are told to nobody: what comes next is the termination.
    assert!(control.act("100481", "renew") && control.act("100481", "disapprove"));
    control.edit_person("100481", |it| it.memberships[0].terminate_date = Some("2026-06-01T00:00:00".into()));
    assert_eq!(receiver.notice().await["Action"], "Membership.Terminated");
    let mut new = jane.clone();
    new.id = "d0000000-0000-4000-8000-000000000001".into();
    new.record_number = "700001".into();
    control.add_person(new.clone());
    assert_eq!(receiver.notice().await["IndividualId"], json!(new.id));
    control.merge(&new.id, &jane.id);
    let notice = receiver.notice().await;
    assert_eq!((&notice["OldId"], &notice["NewId"]), (&json!(new.id), &json!(jane.id)));
    control.remove_person(&jane.id);
    assert_eq!(receiver.notice().await["Action"], "Individual.Deleted");
}

#[tokio::test]
async fn deliveries_are_doubled_reordered_and_lost_as_switched() {
    let (world, tokens) = start(&["hook_duplicates=on"]).await;
    let mut receiver = Receiver::start(false, 0).await;
    register(&world, &tokens, "CommitteeMemberUpdated", &receiver.url).await;
    let (control, change) = (world.control(), |code: &str| {
        world.control().edit_person("100481", |it| it.committees.insert(0, seat(code)));
    });
    change("a");
    assert_eq!(receiver.next().await.1, receiver.next().await.1);

    control.set_switch("hook_duplicates=off").unwrap();
    control.set_switch("hook_reordered=on").unwrap();
    let gate = Arc::clone(&receiver.gate);
    let closed = gate.acquire().await.unwrap();
    change("on its way");
    receiver.next().await;
    for position in ["first", "second"] {
        control.edit_person("100481", |it| {
            it.committees.insert(0, Seat { position_code: position.into(), ..seat("b") });
        });
    }
    drop(closed);
    assert_eq!(receiver.notice().await["PositionCode"], "second");
    assert_eq!(receiver.notice().await["PositionCode"], "first");

    control.set_switch("hook_loses=1").unwrap();
    change("lost");
    control.set_switch("hook_loses=off").unwrap();
    control.edit_person("100481", |it| {
        it.committees.insert(0, Seat { position_code: "last".into(), ..seat("c") })
    });
    assert_eq!(receiver.notice().await["PositionCode"], "last", "the one before never came");
}

#[tokio::test]
async fn a_refused_delivery_is_tried_as_often_as_switched() {
    let (world, tokens) = start(&["hook_tries=2"]).await;
    let mut receiver = Receiver::start(false, 2).await;
    register(&world, &tokens, "CommitteeMemberUpdated", &receiver.url).await;
    world.control().edit_person("100481", |it| it.committees.push(seat("twice")));
    let first = receiver.next().await.1;
    assert_eq!(receiver.next().await.1, first);
    world.control().edit_person("100481", |it| it.committees.clear());
    assert_ne!(receiver.next().await.1, first, "refused twice, and that was it");
}

#[tokio::test]
async fn a_delivery_is_signed_and_its_address_asked_first_as_switched() {
    let (world, tokens) = start(&["hook_echo=on"]).await;
    let silent = Receiver::start(false, 0).await;
    let mut receiver = Receiver::start(true, 0).await;
    assert_eq!(register(&world, &tokens, "CommitteeMemberUpdated", &silent.url).await.status(), 400);
    assert_eq!(
        register(&world, &tokens, "CommitteeMemberUpdated", "http://127.0.0.1:1/x").await.status(),
        400
    );
    assert_eq!(register(&world, &tokens, "CommitteeMemberUpdated", &receiver.url).await.status(), 200);
    assert_eq!(world.get(&tokens, "/Webhooks").await.1["dataList"].as_array().map(Vec::len), Some(1));
    world.control().set_switch("hooks_listed=off").unwrap();
    assert_eq!(world.get(&tokens, "/Webhooks").await.0, 404);

    world.control().edit_person("100481", |it| it.committees.push(seat("plain")));
    assert_eq!(receiver.next().await.0.get("ms-signature"), None);
    world.control().set_switch("hook_signature=ms_signature").unwrap();
    world.control().edit_person("100481", |it| it.committees.push(seat("signed")));
    let (headers, body) = receiver.next().await;
    let given = headers["ms-signature"].to_str().unwrap().strip_prefix("sha256=").unwrap();
    let bytes: Vec<u8> =
        (0..given.len()).step_by(2).map(|at| u8::from_str_radix(&given[at..at + 2], 16).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"k3y");
    hmac::verify(&key, body.as_bytes(), &bytes).unwrap();
}

#[tokio::test]
async fn hooks_end_with_the_simulator_and_belong_to_one_environment() {
    let (world, tokens) = start(&["hook_delay=1h"]).await;
    let staging = world.handshake(Environment::Staging).await;
    let mut receiver = Receiver::start(false, 0).await;
    register(&world, &staging, "CommitteeMemberUpdated", &receiver.url).await;
    assert_eq!(world.get(&tokens, "/Webhooks").await.1["dataList"], json!([]));
    world.control().edit_person("100481", |it| it.committees.push(seat("waits")));
    let World { simulator, .. } = world;
    simulator.stop().await;
    assert!(receiver.arrived.try_recv().is_err());
}
