//! The signing keys in use: made when first needed, read from the store ever after, replaced with an overlap.
//!
//! A key is published as soon as it is in the store and signs only [`OVERLAP`] later, so everybody who checks has had time to
//! fetch it. The one before it stays published for `RETIRED`, so what it signed can still be checked. The first key of its
//! kind signs at once. Readers see a snapshot that is swapped whole; [`Keyring::keep`] renews it.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::assertion::{DamagedKey, Signer, StoredKey, jwks};
use crate::adapters::store::{Store, StoreError};
use crate::domain::client::Algorithm;
use crate::domain::time::Timestamp;

/// From the publication of a key to its first signature: twice as long as the published keys may be cached (300 s).
pub const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

/// How long a replaced key stays published: longer than anything that it signed is valid or used as a hint.
const RETIRED: SignedDuration = SignedDuration::from_hours(24 * 8);

/// How often the store is asked whether somebody has made a new key.
const LOOK_EVERY: Duration = Duration::from_secs(60);

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
    store: Arc<dyn Store>,
    clock: SharedClock,
    snapshot: ArcSwap<KeySet>,
    /// Held by the one who makes the first key of a kind.
    making: tokio::sync::Mutex<()>,
}

/// The keys as they stood when the store was last asked.
struct KeySet {
    assertion: Arc<Signer>,
    signing: Vec<Arc<Signer>>,
    published: Vec<Arc<Signer>>,
    jwks: Arc<Value>,
}

impl Keyring {
    /// Reads the keys; makes the key of assertions if there is none.
    pub async fn ensure(store: Arc<dyn Store>, clock: SharedClock) -> Result<Keyring, KeyringError> {
        let now = clock.now();
        if in_use(&store.keys().await?, Algorithm::EdDsa, now).is_none() {
            store.put_key(&Signer::generate(Algorithm::EdDsa, now, now)?).await?;
        }
        // Read back, so that two gateways that start at once on one store end with the same keys.
        let snapshot = ArcSwap::from_pointee(KeySet::of(&store.keys().await?, now)?);
        Ok(Keyring { store, clock, snapshot, making: tokio::sync::Mutex::new(()) })
    }

    /// The key that signs assertions.
    pub fn signer(&self) -> Arc<Signer> {
        Arc::clone(&self.snapshot.load().assertion)
    }

    /// The key that signs with `algorithm`; makes it when there is none. Making an RSA key takes a moment, so whoever is going
    /// to need one asks at start.
    pub async fn signer_with(&self, algorithm: Algorithm) -> Result<Arc<Signer>, KeyringError> {
        if let Some(signer) = self.snapshot.load().signer_with(algorithm) {
            return Ok(signer);
        }
        let _making = self.making.lock().await;
        if self.snapshot.load().signer_with(algorithm).is_none() {
            self.reload().await?;
        }
        if self.snapshot.load().signer_with(algorithm).is_none() {
            let now = self.clock.now();
            let made = generate(algorithm, now, now).await?;
            self.store.put_key(&made).await?;
            self.reload().await?;
        }
        self.snapshot.load().signer_with(algorithm).ok_or(KeyringError::Damaged(DamagedKey))
    }

    /// What is served at `/_gate/oidc/jwks`.
    pub fn jwks(&self) -> Arc<Value> {
        Arc::clone(&self.snapshot.load().jwks)
    }

    /// The claims of a statement that one of the published keys signed. Times are not looked at.
    pub fn verify(&self, jws: &str) -> Option<Value> {
        self.snapshot.load().published.iter().find_map(|signer| signer.verify(jws))
    }

    /// Asks the store again.
    pub async fn reload(&self) -> Result<(), KeyringError> {
        let snapshot = KeySet::of(&self.store.keys().await?, self.clock.now())?;
        self.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// Keeps the snapshot in step with the store until `stop`.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.reload().await {
                tracing::error!(%error, "The signing keys could not be read again; those in use stay in use");
            }
        }
    }
}

/// Replaces every key in use (`membergate keys rotate`): tells the names of the new ones, which sign after [`OVERLAP`].
pub async fn rotate(store: &dyn Store, now: Timestamp) -> Result<Vec<String>, KeyringError> {
    let stored = store.keys().await?;
    let mut names = Vec::new();
    for algorithm in Algorithm::ALL {
        if in_use(&stored, algorithm, now).is_some() {
            let key = generate(algorithm, now, now + OVERLAP).await?;
            store.put_key(&key).await?;
            names.push(key.id);
        }
    }
    Ok(names)
}

/// Makes a key where it holds up nobody.
async fn generate(
    algorithm: Algorithm,
    created: Timestamp,
    signs_from: Timestamp,
) -> Result<StoredKey, KeyringError> {
    let making = tokio::task::spawn_blocking(move || Signer::generate(algorithm, created, signs_from));
    Ok(making.await.map_err(|_| CryptographyFailed)??)
}

/// The key of a kind that signs at `now`: of those that may, the newest.
fn in_use(keys: &[StoredKey], algorithm: Algorithm, now: Timestamp) -> Option<&StoredKey> {
    let may_sign = keys.iter().filter(|key| key.algorithm == algorithm && key.signs_from <= now);
    may_sign.max_by(|one, other| (one.signs_from, &one.id).cmp(&(other.signs_from, &other.id)))
}

/// Whether a key was replaced so long ago that nobody needs it any more.
fn is_retired(key: &StoredKey, keys: &[StoredKey], now: Timestamp) -> bool {
    let replaced =
        keys.iter().filter(|other| other.algorithm == key.algorithm && other.signs_from > key.signs_from);
    replaced.map(|other| other.signs_from).min().is_some_and(|from| now.duration_since(from) > RETIRED)
}

impl KeySet {
    fn of(keys: &[StoredKey], now: Timestamp) -> Result<KeySet, DamagedKey> {
        let mut published = Vec::new();
        for key in keys.iter().filter(|key| !is_retired(key, keys, now)) {
            published.push(Arc::new(Signer::from_stored(key)?));
        }
        let in_use = |algorithm| {
            let name = &in_use(keys, algorithm, now)?.id;
            published.iter().find(|signer| signer.id() == name).cloned()
        };
        let assertion = in_use(Algorithm::EdDsa).ok_or(DamagedKey)?;
        let signing = Algorithm::ALL.into_iter().filter_map(in_use).collect();
        let jwks = Arc::new(jwks(published.iter().map(Arc::as_ref)));
        Ok(KeySet { assertion, signing, published, jwks })
    }

    fn signer_with(&self, algorithm: Algorithm) -> Option<Arc<Signer>> {
        self.signing.iter().find(|signer| signer.algorithm() == algorithm).cloned()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::adapters::clock::Clock;
    use crate::adapters::keys::secret::SecretKeys;
    use crate::adapters::store::sqlite::SqliteStore;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn key(signs_from: i64) -> StoredKey {
        Signer::generate(Algorithm::EdDsa, at(0), at(signs_from)).unwrap()
    }

    #[test]
    fn a_new_key_is_published_before_it_signs_and_an_old_one_after_it_has_signed() {
        let keys = [key(0), key(10)];
        let days = |days: i64| days * 24 * 60;
        for (now, signing, published) in
            [(0, 0, 2), (9, 0, 2), (10, 1, 2), (10 + days(8), 1, 2), (11 + days(8), 1, 1)]
        {
            let snapshot = KeySet::of(&keys, at(now)).unwrap();
            assert_eq!(snapshot.assertion.id(), keys[signing].id, "signs at {now}");
            assert_eq!(snapshot.published.len(), published, "published at {now}");
            assert_eq!(snapshot.jwks["keys"].as_array().unwrap().len(), published, "published at {now}");
        }
    }

    #[test]
    fn a_key_of_another_kind_replaces_nothing() {
        let other = Signer::generate(Algorithm::Es256, at(0), at(10)).unwrap();
        let keys = [key(0), other];
        let snapshot = KeySet::of(&keys, at(60 * 24 * 365)).unwrap();
        assert_eq!(snapshot.published.len(), 2);
        assert!(snapshot.signer_with(Algorithm::Es256).is_some());
        assert!(snapshot.signer_with(Algorithm::Rs256).is_none());
    }

    struct World(TempDir, SecretKeys);

    impl World {
        fn new() -> World {
            let key = SecretKeys::generate().unwrap();
            World(TempDir::new().unwrap(), key)
        }

        fn open(&self) -> SqliteStore {
            SqliteStore::open(&self.0.path().join("membergate.db"), &self.1).unwrap()
        }
    }

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            at(0)
        }
    }

    #[tokio::test]
    async fn the_signing_key_is_made_once_and_kept() {
        let world = World::new();
        let ensure = async || Keyring::ensure(Arc::new(world.open()), Arc::new(Fixed)).await.unwrap();
        let first = ensure().await.signer().id().to_owned();
        let again = ensure().await;
        assert_eq!(again.signer().id(), first);
        assert_eq!(again.jwks()["keys"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_newest_signing_key_signs_and_every_one_is_published() {
        let world = World::new();
        let store = Arc::new(world.open());
        let old = Signer::generate(Algorithm::EdDsa, at(-2), at(-2)).unwrap();
        let new = Signer::generate(Algorithm::EdDsa, at(-1), at(-1)).unwrap();
        store.put_key(&new).await.unwrap();
        store.put_key(&old).await.unwrap();
        store.put_key(&old).await.unwrap();
        let keyring = Keyring::ensure(store, Arc::new(Fixed)).await.unwrap();
        assert_eq!(keyring.signer().id(), new.id);
        assert_eq!(published(&keyring), [old.id, new.id]);
    }

    fn published(keyring: &Keyring) -> Vec<String> {
        let jwks = keyring.jwks();
        jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn keys_are_replaced_with_an_overlap() {
        let world = World::new();
        let store = Arc::new(world.open());
        let keyring = Keyring::ensure(store.clone(), Arc::new(Fixed)).await.unwrap();
        let old = keyring.signer().id().to_owned();
        let es256 = keyring.signer_with(Algorithm::Es256).await.unwrap();
        let rotated = rotate(&*store, at(0)).await.unwrap();
        keyring.reload().await.unwrap();
        assert_eq!(rotated.len(), 2, "one for each kind that is in use");
        assert_eq!(keyring.signer().id(), old, "it is published, but does not sign yet");
        assert_eq!(keyring.signer_with(Algorithm::Es256).await.unwrap().id(), es256.id());
        assert_eq!(published(&keyring).len(), 4);
    }
}
