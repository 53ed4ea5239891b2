//! The budget of calls to the AMS: every call passes here before it is made.
//!
//! The ledger in the store says when a call may start, for all gateways on it; here callers wait for that, in order. A sign-in has
//! its calls reserved together, so that it is never stopped half-way by others. There is no task behind it: each caller waits for
//! itself, and whoever leaves the head of the line wakes the next.

mod line;
mod memory;
mod priority;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::time::{Instant, timeout_at};

use self::line::{CallLine, CallRank};
use super::clock::SharedClock;
use super::store::calls::{Calls, LedgerAnswer};
use crate::domain::budget::{CallKind, Crowd, LedgerStep, Rate};
use crate::domain::time::Timestamp;

pub use self::line::SOON;
pub use self::memory::MemoryLedger;
pub use self::priority::{Priority, Ticket};

/// A wait is looked at again this often, so that a clock that was moved is noticed.
const LOOK: Duration = Duration::from_secs(1);

/// No call may start in time: the line is full, or the wait would be longer than this kind of call bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many calls are waiting")]
pub struct Busy;

/// What the budget is used for now, for the status page and the metrics. Lists are in the order of [`CallKind::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls that started within the last minute.
    pub last_minute: [usize; CallKind::ALL.len()],
    /// Calls allowed per minute.
    pub per_minute: usize,
    /// Calls that wait here.
    pub waiting: [usize; CallKind::ALL.len()],
    /// Calls that are reserved for sign-ins that have begun here.
    pub reserved: usize,
    /// How much longer the AMS asked us to pause.
    pub paused_for: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    kind: &'static str,
}

/// The budget of the whole installation. Every call to the AMS passes here first.
pub struct Budget {
    line: Mutex<CallLine>,
    calls: Arc<dyn Calls>,
    clock: SharedClock,
    people_wait: AtomicBool,
    started: Family<CallLabel, Counter>,
}

impl Budget {
    /// A budget by the ledger in `calls`.
    pub fn new(rate: Rate, calls: Arc<dyn Calls>, clock: SharedClock) -> Budget {
        Budget {
            line: Mutex::new(CallLine::new(rate)),
            calls,
            clock,
            people_wait: AtomicBool::new(false),
            started: Family::default(),
        }
    }

    /// Waits until a call may start, and counts it as started. Dropping the future gives the place up.
    pub async fn start(&self, priority: Priority) -> Result<(), Busy> {
        let deadline = Instant::now() + longest_wait(priority.kind());
        let held = self.queue(priority)?;
        loop {
            match self.look(&held, deadline)? {
                CallTurn::Open(now) => {
                    if self.take(priority, now).await? {
                        self.line().started(priority);
                        self.started.get_or_create(&CallLabel { kind: priority.kind().slug() }).inc();
                        return Ok(());
                    }
                }
                // Woken, or the instant has come: either way it is time to look again.
                CallTurn::Wait(until) => {
                    let _ = timeout_at(until.min(Instant::now() + LOOK), held.woken()).await;
                }
            }
        }
    }

    /// Reserves so many calls for one sign-in, if all of them can start soon. No other call comes between; what is not used is given
    /// back with the reservation.
    pub fn reserve(self: &Arc<Self>, calls: usize) -> Option<Reservation> {
        let now = self.now();
        let mut line = self.line();
        let calls = calls.clamp(1, line.rate.per_minute);
        let fits = line.room(now, calls, calls) >= calls;
        fits.then(|| Reservation { budget: Arc::clone(self), ticket: line.reserve(calls) })
    }

    /// How many sign-ins of so many calls each could begin soon, up to `most`.
    pub fn room(&self, calls: usize, most: usize) -> usize {
        let now = self.now();
        let line = self.line();
        let calls = calls.clamp(1, line.rate.per_minute);
        line.room(now, calls, calls.saturating_mul(most)) / calls
    }

    /// In how long each of so many sign-ins of so many calls can begin.
    pub fn forecast(&self, calls: usize, sign_ins: usize) -> Vec<SignedDuration> {
        let now = self.now();
        let line = self.line();
        line.ledger.forecast(now, line.rate_now(), line.ahead(), calls.max(1), sign_ins)
    }

    /// Whether people wait for their turn to sign in; background work then makes way.
    pub fn set_people_wait(&self, people_wait: bool) {
        self.people_wait.store(people_wait, Ordering::Relaxed);
    }

    /// Whether they do.
    pub fn do_people_wait(&self) -> bool {
        self.people_wait.load(Ordering::Relaxed)
    }

    /// The AMS said that it gets too many calls: nobody starts one before the time that it asked for has passed, or
    /// one that we choose, longer each time.
    pub async fn throttle(&self, retry_after: Option<Duration>) {
        self.note(LedgerStep::Pause(retry_after)).await;
    }

    /// The AMS answered, so the next pause of our own choice is a short one again.
    pub async fn ease(&self) {
        if self.line().ledger.is_uneasy() {
            self.note(LedgerStep::Ease).await;
        }
    }

    /// Learns what other gateways have used.
    pub async fn learn(&self) {
        self.note(LedgerStep::Look).await;
    }

    /// Other limits from now on. Who waits already may wait as long as the old ones said.
    pub fn set_rate(&self, rate: Rate) {
        self.line().rate = rate;
    }

    /// The limits in force.
    pub fn rate(&self) -> Rate {
        self.line().rate
    }

    /// What is used now.
    pub fn used(&self) -> Usage {
        let now = self.now();
        let line = self.line();
        let paused = line.ledger.paused_until(now).map(|until| until.duration_since(now));
        Usage {
            last_minute: line.ledger.last_minute(now),
            per_minute: line.rate.per_minute,
            waiting: line.waiting(),
            reserved: line.reserved(),
            paused_for: paused.and_then(|pause| Duration::try_from(pause).ok()),
        }
    }

    /// Enters the counts where metrics are gathered.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Calls to the AMS, by what they were for";
        registry.register("membergate_ams_calls", help, self.started.clone());
    }

    fn queue(&self, priority: Priority) -> Result<PlaceInLine<'_>, Busy> {
        let (rank, notify) = self.line().enter(priority).ok_or(Busy)?;
        Ok(PlaceInLine { budget: self, rank, notify })
    }

    /// What the copy of the ledger says, so that nobody writes in vain.
    fn look(&self, held: &PlaceInLine<'_>, deadline: Instant) -> Result<CallTurn, Busy> {
        let (now, instant) = (self.now(), Instant::now());
        let line = self.line();
        let kind = held.rank.priority.kind();
        let opens = line.ledger.opens(now, kind, line.rate_now(), self.crowd(&line, held.rank.priority));
        let wait = Duration::try_from(opens.duration_since(now)).unwrap_or_default();
        if instant + wait > deadline {
            return Err(Busy);
        }
        Ok(match line.next() {
            Some(next) if *next == held.rank && wait.is_zero() => CallTurn::Open(now),
            Some(next) if *next == held.rank => CallTurn::Wait(instant + wait),
            _ if instant < deadline => CallTurn::Wait(deadline),
            _ => return Err(Busy),
        })
    }

    async fn take(&self, priority: Priority, now: Timestamp) -> Result<bool, Busy> {
        let (rate, crowd) = {
            let line = self.line();
            (line.rate, self.crowd(&line, priority))
        };
        let step = LedgerStep::Start { kind: priority.kind(), rate, crowd };
        match self.calls.step_ledger(now, step).await {
            Ok(answer) => {
                let taken = answer.taken;
                self.follow(answer);
                Ok(taken)
            }
            // Whoever would come in waits for the store. For those who are in, the calls that we know of must do.
            Err(_) if priority.kind() == CallKind::SignIn => Err(Busy),
            Err(_) => Ok(self.line().without_store(now, step)),
        }
    }

    async fn note(&self, step: LedgerStep) {
        let now = self.now();
        match self.calls.step_ledger(now, step).await {
            Ok(answer) => self.follow(answer),
            Err(_) => {
                self.line().ledger.take(now, step);
            }
        }
    }

    fn follow(&self, answer: LedgerAnswer) {
        let here = self.clock.now();
        self.line().follow(answer, here);
    }

    fn crowd(&self, line: &CallLine, priority: Priority) -> Crowd {
        let people_wait = self.people_wait.load(Ordering::Relaxed);
        // A call of a sign-in does not make way for itself.
        let reserved = if priority.kind() == CallKind::SignIn { 0 } else { line.reserved() };
        Crowd { people_wait, reserved }
    }

    /// The present by the store's clock, as far as we know it.
    fn now(&self) -> Timestamp {
        let skew = self.line().skew;
        self.clock.now().checked_add(skew).unwrap_or_else(|_| self.clock.now())
    }

    fn line(&self) -> MutexGuard<'_, CallLine> {
        // Nothing panics while the line is held; if something ever did, its numbers would still be sound.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").finish_non_exhaustive()
    }
}

/// Calls that are reserved for one sign-in. Dropping it gives back what was not used.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    ticket: Ticket,
}

impl Reservation {
    /// For the calls of this sign-in.
    pub fn priority(&self) -> Priority {
        Priority::SignIn(self.ticket)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.line().give_back(self.ticket);
    }
}

enum CallTurn {
    /// At the head of the line, and a call may start as far as we know.
    Open(Timestamp),
    /// Until then, or until whoever goes first wakes us on leaving.
    Wait(Instant),
}

/// A place in the line that is given up however its holder goes.
struct PlaceInLine<'a> {
    budget: &'a Budget,
    rank: CallRank,
    notify: Arc<tokio::sync::Notify>,
}

impl PlaceInLine<'_> {
    async fn woken(&self) {
        self.notify.notified().await;
    }
}

impl Drop for PlaceInLine<'_> {
    fn drop(&mut self) {
        self.budget.line().leave(&self.rank);
    }
}

/// How long a call may wait for its turn: a visitor looks at a blank page meanwhile, a sweep has all night.
fn longest_wait(kind: CallKind) -> Duration {
    match kind {
        CallKind::Token | CallKind::SignIn | CallKind::Person | CallKind::Canary => Duration::from_secs(20),
        CallKind::Refresh | CallKind::Catalogue => Duration::from_secs(120),
        CallKind::Sweep => Duration::from_secs(600),
    }
}
