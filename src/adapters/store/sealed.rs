//! What rows hide, for every store alike: domain values on one side, sealed bytes on the other.
//!
//! Every sealed part is bound to the row it belongs to, so a row that was edited or swapped with another does not open. [`Bound`]
//! lists all of them. SQL is kept out; so is the sealing itself, which is in `keys::seal`.

use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::mappings::MappingKind;
use crate::adapters::keys::assertion::StoredKey;
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::keys::seal::{Generation, KeyedDigest, Sealer, context, generation_of};
use crate::domain::client::{Algorithm, Client};
use crate::domain::mapping::{AwaitedPublication, Edit};
use crate::domain::record::IndividualId;
use crate::domain::session::{LogoutHint, Session, SessionKey, Viewer};
use crate::domain::time::Timestamp;

/// The row to which a sealed value is bound. What was sealed for one row opens for no other.
#[derive(Clone, Copy)]
pub(super) enum Bound<'a> {
    SigningKey {
        id: &'a str,
        created: i64,
    },
    /// All but `last_seen`, which moves, and `person`, which follows from the sealed id.
    Session {
        key: SessionKey,
        environment: &'a str,
        host: &'a str,
        created: i64,
    },
    Record {
        environment: &'a str,
        person: &'a [u8; 32],
    },
    LongAddress(&'a [u8; 32]),
    Catalogue {
        environment: &'a str,
    },
    /// How far the reading of the AMS has come, by name.
    DirectoryState {
        environment: &'a str,
        name: &'a str,
    },
    Grant {
        id: &'a [u8; 32],
        session: SessionKey,
        client: &'a str,
        ends: i64,
    },
    /// Who is meant by a message, from the sign-in at the client on.
    Message {
        client: &'a str,
        sid: &'a str,
    },
    Client {
        id: &'a str,
        revision: i64,
    },
    AuditEntry(i64),
    Draft {
        kind: MappingKind,
        revision: i64,
    },
    VersionHead {
        kind: MappingKind,
        number: i64,
    },
    VersionRules {
        kind: MappingKind,
        number: i64,
    },
    RoleList {
        digest: &'a str,
    },
    Subscriber {
        name: &'a str,
    },
    /// What a subscriber should know of a person.
    Delivery {
        subscriber: &'a str,
        environment: &'a str,
        person: &'a [u8; 32],
    },
}

impl Bound<'_> {
    /// What is said of a row that does not open.
    fn what(self) -> &'static str {
        match self {
            Bound::SigningKey { .. } => "signing key",
            Bound::Session { .. } => "session",
            Bound::Record { .. } => "record",
            Bound::LongAddress(_) => "address",
            Bound::Catalogue { .. } => "catalogue",
            Bound::DirectoryState { .. } => "state of the directory",
            Bound::Grant { .. } => "grant",
            Bound::Message { .. } => "message",
            Bound::Client { .. } => "OpenID client",
            Bound::AuditEntry(_) => "audit entry",
            Bound::Draft { .. } => "draft",
            Bound::VersionHead { kind, .. } | Bound::VersionRules { kind, .. } => match kind {
                MappingKind::Roles => "version of the role mapping",
                MappingKind::Community => "version of the community mapping",
            },
            Bound::RoleList { .. } => "list of roles",
            Bound::Subscriber { .. } => "subscriber",
            Bound::Delivery { .. } => "delivery",
        }
    }

    /// The bytes to which the value is bound. They stay as they are: what was stored earlier must open.
    fn context(self) -> Vec<u8> {
        let number = i64::to_be_bytes;
        let words = |kind| -> [&'static [u8]; 3] {
            match kind {
                MappingKind::Roles => [b"mapping draft", b"mapping version", b"mapping rules"],
                MappingKind::Community => [b"community draft", b"community version", b"community text"],
            }
        };
        match self {
            Bound::SigningKey { id, created } => context(&[b"signing key", id.as_bytes(), &number(created)]),
            Bound::Session { key, environment, host, created } => {
                context(&[b"session", &key.0, environment.as_bytes(), host.as_bytes(), &number(created)])
            }
            Bound::Record { environment, person } => context(&[b"record of", environment.as_bytes(), person]),
            Bound::LongAddress(key) => context(&[b"long address", key]),
            Bound::Catalogue { environment } => context(&[b"catalogue", environment.as_bytes()]),
            Bound::DirectoryState { environment, name } => {
                context(&[b"directory state", environment.as_bytes(), name.as_bytes()])
            }
            Bound::Grant { id, session, client, ends } => {
                context(&[b"grant", id, &session.0, client.as_bytes(), &number(ends)])
            }
            Bound::Message { client, sid } => {
                context(&[b"client session", client.as_bytes(), sid.as_bytes()])
            }
            Bound::Client { id, revision } => context(&[b"OpenID client", id.as_bytes(), &number(revision)]),
            Bound::AuditEntry(entry) => context(&[b"audit entry", &number(entry)]),
            Bound::Draft { kind, revision } => context(&[words(kind)[0], &number(revision)]),
            Bound::VersionHead { kind, number: version } => context(&[words(kind)[1], &number(version)]),
            Bound::VersionRules { kind, number: version } => context(&[words(kind)[2], &number(version)]),
            Bound::RoleList { digest } => context(&[b"role list", digest.as_bytes()]),
            Bound::Subscriber { name } => context(&[b"subscriber", name.as_bytes()]),
            Bound::Delivery { subscriber, environment, person } => {
                context(&[b"delivery", subscriber.as_bytes(), environment.as_bytes(), person])
            }
        }
    }
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

impl SessionRow {
    fn bound(&self) -> Bound<'_> {
        let SessionRow { key, environment, host, created, .. } = self;
        Bound::Session { key: *key, environment, host, created: *created }
    }
}

/// A row of `signing_keys`.
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) algorithm: String,
    pub(super) created: i64,
    pub(super) signs_from: i64,
    pub(super) sealed: Vec<u8>,
}

/// By what a record can be found, beside its id.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Email,
    Number,
}

/// What is sealed of a session.
#[derive(Serialize, Deserialize)]
struct SessionBody {
    individual: IndividualId,
    device: Option<String>,
    viewer: Option<Viewer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logout_hint: Option<LogoutHint>,
}

/// What is sealed of an OpenID client.
#[derive(Serialize, Deserialize)]
pub(super) struct ClientBody {
    pub(super) client: Client,
    pub(super) last: Edit,
}

/// What is sealed of a draft of the role mapping: the latest change, what it says over which published version, and whether it waits to
/// come into force.
#[derive(Serialize, Deserialize)]
pub(super) struct DraftBody<Content> {
    pub(super) last: Option<Edit>,
    pub(super) content: Option<(u64, Content)>,
    pub(super) awaited: Option<AwaitedPublication>,
}

/// Turns values into rows and back.
pub(super) struct Vault {
    sealer: Sealer,
    people: KeyedDigest,
}

impl Vault {
    pub(super) fn new(keys: &DataKeys) -> Result<Vault, StoreError> {
        Ok(Vault {
            sealer: Sealer::new(keys, "store")?,
            people: KeyedDigest::new(keys, "store: digest of a person")?,
        })
    }

    /// The generation of the keys with which it seals.
    pub(super) fn generation(&self) -> Generation {
        self.sealer.generation()
    }

    /// Seals again what an older generation sealed for this row. `None`: it is sealed with the newest.
    pub(super) fn seal_again(&self, sealed: &[u8], bound: Bound<'_>) -> Result<Option<Vec<u8>>, StoreError> {
        if generation_of(sealed) == Some(self.generation()) {
            return Ok(None);
        }
        self.seal_bytes(&self.open_bytes(sealed, bound)?, bound).map(Some)
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

    /// Seals bytes for a row.
    pub(super) fn seal_bytes(&self, plain: &[u8], bound: Bound<'_>) -> Result<Vec<u8>, StoreError> {
        Ok(self.sealer.seal(plain, &bound.context())?)
    }

    /// Opens what [`Vault::seal_bytes`] sealed for this row.
    pub(super) fn open_bytes(&self, sealed: &[u8], bound: Bound<'_>) -> Result<Vec<u8>, StoreError> {
        self.sealer.open(sealed, &bound.context()).ok_or(StoreError::Damaged(bound.what()))
    }

    /// Seals a value for a row.
    pub(super) fn seal<T: Serialize + ?Sized>(
        &self,
        value: &T,
        bound: Bound<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        let plain = serde_json::to_vec(value).map_err(|error| {
            StoreError::Unavailable(format!("a {} cannot be written: {error}", bound.what()))
        })?;
        self.seal_bytes(&plain, bound)
    }

    /// Opens what [`Vault::seal`] sealed for this row.
    pub(super) fn open<T: DeserializeOwned>(&self, sealed: &[u8], bound: Bound<'_>) -> Result<T, StoreError> {
        let plain = self.open_bytes(sealed, bound)?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Damaged(bound.what()))
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
        let Session { individual, device, viewer, logout_hint, .. } = session.clone();
        row.sealed = self.seal(&SessionBody { individual, device, viewer, logout_hint }, row.bound())?;
        Ok(row)
    }

    pub(super) fn open_session(&self, row: SessionRow) -> Result<Session, StoreError> {
        let SessionBody { individual, device, viewer, logout_hint } = self.open(&row.sealed, row.bound())?;
        Ok(Session {
            key: row.key,
            individual,
            environment: row.environment,
            host: row.host,
            created: from_column(row.created),
            last_seen: from_column(row.last_seen),
            device,
            viewer,
            logout_hint,
        })
    }

    pub(super) fn seal_key(&self, key: &StoredKey) -> Result<KeyRow, StoreError> {
        let created = to_column(key.created);
        Ok(KeyRow {
            id: key.id.clone(),
            algorithm: key.algorithm.as_str().to_owned(),
            created,
            signs_from: to_column(key.signs_from),
            sealed: self.seal_bytes(&key.pkcs8, Bound::SigningKey { id: &key.id, created })?,
        })
    }

    pub(super) fn open_key(&self, row: KeyRow) -> Result<StoredKey, StoreError> {
        let bound = Bound::SigningKey { id: &row.id, created: row.created };
        let algorithm = Algorithm::parse(&row.algorithm).ok_or(StoreError::Damaged(bound.what()))?;
        let pkcs8 = self.open_bytes(&row.sealed, bound)?;
        let (created, signs_from) = (from_column(row.created), from_column(row.signs_from));
        Ok(StoredKey { id: row.id, algorithm, pkcs8, created, signs_from })
    }
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
