//! The page that says how the gateway does, part by part.

use askama::Template;

use crate::adapters::store::StoreError;
use crate::adapters::store::outbox::{DeliveryStatus, Undelivered};
use crate::domain::budget::CallKind;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::status::Status;
use crate::web::admin::fields::grouped;
use crate::web::admin::menu::{self, MenuItem};
use crate::web::admin::shell::{Shell, Tone, admin_pages};
use crate::web::admin::words::{call_kind, when};

/// Days before its end at which a certificate is worth a word.
const SOON: i64 = 14;

/// One part of the gateway.
#[derive(Clone, Debug)]
pub struct StatusPart {
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

impl StatusPart {
    /// The page on which one sees to it: that of the same name.
    fn page(&self) -> Option<MenuItem> {
        menu::MENU.iter().flat_map(|(_, items)| *items).find(|item| item.name == self.name).copied()
    }
}

/// A roster, or everybody, with absences that may be held.
#[derive(Clone, Debug)]
pub struct RosterTableRow {
    /// Of what: `committee/EDU`, or all members.
    pub name: String,
    /// As a form sends it; empty: all members.
    pub key: String,
    /// How many are on it.
    pub people: String,
    /// When it was last confirmed.
    pub confirmed: String,
    /// How many are missing, and are asked about.
    pub missing: String,
    /// Since when absences are held, in a sentence; empty: none are.
    pub held: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/status/page.html")]
pub struct StatusPage {
    /// Around the page.
    pub shell: Shell,
    /// Part by part.
    pub parts: Vec<StatusPart>,
    /// The rosters, with absences that are held.
    pub rosters: Vec<RosterTableRow>,
    /// The AMS environment to which one can switch.
    pub other: Option<String>,
}

/// All parts but the directory and the clients.
pub fn parts(status: &Status, now: Timestamp, zone: &TimeZone) -> Vec<StatusPart> {
    vec![
        ams(status, zone),
        calls(status),
        store(status),
        mapping(status),
        certificate(status.certificate_ends, now, zone),
    ]
}

fn ams(status: &Status, zone: &TimeZone) -> StatusPart {
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
    StatusPart { name: "AMS", tone, word: word.to_owned(), facts, advice }
}

fn calls(status: &Status) -> StatusPart {
    let budget = &status.budget;
    let waiting: usize = budget.waiting.iter().sum();
    let by_kind = |counts: [usize; CallKind::ALL.len()]| {
        let used = CallKind::ALL.iter().zip(counts).filter(|(_, count)| *count > 0);
        let used: Vec<String> = used.map(|(kind, count)| format!("{count} {}", call_kind(*kind))).collect();
        if used.is_empty() { "none".to_owned() } else { used.join(", ") }
    };
    let used: usize = budget.last_minute.iter().sum();
    let (tone, word) = match (budget.paused_for, waiting) {
        (Some(_), _) => (Tone::Warn, "Paused"),
        (None, 0) => (Tone::Good, "In order"),
        (None, _) => (Tone::Warn, "Calls wait"),
    };
    let mut facts = vec![
        ("Used in the last minute", format!("{used} of {}", budget.per_minute)),
        ("For what", by_kind(budget.last_minute)),
        ("Waiting", by_kind(budget.waiting)),
    ];
    facts.extend(
        budget.paused_for.map(|left| ("Asked to pause for", format!("{} more seconds", left.as_secs()))),
    );
    StatusPart { name: "Calls to the AMS", tone, word: word.to_owned(), facts, advice: String::new() }
}

fn store(status: &Status) -> StatusPart {
    let known = status.known.map_or_else(|| "The store does not say".to_owned(), grouped);
    let sealing = match usize::try_from(status.sealed_with_older) {
        Ok(0) => None,
        left => Some((
            "Sealed again for a new key",
            format!("{} values to go", left.map_or_else(|_| "Many".to_owned(), grouped)),
        )),
    };
    match &status.store {
        Ok(()) => StatusPart {
            name: "Store",
            tone: Tone::Good,
            word: "Answers".to_owned(),
            facts: std::iter::once(("Records", known)).chain(sealing).collect(),
            advice: String::new(),
        },
        Err(error) => StatusPart {
            name: "Store",
            tone: Tone::Bad,
            word: match error {
                StoreError::File(_) => "Not in its place",
                _ => "Does not answer",
            }
            .to_owned(),
            facts: vec![("Cause", error.to_string())],
            advice: "Tell your operator. Nothing can be saved, and nobody can sign in, until that is mended."
                .to_owned(),
        },
    }
}

fn mapping(status: &Status) -> StatusPart {
    StatusPart {
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

/// How clients hear of logouts.
pub fn openid_clients(
    count: usize,
    Undelivered { pending, given_up }: Undelivered,
    latest: &[DeliveryStatus],
) -> StatusPart {
    let refused = latest.iter().any(|message| message.state == "pending" && message.last_error.is_some());
    let (tone, word) = match (given_up, refused) {
        (0, false) => (Tone::Good, "In order"),
        (0, true) => (Tone::Warn, "A client does not answer"),
        _ => (Tone::Bad, "Not every client was told"),
    };
    let advice =
        if tone == Tone::Good { "" } else { "A site that is not told of a logout keeps its own login." };
    StatusPart {
        name: menu::CLIENTS.name,
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

/// When the certificate ends.
pub fn certificate(ends: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> StatusPart {
    let Some(ends) = ends else {
        let facts = vec![("Certificate", "Kept by what stands in front of the gateway".to_owned())];
        return StatusPart {
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
    StatusPart { name: "Certificate", tone, word: word.to_owned(), facts, advice: advice.to_owned() }
}

admin_pages!(StatusPage);
