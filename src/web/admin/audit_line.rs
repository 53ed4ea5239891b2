//! An entry of the audit log, as pages show it.

use super::words::when;
use crate::domain::audit::Kept;
use crate::domain::time::TimeZone;
use crate::flows::administer::AdmittedBy;

/// An entry on the page.
#[derive(Clone, Debug)]
pub struct AuditLine {
    /// Its place in the log.
    pub number: u64,
    /// When.
    pub when: String,
    /// Who.
    pub who: String,
    /// By which admitted_by, when it was not by a role.
    pub admitted_by: &'static str,
    /// What.
    pub what: &'static str,
    /// On what.
    pub about: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

impl AuditLine {
    /// An entry as people read it.
    pub fn of(kept: &Kept, zone: &TimeZone) -> AuditLine {
        let entry = &kept.entry;
        AuditLine {
            number: kept.number,
            when: when(entry.at, zone),
            who: entry.actor.name.clone(),
            admitted_by: match entry.actor.admitted_by {
                AdmittedBy::Role => "",
                AdmittedBy::BreakGlass => "Emergency",
                AdmittedBy::Operator => "Command line",
            },
            what: entry.action.words(),
            about: entry.about.clone(),
            before: entry.before.clone(),
            after: entry.after.clone(),
        }
    }
}
