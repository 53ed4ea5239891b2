//! The roles that the mapping manages, as sites are told them: in the assertion, or by a digest whose list a site fetches.
//!
//! docs/wordpress.md and README.md say the same to those who read assertions.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::adapters::keys::random;
use crate::domain::assertion_size::bytes_as_json;
use crate::domain::rule::{Role, Rules};

/// The longest list, in bytes of JSON, that an assertion holds itself.
const LONGEST_INLINE: usize = 2048;

/// The managed roles of one mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedRoles {
    /// Sorted, each once.
    roles: Vec<Role>,
    digest: String,
}

impl ManagedRoles {
    /// Those that a mapping names, and those that rules for many have given.
    pub fn of(rules: &Rules, produced: &BTreeSet<Role>) -> ManagedRoles {
        let named = rules.managed_roles();
        let roles: Vec<Role> =
            named.iter().chain(produced).collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let digest = BASE64_URL_SAFE_NO_PAD.encode(random::digest(text(&roles).as_bytes()));
        ManagedRoles { roles, digest }
    }

    /// The roles, sorted.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// base64url(SHA-256(sorted slugs joined by LF)), 43 characters.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether an assertion holds the list itself.
    pub fn is_short(&self) -> bool {
        bytes_as_json(&self.roles) <= LONGEST_INLINE
    }

    /// The roles, one on each line.
    pub(super) fn text(&self) -> String {
        text(&self.roles)
    }
}

fn text(roles: &[Role]) -> String {
    roles.iter().map(Role::as_str).collect::<Vec<_>>().join("\n")
}
