//! Whether clients read what a profile says for a community.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that all who hold it share: whether the contact of a record is read. What is published in the administration turns it.
#[derive(Debug, Clone, Default)]
pub struct ContactWanted(Arc<AtomicBool>);

impl ContactWanted {
    /// Whether it is read now.
    pub fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether it is read from now on.
    pub fn set(&self, is_wanted: bool) {
        self.0.store(is_wanted, Ordering::Relaxed);
    }
}

impl From<bool> for ContactWanted {
    fn from(is_wanted: bool) -> ContactWanted {
        ContactWanted(Arc::new(AtomicBool::new(is_wanted)))
    }
}
