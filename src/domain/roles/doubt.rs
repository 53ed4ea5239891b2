//! What a decision leaves open because something is not known: for those who must not take a role away on a doubt.

use std::collections::BTreeSet;

use super::conditions;
use super::span::Span;
use super::timeline::Timeline;
use crate::domain::rule::{Role, RoleTemplate, RuleRole};
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
fn may_hold(spans: &[Span], negated: bool, t: Timestamp) -> bool {
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
        doubt.templates = self.open_templates(t);
        let open = |span: &Span| !span.certain && span.contains(t);
        doubt.membership = self.terms.iter().filter_map(|term| term.span.as_ref()).any(open);
        if doubt.membership && !outcome.member {
            doubt.roles.extend(self.rules.member.clone());
        }
        doubt
    }

    /// Rules for many roles where an unread or incomplete entry may give any of them.
    fn open_templates(&self, t: Timestamp) -> Vec<RoleTemplate> {
        let mut open = Vec::new();
        for rule in &self.rules.rules {
            let RuleRole::Each(template) = &rule.role else { continue };
            let pattern = rule.patterns().map(|(at, ..)| at).next();
            let is_open = rule.when.iter().enumerate().all(|(at, condition)| {
                let (plain, negated) = condition.plain();
                let mut spans = Vec::new();
                conditions::spans(plain, self.record, &self.terms, self.rules, &mut spans);
                if Some(at) == pattern {
                    return spans.iter().any(|span| !span.certain && span.contains(t));
                }
                may_hold(&spans, negated, t)
            });
            if is_open && pattern.is_some() {
                open.push(template.clone());
            }
        }
        open
    }
}
