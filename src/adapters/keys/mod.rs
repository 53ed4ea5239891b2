//! Secrets and what is made with them: randomness, digests, sealing, signed assertions.
//!
//! All of it stands on one cryptographic library, `aws-lc-rs`; no other file outside TLS calls it. Nothing here prints, logs or
//! returns key material, except to the store (sealed there) and to the operator who asks for a new secret key.

pub(crate) mod assertion;
mod pair;
pub mod random;
pub mod seal;

/// The machine's cryptography refused to work, for example because there is no randomness. Our fault; nothing was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the machine's cryptography does not work")]
pub struct CryptographyFailed;

impl From<aws_lc_rs::error::Unspecified> for CryptographyFailed {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        CryptographyFailed
    }
}
