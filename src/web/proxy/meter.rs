//! What the data plane counts. The handles are made once and shared by all cores; nothing is looked up on the way.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::adapters::upstream::PoolTally;

/// How often the log is told of limits that were met.
const TOLD_EVERY: Duration = Duration::from_secs(60);

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
    pub upstream: Arc<PoolTally>,
    /// Whoever met a limit.
    pub limits: Limited,
}

/// Counts of visitors who met a limit that keeps others served.
#[derive(Debug, Default)]
pub struct Limited {
    /// Connections of networks that had too many.
    pub connections: Counter,
    /// Requests for which their network, or the site, had no place left.
    pub places: Counter,
    /// Requests that came too slowly.
    pub slow_uploads: Counter,
    /// Answers that were read too slowly.
    pub slow_downloads: Counter,
    /// The counts as they were last told in the log, and when.
    told: Mutex<Option<([u64; 4], Instant)>>,
}

impl Limited {
    /// Tells the log what was added, in one line and once in [`TOLD_EVERY`].
    pub(super) fn tell(&self) {
        let Ok(mut told) = self.told.try_lock() else { return };
        let now =
            [&self.connections, &self.places, &self.slow_uploads, &self.slow_downloads].map(Counter::get);
        let (before, _) = *told.get_or_insert(([0; 4], Instant::now()));
        if now == before || told.is_some_and(|(counts, at)| counts != [0; 4] && at.elapsed() < TOLD_EVERY) {
            return;
        }
        let [connections, places, slow_uploads, slow_downloads] =
            std::array::from_fn(|at| now[at] - before[at]);
        tracing::warn!(
            connections,
            places,
            slow_uploads,
            slow_downloads,
            "Visitors met limits; the counts are those since the last such line"
        );
        *told = Some((now, Instant::now()));
    }
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
            ("limited_connections", "Connections of networks that had too many", &self.limits.connections),
            ("limited_requests", "Requests for which no place at the site was left", &self.limits.places),
            ("slow_uploads", "Requests that came too slowly", &self.limits.slow_uploads),
            ("slow_downloads", "Answers that were read too slowly", &self.limits.slow_downloads),
            ("upstream_opened", "Connections opened to sites", &self.upstream.opened),
            ("upstream_reused", "Requests over a connection that was there already", &self.upstream.reused),
        ];
        for (name, help, counter) in counters {
            registry.register(format!("membergate_proxy_{name}"), help, counter.clone());
        }
        let connections = self.connections.clone();
        let buffered = self.upstream.buffered.clone();
        let help = "Memory that holds the beginnings of request bodies";
        registry.register("membergate_proxy_upload_memory_bytes", help, buffered);
        registry.register("membergate_proxy_connections", "Connections of visitors", connections);
    }
}
