//! Stories of registered clients: nobody's change is overwritten, and a removed client leaves nothing behind.

use super::grants::{JANE, room, signed_in, token};
use super::*;
use crate::adapters::store::audit::AuditLog as _;
use crate::adapters::store::clients::ClientRegistry as _;
use crate::adapters::store::grants::{Grants as _, TokenKey, TokenKind, Use};
use crate::domain::access::Require;
use crate::domain::audit::{Action, Actor, Entry};
use crate::domain::client::{Client, ClientAddress, ClientId, Proof, RefusedAt, Scope, Scopes, UserName};

fn client(id: &str, name: &str) -> Client {
    Client {
        name: name.to_owned(),
        redirect_uris: vec![ClientAddress::parse("https://site.example/cb").unwrap()],
        back_channel_logout_uri: ClientAddress::parse("https://site.example/out").ok(),
        scopes: Scopes::from([Scope::OpenId, Scope::OfflineAccess]),
        id_token_algorithm: Algorithm::EdDsa,
        user_name: UserName::Name,
        refusal: RefusedAt::Client,
        require: Require::AnyOf(vec![crate::domain::rule::Role::parse("member").unwrap()]),
        ..Client::new(ClientId::parse(id).unwrap(), Proof::Secret(vec![[7; 32], [8; 32]]))
    }
}

fn entry() -> Entry {
    Entry {
        at: at(1),
        actor: Actor::operator(),
        action: Action::ClientChanged,
        about: String::new(),
        before: None,
        after: None,
    }
}

#[tokio::test]
async fn a_client_comes_back_as_it_was_and_is_changed_only_over_what_was_seen() {
    let world = World::new();
    let store = world.open();
    assert_eq!(store.put_client(None, &client("forum", "One"), &entry()).await, Ok(true));
    assert_eq!(store.put_client(None, &client("forum", "Two"), &entry()).await, Ok(false), "it is there");
    drop(store);
    let store = world.open();
    let [found] = &store.clients().await.unwrap()[..] else { panic!() };
    assert_eq!(
        (&found.client, &found.last.by, found.last.at),
        (&client("forum", "One"), &Actor::operator(), at(1))
    );
    assert_eq!(store.put_client(Some(found.revision), &client("forum", "Two"), &entry()).await, Ok(true));
    assert_eq!(store.put_client(Some(found.revision), &client("forum", "Three"), &entry()).await, Ok(false));
    assert_eq!(store.remove_client(found.revision, &found.client.id, &entry()).await, Ok(false));
    let [now] = &store.clients().await.unwrap()[..] else { panic!() };
    assert_eq!(now.client.name, "Two");
    // Gone and made anew, it is another: an old form does not fit it.
    assert_eq!(store.remove_client(now.revision, &now.client.id, &entry()).await, Ok(true));
    assert_eq!(store.put_client(None, &client("forum", "Four"), &entry()).await, Ok(true));
    assert_eq!(store.put_client(Some(found.revision), &client("forum", "Old"), &entry()).await, Ok(false));
    assert_eq!(store.put_client(Some(now.revision), &client("forum", "Old"), &entry()).await, Ok(false));
    // What was refused is not written down.
    assert_eq!(store.entries(u64::MAX, 100).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_row_that_was_edited_is_not_believed() {
    let world = World::new();
    let store = world.open();
    for id in ["forum", "shop"] {
        assert_eq!(store.put_client(None, &client(id, id), &entry()).await, Ok(true));
    }
    world.edit("UPDATE openid_clients SET sealed = (SELECT sealed FROM openid_clients WHERE id = 'shop')");
    assert_eq!(
        store.clients().await,
        Err(StoreError::Unavailable("a stored OpenID client is damaged".to_owned()))
    );
}

#[tokio::test]
async fn a_removed_client_leaves_no_token_and_no_message() {
    let world = World::new();
    let store = signed_in(&world).await;
    let wiki = client("wiki", "Wiki");
    assert_eq!(store.put_client(None, &wiki, &entry()).await, Ok(true));
    let Use::First(grant) = store.use_code(TokenKey([1; 32]), at(0)).await.unwrap() else { panic!() };
    assert_eq!(store.put_tokens(grant.id, vec![token(2, TokenKind::Access, at(10))]).await, Ok(true));
    let revision = store.clients().await.unwrap()[0].revision;
    assert_eq!(store.remove_client(revision, &wiki.id, &entry()).await, Ok(true));
    assert_eq!(store.access(TokenKey([2; 32]), at(0)).await, Ok(None));
    store.end_sessions_of("production", &id(JANE)).await.unwrap();
    assert_eq!(store.take_messages(at(0), at(1), room()).await, Ok(Vec::new()));
}
