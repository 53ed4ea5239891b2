//! Looking at a site as somebody else would see it: read-only, for a quarter of an hour, marked on every page.
//!
//! It is a session of its own with a cookie of its own, so the administrator's session stays as it is. It begins by a link
//! that works once and for a minute, because the site may be at another host than the administrator.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::adapters::clock::SharedClock;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::{self, SessionSecret};
use crate::adapters::keys::seal::{self, Sealer};
use crate::adapters::store::StoreError;
use crate::adapters::store::directory::Directory;
use crate::adapters::store::sessions::{Once, Sessions};
use crate::domain::audit::Action;
use crate::domain::record::{IndividualId, Record};
use crate::domain::session::{Session, SessionKey, Viewer};
use crate::domain::time::Timestamp;
use crate::domain::{device, roles};
use crate::flows::administer::{Actor, Audit};
use crate::flows::visit::Visits;

/// How long an impersonation lasts.
pub const LASTS: SignedDuration = SignedDuration::from_mins(15);

/// How long its link works.
pub const LINK_LIVES: SignedDuration = SignedDuration::from_secs(60);

const CONTEXT: &[u8] = b"view as";

/// Why nobody is impersonated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The configuration does not allow it; it is off by default.
    #[error("looking at a site as somebody else is switched off")]
    Off,
    /// Nobody of that id is known here.
    #[error("nobody by that id is known here")]
    Unknown,
    /// The AMS does not admit the person, so there is nothing to see.
    #[error("the AMS does not admit this person")]
    NotAdmitted,
    /// The link is spent, too old, for another host, or none of ours.
    #[error("the link does not work any more")]
    BadLink,
    /// The store gave no answer. Our fault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine's cryptography failed. Our fault.
    #[error(transparent)]
    Cryptography(#[from] CryptographyFailed),
}

/// What a link holds, sealed.
#[derive(Serialize, Deserialize)]
struct ViewLink {
    id: IndividualId,
    host: String,
    by: Actor,
    until: Timestamp,
}

/// Begins and ends such looks, and writes both into the audit log.
pub struct ViewAs {
    pub(in crate::flows::administer) is_on: bool,
    pub(in crate::flows::administer) audit: Audit,
    pub(in crate::flows::administer) sealer: Sealer,
    pub(in crate::flows::administer) sessions: Arc<dyn Sessions>,
    pub(in crate::flows::administer) directory: Arc<dyn Directory>,
    pub(in crate::flows::administer) visits: Arc<Visits>,
    pub(in crate::flows::administer) environment: Arc<str>,
    pub(in crate::flows::administer) clock: SharedClock,
}

impl ViewAs {
    /// Whether the configuration allows it.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// The token of a link by which `actor`'s browser begins to look at the sites of `host` as `id`.
    pub async fn link(&self, actor: &Actor, id: &IndividualId, host: &str) -> Result<String, ViewError> {
        self.record(id).await?;
        let until = self.clock.now().saturating_add(LINK_LIVES).unwrap_or(Timestamp::MIN);
        let link = ViewLink { id: id.clone(), host: host.to_owned(), by: actor.clone(), until };
        let plain = serde_json::to_vec(&link).map_err(|_| CryptographyFailed)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(self.sealer.seal(&plain, CONTEXT)?))
    }

    /// Opens a link at `host`, for the view cookie of a browser. It works once.
    pub async fn open(&self, token: &str, host: &str, user_agent: &str) -> Result<SessionSecret, ViewError> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| ViewError::BadLink)?;
        let plain = self.sealer.open(&sealed, CONTEXT).ok_or(ViewError::BadLink)?;
        let link: ViewLink = serde_json::from_slice(&plain).map_err(|_| ViewError::BadLink)?;
        let now = self.clock.now();
        if link.host != host || now >= link.until {
            return Err(ViewError::BadLink);
        }
        let once = Once(random::digest(&seal::context(&[CONTEXT, &sealed])));
        if !self.sessions.use_once(&once, link.until).await? {
            return Err(ViewError::BadLink);
        }
        let record = self.record(&link.id).await?;
        let until = now.saturating_add(LASTS).unwrap_or(now);
        let viewer = Viewer { by: link.by, until };
        let about = format!("{} at {host}", record.profile.name);
        self.audit.record(&viewer.by, Action::ViewAsBegun, about, None, None).await?;
        let secret = SessionSecret::new()?;
        let session = Session {
            key: secret.key(),
            individual: link.id,
            environment: self.environment.to_string(),
            host: host.to_owned(),
            created: now,
            last_seen: now,
            device: Some(device::describe(user_agent)),
            viewer: Some(viewer),
            logout_hint: None,
        };
        self.visits.begin(session, Arc::new(record)).await?;
        Ok(secret)
    }

    /// Ends a look. Whatever else the key names stays as it is.
    pub async fn end(&self, key: &SessionKey) -> Result<(), StoreError> {
        let Some((session, record)) = self.sessions.session(key).await? else { return Ok(()) };
        let Some(viewer) = session.viewer else { return Ok(()) };
        let about = format!("{} at {}", record.profile.name, session.host);
        // It ends even if it cannot be written down.
        let ended = self.visits.end(key).await;
        let written = self.audit.record(&viewer.by, Action::ViewAsEnded, about, None, None).await;
        ended.and(written)
    }

    /// The record of somebody through whose eyes one may look.
    async fn record(&self, id: &IndividualId) -> Result<Record, ViewError> {
        if !self.is_on {
            return Err(ViewError::Off);
        }
        let record = self.directory.record(&self.environment, id).await?.ok_or(ViewError::Unknown)?;
        if roles::admits(&record) { Ok(record) } else { Err(ViewError::NotAdmitted) }
    }
}
