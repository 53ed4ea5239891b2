//! Rows that somebody or something changed: none of them is believed.

use super::File;
use crate::adapters::store::StoreError;
use crate::adapters::store::administration::Administration as _;
use crate::adapters::store::contract::administration::client;
use crate::adapters::store::contract::{DANA, OMAR, at, begin, entry, key, record, session};
use crate::adapters::store::directory::Directory as _;
use crate::adapters::store::sessions::Sessions as _;

#[tokio::test]
async fn rows_that_were_damaged_or_swapped_are_refused() {
    let swap = |table: &str, column: &str| {
        format!(
            "CREATE TEMP TABLE before AS SELECT * FROM {table};
             UPDATE {table} SET {column} =
               (SELECT b.{column} FROM temp.before b WHERE b.person <> {table}.person)"
        )
    };
    let cases = [
        ("a damaged record", "UPDATE records SET sealed = zeroblob(length(sealed))".to_owned()),
        ("an empty record", "UPDATE records SET sealed = x''".to_owned()),
        ("a damaged session", "UPDATE sessions SET sealed = x'01'".to_owned()),
        ("swapped records", swap("records", "sealed")),
        ("swapped sessions", swap("sessions", "sealed")),
        ("sessions that point to the other's record", swap("sessions", "person")),
        ("a prolonged session", "UPDATE sessions SET created = created + 1".to_owned()),
        ("a session moved to another host", "UPDATE sessions SET host = 'admin.reef.example'".to_owned()),
        (
            "rows moved to another environment",
            "UPDATE sessions SET environment = 'staging'; UPDATE records SET environment = 'staging'"
                .to_owned(),
        ),
    ];
    for (case, sql) in cases {
        let file = File::new();
        let store = file.open();
        begin(&store, &session(1, DANA)).await;
        begin(&store, &session(2, OMAR)).await;
        drop(store);
        file.edit(&sql);
        let store = file.open();
        for n in [1, 2] {
            let answer = store.session(&key(n)).await;
            assert!(matches!(answer, Err(StoreError::Damaged(_))), "{case}: {answer:?}");
        }
        store.end_session(&key(1)).await.unwrap();
        assert_eq!(store.session(&key(1)).await, Ok(None), "{case}: it can still be ended");
    }
}

#[tokio::test]
async fn a_client_that_was_edited_is_not_believed() {
    let file = File::new();
    let store = file.open();
    for id in ["forum", "shop"] {
        assert_eq!(store.put_client(None, &client(id, id), &entry("client")).await, Ok(true));
    }
    file.edit("UPDATE openid_clients SET sealed = (SELECT sealed FROM openid_clients WHERE id = 'shop')");
    assert_eq!(store.clients().await, Err(StoreError::Damaged("OpenID client")));
}

#[tokio::test]
async fn what_was_just_read_takes_the_place_of_a_damaged_record() {
    let file = File::new();
    let store = file.open();
    begin(&store, &session(1, DANA)).await;
    file.edit("UPDATE records SET sealed = zeroblob(length(sealed)), listed = x'01'");
    assert_eq!(store.session(&key(1)).await, Err(StoreError::Damaged("record")));
    let kept = store.put_record("production", &record(DANA, at(5)), at(5)).await;
    assert_eq!(kept, Ok(record(DANA, at(5))));
    assert_eq!(store.session(&key(1)).await, Ok(Some((session(1, DANA), record(DANA, at(5))))));
}

#[tokio::test]
async fn the_state_of_the_directory_is_that_of_its_name_and_environment() {
    for (case, sql) in [
        ("another name", "UPDATE directory_state SET name = 'feed'"),
        ("another environment", "UPDATE directory_state SET environment = 'staging', name = 'feed'"),
    ] {
        let file = File::new();
        let store = file.open();
        store.put_state("production", "sweep", b"{}").await.unwrap();
        file.edit(sql);
        let damaged = Err(StoreError::Damaged("state of the directory"));
        let environment = if case == "another name" { "production" } else { "staging" };
        assert_eq!(store.state(environment, "feed").await, damaged.clone(), "{case}");
        assert_eq!(store.states(environment, "").await, damaged.map(|_| Vec::new()), "{case}");
    }
}
