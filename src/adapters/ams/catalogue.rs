//! What administrators ask of an AMS beside signing people in: its lists, and one person.
//!
//! A port of its own, since nothing on the way of a visitor needs it.

use super::{Ams, AmsError};
use crate::adapters::BoxFuture;
use crate::adapters::budget::Priority;
use crate::domain::catalogue::Catalogue;
use crate::domain::record::{Parts, Record};
use crate::domain::supplied::{AmsPlaces, Supplied};
use crate::domain::time::Timestamp;

/// The person that an administrator looks for: an e-mail address, a record number or an id, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted(String);

impl Wanted {
    /// Takes what was typed, trimmed. `None` for what can be none of these, such as text with spaces or slashes.
    pub fn parse(text: &str) -> Option<Wanted> {
        let text = text.trim();
        let fits =
            |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '/' | '\\' | '?' | '#' | '%');
        let has_name = text.chars().any(char::is_alphanumeric);
        (text.len() <= 254 && has_name && text.chars().all(fits)).then(|| Wanted(text.to_owned()))
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record with what it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonReading {
    /// The record.
    pub record: Record,
    /// What the AMS said, as a line of `explain` has it: the individual, and each part that was fetched.
    /// Members that may hold a secret are left out.
    pub said: serde_json::Value,
}

/// Which of the things that decisions need our credentials show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelfTest {
    /// How many records were read for that.
    pub read: usize,
    /// What comes.
    pub arrives: Vec<String>,
    /// What does not.
    pub missing: Vec<Untested>,
}

/// Something that did not come. It may be hidden, or nobody who was read has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untested {
    /// As the AMS calls it.
    pub what: String,
    /// What cannot be decided without it.
    pub needed_for: String,
}

/// How the AMS did lately, for the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmsStatus {
    /// The environment's name, as the configuration has it.
    pub environment: String,
    /// When it last gave an answer that could be used; that a visitor's proof is not valid is one.
    pub last_success: Option<Timestamp>,
    /// When and how it last failed us.
    pub last_failure: Option<(Timestamp, AmsError)>,
    /// When what we call it with was obtained, if that has an age.
    pub tokens_since: Option<Timestamp>,
}

/// The lists and people of an association management system, and how it does.
pub trait AmsCatalogue: Ams {
    /// Tries the connection and our credentials by a call that needs nothing else.
    fn probe(&self) -> BoxFuture<'_, Result<(), AmsError>>;

    /// Which of the things that decisions need come. Nothing, where credentials hide nothing.
    fn self_test(&self) -> BoxFuture<'_, Result<SelfTest, AmsError>> {
        Box::pin(async { Ok(SelfTest::default()) })
    }

    /// What it knows of people, and what it lists. Makes no call.
    fn supplied(&self) -> Supplied;

    /// Where its administrators enter our addresses and find our credentials. Makes no call.
    fn places(&self) -> AmsPlaces {
        AmsPlaces::default()
    }

    /// All that the AMS lists.
    fn catalogue(&self, priority: Priority) -> BoxFuture<'_, Result<Catalogue, AmsError>>;

    /// Finds one person. `None`: the AMS knows nobody by that.
    fn find<'a>(
        &'a self,
        wanted: &'a Wanted,
        parts: Parts,
        priority: Priority,
    ) -> BoxFuture<'a, Result<Option<PersonReading>, AmsError>>;

    /// How it did lately. Makes no call.
    fn status(&self) -> AmsStatus;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_stand_for_a_person_is_looked_for() {
        let check = |text: &str, fits: bool| assert_eq!(Wanted::parse(text).is_some(), fits, "{text:?}");
        check(" jane.marlowe@harborlabs.example ", true);
        check("100481", true);
        check("b3a1c0de-0001-4222-8333-444455550001", true);
        for text in
            ["", " ", ".", "..", "a b", "../Committees", "a/b", "a%2fb", "a?b", "a\nb", &"a".repeat(255)]
        {
            check(text, false);
        }
    }
}
