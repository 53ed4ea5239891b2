//! A version in a list of versions.

use super::words::when;
use crate::domain::mapping::VersionHead;
use crate::domain::time::TimeZone;
use crate::flows::administer::AdmittedBy;

/// A version in the list.
#[derive(Clone, Debug)]
pub struct VersionLine {
    /// Its number.
    pub number: u64,
    /// When it was published.
    pub when: String,
    /// Who published it.
    pub who: String,
    /// By emergency access.
    pub emergency: bool,
    /// What the publisher wrote.
    pub note: String,
    /// It is in force.
    pub current: bool,
    /// The one before it.
    pub before: Option<u64>,
}

impl VersionLine {
    /// A version as people read it.
    pub fn of(head: &VersionHead, current: u64, zone: &TimeZone) -> VersionLine {
        let restored = head.restored_from.map(|from| format!("Version {from}, restored"));
        let note = Some(head.note.trim()).filter(|note| !note.is_empty()).map(str::to_owned);
        VersionLine {
            number: head.number,
            when: when(head.published.at, zone),
            who: head.published.by.name.clone(),
            emergency: head.published.by.admitted_by == AdmittedBy::BreakGlass,
            note: restored.into_iter().chain(note).collect::<Vec<_>>().join(". "),
            current: head.number == current,
            before: head.number.checked_sub(1).filter(|before| *before > 0),
        }
    }
}
