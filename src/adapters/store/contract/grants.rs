//! Grants: what is used once, and what goes with it.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::adapters::store::grants::{
    GrantId, NewToken, Renewal, Renewed, StoredGrant, TokenKey, TokenKind, Use,
};
use crate::domain::client::{Scope, Scopes};
use crate::domain::grant::Grant;

pub(super) const JANE: &str = "b3a1c0de-1111-4222-8333-444455556666";

pub(super) fn token(n: u8, kind: TokenKind, ends: Timestamp) -> NewToken {
    NewToken { key: TokenKey([n; 32]), kind, ends, scopes: Scopes::new() }
}

pub(super) fn grant(n: u8, session: u8, client: &str) -> StoredGrant {
    StoredGrant {
        id: GrantId([n; 32]),
        session: key(session),
        client: client.to_owned(),
        ends: at(600),
        grant: Grant {
            individual: id(JANE),
            subject: (client == "shop").then(|| JANE.to_uppercase()),
            scopes: vec!["openid".to_owned()],
            redirect_uri: "https://site.example/cb".to_owned(),
            nonce: None,
            challenge: None,
            auth_time: at(0),
            sid: format!("sid-{session}-{client}"),
        },
    }
}

/// A store in which Jane has session 1 and a grant 1 with code 1 for the client `wiki`.
pub(super) async fn signed_in(place: &dyn Place) -> Arc<dyn Store> {
    let store = place.open();
    begin(&*store, &session(1, JANE)).await;
    assert_eq!(store.put_grant(&grant(1, 1, "wiki"), token(1, TokenKind::Code, at(1)), true).await, Ok(true));
    store
}

pub(super) async fn a_code_is_used_once_and_a_second_use_ends_all_that_came_of_it(place: &dyn Place) {
    let store = signed_in(place).await;
    let code = TokenKey([1; 32]);
    assert_eq!(store.of_refresh_token(code, at(0)).await, Ok(None), "another kind");
    let Use::First(found) = store.use_code(code, at(0)).await.unwrap() else { panic!() };
    assert_eq!(*found, grant(1, 1, "wiki"));
    let tokens = vec![token(2, TokenKind::Access, at(10)), token(3, TokenKind::Refresh, at(600))];
    assert_eq!(store.put_tokens(found.id, tokens).await, Ok(true));
    assert!(store.access(TokenKey([2; 32]), at(9)).await.unwrap().is_some());
    assert_eq!(store.access(TokenKey([2; 32]), at(10)).await, Ok(None), "too old");
    assert_eq!(store.access(TokenKey([3; 32]), at(0)).await, Ok(None), "another kind");
    // Also after its time: the copy is what matters.
    assert_eq!(store.use_code(code, at(30)).await, Ok(Use::Again));
    assert_eq!(store.access(TokenKey([2; 32]), at(0)).await, Ok(None));
    assert_eq!(store.of_refresh_token(TokenKey([3; 32]), at(0)).await, Ok(None));
    assert_eq!(store.put_tokens(found.id, vec![token(4, TokenKind::Access, at(10))]).await, Ok(false));
}

/// The refresh token of a generation. What the client gets next is the same whoever asks.
fn generation(n: usize) -> TokenKey {
    TokenKey([100 + u8::try_from(n).unwrap(); 32])
}

/// A use of a refresh token, `milliseconds` after the beginning. Each has an access token of its own.
async fn renew(store: &dyn Store, n: usize, rotates: bool, milliseconds: u64, scope: Scope) -> Renewed {
    use std::sync::atomic::{AtomicU64, Ordering};
    static ACCESS: AtomicU64 = AtomicU64::new(0);
    let mut key = [200; 32];
    key[..8].copy_from_slice(&ACCESS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let (key, kind, ends) = (TokenKey(key), TokenKind::Access, at(600));
    let access = NewToken { key, kind, ends, scopes: Scopes::from([scope]) };
    let renewal = Renewal { key: generation(n), successor: generation(n + 1), rotates, access };
    let now = at(0) + SignedDuration::from_millis(i64::try_from(milliseconds).unwrap());
    let renewed = store.renew(renewal, now).await.unwrap();
    let kept = store.access(key, now).await.unwrap();
    assert_eq!(kept.is_some(), matches!(renewed, Renewed::Kept | Renewed::Replaced), "both or neither");
    assert!(kept.is_none_or(|(_, scopes)| scopes == Scopes::from([scope])));
    renewed
}

/// As [`signed_in`], with the first refresh token.
async fn with_refresh_token(place: &dyn Place) -> Arc<dyn Store> {
    let store = signed_in(place).await;
    let first =
        NewToken { key: generation(0), kind: TokenKind::Refresh, ends: at(600), scopes: Scopes::new() };
    assert_eq!(store.put_tokens(GrantId([1; 32]), vec![first]).await, Ok(true));
    store
}

pub(super) async fn a_refresh_token_that_was_replaced_is_taken_again_for_ten_seconds_or_until_its_successor_is_used(
    place: &dyn Place,
) {
    use Renewed::{Again, Kept, OtherScope, Replaced, Unknown};
    // (generation, rotates, at which millisecond, scope, what becomes of it)
    type Step = (usize, bool, u64, Scope, Renewed);
    let stories: &[&[Step]] = &[
        &[
            (0, true, 0, Scope::Email, Replaced),
            (0, true, 9_999, Scope::Email, Replaced),
            (1, true, 60_000, Scope::Email, Replaced),
        ],
        &[
            (0, true, 0, Scope::Email, Replaced),
            (0, true, 10_000, Scope::Email, Again),
            (1, true, 10_000, Scope::Email, Unknown),
        ],
        &[
            (0, true, 0, Scope::Email, Replaced),
            (1, true, 1, Scope::Email, Replaced),
            (0, true, 2, Scope::Email, Again),
            (2, true, 3, Scope::Email, Unknown),
        ],
        // With the same scope.
        &[
            (0, true, 0, Scope::Email, Replaced),
            (0, true, 1, Scope::OpenId, OtherScope),
            (0, true, 2, Scope::Email, Replaced),
        ],
        // Another client's clock, or two processors of ours: the order is not that of the times.
        &[(0, true, 500, Scope::Email, Replaced), (0, true, 0, Scope::Email, Replaced)],
        // Without rotation it stays as it is, until the session ends.
        &[
            (0, false, 0, Scope::Email, Kept),
            (0, false, 11_000, Scope::OpenId, Kept),
            (0, false, 599 * 60_000, Scope::Email, Kept),
            (0, false, 600 * 60_000, Scope::Email, Unknown),
        ],
        // The client was changed meanwhile.
        &[
            (0, true, 0, Scope::Email, Replaced),
            (1, false, 11_000, Scope::Email, Kept),
            (1, false, 12_000, Scope::Email, Kept),
            (0, false, 13_000, Scope::Email, Again),
            (1, false, 14_000, Scope::Email, Unknown),
        ],
        &[(1, true, 0, Scope::Email, Unknown), (0, true, 1, Scope::Email, Replaced)],
    ];
    for story in stories {
        let place = place.another();
        let store = with_refresh_token(&*place).await;
        for (step, (n, rotates, milliseconds, scope, expect)) in story.iter().enumerate() {
            let renewed = renew(&*store, *n, *rotates, *milliseconds, *scope).await;
            assert_eq!(renewed, *expect, "step {step} of {story:?}");
        }
    }
}

/// In any order, and really at the same time: everybody gets the same successor and nothing ends. A copy of an old token that is
/// used after that ends everything.
pub(super) async fn uses_at_the_same_time_never_end_an_honest_family_and_a_copy_always_does(
    place: &dyn Place,
) {
    let rounds = vec(vec(0_u64..10_000, 1..6), 1..6);
    let check = |(rounds, copied): (Vec<Vec<u64>>, Index)| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(async {
            let place = place.another();
            let store = with_refresh_token(&*place).await;
            for (n, round) in rounds.iter().enumerate() {
                let start = 60_000 * n as u64;
                let mut uses = tokio::task::JoinSet::new();
                for offset in round {
                    let (store, when) = (Arc::clone(&store), start + offset);
                    uses.spawn(async move { renew(&*store, n, true, when, Scope::Email).await });
                }
                for renewed in uses.join_all().await {
                    assert_eq!(renewed, Renewed::Replaced);
                }
                let end = at(0) + SignedDuration::from_millis(i64::try_from(start + 10_000).unwrap());
                assert!(store.of_refresh_token(generation(n + 1), end).await.unwrap().is_some());
                assert!(
                    store.of_refresh_token(generation(n + 2), end).await.unwrap().is_none(),
                    "one successor"
                );
            }
            let (old, later) = (copied.index(rounds.len()), 60_000 * rounds.len() as u64);
            assert_eq!(renew(&*store, old, true, later, Scope::Email).await, Renewed::Again);
            assert_eq!(renew(&*store, rounds.len(), true, later, Scope::Email).await, Renewed::Unknown);
        });
        Ok(())
    };
    // On a thread beside the story's own runtime, which cannot wait within another.
    let cases = || TestRunner::new(Config::with_cases(48)).run(&(rounds, any::<Index>()), check).unwrap();
    std::thread::scope(|threads| threads.spawn(cases).join().unwrap());
}

pub(super) async fn an_old_code_is_worth_nothing(place: &dyn Place) {
    let store = signed_in(place).await;
    assert_eq!(store.use_code(TokenKey([1; 32]), at(1)).await, Ok(Use::Unknown));
}

pub(super) async fn a_token_is_taken_back_by_its_own_client_only(place: &dyn Place) {
    let store = signed_in(place).await;
    let tokens = [(2, TokenKind::Access), (3, TokenKind::Access), (4, TokenKind::Refresh)];
    let tokens = tokens.map(|(n, kind)| token(n, kind, at(10))).to_vec();
    store.put_tokens(GrantId([1; 32]), tokens).await.unwrap();
    let alive = async |n| store.access(TokenKey([n; 32]), at(0)).await.unwrap().is_some();
    store.revoke(TokenKey([2; 32]), "shop").await.unwrap();
    store.revoke(TokenKey([4; 32]), "shop").await.unwrap();
    assert!(alive(2).await && alive(3).await);
    store.revoke(TokenKey([2; 32]), "wiki").await.unwrap();
    assert!(!alive(2).await && alive(3).await);
    store.revoke(TokenKey([4; 32]), "wiki").await.unwrap();
    assert!(!alive(3).await, "a refresh token takes its grant with it");
}

pub(super) async fn codes_that_nobody_exchanges_do_not_pile_up(place: &dyn Place) {
    let store = signed_in(place).await;
    let exchanged = TokenKey([1; 32]);
    assert!(matches!(store.use_code(exchanged, at(0)).await, Ok(Use::First(_))));
    for n in 2..=40 {
        let code = NewToken {
            ends: at(0) + SignedDuration::from_secs(n.into()),
            ..token(n, TokenKind::Code, at(0))
        };
        assert_eq!(store.put_grant(&grant(n, 1, "wiki"), code, true).await, Ok(true));
    }
    // No token is put; it is only asked whether the grant is alive.
    let count = async || {
        let mut alive = 0;
        for n in 1..=40 {
            alive += u8::from(store.put_tokens(GrantId([n; 32]), Vec::new()).await.unwrap());
        }
        alive
    };
    assert_eq!(count().await, 17, "the latest sixteen, and the one that was exchanged");
    assert_eq!(store.use_code(TokenKey([24; 32]), at(0)).await, Ok(Use::Unknown));
    assert!(matches!(store.use_code(TokenKey([40; 32]), at(0)).await, Ok(Use::First(_))));
    store.purge(&purge_at(at(2))).await.unwrap();
    assert_eq!(count().await, 2, "those that were exchanged");
}

pub(super) async fn sessions_with_grants_are_found_by_client_and_page_by_page(place: &dyn Place) {
    let store = signed_in(place).await;
    for n in 2..=5 {
        begin(&*store, &session(n, JANE)).await;
        let client = if n == 4 { "shop" } else { "wiki" };
        let code = token(n, TokenKind::Code, at(1));
        assert_eq!(store.put_grant(&grant(n, n, client), code, true).await, Ok(true));
    }
    // A second grant in the same session.
    store.put_grant(&grant(6, 2, "wiki"), token(6, TokenKind::Code, at(1)), true).await.unwrap();
    let page = async |client: &str, after: Option<u8>| {
        let found = store.sessions_with_grants(client, after.map(key), 2).await.unwrap();
        found.into_iter().map(|key| key.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(page("wiki", None).await, [1, 2]);
    assert_eq!(page("wiki", Some(2)).await, [3, 5]);
    assert_eq!(page("wiki", Some(5)).await, [0; 0]);
    assert_eq!(page("shop", None).await, [4]);
    store.end_session(&key(1)).await.unwrap();
    assert_eq!(page("wiki", None).await, [2, 3]);
}
