//! The community's calendar: which events of the AMS stand there, and what it says of them (docs/community.md, "Calendar").
//!
//! Only public events are told of. What is not known of an event, or was not read, takes no entry away.

mod desired;
mod missing;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use super::code::Code;
use super::fold;
use super::record::IndividualId;
use super::time::{AmsDate, TimeZone, Timestamp};

pub use desired::{CalendarEntry, desired};
pub use missing::{FEW_MISSING, MissingEvents};
pub use text::{plain_text, safe_html};

/// What stands before the code of an event where a row is about one. No id of a person begins so.
const SUBJECT: &str = "event:";

/// Which events the community is told of.
#[derive(Debug, Clone, PartialEq)]
pub struct CalendarMapping {
    /// Only events whose code fits one of these, with at most one `*` each. Empty: all.
    pub only_codes: Vec<Code>,
    /// The type of each entry, exactly as it is sent.
    pub kind: Option<String>,
    /// Events that were over before anything was sent of them are sent, too.
    pub past: bool,
    /// The association's time zone, for events that name none.
    pub time_zone: TimeZone,
}

impl CalendarMapping {
    /// Whether a text can be the type of an entry.
    pub fn is_type(text: &str) -> bool {
        let is_plain = text.trim() == text && !text.contains(char::is_control);
        !text.is_empty() && text.len() <= 256 && is_plain
    }

    /// Whether an event of this code is told of.
    pub fn wants(&self, code: &str) -> bool {
        let fits = |wanted: &Code| wanted.matches(code) || wanted.star_in(code).is_some();
        self.only_codes.is_empty() || self.only_codes.iter().any(fits)
    }
}

/// An event as the AMS lists it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CalendarEvent {
    /// Its code, as the AMS writes it.
    pub code: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is about, as the AMS has it: text or HTML.
    pub description: Option<String>,
    /// When it begins; a day where no time is known.
    pub begin: AmsDate,
    /// When it ends.
    pub end: AmsDate,
    /// The zone in which it is. `None`: the AMS names none that is known.
    pub zone: Option<TimeZone>,
    /// From when people may register.
    pub registration_opens: AmsDate,
    /// Until when.
    pub registration_closes: AmsDate,
    /// Where it is.
    pub place: EventPlace,
    /// Its page elsewhere.
    pub link: Option<String>,
    /// What it costs, in words.
    pub price: Option<String>,
    /// Everybody may see it. `None`: the AMS does not say.
    pub is_public: Option<bool>,
    /// It does not take place.
    pub is_cancelled: bool,
}

/// Where an event is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPlace {
    /// What the place is called.
    pub name: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country, as two letters where they are known.
    pub country: Option<String>,
}

/// What the community is told of an event: all that there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldEvent {
    /// Its key, which is its code as the AMS writes it.
    pub id: String,
    /// Its name, as plain text.
    pub title: String,
    /// HTML of a few tags without attributes, but for links; see [`safe_html`].
    pub description: Option<String>,
    /// The type of the entry.
    pub kind: Option<String>,
    /// When it begins.
    pub begins: Timestamp,
    /// The last instant that is part of it.
    pub ends: Timestamp,
    /// The name of its zone (IANA).
    pub zone: String,
    /// From when people may register.
    pub registration_opens: Option<Timestamp>,
    /// Until when.
    pub registration_closes: Option<Timestamp>,
    /// What it costs, in words.
    pub price: Option<String>,
    /// Where it is.
    pub place: EventPlace,
    /// Its page elsewhere; http or https.
    pub link: Option<String>,
}

/// An entry that is to be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawnEvent {
    /// Its key.
    pub id: String,
    /// Its name, which version 1 of the Push API wants.
    pub title: String,
}

impl WithdrawnEvent {
    /// The entry that was told.
    pub fn of(told: &ToldEvent) -> WithdrawnEvent {
        WithdrawnEvent { id: told.id.clone(), title: told.title.clone() }
    }
}

/// What rows of an event are kept under, beside the rows of people: codes that are alike to an AMS give one. `None`: the code is too long.
pub fn subject(code: &str) -> Option<IndividualId> {
    let mut subject = SUBJECT.to_owned();
    for byte in fold::folded(code).bytes() {
        match byte {
            b'%' => subject.push_str("%25"),
            byte if byte.is_ascii_graphic() => subject.push(char::from(byte)),
            byte => subject.push_str(&format!("%{byte:02x}")),
        }
    }
    IndividualId::parse(&subject).filter(|_| subject.len() > SUBJECT.len())
}

/// Whether rows of this id are about an event.
pub fn is_event(id: &IndividualId) -> bool {
    id.as_str().starts_with(SUBJECT)
}
