//! The OpenID Provider, put together, and what a reload changes of it.

use std::sync::Arc;

use super::error::StartError;
use super::stored::Opened;
use crate::config::Settings;
use crate::config::settings::Oidc;
use crate::domain::client::Clients;
use crate::flows::administer::clients::{FromConfiguration, OpenIdClients};
use crate::flows::back_channel::BackChannel;
use crate::flows::deliveries::Deliverer;
use crate::flows::grant::{Provider, PublishedClients};
use crate::flows::visit::Visits;

/// The OpenID Provider, and the worker that tells its clients of logouts.
#[derive(Clone)]
pub(super) struct OpenId {
    pub(super) provider: Arc<Provider>,
    pub(super) back_channel: Arc<BackChannel>,
    /// Clients that administrators register. `None`: there is no administration, so only the configuration has clients.
    pub(super) clients: Option<Arc<OpenIdClients>>,
    published: PublishedClients,
}

impl OpenId {
    /// Puts it together. When this returns, keys are there and clients can ask.
    pub(super) async fn start(
        opened: &Opened,
        oidc: &Oidc,
        published: PublishedClients,
        visits: Arc<Visits>,
        deliverer: Arc<Deliverer>,
    ) -> Result<OpenId, StartError> {
        let Opened { settings, store, keyring, clock, .. } = opened;
        let back_channel = Arc::new(BackChannel::new(
            oidc.provider.issuer.clone(),
            Arc::clone(&published),
            store.clone(),
            Arc::clone(keyring),
            Arc::clone(clock),
        )?);
        let provider = Arc::new(Provider::new(
            oidc.provider.clone(),
            Arc::clone(&published),
            store.clone(),
            (visits, deliverer),
            Arc::clone(keyring),
            Arc::clone(clock),
            &store.data_keys(),
        )?);
        let clients = match &settings.admin {
            Some(_) => {
                let (provider, published) = (Arc::clone(&provider), Arc::clone(&published));
                let clock = Arc::clone(clock);
                let clients = OpenIdClients::open(store.clone(), store.clone(), provider, published, clock);
                Some(Arc::new(clients.await?))
            }
            None => None,
        };
        let openid = OpenId { provider, back_channel, clients, published };
        openid.take_over(settings);
        // Before anybody can ask: a client that has fetched the keys need not look for new ones.
        openid.provider.prepare().await;
        Ok(openid)
    }

    /// Takes over the clients of new settings, and whether the association vouches for e-mail addresses.
    pub(super) fn take_over(&self, settings: &Settings) {
        let configured = configured(settings);
        match &self.clients {
            Some(clients) => clients.set_configured(configured),
            None => {
                let clients = Clients::new(configured.clients, configured.email_verified);
                self.published.store(Arc::new(clients));
            }
        }
    }
}

fn configured(settings: &Settings) -> FromConfiguration {
    FromConfiguration {
        clients: settings.oidc.iter().flat_map(|oidc| oidc.clients.iter().cloned()).collect(),
        email_verified: settings.oidc.as_ref().is_some_and(|oidc| oidc.email_verified),
        sites: settings.sites.iter().map(|site| Arc::clone(&site.site.name)).collect(),
    }
}
