//! The community's mapping in force: swapped whole, with all that goes by it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::directory::Beliefs;
use super::public_events::PublicEvents;
use crate::adapters::ams::contact_wanted::ContactWanted;
use crate::adapters::subscribers::higher_logic::PublishedCommunity;
use crate::domain::community::CommunityInForce;

/// The mapping in force, and who has to hear of another one beside the subscriber: whoever reads people.
pub struct CommunityGround {
    published: PublishedCommunity,
    beliefs: Arc<Beliefs>,
    contact: ContactWanted,
    events: Option<Arc<PublicEvents>>,
}

impl CommunityGround {
    /// This one is in force.
    pub fn new(
        in_force: CommunityInForce,
        beliefs: Arc<Beliefs>,
        contact: ContactWanted,
        events: Option<Arc<PublicEvents>>,
    ) -> Arc<CommunityGround> {
        let published = Arc::new(ArcSwap::from_pointee(in_force));
        let ground = CommunityGround { published, beliefs, contact, events };
        ground.read_for_it();
        Arc::new(ground)
    }

    /// What is in force.
    pub fn in_force(&self) -> Arc<CommunityInForce> {
        self.published.load_full()
    }

    /// What is in force, as others look at it.
    pub fn published(&self) -> PublishedCommunity {
        Arc::clone(&self.published)
    }

    /// Puts this one in force. Versions only move forward, whoever comes first.
    pub fn swap(&self, in_force: CommunityInForce) {
        let again = Arc::new(in_force);
        self.published.rcu(|held| Arc::clone(if held.version < again.version { &again } else { held }));
        self.read_for_it();
    }

    /// What it looks at is read from now on.
    fn read_for_it(&self) {
        let in_force = self.published.load();
        let wants_contact = in_force.mapping.looks_at_contact();
        self.contact.set(wants_contact);
        if let Some(events) = &self.events {
            events.want(in_force.mapping.calendar.is_some());
        }
        self.beliefs.look_also(in_force.mapping.looks(), wants_contact);
    }
}
