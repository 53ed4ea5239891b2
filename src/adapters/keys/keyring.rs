//! The signing keys in use: made on first start, read from the store ever after.
//!
//! Every key in the store is published; the newest signs. So what was signed with an older key can still be verified.

use serde_json::Value;

use super::CryptographyFailed;
use super::assertion::{DamagedKey, Signer, jwks};
use crate::adapters::clock::Clock;
use crate::adapters::store::{Store, StoreError};

/// There is no signing key to work with. Our fault; the operator finds the cause in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store holds is not a key.
    #[error(transparent)]
    Damaged(#[from] DamagedKey),
    /// No key could be made.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// Every signing key.
pub struct Keyring {
    newest: Signer,
    jwks: Value,
}

impl Keyring {
    /// Reads the keys; makes the first one if there is none.
    pub async fn ensure(store: &dyn Store, clock: &dyn Clock) -> Result<Keyring, KeyringError> {
        let mut stored = store.keys().await?;
        if stored.is_empty() {
            store.put_key(&Signer::generate(clock.now())?).await?;
            // Read back, so that two gateways that start at once on one store end with the same keys.
            stored = store.keys().await?;
        }
        let mut signers = stored.iter().map(Signer::from_stored).collect::<Result<Vec<_>, _>>()?;
        let jwks = jwks(&signers);
        let newest = signers.pop().ok_or(DamagedKey)?;
        Ok(Keyring { newest, jwks })
    }

    /// The key that signs.
    pub fn signer(&self) -> &Signer {
        &self.newest
    }

    /// What is served at `/_gate/oidc/jwks`.
    pub fn jwks(&self) -> &Value {
        &self.jwks
    }
}
