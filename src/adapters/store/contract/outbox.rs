//! Messages to clients: left by whatever ends a session, sent until they are settled.

use super::grants::{JANE, grant, signed_in, token};
use super::*;
use crate::adapters::store::grants::{GrantId, TokenKey, TokenKind, Use};
use crate::adapters::store::outbox::{DeliveryOutcome, MessageLimits, Undelivered};

/// More than there are.
pub(super) fn limits() -> MessageLimits {
    MessageLimits { most: 9, each: 9, busy: Vec::new() }
}

pub(super) async fn however_a_session_ends_its_grants_end_and_its_clients_are_told_once(place: &dyn Place) {
    for how in ["logout", "everywhere", "too old", "idle"] {
        let place = place.another();
        let store = signed_in(&*place).await;
        let quiet = grant(2, 1, "quiet");
        store.put_grant(&quiet, token(2, TokenKind::Code, at(1)), false).await.unwrap();
        let again = grant(3, 1, "wiki");
        store.put_grant(&again, token(3, TokenKind::Code, at(1)), true).await.unwrap();
        assert_eq!(store.take_messages(at(0), at(1), limits()).await, Ok(vec![]), "{how}");
        match how {
            "logout" => store.end_session(&key(1)).await.unwrap(),
            "everywhere" => drop(store.end_sessions_of("production", &id(JANE)).await.unwrap()),
            "too old" => store.purge(&Purge { created_before: at(1), ..purge_at(at(0)) }).await.unwrap(),
            _ => store.purge(&Purge { seen_before: at(1), ..purge_at(at(0)) }).await.unwrap(),
        }
        assert_eq!(store.use_code(TokenKey([1; 32]), at(0)).await, Ok(Use::Unknown), "{how}");
        let messages = store.take_messages(at(0), at(1), limits()).await.unwrap();
        let [message] = &messages[..] else { panic!("{how}: {messages:?}") };
        assert_eq!((message.client.as_str(), message.sid.as_str()), ("wiki", "sid-1-wiki"), "{how}");
        assert_eq!((message.subject.as_str(), message.attempts), (JANE, 1), "{how}");
        let late = store.put_grant(&grant(4, 1, "wiki"), token(4, TokenKind::Code, at(1)), true).await;
        assert_eq!(late, Ok(false), "{how}: a request that was under way comes too late");
    }
}

pub(super) async fn a_client_whose_grants_end_is_told_once_and_session_and_other_clients_go_on(
    place: &dyn Place,
) {
    let store = signed_in(place).await;
    let shop = grant(2, 1, "shop");
    store.put_grant(&shop, token(2, TokenKind::Code, at(1)), true).await.unwrap();
    // Each has more than its code; the wiki has a second grant, and somebody else is at the wiki too.
    store.put_tokens(GrantId([1; 32]), vec![token(11, TokenKind::Refresh, at(9))]).await.unwrap();
    store.put_tokens(shop.id, vec![token(12, TokenKind::Refresh, at(9))]).await.unwrap();
    store.put_grant(&grant(3, 1, "wiki"), token(3, TokenKind::Code, at(1)), true).await.unwrap();
    begin(&*store, &session(2, OMAR)).await;
    store.put_grant(&grant(4, 2, "wiki"), token(4, TokenKind::Code, at(1)), true).await.unwrap();

    let wiki = async || store.end_grants_of("wiki", vec![key(1), key(7)]).await.unwrap();
    wiki().await;
    let is_good = async |n| store.of_refresh_token(TokenKey([n; 32]), at(0)).await.unwrap().is_some();
    assert!(!is_good(11).await && is_good(12).await);
    assert_eq!(store.use_code(TokenKey([3; 32]), at(0)).await, Ok(Use::Unknown));
    assert!(matches!(store.use_code(TokenKey([4; 32]), at(0)).await, Ok(Use::First(_))), "another session");
    assert!(store.session(&key(1)).await.unwrap().is_some(), "the session goes on");
    wiki().await;
    let messages = store.take_messages(at(0), at(1), limits()).await.unwrap();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((message.client.as_str(), message.sid.as_str()), ("wiki", "sid-1-wiki"));
    assert_eq!(message.subject, JANE);

    // Whoever may sign in again does so under the same name, and that session's end is told once more.
    let back = store.put_grant(&grant(5, 1, "wiki"), token(5, TokenKind::Code, at(1)), true).await;
    assert_eq!(back, Ok(true));
    store.end_session(&key(1)).await.unwrap();
    let mut told: Vec<String> = store
        .take_messages(at(0), at(1), limits())
        .await
        .unwrap()
        .into_iter()
        .map(|message| format!("{} {}", message.client, message.subject))
        .collect();
    told.sort();
    let known_as = JANE.to_uppercase();
    assert_eq!(told, [format!("shop {known_as}"), format!("wiki {JANE}")], "as each client knows her");

    // A client that does not want to hear loses its grants without a message.
    begin(&*store, &session(3, JANE)).await;
    store.put_grant(&grant(6, 3, "quiet"), token(6, TokenKind::Code, at(1)), false).await.unwrap();
    store.end_grants_of("quiet", vec![key(3)]).await.unwrap();
    assert_eq!(store.use_code(TokenKey([6; 32]), at(0)).await, Ok(Use::Unknown));
    assert_eq!(store.take_messages(at(0), at(1), limits()).await, Ok(vec![]));
}

pub(super) async fn a_message_is_sent_again_until_it_is_settled(place: &dyn Place) {
    let store = signed_in(place).await;
    store.end_session(&key(1)).await.unwrap();
    let first = store.take_messages(at(0), at(1), limits()).await.unwrap().remove(0);
    assert_eq!(
        store.take_messages(at(0), at(1), limits()).await,
        Ok(vec![]),
        "another worker does not get it meanwhile"
    );
    let error = "no answer".to_owned();
    store.settle(first.id, DeliveryOutcome::Again { at: at(5), error: error.clone() }, at(0)).await.unwrap();
    assert_eq!(store.take_messages(at(4), at(6), limits()).await, Ok(vec![]));
    let second = store.take_messages(at(5), at(6), limits()).await.unwrap().remove(0);
    assert_eq!(second.attempts, 2);
    let status = store.deliveries(9).await.unwrap().remove(0);
    assert_eq!((status.state.as_str(), status.last_error), ("pending", Some(error)));
    store.settle(second.id, DeliveryOutcome::Delivered, at(6)).await.unwrap();
    assert_eq!(store.deliveries(9).await.unwrap()[0].state, "delivered");
    store.purge(&purge_at(at(7))).await.unwrap();
    assert_eq!(store.deliveries(9).await.unwrap().len(), 1);
    store.purge(&purge_at(at(7 + 60 * 24 * 7))).await.unwrap();
    assert_eq!(store.deliveries(9).await, Ok(vec![]));
}

pub(super) async fn a_client_that_does_not_answer_holds_up_no_other(place: &dyn Place) {
    let store = place.open();
    for n in 1..=6 {
        begin(&*store, &session(n, JANE)).await;
        let client = if n <= 5 { "deaf" } else { "wiki" };
        let code = token(n, TokenKind::Code, at(1));
        assert_eq!(store.put_grant(&grant(n, n, client), code, true).await, Ok(true));
    }
    store.end_sessions_of("production", &id(JANE)).await.unwrap();
    let take = async |busy: &[&str]| {
        let busy = busy.iter().map(|client| (*client).to_owned()).collect();
        let messages =
            store.take_messages(at(0), at(1), MessageLimits { most: 9, each: 2, busy }).await.unwrap();
        let mut clients: Vec<String> = messages.into_iter().map(|message| message.client).collect();
        clients.sort();
        clients
    };
    assert_eq!(take(&[]).await, ["deaf", "deaf", "wiki"]);
    assert_eq!(take(&["deaf"]).await, Vec::<String>::new());
    assert_eq!(take(&["wiki"]).await, ["deaf", "deaf"]);
    assert_eq!(take(&[]).await, ["deaf"]);
}

pub(super) async fn messages_that_no_client_has_taken_are_counted(place: &dyn Place) {
    let store = signed_in(place).await;
    let counted = |pending, given_up| Ok(Undelivered { pending, given_up });
    assert_eq!(store.undelivered().await, counted(0, 0));
    store.end_session(&key(1)).await.unwrap();
    assert_eq!(store.undelivered().await, counted(1, 0));
    let message = store.take_messages(at(1), at(2), limits()).await.unwrap().remove(0);
    store
        .settle(message.id, DeliveryOutcome::Again { at: at(5), error: "x".to_owned() }, at(1))
        .await
        .unwrap();
    assert_eq!(store.undelivered().await, counted(1, 0), "it is sent again");
    store.settle(message.id, DeliveryOutcome::Failed { error: "x".to_owned() }, at(1)).await.unwrap();
    assert_eq!(store.undelivered().await, counted(0, 1));
    store.settle(message.id, DeliveryOutcome::Delivered, at(1)).await.unwrap();
    assert_eq!(store.undelivered().await, counted(0, 0));
}
