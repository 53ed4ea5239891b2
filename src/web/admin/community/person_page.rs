//! The page of one person at the community: what is there, what waits, what should be there.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::community::{FactChange, FactKind, Untold};
use crate::domain::deliveries::row::{Delivery, Phase};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::preview::PersonName;
use crate::domain::time::TimeZone;
use crate::flows::community_standing::{DesiredNow, PersonFact, PersonStanding, ToldSide};
use crate::web::admin::fields::Field;
use crate::web::admin::shell::{Shell, Tone, admin_pages};
use crate::web::admin::words::when;

/// Its address.
pub const PATH: &str = "/_gate/admin/community/person";

/// Longer texts, such as a biography, are cut here. Bytes.
const LONGEST: usize = 200;

/// A line in three states.
#[derive(Clone, Debug)]
pub struct StandingLine {
    /// What it is.
    pub name: String,
    /// Why; may be empty.
    pub because: String,
    /// What is there.
    pub there: String,
    /// What waits.
    pub waits: String,
    /// What should be there.
    pub here: String,
    /// What becomes of it.
    pub tone: &'static str,
    /// The same in words.
    pub word: &'static str,
}

/// A person.
#[derive(Clone, Debug)]
pub struct StandingPerson {
    /// The name, else the id.
    pub name: String,
    /// The id.
    pub id: String,
    /// Under which name the community is told.
    pub subscriber: String,
    /// How it is.
    pub tone: Tone,
    /// In a word or two.
    pub word: &'static str,
    /// The facts.
    pub facts: Vec<(&'static str, String)>,
    /// So many lines differ.
    pub differences: usize,
    /// Line by line, those that differ first.
    pub lines: Vec<StandingLine>,
    /// Something can be sent again.
    pub may_send: bool,
    /// The id as an address has it.
    pub encoded: String,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/community/person.html")]
pub struct CommunityPersonPage {
    /// Around the page.
    pub shell: Shell,
    /// Who is looked for.
    pub who: Field,
    /// Who was found.
    pub person: Option<StandingPerson>,
    /// Several people go by what was typed: name, number, and the person's page.
    pub choices: Vec<(String, String, String)>,
}

impl StandingPerson {
    /// As the person stands.
    pub fn new(person: &PersonStanding, subscriber: &SubscriberName, zone: &TimeZone) -> StandingPerson {
        let telling = person.telling.as_ref();
        let (tone, word) = state(person);
        let mut facts = vec![
            ("There", side(person.there, "Nobody has been confirmed", telling.and_then(confirmed_at), zone)),
            ("Waits to be sent", waits(person, zone)),
            ("Should be there now", desired(person.here)),
        ];
        if let Some(Phase::SetAside { since, reason }) = telling.map(|row| &row.phase) {
            facts.push(("Refused", format!("since {}: {}", when(*since, zone), reason.replace('_', " "))));
        }
        if let Some(answer) = telling.and_then(|row| row.answer.as_ref()) {
            facts.push((
                "Latest answer",
                format!("{} ({})", answer.said.replace('_', " "), when(answer.at, zone)),
            ));
        }
        if let Some(until) = person.holds_until {
            facts.push(("A date changes it", when(until, zone)));
        }
        let differences = person.facts.iter().filter(|fact| fact.row.change() != FactChange::Same).count();
        let (other, same): (Vec<_>, Vec<_>) =
            person.facts.iter().partition(|fact| fact.row.change() != FactChange::Same);
        let id = person.id.to_string();
        StandingPerson {
            name: person.name.clone().unwrap_or_else(|| id.clone()),
            subscriber: subscriber.to_string(),
            tone,
            word,
            facts,
            differences,
            lines: other.into_iter().chain(same).map(line).collect(),
            may_send: telling.is_some(),
            encoded: utf8_percent_encode(&id, NON_ALPHANUMERIC).to_string(),
            id,
        }
    }
}

fn confirmed_at(row: &Delivery) -> Option<jiff::Timestamp> {
    row.confirmed.as_ref().map(|known| known.at)
}

fn state(person: &PersonStanding) -> (Tone, &'static str) {
    match (person.telling.as_ref().map(|row| &row.phase), person.here) {
        (Some(Phase::Settled), _) => (Tone::Good, "As it should be"),
        (Some(Phase::Pending { .. }), _) => (Tone::Warn, "To be told"),
        (Some(Phase::InFlight { .. }), _) => (Tone::Warn, "Being told"),
        (Some(Phase::SetAside { .. }), _) => (Tone::Bad, "Refused"),
        (None, DesiredNow::Untold(Untold::NotKnown)) => (Tone::Warn, "Not known yet"),
        (None, _) => (Tone::Warn, "Never told"),
    }
}

fn side(of: ToldSide, nothing: &str, at: Option<jiff::Timestamp>, zone: &TimeZone) -> String {
    let at = at.map(|at| format!(", since {}", when(at, zone))).unwrap_or_default();
    match of {
        ToldSide::Nothing => nothing.to_owned(),
        ToldSide::Removed => format!("Removed{at}"),
        ToldSide::Present => format!("As below{at}"),
    }
}

fn waits(person: &PersonStanding, zone: &TimeZone) -> String {
    match person.telling.as_ref().map(|row| (&row.phase, row.failures)) {
        None | Some((Phase::Settled, _)) => "Nothing".to_owned(),
        Some((Phase::Pending { at }, failures)) if failures > 0 => {
            format!("{}; tried again from {}", side(person.waits, "Nothing", None, zone), when(*at, zone))
        }
        Some(_) => side(person.waits, "Nothing", None, zone),
    }
}

fn desired(now: DesiredNow) -> String {
    match now {
        DesiredNow::Known(ToldSide::Present) => "As below",
        DesiredNow::Known(ToldSide::Removed) => "Removed",
        DesiredNow::Known(ToldSide::Nothing) | DesiredNow::NotOnFile => "Nothing: the person is not on file",
        DesiredNow::AsBefore => {
            "As before: something at which the mapping looks is not known, which takes nothing away"
        }
        DesiredNow::Untold(Untold::NotAdmitted) => "Nothing: the AMS does not admit the person",
        DesiredNow::Untold(Untold::NotAskedFor) => "Nothing: the mapping does not ask for the person",
        DesiredNow::Untold(Untold::NotKnown) => {
            "Nothing yet: something at which the mapping looks has not been read"
        }
        DesiredNow::Untold(Untold::Next) => "It is planned next",
    }
    .to_owned()
}

fn line(fact: &PersonFact) -> StandingLine {
    let row = &fact.row;
    let name = match row.kind {
        FactKind::Group => format!("Group {}", row.name),
        FactKind::Demographic => format!("Demographic {}", row.name),
        FactKind::Profile | FactKind::Membership => row.name.clone(),
    };
    let says = |text: &Option<String>| text.clone().map(cut).unwrap_or_default();
    let (tone, word) = match row.change() {
        FactChange::Same => ("", "The same"),
        FactChange::Gained => ("good", "To come"),
        FactChange::Lost => ("bad", "To go"),
        FactChange::Changed => ("warn", "To change"),
    };
    let because = fact.because.clone();
    StandingLine {
        name,
        because,
        there: says(&row.there),
        waits: says(&row.waits),
        here: says(&row.here),
        tone,
        word,
    }
}

/// The people to choose from.
pub fn choices(names: &[PersonName]) -> Vec<(String, String, String)> {
    let choice = |person: &PersonName| {
        let who = utf8_percent_encode(person.id.as_str(), NON_ALPHANUMERIC);
        (person.name.clone(), person.record_number.clone().unwrap_or_default(), format!("{PATH}?who={who}"))
    };
    names.iter().map(choice).collect()
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

admin_pages!(CommunityPersonPage);
