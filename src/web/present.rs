//! Who is here: the person behind the session that a request for one of our own pages brings.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use axum::http::Response;
use axum::http::request::Parts;
use axum::response::IntoResponse;

use super::arrived::Arrived;
use super::client_kind::{ClientKind, client_kind};
use super::cookies::{Cookie, Cookies, SessionCookie};
use super::pages::{Notice, Retry};
use super::state::{Services, answer};
use crate::adapters::keys::random::key_of;
use crate::adapters::store::StoreError;
use crate::flows::person::Held;
use crate::flows::visit::{Live, Presence};

/// When to ask again who is here, after the store did not say.
const SOON: Retry = Retry::after(5);

/// Somebody with a live session at this host. Handlers take `Option<Present>`; where the store's silence is told in a way of its
/// own, `Result<Option<Present>, Unanswered>`.
pub struct Present {
    /// The session.
    pub live: Arc<Live>,
    /// What its holder holds now.
    pub held: Arc<Held>,
}

/// The store does not say who is here.
pub struct Unanswered {
    /// Why.
    pub error: StoreError,
    arrived: Arrived,
    kind: ClientKind,
}

impl Present {
    /// The person of these cookies. A stale record counts as nobody: whoever asks here can do without.
    async fn find(
        services: &Services,
        arrived: &Arrived,
        cookies: &Cookies,
    ) -> Result<Option<Present>, StoreError> {
        let SessionCookie::Present(text) = cookies.session(Cookie::Session) else { return Ok(None) };
        let Some(key) = key_of(text) else { return Ok(None) };
        let found = services.visits.find(&key).await?;
        // Whoever views the site as another person is nobody here: no page of ours may take them for that person.
        let Some(live) = found.filter(|live| live.session().viewer.is_none()) else { return Ok(None) };
        Ok(match services.visits.presence(&live, &arrived.site.host, services.clock.now()) {
            Presence::Present(held) => Some(Present { live, held }),
            Presence::Stale | Presence::Over => None,
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Present
where
    Services: FromRef<S>,
{
    type Rejection = Unanswered;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Present>, Unanswered> {
        let Some(arrived) = parts.extensions.get::<Arrived>().cloned() else { return Ok(None) };
        let Ok(cookies) = Cookies::from_request_parts(parts, state).await;
        let found = Present::find(&Services::from_ref(state), &arrived, &cookies).await;
        found.map_err(|error| Unanswered { error, arrived, kind: client_kind(&parts.headers) })
    }
}

impl IntoResponse for Unanswered {
    fn into_response(self) -> Response<Body> {
        let notice = Notice::Unavailable(SOON);
        super::log::ending(&self.arrived, notice.outcome(), &self.error);
        let frame = self.arrived.frame();
        answer(match self.kind {
            ClientKind::Navigation => notice.html(&frame),
            ClientKind::Program => notice.json(&frame),
        })
    }
}
