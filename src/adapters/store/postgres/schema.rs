//! Opening the database: makes the tables on first start, proves that the key is the right one, and that the tables are those of this
//! release.
//!
//! Nothing is changed in a database that is not ours, that another release wrote, or that was made with another key.

use super::engine::Engine;
use super::secrets::{data_keys, open_data_keys, write_data_keys};
use super::statement::{QueryConnection, QueryError, QueryResult, column, only, values};
use crate::adapters::keys::data_keys::{DataKeys, SealedDataKey};
use crate::adapters::keys::secret::SecretKeys;
use crate::adapters::store::error::StoreError;
use crate::adapters::store::tables::TablesFound;

/// The steps from an empty database to the present tables. A released step is never edited; a change is a new step, which
/// `store upgrade` takes.
const STEPS: [&str; 1] = [include_str!("sql/1.sql")];

/// Held while tables are looked at and made, so that two who start at once do not both make them. It ends with the transaction.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock(7236285094132)";

/// Makes the tables if there are none, and gives the keys of the store. Blocks.
pub(super) fn prepare(engine: &Engine, secrets: &SecretKeys) -> Result<DataKeys, StoreError> {
    let born = DataKeys::new(secrets)?.seal(secrets)?;
    let rows = engine.wait_for(born, |connection, born| Box::pin(make_if_empty(connection, born)))?;
    open_data_keys(&rows, secrets)
}

/// Takes the steps that are missing: all or none of them. `false`: none was missing. Blocks.
pub(super) fn upgrade(engine: &Engine) -> Result<bool, StoreError> {
    engine.wait_for((), |connection, ()| {
        Box::pin(async move {
            connection.change(LOCK, &[]).await?;
            let TablesFound::Older(done) = look(connection).await? else { return Ok(false) };
            refuse_in_use(connection).await?;
            take_steps(connection, done).await?;
            Ok(true)
        })
    })
}

/// Whether a gateway has run on the database before. Blocks.
pub(super) fn has_tables(engine: &Engine) -> Result<bool, StoreError> {
    engine.wait_for((), |connection, ()| {
        Box::pin(async move { Ok(look(connection).await? != TablesFound::Empty) })
    })
}

async fn make_if_empty(
    connection: &QueryConnection<'_>,
    born: &[SealedDataKey],
) -> QueryResult<Vec<SealedDataKey>> {
    connection.change(LOCK, &[]).await?;
    match look(connection).await? {
        TablesFound::Empty => {
            make_tables(connection).await?;
            write_data_keys(connection, born).await?;
        }
        TablesFound::Older(_) => return Err(StoreError::Older.into()),
        TablesFound::Present => {}
    }
    data_keys(connection).await
}

/// Makes the tables of an empty database.
pub(super) async fn make_tables(connection: &QueryConnection<'_>) -> QueryResult<()> {
    connection.batch("CREATE TABLE schema_version (version BIGINT NOT NULL)").await?;
    connection.change("INSERT INTO schema_version (version) VALUES (0)", &[]).await?;
    take_steps(connection, 0).await
}

async fn take_steps(connection: &QueryConnection<'_>, done: usize) -> QueryResult<()> {
    for (number, step) in (1_i64..).zip(STEPS).skip(done) {
        connection.batch(step).await?;
        connection.change("UPDATE schema_version SET version = $1", values![number]).await?;
    }
    Ok(())
}

/// Removes every table and function of ours.
pub(super) async fn remove_tables(connection: &QueryConnection<'_>) -> QueryResult<()> {
    let remove = "DO $$ DECLARE name TEXT; BEGIN
        FOR name IN SELECT oid::regclass::text FROM pg_class
          WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        LOOP EXECUTE 'DROP TABLE IF EXISTS ' || name || ' CASCADE'; END LOOP;
        DROP FUNCTION stays(); DROP FUNCTION is_newer(bytea, bytea);
      END $$";
    connection.batch(remove).await
}

/// Refuses a store on which a gateway runs, and keeps one from beginning until the transaction ends.
pub(super) async fn refuse_in_use(connection: &QueryConnection<'_>) -> QueryResult<()> {
    let select =
        "SELECT current_database()::text FROM gateway_lease WHERE until > clock_timestamp() FOR UPDATE";
    match connection.first::<String>(select, &[], only).await? {
        Some(database) => Err(StoreError::InUse(format!("database `{database}`")).into()),
        None => Ok(()),
    }
}

/// What is in the database.
pub(super) async fn look(connection: &QueryConnection<'_>) -> QueryResult<TablesFound> {
    let select = "SELECT count(*), count(*) FILTER (WHERE relname = 'schema_version') FROM pg_class
                  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')";
    let counted: Option<(i64, i64)> =
        connection.first(select, &[], |row| Ok((column(row, 0)?, column(row, 1)?))).await?;
    match counted {
        Some((0, _)) => return Ok(TablesFound::Empty),
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
    // A negative number is not ours either.
    match usize::try_from(version.unwrap_or(-1)).unwrap_or(usize::MAX) {
        version if version > STEPS.len() => Err(StoreError::Newer.into()),
        version if version < STEPS.len() => Ok(TablesFound::Older(version)),
        _ => Ok(TablesFound::Present),
    }
}
