//! By which entries of a record rules give their roles, and from when to when: for those who tell more of a person than roles.
//!
//! It is laid out by the same timeline as a decision, so that both say the same at each instant.

use std::collections::BTreeSet;

use super::conditions;
use super::doubt::may_hold;
use super::granted_by::GrantedBy;
use super::lines::RuleLine;
use super::span::Span;
use super::timeline::{Outcome, Timeline};
use crate::domain::code::Code;
use crate::domain::condition::Condition;
use crate::domain::record::Record;
use crate::domain::rule::Rules;
use crate::domain::time::{FOREVER, SINCE_EVER, Timestamp};

/// An entry that gives a role now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceEntry<'r> {
    /// Which.
    pub by: GrantedBy<'r>,
    /// From when; `None`: since ever, or it does not say.
    pub since: Option<Timestamp>,
    /// The first instant at which known dates alone end it; `None`: they do not.
    pub until: Option<Timestamp>,
}

/// A rule that gives a role, or may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleEvidence<'r> {
    /// Index of the rule.
    pub rule: usize,
    /// For a rule with a pattern: the code or name that fits, as the AMS writes it.
    pub code: Option<Code>,
    /// By what the role is given for certain. Empty: it is not.
    pub entries: Vec<EvidenceEntry<'r>>,
    /// It may be given by something that is not known.
    pub is_open: bool,
}

/// How it stands with the memberships as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipCourse {
    /// Some membership is active for certain.
    pub is_member: bool,
    /// Some membership may be active, although that is not certain.
    pub is_open: bool,
    /// The first of all starts.
    pub since: Option<Timestamp>,
    /// The end of the membership that ends last, exclusive; of a member, of those that are active. `None`: open-ended, or not known.
    pub until: Option<Timestamp>,
}

/// All of it at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence<'r> {
    /// The rules that give something, or may, in their order.
    pub rules: Vec<RuleEvidence<'r>>,
    /// Rules with a pattern, by index, that may give a role for a code that is not known.
    pub open_patterns: BTreeSet<usize>,
    /// The memberships.
    pub membership: MembershipCourse,
}

/// One record under one mapping, laid out in time.
pub struct EvidenceTimeline<'r>(Timeline<'r>);

impl<'r> EvidenceTimeline<'r> {
    /// Lays it out.
    pub fn new(record: &'r Record, rules: &'r Rules) -> EvidenceTimeline<'r> {
        EvidenceTimeline(Timeline::new(record, rules))
    }

    /// The first instant after `t` at which anything begins or ends. Until then all stays as it is at `t`.
    pub fn next_edge(&self, t: Timestamp) -> Option<Timestamp> {
        self.0.next_edge(t)
    }

    /// What holds at `t`, and by what.
    pub fn at(&self, t: Timestamp) -> Evidence<'r> {
        let timeline = &self.0;
        let outcome = timeline.at(t);
        let lines = timeline.lines.iter().zip(&outcome.fits).enumerate();
        let rules = lines.filter_map(|(index, (line, fits))| self.of_line(index, line, *fits, t)).collect();
        Evidence {
            rules,
            open_patterns: timeline.open_rules(t).collect(),
            membership: self.membership(&outcome, t),
        }
    }

    fn of_line(
        &self,
        index: usize,
        line: &RuleLine<'_>,
        fits: bool,
        t: Timestamp,
    ) -> Option<RuleEvidence<'r>> {
        let timeline = &self.0;
        let conditions: Vec<(&[Span], bool)> = timeline.conditions_of(index).collect();
        let may = !line.when.is_empty() && conditions.iter().all(|(spans, not)| may_hold(spans, *not, t));
        if !fits && !may {
            return None;
        }
        let rule = timeline.rules.rules.get(line.rule)?;
        let pattern = rule.patterns().next().map(|(at, key, _)| (at, key));
        let code = pattern.and_then(|(at, key)| line.when.get(at)?.values().code(key));
        let dated = pattern.map(|(at, _)| at).or_else(|| line.when.iter().position(is_dated));
        let others = conditions.iter().enumerate().filter(|(at, _)| Some(*at) != dated);
        let limit = others.map(|(_, (spans, not))| holds_to(spans, *not, t)).min().unwrap_or(FOREVER);
        let mut evidence = RuleEvidence { rule: line.rule, code, entries: Vec::new(), is_open: false };
        let Some(condition) = dated.and_then(|at| line.when.get(at)) else {
            let until = (limit != FOREVER).then_some(limit);
            if fits {
                evidence.entries.push(EvidenceEntry { by: GrantedBy::Undated, since: None, until });
            }
            evidence.is_open = !fits;
            return Some(evidence);
        };
        let mut all: Vec<(Span, GrantedBy<'r>)> = Vec::new();
        conditions::each_entry(condition, timeline.record, &timeline.terms, timeline.rules, |span, by| {
            all.push((span, by));
        });
        let is_open =
            |(span, by): &(Span, GrantedBy<'_>)| !span.certain && span.contains(t) && !by.is_self_joinable();
        let is_certain = |(span, _): &&(Span, GrantedBy<'_>)| span.certain && span.contains(t);
        // Where it fails for another condition than the dated one, that one is what is open.
        evidence.is_open = all.iter().any(is_open) || !fits && all.iter().any(|entry| is_certain(&entry));
        for (span, by) in all.iter().filter(is_certain).filter(|_| fits) {
            let same = all.iter().filter(|(span, other)| span.certain && other.position() == by.position());
            let until = carried_on(span.end, same.map(|(span, _)| span)).min(limit);
            evidence.entries.push(EvidenceEntry {
                by: *by,
                since: (span.start != SINCE_EVER).then_some(span.start),
                until: (until != FOREVER).then_some(until),
            });
        }
        (evidence.is_open || !evidence.entries.is_empty()).then_some(evidence)
    }

    fn membership(&self, outcome: &Outcome, t: Timestamp) -> MembershipCourse {
        let timeline = &self.0;
        let zone = &timeline.rules.time_zone;
        let open = |span: &Span| !span.certain && span.contains(t);
        let starts = timeline.terms.iter().filter_map(|term| {
            let dates = [&term.membership.join_date, &term.membership.effective_date];
            dates.into_iter().filter_map(|date| date.start(zone).ok().flatten()).min()
        });
        let until = if outcome.member {
            timeline.primary(outcome).and_then(|term| term.end.ok().flatten())
        } else {
            let ends = timeline.terms.iter().map(|term| term.end.ok().flatten().unwrap_or(FOREVER));
            ends.max().filter(|end| *end != FOREVER)
        };
        MembershipCourse {
            is_member: outcome.member,
            is_open: timeline.terms.iter().filter_map(|term| term.span.as_ref()).any(open),
            since: starts.min().filter(|at| *at != FOREVER),
            until,
        }
    }
}

/// Whether entries by which this holds may have dates of their own.
fn is_dated(condition: &Condition) -> bool {
    match condition {
        Condition::Committee { .. }
        | Condition::Group { .. }
        | Condition::Event { .. }
        | Condition::Relationship { .. }
        | Condition::MembershipType(_)
        | Condition::Purchase { .. }
        | Condition::Certification(_)
        | Condition::Member => true,
        Condition::MembershipStatus(_)
        | Condition::SecurityRole(_)
        | Condition::CustomField { .. }
        | Condition::Not(_) => false,
    }
}

/// The first instant at which a condition that holds at `t` may no longer hold.
fn holds_to(spans: &[Span], negated: bool, t: Timestamp) -> Timestamp {
    if negated {
        let starts = spans.iter().map(|span| span.start).filter(|start| *start > t);
        return starts.min().unwrap_or(FOREVER);
    }
    let certain = || spans.iter().filter(|span| span.certain);
    let end = certain().filter(|span| span.contains(t)).map(|span| span.end).max();
    end.map_or(FOREVER, |end| carried_on(end, certain()))
}

/// Where a stretch that ends at `end` ends with those that go on from there without a gap.
fn carried_on<'s>(mut end: Timestamp, spans: impl Iterator<Item = &'s Span> + Clone) -> Timestamp {
    while let Some(later) =
        spans.clone().filter(|span| span.start <= end && span.end > end).map(|span| span.end).max()
    {
        end = later;
    }
    end
}
