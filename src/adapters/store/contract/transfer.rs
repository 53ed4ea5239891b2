//! Rows as they are: described, copied, compared.

use super::administration::client;
use super::deliveries::plan_one;
use super::grants::{JANE, grant, signed_in, token};
use super::outbox::limits;
use super::*;
use crate::adapters::keys::assertion::Signer;
use crate::adapters::store::administration::EnvironmentChoice;
use crate::adapters::store::grants::{TokenKey, TokenKind, Use};
use crate::adapters::store::mappings::{Expected, StoredDraft};
use crate::adapters::store::raw::each_batch;
use crate::adapters::store::sessions::{LongAddressKey, Once};
use crate::adapters::store::tables::{ColumnKind, NOT_COPIED, TABLES, Table};
use crate::adapters::store::transfer;
use crate::domain::catalogue::Catalogue;
use crate::domain::client::Algorithm;
use crate::domain::community::CommunityText;
use crate::domain::mapping::{Edit, Version, VersionHead};
use crate::domain::rule::Rules;
use crate::domain::time::TimeZone;

/// A store with something in every table: Jane is signed in with session 1 and has a code 1, and Omar's session has ended.
pub(in crate::adapters::store) async fn furnished(place: &dyn Place) -> Arc<dyn Store> {
    let store = signed_in(place).await;
    begin(&*store, &session(2, OMAR)).await;
    store.put_grant(&grant(2, 2, "wiki"), token(2, TokenKind::Code, at(1)), true).await.unwrap();
    store.end_session(&key(2)).await.unwrap();
    store.use_once(&Once([1; 32]), at(90)).await.unwrap();
    let network = "192.0.2.1".parse().unwrap();
    store.keep_address(LongAddressKey([1; 32]), network, "/members?x", at(0), at(15)).await.unwrap();
    store.put_key(&Signer::generate(Algorithm::EdDsa, at(0), at(0)).unwrap()).await.unwrap();
    store.put_client(None, &client("forum", "Forum"), &entry("client")).await.unwrap();
    let edit = || Edit { by: Actor::operator(), at: at(0) };
    let rules = Rules::new(TimeZone::UTC);
    let head = VersionHead { number: 1, published: edit(), note: "why".to_owned(), restored_from: None };
    let version = Version { head, rules: rules.clone(), produced: Default::default() };
    let draft = StoredDraft { revision: 1, last: Some(edit()), content: Some((1, rules)), awaited: None };
    let seen = Expected { revision: 0, version: 0 };
    assert_eq!(store.publish(seen, &version, &draft, &entry("publish")).await, Ok(true));
    let text = CommunityText { text: "time_zone = \"UTC\"\n".to_owned() };
    let of_community =
        Version { head: version.head.clone(), rules: text.clone(), produced: Default::default() };
    let draft = StoredDraft { revision: 1, last: Some(edit()), content: Some((1, text)), awaited: None };
    assert_eq!(store.publish(seen, &of_community, &draft, &entry("publish")).await, Ok(true));
    store.keep_role_lists(&[("one", "a\nb")], at(0), Timestamp::MIN).await.unwrap();
    store.put_link(&Once([1; 32]), at(90), &entry("link")).await.unwrap();
    store.open_link(&Once([1; 32]), &key(9), at(90), &entry("opened")).await.unwrap();
    let lists = Catalogue {
        as_of: at(0),
        committees: Vec::new(),
        events: Vec::new(),
        custom_fields: Vec::new(),
        relationships: Vec::new(),
        ..Catalogue::default()
    };
    store.put_catalogue("production", &lists).await.unwrap();
    store.put_state("production", "feed", b"{}").await.unwrap();
    plan_one(&*store).await;
    let choice = EnvironmentChoice { configured: "production".into(), chosen: "sandbox".into() };
    store.choose_environment(&choice, &entry("choice")).await.unwrap();
    store
}

/// How many rows each table has.
pub(in crate::adapters::store) async fn counts(rows: &dyn RawRows) -> Vec<(&'static str, usize)> {
    let mut counts = Vec::new();
    for table in TABLES {
        let mut count = 0;
        each_batch(rows, table, async |rows| {
            count += rows.len();
            Ok(())
        })
        .await
        .unwrap();
        counts.push((table.name, count));
    }
    counts
}

pub(super) async fn every_table_is_described_as_it_is(place: &dyn Place) {
    drop(place.open());
    let described = |table: &Table| {
        let kind = |kind| match kind {
            ColumnKind::Integer => ["integer", "bigint"],
            ColumnKind::Text => ["text", "text"],
            ColumnKind::Bytes | ColumnKind::Sealed => ["blob", "bytea"],
        };
        let columns = table.columns.iter().map(|column| (column.name, kind(column.kind)));
        (table.keys, columns.collect::<Vec<_>>())
    };
    let mut shown = place.tables();
    shown.retain(|(name, ..)| !NOT_COPIED.contains(&name.as_str()));
    assert_eq!(shown.len(), TABLES.len(), "{shown:?}");
    for (name, keys, columns) in shown {
        let table = TABLES.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("{name}"));
        let (key_columns, mut described) = described(table);
        assert_eq!(keys, key_columns, "{name}");
        let mut shown: Vec<_> = columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        assert_eq!(
            shown[..keys].iter().map(|column| column.0).collect::<Vec<_>>(),
            described[..keys].iter().map(|column| column.0).collect::<Vec<_>>(),
            "{name}: the key, in its order"
        );
        shown.sort_unstable();
        described.sort_unstable();
        assert_eq!(shown.len(), described.len(), "{name}");
        for ((shown, kind), (described, kinds)) in shown.into_iter().zip(described) {
            assert!(
                shown == described && kinds.contains(&kind),
                "{name}: {shown} {kind}, {described} {kinds:?}"
            );
        }
    }
}

pub(super) async fn what_is_sealed_opens_by_the_description_of_its_table(place: &dyn Place) {
    drop(furnished(place).await);
    let rows = place.snapshot().await.unwrap();
    for (table, count) in counts(&*rows).await {
        assert!(count > 0, "{table} has nothing that could fail to open");
    }
    assert_eq!(transfer::open_all(&*rows, place.secrets()).await, Ok(()));
    let other = SecretKeys::generate().unwrap();
    assert_eq!(transfer::open_all(&*rows, &other).await, Err(StoreError::WrongKey));
}

pub(super) async fn a_copy_holds_every_row_and_signs_nobody_out(place: &dyn Place) {
    let store = furnished(place).await;
    // More than one batch.
    for n in 0..1200_u16 {
        store.put_record("production", &record(&format!("m-{n}"), at(0)), at(0)).await.unwrap();
    }
    let target = place.another();
    let filling = target.filling().await.unwrap();
    let from = place.snapshot().await.unwrap();
    let copied = transfer::copy(&*from, &*filling).await.unwrap();
    filling.finish().await.unwrap();
    let told: Vec<_> =
        copied.iter().map(|table| (table.name, usize::try_from(table.rows).unwrap())).collect();
    assert_eq!(told, counts(&*from).await);
    assert_eq!(told, counts(&*target.snapshot().await.unwrap()).await);
    let copy = target.open_for_gateway(place.secrets(), at(0)).unwrap();
    assert_eq!(copy.session(&key(1)).await, store.session(&key(1)).await);
    assert!(copy.session(&key(1)).await.unwrap().is_some());
    assert!(matches!(copy.use_code(TokenKey([1; 32]), at(0)).await, Ok(Use::First(_))));
    assert_eq!(copy.entries(u64::MAX, 100).await, store.entries(u64::MAX, 100).await);
    assert_eq!(copy.use_once(&Once([1; 32]), at(90)).await, Ok(false), "what was used stays used");
    // What is written next gets a number of its own.
    copy.append(&entry("later")).await.unwrap();
    copy.end_session(&key(1)).await.unwrap();
    assert_eq!(copy.take_messages(at(0), at(1), limits()).await.unwrap().len(), 2);
}

pub(super) async fn a_copy_of_a_store_in_use_is_of_one_moment(place: &dyn Place) {
    let store = furnished(place).await;
    let from = place.snapshot().await.unwrap();
    let before = counts(&*from).await;
    begin(&*store, &session(3, OMAR)).await;
    store.end_session(&key(1)).await.unwrap();
    let target = place.another();
    let filling = target.filling().await.unwrap();
    transfer::copy(&*from, &*filling).await.unwrap();
    filling.finish().await.unwrap();
    assert_eq!(counts(&*target.snapshot().await.unwrap()).await, before);
    let copy = target.open_for_gateway(place.secrets(), at(0)).unwrap();
    assert!(copy.session(&key(1)).await.unwrap().is_some());
    assert!(copy.session(&key(3)).await.unwrap().is_none());
}

pub(super) async fn a_copy_goes_only_into_an_empty_place_and_is_nothing_before_it_is_finished(
    place: &dyn Place,
) {
    drop(furnished(place).await);
    assert!(matches!(place.filling().await.err(), Some(StoreError::NotEmpty(_))));
    let target = place.another();
    let filling = target.filling().await.unwrap();
    transfer::copy(&*place.snapshot().await.unwrap(), &*filling).await.unwrap();
    assert!(
        matches!(target.snapshot().await.err(), Some(StoreError::Missing(_))),
        "nothing is there for others"
    );
    drop(filling);
    assert!(
        matches!(target.snapshot().await.err(), Some(StoreError::Missing(_))),
        "a copy that was broken off is none"
    );
    let again = target.filling().await.unwrap();
    transfer::copy(&*place.snapshot().await.unwrap(), &*again).await.unwrap();
    again.finish().await.unwrap();
    assert!(target.snapshot().await.is_ok());
}

pub(super) async fn sessions_that_are_ended_in_a_copy_tell_their_clients(place: &dyn Place) {
    drop(furnished(place).await);
    let target = place.another();
    let filling = target.filling().await.unwrap();
    transfer::copy(&*place.snapshot().await.unwrap(), &*filling).await.unwrap();
    filling.end_sessions(vec![key(1)]).await.unwrap();
    filling.finish().await.unwrap();
    let copy = target.open_for_gateway(place.secrets(), at(0)).unwrap();
    assert_eq!(copy.session(&key(1)).await, Ok(None));
    assert_eq!(copy.use_code(TokenKey([1; 32]), at(0)).await, Ok(Use::Unknown));
    let told: Vec<_> = copy.take_messages(at(0), at(1), limits()).await.unwrap();
    assert!(told.iter().any(|message| message.subject == JANE), "{told:?}");
}
