//! The keys that a store makes at its birth, and with which everything of ours is sealed, in the store and in cookies.
//!
//! They lie in the store, sealed by each of the operator's secret keys, so a secret key can be replaced without touching a row. For a
//! new secret key that seals there is a new generation; `docs/security.md` says what an old one can still open.

use std::collections::BTreeSet;

use super::CryptographyFailed;
use super::cipher::{Cipher, Generation, context};
use super::secret::{SecretKey, SecretKeys};

/// The key of the digests, of which there is one.
const DIGESTS: Generation = 0;

const PURPOSE: &str = "data keys";

/// One key, as a store keeps it: sealed by one secret key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDataKey {
    /// Which key.
    pub generation: Generation,
    /// The name of the secret key by which it is sealed here.
    pub secret: String,
    /// The name of the secret key for which it was made.
    pub made_for: String,
    /// When, in nanoseconds since 1970. 0: with the store.
    pub made: i64,
    /// The key.
    pub sealed: Vec<u8>,
}

struct DataKey {
    generation: Generation,
    made_for: String,
    made: i64,
    key: SecretKey,
}

impl DataKey {
    fn generate(generation: Generation, made_for: &str, made: i64) -> Result<DataKey, CryptographyFailed> {
        Ok(DataKey { generation, made_for: made_for.to_owned(), made, key: SecretKey::random()? })
    }

    fn seal(&self, secret: &SecretKey) -> Result<SealedDataKey, CryptographyFailed> {
        let DataKey { generation, made_for, made, key } = self;
        let bound = bound(*generation, made_for, *made);
        Ok(SealedDataKey {
            generation: *generation,
            secret: secret.name()?,
            made_for: made_for.clone(),
            made: *made,
            sealed: Cipher::new(0, secret, PURPOSE)?.seal(key.to_bytes().as_slice(), &bound)?,
        })
    }

    fn open(row: &SealedDataKey, secret: &SecretKey) -> Result<Option<DataKey>, CryptographyFailed> {
        let SealedDataKey { generation, made_for, made, sealed, .. } = row;
        let opened = Cipher::new(0, secret, PURPOSE)?.open(sealed, &bound(*generation, made_for, *made));
        let key = opened.and_then(|bytes| SecretKey::from_bytes(&bytes));
        Ok(key.map(|key| DataKey { generation: *generation, made_for: made_for.clone(), made: *made, key }))
    }
}

fn bound(generation: Generation, made_for: &str, made: i64) -> Vec<u8> {
    context(&[b"data key", &generation.to_be_bytes(), made_for.as_bytes(), &made.to_be_bytes()])
}

/// The data keys of a store, open. Erased from memory when dropped.
pub struct DataKeys {
    digests: DataKey,
    /// Oldest first.
    older: Vec<DataKey>,
    newest: DataKey,
    /// The names of the secret keys by which they are sealed in the store: those of the gateway that runs on it, or ran last.
    known: BTreeSet<String>,
}

impl DataKeys {
    /// The keys of a new store.
    pub fn new(secrets: &SecretKeys) -> Result<DataKeys, CryptographyFailed> {
        DataKeys::made_for(&secrets.first().name()?)
    }

    /// Keys of no store, for tests.
    pub fn generate() -> Result<DataKeys, CryptographyFailed> {
        DataKeys::made_for("")
    }

    fn made_for(secret: &str) -> Result<DataKeys, CryptographyFailed> {
        Ok(DataKeys {
            digests: DataKey::generate(DIGESTS, secret, 0)?,
            older: Vec::new(),
            newest: DataKey::generate(1, secret, 0)?,
            known: BTreeSet::new(),
        })
    }

    /// Opens the keys of a store with whichever secret key opens them. `None`: with these, not all of them open.
    pub fn open(
        rows: &[SealedDataKey],
        secrets: &SecretKeys,
    ) -> Result<Option<DataKeys>, CryptographyFailed> {
        let mut generations: Vec<Generation> = rows.iter().map(|row| row.generation).collect();
        generations.sort_unstable();
        generations.dedup();
        let mut opened = Vec::with_capacity(generations.len());
        for generation in generations {
            let mut found = None;
            for row in rows.iter().filter(|row| row.generation == generation) {
                for secret in secrets.iter() {
                    found = match found {
                        Some(found) => Some(found),
                        None => DataKey::open(row, secret)?,
                    };
                }
            }
            let Some(found) = found else { return Ok(None) };
            opened.push(found);
        }
        let newest = opened.pop();
        let mut rest = opened.into_iter();
        let digests = rest.next().filter(|key| key.generation == DIGESTS);
        let known = rows.iter().map(|row| row.secret.clone()).collect();
        let keys = digests.zip(newest);
        Ok(keys.map(|(digests, newest)| DataKeys { digests, older: rest.collect(), newest, known }))
    }

    /// Begins a new generation, if the newest was not made for the secret key that seals now.
    ///
    /// # Errors
    /// Also when there have been 65,535 of them.
    pub fn renew_for(&mut self, secrets: &SecretKeys, now: i64) -> Result<(), CryptographyFailed> {
        let first = secrets.first().name()?;
        if self.newest.made_for == first {
            return Ok(());
        }
        let next = self.newest.generation.checked_add(1).ok_or(CryptographyFailed)?;
        let newest = DataKey::generate(next, &first, now)?;
        self.older.push(std::mem::replace(&mut self.newest, newest));
        Ok(())
    }

    /// Every key, sealed by every one of these secret keys.
    pub fn seal(&self, secrets: &SecretKeys) -> Result<Vec<SealedDataKey>, CryptographyFailed> {
        let keys = std::iter::once(&self.digests).chain(&self.older).chain([&self.newest]);
        keys.flat_map(|key| secrets.iter().map(|secret| key.seal(secret))).collect()
    }

    /// Whether the gateway that runs on the store, or ran last, has this secret key.
    pub fn is_known(&self, secret: &SecretKey) -> Result<bool, CryptographyFailed> {
        Ok(self.known.contains(&secret.name()?))
    }

    /// Whether the store is sealed by these secret keys and no others, the first of them sealing.
    pub fn are_in_line(&self, secrets: &SecretKeys) -> Result<bool, CryptographyFailed> {
        let names: BTreeSet<String> = secrets.iter().map(SecretKey::name).collect::<Result<_, _>>()?;
        Ok(names == self.known && self.is_made_for(secrets.first())?)
    }

    /// Whether the newest generation was made for this secret key.
    pub fn is_made_for(&self, secret: &SecretKey) -> Result<bool, CryptographyFailed> {
        Ok(self.newest.made_for == secret.name()?)
    }

    /// When the newest generation was made, in nanoseconds since 1970, if there are older ones.
    pub fn renewed(&self) -> Option<i64> {
        (!self.older.is_empty()).then_some(self.newest.made)
    }

    pub(super) fn digests(&self) -> &SecretKey {
        &self.digests.key
    }

    pub(super) fn older(&self) -> impl Iterator<Item = (Generation, &SecretKey)> {
        self.older.iter().map(|key| (key.generation, &key.key))
    }

    pub(super) fn newest(&self) -> (Generation, &SecretKey) {
        (self.newest.generation, &self.newest.key)
    }

    /// The same keys and a newer one.
    #[cfg(test)]
    pub(super) fn followed_by_another(&self) -> Result<DataKeys, CryptographyFailed> {
        let secrets = SecretKeys::from(SecretKey::random()?);
        let mut again = DataKeys::open(&self.seal(&secrets)?, &secrets)?.ok_or(CryptographyFailed)?;
        again.renew_for(&secrets, 1)?;
        Ok(again)
    }
}

impl std::fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKeys").field("newest", &self.newest.generation).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(n: u8) -> SecretKey {
        SecretKey::from_bytes(&[n; 32]).unwrap()
    }

    fn list(numbers: &[u8]) -> SecretKeys {
        SecretKeys::new(secret(numbers[0]), numbers[1..].iter().map(|n| secret(*n)).collect())
    }

    fn open(rows: &[SealedDataKey], numbers: &[u8]) -> Option<DataKeys> {
        DataKeys::open(rows, &list(numbers)).unwrap()
    }

    #[test]
    fn a_secret_key_is_replaced_in_two_steps_and_nothing_is_lost_on_the_way() {
        let born = DataKeys::new(&list(&[1])).unwrap().seal(&list(&[1])).unwrap();
        assert!(open(&born, &[1]).is_some() && open(&born, &[2, 1]).is_some());
        assert!(open(&born, &[2]).is_none(), "a key that was never told opens nothing");

        // The new key opens, the old one seals.
        let mut keys = open(&born, &[1, 2]).unwrap();
        keys.renew_for(&list(&[1, 2]), 5).unwrap();
        assert_eq!((keys.newest().0, keys.renewed()), (1, None));
        let told = keys.seal(&list(&[1, 2])).unwrap();
        assert!(open(&told, &[2]).is_some());

        // The new key seals: a generation of its own.
        let mut keys = open(&told, &[2, 1]).unwrap();
        keys.renew_for(&list(&[2, 1]), 7).unwrap();
        keys.renew_for(&list(&[2, 1]), 8).unwrap();
        assert_eq!((keys.newest().0, keys.renewed()), (2, Some(7)));
        assert!(keys.is_made_for(&secret(2)).unwrap());

        // The old key is taken out, and opens nothing of what is there.
        let rotated = keys.seal(&list(&[2])).unwrap();
        assert!(open(&rotated, &[1]).is_none());
        let keys = open(&rotated, &[2]).unwrap();
        assert_eq!(keys.older().map(|(generation, _)| generation).collect::<Vec<_>>(), [1]);
        // The copy of then opens with the key of then.
        assert!(open(&born, &[2, 1]).is_some());
    }

    #[test]
    fn a_row_that_was_changed_or_is_missing_is_no_key() {
        let rows = DataKeys::new(&list(&[1])).unwrap().seal(&list(&[1])).unwrap();
        for at in 0..rows.len() {
            let mut changed = rows.clone();
            changed[at].made += 1;
            assert!(open(&changed, &[1]).is_none());
            let mut fewer = rows.clone();
            fewer.remove(at);
            assert!(open(&fewer, &[1]).is_none());
        }
        assert!(open(&[], &[1]).is_none());
    }
}
