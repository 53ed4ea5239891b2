//! What administrators do: nobody's change is overwritten, and nothing is done without its audit entry.

use super::grants::{JANE, signed_in, token};
use super::outbox::limits;
use super::*;
use crate::adapters::store::administration::{EnvironmentChoice, Opening};
use crate::adapters::store::grants::{TokenKey, TokenKind, Use};
use crate::adapters::store::sessions::Once;
use crate::domain::access::Require;
use crate::domain::client::{
    Algorithm, Client, ClientAddress, ClientId, Proof, RefusedAt, Scope, Scopes, UserName,
};
use crate::domain::rule::Role;

pub(in crate::adapters::store) fn client(id: &str, name: &str) -> Client {
    Client {
        name: name.to_owned(),
        redirect_uris: vec![ClientAddress::parse("https://site.example/cb").unwrap()],
        back_channel_logout_uri: ClientAddress::parse("https://site.example/out").ok(),
        scopes: Scopes::from([Scope::OpenId, Scope::OfflineAccess]),
        id_token_algorithm: Algorithm::EdDsa,
        user_name: UserName::Name,
        refusal: RefusedAt::Client,
        require: Require::AnyOf(vec![Role::parse("member").unwrap()]),
        ..Client::new(ClientId::parse(id).unwrap(), Proof::Secret(vec![[7; 32], [8; 32]]))
    }
}

/// What the audit entries are about, oldest first.
async fn told(store: &dyn Store) -> Vec<String> {
    let entries = store.entries(u64::MAX, 100).await.unwrap();
    entries.into_iter().rev().map(|kept| kept.entry.about).collect()
}

pub(super) async fn a_client_comes_back_as_it_was_and_is_changed_only_over_what_was_seen(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.put_client(None, &client("forum", "One"), &entry("client")).await, Ok(true));
    assert_eq!(
        store.put_client(None, &client("forum", "Two"), &entry("client")).await,
        Ok(false),
        "it is there"
    );
    drop(store);
    let store = place.open();
    let [found] = &store.clients().await.unwrap()[..] else { panic!() };
    assert_eq!(
        (&found.client, &found.last.by, found.last.at),
        (&client("forum", "One"), &Actor::operator(), at(1))
    );
    assert_eq!(
        store.put_client(Some(found.revision), &client("forum", "Two"), &entry("client")).await,
        Ok(true)
    );
    assert_eq!(
        store.put_client(Some(found.revision), &client("forum", "Three"), &entry("client")).await,
        Ok(false)
    );
    assert_eq!(store.remove_client(found.revision, &found.client.id, &entry("client")).await, Ok(false));
    let [now] = &store.clients().await.unwrap()[..] else { panic!() };
    assert_eq!(now.client.name, "Two");
    // Gone and made again, it is another: an old form does not fit it.
    assert_eq!(store.remove_client(now.revision, &now.client.id, &entry("client")).await, Ok(true));
    assert_eq!(store.put_client(None, &client("forum", "Four"), &entry("client")).await, Ok(true));
    assert_eq!(
        store.put_client(Some(found.revision), &client("forum", "Old"), &entry("client")).await,
        Ok(false)
    );
    assert_eq!(
        store.put_client(Some(now.revision), &client("forum", "Old"), &entry("client")).await,
        Ok(false)
    );
    // What was refused is not written down.
    assert_eq!(store.entries(u64::MAX, 100).await.unwrap().len(), 4);
}

pub(super) async fn a_removed_client_leaves_no_token_and_no_message(place: &dyn Place) {
    let store = signed_in(place).await;
    let wiki = client("wiki", "Wiki");
    assert_eq!(store.put_client(None, &wiki, &entry("client")).await, Ok(true));
    let Use::First(grant) = store.use_code(TokenKey([1; 32]), at(0)).await.unwrap() else { panic!() };
    assert_eq!(store.put_tokens(grant.id, vec![token(2, TokenKind::Access, at(10))]).await, Ok(true));
    let revision = store.clients().await.unwrap()[0].revision;
    assert_eq!(store.remove_client(revision, &wiki.id, &entry("client")).await, Ok(true));
    assert_eq!(store.access(TokenKey([2; 32]), at(0)).await, Ok(None));
    store.end_sessions_of("production", &id(JANE)).await.unwrap();
    assert_eq!(store.take_messages(at(0), at(1), limits()).await, Ok(Vec::new()));
}

pub(super) async fn audit_entries_are_numbered_without_a_gap(place: &dyn Place) {
    let store = place.open();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        tasks.spawn(async move { store.append(&entry("at once")).await.unwrap() });
    }
    tasks.join_all().await;
    drop(store);
    let store = place.open();
    store.append(&entry("later")).await.unwrap();
    let numbers = async |before, count| {
        let entries = store.entries(before, count).await.unwrap();
        entries.into_iter().map(|kept| kept.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(u64::MAX, 100).await, (1..=21).rev().collect::<Vec<_>>());
    assert_eq!(numbers(u64::MAX, 2).await, [21, 20]);
    assert_eq!(numbers(20, 2).await, [19, 18]);
    assert!(numbers(1, 9).await.is_empty());
    assert_eq!(store.entries(22, 1).await.unwrap()[0].entry, entry("later"));
}

pub(super) async fn an_emergency_link_opens_once_and_its_session_can_be_ended(place: &dyn Place) {
    let store = place.open();
    let link = |n| Once([n; 32]);
    store.put_link(&link(1), at(10), &entry("made")).await.unwrap();
    store.put_link(&link(2), at(0), &entry("made")).await.unwrap();
    // The entry says that it is one minute past.
    let open = async |n: u8| {
        store.open_link(&link(n), &key(n), at(60), &entry(&format!("opened {n}"))).await.unwrap()
    };
    assert_eq!(open(3).await, Opening::Unknown);
    assert_eq!(open(2).await, Opening::Expired);
    assert_eq!(open(1).await, Opening::Opened);
    assert_eq!(open(1).await, Opening::Used);
    assert_eq!(told(&*store).await, ["made", "made", "opened 1"], "what did not open is not written down");
    assert_eq!(store.emergency_session(&key(1)).await, Ok(Some(at(60))));
    assert_eq!(store.emergency_session(&key(2)).await, Ok(None));
    assert_eq!(store.end_emergency_session(&key(1)).await, Ok(true));
    assert_eq!(store.end_emergency_session(&key(1)).await, Ok(false));
    assert_eq!(store.emergency_session(&key(1)).await, Ok(None));
}

pub(super) async fn the_latest_choice_of_an_environment_counts(place: &dyn Place) {
    let store = place.open();
    assert_eq!(store.environment_choice().await, Ok(None));
    let choice = |chosen: &str| EnvironmentChoice { configured: "production".into(), chosen: chosen.into() };
    for chosen in ["sandbox", "production"] {
        store.choose_environment(&choice(chosen), &entry(chosen)).await.unwrap();
    }
    drop(store);
    let store = place.open();
    assert_eq!(store.environment_choice().await, Ok(Some(choice("production"))));
    assert_eq!(told(&*store).await, ["sandbox", "production"]);
}
