//! Is everything in order: the AMS, the store, the mapping, the certificate.

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::adapters::store::outbox::{DeliveryStatus, Undelivered};
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::status::Status;
use crate::flows::administer::status::environment::SwitchError;
use crate::web::admin::fields::grouped;
use crate::web::admin::guard::Called;
use crate::web::admin::offers;
use crate::web::admin::plain::{Plain, PlainPage};
use crate::web::admin::shell::{Room, Shell, Tone};
use crate::web::admin::state::{Admin, reads, writes};
use crate::web::admin::words::when;
use crate::web::pages::{Forms, Page, respond};
use crate::web::state::answer;

/// Days before its end at which a certificate is worth a word.
const SOON: i64 = 14;

/// One part of the gateway.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// How it is.
    pub tone: Tone,
    /// In a word or two.
    pub word: String,
    /// The facts.
    pub facts: Vec<(&'static str, String)>,
    /// What to do; may be empty.
    pub advice: String,
}

impl Part {
    /// The room in which one sees to it: that of the same name.
    fn room(&self) -> Option<Room> {
        Room::MENU.iter().flat_map(|(_, rooms)| *rooms).find(|room| room.name() == self.name).copied()
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/status/page.html")]
pub struct StatusPage {
    /// Around the page.
    pub shell: Shell,
    /// Part by part.
    pub parts: Vec<Part>,
    /// The AMS environment to which one can switch.
    pub other: Option<String>,
}

/// Its addresses.
pub fn routes() -> Router<Admin> {
    Router::new()
        .route(Room::Status.path(), reads(get(show)))
        .route("/_gate/admin/status/environment", writes(post(switch)))
}

/// Shows it.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let status = admin.desk.overview.status().await;
    let mut parts = parts(&status, admin.gate.clock.now(), &admin.zone());
    if let Some(clients) = &admin.clients {
        match tokio::try_join!(clients.undelivered(), clients.deliveries()) {
            Ok((undelivered, latest)) => {
                parts.push(openid_clients(clients.list().len(), undelivered, &latest))
            }
            // The store's own part says so.
            Err(error) => tracing::warn!(%error, "What became of logout messages cannot be read"),
        }
    }
    let other = status.standby.as_deref().map(str::to_owned);
    let shell = caller.shell(Room::Status).with(offers::outage(&admin));
    answer(respond(&StatusPage { shell, parts, other }))
}

/// Switches the AMS environment, if it was confirmed.
pub async fn switch(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let to = caller.sent("to").to_owned();
    if caller.sent("confirmed") != "yes" {
        return caller.go(Room::Status.path());
    }
    match admin.desk.environments.switch(&caller.actor, &to).await {
        Ok(()) => answer(respond(&PlainPage::new(caller.arrived.frame(), Plain::Switching(to)))),
        Err(SwitchError::NoSuchEnvironment) => caller.go(Room::Status.path()),
        Err(SwitchError::Store(error)) => caller.broken(&error),
    }
}

fn parts(status: &Status, now: Timestamp, zone: &TimeZone) -> Vec<Part> {
    vec![
        ams(status, zone),
        calls(status),
        store(status),
        mapping(status),
        certificate(status.certificate_ends, now, zone),
    ]
}

fn ams(status: &Status, zone: &TimeZone) -> Part {
    let never = || "Never since the start".to_owned();
    let ams = &status.ams;
    let failing = ams.last_failure.as_ref().filter(|(at, _)| ams.last_success.is_none_or(|good| good < *at));
    let (tone, word) = match (failing, ams.last_success) {
        (Some(_), _) => (Tone::Bad, "Does not answer"),
        (None, Some(_)) => (Tone::Good, "Answers"),
        (None, None) => (Tone::Warn, "Not asked yet"),
    };
    let mut facts = vec![
        ("Environment in use", ams.environment.clone()),
        ("Last answer", ams.last_success.map_or_else(never, |at| when(at, zone))),
    ];
    if let Some((at, error)) = &ams.last_failure {
        facts.push(("Last failure", format!("{}: {error}", when(*at, zone))));
    }
    if let Some(other) = &status.standby {
        facts.push(("Other environment", other.to_string()));
    }
    let advice = match (failing, &status.standby) {
        (Some(_), _) => {
            "People who are signed in keep working for a while. Nobody else can sign in until it answers."
                .to_owned()
        }
        (None, Some(other)) => {
            format!("You can switch to {other} below.")
        }
        (None, None) => String::new(),
    };
    Part { name: "AMS", tone, word: word.to_owned(), facts, advice }
}

fn calls(status: &Status) -> Part {
    let budget = &status.budget;
    let waiting: usize = budget.waiting.iter().sum();
    let (tone, word) = match (budget.paused_for, waiting) {
        (Some(_), _) => (Tone::Warn, "Paused"),
        (None, 0) => (Tone::Good, "In order"),
        (None, _) => (Tone::Warn, "Calls wait"),
    };
    let [sign_ins, refreshes, sweeps] = budget.waiting;
    let mut facts = vec![
        ("Used in the last minute", format!("{} of {}", budget.last_minute, budget.per_minute)),
        ("Waiting", format!("{sign_ins} sign-ins, {refreshes} refreshes, {sweeps} for reading all members")),
    ];
    facts.extend(
        budget.paused_for.map(|left| ("Asked to pause for", format!("{} more seconds", left.as_secs()))),
    );
    Part { name: "Calls to the AMS", tone, word: word.to_owned(), facts, advice: String::new() }
}

fn store(status: &Status) -> Part {
    let known = status.known.map_or_else(|| "The store does not say".to_owned(), grouped);
    match &status.store {
        Ok(()) => Part {
            name: "Store",
            tone: Tone::Good,
            word: "Answers".to_owned(),
            facts: vec![("People we know", known)],
            advice: String::new(),
        },
        Err(error) => Part {
            name: "Store",
            tone: Tone::Bad,
            word: "Does not answer".to_owned(),
            facts: vec![("Cause", error.to_string())],
            advice: "Tell your operator. Nothing can be saved, and nobody can sign in, until it answers."
                .to_owned(),
        },
    }
}

fn mapping(status: &Status) -> Part {
    Part {
        name: "Gateway",
        tone: Tone::Good,
        word: "Runs".to_owned(),
        facts: vec![
            ("Release", status.release.to_owned()),
            ("Mapping in force", format!("Version {}", status.mapping)),
        ],
        advice: String::new(),
    }
}

fn openid_clients(
    count: usize,
    Undelivered { pending, given_up }: Undelivered,
    latest: &[DeliveryStatus],
) -> Part {
    let refused = latest.iter().any(|message| message.state == "pending" && message.last_error.is_some());
    let (tone, word) = match (given_up, refused) {
        (0, false) => (Tone::Good, "In order"),
        (0, true) => (Tone::Warn, "A client does not answer"),
        _ => (Tone::Bad, "Not every client was told"),
    };
    let advice =
        if tone == Tone::Good { "" } else { "A site that is not told of a logout keeps its own login." };
    Part {
        name: Room::Clients.name(),
        tone,
        word: word.to_owned(),
        facts: vec![
            ("Clients", count.to_string()),
            ("Logout messages under way", pending.to_string()),
            ("Given up in the last week", given_up.to_string()),
        ],
        advice: advice.to_owned(),
    }
}

fn certificate(ends: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> Part {
    let Some(ends) = ends else {
        let facts = vec![("Certificate", "Kept by what stands in front of the gateway".to_owned())];
        return Part {
            name: "Certificate",
            tone: Tone::Good,
            word: "Elsewhere".to_owned(),
            facts,
            advice: String::new(),
        };
    };
    let left = ends.duration_since(now);
    let days = left.as_hours() / 24;
    let (tone, word) = match days {
        // Within the first day after the end it is `0` days, too.
        _ if !left.is_positive() => (Tone::Bad, "Has ended"),
        ..SOON => (Tone::Warn, "Ends soon"),
        _ => (Tone::Good, "In order"),
    };
    let advice = if days < SOON { "Tell your operator to renew it." } else { "" };
    let facts = vec![("Ends", format!("{} ({days} days)", when(ends, zone)))];
    Part { name: "Certificate", tone, word: word.to_owned(), facts, advice: advice.to_owned() }
}

impl Page for StatusPage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::adapters::ams::AmsError;
        use crate::adapters::ams::catalogue::AmsStatus;
        use crate::adapters::budget::Usage;
        use crate::adapters::store::StoreError;
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-03-04T15:42:00Z");
        let good = Status {
            release: "0.1.0",
            ams: AmsStatus {
                environment: "production".into(),
                last_success: Some(now),
                last_failure: None,
                tokens_since: None,
            },
            standby: Some("staging".into()),
            budget: Usage { last_minute: 12, per_minute: 60, waiting: [0, 0, 0], paused_for: None },
            store: Ok(()),
            known: Some(100_000),
            mapping: 7,
            certificate_ends: Some(at("2026-06-01T00:00:00Z")),
        };
        let bad = Status {
            ams: AmsStatus {
                last_failure: Some((now, AmsError::Failed(503))),
                last_success: None,
                ..good.ams.clone()
            },
            budget: Usage {
                waiting: [2, 40, 4],
                paused_for: Some(std::time::Duration::from_secs(20)),
                ..good.budget
            },
            store: Err(StoreError::Unavailable("the disk is full".into())),
            known: None,
            certificate_ends: Some(at("2026-03-10T00:00:00Z")),
            ..good.clone()
        };
        let fresh = Status {
            ams: AmsStatus { last_success: None, ..good.ams.clone() },
            standby: None,
            known: Some(0),
            certificate_ends: None,
            ..good.clone()
        };
        let clients = |status: &Status| match (&status.store, status.known) {
            (Err(_), _) => Some(openid_clients(
                4,
                Undelivered { pending: 2, given_up: 1 },
                &crate::web::admin::tests::samples::deliveries(),
            )),
            (Ok(()), Some(0)) => None,
            (Ok(()), _) => Some(openid_clients(4, Undelivered { pending: 0, given_up: 0 }, &[])),
        };
        let page = |status: &Status| StatusPage {
            shell: crate::web::admin::tests::samples::shell(Room::Status),
            parts: parts(status, now, &TimeZone::get("America/New_York").unwrap())
                .into_iter()
                .chain(clients(status))
                .collect(),
            other: status.standby.as_deref().map(str::to_owned),
        };
        vec![("status_empty", page(&fresh)), ("status_full", page(&good)), ("status_error", page(&bad))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_ended_from_the_very_second_on() {
        let ends = "2026-03-10T00:00:00Z".parse().ok();
        for (now, word) in [
            ("2026-02-01T00:00:00Z", "In order"),
            ("2026-02-25T00:00:00Z", "Ends soon"),
            ("2026-03-09T23:59:59Z", "Ends soon"),
            ("2026-03-10T00:00:00Z", "Has ended"),
            ("2026-03-10T05:00:00Z", "Has ended"),
            ("2026-04-10T00:00:00Z", "Has ended"),
        ] {
            assert_eq!(certificate(ends, now.parse().unwrap(), &TimeZone::UTC).word, word, "{now}");
        }
    }
}
