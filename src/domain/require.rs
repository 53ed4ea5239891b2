//! What a place asks of its visitors.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::rule::Role;

/// What a visitor needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Require {
    /// Nothing.
    Public,
    /// To be signed in.
    SignedIn,
    /// One of these roles.
    AnyOf(Vec<Role>),
    /// Each of these roles.
    AllOf(Vec<Role>),
}

impl Require {
    /// Whether a signed-in person with these roles has what is asked for. `None`: the AMS does not admit this person.
    pub fn is_met_by(&self, roles: Option<&BTreeSet<Role>>) -> bool {
        let holds = |role: &Role| roles.is_some_and(|roles| roles.contains(role));
        match self {
            Require::Public => true,
            Require::SignedIn => roles.is_some(),
            Require::AnyOf(needed) => needed.iter().any(holds),
            Require::AllOf(needed) => !needed.is_empty() && needed.iter().all(holds),
        }
    }
}
