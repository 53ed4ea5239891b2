//! Signing in by way of the line: a place for a browser that has come back, and its turn.

use super::{
    Exchanged, Failure, Finished, InLine, PROOF_REMEMBERED, Polled, Returning, SignIn, SignInError, SignedIn,
    proof_of,
};
use crate::domain::time::Timestamp;
use crate::flows::long_addresses::Destination;
use crate::flows::waiting::{Brought, LineFull, PlaceAnswer, PlaceSecret, WaitingView};

impl SignIn {
    /// Gives a browser a place for what it brought; one that has a place keeps it, and waits with the new.
    pub(super) async fn take_place(
        &self,
        returning: &Returning<'_>,
        brought: Brought,
        handle: Option<String>,
        now: Timestamp,
    ) -> Result<Finished, Failure> {
        let held = returning.place.and_then(|text| self.waiting.cookies.open(returning.host, text));
        let (held, is_second) = held.map_or((None, false), |(secret, old)| (Some(secret), old.is_second));
        let known = match (self.device_of(returning), &brought.arrival.claimed) {
            (None, Some(claimed)) => {
                self.visits.is_on_file(claimed).await.then(|| self.waiting.on_file(claimed))
            }
            (device, _) => device,
        };
        let secret = match self.waiting.join(returning.address, known, held).await? {
            Ok(secret) => secret,
            Err(LineFull(again)) => return Err(Failure::LineFull(again)),
        };
        let arrival = match self.ams.before_wait(brought.arrival).await {
            Ok(arrival) => arrival,
            Err(error) => {
                self.waiting.leave(&secret.key()).await?;
                return Err(error.into());
            }
        };
        if arrival.is_verified && !self.store.use_once(&proof_of(&arrival), now + PROOF_REMEMBERED).await? {
            self.waiting.leave(&secret.key()).await?;
            return Err(Failure::Used);
        }
        let brought = Brought { arrival, is_second, ..brought };
        let cookie = self.waiting.cookies.seal(returning.host, &secret, &brought)?;
        Ok(Finished::Waits(InLine { cookie, to: brought.to, handle }))
    }

    /// Whether the browser waits already.
    pub(super) async fn has_place(&self, returning: &Returning<'_>) -> Result<bool, Failure> {
        match returning.place.and_then(|text| self.waiting.cookies.open(returning.host, text)) {
            Some((secret, _)) => Ok(self.waiting.has(&secret.key()).await?),
            None => Ok(false),
        }
    }

    /// Where a browser with a place wants to go, if the place's cookie is one of ours for this host. For a callback that is loaded again.
    pub fn waits_for(&self, host: &str, place: &str) -> Option<Destination> {
        Some(self.waiting.cookies.open(host, place)?.1.to)
    }

    /// How it stands with a place, for a script that only looks. `None`: there is none, and the page finds out why.
    pub async fn look(&self, host: &str, place: Option<&str>) -> Result<Option<WaitingView>, Failure> {
        let Some((secret, _)) = place.and_then(|text| self.waiting.cookies.open(host, text)) else {
            return Ok(None);
        };
        Ok(self.waiting.look(&secret.key()).await?)
    }

    /// A browser asks for its turn.
    pub async fn poll(&self, returning: Returning<'_>) -> Result<Polled, SignInError> {
        let opened = returning.place.and_then(|text| self.waiting.cookies.open(returning.host, text));
        let Some((secret, brought)) = opened else { return Ok(Polled::NoPlace(None)) };
        let polled = self.turn(&returning, &secret, &brought).await;
        match &polled {
            Ok(Polled::SignedIn(_)) => self.tally.note("completed"),
            Err(failure) => self.tally.note(failure.outcome().slug()),
            Ok(_) => {}
        }
        polled.map_err(|failure| SignInError { failure, to: Some(brought.to), tries: 0 })
    }

    async fn turn(
        &self,
        returning: &Returning<'_>,
        secret: &PlaceSecret,
        brought: &Brought,
    ) -> Result<Polled, Failure> {
        let key = secret.key();
        let turn = match self.waiting.ask(&key, returning.address).await? {
            PlaceAnswer::Gone => return Ok(Polled::NoPlace(Some(brought.to.clone()))),
            PlaceAnswer::Waits(view) => return Ok(Polled::Waits(view, None)),
            PlaceAnswer::NeedsNewProof => return self.needs_new_proof(returning, secret, brought),
            PlaceAnswer::Turn(turn) => turn,
        };
        let view = turn.view();
        match self.exchange(returning, brought, turn, true, self.clock.now()).await {
            Ok(Exchanged::In(session)) => Ok(Polled::SignedIn(SignedIn {
                secret: Some(session),
                to: brought.to.clone(),
                handle: None,
                device: self.new_device(returning)?,
            })),
            Ok(Exchanged::Kept) => Ok(Polled::Waits(view, None)),
            Ok(Exchanged::NeedsNewProof) => self.needs_new_proof(returning, secret, brought),
            // The store is ours; nobody starts again because of it.
            Err(failure @ Failure::Store(_)) => Ok(Polled::Waits(view, Some(failure))),
            Err(failure) => Err(failure),
        }
    }

    fn needs_new_proof(
        &self,
        returning: &Returning<'_>,
        secret: &PlaceSecret,
        brought: &Brought,
    ) -> Result<Polled, Failure> {
        let cookie = self.waiting.cookies.seal_again(returning.host, secret, brought)?;
        Ok(Polled::NeedsNewProof(InLine { cookie, to: brought.to.clone(), handle: None }))
    }
}
