//! What the status words and numbers of GrowthZone mean (docs/ams/growthzone.md, "Status").

use std::collections::BTreeMap;

use crate::adapters::ams::json::{JsonEntry, text_of};
use crate::domain::fold;
use crate::domain::standing::MembershipStanding;

/// What a status says of a contact or of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactStanding {
    /// How the membership stands.
    Standing(MembershipStanding),
    /// There is no membership, and was none.
    NoMember,
    /// The contact was deleted.
    Deleted,
}

use ContactStanding::{Deleted, NoMember, Standing};
use MembershipStanding::{Active, Ended, Grace, Pending, Unknown};

/// Words, folded. Courtesy is a word that is known and says nothing about a membership.
const WORDS: [(&str, ContactStanding); 18] = [
    ("active", Standing(Active)),
    ("dropped", Standing(Ended)),
    ("pending approval", Standing(Pending)),
    ("non member", NoMember),
    ("suspended", Standing(Ended)),
    ("courtesy", Standing(Unknown)),
    ("nonmember", NoMember),
    ("active member", Standing(Active)),
    ("active pending", Standing(Pending)),
    ("pending", Standing(Pending)),
    ("prospective", Standing(Pending)),
    ("inactive", Standing(Ended)),
    ("expired", Standing(Ended)),
    ("cancelled", Standing(Ended)),
    ("canceled", Standing(Ended)),
    ("terminated", Standing(Ended)),
    ("courtesy member", Standing(Unknown)),
    ("deleted", Deleted),
];

/// `MembershipStatusTypeId` of a contact: one flag each.
const OF_CONTACTS: [(&str, ContactStanding); 6] = [
    ("1", Standing(Pending)),
    ("2", Standing(Active)),
    ("4", Standing(Unknown)),
    ("8", NoMember),
    ("16", Standing(Ended)),
    ("32", Deleted),
];

/// `MembershipStatusTypeId` of a membership, which has other numbers; these two have been seen.
const OF_MEMBERSHIPS: [(&str, ContactStanding); 2] = [("2", Standing(Active)), ("5", Standing(Ended))];

/// What the configuration says of words, and of the numbers of memberships, beside those that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusWords(BTreeMap<String, ContactStanding>);

impl StatusWords {
    /// Meanings, with their names in files.
    pub const MEANINGS: [(&str, ContactStanding); 5] = [
        ("active", Standing(Active)),
        ("grace", Standing(Grace)),
        ("pending", Standing(Pending)),
        ("ended", Standing(Ended)),
        ("none", NoMember),
    ];

    /// Says what a word means. False: it means something else already.
    pub fn add(&mut self, word: &str, meaning: ContactStanding) -> bool {
        self.0.insert(folded(word), meaning).is_none_or(|before| before == meaning)
    }

    /// The words of each meaning, as the configuration has them.
    pub(in crate::adapters::ams) fn by_meaning(&self) -> Vec<(&'static str, String)> {
        let of = |meaning: ContactStanding| {
            let words = self.0.iter().filter(move |(_, of)| **of == meaning).map(|(word, _)| word.as_str());
            words.collect::<Vec<_>>().join("\n")
        };
        Self::MEANINGS.into_iter().map(|(name, meaning)| (name, of(meaning))).collect()
    }

    fn word(&self, word: &str) -> Option<ContactStanding> {
        let word = folded(word);
        let known = || WORDS.iter().find(|(known, _)| *known == word).map(|(_, said)| *said);
        self.0.get(&word).copied().or_else(known)
    }

    fn number(&self, number: &str) -> Option<ContactStanding> {
        let known = || OF_MEMBERSHIPS.iter().find(|(known, _)| *known == number).map(|(_, said)| *said);
        self.0.get(number).copied().or_else(known)
    }
}

/// `-` and `_` are blanks.
fn folded(word: &str) -> String {
    fold::folded(&word.replace(['_', '-'], " "))
}

/// What is said of a contact. `None`: nothing is.
pub(in crate::adapters::ams) fn of_contact(
    contact: &JsonEntry<'_>,
    words: &StatusWords,
    warnings: &mut Vec<String>,
) -> Option<ContactStanding> {
    if contact.flag("IsDeleted").unwrap_or(Some(true)) == Some(true) {
        return Some(Deleted);
    }
    let said = read(contact, &["Status", "MembershipStatus"], words, |number| {
        OF_CONTACTS.iter().find(|(known, _)| *known == number).map(|(_, said)| *said)
    })?;
    warn(said, warnings);
    Some(said.standing)
}

/// What is said of a membership. `None`: nothing is.
pub(in crate::adapters::ams) fn of_membership(
    row: &JsonEntry<'_>,
    words: &StatusWords,
    warnings: &mut Vec<String>,
) -> MembershipStanding {
    let said = read(row, &["Status", "MembershipStatusType"], words, |number| words.number(number));
    let Some(said) = said else {
        warnings.push("A membership does not say how it stands; it does not count.".to_owned());
        return Unknown;
    };
    warn(said, warnings);
    match said.standing {
        Standing(standing) => standing,
        // A membership that is none has ended.
        NoMember | Deleted => Ended,
    }
}

#[derive(Clone, Copy)]
struct StatusSaid {
    standing: ContactStanding,
    is_known: bool,
}

/// The word, else the number.
fn read(
    entry: &JsonEntry<'_>,
    names: &[&str],
    words: &StatusWords,
    number: impl Fn(&str) -> Option<ContactStanding>,
) -> Option<StatusSaid> {
    let said = |meaning: Option<ContactStanding>| {
        Some(StatusSaid { standing: meaning.unwrap_or(Standing(Unknown)), is_known: meaning.is_some() })
    };
    for name in names {
        let Some(value) = entry.get(name) else { continue };
        match text_of(value) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => return said(words.word(text.trim())),
            Err(_) => return said(None),
        }
    }
    let value = entry.get("MembershipStatusTypeId")?;
    match text_of(value) {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => said(number(text.trim())),
        Err(_) => said(None),
    }
}

fn warn(said: StatusSaid, warnings: &mut Vec<String>) {
    if !said.is_known {
        warnings.push("A status is a word or number that is not known; it does not count.".to_owned());
    } else if said.standing == Standing(Unknown) {
        warnings.push("A courtesy membership counts only if `[ams.status]` says so.".to_owned());
    }
}
