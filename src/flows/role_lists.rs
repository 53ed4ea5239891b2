//! Lists of managed roles that a site fetches by the digest in its assertion.
//!
//! A list that was in force can be fetched for seven days after, so that a site whose clock or cache is behind still reads it.

use std::sync::Arc;

use jiff::SignedDuration;

use super::managed_roles::ManagedRoles;
use super::person::{Published, PublishedRules};
use crate::adapters::clock::SharedClock;
use crate::adapters::store::StoreError;
use crate::adapters::store::mappings::RoleLists;
use crate::domain::base64url;
use crate::domain::time::Timestamp;

/// How long a list can be fetched after it was last in force.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Finds lists for sites, and sees to it that old ones can be found.
pub struct Lists {
    rules: PublishedRules,
    store: Arc<dyn RoleLists>,
    clock: SharedClock,
}

impl Lists {
    /// Lists of the mapping in force, and of those before it that the store has.
    pub fn new(rules: PublishedRules, store: Arc<dyn RoleLists>, clock: SharedClock) -> Lists {
        Lists { rules, store, clock }
    }

    /// The list with this digest. `None`: there is none, or it is over.
    pub async fn find(&self, digest: &str) -> Result<Option<Vec<String>>, StoreError> {
        let split = |text: &str| text.lines().map(str::to_owned).collect();
        let published = self.rules.load_full();
        if published.managed.digest() == digest {
            return Ok(Some(split(&published.managed.text())));
        }
        if !base64url::is_256_bits(digest) {
            return Ok(None);
        }
        let since = self.clock.now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        Ok(self.store.role_list(digest, since).await?.map(|text| split(&text)))
    }

    /// Writes down that the mapping in force is.
    pub async fn keep(&self) -> Result<(), StoreError> {
        let published = self.rules.load_full();
        keep(&*self.store, &[&published.managed], self.clock.now()).await
    }

    /// Writes down that a mapping has been in force until now.
    pub async fn keep_replaced(&self, replaced: &Published) -> Result<(), StoreError> {
        let published = self.rules.load_full();
        keep(&*self.store, &[&replaced.managed, &published.managed], self.clock.now()).await
    }
}

/// Writes down that these lists are in force.
pub async fn keep(store: &dyn RoleLists, lists: &[&ManagedRoles], now: Timestamp) -> Result<(), StoreError> {
    let texts: Vec<String> = lists.iter().map(|list| list.text()).collect();
    let rows: Vec<(&str, &str)> =
        lists.iter().zip(&texts).map(|(list, text)| (list.digest(), text.as_str())).collect();
    store.keep_role_lists(&rows, now, now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)).await
}
