//! From what the AMS gave the browser to a session: the steps that cost calls, in a turn of their own.

use std::sync::Arc;

use super::{Exchanged, Failure, PROOF_REMEMBERED, Returning, SignIn, proof_of};
use crate::adapters::ams::AmsError;
use crate::adapters::keys::random::SessionSecret;
use crate::domain::device;
use crate::domain::record::Record;
use crate::domain::roles;
use crate::domain::session::{LogoutHint, Session};
use crate::domain::time::Timestamp;
use crate::flows::waiting::{Brought, PlaceTurn};

impl SignIn {
    /// Exchanges what a browser brought for a session. `has_waited`: it may have become too old meanwhile.
    pub(super) async fn exchange(
        &self,
        returning: &Returning<'_>,
        brought: &Brought,
        turn: PlaceTurn<'_>,
        has_waited: bool,
        now: Timestamp,
    ) -> Result<Exchanged, Failure> {
        // (6) The proof is good, shows the person that the address names, and is used once. It is remembered only after the AMS has
        // vouched for it, so that strangers cannot fill the store with invented ones.
        let parts = self.visits.needed(brought.arrival.claimed.as_ref()).await;
        let (record, hint) = match self.ams.redeem(&brought.arrival, parts, turn.priority()).await {
            Ok(proven) => (Arc::new(proven.record), proven.logout_hint),
            Err(error) => return self.not_redeemed(error, brought, turn, has_waited).await,
        };
        self.waiting.note_ams(true);
        self.waiting.note_found(&record.id);
        let is_new = brought.arrival.is_verified
            || self.store.use_once(&proof_of(&brought.arrival), now + PROOF_REMEMBERED).await?;
        if !is_new {
            turn.ended().await?;
            return Err(Failure::Used);
        }
        // (7) The AMS admits the person now.
        if !roles::admits(&record) {
            turn.ended().await?;
            return Err(Failure::NotAdmitted);
        }
        // (8) A new session under a new id; whatever the browser came with is over.
        let secret = self.begin_session(returning, record, hint, now).await?;
        for key in returning.named {
            self.visits.end(key).await?;
        }
        turn.served().await;
        Ok(Exchanged::In(secret))
    }

    async fn not_redeemed(
        &self,
        error: AmsError,
        brought: &Brought,
        turn: PlaceTurn<'_>,
        has_waited: bool,
    ) -> Result<Exchanged, Failure> {
        match error {
            AmsError::ArrivalRefused if !self.waiting.refusal_counts().await => {
                self.waiting.note_ams(false);
                Ok(Exchanged::Kept)
            }
            AmsError::ArrivalRefused if has_waited && !brought.is_second && !turn.is_second() => {
                self.waiting.note_ams(true);
                turn.refused_after_wait();
                Ok(Exchanged::NeedsNewProof)
            }
            AmsError::ArrivalRefused | AmsError::OtherPerson => {
                self.waiting.note_ams(true);
                turn.refused().await?;
                Err(error.into())
            }
            // Others used up the calls, here or beside us.
            AmsError::Busy | AmsError::RateLimited { .. } => Ok(Exchanged::Kept),
            error => {
                if !has_waited {
                    return Err(error.into());
                }
                tracing::debug!(%error, "The AMS gave no answer to somebody who had waited");
                self.waiting.note_ams(false);
                Ok(Exchanged::Kept)
            }
        }
    }

    async fn begin_session(
        &self,
        returning: &Returning<'_>,
        record: Arc<Record>,
        logout_hint: Option<LogoutHint>,
        now: Timestamp,
    ) -> Result<SessionSecret, Failure> {
        let secret = SessionSecret::new()?;
        let session = Session {
            key: secret.key(),
            individual: record.id.clone(),
            environment: self.ams.environment().to_owned(),
            host: returning.host.to_owned(),
            created: now,
            last_seen: now,
            device: Some(device::describe(returning.user_agent)),
            viewer: None,
            logout_hint,
        };
        self.visits.begin(session, record).await?;
        Ok(secret)
    }
}
