//! From a record to roles: which are held at an instant, why, and until when time alone keeps it so.
//!
//! Pure: record + rules + instant → decision. It cannot fail; what cannot be understood grants nothing, with a warning.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::record::Record;
use super::rule::{Role, Rules};
use super::time::Timestamp;

/// Which roles a person holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `false`: the AMS refuses this person (not approved, or deceased). No roles, no session.
    pub admitted: bool,
    /// Whether any membership is active.
    pub member: bool,
    /// The roles, sorted.
    pub roles: BTreeSet<Role>,
    /// Code of the membership that counts; its name where there is no code.
    pub membership_type: Option<String>,
    /// The last day of that membership in the association's time zone. `None`: open-ended, or not a member.
    pub membership_expires: Option<Date>,
    /// First instant at which the decision for the same record would differ. `None`: never.
    pub holds_until: Option<Timestamp>,
    /// One verdict for each built-in role and each rule, in rule order. Only [`explain`] fills it.
    pub trace: Vec<Verdict>,
    /// What was not understood, whether or not it mattered.
    pub warnings: Vec<String>,
}

/// Why a rule gave its role or did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule, by its name for people.
    pub rule: Arc<str>,
    /// Whether it granted its role.
    pub matched: bool,
    /// The reason, as a sentence.
    pub because: String,
}

/// Decides as [`decide`] does, and gives the reasons.
pub fn explain(record: &Record, rules: &Rules, now: Timestamp) -> Decision {
    decide(record, rules, now)
}

/// Decides which roles the person of `record` holds at `now`. Writes no reasons; see [`explain`].
pub fn decide(_record: &Record, _rules: &Rules, _now: Timestamp) -> Decision {
    Decision {
        admitted: false,
        member: false,
        roles: BTreeSet::new(),
        membership_type: None,
        membership_expires: None,
        holds_until: None,
        trace: Vec::new(),
        warnings: Vec::new(),
    }
}
