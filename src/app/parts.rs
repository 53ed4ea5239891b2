//! From settings to what the data plane and the listener are made of; a reload makes the same again.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::HeaderValue;
use jiff::Timestamp;
use rustls::ServerConfig;

use super::error::StartError;
use crate::adapters::pace::LeastRate;
use crate::adapters::upstream::{Endpoints, UploadLimits};
use crate::config::settings::{Listen, Tls};
use crate::config::{self, Settings};
use crate::domain::access::Sites;
use crate::domain::rule::Rules;
use crate::serve;
use crate::serve::tls::TlsFault;
use crate::web::proxy::{self, Snapshot};

/// Says what is probably a mistake, at the start and after each reload.
pub(super) fn warn_of_doubts(settings: &Settings, rules: &Rules) {
    for doubt in config::doubts(settings, rules) {
        let config::Doubt { about, trouble, remedy } = doubt;
        tracing::warn!(about, trouble, remedy, "The configuration works and is probably not meant so");
    }
}

pub(super) fn snapshot_of(settings: &Settings) -> Result<Snapshot, StartError> {
    let mut endpoints = Endpoints::new();
    for site in &settings.sites {
        let name = Arc::clone(&site.site.name);
        let failed = |fault| StartError::Site(Arc::clone(&name), fault);
        // A site whose own web server asks us has none.
        if let Some(endpoint) = site.endpoint() {
            endpoints.insert(Arc::clone(&name), Arc::new(endpoint.map_err(failed)?));
        }
    }
    Ok(Snapshot {
        sites: Arc::new(Sites::new(settings.sites.iter().map(|site| site.site.clone()))),
        endpoints,
        settings: proxy::ProxySettings {
            hsts: settings.listen.hsts.value().map(HeaderValue::from_static),
            trusted_proxies: settings.listen.trusted_proxies.clone(),
            forward_auth_proxies: settings.listen.forward_auth_proxies.clone(),
            provider_host: settings.oidc.as_ref().map(|oidc| Arc::clone(&oidc.provider.host)),
            reading: reading_of(&settings.listen),
            upload: UploadLimits {
                least: LeastRate {
                    per_second: settings.listen.least_rate,
                    patience: settings.listen.upload_patience,
                },
                memory: settings.listen.upload_memory,
            },
            stream_idle: settings.listen.stream_timeout,
            ..proxy::ProxySettings::default()
        },
        association: Arc::new(settings.association.clone()),
    })
}

pub(super) fn serving_of(listen: &Listen) -> serve::ListenerSettings {
    let defaults = serve::ListenerSettings::default();
    serve::ListenerSettings {
        threads: listen.workers.and_then(NonZeroUsize::new).unwrap_or(defaults.threads),
        header: listen.header_timeout,
        idle: listen.idle_timeout,
        connections: listen.max_connections,
        connections_per_network: listen.max_connections_per_network,
        reading: reading_of(listen),
        drain: listen.drain_timeout,
        ..defaults
    }
}

fn reading_of(listen: &Listen) -> LeastRate {
    LeastRate { per_second: listen.least_rate, patience: listen.download_patience }
}

pub(super) fn certificate_end(settings: &Settings) -> Option<Timestamp> {
    settings.listen.tls.as_ref().and_then(|tls| serve::certificate::ends(&tls.certificate))
}

pub(super) fn read_tls(tls: &Tls) -> Result<ServerConfig, TlsFault> {
    serve::tls::load(&tls.certificate, &tls.key)
}

pub(super) fn load_tls(tls: &Tls) -> Result<Arc<ArcSwap<ServerConfig>>, TlsFault> {
    Ok(Arc::new(ArcSwap::from_pointee(read_tls(tls)?)))
}
