//! One record under one mapping, laid out in time: what holds at an instant, and when that first changes.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;

use super::conditions;
use super::lines::{self, RuleLine};
use super::membership::{self, Term};
use super::span::Span;
use crate::domain::record::Record;
use crate::domain::rule::{PrimaryMembership, Role, Rules};
use crate::domain::time::Timestamp;

/// Everything about a record that depends on time. Texts stay where they are.
pub(super) struct Timeline<'a> {
    pub(super) record: &'a Record,
    pub(super) rules: &'a Rules,
    /// The memberships that count, in the record's order.
    pub(super) terms: Vec<Term<'a>>,
    /// The roles that may be given, each with its conditions.
    pub(super) lines: Vec<RuleLine<'a>>,
    /// One entry for each condition of each line, in order.
    asked: Vec<TimelineQuestion>,
    /// The spans of all conditions, one after the other.
    spans: Vec<Span>,
}

struct TimelineQuestion {
    line: usize,
    spans: Range<usize>,
    negated: bool,
}

/// What a decision says, without its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) member: bool,
    /// Index into the terms of the membership that names the decision.
    pub(super) primary: Option<usize>,
    /// For each line, whether it gives its role.
    pub(super) fits: Vec<bool>,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(record: &'a Record, rules: &'a Rules) -> Timeline<'a> {
        let counted = record.memberships.iter().filter(|membership| membership::counts(membership, rules));
        let terms: Vec<Term<'a>> = counted.map(|membership| Term::new(membership, rules)).collect();
        let lines = lines::of(record, rules);
        let mut asked = Vec::with_capacity(lines.len() * 2);
        let mut spans = Vec::with_capacity(lines.len() * 2);
        for (index, line) in lines.iter().enumerate() {
            for condition in line.when.iter() {
                let (plain, negated) = condition.plain();
                let from = spans.len();
                conditions::spans(plain, record, &terms, rules, &mut spans);
                asked.push(TimelineQuestion { line: index, spans: from..spans.len(), negated });
            }
        }
        Timeline { record, rules, terms, lines, asked, spans }
    }

    /// What holds at `t`.
    pub(super) fn at(&self, t: Timestamp) -> Outcome {
        let mut outcome = Outcome::default();
        self.at_into(t, &mut outcome);
        outcome
    }

    /// The first instant after `now` at which a decision would no longer be `outcome`.
    pub(super) fn holds_until(&self, outcome: &Outcome, now: Timestamp) -> Option<Timestamp> {
        let mut then = Outcome::default();
        let mut t = now;
        while let Some(edge) = self.next_edge(t) {
            self.at_into(edge, &mut then);
            if self.differ(outcome, &then) {
                return Some(edge);
            }
            t = edge;
        }
        None
    }

    /// The name and the code of the deciding membership's type.
    pub(super) fn type_of(&self, outcome: &Outcome) -> (Option<&str>, Option<&str>) {
        let primary = self.primary(outcome).map(|term| term.membership);
        (primary.and_then(membership::type_name), primary.and_then(membership::code))
    }

    /// The last day of the deciding membership, for a member.
    pub(super) fn expires(&self, outcome: &Outcome) -> Option<Date> {
        self.primary(outcome).filter(|_| outcome.member)?.last_day(&self.rules.time_zone)
    }

    /// The membership that names the decision.
    pub(super) fn primary(&self, outcome: &Outcome) -> Option<&Term<'a>> {
        outcome.primary.and_then(|index| self.terms.get(index))
    }

    /// The roles that are held.
    pub(super) fn roles(&self, outcome: &Outcome) -> BTreeSet<Role> {
        self.built_in(outcome).chain(self.given(outcome)).cloned().collect()
    }

    fn built_in<'s>(&'s self, outcome: &Outcome) -> impl Iterator<Item = &'s Role> {
        let membership = if outcome.member { &self.rules.member } else { &self.rules.non_member };
        [&self.rules.everyone, membership].into_iter().flatten()
    }

    fn given<'s>(&'s self, outcome: &'s Outcome) -> impl Iterator<Item = &'s Role> {
        self.lines.iter().zip(&outcome.fits).filter(|(_, fits)| **fits).map(|(line, _)| &*line.role)
    }

    /// The spans of each condition of the line at `index`, in order; `true`: negated.
    pub(super) fn conditions_of(&self, index: usize) -> impl Iterator<Item = (&[Span], bool)> {
        let first = self.asked.partition_point(|asked| asked.line < index);
        let asked = self.asked.iter().skip(first).take_while(move |asked| asked.line == index);
        asked.map(|asked| (self.spans_of(asked), asked.negated))
    }

    fn at_into(&self, t: Timestamp, outcome: &mut Outcome) {
        outcome.member = self.terms.iter().any(|term| term.is_active(t));
        outcome.primary = self.primary_at(t);
        outcome.fits.clear();
        outcome.fits.extend(self.lines.iter().map(|line| !line.when.is_empty()));
        for asked in &self.asked {
            if let Some(fits) = outcome.fits.get_mut(asked.line)
                && *fits
            {
                *fits = holds(self.spans_of(asked), asked.negated, t);
            }
        }
        self.drop_excess(outcome);
    }

    /// Of the roles that one rule gives the first stay, in their order. The lines of a rule stand together, sorted by role.
    fn drop_excess(&self, outcome: &mut Outcome) {
        let (mut of, mut count, mut last) = (usize::MAX, 0, None);
        for (line, fits) in self.lines.iter().zip(&mut outcome.fits).filter(|(_, fits)| **fits) {
            if line.rule != of {
                (of, count, last) = (line.rule, 0, None);
            }
            if last != Some(&*line.role) {
                (count, last) = (count + 1, Some(&*line.role));
            }
            *fits = count <= lines::MOST_ROLES;
        }
    }

    fn primary_at(&self, t: Timestamp) -> Option<usize> {
        match self.rules.primary_membership {
            // Whether or not it is the one that makes the member, and whether or not there is a member.
            PrimaryMembership::First => (!self.terms.is_empty()).then_some(0),
            PrimaryMembership::Longest => {
                let active = self.terms.iter().enumerate().filter(|(_, term)| term.is_active(t));
                active.min_by(|(_, one), (_, other)| one.precedence(other)).map(|(index, _)| index)
            }
        }
    }

    /// The first instant after `t` at which anything begins or ends.
    pub(super) fn next_edge(&self, t: Timestamp) -> Option<Timestamp> {
        let terms = self.terms.iter().filter_map(|term| term.span.as_ref());
        self.spans.iter().chain(terms).filter_map(|span| span.next_edge(t)).min()
    }

    fn differ(&self, one: &Outcome, other: &Outcome) -> bool {
        one.member != other.member
            || one.primary != other.primary
                && (self.type_of(one) != self.type_of(other) || self.expires(one) != self.expires(other))
            || self.flipped(one, other).any(|role| self.grants(one, role) != self.grants(other, role))
    }

    fn flipped<'s>(&'s self, one: &Outcome, other: &Outcome) -> impl Iterator<Item = &'s Role> {
        let fits = one.fits.iter().zip(&other.fits);
        self.lines.iter().zip(fits).filter(|(_, (one, other))| one != other).map(|(line, _)| &*line.role)
    }

    fn grants(&self, outcome: &Outcome, role: &Role) -> bool {
        self.built_in(outcome).chain(self.given(outcome)).any(|given| given == role)
    }

    fn spans_of(&self, asked: &TimelineQuestion) -> &[Span] {
        self.spans.get(asked.spans.clone()).unwrap_or_default()
    }
}

/// Whether a condition with these spans holds at `t`. Deny on doubt: a plain condition needs a certain span, and a
/// negated one needs that there is not even an uncertain one.
pub(super) fn holds(spans: &[Span], negated: bool, t: Timestamp) -> bool {
    if negated {
        !spans.iter().any(|span| span.contains(t))
    } else {
        spans.iter().any(|span| span.certain && span.contains(t))
    }
}
