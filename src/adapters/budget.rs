//! How many calls the AMS may get from this installation, and who goes first when they are short (design §5).
//!
//! [`Window`] is pure: it says when the next call may start. [`Budget`] lets callers wait for that, in order.
//! There is no task behind it: each caller waits for itself, and whoever leaves the head of the line wakes the next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::ams::Priority;

/// Calls that start evenly may still arrive bunched, so our windows are this much longer than the AMS's own. It costs
/// nothing in the long run: there the limit per minute rules.
const SLACK: Duration = Duration::from_millis(200);

/// Longest time that an AMS may make us wait by `Retry-After`; one that asks for more is not believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Pauses that we choose ourselves begin at a second and double up to this.
const LONGEST_OWN_PAUSE: Duration = Duration::from_secs(60);

/// Calls that may start within a second and within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In any second.
    pub per_second: usize,
    /// In any minute.
    pub per_minute: usize,
}

impl Default for Rate {
    /// What re:Members allows (re:Members fact sheet §7, 1).
    fn default() -> Rate {
        Rate { per_second: 3, per_minute: 60 }
    }
}

/// The calls of the last minute.
#[derive(Debug)]
struct Window {
    rate: Rate,
    starts: VecDeque<Instant>,
    paused_until: Option<Instant>,
    /// Pauses of our own choice since the AMS last answered properly.
    pauses: u32,
}

impl Window {
    fn new(rate: Rate) -> Window {
        let rate = Rate { per_second: rate.per_second.max(1), per_minute: rate.per_minute.max(1) };
        Window { rate, starts: VecDeque::new(), paused_until: None, pauses: 0 }
    }

    /// The first instant, not before `now`, at which a call may start.
    fn opens(&self, now: Instant) -> Instant {
        let after = |calls: usize, span: Duration| {
            let nth_last = self.starts.len().checked_sub(calls).and_then(|at| self.starts.get(at));
            nth_last.map_or(now, |start| *start + span + SLACK)
        };
        let second = after(self.rate.per_second, Duration::from_secs(1));
        let minute = after(self.rate.per_minute, Duration::from_secs(60));
        now.max(second).max(minute).max(self.paused_until.unwrap_or(now))
    }

    /// Notes that a call starts.
    fn start(&mut self, now: Instant) {
        if self.starts.len() >= self.rate.per_minute {
            self.starts.pop_front();
        }
        self.starts.push_back(now);
    }

    /// Lets no call start for a while. Answers to calls that started side by side count as one.
    fn pause(&mut self, now: Instant, asked: Option<Duration>) {
        let wait = match asked {
            Some(wait) => wait.min(LONGEST_PAUSE),
            None if self.paused_until.is_some_and(|until| until > now) => return,
            None => {
                self.pauses = self.pauses.saturating_add(1);
                Duration::from_secs(1 << (self.pauses - 1).min(6)).min(LONGEST_OWN_PAUSE)
            }
        };
        self.paused_until = self.paused_until.max(Some(now + wait));
    }

    fn in_last_minute(&self, now: Instant) -> usize {
        self.starts.iter().filter(|start| now.duration_since(**start) < Duration::from_secs(60)).count()
    }
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
type Place = (Priority, u64);

#[derive(Debug)]
struct Line {
    window: Window,
    waiting: BTreeMap<Place, Arc<Notify>>,
    arrivals: u64,
    starts: u32,
}

/// Every so many starts, a waiting refresh goes before sign-ins: a stranger who begins logins without end must not keep
/// revoked people in.
const REFRESH_EVERY: u32 = 4;

impl Line {
    /// Whose turn it is.
    fn next(&self) -> Option<(&Place, &Arc<Notify>)> {
        let refreshes = (Priority::Refresh, 0)..=(Priority::Refresh, u64::MAX);
        let refresh = || self.waiting.range(refreshes).next();
        let turn = if self.starts % REFRESH_EVERY == REFRESH_EVERY - 1 { refresh() } else { None };
        turn.or_else(|| self.waiting.iter().next())
    }
}

/// The budget of the whole installation. Every call to the AMS passes here first.
#[derive(Debug)]
pub struct Budget {
    line: Mutex<Line>,
}

impl Budget {
    /// A budget of which nothing is used yet.
    pub fn new(rate: Rate) -> Budget {
        let line = Line { window: Window::new(rate), waiting: BTreeMap::new(), arrivals: 0, starts: 0 };
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
        self.line().window.pauses = 0;
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

    fn queue(&self, priority: Priority) -> Result<Held<'_>, Busy> {
        let mut line = self.line();
        if line.waiting.keys().filter(|(of, _)| *of == priority).count() >= longest_line(priority) {
            return Err(Busy);
        }
        line.arrivals += 1;
        let place = (priority, line.arrivals);
        let notify = Arc::new(Notify::new());
        line.waiting.insert(place, Arc::clone(&notify));
        Ok(Held { budget: self, place, notify })
    }

    fn try_start(&self, held: &Held<'_>, deadline: Instant) -> Result<Turn, Busy> {
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

    fn line(&self) -> MutexGuard<'_, Line> {
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
struct Held<'a> {
    budget: &'a Budget,
    place: Place,
    notify: Arc<Notify>,
}

impl Drop for Held<'_> {
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

    #[test]
    fn the_window_opens_when_both_limits_allow_it() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut window = Window::new(Rate { per_second: 2, per_minute: 3 });
        assert_eq!(window.opens(at(0)), at(0));
        window.start(at(0));
        window.start(at(100));
        assert_eq!(window.opens(at(200)), at(1_200), "the second limit counts from the first of two");
        window.start(at(1_200));
        assert_eq!(window.opens(at(2_000)), at(60_200), "the minute limit counts from the first of three");
        window.paused_until = Some(at(90_000));
        assert_eq!(window.opens(at(70_000)), at(90_000));
        assert_eq!(window.opens(at(95_000)), at(95_000));
    }

    #[test]
    fn pauses_of_our_own_choice_double_until_the_ams_answers() {
        let (begin, mut window) = (Instant::now(), Window::new(RATE));
        let mut at = begin;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            window.pause(at, None);
            window.pause(at, None);
            assert_eq!(window.opens(at), at + Duration::from_secs(seconds));
            at = window.opens(at);
        }
        window.pause(at, Some(Duration::from_secs(90)));
        assert_eq!(window.opens(at), at + Duration::from_secs(90));
        window.pause(at, Some(Duration::from_secs(86_400)));
        assert_eq!(window.opens(at), at + LONGEST_PAUSE);
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
    async fn a_sign_in_goes_before_refreshes_and_those_before_sweeps() {
        use Priority::{Refresh, SignIn, Sweep};
        let budget = Arc::new(Budget::new(RATE));
        starts(&budget, &[SignIn; 3]).await;
        let started = starts(&budget, &[Sweep, Refresh, Sweep, SignIn, Refresh, SignIn]).await;
        let order: Vec<Priority> = started.into_iter().map(|(priority, _)| priority).collect();
        assert_eq!(order, [SignIn, SignIn, Refresh, Refresh, Sweep, Sweep]);
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
