//! What rows look like: domain values on one side, sealed bytes on the other.
//!
//! Every sealed part is bound to the row it belongs to, so a row that was edited or swapped with another does not open. SQL is
//! kept out; so is the sealing itself, which is in `keys::seal`.

use super::{StoreError, StoredKey};
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::seal::{KeyedDigest, Sealer, SecretKey, context};
use crate::domain::client::Algorithm;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;

impl From<CryptographyFailed> for StoreError {
    fn from(error: CryptographyFailed) -> StoreError {
        StoreError::Unavailable(error.to_string())
    }
}

/// A row that does not open, although the file was made with this key: it was damaged or edited.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Unavailable(format!("a stored {what} is damaged"))
}

/// A row of `sessions`. Instants as in [`to_column`].
pub(super) struct SessionRow {
    pub(super) key: SessionKey,
    pub(super) environment: String,
    pub(super) person: [u8; 32],
    pub(super) host: String,
    pub(super) created: i64,
    pub(super) last_seen: i64,
    pub(super) sealed: Vec<u8>,
}

/// A row of `records`.
pub(super) struct RecordRow {
    pub(super) environment: String,
    pub(super) person: [u8; 32],
    pub(super) as_of: i64,
    pub(super) sealed: Vec<u8>,
}

/// A row of `signing_keys`.
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) algorithm: String,
    pub(super) created: i64,
    pub(super) signs_from: i64,
    pub(super) sealed: Vec<u8>,
}

/// Turns values into rows and back.
pub(super) struct Vault {
    pub(super) sealer: Sealer,
    people: KeyedDigest,
}

impl Vault {
    pub(super) fn new(key: &SecretKey) -> Result<Vault, StoreError> {
        Ok(Vault {
            sealer: Sealer::new(key, "store")?,
            people: KeyedDigest::new(key, "store: digest of a person")?,
        })
    }

    /// What the rows of a person are found by.
    pub(super) fn person(&self, environment: &str, id: &IndividualId) -> [u8; 32] {
        self.people.of(&context(&[environment.as_bytes(), id.as_str().as_bytes()]))
    }

    /// Bytes by which a store recognizes its key.
    pub(super) fn seal_canary(&self) -> Result<Vec<u8>, StoreError> {
        Ok(self.sealer.seal(b"membergate", b"canary")?)
    }

    pub(super) fn opens_canary(&self, sealed: &[u8]) -> bool {
        self.sealer.open(sealed, b"canary").is_some()
    }

    pub(super) fn seal_session(&self, session: &Session) -> Result<SessionRow, StoreError> {
        let mut row = SessionRow {
            key: session.key,
            environment: session.environment.clone(),
            person: self.person(&session.environment, &session.individual),
            host: session.host.clone(),
            created: to_column(session.created),
            last_seen: to_column(session.last_seen),
            sealed: Vec::new(),
        };
        row.sealed = self.sealer.seal(session.individual.as_str().as_bytes(), &row.context())?;
        Ok(row)
    }

    pub(super) fn open_session(&self, row: SessionRow) -> Result<Session, StoreError> {
        let individual = self
            .sealer
            .open(&row.sealed, &row.context())
            .and_then(|bytes| IndividualId::parse(std::str::from_utf8(&bytes).ok()?))
            .ok_or_else(|| damaged("session"))?;
        Ok(Session {
            key: row.key,
            individual,
            environment: row.environment,
            host: row.host,
            created: from_column(row.created),
            last_seen: from_column(row.last_seen),
        })
    }

    pub(super) fn seal_record(&self, environment: &str, record: &Record) -> Result<RecordRow, StoreError> {
        let plain = serde_json::to_vec(record)
            .map_err(|error| StoreError::Unavailable(format!("a record cannot be written: {error}")))?;
        Ok(RecordRow {
            environment: environment.to_owned(),
            person: self.person(environment, &record.id),
            as_of: to_column(record.as_of),
            sealed: self.sealer.seal(&plain, &record_context(environment, &record.id))?,
        })
    }

    /// Opens the record of one person; that of anybody else does not open.
    pub(super) fn open_record(
        &self,
        environment: &str,
        id: &IndividualId,
        sealed: &[u8],
    ) -> Result<Record, StoreError> {
        self.sealer
            .open(sealed, &record_context(environment, id))
            .and_then(|plain| serde_json::from_slice::<Record>(&plain).ok())
            .filter(|record| record.id == *id)
            .ok_or_else(|| damaged("record"))
    }

    pub(super) fn seal_key(&self, key: &StoredKey) -> Result<KeyRow, StoreError> {
        let mut row = KeyRow {
            id: key.id.clone(),
            algorithm: key.algorithm.as_str().to_owned(),
            created: to_column(key.created),
            signs_from: to_column(key.signs_from),
            sealed: Vec::new(),
        };
        row.sealed = self.sealer.seal(&key.pkcs8, &row.context())?;
        Ok(row)
    }

    pub(super) fn open_key(&self, row: KeyRow) -> Result<StoredKey, StoreError> {
        let algorithm = Algorithm::parse(&row.algorithm).ok_or_else(|| damaged("signing key"))?;
        let pkcs8 = self.sealer.open(&row.sealed, &row.context()).ok_or_else(|| damaged("signing key"))?;
        let (created, signs_from) = (from_column(row.created), from_column(row.signs_from));
        Ok(StoredKey { id: row.id, algorithm, pkcs8, created, signs_from })
    }
}

impl SessionRow {
    /// All but `last_seen`, which moves, and `person`, which follows from the sealed id.
    fn context(&self) -> Vec<u8> {
        context(&[
            b"session",
            &self.key.0,
            self.environment.as_bytes(),
            self.host.as_bytes(),
            &self.created.to_be_bytes(),
        ])
    }
}

impl KeyRow {
    fn context(&self) -> Vec<u8> {
        context(&[b"signing key", self.id.as_bytes(), &self.created.to_be_bytes()])
    }
}

fn record_context(environment: &str, id: &IndividualId) -> Vec<u8> {
    context(&[b"record", environment.as_bytes(), id.as_str().as_bytes()])
}

/// An instant as a column: nanoseconds since 1970. What lies beyond 1677 or 2262 becomes the nearest that fits.
pub(super) fn to_column(instant: Timestamp) -> i64 {
    let nanoseconds = instant.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// A column as an instant.
pub(super) fn from_column(nanoseconds: i64) -> Timestamp {
    // Every 64-bit count of nanoseconds is within the range of a timestamp. Should it not be, the oldest instant denies.
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_nanoseconds_and_stay_in_order() {
        let cases = ["1677-09-21T00:12:44Z", "1970-01-01T00:00:00Z", "2026-03-01T09:30:00.123456789Z"];
        for case in cases {
            let instant: Timestamp = case.parse().unwrap();
            assert_eq!(from_column(to_column(instant)), instant, "{case}");
        }
        assert_eq!(to_column(Timestamp::MIN), i64::MIN);
        assert_eq!(to_column(Timestamp::MAX), i64::MAX);
        assert!(from_column(i64::MIN) < from_column(i64::MAX));
    }
}
