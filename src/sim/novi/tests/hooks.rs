//! Stories of a receiver of hooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::task::JoinHandle;

use super::*;

/// What came: event, id, signature, body.
type Inbox = Arc<Mutex<Vec<(String, String, Option<String>, String)>>>;

/// A website that takes hooks, with the first few refused.
struct Receiver {
    url: String,
    inbox: Inbox,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    async fn refusing(first: usize) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let inbox = Inbox::default();
        let take = async move |State(inbox): State<Inbox>, headers: HeaderMap, body: String| {
            let event: Value = serde_json::from_str(&body).unwrap();
            let signature = headers.get("x-signature").map(|it| it.to_str().unwrap().to_owned());
            let of = |name: &str| text(&event[name]).to_owned();
            let mut inbox = inbox.lock().unwrap();
            inbox.push((of("event"), of("entityUniqueId"), signature, body));
            if inbox.len() <= first { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
        };
        let router = Router::new().route("/hooks", post(take)).with_state(inbox.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { url, inbox, task }
    }

    /// The first `count` hooks, as event and id.
    async fn first(&self, count: usize) -> Vec<(String, String)> {
        for _ in 0..500 {
            if self.inbox.lock().unwrap().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.inbox.lock().unwrap().iter().map(|(event, id, ..)| (event.clone(), id.clone())).collect()
    }
}

fn updated(id: &str) -> (String, String) {
    ("customer.updated".to_owned(), id.to_owned())
}

#[tokio::test]
async fn whoever_is_changed_added_or_removed_is_told() {
    let receiver = Receiver::refusing(0).await;
    let world = World::with(&[&format!("webhook_url={}", receiver.url)]).await;
    let control = world.control();
    control.edit_customer(DANA, |it| it.last_name = "Ruiz-Lopez".into());
    assert_eq!(receiver.first(1).await, [updated(DANA)]);
    let (_, added) = world
        .send(
            "POST",
            "/api/members",
            json!({ "FirstName": "New", "LastName": "Comer", "Email": "n@c.example" }),
        )
        .await;
    assert_eq!(
        receiver.first(2).await[1],
        ("customer.created".to_owned(), text(&added["UniqueID"]).to_owned())
    );
    assert!(control.act(NILS, "merge_into", &json!({ "into": DANA })));
    let came = receiver.first(3).await;
    assert_eq!(came[2], ("customer.removed".to_owned(), NILS.to_owned()));
    assert!(control.act(DORA, "activate", &json!({})) && control.act(DORA, "deactivate", &json!({})));
    assert_eq!(receiver.first(5).await[4], updated(DORA));
    world.set("deactivated_hook=removed");
    assert!(control.act(DANA, "deactivate", &json!({})));
    assert_eq!(receiver.first(6).await[5], ("customer.removed".to_owned(), DANA.to_owned()));
    assert!(control.act(MAREK, "send_hook", &json!({ "event": "customer.created" })));
    assert_eq!(receiver.first(7).await[6], ("customer.created".to_owned(), MAREK.to_owned()));

    world.set("webhook_url=off");
    assert!(control.act(GRETA, "send_hook", &json!({})));
    world.set(&format!("webhook_url={}", receiver.url));
    assert!(control.act(MAREK, "send_hook", &json!({})));
    assert_eq!(receiver.first(8).await[7], updated(MAREK), "nobody was told of Greta");
}

#[tokio::test]
async fn hooks_are_doubled_delayed_and_turned_round() {
    let receiver = Receiver::refusing(0).await;
    let world = World::with(&[&format!("webhook_url={}", receiver.url), "hook_times=2"]).await;
    let control = world.control();
    assert!(control.act(DANA, "send_hook", &json!({})));
    assert_eq!(receiver.first(2).await, [updated(DANA), updated(DANA)]);
    world.set("hook_times=1");
    world.set("hook_delay=200ms");
    world.set("hook_order=reversed");
    for id in [DANA, MAREK, NILS] {
        assert!(control.act(id, "send_hook", &json!({})));
    }
    assert_eq!(receiver.first(5).await[2..], [updated(NILS), updated(MAREK), updated(DANA)]);
    world.set("hook_order=in_order");
    for id in [DANA, MAREK] {
        assert!(control.act(id, "send_hook", &json!({})));
    }
    assert_eq!(receiver.first(7).await[5..], [updated(DANA), updated(MAREK)]);
}

#[tokio::test]
async fn a_hook_that_is_refused_is_tried_as_often_as_the_switch_says() {
    let receiver = Receiver::refusing(3).await;
    let world = World::with(&[&format!("webhook_url={}", receiver.url)]).await;
    let control = world.control();
    assert!(control.act(DANA, "send_hook", &json!({})));
    receiver.first(1).await;
    world.set("hook_attempts=5");
    assert!(control.act(DANA, "send_hook", &json!({})));
    assert_eq!(receiver.first(4).await.len(), 4);
    let sent = loop {
        let sent = control.hooks_sent();
        if sent.len() == 2 {
            break sent;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((sent[0].attempts, sent[0].status), (1, Some(503)));
    assert_eq!((sent[1].attempts, sent[1].status, sent[1].number), (3, Some(200), 2));
}

#[tokio::test]
async fn a_hook_is_signed_in_the_way_of_the_switch() {
    let receiver = Receiver::refusing(0).await;
    let world = World::with(&[&format!("webhook_url={}", receiver.url)]).await;
    for switch in ["hook_signature=off", "hook_signature=hex", "hook_signature=base64"] {
        world.set(switch);
        let before = receiver.inbox.lock().unwrap().len();
        assert!(world.control().act(DANA, "send_hook", &json!({})));
        receiver.first(before + 1).await;
        let (_, _, signature, body) = receiver.inbox.lock().unwrap().pop().unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, world.credentials().hook_secret.as_bytes());
        let tag = match (switch, signature) {
            ("hook_signature=off", signature) => {
                assert_eq!(signature, None);
                continue;
            }
            ("hook_signature=hex", Some(text)) => {
                let byte = |place| u8::from_str_radix(&text[place..place + 2], 16).unwrap();
                (0..text.len()).step_by(2).map(byte).collect()
            }
            (_, signature) => STANDARD.decode(signature.unwrap()).unwrap(),
        };
        assert!(hmac::verify(&key, body.as_bytes(), &tag).is_ok(), "{switch}");
    }
}

#[tokio::test]
async fn receivers_register_at_either_site_and_get_its_ids() {
    let receiver = Receiver::refusing(0).await;
    let world = World::with(&[]).await.at_staging();
    let wanted = json!({ "Url": receiver.url, "Actions": ["customer.updated"] });
    let (status, hook) = world.send("POST", "/api/webhooks", wanted.clone()).await;
    assert_eq!((status, &hook["Active"]), (200, &json!(true)));
    let path = format!("/api/webhooks/{}", text(&hook["WebhookUniqueId"]));
    assert_eq!(world.rows("/api/webhooks").await, [hook]);
    world.control().edit_customer(DANA, |it| it.last_name = "Ruiz-Lopez".into());
    let came = receiver.first(1).await;
    assert_eq!(world.member(&came[0].1).await["LastName"], "Ruiz-Lopez");
    assert_ne!(came[0].1, DANA);

    let idle = json!({ "Url": receiver.url, "Actions": ["customer.updated"], "Active": false });
    assert_eq!(world.send("PUT", &path, idle).await.0, 200);
    world.control().act(DANA, "send_hook", &json!({}));
    for wrong in [
        json!({ "Url": "ftp://a.example", "Actions": ["customer.updated"] }),
        json!({ "Url": receiver.url, "Actions": ["customer.moved"] }),
        json!({ "Url": receiver.url, "Actions": [] }),
        json!([]),
    ] {
        assert_eq!(world.send("POST", "/api/webhooks", wrong).await.0, 400);
    }
    assert_eq!(world.send("DELETE", &path, json!({})).await.0, 204);
    assert_eq!(world.send("DELETE", &path, json!({})).await.0, 404);
    assert_eq!(world.send("PUT", &path, wanted).await.0, 404);
    assert_eq!(receiver.inbox.lock().unwrap().len(), 1, "an idle receiver gets nothing");
}
