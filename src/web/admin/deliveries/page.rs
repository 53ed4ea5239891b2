//! The page of deliveries.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{Delivery, Phase};
use crate::domain::deliveries::state::State;
use crate::domain::deliveries::subscriber::PassDone;
use crate::domain::time::TimeZone;
use crate::flows::deliveries::{DeliveryStanding, PersonDelivery, SubscriberStatus};
use crate::web::admin::fields::{Field, grouped, people};
use crate::web::admin::shell::{Shell, Tone, admin_pages};
use crate::web::admin::words::when;

/// A subscriber.
#[derive(Clone, Debug)]
pub struct SubscriberCard {
    /// Its name, as the form sends it.
    pub name: String,
    /// How it is.
    pub tone: Tone,
    /// In a word or two.
    pub word: String,
    /// The facts.
    pub facts: Vec<(&'static str, String)>,
    /// Why nothing is sent, in sentences; empty: it is.
    pub stopped: String,
    /// Since when, to the nanosecond (RFC 3339), so that a confirmation is about what was seen.
    pub stopped_since: String,
    /// Many would lose something, so that going on is to be confirmed.
    pub takes_much: bool,
    /// It is told of events, and not of people.
    pub of_events: bool,
    /// People or events whose rows are set aside: id, the same for an address, since when, why.
    pub set_aside: Vec<(String, String, String, String)>,
}

/// One person at one subscriber.
#[derive(Clone, Debug)]
pub struct PersonDeliveryRow {
    /// Which subscriber.
    pub subscriber: String,
    /// How far it is.
    pub phase: String,
    /// What it has confirmed.
    pub confirmed: String,
    /// The latest answer.
    pub answer: String,
    /// What would be sent now.
    pub now: String,
}

/// One person at each subscriber.
#[derive(Clone, Debug)]
pub struct PersonAtSubscribers {
    /// The person.
    pub name: String,
    /// The person's id.
    pub id: String,
    /// It is an event.
    pub is_event: bool,
    /// At each.
    pub rows: Vec<PersonDeliveryRow>,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/deliveries/page.html")]
pub struct DeliveriesPage {
    /// Around the page.
    pub shell: Shell,
    /// Each subscriber.
    pub cards: Vec<SubscriberCard>,
    /// Who is looked for.
    pub who: Field,
    /// Who was found.
    pub person: Option<PersonAtSubscribers>,
}

/// A subscriber in words.
pub fn card(status: &SubscriberStatus, standing: &DeliveryStanding, zone: &TimeZone) -> SubscriberCard {
    let count = |number: u64| grouped(usize::try_from(number).unwrap_or(usize::MAX));
    let counts = &status.counts;
    let (tone, word) = match (&status.state.stopped, &status.failure) {
        (Some(Stop::ManyLose { .. }), _) => (Tone::Bad, "Waits for you"),
        (Some(Stop::ByHand { .. }), _) => (Tone::Warn, "Stopped"),
        (None, Some(_)) => (Tone::Bad, "Does not answer"),
        (None, None) if counts.set_aside > 0 => (Tone::Warn, "Some are set aside"),
        (None, None) if counts.pending > 0 => (Tone::Good, "Is being told"),
        (None, None) => (Tone::Good, "Is in step"),
    };
    let mut facts = vec![
        ("Knows what it should", count(counts.settled)),
        ("To be told", count(counts.pending)),
        ("Of these, refused for now", count(counts.failing)),
        ("Set aside", count(counts.set_aside)),
    ];
    if let Some(oldest) = counts.oldest {
        facts.push(("Waits longest", format!("since {}", when(oldest, zone))));
    }
    if let Some((since, why)) = &status.failure {
        facts.push(("No usable answer", format!("since {}: {why}", when(*since, zone))));
    }
    let of_events = status.name.is_calendar();
    match (&status.state.pass, &status.state.done) {
        (_, done) if of_events => {
            let read = |done: &PassDone| format!("{}: {} events", when(done.at, zone), count(done.seen));
            facts.push(("The AMS’s list was read", done.as_ref().map_or_else(|| "not yet".to_owned(), read)));
        }
        (Some(pass), _) => {
            let of = grouped(standing.people);
            let what = if pass.is_first { "First run" } else { "Everybody is gone through" };
            facts.push((what, format!("{} of {of} people", count(pass.seen))));
        }
        (None, Some(done)) => facts.push((
            "Everybody was gone through",
            format!("{}: {}", when(done.at, zone), people(usize::try_from(done.seen).unwrap_or(usize::MAX))),
        )),
        (None, None) => facts.push(("First run", "begins shortly".to_owned())),
    }
    let set_aside = status.set_aside.iter().map(|row| {
        let (since, reason) = match &row.phase {
            Phase::SetAside { since, reason } => (when(*since, zone), refusal(reason)),
            _ => (String::new(), String::new()),
        };
        let id = row.individual.to_string();
        let encoded = utf8_percent_encode(&id, NON_ALPHANUMERIC).to_string();
        (id, encoded, since, reason)
    });
    SubscriberCard {
        name: status.name.to_string(),
        tone,
        word: word.to_owned(),
        facts,
        stopped: status
            .state
            .stopped
            .as_ref()
            .map(|stop| stopped(stop, counts.losers, of_events, zone))
            .unwrap_or_default(),
        stopped_since: status.state.stopped.as_ref().map_or(String::new(), |stop| stop.since().to_string()),
        takes_much: matches!(status.state.stopped, Some(Stop::ManyLose { .. })),
        of_events,
        set_aside: set_aside.collect(),
    }
}

/// `now`: so many people or events lose something by now.
fn stopped(stop: &Stop, now: u64, of_events: bool, zone: &TimeZone) -> String {
    match stop {
        Stop::ByHand { since } => format!("An administrator stopped it on {}.", when(*since, zone)),
        Stop::ManyLose { since, losers, holders } if of_events => format!(
            "Since {}: {} of {} events would be taken out of the calendar at once. Nothing is sent until you confirm it. Look whether the AMS \
             still lists them.",
            when(*since, zone),
            grouped(usize::try_from(now.max(*losers)).unwrap_or(usize::MAX)),
            grouped(usize::try_from(*holders).unwrap_or(usize::MAX))
        ),
        Stop::ManyLose { since, losers, holders } => {
            let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            format!(
                "Since {}: {} of {} who hold something would lose some of it at once, and no known date says so. Nobody else loses \
                 anything until you confirm it. Look whether the mapping or the AMS has changed as you want it.",
                when(*since, zone),
                people(number(now.max(*losers))),
                grouped(number(*holders))
            )
        }
    }
}

/// Why something was refused.
fn refusal(reason: &str) -> String {
    match reason {
        "email_taken" => "Another account there has this e-mail address".to_owned(),
        "last_administrator" => "It is the last administrator there".to_owned(),
        "account_closed" => "The account there is closed".to_owned(),
        "not_configured" => "The plugin there is not set up".to_owned(),
        "too_large" => "It says too much for one request".to_owned(),
        other => other.replace('_', " "),
    }
}

/// One person at each subscriber, in words.
pub fn person_rows(found: &[PersonDelivery], zone: &TimeZone) -> Vec<PersonDeliveryRow> {
    let nothing = || "Nothing".to_owned();
    let row = |one: &PersonDelivery| PersonDeliveryRow {
        subscriber: one.subscriber.to_string(),
        phase: one.row.as_ref().map_or_else(|| "Never told".to_owned(), |row| phase(row, zone)),
        confirmed: one
            .row
            .as_ref()
            .and_then(|row| row.confirmed.as_ref())
            .map_or_else(nothing, |known| format!("{} ({})", says(&known.state), when(known.at, zone))),
        answer: one.row.as_ref().and_then(|row| row.answer.as_ref()).map_or_else(
            || "None yet".to_owned(),
            |answer| format!("{} ({})", answer.said.replace('_', " "), when(answer.at, zone)),
        ),
        now: one.now.as_ref().map_or_else(|| "What it knows: something is not read yet".to_owned(), says),
    };
    found.iter().map(row).collect()
}

fn phase(row: &Delivery, zone: &TimeZone) -> String {
    match &row.phase {
        Phase::Settled => "In step".to_owned(),
        Phase::Pending { at } if row.failures > 0 => format!("Tried again from {}", when(*at, zone)),
        Phase::Pending { .. } => "To be told".to_owned(),
        Phase::InFlight { .. } => "Being told".to_owned(),
        Phase::SetAside { reason, .. } => format!("Set aside: {}", refusal(reason)),
    }
}

fn says(state: &State) -> String {
    match state.holds() {
        None => "Removed".to_owned(),
        Some(holds) if holds.is_empty() => "There, and holds nothing".to_owned(),
        Some(holds) => holds.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

admin_pages!(DeliveriesPage);
