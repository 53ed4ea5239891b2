//! Answers and tunnels that stay open: they end when the right to them ends.
//!
//! Twice a second each core asks about each of its open streams what it asked when it began, of the same `decide`. A stream is
//! entered here only when it first has to wait, so an answer that comes at once costs nothing.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Uri};
use http_body::{Body as _, Frame};
use tokio::time::Instant;

use super::gate::Gate;
use crate::adapters::pace::LeastRate;
use crate::adapters::upstream::SiteBody;
use crate::domain::access::{Access, Located, Visitor, decide};
use crate::flows::visit::{Live, Presence};

/// How often open streams are asked about.
pub(super) const PERIOD: Duration = Duration::from_millis(500);

/// How far a visitor may be behind in reading while others wait for a connection to the site.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);

/// What was asked when a signed-in visitor's stream began.
pub(super) struct Question {
    pub(super) live: Arc<Live>,
    pub(super) site: Arc<str>,
    pub(super) host: Arc<str>,
    pub(super) method: Method,
    pub(super) uri: Uri,
}

enum StreamVerdict {
    GoesOn,
    Stale,
    Over,
}

impl Question {
    fn ask(&self, gate: &Gate) -> StreamVerdict {
        let snapshot = gate.snapshot.load();
        let Ok(Located { path, site: Some(site) }) = snapshot.sites.locate(&self.host, self.uri.path())
        else {
            return StreamVerdict::Over;
        };
        if site.name != self.site {
            return StreamVerdict::Over;
        }
        match gate.visits.still_present(&self.live, &self.host, gate.clock.now()) {
            Presence::Over => StreamVerdict::Over,
            Presence::Stale => StreamVerdict::Stale,
            Presence::Present(held) => {
                let visitor = Visitor::SignedIn(&held.standing);
                match decide(site, &path, self.method.as_str(), visitor) {
                    Access::Granted(_) => StreamVerdict::GoesOn,
                    Access::SignIn | Access::Refused(_) => StreamVerdict::Over,
                }
            }
        }
    }
}

/// An open stream.
pub(super) struct Watched {
    /// `None`: a stranger's stream, which ends by idleness alone.
    question: Option<Box<Question>>,
    is_over: Cell<bool>,
    is_asking: Cell<bool>,
    moved: Cell<Instant>,
    may_idle: bool,
    reading: HeldBody,
    waker: RefCell<Option<Waker>>,
}

impl Watched {
    /// Ready once the stream has to end.
    pub(super) fn poll_over(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_over.get() {
            return Poll::Ready(());
        }
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Something went through, and now it is the visitor's turn to ask for more.
    pub(super) fn moved(&self, bytes: usize) {
        let now = Instant::now();
        self.moved.set(now);
        self.reading.given(bytes, now);
    }

    /// It is the site's turn.
    pub(super) fn waits(&self) {
        self.reading.asked();
    }

    /// Takes the body itself, so that it can be given up while nobody asks for it.
    /// `is_seen_elsewhere`: only while others wait for a connection to the site.
    pub(super) fn hold(&self, body: SiteBody, is_seen_elsewhere: bool) {
        self.reading.is_seen_elsewhere.set(is_seen_elsewhere);
        self.reading.given(0, Instant::now());
        *self.reading.held.borrow_mut() = Some(body);
    }

    /// The next frame of the body that is held here.
    pub(super) fn poll_held(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.reading.asked();
        match &mut *self.reading.held.borrow_mut() {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    /// What the body that is held here says of itself.
    pub(super) fn of_held<T>(&self, read: impl FnOnce(&SiteBody) -> T) -> Option<T> {
        self.reading.held.borrow().as_ref().map(read)
    }

    fn end(&self) {
        self.is_over.set(true);
        // The site is let go at once; the visitor's end may never ask again.
        drop(self.reading.held.borrow_mut().take());
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A body that is held here, and how far its visitor is behind in asking for it. Time in which the site is asked does not count.
#[derive(Default)]
struct HeldBody {
    held: RefCell<Option<SiteBody>>,
    /// The visitor's socket sees by itself that it reads too slowly.
    is_seen_elsewhere: Cell<bool>,
    given: Cell<Option<Instant>>,
    lag: Cell<Duration>,
    bytes: Cell<usize>,
}

impl HeldBody {
    fn given(&self, bytes: usize, now: Instant) {
        self.given.set(Some(now));
        self.bytes.set(self.bytes.get().saturating_add(bytes));
    }

    fn asked(&self) {
        if let Some(since) = self.given.take() {
            self.lag.set(self.lag.get() + since.elapsed());
        }
    }

    /// Whether the visitor has fallen too far behind. What was taken since the last time counts first.
    fn is_late(&self, least: LeastRate) -> bool {
        let is_in_demand = match &*self.held.borrow() {
            None => return false,
            Some(body) => body.is_in_demand(),
        };
        self.lag.set(self.lag.get().saturating_sub(least.worth(self.bytes.take())));
        let waiting = self.given.get().map_or(Duration::ZERO, |since| since.elapsed());
        let lag = self.lag.get() + waiting;
        is_in_demand && lag >= SHORT_PATIENCE || !self.is_seen_elsewhere.get() && lag >= least.patience
    }
}

/// The open streams of one core.
#[derive(Default)]
pub(super) struct Streams(RefCell<Vec<Weak<Watched>>>);

impl Streams {
    /// Enters a stream; it leaves when it is dropped. `may_idle`: silence does not end it.
    pub(super) fn enter(&self, question: Option<Box<Question>>, may_idle: bool) -> Rc<Watched> {
        let watched = Rc::new(Watched {
            question,
            is_over: Cell::new(false),
            is_asking: Cell::new(false),
            moved: Cell::new(Instant::now()),
            may_idle,
            reading: HeldBody::default(),
            waker: RefCell::default(),
        });
        self.0.borrow_mut().push(Rc::downgrade(&watched));
        watched
    }

    /// Asks about every open stream once.
    pub(super) fn ask(&self, gate: &Arc<Gate>) {
        let mut open = Vec::new();
        self.0.borrow_mut().retain(|weak| {
            let watched = weak.upgrade().filter(|watched| !watched.is_over.get());
            let stays = watched.is_some();
            open.extend(watched);
            stays
        });
        let (idle_limit, least) = {
            let settings = &gate.snapshot.load().settings;
            (settings.stream_idle, settings.reading)
        };
        for watched in open {
            if watched.reading.is_late(least) {
                gate.meter.limits.slow_downloads.inc();
                watched.end();
                continue;
            }
            if !watched.may_idle && watched.moved.get().elapsed() >= idle_limit {
                watched.end();
                continue;
            }
            match watched.question.as_ref().map_or(StreamVerdict::GoesOn, |question| question.ask(gate)) {
                StreamVerdict::GoesOn => {}
                StreamVerdict::Over => {
                    gate.meter.streams_ended.inc();
                    watched.end();
                }
                // The AMS is asked once; the stream ends if the answer does not make the record believable again.
                StreamVerdict::Stale if !watched.is_asking.replace(true) => {
                    let gate = Arc::clone(gate);
                    tokio::task::spawn_local(async move {
                        if let Some(question) = &watched.question {
                            let refreshed = gate.visits.refreshed(&question.live);
                            let wait = gate.snapshot.load().settings.refresh_wait;
                            let _ = tokio::time::timeout(wait, refreshed).await;
                            if !matches!(question.ask(&gate), StreamVerdict::GoesOn) {
                                gate.meter.streams_ended.inc();
                                watched.end();
                            }
                        }
                        watched.is_asking.set(false);
                    });
                }
                StreamVerdict::Stale => {}
            }
        }
    }
}
