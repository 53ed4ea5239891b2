//! The page of all clients: which there are, who may sign in to them, and whether they hear of logouts.

use askama::Template;

use crate::adapters::store::outbox::DeliveryStatus;
use crate::domain::access::Require;
use crate::domain::client::Client;
use crate::domain::rule::{Role, Rules};
use crate::domain::time::TimeZone;
use crate::flows::administer::clients::ListedClient;
use crate::web::admin::shell::{AdminPage, Shell, Tone};
use crate::web::admin::words::when;

/// Messages on the page.
const MESSAGES: usize = 25;

/// A client on the page.
#[derive(Clone, Debug)]
pub struct ClientLine {
    /// `client_id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who may sign in.
    pub who: String,
    /// It has no secret.
    pub is_public: bool,
    /// It is told of logouts, and how that fares.
    pub told: (Tone, &'static str),
    /// The latest change; empty: it is the configuration's.
    pub changed: String,
    /// Not in force.
    pub is_shadowed: bool,
}

/// A logout message on the page.
#[derive(Clone, Debug)]
pub struct DeliveryLine {
    /// The client.
    pub client: String,
    /// How it fared.
    pub tone: Tone,
    /// In a word or two.
    pub word: &'static str,
    /// How often it was sent.
    pub attempts: u32,
    /// What went wrong last; may be empty.
    pub error: String,
    /// When that was.
    pub when: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/clients/page.html")]
pub struct ClientsPage {
    /// Around the page.
    pub shell: Shell,
    /// The operator wants a provider.
    pub is_on: bool,
    /// The clients.
    pub lines: Vec<ClientLine>,
    /// The latest messages, newest first.
    pub messages: Vec<DeliveryLine>,
}

impl ClientsPage {
    /// There is no provider.
    pub fn switched_off(shell: Shell) -> ClientsPage {
        ClientsPage { shell, is_on: false, lines: Vec::new(), messages: Vec::new() }
    }

    /// The clients and their messages.
    pub fn new(
        shell: Shell,
        clients: &[ListedClient],
        told: &[DeliveryStatus],
        rules: &Rules,
        zone: &TimeZone,
    ) -> ClientsPage {
        let lines = clients.iter().map(|listed| line(listed, told, rules, zone)).collect();
        let messages = told.iter().take(MESSAGES).map(|told| message(told, zone)).collect();
        ClientsPage { shell, is_on: true, lines, messages }
    }
}

fn line(listed: &ListedClient, told: &[DeliveryStatus], rules: &Rules, zone: &TimeZone) -> ClientLine {
    let ListedClient { client, registered, is_shadowed } = listed;
    let last = registered.as_ref().map(|registered| &registered.last);
    ClientLine {
        id: client.id.to_string(),
        name: client.name.clone(),
        who: who(&client.require, rules),
        is_public: client.is_public(),
        told: hears(client, told),
        changed: last.map(|last| format!("{} on {}", last.by.name, when(last.at, zone))).unwrap_or_default(),
        is_shadowed: *is_shadowed,
    }
}

fn who(require: &Require, rules: &Rules) -> String {
    let named = |roles: &[Role], joined: &str| {
        let labels: Vec<String> = roles.iter().map(|role| rules.label_of(role).to_string()).collect();
        labels.join(joined)
    };
    match require {
        Require::Public | Require::SignedIn => "Everybody with an account".to_owned(),
        Require::AnyOf(roles) => named(roles, " or "),
        Require::AllOf(roles) => named(roles, " and "),
    }
}

/// How the latest message to a client fared.
fn hears(client: &Client, told: &[DeliveryStatus]) -> (Tone, &'static str) {
    if client.back_channel_logout_uri.is_none() {
        return (Tone::Warn, "Is not told of logouts");
    }
    let latest = told.iter().find(|told| told.client == client.id.as_str());
    match latest.map(|told| (told.state.as_str(), &told.last_error)) {
        Some(("failed", _)) => (Tone::Bad, "Could not be told"),
        Some(("pending", Some(_))) => (Tone::Warn, "Does not answer yet"),
        _ => (Tone::Good, "Is told of logouts"),
    }
}

fn message(told: &DeliveryStatus, zone: &TimeZone) -> DeliveryLine {
    let (tone, word) = match (told.state.as_str(), &told.last_error) {
        ("delivered", _) => (Tone::Good, "Delivered"),
        ("failed", _) => (Tone::Bad, "Given up"),
        (_, Some(_)) => (Tone::Warn, "Tried again later"),
        (_, None) => (Tone::Warn, "Waits"),
    };
    DeliveryLine {
        client: told.client.clone(),
        tone,
        word,
        attempts: told.attempts,
        error: told.last_error.clone().unwrap_or_default(),
        when: told.changed.map(|at| when(at, zone)).unwrap_or_default(),
    }
}

impl AdminPage for ClientsPage {
    fn shell(&self) -> &Shell {
        &self.shell
    }
}
