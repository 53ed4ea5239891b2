//! The role mapping: what an association wrote down about who gets which role.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fold;
use super::record::Parts;
use super::time::TimeZone;

/// A role that a site understands: a slug `[a-z0-9_-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(Arc<str>);

/// The text is not a role slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a role: use 1 to 64 of a-z, 0-9, `_` and `-`")]
pub struct NotARole(pub String);

impl Role {
    /// Parses a slug.
    pub fn parse(text: &str) -> Result<Role, NotARole> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if fits { Ok(Role(text.into())) } else { Err(NotARole(text.into())) }
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Role {
    type Error = NotARole;
    fn try_from(text: String) -> Result<Role, NotARole> {
        Role::parse(&text)
    }
}

impl From<Role> for String {
    fn from(role: Role) -> String {
        role.0.to_string()
    }
}

/// A code or name that a rule looks for. It is compared whole, folded (see `domain::fold`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    written: Box<str>,
    folded: Box<str>,
}

impl Code {
    /// Takes a code as an administrator wrote it, trimmed. `None` when nothing is left.
    pub fn parse(text: &str) -> Option<Code> {
        let folded = fold::folded(text);
        (!folded.is_empty()).then(|| Code { written: text.trim().into(), folded: folded.into() })
    }

    /// Whether the AMS's `said` names the same thing.
    pub fn matches(&self, said: &str) -> bool {
        fold::is(said, &self.folded)
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

/// Which membership gives a decision its type and its last day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrimaryMembership {
    /// The active one that ends last.
    #[default]
    Longest,
    /// The first on the record of those that count, active or not, as WordPress plugins that know only one membership do. Who
    /// is a member does not depend on it.
    First,
}

/// The whole mapping of one association (docs/roles.md).
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The association's time zone, by its IANA name.
    pub time_zone: TimeZone,
    /// A membership starts at its effective date only, not already at the join date.
    pub honor_effective_date: bool,
    /// A membership lasts to the end of its grace period.
    pub honor_grace: bool,
    /// Memberships that come from an organization count.
    pub count_inherited: bool,
    /// Where membership type and last day come from.
    pub primary_membership: PrimaryMembership,
    /// Role of each signed-in person.
    pub everyone: Option<Role>,
    /// Role of each member.
    pub member: Option<Role>,
    /// Role of each signed-in person who is not a member.
    pub non_member: Option<Role>,
    /// The mapping may name a site's core roles.
    pub manage_core_roles: bool,
    /// The rules, in the order written.
    pub rules: Vec<Rule>,
}

/// Grants one role to whom all its conditions fit. Without conditions it fits nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The role granted.
    pub role: Role,
    /// What people call this rule.
    pub label: Option<Arc<str>>,
    /// All of these must hold.
    pub when: Vec<Condition>,
}

impl Rule {
    /// The rule's name for people: its label, else its role.
    pub fn name(&self) -> Arc<str> {
        self.label.clone().unwrap_or_else(|| self.role.0.clone())
    }
}

/// One thing that a rule asks of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// An active membership of this type, by code or name.
    MembershipType(Code),
    /// A seat on a committee, within the seat's own dates.
    Committee {
        /// The committee's code or name.
        committee: Code,
        /// Any of these positions, by code or name; empty: any seat.
        positions: Vec<Code>,
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
}

/// Roles that a WordPress site ships with and that give power over it; a mapping names them only on purpose.
pub const CORE_ROLES: [&str; 4] = ["administrator", "editor", "author", "contributor"];

impl Rules {
    /// A mapping that grants nothing yet, with every switch at its default.
    pub fn new(time_zone: TimeZone) -> Rules {
        Rules {
            time_zone,
            honor_effective_date: false,
            honor_grace: false,
            count_inherited: true,
            primary_membership: PrimaryMembership::Longest,
            everyone: None,
            member: None,
            non_member: None,
            manage_core_roles: false,
            rules: Vec::new(),
        }
    }

    /// Which separately fetched parts of a record this mapping looks at.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for condition in self.rules.iter().flat_map(|rule| &rule.when) {
            match condition.plain().0 {
                Condition::Committee { .. } => parts.committees = true,
                Condition::Event { .. } => parts.registrations = true,
                Condition::Purchase { .. } => parts.purchases = true,
                Condition::Certification(_) => parts.certifications = true,
                Condition::Relationship { .. } => parts.relationships = true,
                Condition::MembershipType(_)
                | Condition::SecurityRole(_)
                | Condition::CustomField { .. }
                | Condition::Member
                | Condition::Not(_) => {}
            }
        }
        parts
    }

    /// The roles that this mapping manages, sorted. Every other role of a site is the site's own.
    pub fn managed_roles(&self) -> Vec<Role> {
        let built_in = [&self.everyone, &self.member, &self.non_member].into_iter().flatten();
        let mut roles: Vec<Role> =
            built_in.chain(self.rules.iter().map(|rule| &rule.role)).cloned().collect();
        roles.sort();
        roles.dedup();
        roles
    }

    /// What people call a role: the label of the first rule that grants it, else words made of the slug.
    pub fn label_of(&self, role: &Role) -> Arc<str> {
        let labelled = self.rules.iter().find(|rule| rule.role == *role && rule.label.is_some());
        labelled.map_or_else(|| in_words(role.as_str()).into(), Rule::name)
    }
}

/// `committee_member` as people write it: `Committee member`.
fn in_words(slug: &str) -> String {
    let spaced = slug.replace(['_', '-'], " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
