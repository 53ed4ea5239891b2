//! For the tests of several use cases: an AMS that gives no answer, whatever it is asked.

use std::sync::Arc;
use url::Url;

use super::directory::Beliefs;
use super::grounds::Grounds;
use crate::adapters::BoxFuture;
use crate::adapters::ams::{Ams, AmsError, Arrival, ArrivalFault, Keep, LoginStart, ProvenPerson};
use crate::adapters::budget::Priority;
use crate::domain::directory::settings::DirectorySettings;
use crate::domain::record::{IndividualId, Parts, Record};
use crate::domain::session::{LogoutHint, SessionLimits};
use crate::domain::time::TimeZone;

/// Of this environment.
pub(super) struct NoAms(pub(super) &'static str);

impl Ams for NoAms {
    fn environment(&self) -> &str {
        self.0
    }

    fn begin<'a>(&'a self, _: &'a Url, _: &'a str) -> BoxFuture<'a, Result<LoginStart, AmsError>> {
        Box::pin(async { Err(AmsError::Failed(503)) })
    }

    fn logout(&self, _: Option<&LogoutHint>, return_to: &str) -> Url {
        Url::parse(return_to).unwrap()
    }

    fn arrival(&self, _: &str, _: &Keep) -> Result<Arrival, ArrivalFault> {
        Err(ArrivalFault::Missing)
    }

    fn calls_of_sign_in(&self, _: Parts) -> usize {
        1
    }

    fn redeem<'a>(
        &'a self,
        _: &'a Arrival,
        _: Parts,
        _: Priority,
    ) -> BoxFuture<'a, Result<ProvenPerson, AmsError>> {
        Box::pin(async { Err(AmsError::Failed(503)) })
    }

    fn canary<'a>(&'a self, _: &'a [IndividualId]) -> BoxFuture<'a, Result<bool, AmsError>> {
        Box::pin(async { Err(AmsError::Failed(503)) })
    }

    fn read<'a>(
        &'a self,
        _: &'a IndividualId,
        _: Parts,
        _: Priority,
    ) -> BoxFuture<'a, Result<Option<Record>, AmsError>> {
        Box::pin(async { Err(AmsError::Failed(503)) })
    }
}

/// Each person is asked about alone, and nothing is known beside the records.
pub(super) fn alone(limits: SessionLimits) -> (Arc<Grounds>, Arc<Beliefs>) {
    let grounds = Grounds::new(limits);
    let settings = DirectorySettings { in_step: false, ..DirectorySettings::usual(TimeZone::UTC) };
    let beliefs = Beliefs::new(Arc::clone(&grounds), &settings);
    (grounds, beliefs)
}
