//! For the tests of several use cases: an AMS that gives no answer, whatever it is asked.

use url::Url;

use crate::adapters::BoxFuture;
use crate::adapters::ams::{Ams, AmsError, Arrival, ArrivalFault, Priority};
use crate::domain::record::{IndividualId, Parts, Record};

/// Of this environment.
pub(super) struct NoAms(pub(super) &'static str);

impl Ams for NoAms {
    fn environment(&self) -> &str {
        self.0
    }

    fn login_url(&self, callback: &Url) -> Url {
        callback.clone()
    }

    fn logout_url(&self) -> Url {
        Url::parse("https://members.acme.example/logout").unwrap()
    }

    fn arrival(&self, _: &str) -> Result<Arrival, ArrivalFault> {
        Err(ArrivalFault::Missing)
    }

    fn redeem<'a>(&'a self, _: &'a Arrival, _: Parts) -> BoxFuture<'a, Result<Record, AmsError>> {
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
