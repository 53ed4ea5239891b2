//! What the handlers of the administration share, and which methods their addresses take.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::Response;
use axum::routing::MethodRouter;

use super::shell::{Note, Tone};
use super::words::when;
use crate::domain::time::TimeZone;
use crate::flows::administer::Administer;
use crate::flows::administer::clients::OpenIdClients;
use crate::flows::administer::services::AdminServices;
use crate::web::arrived::Arrived;
use crate::web::pages::Notice;
use crate::web::state::{Services, answer};

/// What the handlers of the administration share.
#[derive(Clone)]
pub struct Admin {
    /// The control plane.
    pub gate: Services,
    /// The use cases.
    pub administer: Arc<Administer>,
    /// Those about people.
    pub services: Arc<AdminServices>,
    /// The clients of the OpenID Provider, if there is one.
    pub clients: Option<Arc<OpenIdClients>>,
}

impl FromRef<Admin> for Services {
    fn from_ref(admin: &Admin) -> Services {
        admin.gate.clone()
    }
}

impl Admin {
    /// The association's time zone, in which every instant is shown.
    pub fn zone(&self) -> TimeZone {
        self.gate.rules.load().rules.time_zone.clone()
    }

    /// What pages say when the AMS did not answer the last time that its lists were asked for.
    pub fn outage(&self) -> Option<Note> {
        let (at, _) = self.services.catalogues.offered().failed?;
        let at = when(at, &self.zone());
        let text = format!("The AMS did not answer on {at}. These pages work with what was read before.");
        Some(Note::new(Tone::Warn, text))
    }
}

/// An address that is only read.
pub fn reads(route: MethodRouter<Admin>) -> MethodRouter<Admin> {
    route.fallback(|arrived| not_allowed(arrived, "GET, HEAD"))
}

/// An address that only takes forms.
pub fn writes(route: MethodRouter<Admin>) -> MethodRouter<Admin> {
    route.fallback(|arrived| not_allowed(arrived, "POST"))
}

async fn not_allowed(Extension(arrived): Extension<Arrived>, allow: &'static str) -> Response<Body> {
    answer(Notice::MethodNotAllowed { allow }.html(&arrived.frame()))
}
