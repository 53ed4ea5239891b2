//! What is counted, for the operator's monitoring.
//!
//! No label takes what a visitor sends: a label is the name of a configured site or a word of this program, so the number of
//! series is bounded.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The site answered.
    Proxied,
    /// A page under our own prefix.
    Own,
    /// The visitor was asked to sign in.
    SignIn,
    /// The visitor lacks a role.
    Refused,
    /// The request could not be understood, or was too large.
    Rejected,
    /// The site gave no answer.
    SiteFailed,
    /// We failed, or were too busy.
    Failed,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Outcome::Proxied => "proxied",
            Outcome::Own => "own",
            Outcome::SignIn => "sign_in",
            Outcome::Refused => "refused",
            Outcome::Rejected => "rejected",
            Outcome::SiteFailed => "site_failed",
            Outcome::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    site: Arc<str>,
    outcome: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SiteLabel {
    site: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    site: Arc<str>,
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    endpoint: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PriorityLabel {
    priority: &'static str,
}

/// Every count. Words that become labels are `&'static str`, so that they can only come from this program.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<SiteLabel, Histogram, fn() -> Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    sign_ins: Family<OutcomeLabel, Counter>,
    ams_calls: Family<CallLabels, Counter>,
    refreshes: Family<OutcomeLabel, Counter>,
    ams_waiting: Family<PriorityLabel, Gauge>,
    /// Sessions that are live.
    pub sessions: Gauge,
    /// Calls to the AMS that started within the last minute.
    pub ams_budget_used: Gauge,
    /// Calls to the AMS that may start within a minute.
    pub ams_budget: Gauge,
    /// Commands that wait for the store.
    pub store_queue: Gauge,
}

/// From a page out of memory to a slow report.
fn seconds() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

impl Metrics {
    /// All counts at zero. `parts` enters what other parts count by themselves, by full names.
    pub fn new(parts: impl FnOnce(&mut Registry)) -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            decisions: Family::default(),
            sign_ins: Family::default(),
            ams_calls: Family::default(),
            refreshes: Family::default(),
            ams_waiting: Family::default(),
            sessions: Gauge::default(),
            ams_budget_used: Gauge::default(),
            ams_budget: Gauge::default(),
            store_queue: Gauge::default(),
        };
        metrics.register();
        parts(&mut metrics.registry);
        metrics
    }

    fn register(&mut self) {
        let to = self.registry.sub_registry_with_prefix("membergate");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        to.register("build", "The program that runs", build);
        to.register("requests", "Requests by site, ending and class of status", self.requests.clone());
        let unit = Unit::Seconds;
        to.register_with_unit(
            "request",
            "Time to the head of the answer",
            unit,
            self.request_seconds.clone(),
        );
        to.register("decisions", "Decisions about access", self.decisions.clone());
        to.register("sign_ins", "Returns from the login by ending", self.sign_ins.clone());
        to.register("sessions", "Sessions that are live", self.sessions.clone());
        to.register("ams_calls", "Calls to the AMS", self.ams_calls.clone());
        to.register("ams_budget_used", "Calls of the last minute", self.ams_budget_used.clone());
        to.register("ams_budget", "Calls that a minute allows", self.ams_budget.clone());
        to.register("ams_waiting", "Calls that wait for the budget", self.ams_waiting.clone());
        to.register("refreshes", "Records read anew", self.refreshes.clone());
        to.register("store_queue", "Commands that wait for the store", self.store_queue.clone());
    }

    /// A request has ended. `took`: to the head of the answer.
    pub fn request(&self, site: &Arc<str>, outcome: Outcome, status: StatusCode, took: Duration) {
        let (outcome, status) = (outcome.word(), class(status));
        self.requests.get_or_create(&RequestLabels { site: Arc::clone(site), outcome, status }).inc();
        self.request_seconds.get_or_create(&SiteLabel { site: Arc::clone(site) }).observe(took.as_secs_f64());
    }

    /// A decision about access: `granted`, `sign_in` or `refused`.
    pub fn decision(&self, site: &Arc<str>, decision: &'static str) {
        self.decisions.get_or_create(&DecisionLabels { site: Arc::clone(site), decision }).inc();
    }

    /// A browser came back from the login: `completed`, or in which way it did not.
    pub fn sign_in(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// A call to the AMS has ended.
    pub fn ams_call(&self, endpoint: &'static str, outcome: &'static str) {
        self.ams_calls.get_or_create(&CallLabels { endpoint, outcome }).inc();
    }

    /// A record was read anew, or in which way it was not.
    pub fn refresh(&self, outcome: &'static str) {
        self.refreshes.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// How many calls of one priority wait for the budget.
    pub fn ams_waiting(&self, priority: &'static str, waiting: i64) {
        self.ams_waiting.get_or_create(&PriorityLabel { priority }).set(waiting);
    }

    /// All counts in the OpenMetrics text format 1.0.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail; if an encoder ever refuses, half a page must not pass for a whole one.
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_on_the_page_and_its_names_stay() {
        let metrics = Metrics::new(|registry| {
            registry.register(
                "membergate_proxy_connections",
                "Connections of visitors",
                Gauge::<i64>::default(),
            );
        });
        let site: Arc<str> = "library".into();
        metrics.request(&site, Outcome::Proxied, StatusCode::OK, Duration::from_millis(3));
        metrics.request(&site, Outcome::SignIn, StatusCode::SEE_OTHER, Duration::from_micros(90));
        metrics.decision(&site, "granted");
        metrics.sign_in("completed");
        metrics.ams_call("Profile", "ok");
        metrics.refresh("read");
        metrics.ams_waiting("sign_in", 2);
        metrics.sessions.set(3);
        insta::assert_snapshot!(metrics.encode());
    }
}
