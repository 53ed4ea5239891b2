//! The change log: what other gateways must hear of, written in the transaction of the change itself.
//!
//! A reader takes what lies below the oldest transaction that is still open (`pg_snapshot_xmin`), in the order of transactions. So
//! it never skips a row that is committed late, as one that asks for greater numbers would. A notification only wakes readers; it
//! is sent after the commit, at most once every 20 milliseconds, because committing with one waits for all others that do.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Engine, Shared};
use super::statement::{QueryConnection, QueryResult, values};

/// The channel on which readers are woken.
const CHANNEL: &str = "membergate_changes";

/// How long changes are gathered for one notification.
const GATHERING: Duration = Duration::from_millis(20);

/// What has changed.
pub(super) enum Change<'a> {
    /// These sessions have ended.
    Sessions(&'a [Vec<u8>]),
    /// The records of these people, by environment.
    Records(&'a str, &'a [Vec<u8>]),
    /// The draft of the role mapping, and perhaps the version in force.
    Mapping,
    /// An OpenID client.
    Client(&'a str),
    /// The choice of the AMS environment.
    Environment,
}

/// Writes it down, within the transaction of the change.
pub(super) async fn note(connection: &QueryConnection<'_>, change: Change<'_>) -> QueryResult<()> {
    let (kind, keys, name): (&str, Vec<&[u8]>, Option<&str>) = match change {
        Change::Sessions(keys) => ("session", keys.iter().map(|key| &key[..]).collect(), None),
        Change::Records(environment, people) => {
            ("record", people.iter().map(|person| &person[..]).collect(), Some(environment))
        }
        Change::Mapping => ("mapping", Vec::new(), None),
        Change::Client(id) => ("client", Vec::new(), Some(id)),
        Change::Environment => ("environment", Vec::new(), None),
    };
    if keys.is_empty() {
        let insert = "INSERT INTO changes (kind, name) VALUES ($1, $2)";
        connection.change(insert, values![kind, name]).await?;
    } else {
        let insert = "INSERT INTO changes (kind, name, row_key) SELECT $1, $2, unnest($3)";
        connection.change(insert, values![kind, name, keys]).await?;
    }
    connection.note_change();
    Ok(())
}

/// Wakes the readers whenever something was committed that they must hear of, as long as the store is open.
pub(super) fn wake_readers(engine: &Engine) {
    let (shared, stop): (Arc<Shared>, _) = (Arc::clone(engine.shared()), engine.stop().clone());
    engine.spawn(async move {
        let waking = async {
            loop {
                shared.changed.notified().await;
                tokio::time::sleep(GATHERING).await;
                // A notification that fails is missed by nobody: readers look by themselves, too.
                let _missed = shared.notify(CHANNEL).await;
            }
        };
        tokio::select! { () = waking => {}, () = stop.cancelled() => {} }
    });
}
