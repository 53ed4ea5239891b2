//! One request, and the site to which it came.

use std::ops::{Deref, DerefMut};

use hyper::body::Incoming;

use crate::sim::people::Environment;
use crate::sim::serving::{self, Answer};

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &[
    "pageSize",
    "offset",
    "lastModifiedDate",
    "registrationDate",
    "dateFrom",
    "dateTo",
    "scope",
    "response_type",
    "response_mode",
    "code_challenge_method",
];

/// A request, and what its route made of it.
pub(super) struct Call {
    pub(super) environment: Environment,
    request: serving::Call,
}

impl Deref for Call {
    type Target = serving::Call;

    fn deref(&self) -> &serving::Call {
        &self.request
    }
}

impl DerefMut for Call {
    fn deref_mut(&mut self) -> &mut serving::Call {
        &mut self.request
    }
}

impl Call {
    pub(super) async fn read(
        environment: Environment,
        request: http::Request<Incoming>,
    ) -> Result<Call, Answer> {
        Ok(Call { environment, request: serving::Call::read(request).await? })
    }

    /// The call as it may be shown.
    pub(super) fn shown(&self) -> String {
        self.request.shown(|_| false, SHOWN)
    }
}
