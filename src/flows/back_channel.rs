//! Telling clients that a session is over (OpenID Connect Back-Channel Logout 1.0).
//!
//! The messages are in the store, left there by whatever ended the session. This worker takes them, signs a logout token for each
//! try, and notes what became of it; the notes are what the status page shows. Where a message goes is the operator's word: the
//! client's registered address, https or this machine. No redirect is followed, and the answer's text is not looked at.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::grant::PublishedClients;
use crate::adapters::clock::SharedClock;
use crate::adapters::http::{HttpClient, HttpError, HttpLimits};
use crate::adapters::keys::random;
use crate::adapters::store::StoreError;
use crate::adapters::store::outbox::{DeliveryOutcome, Message, MessageLimits, Outbox};
use crate::domain::claims::{LoggedOut, LogoutToken};
use crate::domain::client::{Client, ClientAddress};
use crate::flows::keyring::Keyring;

/// How often the store is asked for messages: ended is ended within a second.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Messages that are sent side by side, in all and to one client: one that does not answer must not hold up the others.
const SIDE_BY_SIDE: usize = 128;
const TO_ONE_CLIENT: usize = 16;

/// A message that somebody took and did not settle, because the machine stopped, is sent again after this long.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// How long a logout token is good for; the specification advises at most two minutes.
const TOKEN_LIVES: SignedDuration = SignedDuration::from_secs(120);

/// How long to wait after each failure. After the last one the message is given up.
const WAITS: [SignedDuration; 8] = [
    SignedDuration::from_secs(2),
    SignedDuration::from_secs(10),
    SignedDuration::from_secs(60),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(3),
    SignedDuration::from_hours(8),
];

/// Limits of a call to a client.
const LIMITS: HttpLimits =
    HttpLimits { connect: Duration::from_secs(3), total: Duration::from_secs(8), body: 64 * 1024 };

/// Sends the messages.
pub struct BackChannel {
    issuer: String,
    clients: PublishedClients,
    outbox: Arc<dyn Outbox>,
    keys: Arc<Keyring>,
    clock: SharedClock,
    http: HttpClient,
}

impl BackChannel {
    /// A worker for the clients of `issuer`. Fails when the machine's TLS certificate store cannot be opened.
    pub fn new(
        issuer: String,
        clients: PublishedClients,
        outbox: Arc<dyn Outbox>,
        keys: Arc<Keyring>,
        clock: SharedClock,
    ) -> Result<BackChannel, HttpError> {
        Ok(BackChannel { issuer, clients, outbox, keys, clock, http: HttpClient::new(LIMITS)? })
    }

    /// Sends what there is to send until `stop`; calls that are under way then are finished.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut sending = Sending::default();
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            sending.tidy();
            match self.take(sending.limits()).await {
                Ok(messages) => {
                    for message in messages {
                        let (worker, client) = (Arc::clone(&self), message.client.clone());
                        sending.spawn(client, async move { worker.deliver(&message).await });
                    }
                }
                Err(error) => tracing::error!(%error, "Messages to clients cannot be read"),
            }
        }
        while sending.tasks.join_next().await.is_some() {}
    }

    async fn take(&self, limits: MessageLimits) -> Result<Vec<Message>, StoreError> {
        if limits.most == 0 {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        self.outbox.take_messages(now, now + TAKEN_FOR, limits).await
    }

    async fn deliver(&self, message: &Message) {
        let outcome = self.send(message).await;
        match &outcome {
            DeliveryOutcome::Delivered => {
                tracing::info!(client = message.client, "The client was told of a logout")
            }
            DeliveryOutcome::Again { error, .. } | DeliveryOutcome::Failed { error } => {
                let (client, attempt) = (&message.client, message.attempts);
                tracing::warn!(client, attempt, "The client could not be told of a logout: {error}");
            }
        }
        if let Err(error) = self.outbox.settle(message.id, outcome, self.clock.now()).await {
            tracing::error!(%error, "What became of a message to a client could not be noted; it is sent again");
        }
    }

    async fn send(&self, message: &Message) -> DeliveryOutcome {
        let clients = self.clients.load_full();
        let Some(client) = clients.find(&message.client) else {
            return DeliveryOutcome::Failed { error: "the client is not configured any more".to_owned() };
        };
        // A client that no longer wants to hear has nothing to be told.
        let Some(address) = &client.back_channel_logout_uri else { return DeliveryOutcome::Delivered };
        match self.tell(client, address, message).await {
            Ok(()) => DeliveryOutcome::Delivered,
            Err(error) => after_failure(message.attempts, error, self.clock.now()),
        }
    }

    async fn tell(&self, client: &Client, address: &ClientAddress, message: &Message) -> Result<(), String> {
        let token = self.token(client, message).await?;
        let form =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
        let answer = self.http.post_form(address.url().clone(), form.into()).await;
        match answer.map(|answer| answer.status.as_u16()) {
            Ok(200 | 204) => Ok(()),
            Ok(status) => Err(format!("the client answered {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn token(&self, client: &Client, message: &Message) -> Result<String, String> {
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let now = self.clock.now();
        let jti = random::token().map_err(|error| failed(&error))?;
        let claims = LogoutToken {
            iss: &self.issuer,
            aud: client.id.as_str(),
            iat: now.as_second(),
            exp: (now + TOKEN_LIVES).as_second(),
            jti: &jti,
            sub: &message.subject,
            sid: &message.sid,
            events: LoggedOut,
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| failed(&error))?;
        let signer =
            self.keys.signer_with(client.id_token_algorithm).await.map_err(|error| failed(&error))?;
        signer.sign_as("logout+jwt", &claims).map_err(|error| failed(&error))
    }
}

/// Messages on their way, and their clients.
#[derive(Default)]
struct Sending {
    tasks: JoinSet<()>,
    clients: HashMap<tokio::task::Id, String>,
}

impl Sending {
    fn spawn(&mut self, client: String, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.clients.insert(id, client);
    }

    /// Forgets what has come to its end, in whatever way.
    fn tidy(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.clients.remove(&id);
        }
    }

    fn limits(&self) -> MessageLimits {
        let mut count: HashMap<&str, usize> = HashMap::new();
        for client in self.clients.values() {
            *count.entry(client).or_default() += 1;
        }
        let busy = count.into_iter().filter(|(_, count)| *count >= TO_ONE_CLIENT);
        let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        MessageLimits {
            most: number(SIDE_BY_SIDE.saturating_sub(self.clients.len())),
            each: number(TO_ONE_CLIENT),
            busy: busy.map(|(client, _)| client.to_owned()).collect(),
        }
    }
}

/// What becomes of a message whose `attempts`-th try has failed.
fn after_failure(attempts: u32, error: String, now: jiff::Timestamp) -> DeliveryOutcome {
    let failures = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
    match WAITS.get(failures) {
        Some(wait) => DeliveryOutcome::Again { at: now + *wait, error },
        None => DeliveryOutcome::Failed { error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_for_half_a_day_and_then_given_up() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let mut at = now;
        for attempt in 1..=8 {
            match after_failure(attempt, "x".to_owned(), at) {
                DeliveryOutcome::Again { at: next, .. } => {
                    assert!(next > at);
                    at = next;
                }
                other => panic!("{attempt}: {other:?}"),
            }
        }
        assert!(at.duration_since(now) > SignedDuration::from_hours(12));
        assert_eq!(after_failure(9, "x".to_owned(), at), DeliveryOutcome::Failed { error: "x".to_owned() });
    }
}
