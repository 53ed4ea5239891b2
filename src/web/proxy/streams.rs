//! Answers and tunnels that stay open: they end when the right to them ends.
//!
//! Twice a second each core asks about each of its open streams what it asked when it began, of the same `decide`. A stream is
//! entered here only when it first has to wait, so an answer that comes at once costs nothing.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Method, Uri};
use tokio::time::Instant;

use super::Gate;
use crate::domain::access::{Access, Visitor, decide};
use crate::domain::path::RequestPath;
use crate::flows::visit::{Live, Presence};

/// How often open streams are asked about.
pub(super) const PERIOD: Duration = Duration::from_millis(500);

/// What was asked when a signed-in visitor's stream began.
pub(super) struct Question {
    pub(super) live: Arc<Live>,
    pub(super) site: Arc<str>,
    pub(super) host: Arc<str>,
    pub(super) method: Method,
    pub(super) uri: Uri,
}

enum Verdict {
    GoesOn,
    Stale,
    Over,
}

impl Question {
    fn ask(&self, gate: &Gate) -> Verdict {
        let snapshot = gate.snapshot.load();
        let Ok(path) = RequestPath::parse(self.uri.path()) else { return Verdict::Over };
        let Some(site) = snapshot.sites.find(&self.host, &path).filter(|site| site.name == self.site) else {
            return Verdict::Over;
        };
        match gate.visits.still_present(&self.live, &self.host, gate.clock.now()) {
            Presence::Over => Verdict::Over,
            Presence::Stale => Verdict::Stale,
            Presence::Present(held) => {
                let visitor = Visitor::SignedIn(&held.standing);
                match decide(site, &path, self.method.as_str(), visitor) {
                    Access::Granted(_) => Verdict::GoesOn,
                    Access::SignIn | Access::Refused(_) => Verdict::Over,
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

    /// Something went through.
    pub(super) fn moved(&self) {
        self.moved.set(Instant::now());
    }

    fn end(&self) {
        self.is_over.set(true);
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
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
        let idle_limit = gate.snapshot.load().settings.stream_idle;
        for watched in open {
            if !watched.may_idle && watched.moved.get().elapsed() >= idle_limit {
                watched.end();
                continue;
            }
            match watched.question.as_ref().map_or(Verdict::GoesOn, |question| question.ask(gate)) {
                Verdict::GoesOn => {}
                Verdict::Over => {
                    gate.meter.streams_ended.inc();
                    watched.end();
                }
                // The AMS is asked once; the stream ends if the answer does not make the record believable again.
                Verdict::Stale if !watched.is_asking.replace(true) => {
                    let gate = Arc::clone(gate);
                    tokio::task::spawn_local(async move {
                        if let Some(question) = &watched.question {
                            let refreshed = gate.visits.refreshed(&question.live);
                            let wait = gate.snapshot.load().settings.refresh_wait;
                            let _ = tokio::time::timeout(wait, refreshed).await;
                            if !matches!(question.ask(&gate), Verdict::GoesOn) {
                                gate.meter.streams_ended.inc();
                                watched.end();
                            }
                        }
                        watched.is_asking.set(false);
                    });
                }
                Verdict::Stale => {}
            }
        }
    }
}
