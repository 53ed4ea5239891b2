//! Hooks: who wants them, those that wait, and what was sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Notify;

use super::switches::HookSignature;

/// Hooks that wait, and hooks that were sent; the oldest go first.
const MOST: usize = 10_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Created,
    Updated,
    Removed,
}

impl Event {
    pub(super) const ALL: &[Event] = &[Event::Created, Event::Updated, Event::Removed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Event::Created => "customer.created",
            Event::Updated => "customer.updated",
            Event::Removed => "customer.removed",
        }
    }
}

/// A receiver that was registered by `/api/webhooks`.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) actions: Vec<String>,
    pub(super) active: bool,
}

impl Webhook {
    pub(super) fn wants(&self, event: Event) -> bool {
        self.active && self.actions.iter().any(|action| action == event.name())
    }
}

/// A hook that waits.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) event: Event,
    pub(super) entity: String,
    pub(super) url: String,
    pub(super) secret: String,
}

/// A hook that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SentHook {
    /// Counts from 1.
    pub number: u64,
    /// When it was sent, by the simulator's clock.
    pub at: Timestamp,
    /// What happened.
    pub event: &'static str,
    /// The id of the record.
    pub entity: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The status of the last answer; none: none came.
    pub status: Option<u16>,
}

/// What waits and what was sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Hook>,
    sent: VecDeque<SentHook>,
    number: u64,
}

impl Outbox {
    pub(super) fn put(&mut self, hook: Hook) {
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
        }
        self.waiting.push_back(hook);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<Hook> {
        self.waiting.drain(..).collect()
    }

    pub(super) fn note(&mut self, hook: &Hook, at: Timestamp, attempts: u32, status: Option<u16>) {
        if self.sent.len() == MOST {
            self.sent.pop_front();
        }
        self.number += 1;
        let (number, event) = (self.number, hook.event.name());
        self.sent.push_back(SentHook { number, at, event, entity: hook.entity.clone(), attempts, status });
    }

    pub(super) fn sent(&self) -> impl Iterator<Item = &SentHook> {
        self.sent.iter()
    }
}

/// How hooks are sent now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) delay: Duration,
    pub(super) attempts: u32,
    pub(super) signature: HookSignature,
}

/// What the sender needs of the state; each is a moment under its lock.
pub(super) trait Post: Send + Sync + 'static {
    /// Brings everything up to date. Nothing while no hook waits.
    fn manner(&self) -> Option<Manner>;
    /// The hooks that wait, in the order in which they are to be sent.
    fn take(&self) -> Vec<Hook>;
    /// Enters a hook that was sent.
    fn note(&self, hook: &Hook, attempts: u32, status: Option<u16>);
}

/// Sends hooks until its task is aborted.
pub(super) async fn run(post: impl Post, wake: Arc<Notify>) {
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(Policy::none()).no_proxy().build();
    let Ok(client) = client else { return };
    loop {
        tokio::select! {
            () = wake.notified() => {}
            // The calendar changes memberships without anybody's call.
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let Some(manner) = post.manner() else { continue };
        tokio::time::sleep(manner.delay).await;
        for hook in post.take() {
            let (attempts, status) = deliver(&client, &hook, manner).await;
            post.note(&hook, attempts, status);
        }
    }
}

/// How often it was tried, and the status of the last answer.
async fn deliver(client: &reqwest::Client, hook: &Hook, manner: Manner) -> (u32, Option<u16>) {
    let body = json!({ "event": hook.event.name(), "entityUniqueId": hook.entity }).to_string();
    let mut status = None;
    for attempt in 1..=manner.attempts {
        let mut request = client.post(&hook.url).header(CONTENT_TYPE, "application/json");
        if let Some(signature) = signature(manner.signature, &hook.secret, &body) {
            request = request.header("X-Signature", signature);
        }
        let answer = request.body(body.clone()).send().await;
        status = answer.ok().map(|answer| answer.status().as_u16());
        if status.is_some_and(|status| (200..300).contains(&status)) {
            return (attempt, status);
        }
    }
    (manner.attempts, status)
}

fn signature(kind: HookSignature, secret: &str, body: &str) -> Option<String> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body.as_bytes());
    match kind {
        HookSignature::Off => None,
        HookSignature::Hex => Some(tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()),
        HookSignature::Base64 => Some(STANDARD.encode(tag)),
    }
}
