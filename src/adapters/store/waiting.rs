//! The port for the line in front of the sign-in: who waits, in one order for every gateway. What a browser has to show for the AMS is
//! not here; it stays with the browser.

use super::error::StoreFuture;
use crate::domain::time::Timestamp;
use crate::domain::waiting::{KnownVisitor, PlaceKey, WaitingNetwork, WaitingPlace};

/// A place that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewPlace<'a> {
    /// By what it is found.
    pub key: PlaceKey,
    /// The AMS environment; each has a line of its own.
    pub environment: &'a str,
    /// From where the browser comes.
    pub network: WaitingNetwork,
    /// The browser has signed in before.
    pub known: Option<KnownVisitor>,
    /// When it asks.
    pub now: Timestamp,
}

/// A place that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptPlace {
    /// The place.
    pub place: WaitingPlace,
    /// When its browser last asked, as far as that was written down.
    pub asked: Timestamp,
}

/// The line.
pub trait WaitingLine: Send + Sync + 'static {
    /// Gives the next number. Who has that key already keeps the place.
    fn take_place<'a>(&'a self, new: &'a NewPlace<'a>) -> StoreFuture<'a, KeptPlace>;

    /// A place, if it is kept.
    fn waiting_place<'a>(&'a self, environment: &'a str, key: PlaceKey)
    -> StoreFuture<'a, Option<KeptPlace>>;

    /// Every place of an environment, by number.
    fn waiting_line<'a>(&'a self, environment: &'a str) -> StoreFuture<'a, Vec<KeptPlace>>;

    /// Writes down when browsers asked last; it only moves forward.
    fn note_asked<'a>(&'a self, asked: &'a [(PlaceKey, Timestamp)]) -> StoreFuture<'a, ()>;

    /// Takes places away. One that is gone is gone already.
    fn leave_line<'a>(&'a self, keys: &'a [PlaceKey]) -> StoreFuture<'a, ()>;

    /// Takes away the places, in every environment, whose browsers have not asked since `before`.
    fn forget_waiting(&self, before: Timestamp) -> StoreFuture<'_, ()>;
}
