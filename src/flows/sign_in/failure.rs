//! Why a sign-in does not end in a session.

use jiff::SignedDuration;

use crate::adapters::ams::{AmsError, ArrivalFault};
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::store::StoreError;
use crate::domain::outcome::Outcome;
use crate::flows::long_addresses::Destination;
use crate::flows::waiting::JoinError;

/// Why a sign-in does not end in a session.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The browser came back without any state of ours: the AMS or a mailed link sent it. A normal login is started.
    #[error("the return carries no state")]
    NoState,
    /// As before, again and again: something on the way drops our state.
    #[error("the return carries no state, for the third time within seconds")]
    Loop,
    /// The state is not one that this browser holds. The visitor's fault.
    #[error("the state does not belong to this browser")]
    ForeignState,
    /// The attempt is too old. The visitor's fault.
    #[error("the attempt has expired")]
    Expired,
    /// The state or the proof has been used before. The visitor's fault.
    #[error("the attempt has been used before")]
    Used,
    /// The rest of the return is not what the AMS sends. The visitor's fault.
    #[error(transparent)]
    Arrival(#[from] ArrivalFault),
    /// The line is as long as anybody is to wait, or the visitor's network holds as many places as it may. When to come again.
    #[error("there is no place left in the line in front of the sign-in")]
    LineFull(SignedDuration),
    /// The AMS does not admit this person (not approved, or deceased).
    #[error("the AMS does not admit this person")]
    NotAdmitted,
    /// The AMS gave no usable answer.
    #[error(transparent)]
    Ams(#[from] AmsError),
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No random numbers or no sealing. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

impl Failure {
    /// What it is called wherever somebody is told of it.
    pub fn outcome(&self) -> Outcome {
        match self {
            Failure::NoState => Outcome::NoState,
            Failure::Loop => Outcome::StateLost,
            Failure::ForeignState => Outcome::NotStartedHere,
            Failure::Expired => Outcome::AttemptExpired,
            Failure::Used => Outcome::AlreadyUsed,
            Failure::Arrival(ArrivalFault::NotPermitted) => Outcome::NotAdmitted,
            Failure::Arrival(ArrivalFault::LoginFailed) => Outcome::AmsDown,
            Failure::Arrival(_) => Outcome::ReturnMalformed,
            Failure::LineFull(_) => Outcome::LineFull,
            Failure::NotAdmitted => Outcome::NotAdmitted,
            Failure::Ams(AmsError::ArrivalRefused) => Outcome::TokenRefused,
            Failure::Ams(AmsError::OtherPerson) => Outcome::WrongPerson,
            Failure::Ams(AmsError::Busy | AmsError::RateLimited { .. }) => Outcome::Busy,
            Failure::Ams(_) => Outcome::AmsDown,
            Failure::Store(_) => Outcome::Unavailable,
            Failure::Cryptography(_) => Outcome::Broken,
        }
    }
}

/// A failure, and where the visitor wanted to go as far as that is known.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct SignInError {
    /// What went wrong.
    pub failure: Failure,
    /// Where the visitor wanted to go.
    pub to: Option<Destination>,
    /// How often the page about a failure has begun this sign-in by itself.
    pub tries: u8,
}

impl<F: Into<Failure>> From<F> for SignInError {
    fn from(failure: F) -> SignInError {
        SignInError { failure: failure.into(), to: None, tries: 0 }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Failure {
        match error {
            JoinError::Store(error) => error.into(),
            JoinError::Cryptography(error) => error.into(),
        }
    }
}
