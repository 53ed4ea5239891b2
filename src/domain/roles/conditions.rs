//! When each kind of condition holds for a record, as spans of time (design §4).
//!
//! An entry that does not say what it is of (an empty code) might be anything: it grants nothing, and it keeps a
//! negated condition of its kind from granting. So does a part that was not fetched.

use super::membership::Term;
use super::span::{Edges, Span};
use crate::domain::record::{Membership, Record, Registration};
use crate::domain::rule::{Code, Condition};
use crate::domain::time::{AmsDate, TimeZone, Timestamp, Unreadable, end_of_day_after, start_of_day_before};

/// Adds to `spans` when the plain (not negated) `condition` holds.
pub(super) fn spans(
    condition: &Condition,
    record: &Record,
    terms: &[Term<'_>],
    zone: &TimeZone,
    spans: &mut Vec<Span>,
) {
    match condition {
        Condition::Member => spans.extend(terms.iter().filter_map(|term| term.span)),
        Condition::MembershipType(code) => {
            for term in terms {
                spans.extend(doubted(term.span, is_of_type(term.membership, code)));
            }
        }
        Condition::SecurityRole(name) => {
            for role in &record.security_roles {
                spans.extend(doubted(Some(Span::ALWAYS), is(name, role)));
            }
        }
        Condition::CustomField { name, value } => {
            for field in &record.custom_fields {
                let found = match is(name, &field.name) {
                    Found::Yes if field.value.split('|').any(|one| value.matches(one)) => Found::Yes,
                    Found::Yes => Found::No,
                    other => other,
                };
                spans.extend(doubted(Some(Span::ALWAYS), found));
            }
        }
        Condition::Committee { committee, positions } => {
            each(spans, record.committees.as_deref(), |seat| {
                let held =
                    |position: &Code| seat.position.as_deref().is_some_and(|said| position.matches(said));
                let position = positions.is_empty() || positions.iter().any(held);
                let found = if position { is(committee, &seat.committee) } else { Found::No };
                found.and_then(|| within(&seat.start_date, &seat.end_date, zone))
            });
        }
        Condition::Relationship { name, organization } => {
            each(spans, record.relationships.as_deref(), |relationship| {
                let same = |number: &Code| {
                    relationship.organization.as_deref().is_some_and(|said| number.matches(said))
                };
                let found = if organization.as_ref().is_none_or(same) {
                    is(name, &relationship.name)
                } else {
                    Found::No
                };
                found.and_then(|| within(&relationship.start_date, &relationship.end_date, zone))
            });
        }
        Condition::Event { event, from_days_before, until_days_after } => {
            each(spans, record.registrations.as_deref(), |registration| {
                let window = || event_window(registration, *from_days_before, *until_days_after, zone);
                is(event, &registration.event).and_then(window)
            });
        }
        Condition::Purchase { product, valid_days } => {
            each(spans, record.purchases.as_deref(), |purchase| {
                is(product, &purchase.product).and_then(|| {
                    let date = &purchase.purchase_date;
                    let end = match valid_days {
                        Some(days) => day_of(date, zone).map(|day| Some(end_of_day_after(day, *days, zone))),
                        None => Ok(None),
                    };
                    Edges::new(true).from(date.start(zone)).to(end).span()
                })
            });
        }
        Condition::Certification(code) => {
            each(spans, record.certifications.as_deref(), |certification| {
                is(code, &certification.code)
                    .and_then(|| Edges::new(true).to(certification.expire_date.end(zone)).span())
            });
        }
        // `Condition::plain` has taken the negations off; one that is left grants nothing either way.
        Condition::Not(_) => spans.push(Span::UNKNOWN),
    }
}

/// Whether an entry is the one that a rule names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Yes,
    /// The entry does not say.
    Perhaps,
    No,
}

impl Found {
    fn and_then(self, span: impl FnOnce() -> Option<Span>) -> Option<Span> {
        if self == Found::No { None } else { doubted(span(), self) }
    }
}

fn is(code: &Code, said: &str) -> Found {
    if code.matches(said) {
        Found::Yes
    } else if said.trim().is_empty() {
        Found::Perhaps
    } else {
        Found::No
    }
}

fn is_of_type(membership: &Membership, code: &Code) -> Found {
    let said = [membership.code.as_deref(), membership.type_name.as_deref()].map(Option::unwrap_or_default);
    let found = said.map(|said| is(code, said));
    if found.contains(&Found::Yes) {
        Found::Yes
    } else if found == [Found::Perhaps; 2] {
        Found::Perhaps
    } else {
        Found::No
    }
}

fn doubted(span: Option<Span>, found: Found) -> Option<Span> {
    match found {
        Found::Yes => span,
        Found::Perhaps => span.map(|span| Span { certain: false, ..span }),
        Found::No => None,
    }
}

fn each<T>(spans: &mut Vec<Span>, part: Option<&[T]>, span: impl FnMut(&T) -> Option<Span>) {
    match part {
        Some(entries) => spans.extend(entries.iter().filter_map(span)),
        None => spans.push(Span::UNKNOWN),
    }
}

fn within(start: &AmsDate, end: &AmsDate, zone: &TimeZone) -> Option<Span> {
    Edges::new(true).from(start.start(zone)).to(end.end(zone)).span()
}

fn event_window(
    registration: &Registration,
    from_days_before: Option<u32>,
    until_days_after: Option<u32>,
    zone: &TimeZone,
) -> Option<Span> {
    let Registration { registration_date, event_start, event_end, .. } = registration;
    let certain = ![registration_date, event_start, event_end].into_iter().any(AmsDate::is_unreadable);
    let start = match from_days_before {
        Some(days) => day_of(event_start, zone).map(|day| Some(start_of_day_before(day, days, zone))),
        None => registration_date.start(zone),
    };
    let end: Result<Option<Timestamp>, Unreadable> = match until_days_after {
        Some(days) => {
            let last = if *event_end == AmsDate::Absent { event_start } else { event_end };
            day_of(last, zone).map(|day| Some(end_of_day_after(day, days, zone)))
        }
        None => Ok(None),
    };
    Edges::new(certain).from(start).to(end).span()
}

/// The day from which days are counted. Without one the count is as unknown as with an unreadable one.
fn day_of(date: &AmsDate, zone: &TimeZone) -> Result<jiff::civil::Date, Unreadable> {
    date.day(zone)?.ok_or(Unreadable)
}
