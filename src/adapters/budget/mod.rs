//! How many calls the AMS may get from this installation, and who goes first when they are short.
//!
//! `window` is pure: it says when the next call may start. [`Budget`] lets callers wait for that, in order.
//! There is no task behind it: each caller waits for itself, and whoever leaves the head of the line wakes the next.

mod window;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub use window::Rate;
use window::Window;

/// Who goes first when calls are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A visitor is waiting.
    SignIn,
    /// A person with a live session.
    Refresh,
    /// Everything else.
    Sweep,
}

/// No call may start in time: the line is full, or the wait would be longer than this priority bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many calls are waiting")]
pub struct Busy;

/// What the budget is used for now, for the status page and the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls that started within the last minute.
    pub last_minute: usize,
    /// Calls allowed per minute.
    pub per_minute: usize,
    /// Calls that wait: of sign-ins, of refreshes, of sweeps.
    pub waiting: [usize; 3],
    /// How much longer the AMS asked us to pause.
    pub paused_for: Option<Duration>,
}

/// A place in the line: priority first, then order of arrival.
type Rank = (Priority, u64);

#[derive(Debug)]
struct WaitingLine {
    window: Window,
    waiting: BTreeMap<Rank, Arc<Notify>>,
    arrivals: u64,
    starts: u32,
}

/// Every so many starts, a waiting refresh goes before sign-ins: a stranger who begins logins without end must not keep
/// revoked people in.
const REFRESH_EVERY: u32 = 4;

impl WaitingLine {
    /// Whose turn it is.
    fn next(&self) -> Option<(&Rank, &Arc<Notify>)> {
        let refreshes = (Priority::Refresh, 0)..=(Priority::Refresh, u64::MAX);
        let refresh = || self.waiting.range(refreshes).next();
        let turn = if self.starts % REFRESH_EVERY == REFRESH_EVERY - 1 { refresh() } else { None };
        turn.or_else(|| self.waiting.iter().next())
    }
}

/// The budget of the whole installation. Every call to the AMS passes here first.
#[derive(Debug)]
pub struct Budget {
    line: Mutex<WaitingLine>,
}

impl Budget {
    /// A budget of which nothing is used yet.
    pub fn new(rate: Rate) -> Budget {
        let line =
            WaitingLine { window: Window::new(rate), waiting: BTreeMap::new(), arrivals: 0, starts: 0 };
        Budget { line: Mutex::new(line) }
    }

    /// Waits until a call may start, and counts it as started. Dropping the future gives the place up.
    pub async fn admit(&self, priority: Priority) -> Result<(), Busy> {
        let deadline = Instant::now() + longest_wait(priority);
        let place = self.queue(priority)?;
        loop {
            let wake_at = match self.try_start(&place, deadline)? {
                Turn::Started => return Ok(()),
                Turn::Head { opens } => opens,
                Turn::Behind => deadline,
            };
            // Woken, or the instant has come: either way it is time to look again.
            let _ = timeout_at(wake_at, place.notify.notified()).await;
        }
    }

    /// The AMS said that it gets too many calls: nobody starts one before the time that it asked for has passed, or
    /// one that we choose, longer each time.
    pub fn throttle(&self, retry_after: Option<Duration>) {
        self.line().window.pause(Instant::now(), retry_after);
    }

    /// The AMS answered, so the next pause of our own choice is a short one again.
    pub fn ease(&self) {
        self.line().window.ease();
    }

    /// Other limits from now on. Who waits already may wait as long as the old ones said.
    pub fn set_rate(&self, rate: Rate) {
        self.line().window.set_rate(rate);
    }

    /// What is used now.
    pub fn used(&self) -> Usage {
        let now = Instant::now();
        let line = self.line();
        let waiting = |priority| line.waiting.keys().filter(|(of, _)| *of == priority).count();
        Usage {
            last_minute: line.window.in_last_minute(now),
            per_minute: line.window.rate.per_minute,
            waiting: [Priority::SignIn, Priority::Refresh, Priority::Sweep].map(waiting),
            paused_for: line.window.paused_until.and_then(|until| until.checked_duration_since(now)),
        }
    }

    fn queue(&self, priority: Priority) -> Result<PlaceInLine<'_>, Busy> {
        let mut line = self.line();
        if line.waiting.keys().filter(|(of, _)| *of == priority).count() >= longest_line(priority) {
            return Err(Busy);
        }
        line.arrivals += 1;
        let place = (priority, line.arrivals);
        let notify = Arc::new(Notify::new());
        line.waiting.insert(place, Arc::clone(&notify));
        Ok(PlaceInLine { budget: self, place, notify })
    }

    fn try_start(&self, held: &PlaceInLine<'_>, deadline: Instant) -> Result<Turn, Busy> {
        let now = Instant::now();
        let mut line = self.line();
        let opens = line.window.opens(now);
        if opens > deadline {
            return Err(Busy);
        }
        if line.next().map(|(place, _)| place) != Some(&held.place) {
            return if now < deadline { Ok(Turn::Behind) } else { Err(Busy) };
        }
        if opens > now {
            return Ok(Turn::Head { opens });
        }
        line.window.start(now);
        line.starts = line.starts.wrapping_add(1);
        Ok(Turn::Started)
    }

    fn line(&self) -> MutexGuard<'_, WaitingLine> {
        // Nothing panics while the line is held; if something ever did, its numbers would still be sound.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Turn {
    Started,
    /// At the head of the line; the window opens then.
    Head {
        opens: Instant,
    },
    /// Somebody else goes first, and wakes us on leaving.
    Behind,
}

/// A place in the line that is given up however its holder goes.
struct PlaceInLine<'a> {
    budget: &'a Budget,
    place: Rank,
    notify: Arc<Notify>,
}

impl Drop for PlaceInLine<'_> {
    fn drop(&mut self) {
        let mut line = self.budget.line();
        line.waiting.remove(&self.place);
        if let Some((_, next)) = line.next() {
            next.notify_one();
        }
    }
}

/// How long a call may wait for its turn: a visitor looks at a blank page meanwhile, a sweep has all night.
fn longest_wait(priority: Priority) -> Duration {
    match priority {
        Priority::SignIn => Duration::from_secs(20),
        Priority::Refresh => Duration::from_secs(120),
        Priority::Sweep => Duration::from_secs(600),
    }
}

/// How many calls of one priority may wait.
fn longest_line(priority: Priority) -> usize {
    match priority {
        Priority::SignIn | Priority::Refresh => 256,
        Priority::Sweep => 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 3, per_minute: 60 };

    /// Runs calls that all arrive at once, and gives the millisecond at which each started.
    async fn starts(budget: &Arc<Budget>, priorities: &[Priority]) -> Vec<(Priority, u128)> {
        let begin = Instant::now();
        let started = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = tokio::task::JoinSet::new();
        for priority in priorities.iter().copied() {
            let (budget, started) = (Arc::clone(budget), Arc::clone(&started));
            tasks.spawn(async move {
                if budget.admit(priority).await.is_ok() {
                    started.lock().unwrap().push((priority, begin.elapsed().as_millis()));
                }
            });
        }
        tasks.join_all().await;
        let started = started.lock().unwrap();
        started.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_three_and_no_minute_more_than_sixty() {
        let budget = Arc::new(Budget::new(RATE));
        let started = starts(&budget, &[Priority::Refresh; 120]).await;
        let at: Vec<u128> = started.iter().map(|(_, at)| *at).collect();
        assert_eq!(at.len(), 120);
        assert!(at.windows(4).all(|calls| calls[3] - calls[0] >= 1_000), "{at:?}");
        assert!(at.windows(61).all(|calls| calls[60] - calls[0] >= 60_000), "{at:?}");
        assert!(at[119] < 86_000, "the limits are used, not only kept: {at:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn sign_ins_go_before_refreshes_but_for_every_fourth_call_and_those_before_sweeps() {
        use Priority::{Refresh, SignIn, Sweep};
        let budget = Arc::new(Budget::new(RATE));
        starts(&budget, &[SignIn; 3]).await;
        let started = starts(&budget, &[Sweep, Refresh, Sweep, SignIn, Refresh, SignIn]).await;
        let order: Vec<Priority> = started.into_iter().map(|(priority, _)| priority).collect();
        assert_eq!(order, [Refresh, SignIn, SignIn, Refresh, Sweep, Sweep]);
    }

    #[tokio::test(start_paused = true)]
    async fn sign_ins_without_end_leave_every_fourth_call_to_refreshes() {
        use Priority::{Refresh, SignIn};
        let budget = Arc::new(Budget::new(RATE));
        starts(&budget, &[SignIn; 4]).await;
        let mut asked = vec![SignIn; 9];
        asked.extend([Refresh; 3]);
        let started = starts(&budget, &asked).await;
        let order: Vec<Priority> = started.into_iter().map(|(priority, _)| priority).collect();
        assert_eq!(order, [[SignIn, SignIn, SignIn, Refresh]; 3].concat());
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_sign_in_overtakes_whoever_already_waits() {
        let budget = Arc::new(Budget::new(RATE));
        starts(&budget, &[Priority::SignIn; 3]).await;
        let (line, first) = (Arc::clone(&budget), Arc::new(Mutex::new(Vec::new())));
        let log = Arc::clone(&first);
        let sweeps = tokio::spawn(async move {
            for _ in 0..3 {
                line.admit(Priority::Sweep).await.unwrap();
                log.lock().unwrap().push(Priority::Sweep);
            }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        for _ in 0..3 {
            budget.admit(Priority::SignIn).await.unwrap();
            first.lock().unwrap().push(Priority::SignIn);
        }
        sweeps.await.unwrap();
        assert_eq!(first.lock().unwrap()[..3], [Priority::SignIn; 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everyone_and_refuses_at_once_those_who_cannot_bear_it() {
        let budget = Arc::new(Budget::new(RATE));
        budget.throttle(Some(Duration::from_secs(30)));
        assert_eq!(budget.used().paused_for, Some(Duration::from_secs(30)));
        let begin = Instant::now();
        assert_eq!(budget.admit(Priority::SignIn).await, Err(Busy));
        assert_eq!(begin.elapsed(), Duration::ZERO);
        assert_eq!(starts(&budget, &[Priority::Refresh]).await, [(Priority::Refresh, 30_000)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_is_bounded_and_a_wait_ends() {
        let budget = Arc::new(Budget::new(Rate { per_second: 1, per_minute: 1 }));
        starts(&budget, &[Priority::Sweep]).await;
        let begin = Instant::now();
        let started = starts(&budget, &[Priority::Sweep; 100]).await;
        assert_eq!(started.len(), 9, "64 may wait, and of those nine start within ten minutes: {started:?}");
        assert!(begin.elapsed() <= Duration::from_secs(601));
        assert_eq!(budget.used().waiting, [0, 0, 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_no_gap() {
        let budget = Arc::new(Budget::new(RATE));
        starts(&budget, &[Priority::SignIn; 3]).await;
        let gone = tokio::time::timeout(Duration::from_millis(10), budget.admit(Priority::SignIn)).await;
        assert!(gone.is_err());
        assert_eq!(budget.used().waiting, [0, 0, 0]);
        assert_eq!(starts(&budget, &[Priority::Sweep]).await.len(), 1);
        assert_eq!(budget.used().last_minute, 4);
    }
}
