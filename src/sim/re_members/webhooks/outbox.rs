//! What the state keeps of webhooks: those that are registered, and a bounded line of what is to be delivered to them.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

use aws_lc_rs::hmac;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::switches::{HookSignature, Switches};
use crate::sim::people::Environment;

/// More than this do not wait: the oldest is dropped.
const MOST_WAITING: usize = 1000;

/// A webhook that somebody registered.
#[derive(Debug, Clone)]
pub(in super::super) struct Webhook {
    pub(super) environment: Environment,
    pub(super) id: String,
    pub(super) route: &'static str,
    /// What its notices are called.
    pub(super) action: &'static str,
    pub(super) type_name: String,
    pub(super) call_back_url: String,
    pub(super) description: String,
    pub(super) secret: String,
}

/// The question that an address must answer before a webhook is registered there.
#[derive(Debug, Clone)]
pub(in super::super) struct EchoCheck {
    pub(super) hook: Webhook,
    pub(super) word: String,
}

/// What is still to be delivered.
#[derive(Debug, Default)]
pub(in super::super) struct Outbox {
    waiting: VecDeque<Delivery>,
    made: u32,
    wake: Arc<Notify>,
}

#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) due: Instant,
    pub(super) url: String,
    pub(super) body: String,
    pub(super) signature: Option<String>,
    pub(super) tries: u32,
}

/// What the task does next.
pub(super) enum Next {
    Send(Delivery),
    WaitUntil(Instant),
    Wait,
}

impl Outbox {
    /// Takes a body for an address, as the switches have it.
    pub(super) fn put(&mut self, url: &str, secret: &str, body: String, switches: &Switches) {
        self.made = self.made.wrapping_add(1);
        if switches.hook_loses.is_some_and(|every| self.made.is_multiple_of(every)) {
            return;
        }
        let signature = match switches.hook_signature {
            HookSignature::None => None,
            HookSignature::MsSignature => Some(signature(secret, &body)),
        };
        let due = Instant::now() + switches.hook_delay;
        let delivery = Delivery { due, url: url.to_owned(), body, signature, tries: 0 };
        let copies = if switches.hook_duplicates { 2 } else { 1 };
        for _ in 0..copies {
            self.push(delivery.clone());
        }
    }

    pub(super) fn push(&mut self, delivery: Delivery) {
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(delivery);
        self.wake.notify_one();
    }

    /// Rings when something was put in.
    pub(super) fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// As soon as one is due, the first or the last of all goes.
    pub(super) fn next(&mut self, now: Instant, last_first: bool) -> Next {
        match self.waiting.iter().map(|it| it.due).min() {
            None => Next::Wait,
            Some(due) if due > now => Next::WaitUntil(due),
            Some(_) => {
                let taken = if last_first { self.waiting.pop_back() } else { self.waiting.pop_front() };
                taken.map_or(Next::Wait, Next::Send)
            }
        }
    }
}

/// `sha256=` and the HMAC in capital hexadecimal digits, as Microsoft's sender writes it.
fn signature(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut text = "sha256=".to_owned();
    for byte in hmac::sign(&key, body.as_bytes()).as_ref() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}
