//! The role mapping: what an association wrote down about who gets which role.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::parts::Part;
use super::record::{Parts, Record};
use super::time::TimeZone;

pub use super::code::Code;
pub use super::condition::{Condition, MembershipStatus};

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
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_of_slug);
        if fits { Ok(Role(text.into())) } else { Err(NotARole(text.into())) }
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_of_slug(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
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

/// What stands in a template for the code.
const CODE: &str = "{code}";

/// The roles of a rule for many, such as `chapter_{code}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTemplate(Arc<str>);

impl RoleTemplate {
    /// The role for a code, as a slug. `None`: it is too long for a role.
    pub fn role(&self, slug: &str) -> Option<Role> {
        Role::parse(&self.0.replace(CODE, slug)).ok()
    }

    /// Whether this can give the role.
    pub fn can_give(&self, role: &Role) -> bool {
        let (before, after) = self.0.split_once(CODE).unwrap_or_default();
        let code = role.as_str().strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        code.is_some_and(|code| code.contains(|letter: char| letter.is_ascii_alphanumeric()))
    }

    /// How many characters stand beside the code.
    pub fn literal_characters(&self) -> usize {
        self.0.len() - CODE.len()
    }
}

/// What a rule grants: one role, or one for each code that fits its pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleRole {
    /// This role.
    One(Role),
    /// A role for each.
    Each(RoleTemplate),
}

impl RuleRole {
    /// Parses a slug, or a template with `{code}` in it.
    pub fn parse(text: &str) -> Result<RuleRole, NotARole> {
        let Some((before, after)) = text.split_once(CODE) else {
            return Role::parse(text).map(RuleRole::One);
        };
        let fits = text.len() < 64 + CODE.len() && before.bytes().chain(after.bytes()).all(is_of_slug);
        if fits { Ok(RuleRole::Each(RoleTemplate(text.into()))) } else { Err(NotARole(text.into())) }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        match self {
            RuleRole::One(role) => role.as_str(),
            RuleRole::Each(template) => &template.0,
        }
    }

    /// The one role, if it is one.
    pub fn one(&self) -> Option<&Role> {
        if let RuleRole::One(role) = self { Some(role) } else { None }
    }

    /// The template, if it is one.
    pub fn template(&self) -> Option<&RoleTemplate> {
        if let RuleRole::Each(template) = self { Some(template) } else { None }
    }
}

impl From<Role> for RuleRole {
    fn from(role: Role) -> RuleRole {
        RuleRole::One(role)
    }
}

impl std::fmt::Display for RuleRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which membership gives a decision its type and its last day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrimaryMembership {
    /// The active one that ends last.
    #[default]
    Longest,
    /// The first on the record of those that count, active or not, as WordPress plugins that know only one membership do. Who
    /// is a member does not depend on it.
    First,
}

impl PrimaryMembership {
    /// As rules files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            PrimaryMembership::Longest => "longest",
            PrimaryMembership::First => "first",
        }
    }
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
    /// Where the AMS says how a membership stands, its dates must agree.
    pub strict_dates: bool,
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

/// By what a rule is found again, whatever it says by then. Unique within a mapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleId(pub u32);

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Grants its role to everybody who meets all its conditions. Without conditions it fits nobody.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Kept over edits. Two rules that differ in nothing else are equal.
    pub id: RuleId,
    /// The role granted.
    pub role: RuleRole,
    /// What people call this rule.
    pub label: Option<Arc<str>>,
    /// All of these must hold.
    pub when: Vec<Condition>,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        (&self.role, &self.label, &self.when) == (&other.role, &other.label, &other.when)
    }
}

impl Eq for Rule {}

impl Rule {
    /// A rule that is in no mapping yet.
    pub fn new(role: impl Into<RuleRole>, label: Option<Arc<str>>, when: Vec<Condition>) -> Rule {
        Rule { id: RuleId::default(), role: role.into(), label, when }
    }

    /// The rule's name for people: its label, else its role.
    pub fn name(&self) -> Arc<str> {
        self.label.clone().unwrap_or_else(|| self.role.as_str().into())
    }

    /// The conditions with a `*` where a pattern may stand: place, key of the field, and what stands there. A rule for one role has none;
    /// there the `*` is a letter as any other.
    pub fn patterns(&self) -> impl Iterator<Item = (usize, &'static str, Code)> {
        let may_have = matches!(self.role, RuleRole::Each(_));
        self.when.iter().enumerate().filter(move |_| may_have).filter_map(|(at, condition)| {
            let key = condition.kind().pattern?;
            let code = condition.values().code(key).filter(|code| code.stars() > 0)?;
            Some((at, key, code))
        })
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
            strict_dates: false,
            count_inherited: true,
            primary_membership: PrimaryMembership::Longest,
            everyone: None,
            member: None,
            non_member: None,
            manage_core_roles: false,
            rules: Vec::new(),
        }
    }

    /// Adds a rule as the last one, under an id of its own.
    pub fn add(&mut self, rule: Rule) {
        let last = self.rules.iter().map(|rule| rule.id.0).max().unwrap_or_default();
        self.rules.push(Rule { id: RuleId(last.saturating_add(1)), ..rule });
    }

    /// The roles that follow from signing in and from membership alone, with their keys in the rules file.
    pub fn built_in(&self) -> impl Iterator<Item = (&'static str, &Role)> {
        let roles =
            [("everyone", &self.everyone), ("member", &self.member), ("non_member", &self.non_member)];
        roles.into_iter().filter_map(|(key, role)| Some((key, role.as_ref()?)))
    }

    /// The conditions of all rules.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.rules.iter().flat_map(|rule| &rule.when)
    }

    /// Which separately fetched parts of a record this mapping looks at, and for which codes.
    pub fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for condition in self.conditions() {
            if let Some(part) = condition.kind().part {
                parts.add(part, condition.asked_code());
            }
        }
        parts
    }

    /// A mapping that looks at all that either of the two looks at. What it gives somebody means nothing.
    pub fn looks_of_both(&self, other: &Rules) -> Rules {
        Rules { rules: self.rules.iter().chain(&other.rules).cloned().collect(), ..self.clone() }
    }

    /// The parts of a record that this mapping looks at and that were not read, or not enough of them.
    pub fn unread(&self, record: &Record) -> BTreeSet<Part> {
        let unread = self.conditions().filter_map(|condition| {
            let part = condition.kind().part?;
            (!record.has_read(part, condition.asked_code())).then_some(part)
        });
        unread.collect()
    }

    /// Whether the grace period of a membership matters.
    pub fn look_at_grace(&self) -> bool {
        let of_status = |condition: &Condition| matches!(condition.plain().0, Condition::MembershipStatus(_));
        self.honor_grace || self.conditions().any(of_status)
    }

    /// The roles that this mapping names, sorted. What a rule for many roles gives is not known from the mapping alone.
    pub fn managed_roles(&self) -> Vec<Role> {
        let named = self.rules.iter().filter_map(|rule| rule.role.one());
        let roles: BTreeSet<&Role> = self.built_in().map(|(_, role)| role).chain(named).collect();
        roles.into_iter().cloned().collect()
    }

    /// Whether somebody may hold this role by the mapping.
    pub fn can_give(&self, role: &Role) -> bool {
        let by_rule = |rule: &Rule| match &rule.role {
            RuleRole::One(one) => one == role,
            RuleRole::Each(template) => template.can_give(role) && self.reserved(role).is_none(),
        };
        self.built_in().any(|(_, built_in)| built_in == role) || self.rules.iter().any(by_rule)
    }

    /// Why a rule for many roles never gives this role, if so.
    pub fn reserved(&self, role: &Role) -> Option<&'static str> {
        if CORE_ROLES.contains(&role.as_str()) {
            Some("is a core role of sites")
        } else if self.built_in().any(|(_, built_in)| built_in == role) {
            Some("follows from signing in or from membership")
        } else if self.rules.iter().any(|rule| rule.role.one() == Some(role)) {
            Some("is granted by a rule of its own")
        } else {
            None
        }
    }

    /// What people call a role: the label of the first rule that grants it alone, else words made of the slug.
    pub fn label_of(&self, role: &Role) -> Arc<str> {
        let labelled = self.rules.iter().find(|rule| rule.role.one() == Some(role) && rule.label.is_some());
        labelled.map_or_else(|| in_words(role.as_str()).into(), Rule::name)
    }
}

/// `committee_member` as people write it: `Committee member`.
fn in_words(slug: &str) -> String {
    let spaced = slug.replace(['_', '-'], " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
