//! The role mapping: what an association wrote down about who gets which role.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::record::Parts;
use super::time::TimeZone;

/// A role that a site understands: a slug `[a-z0-9_-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(Arc<str>);

/// The text is not a role slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role: use 1 to 64 of a-z, 0-9, `_` and `-`")]
pub struct NotARole(pub String);

impl Role {
    /// Parses a slug.
    pub fn parse(text: &str) -> Result<Role, NotARole> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if fits { Ok(Role(text.into())) } else { Err(NotARole(text.into())) }
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Role {
    type Error = NotARole;
    fn try_from(text: String) -> Result<Role, NotARole> {
        Role::parse(&text)
    }
}

impl From<Role> for String {
    fn from(role: Role) -> String {
        role.0.to_string()
    }
}

/// The whole mapping of one association (design §4).
#[derive(Debug, Clone)]
pub struct Rules {
    /// The association's time zone.
    pub time_zone: TimeZone,
}

impl Rules {
    /// Which separately fetched parts of a record this mapping looks at.
    pub fn parts(&self) -> Parts {
        Parts::default()
    }

    /// The roles that this mapping manages, sorted.
    pub fn managed_roles(&self) -> Vec<Role> {
        Vec::new()
    }
}
