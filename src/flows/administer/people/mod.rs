//! Finding one person: at the AMS, and among those that we hold when the AMS gives no answer.

pub mod trial;
pub mod view_as;

use std::sync::Arc;

use serde_json::Value;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::{AmsCatalogue, PersonReading, Wanted};
use crate::adapters::budget::Priority;
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::domain::record::Record;
use crate::flows::administer::migrate::{Report, UserComparison};
use crate::flows::person::PublishedRules;

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
    /// The text can be neither an e-mail address nor a record number nor an id. The administrator's to mend.
    #[error("that is neither an e-mail address nor a record number nor an id")]
    NotAName,
    /// The AMS says so.
    #[error("the AMS knows nobody by that")]
    Nobody,
    /// The AMS gave no answer, and nobody of that name is known here.
    #[error("the AMS gave no answer, and nobody by that is known here: {0}")]
    Ams(AmsError),
    /// Several people share the e-mail address.
    #[error("several known people share that e-mail address; use the record number")]
    Several,
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds people.
pub struct People {
    pub(in crate::flows::administer) ams: Arc<dyn AmsCatalogue>,
    pub(in crate::flows::administer) environment: Arc<str>,
    pub(in crate::flows::administer) directory: Arc<dyn Directory>,
    pub(in crate::flows::administer) rules: PublishedRules,
    pub(in crate::flows::administer) clock: SharedClock,
}

impl People {
    /// Finds one person by e-mail address, record number or id. The AMS is asked first; what it says is kept.
    pub async fn find(&self, text: &str) -> Result<FoundPerson, FindError> {
        let wanted = Wanted::parse(text).ok_or(FindError::NotAName)?;
        let parts = self.rules.load().rules.parts();
        match self.ams.find(&wanted, parts, Priority::Person).await {
            Ok(Some(PersonReading { record, said })) => {
                self.directory.put_record(&self.environment, &record, self.clock.now()).await?;
                Ok(FoundPerson { record, said: Some(said), instead_of: None })
            }
            Ok(None) => Err(FindError::Nobody),
            Err(error) => {
                let record = self.known(&wanted).await?.ok_or_else(|| FindError::Ams(error.clone()))?;
                Ok(FoundPerson { record, said: None, instead_of: Some(error) })
            }
        }
    }

    /// Finds one person among those that are known; asks no AMS.
    pub async fn find_known(&self, text: &str) -> Result<FoundPerson, FindError> {
        let wanted = Wanted::parse(text).ok_or(FindError::NotAName)?;
        let record = self.known(&wanted).await?.ok_or(FindError::Nobody)?;
        Ok(FoundPerson { record, said: None, instead_of: None })
    }

    /// Compares users of WordPress with everybody who is known.
    pub async fn compare(&self, comparison: UserComparison) -> Result<Report, StoreError> {
        comparison.of_known(&*self.directory, &self.environment).await
    }

    async fn known(&self, wanted: &Wanted) -> Result<Option<Record>, FindError> {
        let mut found = self.directory.find_records(&self.environment, wanted.as_str()).await?;
        if found.len() > 1 {
            return Err(FindError::Several);
        }
        Ok(found.pop())
    }
}
