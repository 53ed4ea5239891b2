//! The OpenID Provider, put together.

use std::sync::Arc;

use super::StartError;
use crate::adapters::clock::SharedClock;
use crate::adapters::keys::keyring::Keyring;
use crate::adapters::keys::seal::SecretKey;
use crate::adapters::store::grants::Grants;
use crate::config::settings::Oidc;
use crate::flows::back_channel::BackChannel;
use crate::flows::grant::{Provider, PublishedClients};
use crate::flows::visit::Visits;

/// The OpenID Provider, and the worker that tells its clients of logouts.
pub(super) struct OpenId {
    pub(super) provider: Arc<Provider>,
    pub(super) back_channel: Arc<BackChannel>,
}

impl OpenId {
    pub(super) fn new(
        oidc: &Oidc,
        clients: PublishedClients,
        grants: Arc<dyn Grants>,
        visits: Arc<Visits>,
        keys: Arc<Keyring>,
        clock: &SharedClock,
        secret: &SecretKey,
    ) -> Result<OpenId, StartError> {
        let issuer = oidc.provider.issuer.clone();
        let (told, store, signing) = (Arc::clone(&clients), Arc::clone(&grants), Arc::clone(&keys));
        let back_channel = BackChannel::new(issuer, told, store, signing, Arc::clone(clock))?;
        let settings = oidc.provider.clone();
        let provider = Provider::new(settings, clients, grants, visits, keys, Arc::clone(clock), secret)?;
        Ok(OpenId { provider: Arc::new(provider), back_channel: Arc::new(back_channel) })
    }
}
