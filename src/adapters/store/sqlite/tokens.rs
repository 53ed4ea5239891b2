//! Grants, codes and tokens in SQLite: kept, found, used.

use rusqlite::{Connection, Row, params};

use super::statement::{SqlResult, change, first};
use crate::adapters::store::grants::{GrantId, NewToken, Renewal, Renewed, TokenKey, TokenKind};
use crate::adapters::store::rows::{GrantRow, TokenRow};
use crate::adapters::store::sealed::{from_column, to_column};
use crate::domain::client::{Scopes, scope_text};
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

fn read_grant(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
    Ok(GrantRow {
        id: GrantId(row.get(0)?),
        session: SessionKey(row.get(1)?),
        client: row.get(2)?,
        ends: row.get(3)?,
        sealed: row.get(4)?,
    })
}

pub(super) fn delete_grant(connection: &Connection, grant: GrantId) -> SqlResult<()> {
    change(connection, "DELETE FROM grants WHERE id = ?1", [grant.0]).map(drop)
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
                grant: read_grant(row)?,
                used: row.get(5)?,
                ends: row.get(6)?,
                scopes: row.get(7)?,
            })
        },
    )
}

/// Uses a refresh token, as [`Grants::renew`](crate::adapters::store::grants::Grants::renew) says.
pub(super) fn renew(connection: &Connection, renewal: &Renewal, now: Timestamp) -> SqlResult<Renewed> {
    let Renewal { key, successor, access, .. } = renewal;
    let Some(row) = select_token(connection, *key, TokenKind::Refresh)? else { return Ok(Renewed::Unknown) };
    let next = select_token(connection, *successor, TokenKind::Refresh)?;
    let renewed = row.renewed(renewal, next.as_ref(), now);
    match renewed {
        Renewed::Unknown | Renewed::OtherScope => return Ok(renewed),
        Renewed::Again => {
            delete_grant(connection, row.grant.id)?;
            return Ok(renewed);
        }
        Renewed::Replaced if row.used.is_none() => {
            mark_used(connection, *key, to_column(now), &scope_text(&access.scopes))?;
            let ends = from_column(row.grant.ends);
            let next = NewToken { key: *successor, kind: TokenKind::Refresh, ends, scopes: Scopes::new() };
            insert_token(connection, row.grant.id, &next)?;
        }
        Renewed::Kept | Renewed::Replaced => {}
    }
    insert_token(connection, row.grant.id, access)?;
    Ok(renewed)
}
