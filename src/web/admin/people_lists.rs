//! People in lists of a preview, by name.

use crate::domain::preview::PersonName;

/// Names shown at once; the others are a click away.
pub const SHOWN: usize = 60;

/// A person in a list.
#[derive(Clone, Debug)]
pub struct PersonLink {
    /// The name.
    pub name: String,
    /// The AMS's number; may be empty.
    pub number: String,
    /// Tries this person.
    pub href: String,
}

impl PersonLink {
    /// With a link that tries the draft of the role mapping on the person.
    pub fn of(person: &PersonName) -> PersonLink {
        PersonLink::to(person, "mapping=draft&")
    }

    /// With a link to the person.
    pub fn known(person: &PersonName) -> PersonLink {
        PersonLink::to(person, "")
    }

    fn to(person: &PersonName, query: &str) -> PersonLink {
        PersonLink {
            name: if person.name.trim().is_empty() { person.id.to_string() } else { person.name.clone() },
            number: person.record_number.clone().unwrap_or_default(),
            href: format!(
                "/_gate/admin/people?{query}who={}",
                percent_encoding::utf8_percent_encode(person.id.as_str(), percent_encoding::NON_ALPHANUMERIC)
            ),
        }
    }
}

/// Who gains or loses something.
#[derive(Clone, Debug)]
pub struct MovedPeople {
    /// "2 people gain".
    pub says: String,
    /// The role; empty for pages.
    pub role: String,
    /// The first of them.
    pub people: Vec<PersonLink>,
    /// Where all are listed, when that is more than the first.
    pub all: Option<(String, String)>,
}
