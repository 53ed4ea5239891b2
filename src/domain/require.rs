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
        self.is_met_with(roles.is_some(), |role| roles.is_some_and(|roles| roles.contains(role)))
    }

    /// The same for roles of which `holds` tells. `is_admitted`: the AMS admits this person.
    pub fn is_met_with(&self, is_admitted: bool, holds: impl Fn(&Role) -> bool) -> bool {
        match self {
            Require::Public => true,
            Require::SignedIn => is_admitted,
            Require::AnyOf(needed) => needed.iter().any(holds),
            Require::AllOf(needed) => !needed.is_empty() && needed.iter().all(holds),
        }
    }

    /// Whether it takes more than being signed in.
    pub fn asks_for_roles(&self) -> bool {
        matches!(self, Require::AnyOf(_) | Require::AllOf(_))
    }
}
