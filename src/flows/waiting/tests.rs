//! Rushes in a time that the runtime lets pass at once: people come, ask as often as they are told, and go in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::adapters::budget::{Budget, MemoryLedger, Priority};
use crate::adapters::clock::{Clock, SharedClock};
use crate::adapters::keys::data_keys::DataKeys;
use crate::adapters::store::StoreFuture;
use crate::adapters::store::waiting::{KeptPlace, NewPlace, WaitingLine};
use crate::domain::budget::Rate;
use crate::domain::rule::Rules;
use crate::domain::session::SessionLimits;
use crate::domain::time::{TimeZone, Timestamp};
use crate::domain::waiting::{PlaceKey, WaitingPlace, round};
use crate::flows::canary::Canary;
use crate::flows::person::Published;
use crate::flows::tests::{NoAms, alone};

struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

/// A line that nobody else shares.
#[derive(Default)]
struct LineInMemory(Mutex<(i64, BTreeMap<i64, KeptPlace>)>);

impl LineInMemory {
    fn line(&self) -> MutexGuard<'_, (i64, BTreeMap<i64, KeptPlace>)> {
        self.0.lock().unwrap()
    }
}

impl WaitingLine for LineInMemory {
    fn take_place<'a>(&'a self, new: &'a NewPlace<'a>) -> StoreFuture<'a, KeptPlace> {
        let mut line = self.line();
        line.0 += 1;
        let rounds = || line.1.values().map(|kept| kept.place);
        let last = rounds().filter(|it| it.network == new.network).map(|it| it.round).max();
        let place = WaitingPlace {
            key: new.key,
            number: line.0,
            round: round(rounds().map(|it| it.round).min(), last),
            network: new.network,
            known: new.known,
        };
        let kept = KeptPlace { place, asked: new.now };
        line.1.insert(place.number, kept);
        Box::pin(async move { Ok(kept) })
    }

    fn waiting_place<'a>(&'a self, _: &'a str, key: PlaceKey) -> StoreFuture<'a, Option<KeptPlace>> {
        let found = self.line().1.values().find(|kept| kept.place.key == key).copied();
        Box::pin(async move { Ok(found) })
    }

    fn waiting_line<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Vec<KeptPlace>> {
        let all = self.line().1.values().copied().collect();
        Box::pin(async move { Ok(all) })
    }

    fn note_asked<'a>(&'a self, asked: &'a [(PlaceKey, Timestamp)]) -> StoreFuture<'a, ()> {
        let mut line = self.line();
        for (key, at) in asked {
            line.1.values_mut().filter(|kept| kept.place.key == *key).for_each(|kept| kept.asked = *at);
        }
        Box::pin(async { Ok(()) })
    }

    fn leave_line<'a>(&'a self, keys: &'a [PlaceKey]) -> StoreFuture<'a, ()> {
        self.line().1.retain(|_, kept| !keys.contains(&kept.place.key));
        Box::pin(async { Ok(()) })
    }

    fn forget_waiting(&self, before: Timestamp) -> StoreFuture<'_, ()> {
        self.line().1.retain(|_, kept| kept.asked >= before);
        Box::pin(async { Ok(()) })
    }
}

struct Rush {
    room: Arc<WaitingRoom>,
    budget: Arc<Budget>,
    begun: Instant,
    stop: CancellationToken,
}

/// The runtime lets time pass only while nobody is at work, so what a call takes is said here.
const A_CALL: Duration = Duration::from_millis(150);

impl Rush {
    async fn at(rate: Rate) -> Rush {
        let clock: SharedClock = Arc::new(RuntimeClock(Instant::now()));
        let budget = Arc::new(Budget::new(rate, Arc::<MemoryLedger>::default(), Arc::clone(&clock)));
        let rules = Published::new(1, Rules::new(TimeZone::UTC));
        let day = SignedDuration::from_hours(24);
        let (_, beliefs) = alone(SessionLimits {
            idle: day,
            absolute: day,
            refresh_after: day,
            stale_limit: day,
            store_gone: day,
        });
        let ams = Arc::new(NoAms("production"));
        let parts = WaitingParts {
            canary: Canary::new(ams.clone(), Arc::clone(&clock)),
            beliefs,
            ams,
            budget: Arc::clone(&budget),
            store: Arc::<LineInMemory>::default(),
            rules: Arc::new(ArcSwap::from_pointee(rules)),
            clock,
            most_of_network: 500,
        };
        let key = DataKeys::generate().unwrap();
        let room = Arc::new(WaitingRoom::new(parts, &key).unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&room).run(stop.clone()));
        sleep(Duration::from_millis(1)).await;
        Rush { room, budget, begun: Instant::now(), stop }
    }

    /// Somebody comes after a while. Gives in how many seconds after the beginning they came, and were in.
    fn person(&self, comes: Duration, address: IpAddr) -> impl Future<Output = (f64, f64)> + Send + use<> {
        let (room, budget, begun) = (Arc::clone(&self.room), Arc::clone(&self.budget), self.begun);
        async move {
            sleep_until(begun + comes).await;
            let since = || begun.elapsed().as_secs_f64();
            let came = since();
            if let Some(turn) = room.at_once(address).await {
                budget.start(turn.priority()).await.expect("its call is reserved");
                sleep(A_CALL).await;
                turn.served().await;
                return (came, since());
            }
            let secret = room.join(address, None, None).await.unwrap().expect("there is a place");
            loop {
                match room.ask(&secret.key(), address).await.unwrap() {
                    PlaceAnswer::Waits(view) => sleep(Duration::try_from(view.again_in).unwrap()).await,
                    PlaceAnswer::Turn(turn) => {
                        budget.start(turn.priority()).await.expect("its call is reserved");
                        sleep(A_CALL).await;
                        turn.served().await;
                        return (came, since());
                    }
                    PlaceAnswer::Gone | PlaceAnswer::NeedsNewProof => panic!("a place is lost"),
                }
            }
        }
    }

    fn background(&self) {
        for n in 0..8 {
            let (budget, stop) = (Arc::clone(&self.budget), self.stop.clone());
            let priority = if n % 2 == 0 { Priority::Refresh } else { Priority::Sweep };
            tokio::spawn(async move {
                stop.run_until_cancelled(async {
                    loop {
                        let _ = budget.start(priority).await;
                    }
                })
                .await
            });
        }
    }

    /// So many people come within so many seconds, each from another address. Gives when each was in, in the order of coming.
    async fn people(&self, count: u32, within: f64) -> Vec<f64> {
        let mut people = JoinSet::new();
        for n in 0..count {
            let comes = Duration::from_secs_f64(within * f64::from(n) / f64::from(count));
            let address = IpAddr::from((0x0a00_0000 + n).to_be_bytes());
            people.spawn(self.person(comes, address));
        }
        let mut all = people.join_all().await;
        all.sort_by(|one, other| one.0.total_cmp(&other.0));
        all.into_iter().map(|(_, inside)| inside).collect()
    }
}

/// By how many people somebody was overtaken, at most.
fn overtaken(inside: &[f64]) -> usize {
    let by = |at: usize| inside[at..].iter().filter(|other| **other < inside[at]).count();
    (0..inside.len()).map(by).max().unwrap_or_default()
}

fn last(inside: &[f64]) -> f64 {
    inside.iter().copied().fold(0.0, f64::max)
}

#[tokio::test(start_paused = true)]
async fn sixty_in_the_same_second_are_in_within_half_a_minute() {
    let rush = Rush::at(Rate::new(3, 60)).await;
    let inside = rush.people(60, 0.9).await;
    assert!(last(&inside) < 30.0, "{}", last(&inside));
    assert!(overtaken(&inside) <= 10, "{}", overtaken(&inside));
}

#[tokio::test(start_paused = true)]
async fn three_hundred_in_ten_seconds_are_all_in_in_order_within_340_seconds() {
    let rush = Rush::at(Rate::new(3, 60)).await;
    let inside = rush.people(300, 10.0).await;
    assert!(last(&inside) <= 340.0, "{}", last(&inside));
    // Those at the head ask every two seconds, so neighbours may change places.
    assert!(overtaken(&inside) <= 10, "{}", overtaken(&inside));
    assert_eq!(rush.room.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn background_work_does_not_keep_anybody_waiting_for_much_longer() {
    let rush = Rush::at(Rate::new(3, 60)).await;
    rush.background();
    sleep(Duration::from_secs(60)).await;
    let rush = Rush { begun: Instant::now(), ..rush };
    let inside = rush.people(300, 10.0).await;
    assert!(last(&inside) <= 400.0, "{}", last(&inside));
    rush.stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_alone_is_in_within_a_second_while_records_are_read() {
    let rush = Rush::at(Rate::new(3, 60)).await;
    rush.background();
    sleep(Duration::from_secs(60)).await;
    for n in 0..100u64 {
        sleep(Duration::from_millis(6_000 + 37 * n)).await;
        let rush = Rush {
            room: Arc::clone(&rush.room),
            budget: Arc::clone(&rush.budget),
            begun: Instant::now(),
            stop: rush.stop.clone(),
        };
        let (came, inside) = rush.person(Duration::ZERO, IpAddr::from([192, 0, 2, 1])).await;
        assert!(inside - came < 1.0, "{n}: {}", inside - came);
    }
    rush.stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_whole_conference_behind_one_address_comes_in() {
    let rush = Rush::at(Rate::new(3, 60)).await;
    let mut people = JoinSet::new();
    for n in 0..200 {
        people.spawn(rush.person(Duration::from_millis(25 * n), IpAddr::from([192, 0, 2, 1])));
    }
    let inside: Vec<f64> = people.join_all().await.into_iter().map(|(_, inside)| inside).collect();
    assert!(last(&inside) <= 240.0, "{}", last(&inside));
}
