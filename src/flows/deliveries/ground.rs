//! What statements are made with: the keys and the mapping in force.

use std::sync::Arc;

use crate::adapters::keys::assertion::Signer;
use crate::adapters::subscribers::wordpress::{ManagedRolesClaim, StatementGround};
use crate::flows::keyring::Keyring;
use crate::flows::person::PublishedRules;

/// The keyring and the mapping in force.
pub struct SigningGround {
    /// The keys.
    pub keys: Arc<Keyring>,
    /// The mapping.
    pub rules: PublishedRules,
}

impl StatementGround for SigningGround {
    fn signer(&self) -> Arc<Signer> {
        self.keys.signer()
    }

    fn managed(&self) -> ManagedRolesClaim {
        let published = self.rules.load();
        let managed = &published.managed;
        if managed.is_short() {
            ManagedRolesClaim::List(managed.roles().to_vec())
        } else {
            ManagedRolesClaim::Digest(managed.digest().to_owned())
        }
    }
}
