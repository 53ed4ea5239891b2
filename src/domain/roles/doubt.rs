//! What a decision leaves open because something is not known: for those who must not take a role away on a doubt.

use std::collections::BTreeSet;

use super::conditions;
use super::span::Span;
use super::timeline::Timeline;
use crate::domain::rule::{Role, RoleTemplate, Rule};
use crate::domain::time::Timestamp;

/// What may be true although the decision does not say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleDoubt {
    roles: BTreeSet<Role>,
    templates: Vec<RoleTemplate>,
    membership: bool,
}

impl RoleDoubt {
    /// Whether the person may hold this role without being given it.
    pub fn is_about(&self, role: &Role) -> bool {
        self.roles.contains(role) || self.templates.iter().any(|template| template.can_give(role))
    }

    /// Whether some membership may be active, although that is not certain.
    pub fn is_about_membership(&self) -> bool {
        self.membership
    }

    /// Whether nothing is open.
    pub fn is_none(&self) -> bool {
        self.roles.is_empty() && self.templates.is_empty() && !self.membership
    }
}

/// Whether a condition may hold at `t`, for all that is known.
pub(super) fn may_hold(spans: &[Span], negated: bool, t: Timestamp) -> bool {
    let mut at = spans.iter().filter(|span| span.contains(t));
    if negated { !at.any(|span| span.certain) } else { at.next().is_some() }
}

impl Timeline<'_> {
    /// What is open at `t`.
    pub(super) fn doubt_at(&self, t: Timestamp) -> RoleDoubt {
        let outcome = self.at(t);
        let mut doubt = RoleDoubt::default();
        for (index, (line, fits)) in self.lines.iter().zip(&outcome.fits).enumerate() {
            let may = || self.conditions_of(index).all(|(spans, negated)| may_hold(spans, negated, t));
            if !fits && !line.when.is_empty() && may() {
                doubt.roles.insert(line.role.as_ref().clone());
            }
        }
        let open = self.open_rules(t).filter_map(|rule| self.rules.rules.get(rule));
        doubt.templates = open.filter_map(|rule| rule.role.template().cloned()).collect();
        let open = |span: &Span| !span.certain && span.contains(t);
        doubt.membership = self.terms.iter().filter_map(|term| term.span.as_ref()).any(open);
        if doubt.membership && !outcome.member {
            doubt.roles.extend(self.rules.member.clone());
        }
        doubt
    }

    /// Rules for many roles, by index, where an unread or incomplete entry may give any of them.
    pub(super) fn open_rules(&self, t: Timestamp) -> impl Iterator<Item = usize> {
        let is_open = move |rule: &Rule| {
            let Some(pattern) = rule.patterns().map(|(at, ..)| at).next() else { return false };
            rule.when.iter().enumerate().all(|(at, condition)| {
                let (plain, negated) = condition.plain();
                let mut spans = Vec::new();
                conditions::spans(plain, self.record, &self.terms, self.rules, &mut spans);
                if at == pattern {
                    return spans.iter().any(|span| !span.certain && span.contains(t));
                }
                may_hold(&spans, negated, t)
            })
        };
        let rules = self.rules.rules.iter().enumerate();
        rules.filter(move |(_, rule)| is_open(rule)).map(|(index, _)| index)
    }
}
