//! Callers that come together, on a clock that runs with the test's.

use tokio::time::{Instant, sleep};

use super::*;
use crate::adapters::clock::Clock;
use crate::adapters::store::{StoreError, StoreFuture};

const RATE: Rate = Rate::new(3, 60);

/// Runs with the runtime's time, which a test lets pass at will.
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        let passed = jiff::SignedDuration::try_from(self.0.elapsed()).unwrap();
        Timestamp::from_second(1_800_000_000).unwrap() + passed
    }
}

fn on(rate: Rate, calls: Arc<dyn Calls>) -> Arc<Budget> {
    Arc::new(Budget::new(rate, calls, Arc::new(RuntimeClock(Instant::now()))))
}

fn budget(rate: Rate) -> Arc<Budget> {
    on(rate, Arc::new(MemoryLedger::default()))
}

/// Runs calls that all arrive at once, in this order, and gives the millisecond at which each started.
async fn starts(budget: &Arc<Budget>, priorities: &[Priority]) -> Vec<(Priority, u128)> {
    let begin = Instant::now();
    let started = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for priority in priorities.iter().copied() {
        let (budget, started) = (Arc::clone(budget), Arc::clone(&started));
        tasks.spawn(async move {
            if budget.start(priority).await.is_ok() {
                started.lock().unwrap().push((priority, begin.elapsed().as_millis()));
            }
        });
    }
    tasks.join_all().await;
    let started = started.lock().unwrap();
    started.clone()
}

fn order(started: Vec<(Priority, u128)>) -> Vec<Priority> {
    started.into_iter().map(|(priority, _)| priority).collect()
}

#[tokio::test(start_paused = true)]
async fn the_limits_are_kept_and_used() {
    let budget = budget(RATE);
    let started = starts(&budget, &[Priority::Token; 60]).await;
    let at: Vec<u128> = started.iter().map(|(_, at)| *at).collect();
    assert!(at.windows(4).all(|calls| calls[3] - calls[0] >= 1_000), "{at:?}");
    assert_eq!(
        at.len(),
        51,
        "the others would have to wait for longer than anybody looks at a blank page: {at:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_has_begun_goes_first_and_background_work_last() {
    use Priority::{Person, Refresh, Sweep, Token};
    let budget = budget(RATE);
    let reservation = budget.reserve(2).unwrap();
    let sign_in = reservation.priority();
    starts(&budget, &[Token; 3]).await;
    let started = starts(&budget, &[Sweep, Refresh, Person, sign_in, Token, sign_in]).await;
    assert_eq!(order(started), [Token, sign_in, sign_in, Person, Refresh, Sweep]);
    assert_eq!(budget.used().reserved, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_reserved_is_nobody_elses_and_what_is_left_is_given_back() {
    let budget = budget(RATE);
    let held: Vec<Reservation> = std::iter::from_fn(|| budget.reserve(6)).take(100).collect();
    // In three seconds and the second that six calls take longer, twelve calls can start.
    assert_eq!((held.len(), budget.used().reserved), (2, 12));
    assert!(budget.reserve(1).is_none());
    let first = held[0].priority();
    assert_eq!(starts(&budget, &[first; 6]).await.len(), 6);
    drop(held);
    assert_eq!(budget.used().reserved, 0);
    assert!(budget.reserve(1).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_comes_alone_does_not_notice_background_work() {
    let budget = budget(RATE);
    let mut background = tokio::task::JoinSet::new();
    for n in 0..8 {
        let budget = Arc::clone(&budget);
        let priority = if n % 2 == 0 { Priority::Refresh } else { Priority::Sweep };
        background.spawn(async move {
            loop {
                let _ = budget.start(priority).await;
            }
        });
    }
    sleep(Duration::from_secs(120)).await;
    for n in 0..100u64 {
        sleep(Duration::from_millis(7_000 + n * 137)).await;
        let begin = Instant::now();
        let reservation = budget.reserve(1).expect("alone, it is admitted at once");
        budget.start(reservation.priority()).await.unwrap();
        assert!(begin.elapsed() < Duration::from_secs(1), "{n}: {:?}", begin.elapsed());
    }
    let used = budget.used();
    let background: usize = CallKind::ALL
        .iter()
        .zip(used.last_minute)
        .filter(|(kind, _)| kind.is_background())
        .map(|(_, calls)| calls)
        .sum();
    assert!((10..=20).contains(&background), "and it goes on meanwhile: {background}");
}

#[tokio::test(start_paused = true)]
async fn among_background_work_nothing_waits_for_ever() {
    let budget = budget(RATE);
    let mut asked = vec![Priority::Refresh; 9];
    asked.push(Priority::Sweep);
    let started = order(starts(&budget, &asked).await);
    let at = started.iter().position(|priority| *priority == Priority::Sweep).unwrap();
    assert!(at < 5, "{started:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_everyone_and_refuses_at_once_those_who_cannot_bear_it() {
    let budget = budget(RATE);
    budget.throttle(Some(Duration::from_secs(30))).await;
    assert_eq!(budget.used().paused_for, Some(Duration::from_secs(30)));
    assert!(budget.reserve(1).is_none(), "who would sign in waits for a turn");
    let begin = Instant::now();
    assert_eq!(budget.start(Priority::Person).await, Err(Busy));
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(starts(&budget, &[Priority::Refresh]).await, [(Priority::Refresh, 30_000)]);
}

#[tokio::test(start_paused = true)]
async fn a_line_is_bounded_and_a_wait_ends() {
    let budget = budget(Rate::new(1, 1));
    starts(&budget, &[Priority::Sweep]).await;
    let begin = Instant::now();
    let started = starts(&budget, &[Priority::Sweep; 100]).await;
    assert_eq!(started.len(), 9, "64 may wait, and of those nine start within ten minutes: {started:?}");
    assert!(begin.elapsed() <= Duration::from_secs(601));
    assert_eq!(budget.used().waiting, [0; 7]);
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_leaves_no_gap() {
    let budget = budget(RATE);
    starts(&budget, &[Priority::Person; 3]).await;
    let gone = tokio::time::timeout(Duration::from_millis(10), budget.start(Priority::Person)).await;
    assert!(gone.is_err());
    assert_eq!(budget.used().waiting, [0; 7]);
    assert_eq!(starts(&budget, &[Priority::Sweep]).await.len(), 1);
    assert_eq!(budget.used().last_minute.iter().sum::<usize>(), 4);
}

#[tokio::test(start_paused = true)]
async fn two_gateways_on_one_ledger_keep_the_limits_together() {
    let shared: Arc<MemoryLedger> = Arc::default();
    let gateways = [on(RATE, shared.clone()), on(RATE, shared)];
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let budget = Arc::clone(&gateways[n % 2]);
        tasks
            .spawn(async move { budget.start(Priority::Person).await.map(|()| begin.elapsed().as_millis()) });
    }
    let mut at: Vec<u128> = tasks.join_all().await.into_iter().flatten().collect();
    at.sort_unstable();
    assert_eq!(at.len(), 40, "{at:?}");
    assert!(at.windows(4).all(|calls| calls[3] - calls[0] >= 1_000), "{at:?}");
}

/// A store that answers while it is there.
#[derive(Default)]
struct Unsteady {
    ledger: MemoryLedger,
    is_gone: AtomicBool,
}

impl Calls for Unsteady {
    fn step_ledger(&self, now: Timestamp, step: LedgerStep) -> StoreFuture<'_, LedgerAnswer> {
        if self.is_gone.load(Ordering::Relaxed) {
            return Box::pin(async { Err(StoreError::Busy) });
        }
        self.ledger.step_ledger(now, step)
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_store_nobody_comes_in_and_those_who_are_in_go_on_slowly() {
    let store: Arc<Unsteady> = Arc::default();
    let budget = on(RATE, store.clone());
    let reservation = budget.reserve(1).unwrap();
    store.is_gone.store(true, Ordering::Relaxed);
    assert_eq!(budget.start(reservation.priority()).await, Err(Busy));
    drop(reservation);
    let started = starts(&budget, &[Priority::Person; 5]).await;
    let at: Vec<u128> = started.iter().map(|(_, at)| *at).collect();
    assert!(at.len() == 5 && at.windows(2).all(|calls| calls[1] - calls[0] >= 1_000), "{at:?}");
    store.is_gone.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(2)).await;
    let reservation = budget.reserve(1).unwrap();
    assert_eq!(budget.start(reservation.priority()).await, Ok(()));
}
