//! Which rule a form edits, and what it said when the form was made: an edit counts only over what its author saw.

use crate::adapters::keys::random::digest;
use crate::adapters::rules_file::print_rule;
use crate::domain::rule::{Rule, Rules};
use crate::web::admin::caller::Caller;

/// The rule that a form is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edited {
    /// Its id; empty: a new one.
    pub key: String,
    /// A digest of what it said.
    pub was: String,
}

impl Edited {
    /// This rule as it is.
    pub fn of(rule: &Rule) -> Edited {
        let digest = digest(print_rule(rule).as_bytes());
        let was = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Edited { key: rule.id.to_string(), was }
    }

    /// As a form names it.
    pub fn sent(caller: &Caller) -> Edited {
        Edited { key: caller.sent("key").to_owned(), was: caller.sent("was").to_owned() }
    }

    /// Where the rule stands, whatever it says by now.
    pub fn place(&self, rules: &Rules) -> Option<usize> {
        rules.rules.iter().position(|rule| rule.id.to_string() == self.key)
    }

    /// The rules with this one in its place; a new rule comes last, once. `None`: the rule is gone, or somebody else changed it, unless to
    /// the same.
    pub fn put(&self, rules: &Rules, rule: &Rule) -> Option<Rules> {
        let mut rules = rules.clone();
        if self.key.is_empty() {
            if !rules.rules.contains(rule) {
                rules.add(rule.clone());
            }
            return Some(rules);
        }
        let at = self.place(&rules)?;
        let there = rules.rules.get_mut(at)?;
        if there != rule {
            if Edited::of(there) != *self {
                return None;
            }
            *there = Rule { id: there.id, ..rule.clone() };
        }
        Some(rules)
    }

    /// The rules without it. `None`: it is gone, or somebody else changed it.
    pub fn remove(&self, rules: &Rules) -> Option<Rules> {
        let mut rules = rules.clone();
        let at = self.place(&rules)?;
        (Edited::of(&rules.rules.remove(at)) == *self).then_some(rules)
    }
}
