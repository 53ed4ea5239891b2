//! Codes and tokens in the SQLite file: kept, found, used.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::sqlite::{GrantRow, delete_grant};
use super::{GrantId, NewToken, Renewal, Renewed, TokenKey, TokenKind};
use crate::adapters::store::StoreError;
use crate::adapters::store::sealed::{from_column, to_column};
use crate::domain::client::{Scopes, scope_text};
use crate::domain::grant::SAME_TIME;
use crate::domain::time::Timestamp;

impl TokenKind {
    fn column(self) -> &'static str {
        match self {
            TokenKind::Code => "code",
            TokenKind::Access => "access",
            TokenKind::Refresh => "refresh",
        }
    }
}

pub(super) fn insert_token(
    connection: &Connection,
    grant: GrantId,
    token: &NewToken,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO grant_tokens (token, kind, grant_id, ends, scopes) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            token.key.0,
            token.kind.column(),
            grant.0,
            to_column(token.ends),
            scope_text(&token.scopes)
        ])?;
    Ok(())
}

/// Marks a code or refresh token as used. `scopes`: with what.
pub(super) fn mark_used(
    connection: &Connection,
    key: TokenKey,
    now: i64,
    scopes: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE grant_tokens SET used = ?2, scopes = ?3 WHERE token = ?1")?
        .execute(params![key.0, now, scopes])?;
    Ok(())
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
) -> Result<Option<TokenRow>, StoreError> {
    let columns = GrantRow::COLUMNS;
    let mut select = connection.prepare_cached(&format!(
        "SELECT {columns}, t.used, t.ends, t.scopes FROM grant_tokens t JOIN grants g ON g.id = t.grant_id
         WHERE t.token = ?1 AND t.kind = ?2"
    ))?;
    let found = select.query_row(params![key.0, kind.column()], |row| {
        Ok(TokenRow {
            used: row.get(5)?,
            ends: row.get(6)?,
            scopes: row.get(7)?,
            grant: GrantRow::read(row)?,
        })
    });
    Ok(found.optional()?)
}

/// Uses a refresh token, as [`Grants::renew`] says.
pub(super) fn renew(
    connection: &Connection,
    renewal: &Renewal,
    now: Timestamp,
) -> Result<Renewed, StoreError> {
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
