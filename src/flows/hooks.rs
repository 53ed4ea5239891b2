//! Hooks of the AMS: who may call, and what follows. A hook only names people to read again; nothing that it says of them is believed.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use secrecy::{ExposeSecret as _, SecretString};

use super::directory::DirectoryUpdater;
use crate::adapters::ams::reading::AmsReading;
use crate::adapters::keys::random::{digest, same};

/// Takes the calls of hooks.
pub struct Hooks {
    /// Digests of the secrets that are valid: of one, or of two while one takes the place of the other.
    valid: ArcSwap<Vec<[u8; 32]>>,
    /// The one that is to be registered. `None`: there are no hooks.
    current: ArcSwapOption<SecretString>,
    ams: Arc<dyn AmsReading>,
    directory: Arc<DirectoryUpdater>,
}

impl Hooks {
    /// Takes the calls of this AMS for that directory.
    pub fn new(
        ams: Arc<dyn AmsReading>,
        directory: Arc<DirectoryUpdater>,
        secrets: &[SecretString],
    ) -> Hooks {
        let hooks = Hooks { valid: ArcSwap::default(), current: ArcSwapOption::empty(), ams, directory };
        hooks.set_secrets(secrets);
        hooks
    }

    /// Only these secrets are valid from now on.
    pub fn set_secrets(&self, secrets: &[SecretString]) {
        let digests = secrets.iter().map(|secret| digest(secret.expose_secret().as_bytes())).collect();
        self.valid.store(Arc::new(digests));
        self.current.store(secrets.first().cloned().map(Arc::new));
    }

    /// What the address of a hook ends in, for administrators who enter it in the AMS. `None`: the configuration has no secret.
    pub fn current(&self) -> Option<Arc<SecretString>> {
        self.current.load_full()
    }

    /// Whether a text is a valid secret. Takes as long for one as for another.
    pub fn is_valid(&self, secret: &str) -> bool {
        is_among(secret, &self.valid.load())
    }

    /// A hook was called with this body.
    pub fn called(&self, body: &[u8]) {
        self.directory.hinted(&self.ams.hinted(body));
    }
}

/// Every digest is compared, whichever is the right one.
fn is_among(secret: &str, valid: &[[u8; 32]]) -> bool {
    let given = digest(secret.as_bytes());
    valid.iter().fold(false, |found, one| same(&given, one) | found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_valid_secret_opens_and_nothing_else_does() {
        let valid = ["first-secret-of-two", "second-secret-of-two"].map(|secret| digest(secret.as_bytes()));
        assert!(is_among("first-secret-of-two", &valid) && is_among("second-secret-of-two", &valid));
        for wrong in ["", "first-secret-of-tw", "first-secret-of-two ", "First-secret-of-two"] {
            assert!(!is_among(wrong, &valid), "{wrong}");
        }
        assert!(!is_among("first-secret-of-two", &[]) && !is_among("", &[]));
    }
}
