//! What the data plane counts. The handles are made once and shared by all cores; nothing is looked up on the way.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::adapters::upstream::Tally;

/// Counters of the data plane.
#[derive(Debug, Default)]
pub struct Meter {
    /// Requests that arrived.
    pub requests: Counter,
    /// Requests that a site answered.
    pub proxied: Counter,
    /// Requests that a web server was told to let through.
    pub verified: Counter,
    /// Visitors who were asked to sign in.
    pub sign_in: Counter,
    /// Visitors who lack a role.
    pub refused: Counter,
    /// Requests that could not be understood, or that named no site of ours.
    pub rejected: Counter,
    /// Requests for which a site gave no answer.
    pub upstream_failed: Counter,
    /// Streams and tunnels that were ended because the right to them had ended.
    pub streams_ended: Counter,
    /// Connections of visitors.
    pub connections: Gauge,
    /// Connections to sites.
    pub upstream: Arc<Tally>,
}

impl Meter {
    /// Enters the counters where metrics are gathered.
    pub fn register(&self, registry: &mut Registry) {
        let counters = [
            ("requests", "Requests that arrived", &self.requests),
            ("proxied", "Requests that a site answered", &self.proxied),
            ("verified", "Requests that a web server was told to let through", &self.verified),
            ("sign_in", "Visitors who were asked to sign in", &self.sign_in),
            ("refused", "Visitors who lack a role", &self.refused),
            ("rejected", "Requests that could not be understood", &self.rejected),
            ("upstream_failed", "Requests for which a site gave no answer", &self.upstream_failed),
            ("streams_ended", "Streams that ended with the right to them", &self.streams_ended),
            ("upstream_opened", "Connections opened to sites", &self.upstream.opened),
            ("upstream_reused", "Requests over a connection that was there already", &self.upstream.reused),
        ];
        for (name, help, counter) in counters {
            registry.register(format!("membergate_proxy_{name}"), help, counter.clone());
        }
        let connections = self.connections.clone();
        registry.register("membergate_proxy_connections", "Connections of visitors", connections);
    }
}
