//! Why each rule gave its role or did not, in sentences for people.
//!
//! A sentence says what is so; a rule that did not fit gets the sentences of the conditions that failed.

use std::sync::Arc;

use super::Verdict;
use super::membership;
use super::span::Span;
use super::timeline::{Outcome, Timeline, holds};
use super::warnings::{membership_name, name};
use crate::domain::record::Record;
use crate::domain::rule::{Code, Condition, Role, Rules};
use crate::domain::time::{FOREVER, TimeZone, Timestamp, in_words, last_day};

/// One verdict for each built-in role that the mapping names, and for each rule.
pub(super) fn trace(timeline: &Timeline<'_>, outcome: &Outcome, now: Timestamp) -> Vec<Verdict> {
    let rules = timeline.rules;
    let membership = membership(timeline, now);
    let mut trace = Vec::with_capacity(rules.rules.len() + 3);
    for (name, role, matched) in built_in(rules, outcome.member) {
        let because = if name == "everyone" { "Signed in.".into() } else { membership.clone() };
        trace.push(Verdict { rule: name.into(), role: role.clone(), matched, because });
    }
    for (index, (rule, fits)) in rules.rules.iter().zip(&outcome.fits).enumerate() {
        let conditions = rule.when.iter().zip(timeline.conditions_of(index));
        let told = conditions.filter(|(_, (spans, negated))| *fits || !holds(spans, *negated, now));
        let sentences: Vec<String> = told
            .map(|(condition, (spans, negated))| match condition.plain().0 {
                Condition::Member if outcome.member && negated => excluded(&membership),
                Condition::Member if outcome.member || !in_doubt(spans, now) => membership.clone(),
                plain => sentence(plain, spans, negated, timeline.record, &rules.time_zone, now),
            })
            .collect();
        let because =
            if rule.when.is_empty() { "The rule has no conditions.".into() } else { sentences.join(" ") };
        trace.push(Verdict { rule: rule.name(), role: rule.role.clone(), matched: *fits, because });
    }
    trace
}

/// The trace for a person whom the AMS keeps out.
pub(super) fn refused(rules: &Rules, why: &str) -> Vec<Verdict> {
    let built_in = built_in(rules, false).map(|(name, role, _)| (Arc::from(name), role));
    let all = built_in.chain(rules.rules.iter().map(|rule| (rule.name(), &rule.role)));
    let verdict = |(rule, role): (Arc<str>, &Role)| Verdict {
        rule,
        role: role.clone(),
        matched: false,
        because: why.to_owned(),
    };
    all.map(verdict).collect()
}

fn built_in(rules: &Rules, member: bool) -> impl Iterator<Item = (&'static str, &Role, bool)> {
    let roles = [
        ("everyone", &rules.everyone, true),
        ("member", &rules.member, member),
        ("non_member", &rules.non_member, !member),
    ];
    roles.into_iter().filter_map(|(name, role, matched)| role.as_ref().map(|role| (name, role, matched)))
}

/// Why this person is a member or is not.
fn membership(timeline: &Timeline<'_>, now: Timestamp) -> String {
    let (zone, rules) = (&timeline.rules.time_zone, timeline.rules);
    let active = timeline.terms.iter().filter(|term| term.is_active(now));
    if let Some(term) = active.min_by(|one, other| one.precedence(other)) {
        let name = membership_name(term.membership).unwrap_or("A membership");
        return match term.last_day(zone) {
            Some(day) => format!("Member: {name} runs to {}.", in_words(day)),
            None => format!("Member: {name} has no end."),
        };
    }
    if timeline.record.memberships.is_empty() {
        return "Not a member: there is no membership on the record.".into();
    }
    if timeline.record.memberships.iter().all(|membership| membership.inherited && !membership.cancelled)
        && !rules.count_inherited
    {
        return "Not a member: inherited memberships do not count.".into();
    }
    let left_out = timeline.record.memberships.iter().filter(|one| !membership::counts(one, rules));
    let left_out = left_out.map(|membership| {
        let name = membership_name(membership).unwrap_or("A membership");
        format!(
            "{name} {}",
            if membership.cancelled { "was cancelled" } else { "is inherited and does not count" }
        )
    });
    let each = timeline.terms.iter().map(|term| {
        let name = membership_name(term.membership).unwrap_or("A membership");
        match term.span {
            Some(span) if !span.certain => format!("{name} has a date that cannot be read"),
            Some(span) if span.start > now => {
                format!("{name} starts on {}", in_words(zone.to_datetime(span.start).date()))
            }
            Some(span) => format!("{name} ended on {}", in_words(last_day(span.end, zone))),
            None if membership::start(term.membership, rules) == Ok(None) => {
                format!("{name} has no start date")
            }
            None => format!("{name} was never active"),
        }
    });
    format!("Not a member: {}.", each.chain(left_out).collect::<Vec<_>>().join("; "))
}

fn sentence(
    condition: &Condition,
    spans: &[Span],
    negated: bool,
    record: &Record,
    zone: &TimeZone,
    now: Timestamp,
) -> String {
    let (yes, no) = phrases(condition);
    let certain = || spans.iter().filter(|span| span.certain);
    if let Some(end) = certain().filter(|span| span.contains(now)).map(|span| span.end).max() {
        let until =
            if end == FOREVER { String::new() } else { format!(", to {}", in_words(last_day(end, zone))) };
        if negated { excluded(&format!("{yes}{until}.")) } else { format!("{yes}{until}.") }
    } else if in_doubt(spans, now) {
        format!("It cannot be told: {}.", doubt(condition, record))
    } else if let Some(start) = certain().map(|span| span.start).filter(|start| *start > now).min() {
        format!("{yes}, but only from {}.", in_words(zone.to_datetime(start).date()))
    } else if let Some(end) = certain().map(|span| span.end).max() {
        format!("{yes}, but only to {}.", in_words(last_day(end, zone)))
    } else {
        format!("{no}.")
    }
}

/// Something uncertain may hold at `now`.
fn in_doubt(spans: &[Span], now: Timestamp) -> bool {
    spans.iter().any(|span| !span.certain && span.contains(now))
}

fn excluded(fact: &str) -> String {
    format!("{}, and the rule excludes that.", fact.trim_end_matches('.'))
}

/// The condition as a fact: when it is so, and when it is not.
fn phrases(condition: &Condition) -> (String, String) {
    let both = |yes: &str, no: &str, what: String| (format!("{yes} {what}"), format!("{no} {what}"));
    let code = |code: &Code| name(code.as_str()).to_owned();
    match condition {
        Condition::MembershipType(kind) => {
            both("Holds", "Does not hold", format!("the membership {}", code(kind)))
        }
        Condition::Committee { committee, positions } => {
            let positions: Vec<String> = positions.iter().map(code).collect();
            let position =
                if positions.is_empty() { String::new() } else { format!(" as {}", positions.join(" or ")) };
            both("On", "Not on", format!("committee {}{position}", code(committee)))
        }
        Condition::SecurityRole(role) => {
            both("Has", "Does not have", format!("the security role {}", code(role)))
        }
        Condition::Event { event, .. } => {
            both("Registered", "Not registered", format!("for event {}", code(event)))
        }
        Condition::Purchase { product, .. } => {
            let product = code(product);
            (format!("Bought {product}"), format!("Did not buy {product}"))
        }
        Condition::Certification(held) => {
            both("Holds", "Does not hold", format!("certification {}", code(held)))
        }
        Condition::Relationship { name, organization } => {
            let with = organization.as_ref().map(|number| format!(" with organization {}", code(number)));
            both(
                "Has",
                "Does not have",
                format!("the relationship {}{}", code(name), with.unwrap_or_default()),
            )
        }
        Condition::CustomField { name, value } => {
            let field = code(name);
            both(
                &format!("Custom field {field} has"),
                &format!("Custom field {field} does not have"),
                format!("the value {}", code(value)),
            )
        }
        Condition::Member | Condition::Not(_) => ("Member".into(), "Not a member".into()),
    }
}

/// Why nobody can say whether a condition holds.
fn doubt(condition: &Condition, record: &Record) -> &'static str {
    match condition {
        Condition::Committee { .. } if record.committees.is_none() => "committees were not read from the AMS",
        Condition::Event { .. } if record.registrations.is_none() => {
            "registrations were not read from the AMS"
        }
        Condition::Purchase { .. } if record.purchases.is_none() => "purchases were not read from the AMS",
        Condition::Certification(_) if record.certifications.is_none() => {
            "certifications were not read from the AMS"
        }
        Condition::Relationship { .. } if record.relationships.is_none() => {
            "relationships were not read from the AMS"
        }
        _ => "an entry on the record is incomplete or cannot be read",
    }
}
