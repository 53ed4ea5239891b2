//! Grants, codes and tokens in SQLite: kept, found, used.

use rusqlite::{Connection, Row, params};

use super::statement::{SqlResult, change, first};
use crate::adapters::store::error::StoreError;
use crate::adapters::store::grants::{GrantId, NewToken, Renewal, Renewed, StoredGrant, TokenKey, TokenKind};
use crate::adapters::store::sealed::{Bound, Vault, from_column, to_column};
use crate::domain::client::{Scopes, scope_text};
use crate::domain::grant::SAME_TIME;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// A row of `grants`.
pub(super) struct GrantRow {
    pub(super) id: GrantId,
    session: SessionKey,
    client: String,
    ends: i64,
    sealed: Vec<u8>,
}

impl GrantRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
        Ok(GrantRow {
            id: GrantId(row.get(0)?),
            session: SessionKey(row.get(1)?),
            client: row.get(2)?,
            ends: row.get(3)?,
            sealed: row.get(4)?,
        })
    }

    pub(super) fn open(self, vault: &Vault) -> Result<StoredGrant, StoreError> {
        let GrantRow { id, session, client, ends, sealed } = self;
        let grant = vault.open(&sealed, Bound::Grant { id: &id.0, session, client: &client, ends })?;
        Ok(StoredGrant { id, session, client, ends: from_column(ends), grant })
    }
}

pub(super) fn delete_grant(connection: &Connection, grant: GrantId) -> SqlResult<()> {
    change(connection, "DELETE FROM grants WHERE id = ?1", [grant.0]).map(drop)
}

impl TokenKind {
    fn column(self) -> &'static str {
        match self {
            TokenKind::Code => "code",
            TokenKind::Access => "access",
            TokenKind::Refresh => "refresh",
        }
    }
}

pub(super) fn insert_token(connection: &Connection, grant: GrantId, token: &NewToken) -> SqlResult<()> {
    let NewToken { key, kind, ends, scopes } = token;
    change(
        connection,
        "INSERT INTO grant_tokens (token, kind, grant_id, ends, scopes) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![key.0, kind.column(), grant.0, to_column(*ends), scope_text(scopes)],
    )
    .map(drop)
}

/// Marks a code or refresh token as used. `scopes`: with what.
pub(super) fn mark_used(connection: &Connection, key: TokenKey, now: i64, scopes: &str) -> SqlResult<()> {
    let mark = "UPDATE grant_tokens SET used = ?2, scopes = ?3 WHERE token = ?1";
    change(connection, mark, params![key.0, now, scopes]).map(drop)
}

/// A row of `grant_tokens` and its grant.
pub(super) struct TokenRow {
    pub(super) used: Option<i64>,
    ends: i64,
    pub(super) scopes: String,
    pub(super) grant: GrantRow,
}

impl TokenRow {
    pub(super) fn is_over(&self, now: i64) -> bool {
        self.ends <= now || self.grant.ends <= now
    }
}

/// Finds a token and its grant.
pub(super) fn select_token(
    connection: &Connection,
    key: TokenKey,
    kind: TokenKind,
) -> SqlResult<Option<TokenRow>> {
    first(
        connection,
        "SELECT g.id, g.session, g.client, g.ends, g.sealed, t.used, t.ends, t.scopes
         FROM grant_tokens t JOIN grants g ON g.id = t.grant_id
         WHERE t.token = ?1 AND t.kind = ?2",
        params![key.0, kind.column()],
        |row| {
            Ok(TokenRow {
                grant: GrantRow::read(row)?,
                used: row.get(5)?,
                ends: row.get(6)?,
                scopes: row.get(7)?,
            })
        },
    )
}

/// Uses a refresh token, as [`Grants::renew`](crate::adapters::store::grants::Grants::renew) says.
pub(super) fn renew(connection: &Connection, renewal: &Renewal, now: Timestamp) -> SqlResult<Renewed> {
    let Renewal { key, successor, rotates, access } = renewal;
    let Some(row) = select_token(connection, *key, TokenKind::Refresh)? else { return Ok(Renewed::Unknown) };
    if row.is_over(to_column(now)) {
        return Ok(Renewed::Unknown);
    }
    let scopes = scope_text(&access.scopes);
    let renewed = match row.used {
        None if !rotates => Renewed::Kept,
        None => {
            mark_used(connection, *key, to_column(now), &scopes)?;
            let ends = from_column(row.grant.ends);
            let next = NewToken { key: *successor, kind: TokenKind::Refresh, ends, scopes: Scopes::new() };
            insert_token(connection, row.grant.id, &next)?;
            Renewed::Replaced
        }
        Some(used) => {
            let next = select_token(connection, *successor, TokenKind::Refresh)?;
            let is_in_use = next.is_none_or(|next| next.used.is_some());
            let too_late = now.duration_since(from_column(used)) >= SAME_TIME;
            match () {
                () if is_in_use || too_late => {
                    delete_grant(connection, row.grant.id)?;
                    return Ok(Renewed::Again);
                }
                () if row.scopes != scopes => return Ok(Renewed::OtherScope),
                () => Renewed::Replaced,
            }
        }
    };
    insert_token(connection, row.grant.id, access)?;
    Ok(renewed)
}
