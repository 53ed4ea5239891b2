//! The ledger of calls to the AMS.

use super::*;
use crate::domain::budget::{CallKind, Crowd, LedgerStep, Rate};

const RATE: Rate = Rate::new(3, 60);

fn start(kind: CallKind) -> LedgerStep {
    LedgerStep::Start { kind, rate: RATE, crowd: Crowd::default() }
}

pub(super) async fn of_many_calls_at_once_as_many_start_as_may(place: &dyn Place) {
    let store = place.open();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tasks.spawn(async move { store.step_ledger(at(0), start(CallKind::SignIn)).await.unwrap().taken });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|taken| *taken).count(), 3);
}

pub(super) async fn calls_count_after_a_restart(place: &dyn Place) {
    let store = place.open();
    let mut now = at(0);
    for _ in 0..60 {
        let answer = store.step_ledger(now, start(CallKind::SignIn)).await.unwrap();
        assert!(answer.taken);
        now = answer.ledger.opens(answer.at, CallKind::SignIn, RATE, Crowd::default());
    }
    drop(store);
    let store = place.open();
    let refused =
        store.step_ledger(now - SignedDuration::from_secs(1), start(CallKind::SignIn)).await.unwrap();
    assert!(!refused.taken);
    assert_eq!(refused.ledger.last_minute(at(0))[1], 60);
    assert!(store.step_ledger(now, start(CallKind::SignIn)).await.unwrap().taken, "a minute after the first");
}

pub(super) async fn a_pause_counts_for_every_gateway_and_after_a_restart(place: &dyn Place) {
    let store = place.open();
    let pause = LedgerStep::Pause(Some(std::time::Duration::from_secs(300)));
    assert!(store.step_ledger(at(0), pause).await.unwrap().taken);
    drop(store);
    let store = place.open();
    assert!(!store.step_ledger(at(4), start(CallKind::SignIn)).await.unwrap().taken);
    assert!(store.step_ledger(at(5), start(CallKind::SignIn)).await.unwrap().taken);
}
