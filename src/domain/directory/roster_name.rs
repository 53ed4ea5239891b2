//! The name of a roster, and which rosters a mapping names.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::domain::parts::Part;
use crate::domain::rule::{Code, Condition, Rules};

/// What a roster lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RosterKind {
    /// The members of a committee.
    Committee,
    /// The registrants of an event.
    Event,
}

impl RosterKind {
    const ALL: [RosterKind; 2] = [RosterKind::Committee, RosterKind::Event];

    /// In names, metrics and addresses.
    pub fn slug(self) -> &'static str {
        match self {
            RosterKind::Committee => "committee",
            RosterKind::Event => "event",
        }
    }

    /// Whose entries this part of a record has.
    pub fn of(part: Part) -> Option<RosterKind> {
        RosterKind::ALL.into_iter().find(|kind| kind.part() == part)
    }

    /// The part of a record that such a roster has the entries of.
    pub fn part(self) -> Part {
        match self {
            RosterKind::Committee => Part::Committees,
            RosterKind::Event => Part::Registrations,
        }
    }
}

/// One roster, by its kind and its code. Codes are the same if they fold to the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RosterName {
    kind: RosterKind,
    code: Code,
}

/// The text names no roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no name of a roster")]
pub struct NotARoster;

impl RosterName {
    /// The roster of this kind with this code.
    pub fn new(kind: RosterKind, code: Code) -> RosterName {
        RosterName { kind, code }
    }

    /// The members of this committee.
    pub fn committee(code: Code) -> RosterName {
        RosterName { kind: RosterKind::Committee, code }
    }

    /// The registrants of this event.
    pub fn event(code: Code) -> RosterName {
        RosterName { kind: RosterKind::Event, code }
    }

    /// What it lists.
    pub fn kind(&self) -> RosterKind {
        self.kind
    }

    /// The code by which the mapping names it; of a committee it may be the name.
    pub fn code(&self) -> &Code {
        &self.code
    }

    fn key(&self) -> (RosterKind, &str) {
        (self.kind, self.code.folded())
    }
}

impl PartialEq for RosterName {
    fn eq(&self, other: &RosterName) -> bool {
        self.key() == other.key()
    }
}

impl Eq for RosterName {}

impl PartialOrd for RosterName {
    fn partial_cmp(&self, other: &RosterName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RosterName {
    fn cmp(&self, other: &RosterName) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for RosterName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// `committee/EDU`.
impl fmt::Display for RosterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.slug(), self.code)
    }
}

impl TryFrom<String> for RosterName {
    type Error = NotARoster;
    fn try_from(text: String) -> Result<RosterName, NotARoster> {
        let (kind, code) = text.split_once('/').ok_or(NotARoster)?;
        let kind = RosterKind::ALL.into_iter().find(|one| one.slug() == kind).ok_or(NotARoster)?;
        Ok(RosterName { kind, code: Code::parse(code).ok_or(NotARoster)? })
    }
}

impl From<RosterName> for String {
    fn from(name: RosterName) -> String {
        name.to_string()
    }
}

/// The rosters that a mapping names, each in the spelling of its first rule. A pattern names none: it fits codes that nobody knows
/// beforehand.
pub fn rosters_of(rules: &Rules) -> BTreeSet<RosterName> {
    let mut named = BTreeSet::new();
    for name in rules.conditions().filter_map(roster_of) {
        // `collect` may keep the last of two that are equal.
        named.insert(name);
    }
    named
}

/// The roster that a condition names.
pub fn roster_of(condition: &Condition) -> Option<RosterName> {
    let name = match condition.plain().0 {
        Condition::Committee { committee, .. } => RosterName::committee(committee.clone()),
        Condition::Event { event, .. } => RosterName::event(event.clone()),
        _ => return None,
    };
    (name.code.stars() == 0).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::{Rule, RuleRole};
    use crate::domain::time::TimeZone;

    fn code(text: &str) -> Code {
        Code::parse(text).unwrap()
    }

    #[test]
    fn names_are_the_same_whatever_their_case_and_survive_storing() {
        let name = RosterName::committee(code("Edu / A"));
        assert_eq!(name, RosterName::committee(code(" EDU  /  a ")));
        assert_ne!(name, RosterName::event(code("Edu / A")));
        let stored = serde_json::to_string(&name).unwrap();
        assert_eq!(stored, r#""committee/Edu / A""#);
        assert_eq!(serde_json::from_str::<RosterName>(&stored).unwrap(), name);
        for text in ["", "committee", "committee/", "group/A", "Committee/A"] {
            assert_eq!(RosterName::try_from(text.to_owned()), Err(NotARoster), "{text}");
        }
    }

    #[test]
    fn a_mapping_names_committees_and_events_but_no_patterns() {
        let committee = |text: &str| Condition::Committee {
            committee: code(text),
            positions: Vec::new(),
            self_subscribed: false,
        };
        let event = |text: &str| Condition::Event {
            event: code(text),
            from_days_before: None,
            until_days_after: None,
        };
        let mut rules = Rules::new(TimeZone::UTC);
        for (role, when) in [
            ("a", vec![committee("EDU"), Condition::Member]),
            ("b", vec![committee("edu").negated(true), event("A26")]),
            ("c_{code}", vec![committee("CH-*")]),
            ("d", vec![Condition::Purchase { product: code("WEB1"), valid_days: None }]),
        ] {
            rules.add(Rule::new(RuleRole::parse(role).unwrap(), None, when));
        }
        let named: Vec<String> = rosters_of(&rules).iter().map(RosterName::to_string).collect();
        assert_eq!(named, ["committee/EDU", "event/A26"]);
    }
}
