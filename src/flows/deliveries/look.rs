//! Looking at one person: from what is on file to what a subscriber should know. Asks nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::adapters::subscribers::{AboutPerson, PeopleSubscriber};
use crate::domain::access::Standing;
use crate::domain::deliveries::row::{Delivery, Plan};
use crate::domain::deliveries::state::{Desired, State};
use crate::domain::record::{IndividualId, Record};
use crate::domain::roles;
use crate::domain::rule::{Role, Rules};
use crate::domain::time::Timestamp;
use crate::flows::directory::Beliefs;
use crate::flows::person::Published;

/// So many changes by known dates are looked ahead. Beyond that a lapse counts towards the brake.
const AHEAD: usize = 8;

/// With what people are looked at.
#[derive(Clone)]
pub(in crate::flows) struct Looking {
    pub(in crate::flows) subscriber: Arc<dyn PeopleSubscriber>,
    pub(in crate::flows) beliefs: Arc<Beliefs>,
    pub(in crate::flows) published: Arc<Published>,
    pub(in crate::flows) now: Timestamp,
}

/// Somebody to look at.
pub(in crate::flows) struct LookedAt {
    pub(in crate::flows) id: IndividualId,
    /// What is on file. `None`: nothing is left.
    pub(in crate::flows) record: Option<Record>,
    pub(in crate::flows) row: Option<Delivery>,
    /// The AMS no longer knew the person then.
    pub(in crate::flows) gone: Option<Timestamp>,
}

impl Looking {
    /// What is to become of the row. `None`: there is none, and nothing to say.
    pub(in crate::flows) fn plan(&self, person: &LookedAt) -> Option<Plan> {
        let Some(record) = &person.record else {
            return (person.row.is_some() || person.gone.is_some()).then(|| self.removed(person, true));
        };
        let known_gone = person.row.as_ref().and_then(|row| row.gone_at);
        let gone = person.gone.max(known_gone).filter(|gone| record.as_of() <= *gone);
        if gone.is_some() {
            return Some(Plan { gone_at: gone, ..self.removed(person, false) });
        }
        let before = person.row.as_ref().map(|row| &row.desired);
        let desired = self.desired(record.clone(), before);
        Some(Plan { individual: person.id.clone(), desired, gone_at: None, is_forgotten: false })
    }

    fn removed(&self, person: &LookedAt, is_forgotten: bool) -> Plan {
        let state = self.subscriber.removed(person.row.as_ref().map(|row| &row.desired));
        let desired = Desired { state: Some(state), holds_until: None };
        Plan { individual: person.id.clone(), desired, gone_at: Some(self.now), is_forgotten }
    }

    fn desired(&self, record: Record, before: Option<&State>) -> Desired {
        let (rules, now) = (&self.published.rules, self.now);
        let believed = self.beliefs.believed(record, now);
        let decision = roles::decide(&believed, rules, now);
        let doubt = roles::doubt(&believed, rules, now);
        let ends = ends(&believed, rules, &decision, now);
        let standing = Standing {
            id: believed.id.clone(),
            profile: believed.profile.clone(),
            decision,
            unread: rules.unread(&believed),
        };
        let (record, rules, doubt, ends) = (&believed, rules, &doubt, &ends);
        let about = AboutPerson { record, standing: &standing, rules, doubt, ends, before, now };
        self.subscriber.desired(&about)
    }
}

/// From when known dates alone take each role away that is held.
fn ends(
    record: &Record,
    rules: &Rules,
    decision: &roles::Decision,
    now: Timestamp,
) -> BTreeMap<Role, Timestamp> {
    let mut ends = BTreeMap::new();
    let mut next = decision.holds_until.filter(|at| *at > now);
    for _ in 0..AHEAD {
        let Some(at) = next else { break };
        let later = roles::decide(record, rules, at);
        for role in decision.roles.difference(&later.roles) {
            ends.entry(role.clone()).or_insert(at);
        }
        next = later.holds_until.filter(|then| *then > at);
    }
    ends
}
