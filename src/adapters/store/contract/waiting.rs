//! The line in front of the sign-in.

use super::*;
use crate::adapters::store::waiting::{KeptPlace, NewPlace};
use crate::domain::waiting::{KnownVisitor, PlaceKey, WaitingNetwork};

fn new(n: u8, network: u8) -> NewPlace<'static> {
    NewPlace {
        key: PlaceKey([n; 32]),
        environment: "production",
        network: WaitingNetwork([network; 32]),
        known: n.is_multiple_of(2).then_some(KnownVisitor([n; 32])),
        now: at(0),
    }
}

async fn line(store: &dyn Store) -> Vec<KeptPlace> {
    store.waiting_line("production").await.unwrap()
}

pub(super) async fn a_place_keeps_its_number_over_a_restart(place: &dyn Place) {
    let store = place.open();
    let mut given = Vec::new();
    for n in 1..=3 {
        given.push(store.take_place(&new(n, 1)).await.unwrap());
    }
    drop(store);
    let store = place.open();
    assert_eq!(line(&*store).await, given);
    assert!(given.iter().map(|kept| kept.place.number).is_sorted());
    assert_eq!(store.take_place(&new(2, 1)).await.unwrap(), given[1], "it has one already");
    assert_eq!(store.waiting_place("production", PlaceKey([2; 32])).await, Ok(Some(given[1])));
    assert_eq!(store.waiting_place("staging", PlaceKey([2; 32])).await, Ok(None));
}

pub(super) async fn a_number_is_never_given_twice(place: &dyn Place) {
    let store = place.open();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100 {
        let store = store.clone();
        tasks.spawn(async move { store.take_place(&new(n, n % 3)).await.unwrap().place.number });
    }
    let mut numbers = tasks.join_all().await;
    let last = *numbers.iter().max().unwrap();
    store
        .leave_line(&line(&*store).await.iter().map(|kept| kept.place.key).collect::<Vec<_>>())
        .await
        .unwrap();
    assert_eq!(line(&*store).await, []);
    numbers.push(store.take_place(&new(200, 1)).await.unwrap().place.number);
    assert!(numbers[100] > last, "not the number of somebody who has left either");
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 101);
}

pub(super) async fn networks_have_their_rounds(place: &dyn Place) {
    let store = place.open();
    let mut rounds = Vec::new();
    for (n, network) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 2)] {
        rounds.push(store.take_place(&new(n, network)).await.unwrap().place.round);
    }
    assert_eq!(rounds, [0, 1, 0, 2, 1]);
    // The first round is over; nobody who comes later is owed a turn in it.
    store.leave_line(&[PlaceKey([1; 32]), PlaceKey([3; 32])]).await.unwrap();
    assert_eq!(store.take_place(&new(6, 3)).await.unwrap().place.round, 1);
    let staging = NewPlace { environment: "staging", ..new(7, 1) };
    assert_eq!(
        store.take_place(&staging).await.unwrap().place.round,
        0,
        "each environment has a line of its own"
    );
}

pub(super) async fn a_place_is_forgotten_when_nobody_asks(place: &dyn Place) {
    let store = place.open();
    for n in 1..=3 {
        store.take_place(&new(n, 1)).await.unwrap();
    }
    let keys = |kept: Vec<KeptPlace>| kept.iter().map(|kept| kept.place.key.0[0]).collect::<Vec<_>>();
    store.note_asked(&[(PlaceKey([1; 32]), at(7)), (PlaceKey([9; 32]), at(7))]).await.unwrap();
    store.note_asked(&[(PlaceKey([1; 32]), at(3)), (PlaceKey([3; 32]), at(4))]).await.unwrap();
    assert_eq!(line(&*store).await[0].asked, at(7), "it only moves forward");
    store.forget_waiting(at(4)).await.unwrap();
    assert_eq!(keys(line(&*store).await), [1, 3]);
    store.forget_waiting(at(5)).await.unwrap();
    assert_eq!(keys(line(&*store).await), [1]);
}
