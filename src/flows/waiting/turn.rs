//! A turn to sign in: what is reserved for it, and how it ends.

use std::net::IpAddr;

use super::gathering::{PlaceStanding, WaitingView};
use super::room::WaitingRoom;
use crate::adapters::budget::{Priority, Reservation};
use crate::adapters::store::StoreError;
use crate::domain::waiting::PlaceKey;
use crate::flows::refusals::CallPlace;

/// A turn: the calls of one sign-in. However it is dropped, the place and the calls that were not made are given back.
pub struct PlaceTurn<'a> {
    pub(super) room: &'a WaitingRoom,
    /// `None`: somebody who did not have to wait.
    pub(super) key: Option<PlaceKey>,
    pub(super) address: IpAddr,
    pub(super) call: Option<CallPlace>,
    pub(super) reservation: Reservation,
    pub(super) view: WaitingView,
    pub(super) is_second: bool,
    pub(super) is_over: bool,
}

impl PlaceTurn<'_> {
    /// For the calls of this sign-in.
    pub fn priority(&self) -> Priority {
        self.reservation.priority()
    }

    /// What its browser is told if nothing comes of it.
    pub fn view(&self) -> WaitingView {
        self.view
    }

    /// Whether the browser was sent to the AMS once more already.
    pub fn is_second(&self) -> bool {
        self.is_second
    }

    /// The sign-in is through.
    pub async fn served(mut self) {
        self.is_over = true;
        if let Some(key) = &self.key {
            self.room.gathering().served(key, self.room.parts.clock.now());
            if let Err(error) = self.room.parts.store.leave_line(&[*key]).await {
                tracing::warn!(%error, "A place in line stays in the store until nobody has asked for it for a while");
            }
        }
    }

    /// The AMS did not take the token of somebody who had to wait: the browser gets another one, and keeps the place. Unless it comes
    /// back with one, that was a refusal.
    pub fn refused_after_wait(mut self) {
        self.is_over = true;
        let now = self.room.parts.clock.now();
        let mut gathering = self.room.gathering();
        gathering.note_refused(now);
        if let Some(key) = &self.key {
            gathering.sent(key, self.call.take(), now);
        }
    }

    /// The AMS refused the token. The place of somebody who had to wait is gone.
    pub async fn refused(mut self) -> Result<(), StoreError> {
        self.is_over = true;
        let now = self.room.parts.clock.now();
        self.room.gathering().note_refused(now);
        match self.call.take() {
            Some(call) => self.room.refusals.note(call),
            None => self.room.gathering().set_behind(self.room.network(self.address), now),
        }
        self.give_up().await
    }

    /// It ends here, for a reason that is not the token's. The place of somebody who had to wait is gone.
    pub async fn ended(mut self) -> Result<(), StoreError> {
        self.is_over = true;
        self.give_up().await
    }

    async fn give_up(&self) -> Result<(), StoreError> {
        match &self.key {
            Some(key) => self.room.leave(key).await,
            None => Ok(()),
        }
    }
}

impl Drop for PlaceTurn<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.filter(|_| !self.is_over)
            && let Some(known) = self.room.gathering().get(&key)
        {
            known.standing = PlaceStanding::Waits;
        }
    }
}
