//! Sessions, what was used once, and long addresses.

use super::*;
use crate::adapters::store::sessions::{LongAddressKey, Once, SessionFilter};
use crate::domain::session::LogoutHint;

pub(super) async fn a_session_survives_a_restart_with_its_record(place: &dyn Place) {
    let store = place.open();
    begin(&*store, &session(1, DANA)).await;
    drop(store);
    let found = place.open().session(&key(1)).await.unwrap();
    assert_eq!(found, Some((session(1, DANA), record(DANA, at(0)))));
}

pub(super) async fn what_a_logout_is_shown_survives_a_restart(place: &dyn Place) {
    let store = place.open();
    let hint = LogoutHint::new("header.claims.signature".to_owned());
    begin(&*store, &Session { logout_hint: hint.clone(), ..session(1, DANA) }).await;
    begin(&*store, &session(2, DANA)).await;
    drop(store);
    let store = place.open();
    for (n, expect) in [(1, hint), (2, None)] {
        let (session, _) = store.session(&key(n)).await.unwrap().unwrap();
        assert_eq!(session.logout_hint, expect, "session {n}");
    }
}

pub(super) async fn a_session_that_was_ended_stays_ended(place: &dyn Place) {
    let store = place.open();
    begin(&*store, &session(1, DANA)).await;
    begin(&*store, &session(2, DANA)).await;
    store.end_session(&key(1)).await.unwrap();
    store.end_session(&key(1)).await.unwrap();
    assert_eq!(store.session(&key(1)).await, Ok(None));
    drop(store);
    let store = place.open();
    assert_eq!(store.session(&key(1)).await, Ok(None));
    assert!(store.session(&key(2)).await.unwrap().is_some());
}

pub(super) async fn every_session_of_one_person_ends_and_nobody_elses(place: &dyn Place) {
    let store = place.open();
    let staging = Session { environment: "staging".to_owned(), ..session(4, DANA) };
    for session in [&session(1, DANA), &session(2, DANA), &session(3, OMAR), &staging] {
        begin(&*store, session).await;
    }
    let mut ended = store.end_sessions_of("production", &id(DANA)).await.unwrap();
    ended.sort_unstable();
    assert_eq!(ended, [key(1), key(2)]);
    assert_eq!(store.end_sessions_of("production", &id(DANA)).await, Ok(Vec::new()));
    for (n, lives) in [(1, false), (2, false), (3, true), (4, true)] {
        assert_eq!(store.session(&key(n)).await.unwrap().is_some(), lives, "session {n}");
    }
}

pub(super) async fn a_session_shows_the_latest_record_of_its_own_environment(place: &dyn Place) {
    let store = place.open();
    begin(&*store, &session(1, DANA)).await;
    let as_of = async || store.session(&key(1)).await.unwrap().unwrap().1.as_of();
    store.put_record("production", &record(DANA, at(10)), at(10)).await.unwrap();
    assert_eq!(as_of().await, at(10));
    store.put_record("production", &record(DANA, at(5)), at(11)).await.unwrap();
    assert_eq!(as_of().await, at(10), "a slow answer does not undo a fresh one");
    store.put_record("staging", &record(DANA, at(20)), at(20)).await.unwrap();
    assert_eq!(as_of().await, at(10));
    begin(&*store, &Session { created: at(11), ..session(2, DANA) }).await;
    assert_eq!(as_of().await, at(10));
}

pub(super) async fn a_session_needs_the_record_of_its_own_person(place: &dyn Place) {
    let store = place.open();
    assert!(store.begin_session(&session(1, DANA), &record(OMAR, at(0))).await.is_err());
    assert_eq!(store.session(&key(1)).await, Ok(None));
}

pub(super) async fn a_session_and_its_record_are_written_both_or_neither(place: &dyn Place) {
    let store = place.open();
    begin(&*store, &session(1, DANA)).await;
    // The key is taken, so the session cannot be written; the newer record must not be either.
    assert!(store.begin_session(&session(1, DANA), &record(DANA, at(9))).await.is_err());
    assert_eq!(store.session(&key(1)).await.unwrap().unwrap().1.as_of(), at(0));
}

pub(super) async fn last_seen_only_moves_forward(place: &dyn Place) {
    let store = place.open();
    begin(&*store, &session(1, DANA)).await;
    store.touch(&[(key(1), at(7)), (key(9), at(7))]).await.unwrap();
    store.touch(&[(key(1), at(3))]).await.unwrap();
    assert_eq!(store.session(&key(1)).await.unwrap().unwrap().0.last_seen, at(7));
    assert_eq!(store.session(&key(9)).await, Ok(None));
}

pub(super) async fn sessions_are_listed_latest_first_and_page_by_page(place: &dyn Place) {
    let store = place.open();
    // Two began at the same instant.
    let begun = [(1, DANA, 0), (2, OMAR, 5), (3, DANA, 5), (4, DANA, 9)];
    for (n, person, minute) in begun {
        begin(&*store, &Session { created: at(minute), ..session(n, person) }).await;
    }
    begin(&*store, &Session { environment: "staging".to_owned(), ..session(5, DANA) }).await;
    let list = async |of: Option<&str>, after, limit| {
        let filter = SessionFilter { of: of.map(id), after };
        let found = store.list_sessions("production", &filter, limit).await.unwrap();
        found.iter().map(|session| session.key.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 9).await, [4, 3, 2, 1]);
    assert_eq!(list(None, None, 2).await, [4, 3]);
    assert_eq!(list(None, Some((at(5), key(3))), 2).await, [2, 1]);
    assert_eq!(list(Some(DANA), None, 9).await, [4, 3, 1]);
    assert_eq!(list(Some(DANA), Some((at(9), key(4))), 1).await, [3]);
}

pub(super) async fn a_token_is_used_once_however_many_bring_it_at_once(place: &dyn Place) {
    let store = place.open();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let store = store.clone();
        tasks.spawn(async move { store.use_once(&Once([1; 32]), at(1)).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|first| *first).count(), 1);
    drop(store);
    let store = place.open();
    assert_eq!(store.use_once(&Once([1; 32]), at(1)).await, Ok(false), "not after a restart either");
    assert_eq!(store.use_once(&Once([2; 32]), at(1)).await, Ok(true));
}

fn seconds(seconds: i64) -> Timestamp {
    at(0) + SignedDuration::from_secs(seconds)
}

fn address(n: u16) -> LongAddressKey {
    let mut key = [0; 32];
    key[..2].copy_from_slice(&n.to_be_bytes());
    LongAddressKey(key)
}

pub(super) async fn an_address_is_kept_for_a_while(place: &dyn Place) {
    let store = place.open();
    let text = format!("/members?{}", "secret".repeat(500));
    let network = "192.0.2.1".parse().unwrap();
    store.keep_address(address(1), network, &text, seconds(0), seconds(900)).await.unwrap();
    assert_eq!(store.kept_address(address(1), seconds(899)).await, Ok(Some(text)));
    assert_eq!(store.kept_address(address(1), seconds(900)).await, Ok(None));
    assert_eq!(store.kept_address(address(2), seconds(0)).await, Ok(None));
}

pub(super) async fn the_oldest_of_a_network_makes_room_and_no_other_network_loses_by_it(place: &dyn Place) {
    let store = place.open();
    let (one, other) = ("192.0.2.1".parse().unwrap(), "2001:db8::".parse().unwrap());
    store.keep_address(address(1000), other, "/x", seconds(0), seconds(900)).await.unwrap();
    for n in 0..60 {
        let second = i64::from(n);
        store.keep_address(address(n), one, "/x", seconds(second), seconds(900 + second)).await.unwrap();
    }
    for n in 0..60 {
        let kept = store.kept_address(address(n), seconds(60)).await.unwrap();
        assert_eq!(kept.is_some(), n >= 10, "{n}");
    }
    assert!(store.kept_address(address(1000), seconds(60)).await.unwrap().is_some());
}
