//! Every table of a store, described once for all engines: what is copied, what is sealed again, and in which order rows come.
//!
//! A test compares this with the real schema of each engine, so a new table cannot be forgotten.

use super::mappings::MappingKind;
use super::sealed::Bound;
use crate::domain::session::SessionKey;

/// What a place for a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TablesFound {
    /// Nothing.
    Empty,
    /// The tables after so many steps, of which there are more.
    Older(usize),
    /// The tables of this release.
    Present,
}

/// A table. References lead to earlier tables only, so rows can be written in this order.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    /// How many of the columns, the first ones, are its primary key. Rows are ordered by them, texts byte by byte.
    pub(crate) keys: usize,
}

/// Tables whose rows live for minutes and mean something in one place only: they are not copied. Who waits while a store is moved asks
/// for a place again.
#[cfg(test)]
pub(super) const NOT_COPIED: [&str; 2] = ["call_ledger", "waiting"];

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: ColumnKind,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// 64 bits with a sign.
    Integer,
    Text,
    Bytes,
    /// Bytes that the vault sealed for this row.
    Sealed,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of a row, in the order of the table's columns.
pub(crate) type RawRow = Vec<Value>;

const fn column(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind }
}

const fn integer(name: &'static str) -> Column {
    column(name, ColumnKind::Integer)
}

const fn text(name: &'static str) -> Column {
    column(name, ColumnKind::Text)
}

const fn bytes(name: &'static str) -> Column {
    column(name, ColumnKind::Bytes)
}

const fn sealed(name: &'static str) -> Column {
    column(name, ColumnKind::Sealed)
}

const fn table(name: &'static str, keys: usize, columns: &'static [Column]) -> Table {
    Table { name, columns, keys }
}

/// All of them.
pub(crate) const TABLES: &[Table] = &[
    table(
        "data_keys",
        2,
        &[integer("generation"), text("secret"), text("made_for"), integer("made"), bytes("sealed")],
    ),
    table(
        "records",
        2,
        &[
            text("environment"),
            bytes("person"),
            integer("as_of"),
            bytes("email"),
            bytes("record_number"),
            bytes("listed"),
            sealed("sealed"),
        ],
    ),
    table(
        "sessions",
        1,
        &[
            bytes("key"),
            text("environment"),
            bytes("person"),
            text("host"),
            integer("created"),
            integer("last_seen"),
            sealed("sealed"),
        ],
    ),
    table("uses", 1, &[bytes("once"), integer("until")]),
    table("long_addresses", 1, &[bytes("key"), bytes("network"), integer("until"), sealed("sealed")]),
    table(
        "signing_keys",
        1,
        &[text("id"), text("algorithm"), integer("created"), integer("signs_from"), sealed("sealed")],
    ),
    table("grants", 1, &[bytes("id"), bytes("session"), text("client"), integer("ends"), sealed("sealed")]),
    table(
        "grant_tokens",
        1,
        &[bytes("token"), text("kind"), bytes("grant_id"), integer("ends"), integer("used"), text("scopes")],
    ),
    table("client_sessions", 2, &[bytes("session"), text("client"), text("sid"), sealed("sealed")]),
    table(
        "back_channel",
        1,
        &[
            integer("id"),
            text("client"),
            text("sid"),
            sealed("sealed"),
            text("state"),
            integer("attempts"),
            integer("next_try"),
            text("last_error"),
            integer("changed"),
        ],
    ),
    table("openid_clients", 1, &[text("id"), integer("revision"), sealed("sealed")]),
    table("mapping_draft", 1, &[text("kind"), integer("revision"), sealed("sealed")]),
    table(
        "mapping_versions",
        2,
        &[text("kind"), integer("number"), sealed("head_sealed"), sealed("rules_sealed")],
    ),
    table("role_lists", 1, &[text("digest"), sealed("sealed"), integer("in_force_at")]),
    table("audit_log", 1, &[integer("number"), sealed("sealed")]),
    table("emergency_links", 1, &[bytes("link"), integer("until"), integer("used")]),
    table("emergency_sessions", 1, &[bytes("key"), integer("until")]),
    table("catalogues", 1, &[text("environment"), sealed("sealed")]),
    table("directory_state", 2, &[text("environment"), text("name"), sealed("sealed")]),
    table("subscribers", 1, &[text("name"), sealed("sealed")]),
    table(
        "deliveries",
        3,
        &[
            text("subscriber"),
            text("environment"),
            bytes("person"),
            integer("phase"),
            integer("due"),
            integer("holds_until"),
            integer("holds"),
            integer("since"),
            integer("lost_at"),
            sealed("sealed"),
        ],
    ),
    table("environment_choice", 1, &[integer("only_one"), text("configured"), text("chosen")]),
];

impl Table {
    /// The table of sessions.
    pub(crate) fn sessions() -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == "sessions")
    }

    /// The places of the columns that are sealed.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = usize> {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.kind == ColumnKind::Sealed)
            .map(|(at, _)| at)
    }

    /// The columns as in a list of SQL.
    pub(crate) fn list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(", ")
    }

    /// The columns of the primary key.
    pub(crate) fn key_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().take(self.keys)
    }

    /// The primary key of a row.
    pub(crate) fn key_of(&self, row: &[Value]) -> RawRow {
        row.iter().take(self.keys).cloned().collect()
    }

    fn at(&self, row: &[Value], name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name).filter(|at| *at < row.len())
    }

    pub(crate) fn text<'a>(&self, row: &'a [Value], name: &str) -> Option<&'a str> {
        match row.get(self.at(row, name)?)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn integer(&self, row: &[Value], name: &str) -> Option<i64> {
        match row.get(self.at(row, name)?)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn digest<'a>(&self, row: &'a [Value], name: &str) -> Option<&'a [u8; 32]> {
        match row.get(self.at(row, name)?)? {
            Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }

    /// To what the sealed value in this column is bound. `None`: the row is damaged.
    pub(super) fn bound<'a>(&self, row: &'a [Value], column: usize) -> Option<Bound<'a>> {
        let text = |name| self.text(row, name);
        let integer = |name| self.integer(row, name);
        let digest = |name| self.digest(row, name);
        let session = |name| digest(name).map(|key| SessionKey(*key));
        let kind = || MappingKind::of_column(text("kind")?);
        Some(match (self.name, self.columns.get(column)?.name) {
            ("records", _) => Bound::Record { environment: text("environment")?, person: digest("person")? },
            ("sessions", _) => Bound::Session {
                key: session("key")?,
                environment: text("environment")?,
                host: text("host")?,
                created: integer("created")?,
            },
            ("long_addresses", _) => Bound::LongAddress(digest("key")?),
            ("signing_keys", _) => Bound::SigningKey { id: text("id")?, created: integer("created")? },
            ("grants", _) => Bound::Grant {
                id: digest("id")?,
                session: session("session")?,
                client: text("client")?,
                ends: integer("ends")?,
            },
            ("client_sessions" | "back_channel", _) => {
                Bound::Message { client: text("client")?, sid: text("sid")? }
            }
            ("openid_clients", _) => Bound::Client { id: text("id")?, revision: integer("revision")? },
            ("mapping_draft", _) => Bound::Draft { kind: kind()?, revision: integer("revision")? },
            ("mapping_versions", "head_sealed") => {
                Bound::VersionHead { kind: kind()?, number: integer("number")? }
            }
            ("mapping_versions", _) => Bound::VersionRules { kind: kind()?, number: integer("number")? },
            ("subscribers", _) => Bound::Subscriber { name: text("name")? },
            ("deliveries", _) => Bound::Delivery {
                subscriber: text("subscriber")?,
                environment: text("environment")?,
                person: digest("person")?,
            },
            ("role_lists", _) => Bound::RoleList { digest: text("digest")? },
            ("audit_log", _) => Bound::AuditEntry(integer("number")?),
            ("catalogues", _) => Bound::Catalogue { environment: text("environment")? },
            ("directory_state", _) => {
                Bound::DirectoryState { environment: text("environment")?, name: text("name")? }
            }
            _ => return None,
        })
    }
}
