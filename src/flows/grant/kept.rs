//! What the browser keeps for us under seal: a request that waits for a sign-in, a logout that waits for a yes, and where to go
//! when the AMS has logged the person out. Nothing is stored for visitors who are not signed in.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Provider;
use crate::adapters::keys::CryptographyFailed;
use crate::domain::record::IndividualId;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// How long a question about a logout may be answered, and how long the AMS may take to send a browser back.
pub const ONWARD_LIVES: SignedDuration = SignedDuration::from_mins(5);

/// How long a request waits for a sign-in: as long as the attempt may take, and the way to the AMS and back before it.
const WAITING_LIVES: SignedDuration = SignedDuration::from_mins(65);

/// A request that waits for a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRequest {
    /// The request, as a query.
    pub request: String,
    /// When it was first made.
    pub asked: Timestamp,
    /// The person whom the client expects.
    pub expected: Option<IndividualId>,
}

/// Where a browser goes after the logout: an address that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onward {
    /// A registered post-logout address with its state, or an address of our own.
    pub address: String,
    made: Timestamp,
}

/// A logout that waits for a yes.
#[derive(Debug, Serialize, Deserialize)]
struct SealedQuestion {
    session: [u8; 32],
    onward: Option<String>,
    made: Timestamp,
}

impl Provider {
    /// Seals a request.
    pub fn seal_waiting(&self, waiting: &WaitingRequest) -> Result<String, CryptographyFailed> {
        self.seal(b"waiting", waiting)
    }

    /// Opens a request that was sealed here.
    pub fn open_waiting(&self, sealed: &str) -> Option<WaitingRequest> {
        self.open(b"waiting", sealed)
    }

    /// Whether a request has waited no longer than a sign-in takes. An older one is as if it were made now: nobody has signed in
    /// for it.
    pub fn still_waits(&self, waiting: &WaitingRequest) -> bool {
        self.clock.now().duration_since(waiting.asked).abs() < WAITING_LIVES
    }

    /// Seals where to go after the AMS's logout.
    pub fn seal_onward(&self, address: &str) -> Result<String, CryptographyFailed> {
        self.seal(b"onward", &Onward { address: address.to_owned(), made: self.clock.now() })
    }

    /// Opens it, unless it is too old.
    pub fn open_onward(&self, sealed: &str) -> Option<Onward> {
        self.open(b"onward", sealed).filter(|onward: &Onward| self.is_fresh(onward.made))
    }

    /// Seals the question whether this session shall end.
    pub fn seal_question(
        &self,
        session: SessionKey,
        onward: Option<&str>,
    ) -> Result<String, CryptographyFailed> {
        let onward = onward.map(str::to_owned);
        self.seal(b"question", &SealedQuestion { session: session.0, onward, made: self.clock.now() })
    }

    /// Opens the answer of the browser that has this session: where to go then. `None`: nobody asked it that.
    pub fn open_question(&self, session: SessionKey, sealed: &str) -> Option<Option<String>> {
        let question: SealedQuestion = self.open(b"question", sealed)?;
        (question.session == session.0 && self.is_fresh(question.made)).then_some(question.onward)
    }

    fn is_fresh(&self, made: Timestamp) -> bool {
        self.clock.now().duration_since(made).abs() < ONWARD_LIVES
    }

    fn seal(&self, purpose: &[u8], value: &impl Serialize) -> Result<String, CryptographyFailed> {
        let plain = serde_json::to_vec(value).map_err(|_| CryptographyFailed)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(self.kept.seal(&plain, purpose)?))
    }

    fn open<T: DeserializeOwned>(&self, purpose: &[u8], sealed: &str) -> Option<T> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        serde_json::from_slice(&self.kept.open(&sealed, purpose)?).ok()
    }
}
