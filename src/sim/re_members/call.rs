//! One request, and what is re:Members' own in it: environment, caller, number of the page.

use std::ops::{Deref, DerefMut};

use http::StatusCode;
use hyper::body::Incoming;

use super::answer::{Answer, Page};
use super::tokens::Grant;
use crate::sim::people::Environment;
use crate::sim::serving;

/// Parameters whose values are no secrets.
const SHOWN: &[&str] = &[
    "includeDetails",
    "loadPrimaryOrgDetails",
    "loadRelationships",
    "updateTokenUsage",
    "includeInactive",
    "productCode",
    "purchasedSince",
    "eventCode",
    "relationshipName",
    "membershipTypeCode",
    "includeMembership",
    "includeMembershipRenewalUrl",
    "includeEmail",
    "includeCustomFields",
    "expiringFrom",
    "expiringTo",
    "Term",
    "positionCodes",
    "sessionCode",
    "registeredSince",
    "cancelledSince",
];

/// A request, and what its route made of it. Its path lacks the prefix of the environment.
pub(super) struct Call {
    pub(super) environment: Environment,
    /// Whose `UserToken` it is; only calls that passed authorization have one.
    pub(super) caller: Option<Grant>,
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
    pub(super) async fn read(request: http::Request<Incoming>) -> Result<Call, Answer> {
        let mut request = serving::Call::read(request).await?;
        let staging = request.path.first().is_some_and(|first| first.eq_ignore_ascii_case("staging"));
        if staging {
            request.path.remove(0);
        }
        let environment = if staging { Environment::Staging } else { Environment::Production };
        Ok(Call { environment, caller: None, request })
    }

    /// The call as it may be shown: tokens and addresses of people are left out, and parameters that nobody knows.
    pub(super) fn shown(&self) -> String {
        let is_token =
            |segment: &str| self.arguments.iter().any(|(name, value)| *name == "sso" && value == segment);
        self.request.shown(is_token, SHOWN)
    }

    /// The page number: the last segment if there is one, else 1.
    pub(super) fn page(&self) -> Result<Page, Answer> {
        let page = |number| Page { number, fault: self.fault };
        match self.argument("page") {
            "" => Ok(page(1)),
            number => match number.parse() {
                Ok(number) if number > 0 => Ok(page(number)),
                _ => Err(Answer::error(StatusCode::BAD_REQUEST, "The page number is not valid.")),
            },
        }
    }
}
