//! Opening the database: makes the tables on first start, proves that the key is the right one, brings the tables up to date.
//!
//! Nothing is changed in a database that is not ours, that a newer release wrote, or that was made with another key.

use std::sync::Arc;

use super::engine::Engine;
use super::statement::{QueryConnection, QueryError, QueryResult, column, only, values};
use crate::adapters::store::error::StoreError;
use crate::adapters::store::sealed::{Bound, Vault};

/// The steps from an empty database to the present tables. A released step is never edited; a change is a new step.
const STEPS: [&str; 1] = [include_str!("sql/1.sql")];

/// Held while tables are looked at and made, so that two who start at once do not both make them. It ends with the transaction.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7236285094132)";

/// Brings the database into the state that the present release expects. Blocks.
pub(super) fn prepare(engine: &Engine, vault: &Arc<Vault>) -> Result<(), StoreError> {
    let canary = vault.seal_bytes(b"membergate", Bound::Canary)?;
    engine.wait_for((Arc::clone(vault), canary), |connection, (vault, canary)| {
        Box::pin(migrate(connection, vault, canary))
    })
}

/// Whether a gateway has run on the database before. Blocks.
pub(super) fn has_tables(engine: &Engine) -> Result<bool, StoreError> {
    engine.wait_for((), |connection, ()| {
        Box::pin(async move { Ok(version_and_canary(connection).await?.is_some()) })
    })
}

/// Takes the steps that are missing: all or none of them.
async fn migrate(connection: &QueryConnection<'_>, vault: &Vault, canary: &[u8]) -> QueryResult<()> {
    connection.change(LOCK, &[]).await?;
    let done = match version_and_canary(connection).await? {
        None => 0,
        Some((version, _)) if version > STEPS.len() => return Err(StoreError::Newer.into()),
        Some((_, sealed)) if vault.open_bytes(&sealed, Bound::Canary).is_err() => {
            return Err(StoreError::WrongKey.into());
        }
        Some((version, _)) => version,
    };
    for (number, step) in (1_i64..).zip(STEPS).skip(done) {
        connection.batch(step).await?;
        if number == 1 {
            connection.batch("CREATE TABLE schema_version (version BIGINT NOT NULL)").await?;
            connection.change("INSERT INTO schema_version (version) VALUES (0)", &[]).await?;
            connection.change("INSERT INTO canary (sealed) VALUES ($1)", values![canary]).await?;
        }
        connection.change("UPDATE schema_version SET version = $1", values![number]).await?;
    }
    Ok(())
}

/// How many steps the database has behind it, and its canary. `None`: it is empty.
async fn version_and_canary(connection: &QueryConnection<'_>) -> QueryResult<Option<(usize, Vec<u8>)>> {
    let select = "SELECT count(*), count(*) FILTER (WHERE relname = 'schema_version') FROM pg_class
                  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')";
    let counted: Option<(i64, i64)> =
        connection.first(select, &[], |row| Ok((column(row, 0)?, column(row, 1)?))).await?;
    match counted {
        Some((0, _)) => return Ok(None),
        Some((_, 1)) => {}
        Some(_) => {
            let why = "the database has tables of another program".to_owned();
            return Err(QueryError::Store(StoreError::Unavailable(why)));
        }
        None => {
            let why = "the user's `search_path` names no schema that is there".to_owned();
            return Err(QueryError::Store(StoreError::Unavailable(why)));
        }
    }
    let version: Option<i64> = connection.first("SELECT version FROM schema_version", &[], only).await?;
    let sealed: Option<Vec<u8>> = connection.first("SELECT sealed FROM canary", &[], only).await?;
    // A negative number is not ours either.
    let version = usize::try_from(version.unwrap_or(-1)).unwrap_or(usize::MAX);
    Ok(Some((version, sealed.unwrap_or_default())))
}
