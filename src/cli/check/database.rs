//! A store on a server, as `check` looks at it.

use tokio::runtime::Runtime;

use super::finding::Finding;
use super::secret_keys::secret_keys;
use crate::adapters::clock::{Clock as _, SystemClock};
use crate::adapters::store::postgres::server::Server;
use crate::adapters::store::{StoreDoubt, StoreError};
use crate::app;
use crate::config::settings::StoreSettings;

/// Whether it can be used, and what may trouble gateways on it. Makes no tables.
pub(super) fn check(runtime: &Runtime, store: &StoreSettings, server: &Server) -> Vec<Finding> {
    let what = "store";
    let secrets = &store.secret_keys;
    let store = match app::open_existing_store(store) {
        Ok(Some(store)) => store,
        Ok(None) => {
            let how = format!("{server} answers; the first start makes the tables");
            return vec![Finding::fine(what, how)];
        }
        Err(error) => return vec![failed(server, &error)],
    };
    let looked = runtime.block_on(async {
        store.ping().await?;
        store.doubts(SystemClock.now()).await
    });
    match looked {
        Ok(doubts) => {
            let fine = Finding::fine(what, format!("{server} opens, answers and can be written"));
            let doubts = doubts.into_iter().map(doubted);
            std::iter::once(fine).chain(doubts).chain(secret_keys(runtime, &*store, secrets)).collect()
        }
        Err(error) => vec![failed(server, &error)],
    }
}

fn doubted(doubt: StoreDoubt) -> Finding {
    let remedy = match doubt {
        StoreDoubt::Skew(_) => "Let both keep time by NTP; gateways go by the clock of the server",
        StoreDoubt::NoNotifications => {
            "Let `store.url` name the server itself, or a pooler that keeps a session for each connection"
        }
    };
    Finding::warning("store", doubt.to_string(), remedy)
}

fn failed(server: &Server, error: &StoreError) -> Finding {
    let remedy = match error {
        StoreError::WrongKey => {
            "Put the key with which the tables were made into `store.secret_keys`, or name another database"
        }
        StoreError::Newer => {
            "Run the release that wrote it, or put the backup from before the upgrade in its place"
        }
        StoreError::InUse(_) | StoreError::Superseded => "Stop the other gateway, or name another database",
        StoreError::Busy => {
            "Allow more connections at the server, or lower `store.connections` of each gateway"
        }
        StoreError::Older => "Back it up, stop the gateway, and run `membergate store upgrade`",
        StoreError::Unavailable(_)
        | StoreError::Damaged(_)
        | StoreError::File(_)
        | StoreError::Missing(_)
        | StoreError::NotEmpty(_)
        | StoreError::Differs(_) => "See whether the server runs, lets this user in, and can write",
    };
    Finding::failed("store", format!("{server}: {error}"), remedy)
}
