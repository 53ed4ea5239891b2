//! Why each rule gave its role or did not, in sentences for people.
//!
//! A sentence says what is so; a rule that did not fit gets the sentences of the conditions that failed.

use std::sync::Arc;

use super::decision::Verdict;
use super::lines::MOST_ROLES;
use super::membership;
use super::naming::{membership_name, name};
use super::span::Span;
use super::timeline::{Outcome, Timeline, holds};
use crate::domain::condition::ConditionField;
use crate::domain::names::ListedNames;
use crate::domain::parts::Part;
use crate::domain::record::Record;
use crate::domain::rule::{Code, Condition, Role, Rule, Rules};
use crate::domain::standing::MembershipStanding;
use crate::domain::time::{FOREVER, TimeZone, Timestamp, in_words, last_day};

/// One verdict for each built-in role that the mapping names, and for each rule.
pub(super) fn trace(
    timeline: &Timeline<'_>,
    outcome: &Outcome,
    names: &ListedNames,
    now: Timestamp,
) -> Vec<Verdict> {
    let rules = timeline.rules;
    let membership = membership(timeline, now);
    let mut trace = Vec::with_capacity(rules.rules.len() + 3);
    for (name, role, matched) in built_in(rules, outcome.member) {
        let because = if name == "everyone" { "Signed in.".into() } else { membership.clone() };
        trace.push(Verdict { rule: name.into(), role: role.as_str().into(), matched, because });
    }
    let lines: Vec<_> = timeline.lines.iter().zip(&outcome.fits).enumerate().collect();
    for (number, rule) in rules.rules.iter().enumerate() {
        let before = trace.len();
        for (index, (line, fits)) in lines.iter().filter(|(_, (line, _))| line.rule == number) {
            let conditions = line.when.iter().zip(timeline.conditions_of(*index));
            let told = conditions.filter(|(_, (spans, negated))| **fits || !holds(spans, *negated, now));
            let sentences: Vec<String> = told
                .map(|(condition, (spans, negated))| match condition.plain().0 {
                    Condition::Member if outcome.member && negated => excluded(&membership),
                    Condition::Member if outcome.member || !in_doubt(spans, now) => membership.clone(),
                    plain => {
                        let told = Told { names, record: timeline.record, zone: &rules.time_zone, now };
                        told.sentence(plain, spans, negated)
                    }
                })
                .collect();
            let because = match sentences.as_slice() {
                _ if line.when.is_empty() => "The rule has no conditions.".into(),
                [] => format!("The rule gives one person at most {MOST_ROLES} roles."),
                several => several.join(" "),
            };
            trace.push(Verdict {
                rule: rule.name(),
                role: line.role.as_str().into(),
                matched: **fits,
                because,
            });
        }
        if trace.len() == before {
            let because = nothing_fits(rule, timeline.record);
            trace.push(Verdict {
                rule: rule.name(),
                role: rule.role.as_str().into(),
                matched: false,
                because,
            });
        }
    }
    trace
}

/// Why a rule for many roles gives none.
fn nothing_fits(rule: &Rule, record: &Record) -> String {
    let Some((at, _, pattern)) = rule.patterns().next() else { return "The rule has no pattern.".into() };
    match rule.when.get(at).and_then(|condition| unread(condition, record)) {
        Some(part) => format!("It cannot be told: {}.", not_read(part, record)),
        None => format!("Nothing on the record fits {}.", name(pattern.as_str())),
    }
}

/// The trace for a person whom the AMS keeps out.
pub(super) fn refused(rules: &Rules, why: &str) -> Vec<Verdict> {
    let built_in = rules.built_in().map(|(name, role)| (Arc::from(name), role.as_str()));
    let all = built_in.chain(rules.rules.iter().map(|rule| (rule.name(), rule.role.as_str())));
    let verdict = |(rule, role): (Arc<str>, &str)| Verdict {
        rule,
        role: role.into(),
        matched: false,
        because: why.to_owned(),
    };
    all.map(verdict).collect()
}

fn built_in(rules: &Rules, member: bool) -> impl Iterator<Item = (&'static str, &Role, bool)> {
    rules.built_in().map(move |(name, role)| match name {
        "member" => (name, role, member),
        "non_member" => (name, role, !member),
        _ => (name, role, true),
    })
}

/// Why this person is a member or is not.
fn membership(timeline: &Timeline<'_>, now: Timestamp) -> String {
    let (zone, rules) = (&timeline.rules.time_zone, timeline.rules);
    let active = timeline.terms.iter().filter(|term| term.is_active(now));
    if let Some(term) = active.min_by(|one, other| one.precedence(other)) {
        let name = membership_name(term.membership).unwrap_or("A membership");
        if let Some(MembershipStanding::Active | MembershipStanding::Grace) = term.membership.standing {
            let word = if term.membership.standing == Some(MembershipStanding::Grace) {
                "in grace"
            } else {
                "current"
            };
            return match term.last_day(zone) {
                Some(day) => format!("Member: the AMS has {name} as {word}, to {}.", in_words(day)),
                None => format!("Member: the AMS has {name} as {word}."),
            };
        }
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
            None if term.membership.standing.is_some() => by_word(name, term.membership.standing),
            Some(span) if !span.certain && term.membership.standing == Some(MembershipStanding::Unknown) => {
                format!("it cannot be told how {name} stands")
            }
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

/// What the AMS says of a membership that is not active.
fn by_word(name: &str, standing: Option<MembershipStanding>) -> String {
    match standing {
        Some(MembershipStanding::Grace) => format!("the AMS has {name} as in grace, which does not count"),
        Some(MembershipStanding::Pending) => format!("the AMS has {name} as not yet begun or approved"),
        Some(MembershipStanding::Ended) => format!("the AMS has {name} as ended"),
        _ => format!("{name} is over by its dates"),
    }
}

/// What every sentence about a condition needs.
struct Told<'a> {
    names: &'a ListedNames,
    record: &'a Record,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl Told<'_> {
    fn sentence(&self, condition: &Condition, spans: &[Span], negated: bool) -> String {
        let Told { names, record, zone, now } = *self;
        let shown = |field: &ConditionField, text: &str| name(&names.shown(field.choices, text)).to_owned();
        let told = |text: &str| condition.phrase(text, shown);
        let (yes, no) = (told(condition.kind().holds), told(condition.kind().fails));
        let certain = || spans.iter().filter(|span| span.certain);
        if let Some(end) = certain().filter(|span| span.contains(now)).map(|span| span.end).max() {
            let to = || format!(", to {}", in_words(last_day(end, zone)));
            let until = if end == FOREVER { String::new() } else { to() };
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
}

/// Something uncertain may hold at `now`.
fn in_doubt(spans: &[Span], now: Timestamp) -> bool {
    spans.iter().any(|span| !span.certain && span.contains(now))
}

fn excluded(fact: &str) -> String {
    format!("{}, and the rule excludes that.", fact.trim_end_matches('.'))
}

/// Why nobody can say whether a condition holds.
fn doubt(condition: &Condition, record: &Record) -> String {
    match unread(condition, record) {
        Some(part) => not_read(part, record),
        None if is_self_joined(condition, record) => "people may put themselves on that list".into(),
        None => "an entry on the record is incomplete or cannot be read".into(),
    }
}

/// Whether the record has a place that decides nothing, because people may put themselves there.
fn is_self_joined(condition: &Condition, record: &Record) -> bool {
    let is_of = |code: &Code, id: &str, name: Option<&str>| {
        code.matches(id) || name.is_some_and(|name| code.matches(name))
    };
    match condition {
        Condition::Committee { committee, self_subscribed: false, .. } => {
            record.committees.iter().flatten().any(|seat| {
                !seat.cancelled
                    && seat.self_joinable
                    && is_of(committee, &seat.committee, seat.committee_name.as_deref())
            })
        }
        Condition::Group { group, self_subscribed: false } => record.groups.iter().flatten().any(|place| {
            !place.cancelled && place.self_joinable && is_of(group, &place.group, place.group_name.as_deref())
        }),
        _ => false,
    }
}

/// The part of which a condition lacks something.
fn unread(condition: &Condition, record: &Record) -> Option<Part> {
    condition.kind().part.filter(|part| !record.has_read(*part, condition.asked_code()))
}

fn not_read(part: Part, record: &Record) -> String {
    match record.partly.of(part) {
        None => format!("{} were not read from the AMS", part.name()),
        Some(_) => format!("not all {} were read from the AMS", part.name()),
    }
}
