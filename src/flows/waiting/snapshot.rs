//! The look at the whole line, once a second: it learns of other gateways' changes, forgets who no longer asks, and says how long it takes.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::room::WaitingRoom;
use crate::adapters::store::StoreError;
use crate::domain::waiting::PLACE_STAYS;

/// How often a gateway looks at the whole line.
const SNAPSHOT: Duration = Duration::from_secs(1);

/// Every so many snapshots, places are forgotten whose browsers no longer ask.
const FORGET_EVERY: u32 = 10;

impl WaitingRoom {
    /// Looks at the line once a second until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(SNAPSHOT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut rounds, mut failing) = (0u32, false);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let outcome = self.snapshot(rounds).await;
            if let (Err(error), false) = (&outcome, failing) {
                tracing::error!(%error, "The line in front of the sign-in cannot be read or written");
            }
            failing = outcome.is_err();
            rounds = rounds.wrapping_add(1);
        }
    }

    async fn snapshot(&self, rounds: u32) -> Result<(), StoreError> {
        let read_at = self.parts.clock.now();
        let line = self.parts.store.waiting_line(self.environment()).await;
        let used: usize = self.parts.budget.used().last_minute.iter().sum();
        let now = self.parts.clock.now();
        let (chores, waiting) = {
            let mut gathering = self.gathering();
            if let Ok(kept) = &line {
                gathering.take_over(kept, read_at, rounds == 0);
            }
            let chores = gathering.chores(now);
            gathering.arrange(now, used);
            (chores, gathering.len())
        };
        if waiting > 0 || rounds == 0 {
            // Others may have called meanwhile.
            self.parts.budget.learn().await;
        }
        // One more than wait: what a newcomer would be told.
        let forecast = self.parts.budget.forecast(self.calls(), waiting + 1);
        let calls = i32::try_from(self.calls()).unwrap_or(i32::MAX);
        let per_minute = i32::try_from(self.parts.budget.rate().per_minute).unwrap_or(i32::MAX);
        self.gathering()
            .set_forecast(forecast, SignedDuration::from_mins(1).saturating_mul(calls) / per_minute);
        self.parts.budget.set_people_wait(waiting > 0);
        chores.refused.into_iter().for_each(|call| self.refusals.note(call));
        line?;
        if !chores.asked.is_empty() {
            self.parts.store.note_asked(&chores.asked).await?;
        }
        // Right after a start nobody has had the time to ask.
        if rounds.is_multiple_of(FORGET_EVERY) && now.duration_since(self.started) >= PLACE_STAYS {
            self.parts.store.forget_waiting(now - PLACE_STAYS).await?;
        }
        Ok(())
    }
}
