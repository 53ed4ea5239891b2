//! How many tokens the AMS may refuse to one network before it goes behind the others. Each costs a call of a budget that is small, and
//! nobody but a forger presents many.
//!
//! A place is taken before the call, and given back unless the token is refused. So parallel forgeries cannot overtake the count,
//! while the honest people of a conference, who share one address, pass one after the other.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::MissedTickBehavior;

use crate::adapters::clock::SharedClock;
use crate::domain::network::ClientNetwork;
use crate::domain::time::Timestamp;

/// Refusals that a network may have within [`SPAN`], and calls of it that may be under way together.
const MOST: usize = 10;

/// A refusal counts for so long.
pub const SPAN: SignedDuration = SignedDuration::from_mins(10);

/// People of one network who may wait for a place.
const MOST_WAITING: usize = 256;

/// How long they wait, at most; then they wait for a turn.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// How often those who wait look whether a refusal no longer counts.
const LOOK: Duration = Duration::from_millis(250);

/// Networks kept in mind; beyond that the longest unseen is forgotten.
const NETWORKS: u64 = 100_000;

/// Counts refusals by network.
pub struct Refusals {
    networks: Cache<ClientNetwork, Arc<Places>>,
    clock: SharedClock,
}

/// The network has no place for another call now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCallPlace {
    /// Refused tokens hold every place.
    Refused,
    /// Calls that are under way hold some.
    UnderWay,
}

/// The places of one network.
struct Places {
    /// Given out in the order of asking.
    free: Arc<Semaphore>,
    /// When tokens were refused; each of these holds a place.
    refused: Mutex<VecDeque<Timestamp>>,
    waiting: AtomicUsize,
}

/// A place for one call. Dropping it gives the place back.
pub struct CallPlace {
    places: Arc<Places>,
    permit: OwnedSemaphorePermit,
}

impl Refusals {
    /// Nothing has been refused yet.
    pub fn new(clock: SharedClock) -> Refusals {
        let idle = Duration::try_from(SPAN).unwrap_or_default();
        Refusals { networks: Cache::builder().max_capacity(NETWORKS).time_to_idle(idle).build(), clock }
    }

    /// A place for a call about a token from this address; waits a moment for one if all are taken.
    pub async fn place(&self, address: IpAddr) -> Result<CallPlace, NoCallPlace> {
        match self.place_now(address) {
            Err(NoCallPlace::UnderWay) => {
                let places = self.places_of(address);
                let permit = self.wait(&places).await?;
                Ok(CallPlace { places, permit })
            }
            now => now,
        }
    }

    /// As [`Refusals::place`], without waiting.
    pub fn place_now(&self, address: IpAddr) -> Result<CallPlace, NoCallPlace> {
        let places = self.places_of(address);
        places.release(self.clock.now());
        match Arc::clone(&places.free).try_acquire_owned() {
            Ok(permit) => Ok(CallPlace { places, permit }),
            Err(_) if places.are_all_refused() => Err(NoCallPlace::Refused),
            Err(_) => Err(NoCallPlace::UnderWay),
        }
    }

    fn places_of(&self, address: IpAddr) -> Arc<Places> {
        self.networks.get_with(ClientNetwork::of(address), Places::new)
    }

    async fn wait(&self, places: &Places) -> Result<OwnedSemaphorePermit, NoCallPlace> {
        let _waiting = WaitingCall::begin(places).ok_or(NoCallPlace::UnderWay)?;
        let mut place = std::pin::pin!(Arc::clone(&places.free).acquire_owned());
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let waiting = async {
            loop {
                tokio::select! {
                    biased;
                    permit = place.as_mut() => return permit.map_err(|_| NoCallPlace::UnderWay),
                    _ = look.tick() => {
                        places.release(self.clock.now());
                        if places.are_all_refused() {
                            return Err(NoCallPlace::Refused);
                        }
                    }
                }
            }
        };
        tokio::time::timeout(LONGEST_WAIT, waiting).await.map_err(|_| NoCallPlace::UnderWay)?
    }

    /// The AMS has refused the token: the place is taken for a while.
    pub fn note(&self, place: CallPlace) {
        let CallPlace { places, permit } = place;
        places.refused().push_back(self.clock.now());
        permit.forget();
    }
}

impl Places {
    fn new() -> Arc<Places> {
        Arc::new(Places {
            free: Arc::new(Semaphore::new(MOST)),
            refused: Mutex::default(),
            waiting: AtomicUsize::new(0),
        })
    }

    fn refused(&self) -> std::sync::MutexGuard<'_, VecDeque<Timestamp>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back the places of refusals that no longer count.
    fn release(&self, now: Timestamp) {
        let mut refused = self.refused();
        while refused.front().is_some_and(|at| now.duration_since(*at) >= SPAN) {
            refused.pop_front();
            self.free.add_permits(1);
        }
    }

    fn are_all_refused(&self) -> bool {
        self.refused().len() >= MOST
    }
}

/// One of those who wait.
struct WaitingCall<'a>(&'a Places);

impl WaitingCall<'_> {
    fn begin(places: &Places) -> Option<WaitingCall<'_>> {
        let waiting = WaitingCall(places);
        (places.waiting.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(waiting)
    }
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use super::*;
    use crate::adapters::clock::Clock;

    #[derive(Default)]
    struct Moved(AtomicI64);

    impl Clock for Moved {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_800_000_000 + self.0.load(Ordering::Relaxed)).unwrap()
        }
    }

    fn refusals() -> (Arc<Refusals>, Arc<Moved>) {
        let clock = Arc::new(Moved::default());
        (Arc::new(Refusals::new(clock.clone())), clock)
    }

    /// Calls that are answered after a while; tells how many of the AMS were refused, how many passed, and how many were stopped.
    async fn calls(refusals: &Arc<Refusals>, count: usize, forged: bool) -> (usize, usize, usize) {
        let mut calls = tokio::task::JoinSet::new();
        for n in 0..count {
            let refusals = Arc::clone(refusals);
            calls.spawn(async move {
                let Ok(place) = refusals.place("192.0.2.1".parse().unwrap()).await else { return (0, 0, 1) };
                tokio::time::sleep(Duration::from_millis(100 + 7 * (n as u64 % 13))).await;
                if forged {
                    refusals.note(place);
                    (1, 0, 0)
                } else {
                    (0, 1, 0)
                }
            });
        }
        let all = calls.join_all().await;
        all.into_iter().fold((0, 0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1, sum.2 + it.2))
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_forgeries_at_once_ten_reach_the_ams() {
        let (refusals, clock) = refusals();
        assert_eq!(calls(&refusals, 250, true).await, (10, 0, 240));
        assert_eq!(calls(&refusals, 3, false).await, (0, 0, 3), "the window is not over");
        let elsewhere = ["2001:db8::1", "192.0.2.2"].map(|it| it.parse().unwrap());
        for other in elsewhere {
            assert!(refusals.place(other).await.is_ok(), "another network is not concerned");
        }
        clock.0.fetch_add(601, Ordering::Relaxed);
        assert_eq!(calls(&refusals, 250, true).await.0, 10, "and again ten in the next window");
    }

    #[tokio::test(start_paused = true)]
    async fn honest_people_behind_one_address_pass_one_after_the_other() {
        let (refusals, _) = refusals();
        assert_eq!(calls(&refusals, 150, false).await, (0, 150, 0));
        assert_eq!(calls(&refusals, 9, true).await.0, 9);
        assert_eq!(calls(&refusals, 15, false).await, (0, 15, 0), "while one place is left");
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_with_too_many_refusals_is_told_from_one_with_many_calls() {
        let (refusals, clock) = refusals();
        let address = "192.0.2.1".parse().unwrap();
        let under_way: Vec<CallPlace> =
            (0..MOST).map(|_| refusals.place_now(address).ok().unwrap()).collect();
        assert_eq!(refusals.place_now(address).err(), Some(NoCallPlace::UnderWay));
        under_way.into_iter().for_each(|place| refusals.note(place));
        assert_eq!(refusals.place_now(address).err(), Some(NoCallPlace::Refused));
        let begun = tokio::time::Instant::now();
        assert_eq!(refusals.place(address).await.err(), Some(NoCallPlace::Refused));
        assert!(begun.elapsed() < LOOK * 2, "nobody waits for what will not come");
        clock.0.fetch_add(600, Ordering::Relaxed);
        assert!(refusals.place_now(address).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_is_bounded_and_so_is_the_wait() {
        let (refusals, _) = refusals();
        let address = "2001:db8::1".parse().unwrap();
        let mut held = Vec::new();
        for _ in 0..MOST {
            held.push(refusals.place(address).await.ok().unwrap());
        }
        let begun = tokio::time::Instant::now();
        let mut waiting = tokio::task::JoinSet::new();
        for n in 0..2 * MOST_WAITING {
            let refusals = Arc::clone(&refusals);
            // Each from another address of the same network.
            let address = format!("2001:db8::{n:x}").parse().unwrap();
            waiting
                .spawn(async move { (refusals.place(address).await.is_err(), tokio::time::Instant::now()) });
        }
        let all = waiting.join_all().await;
        assert!(all.iter().all(|(stopped, _)| *stopped));
        let at_once = all.iter().filter(|(_, at)| *at == begun).count();
        assert_eq!(at_once, MOST_WAITING);
        assert!(begun.elapsed() <= LONGEST_WAIT + LOOK);
        drop(held);
        assert!(refusals.place(address).await.is_ok(), "what was given back is free");
    }
}
