//! Finding one person: by name among those on file, and by what the AMS knows people by at the AMS, or on file when it gives no answer.

pub mod trial;
pub mod view_as;

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::{AmsCatalogue, PersonReading, Wanted};
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::domain::fold::folded;
use crate::domain::preview::PersonName;
use crate::domain::record::Record;
use crate::flows::administer::known::Known;
use crate::flows::administer::migrate::{Report, UserComparison};
use crate::flows::directory::Beliefs;
use crate::flows::person::PublishedRules;

/// So many people of one name are shown; more of them are told apart by more of the name.
pub const MOST_NAMED: usize = 50;

/// Longest text that is taken for a name, in bytes.
const LONGEST_NAME: usize = 254;

/// A person who was found.
#[derive(Debug, Clone)]
pub struct FoundPerson {
    /// What we decide by.
    pub record: Record,
    /// What the AMS said, secrets left out. `None`: it was not asked just now, or gave no answer.
    pub said: Option<Value>,
    /// Why this is what we knew before instead of what the AMS says now.
    pub instead_of: Option<AmsError>,
}

/// Why nobody was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// The text can be neither a name nor an e-mail address nor a record number nor an id. The administrator's to mend.
    #[error("that is neither a name nor an e-mail address nor a record number nor an id")]
    NotAName,
    /// The AMS says so.
    #[error("the AMS knows nobody by that")]
    Nobody,
    /// The AMS gave no answer, and nobody of that name is known here.
    #[error("the AMS gave no answer, and nobody by that is known here: {0}")]
    Ams(AmsError),
    /// Several people on file have that name, or share that e-mail address. At most [`MOST_NAMED`].
    #[error("several people on file go by that")]
    Several(Vec<PersonName>),
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds people.
pub struct People {
    pub(in crate::flows::administer) ams: Arc<dyn AmsCatalogue>,
    pub(in crate::flows::administer) environment: Arc<str>,
    pub(in crate::flows::administer) directory: Arc<dyn Directory>,
    pub(in crate::flows::administer) known: Known,
    pub(in crate::flows::administer) beliefs: Arc<Beliefs>,
    pub(in crate::flows::administer) rules: PublishedRules,
    pub(in crate::flows::administer) clock: SharedClock,
}

impl People {
    /// Finds one person by e-mail address, record number or id, or by the name of somebody on file. The AMS is asked about the person; what
    /// it says is kept.
    pub async fn find(&self, text: &str) -> Result<FoundPerson, FindError> {
        let wanted = match self.named_one(text).await? {
            Some(record) => Wanted::parse(record.id.as_str()),
            None => Wanted::parse(text),
        };
        let wanted = wanted.ok_or_else(|| nobody_by(text))?;
        let parts = self.beliefs.to_be_read(&self.rules.load().rules).parts();
        match self.ams.find(&wanted, parts, Priority::Person).await {
            Ok(Some(PersonReading { record, said })) => {
                self.keep(&record).await?;
                Ok(FoundPerson { record: self.believed(record), said: Some(said), instead_of: None })
            }
            Ok(None) => Err(FindError::Nobody),
            Err(error) => {
                let record = self.known(&wanted).await?.ok_or_else(|| FindError::Ams(error.clone()))?;
                Ok(FoundPerson { record: self.believed(record), said: None, instead_of: Some(error) })
            }
        }
    }

    /// Keeps what was read; what it lacks that was there before stays until a second reading agrees.
    async fn keep(&self, record: &Record) -> Result<(), StoreError> {
        let (published, reading) = (self.rules.load_full(), record.clone());
        let rules = self.beliefs.to_be_read(&published.rules);
        let kept = self.beliefs.held_back(&*self.directory, &self.environment, reading, &rules).await?;
        self.directory.put_record(&self.environment, &kept.record, self.clock.now()).await?;
        self.beliefs.changed_people().note([&record.id]);
        Ok(())
    }

    /// Finds one person among those on file; asks no AMS.
    pub async fn find_known(&self, text: &str) -> Result<FoundPerson, FindError> {
        let record = match self.named_one(text).await? {
            Some(record) => record,
            None => {
                let wanted = Wanted::parse(text).ok_or_else(|| nobody_by(text))?;
                self.believed(self.known(&wanted).await?.ok_or(FindError::Nobody)?)
            }
        };
        Ok(FoundPerson { record, said: None, instead_of: None })
    }

    fn believed(&self, record: Record) -> Record {
        self.beliefs.believed(record, self.clock.now())
    }

    /// The one person on file whose name has all these words. `None`: nobody has, or the text is no name.
    async fn named_one(&self, text: &str) -> Result<Option<Record>, FindError> {
        let Some(words) = words_of_name(text) else { return Ok(None) };
        let look = move |record: Result<Record, StoreError>, found: &mut Vec<Record>| {
            if let Ok(record) = record
                && is_named(&record.profile.name, &words)
            {
                found.push(record);
            }
            if found.len() >= MOST_NAMED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = self.known.scan(Arc::new(look), Arc::default(), self.clock.now()).await?;
        let mut found: Vec<Record> = found.into_iter().flatten().collect();
        match found.len() {
            0 | 1 => Ok(found.pop()),
            _ => Err(several(&found)),
        }
    }

    /// Compares users of WordPress with everybody who is known.
    pub async fn compare(&self, comparison: UserComparison) -> Result<Report, StoreError> {
        let comparison = comparison.named(self.beliefs.grounds().names());
        comparison.of_known(&*self.directory, &self.environment, &self.beliefs).await
    }

    async fn known(&self, wanted: &Wanted) -> Result<Option<Record>, FindError> {
        let mut found = self.directory.find_records(&self.environment, wanted.as_str()).await?;
        if found.len() > 1 {
            return Err(several(&found));
        }
        Ok(found.pop())
    }
}

/// The words of what may be a name, folded. E-mail addresses have an `@`, record numbers and ids digits.
fn words_of_name(text: &str) -> Option<Vec<String>> {
    let is_other =
        |letter: char| letter.is_control() || letter.is_ascii_digit() || "@/\\?#%<>".contains(letter);
    if text.len() > LONGEST_NAME || text.chars().any(is_other) {
        return None;
    }
    let words: Vec<String> = folded(text).split_whitespace().map(str::to_owned).collect();
    // One letter is in nearly every name.
    let has_name = words.iter().any(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() > 1);
    has_name.then_some(words)
}

/// Whether each of the words begins a word of the name.
fn is_named(name: &str, words: &[String]) -> bool {
    let name = folded(name);
    words.iter().all(|word| name.split_whitespace().any(|of_name| of_name.starts_with(word.as_str())))
}

fn several(found: &[Record]) -> FindError {
    let mut names: Vec<PersonName> = found.iter().take(MOST_NAMED).map(PersonName::of).collect();
    names.sort();
    FindError::Several(names)
}

/// Why nothing goes by this text.
fn nobody_by(text: &str) -> FindError {
    if words_of_name(text).is_some() { FindError::Nobody } else { FindError::NotAName }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_the_beginnings_of_its_words_in_any_order_and_case() {
        for (text, is_found) in [
            ("jane marlowe", true),
            ("MARLOWE  Jane", true),
            ("marl", true),
            ("ja ma", true),
            ("lowe", false),
            ("jane smith", false),
        ] {
            assert_eq!(is_named("Jane  Marlowe", &words_of_name(text).unwrap()), is_found, "{text}");
        }
        assert!(is_named("Zo\u{eb} O'Hara", &words_of_name("ZOE\u{308} o'h").unwrap()));
        for text in
            ["", " ", "j", "j m", "jane@harborlabs.example", "100481", "b3a1c0de", "a\nb", &"a".repeat(255)]
        {
            assert_eq!(words_of_name(text), None, "{text:?}");
        }
    }
}
