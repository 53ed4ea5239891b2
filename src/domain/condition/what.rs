//! What a rule asks of a record.

use super::status::MembershipStatus;
use crate::domain::code::Code;

/// One thing that a rule asks of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// An active membership of this type, by code or name.
    MembershipType(Code),
    /// How it stands with the memberships as a whole.
    MembershipStatus(MembershipStatus),
    /// A seat on a committee, within the seat's own dates.
    Committee {
        /// The committee's code or name.
        committee: Code,
        /// Any of these positions, by code or name; empty: any seat.
        positions: Vec<Code>,
        /// A seat that people may have given themselves counts, too.
        self_subscribed: bool,
    },
    /// A security role, by name.
    SecurityRole(Code),
    /// A registration for an event.
    Event {
        /// The event's code.
        event: Code,
        /// Holds from this many days before the event's first day, instead of from the registration.
        from_days_before: Option<u32>,
        /// Holds to the end of this many days after the event's last day, instead of without end.
        until_days_after: Option<u32>,
    },
    /// A product bought.
    Purchase {
        /// The product's code.
        product: Code,
        /// Holds to the end of this many days after the purchase, instead of without end.
        valid_days: Option<u32>,
    },
    /// A certification, by code.
    Certification(Code),
    /// A relationship, within its own dates.
    Relationship {
        /// The relationship's name.
        name: Code,
        /// Record number of the organization; absent: any.
        organization: Option<Code>,
    },
    /// A place in a group, by its name or id, within the place's own dates.
    Group {
        /// The group's id or name.
        group: Code,
        /// A place that people may have given themselves counts, too.
        self_subscribed: bool,
    },
    /// A custom field that has this value among its values.
    CustomField {
        /// The field's name.
        name: Code,
        /// One value.
        value: Code,
    },
    /// A member.
    Member,
    /// The opposite. It holds only where the inner condition is known not to hold.
    Not(Box<Condition>),
}

impl Condition {
    /// The condition without its negations, and whether they turn it round.
    pub fn plain(&self) -> (&Condition, bool) {
        let (mut condition, mut negated) = (self, false);
        while let Condition::Not(inner) = condition {
            condition = inner;
            negated = !negated;
        }
        (condition, negated)
    }

    /// Itself, or its opposite.
    #[must_use]
    pub fn negated(self, negated: bool) -> Condition {
        if negated { Condition::Not(Box::new(self)) } else { self }
    }
}
