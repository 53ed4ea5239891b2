//! The port for changes that travel by themselves: for each subscriber and person what it should know, and how far the telling is.
//!
//! What becomes of a row is decided in `domain::deliveries`; a store reads a row, asks there and writes what comes of it, in one transaction.

use super::error::StoreFuture;
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{Delivery, Flight, FlightEnd, Plan};
use crate::domain::deliveries::subscriber::{PassDone, PassUnderWay, SubscriberName, SubscriberState};
use crate::domain::record::IndividualId;
use crate::domain::time::Timestamp;

/// Whose rows: those of a subscriber for the people of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsOf<'a> {
    /// The subscriber.
    pub subscriber: &'a SubscriberName,
    /// The AMS environment.
    pub environment: &'a str,
}

/// A change of what is kept of a subscriber as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriberChange {
    /// Takes the right to plan, or keeps it.
    Lease {
        /// Who, by a name of its own.
        holder: String,
        /// The present.
        now: Timestamp,
        /// Until then.
        until: Timestamp,
    },
    /// Stops sending.
    Stop(Stop),
    /// Sends again, if the stop that began at `since` is still the reason not to; what was lost so far is confirmed.
    Resume {
        /// When that stop began.
        since: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// It is told of the people of this environment from now on.
    TellOf {
        /// The environment.
        environment: String,
        /// The present.
        now: Timestamp,
    },
    /// Nothing is kept of what it was told of the people of this environment.
    Erased {
        /// The environment.
        environment: String,
    },
    /// How far the pass over everybody has come, by whoever plans under this number.
    Pass {
        /// The number.
        number: u64,
        /// The pass that is under way.
        under_way: Option<PassUnderWay>,
        /// One that has ended just now.
        done: Option<PassDone>,
    },
    /// The first run has come to its end, by whoever plans under this number.
    FirstRunEnded {
        /// The number.
        number: u64,
        /// The present.
        now: Timestamp,
    },
}

impl SubscriberChange {
    /// Makes the change. `None`: it is refused. Otherwise the number of whoever has it.
    pub(super) fn make(&self, state: &mut SubscriberState) -> Option<u64> {
        match self {
            SubscriberChange::Lease { holder, now, until } => return state.lease(holder, *now, *until),
            SubscriberChange::Stop(stop) => state.stop(stop.clone()),
            SubscriberChange::Resume { since, now } => {
                if !state.resume(*since, *now) {
                    return None;
                }
            }
            SubscriberChange::TellOf { environment, now } => state.tell_of(environment, *now),
            SubscriberChange::Erased { environment } => drop(state.told_before.remove(environment)),
            SubscriberChange::Pass { number, under_way, done } => {
                if !state.is_planned_by(*number) {
                    return None;
                }
                state.note_pass(under_way.as_ref(), done.as_ref());
            }
            SubscriberChange::FirstRunEnded { number, now } => {
                if !state.is_planned_by(*number) {
                    return None;
                }
                state.end_first_run(*now);
            }
        }
        Some(state.lease.number)
    }
}

/// What came of one flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedFlight {
    /// Whose row it was.
    pub individual: IndividualId,
    /// The number under which the row was taken.
    pub fence: u64,
    /// How it ended.
    pub end: FlightEnd,
}

/// How many rows are how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// The subscriber knows what it should.
    pub settled: u64,
    /// To be told, those included that are being told.
    pub pending: u64,
    /// Those of them whose last try failed.
    pub failing: u64,
    /// Set aside.
    pub set_aside: u64,
    /// People who hold something, whatever the phase.
    pub holders: u64,
    /// People who have lost something lately that no known date takes away.
    pub losers: u64,
    /// Since when the subscriber has not known something that it should, set-aside rows left out.
    pub oldest: Option<Timestamp>,
}

/// Which rows are sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentAgain<'a> {
    /// That of one person.
    Of(&'a IndividualId),
    /// Those that are set aside.
    SetAside,
    /// All of them, but for what is on its way just now.
    All,
}

/// The rows of all subscribers.
pub trait Deliveries: Send + Sync + 'static {
    /// What is kept of a subscriber.
    fn subscriber<'a>(&'a self, name: &'a SubscriberName) -> StoreFuture<'a, SubscriberState>;

    /// Changes it. `None`: the change is refused: somebody else plans, or it is stopped for another reason. Otherwise the number under which the holder of that right plans.
    fn change_subscriber<'a>(
        &'a self,
        name: &'a SubscriberName,
        change: SubscriberChange,
    ) -> StoreFuture<'a, Option<u64>>;

    /// The rows of these people, as far as there are any, in no order.
    fn delivery_rows<'a>(
        &'a self,
        of: RowsOf<'a>,
        people: &'a [IndividualId],
    ) -> StoreFuture<'a, Vec<Delivery>>;

    /// Puts plans in force, by whoever plans under this number. `false`: somebody else does, and nothing has changed.
    fn plan_deliveries<'a>(
        &'a self,
        of: RowsOf<'a>,
        number: u64,
        plans: Vec<Plan>,
        now: Timestamp,
    ) -> StoreFuture<'a, bool>;

    /// People whose date has come (`holds_until`), at most so many.
    fn due_by_date<'a>(
        &'a self,
        of: RowsOf<'a>,
        now: Timestamp,
        most: u16,
    ) -> StoreFuture<'a, Vec<IndividualId>>;

    /// People who have a row and no record; at most so many.
    fn without_record<'a>(&'a self, of: RowsOf<'a>, most: u16) -> StoreFuture<'a, Vec<IndividualId>>;

    /// Takes rows that are due, those that have waited longest first; nobody else gets them before `until`. None while the subscriber is stopped.
    fn take_flights<'a>(
        &'a self,
        of: RowsOf<'a>,
        now: Timestamp,
        until: Timestamp,
        most: u16,
    ) -> StoreFuture<'a, Vec<Flight>>;

    /// Notes how flights have ended, and what that brought to its end, in the subscriber's day. Those that are not the present ones of their rows
    /// count for nothing. `dice`: from 0 to 1.
    fn settle_flights<'a>(
        &'a self,
        of: RowsOf<'a>,
        ends: Vec<EndedFlight>,
        now: Timestamp,
        dice: f64,
    ) -> StoreFuture<'a, ()>;

    /// Sends rows again; tells how many.
    fn send_again<'a>(&'a self, of: RowsOf<'a>, which: SentAgain<'a>, now: Timestamp)
    -> StoreFuture<'a, u64>;

    /// All subscribers of which anything is kept, in no order.
    fn subscribers(&self) -> StoreFuture<'_, Vec<SubscriberName>>;

    /// Erases all rows.
    fn erase_deliveries<'a>(&'a self, of: RowsOf<'a>) -> StoreFuture<'a, ()>;

    /// Erases all that is kept of a subscriber, rows included.
    fn erase_subscriber<'a>(&'a self, name: &'a SubscriberName) -> StoreFuture<'a, ()>;

    /// How many rows are how far, and how many people have lost something since then.
    fn count_deliveries<'a>(&'a self, of: RowsOf<'a>, since: Timestamp) -> StoreFuture<'a, DeliveryCounts>;

    /// Rows that are set aside, at most so many.
    fn set_aside<'a>(&'a self, of: RowsOf<'a>, most: u16) -> StoreFuture<'a, Vec<Delivery>>;
}
