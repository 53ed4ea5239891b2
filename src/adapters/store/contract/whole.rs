//! What a store does as a whole.

use super::*;
use crate::adapters::keys::assertion::Signer;
use crate::adapters::store::sessions::Once;
use crate::domain::client::Algorithm;

pub(super) async fn a_purge_deletes_what_is_over_and_keeps_what_lives(place: &dyn Place) {
    let store = place.open();
    let old = Session { created: at(-100), last_seen: at(50), ..session(1, DANA) };
    let idle = Session { created: at(10), last_seen: at(10), ..session(2, DANA) };
    let lives = Session { created: at(0), last_seen: at(40), ..session(3, OMAR) };
    for session in [&old, &idle, &lives] {
        begin(&*store, session).await;
    }
    store.put_record("production", &record("m-3", at(20)), at(20)).await.unwrap();
    store.use_once(&Once([1; 32]), at(59)).await.unwrap();
    store.use_once(&Once([2; 32]), at(60)).await.unwrap();
    let purge = Purge { now: at(60), created_before: at(0), seen_before: at(40), records_before: at(20) };
    store.purge(&purge).await.unwrap();
    for (n, kept) in [(1, false), (2, false), (3, true)] {
        assert_eq!(store.session(&key(n)).await.unwrap().is_some(), kept, "session {n}");
    }
    assert_eq!(store.use_once(&Once([1; 32]), at(90)).await, Ok(true), "forgotten");
    assert_eq!(store.use_once(&Once([2; 32]), at(90)).await, Ok(false), "remembered");
    let left = store.count_records("production").await;
    assert_eq!(left, Ok(2), "Omar's, who is signed in, and the young one");
}

pub(super) async fn a_purge_ends_although_there_are_many_batches(place: &dyn Place) {
    let store = place.open();
    let once = |n: u16| {
        let mut once = [0; 32];
        once[..2].copy_from_slice(&n.to_be_bytes());
        Once(once)
    };
    // As many at once as the queue takes.
    let use_all = async |range: std::ops::Range<u16>| {
        let mut tasks = tokio::task::JoinSet::new();
        for n in range {
            let store = store.clone();
            tasks.spawn(async move { store.use_once(&once(n), Timestamp::MIN).await.unwrap() });
        }
        tasks.join_all().await.into_iter().filter(|first| *first).count()
    };
    let ranges = [0..600, 600..1200];
    for range in ranges.clone() {
        assert_eq!(use_all(range).await, 600);
    }
    store.purge(&purge_at(at(0))).await.unwrap();
    for range in ranges {
        assert_eq!(use_all(range).await, 600, "all are forgotten");
    }
}

pub(super) async fn signing_keys_are_kept_oldest_first_and_once(place: &dyn Place) {
    let store = place.open();
    let old = Signer::generate(Algorithm::EdDsa, at(-2), at(-2)).unwrap();
    let new = Signer::generate(Algorithm::Es256, at(-1), at(9)).unwrap();
    for key in [&new, &old, &old] {
        store.put_key(key).await.unwrap();
    }
    drop(store);
    let kept = place.open().keys().await.unwrap();
    assert_eq!(kept.len(), 2);
    for (kept, key) in kept.iter().zip([old, new]) {
        assert_eq!((&kept.id, kept.algorithm, &kept.pkcs8), (&key.id, key.algorithm, &key.pkcs8));
        assert_eq!((kept.created, kept.signs_from), (key.created, key.signs_from));
    }
}

pub(super) async fn a_store_that_works_says_so(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.ping().await, Ok(()));
    assert_eq!(store.write_failures(), 0);
}
