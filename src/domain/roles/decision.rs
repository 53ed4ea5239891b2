//! What a decision says: the roles with their reasons, and until when time alone keeps it so.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use crate::domain::rule::Role;
use crate::domain::time::Timestamp;

/// Which roles a person holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `false`: the AMS refuses this person (not approved, or deceased). No roles, no session.
    pub admitted: bool,
    /// Whether any membership is active.
    pub member: bool,
    /// The roles, sorted.
    pub roles: BTreeSet<Role>,
    /// Display name of the type of the membership that names the decision. `None`: there is none, or the AMS gave no name.
    pub membership_type: Option<String>,
    /// Code of that type.
    pub membership_code: Option<String>,
    /// The last day of that membership in the association's time zone. `None`: open-ended, or not a member.
    pub membership_expires: Option<Date>,
    /// First instant at which the decision for the same record would differ. `None`: never.
    pub holds_until: Option<Timestamp>,
    /// One verdict for each built-in role and each rule, in rule order; of a rule for many roles one for each code that fits. Only [`explain`](super::explain) fills it.
    pub trace: Vec<Verdict>,
    /// What was not understood, whether or not it mattered.
    pub warnings: Vec<String>,
}

impl Decision {
    /// Whether the person holds one of these roles.
    pub fn holds_any_of(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }
}

/// Why a rule gave its role or did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule, by its name for people; `everyone`, `member` and `non_member` for the built-in ones.
    pub rule: Arc<str>,
    /// The role that it grants; of a rule for many of which no code fits, its template.
    pub role: Arc<str>,
    /// Whether it granted its role.
    pub matched: bool,
    /// The reason, in sentences.
    pub because: String,
}
