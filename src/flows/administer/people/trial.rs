//! Trying a mapping on a person: roles, reasons, and what time will change. Pure.

use std::collections::BTreeSet;

use crate::domain::names::ListedNames;
use crate::domain::record::Record;
use crate::domain::roles::{self, Decision};
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;

/// Changes that are looked ahead at most; a record with more is a strange one.
const MOST_CHANGES: usize = 12;

/// What a mapping gives a person at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The instant.
    pub at: Timestamp,
    /// The decision, with the reason of each rule.
    pub decision: Decision,
    /// The mapping asks for parts of the record that were not fetched; what rests on them grants nothing.
    pub incomplete: bool,
    /// What time alone will change after that instant, next first.
    pub changes: Vec<RoleChange>,
}

/// What changes at one moment, if the record stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChange {
    /// The moment.
    pub at: Timestamp,
    /// Roles that come.
    pub gained: BTreeSet<Role>,
    /// Roles that go.
    pub lost: BTreeSet<Role>,
    /// Whether the person is a member from then on.
    pub member: bool,
}

/// Tries `rules` on a record at `at`; reasons call things by these names.
pub fn try_it(record: &Record, rules: &Rules, names: &ListedNames, at: Timestamp) -> Trial {
    let decision = roles::explain_by_name(record, rules, names, at);
    let mut changes = Vec::new();
    let (mut held, mut next) = (decision.roles.clone(), decision.holds_until);
    while let Some(moment) = next.filter(|_| changes.len() < MOST_CHANGES) {
        let then = roles::decide(record, rules, moment);
        changes.push(RoleChange {
            at: moment,
            gained: then.roles.difference(&held).cloned().collect(),
            lost: held.difference(&then.roles).cloned().collect(),
            member: then.member,
        });
        (held, next) = (then.roles, then.holds_until);
    }
    Trial { at, decision, incomplete: !record.has_all(&rules.parts()), changes }
}
