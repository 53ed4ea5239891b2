//! What rows look like: domain values on one side, sealed bytes on the other.
//!
//! Every sealed part is bound to the row it belongs to, so a row that was edited or swapped with another does not open. SQL is
//! kept out; so is the sealing itself, which is in `keys::seal`.

use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{StoreError, StoredKey};
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::seal::{KeyedDigest, Sealer, SecretKey, context};
use crate::domain::client::Algorithm;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey, Viewer};
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
    pub(super) email: Option<[u8; 32]>,
    pub(super) record_number: Option<[u8; 32]>,
    pub(super) sealed: Vec<u8>,
}

/// By what a record can be found, beside its id.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Email,
    Number,
}

/// A row of `signing_keys`.
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) algorithm: String,
    pub(super) created: i64,
    pub(super) signs_from: i64,
    pub(super) sealed: Vec<u8>,
}

/// What is sealed of a session.
#[derive(Serialize, Deserialize)]
struct Inside {
    individual: IndividualId,
    device: Option<String>,
    viewer: Option<Viewer>,
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

    /// What the rows of visitors of a network are counted by.
    pub(super) fn network(&self, network: IpAddr) -> [u8; 32] {
        self.people.of(&context(&[b"network", network.to_string().as_bytes()]))
    }

    /// What rows are found by through a name that the record carries. `None`: there is none.
    pub(super) fn named(&self, environment: &str, kind: Named, name: Option<&str>) -> Option<[u8; 32]> {
        let name = name.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty())?;
        let kind: &[u8] = match kind {
            Named::Email => b"e-mail address",
            Named::Number => b"record number",
        };
        Some(self.people.of(&context(&[kind, environment.as_bytes(), name.as_bytes()])))
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
        let Session { individual, device, viewer, .. } = session.clone();
        row.sealed = self.seal_value(&Inside { individual, device, viewer }, &row.context())?;
        Ok(row)
    }

    pub(super) fn open_session(&self, row: SessionRow) -> Result<Session, StoreError> {
        let Inside { individual, device, viewer } =
            self.open_value(&row.sealed, &row.context(), "session")?;
        Ok(Session {
            key: row.key,
            individual,
            environment: row.environment,
            host: row.host,
            created: from_column(row.created),
            last_seen: from_column(row.last_seen),
            device,
            viewer,
        })
    }

    pub(super) fn seal_record(&self, environment: &str, record: &Record) -> Result<RecordRow, StoreError> {
        let person = self.person(environment, &record.id);
        Ok(RecordRow {
            environment: environment.to_owned(),
            as_of: to_column(record.as_of),
            email: self.named(environment, Named::Email, record.profile.email.as_deref()),
            record_number: self.named(environment, Named::Number, record.profile.record_number.as_deref()),
            sealed: self.seal_value(record, &record_context(environment, &person))?,
            person,
        })
    }

    /// Opens the record of one person; that of anybody else does not open.
    pub(super) fn open_record(
        &self,
        environment: &str,
        id: &IndividualId,
        sealed: &[u8],
    ) -> Result<Record, StoreError> {
        let record = self.open_record_of(environment, &self.person(environment, id), sealed)?;
        if record.id == *id { Ok(record) } else { Err(damaged("record")) }
    }

    /// Opens the record of a row, whosever it is.
    pub(super) fn open_record_of(
        &self,
        environment: &str,
        person: &[u8; 32],
        sealed: &[u8],
    ) -> Result<Record, StoreError> {
        self.open_value(sealed, &record_context(environment, person), "record")
    }

    /// Seals what has no row type of its own.
    pub(super) fn seal_value<T: Serialize>(&self, value: &T, context: &[u8]) -> Result<Vec<u8>, StoreError> {
        let plain = serde_json::to_vec(value)
            .map_err(|error| StoreError::Unavailable(format!("a value cannot be written: {error}")))?;
        Ok(self.sealer.seal(&plain, context)?)
    }

    /// Opens what [`Vault::seal_value`] sealed in the same context. `what` is for the message when that fails.
    pub(super) fn open_value<T: DeserializeOwned>(
        &self,
        sealed: &[u8],
        context: &[u8],
        what: &str,
    ) -> Result<T, StoreError> {
        let plain = self.sealer.open(sealed, context).ok_or_else(|| damaged(what))?;
        serde_json::from_slice(&plain).map_err(|_| damaged(what))
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

fn record_context(environment: &str, person: &[u8; 32]) -> Vec<u8> {
    context(&[b"record of", environment.as_bytes(), person])
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
