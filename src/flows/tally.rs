//! What the flows count: how sign-ins and refreshes end.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    ending: &'static str,
}

/// Counts endings. Their names are words of this program, so there are few.
#[derive(Debug, Clone, Default)]
pub struct Tally(Family<Ending, Counter>);

impl Tally {
    /// One more that ended like this.
    pub fn note(&self, ending: &'static str) {
        self.0.get_or_create(&Ending { ending }).inc();
    }

    /// Enters the counts where metrics are gathered.
    pub fn register(&self, registry: &mut Registry, name: &str, help: &str) {
        registry.register(name, help, self.0.clone());
    }
}
