//! Grants, codes and tokens in PostgreSQL: kept, found, used.
//!
//! Whoever uses a code or a refresh token holds its grant until the transaction ends, and looks at the token after that. So uses of one
//! family come one after the other.

use tokio_postgres::Row;

use super::statement::{QueryConnection, QueryResult, column, digest, values};
use crate::adapters::store::grants::{GrantId, NewToken, Renewal, Renewed, TokenKey, TokenKind};
use crate::adapters::store::rows::{GrantRow, TokenRow};
use crate::adapters::store::sealed::{from_column, to_column};
use crate::domain::client::{Scopes, scope_text};
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

pub(super) async fn delete_grant(connection: &QueryConnection<'_>, grant: GrantId) -> QueryResult<()> {
    connection.change("DELETE FROM grants WHERE id = $1", values![&grant.0[..]]).await.map(drop)
}

pub(super) async fn insert_token(
    connection: &QueryConnection<'_>,
    grant: GrantId,
    token: &NewToken,
) -> QueryResult<()> {
    let NewToken { key, kind, ends, scopes } = token;
    connection
        .change(
            "INSERT INTO grant_tokens (token, kind, grant_id, ends, scopes) VALUES ($1, $2, $3, $4, $5)",
            values![&key.0[..], kind.column(), &grant.0[..], to_column(*ends), scope_text(scopes)],
        )
        .await
        .map(drop)
}

/// Marks a code or refresh token as used. `scopes`: with what.
pub(super) async fn mark_used(
    connection: &QueryConnection<'_>,
    key: TokenKey,
    now: i64,
    scopes: &str,
) -> QueryResult<()> {
    let mark = "UPDATE grant_tokens SET used = $2, scopes = $3 WHERE token = $1";
    connection.change(mark, values![&key.0[..], now, scopes]).await.map(drop)
}

/// Holds the grant of a token until the transaction ends.
pub(super) async fn hold_grant_of(connection: &QueryConnection<'_>, key: TokenKey) -> QueryResult<()> {
    let hold = "SELECT FROM grants WHERE id = (SELECT grant_id FROM grant_tokens WHERE token = $1)
                FOR NO KEY UPDATE";
    connection.change(hold, values![&key.0[..]]).await.map(drop)
}

/// Finds a token and its grant.
pub(super) async fn select_token(
    connection: &QueryConnection<'_>,
    key: TokenKey,
    kind: TokenKind,
) -> QueryResult<Option<TokenRow>> {
    let read = |row: &Row| {
        let grant = GrantRow {
            id: GrantId(digest(row, 0)?),
            session: SessionKey(digest(row, 1)?),
            client: column(row, 2)?,
            ends: column(row, 3)?,
            sealed: column(row, 4)?,
        };
        Ok(TokenRow { grant, used: column(row, 5)?, ends: column(row, 6)?, scopes: column(row, 7)? })
    };
    connection
        .first(
            "SELECT g.id, g.session, g.client, g.ends, g.sealed, t.used, t.ends, t.scopes
             FROM grant_tokens t JOIN grants g ON g.id = t.grant_id
             WHERE t.token = $1 AND t.kind = $2",
            values![&key.0[..], kind.column()],
            read,
        )
        .await
}

/// Uses a refresh token, as [`Grants::renew`](crate::adapters::store::grants::Grants::renew) says.
pub(super) async fn renew(
    connection: &QueryConnection<'_>,
    renewal: &Renewal,
    now: Timestamp,
) -> QueryResult<Renewed> {
    let Renewal { key, successor, access, .. } = renewal;
    hold_grant_of(connection, *key).await?;
    let Some(row) = select_token(connection, *key, TokenKind::Refresh).await? else {
        return Ok(Renewed::Unknown);
    };
    let next = select_token(connection, *successor, TokenKind::Refresh).await?;
    let renewed = row.renewed(renewal, next.as_ref(), now);
    match renewed {
        Renewed::Unknown | Renewed::OtherScope => return Ok(renewed),
        Renewed::Again => {
            delete_grant(connection, row.grant.id).await?;
            return Ok(renewed);
        }
        Renewed::Replaced if row.used.is_none() => {
            mark_used(connection, *key, to_column(now), &scope_text(&access.scopes)).await?;
            let ends = from_column(row.grant.ends);
            let next = NewToken { key: *successor, kind: TokenKind::Refresh, ends, scopes: Scopes::new() };
            insert_token(connection, row.grant.id, &next).await?;
        }
        Renewed::Kept | Renewed::Replaced => {}
    }
    insert_token(connection, row.grant.id, access).await?;
    Ok(renewed)
}
