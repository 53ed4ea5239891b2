//! When each kind of condition holds for a record, as spans of time (docs/roles.md, "Conditions").
//!
//! An entry that does not say what it is of might be anything: it grants nothing, and it keeps a negated condition of its
//! kind from granting. So does a part that was not fetched.

use super::found::{Found, doubted, is};
use super::granted_by::GrantedBy;
use super::membership::{self, Term};
use super::purchases;
use super::span::{Span, between, counted};
use crate::domain::fold;
use crate::domain::parts::Part;
use crate::domain::record::{CommitteeSeat, Membership, Record, Registration};
use crate::domain::rule::{Code, Condition, Rules};
use crate::domain::time::{AmsDate, TimeZone, end_of_day_after, start_of_day_before};

/// Adds to `spans` when the plain (not negated) `condition` holds.
pub(super) fn spans(
    condition: &Condition,
    record: &Record,
    terms: &[Term<'_>],
    rules: &Rules,
    spans: &mut Vec<Span>,
) {
    each_entry(condition, record, terms, rules, |span, _| spans.push(span));
}

/// Tells of each entry of the record by which the plain (not negated) `condition` holds, and when.
pub(super) fn each_entry<'r>(
    condition: &Condition,
    record: &'r Record,
    terms: &[Term<'r>],
    rules: &Rules,
    mut tell: impl FnMut(Span, GrantedBy<'r>),
) {
    let zone = &rules.time_zone;
    let unread = condition.kind().part.filter(|part| !record.has_read(*part, condition.asked_code()));
    if unread.is_some() {
        tell(Span::UNKNOWN, GrantedBy::Undated);
    }
    // Of purchases a line that was not read may take back one that was.
    if unread == Some(Part::Purchases) {
        return;
    }
    let mut undated = Vec::new();
    match condition {
        Condition::Member => {
            for term in terms {
                term.span.into_iter().for_each(|span| tell(span, GrantedBy::Membership(term.membership)));
            }
        }
        Condition::MembershipType(code) => {
            let coded = record.memberships.iter().any(|one| matches(code, one.code.as_deref()));
            for term in terms {
                let span = doubted(term.span, is_of_type(term.membership, code, coded));
                span.into_iter().for_each(|span| tell(span, GrantedBy::Membership(term.membership)));
            }
        }
        Condition::MembershipStatus(status) => membership::status_spans(*status, terms, rules, &mut undated),
        Condition::SecurityRole(name) => {
            for role in &record.security_roles {
                undated.extend(doubted(Some(Span::ALWAYS), is(name, role)));
            }
        }
        Condition::CustomField { name, value } => {
            for field in &record.custom_fields {
                let found = match is(name, &field.name) {
                    Found::Yes if field.value.split('|').any(|one| value.matches(one)) => Found::Yes,
                    Found::Yes => Found::No,
                    other => other,
                };
                undated.extend(doubted(Some(Span::ALWAYS), found));
            }
        }
        Condition::Committee { committee, positions, self_subscribed } => {
            let seats = record.committees.as_deref();
            let on = on_committee(seats.unwrap_or_default(), committee, positions);
            each(seats, |seat| {
                let found = if seat.cancelled { Found::No } else { on(seat) };
                let found = found.unless_joined(seat.self_joinable && !self_subscribed);
                let span = found.and_then(|| within(&seat.start_date, &seat.end_date, zone));
                span.into_iter().for_each(|span| tell(span, GrantedBy::Seat(seat)));
            });
        }
        Condition::Relationship { name, organization } => {
            each(record.relationships.as_deref(), |relationship| {
                let said = relationship.organization.as_deref();
                let same = organization.as_ref().is_none_or(|number| matches(number, said));
                let found = match is(name, &relationship.name) {
                    // What says nothing at all might be with that organization too.
                    Found::Perhaps if said.is_none() => Found::Perhaps,
                    found if same => found,
                    _ => Found::No,
                };
                let found = if relationship.cancelled { Found::No } else { found };
                let span = found.and_then(|| within(&relationship.start_date, &relationship.end_date, zone));
                span.into_iter().for_each(|span| tell(span, GrantedBy::Named(&relationship.name)));
            });
        }
        Condition::Group { group, self_subscribed } => {
            let places = record.groups.as_deref();
            let coded = places.unwrap_or_default().iter().any(|place| group.matches(&place.group));
            each(places, |place| {
                let counts = !place.cancelled && (rules.count_inherited || !place.inherited);
                let found = is_named(group, &place.group, place.group_name.as_deref(), coded);
                let is_joined = place.self_joinable && !self_subscribed;
                let found = if counts { found.unless_joined(is_joined) } else { Found::No };
                let span = found.and_then(|| within(&place.start_date, &place.end_date, zone));
                span.into_iter().for_each(|span| tell(span, GrantedBy::Group(place)));
            });
        }
        Condition::Event { event, from_days_before, until_days_after } => {
            each(record.registrations.as_deref(), |registration| {
                let window = || event_window(registration, *from_days_before, *until_days_after, zone);
                let found = if registration.cancelled { Found::No } else { is(event, &registration.event) };
                let span = found.and_then(window);
                span.into_iter().for_each(|span| tell(span, GrantedBy::Registration(registration)));
            });
        }
        Condition::Purchase { product, valid_days } => {
            let lines = record.purchases.as_deref().unwrap_or_default();
            purchases::spans(product, *valid_days, lines, zone, &mut undated);
        }
        Condition::Certification(code) => {
            each(record.certifications.as_deref(), |certification| {
                let found = if certification.cancelled { Found::No } else { is(code, &certification.code) };
                let span = found.and_then(|| between(Ok(None), certification.expire_date.end(zone)));
                span.into_iter().for_each(|span| tell(span, GrantedBy::Undated));
            });
        }
        // `Condition::plain` has taken the negations off; one that is left grants nothing either way.
        Condition::Not(_) => tell(Span::UNKNOWN, GrantedBy::Undated),
    }
    undated.into_iter().for_each(|span| tell(span, GrantedBy::Undated));
}

/// What the entries say that a plain condition compares its pattern with: a code, and a name where that counts too.
pub(super) fn said<'r>(condition: &Condition, record: &'r Record) -> Vec<(&'r str, Option<&'r str>)> {
    fn alone(code: &str) -> (&str, Option<&str>) {
        (code, None)
    }
    match condition {
        Condition::MembershipType(_) => {
            let types = record.memberships.iter();
            types.map(|it| (it.code.as_deref().unwrap_or_default(), it.type_name.as_deref())).collect()
        }
        Condition::Committee { .. } => {
            let seats = record.committees.iter().flatten();
            seats.map(|seat| (&*seat.committee, seat.committee_name.as_deref())).collect()
        }
        Condition::SecurityRole(_) => record.security_roles.iter().map(|role| alone(role)).collect(),
        Condition::Event { .. } => record.registrations.iter().flatten().map(|it| alone(&it.event)).collect(),
        Condition::Purchase { .. } => {
            record.purchases.iter().flatten().map(|it| alone(&it.product)).collect()
        }
        Condition::Certification(_) => {
            record.certifications.iter().flatten().map(|it| alone(&it.code)).collect()
        }
        Condition::Relationship { .. } => {
            record.relationships.iter().flatten().map(|it| alone(&it.name)).collect()
        }
        Condition::Group { .. } => {
            let places = record.groups.iter().flatten();
            places.map(|place| (&*place.group, place.group_name.as_deref())).collect()
        }
        Condition::CustomField { name, .. } => {
            let fields = record.custom_fields.iter().filter(|field| name.matches(&field.name));
            fields.flat_map(|field| field.value.split('|')).map(alone).collect()
        }
        Condition::MembershipStatus(_) | Condition::Member | Condition::Not(_) => Vec::new(),
    }
}

fn matches(code: &Code, said: Option<&str>) -> bool {
    said.is_some_and(|said| code.matches(said))
}

/// Compares with code and name. `coded`: some entry of the list has that code, so that names do not count.
fn is_named(wanted: &Code, code: &str, name: Option<&str>, coded: bool) -> Found {
    match is(wanted, code) {
        Found::Yes => Found::Yes,
        _ if !coded && matches(wanted, name) => Found::Yes,
        Found::Perhaps if name.is_none_or(fold::is_blank) => Found::Perhaps,
        _ => Found::No,
    }
}

fn is_of_type(membership: &Membership, wanted: &Code, coded: bool) -> Found {
    is_named(wanted, membership.code.as_deref().unwrap_or_default(), membership.type_name.as_deref(), coded)
}

/// Whether a seat is on the committee, in one of the positions.
fn on_committee<'a>(
    seats: &'a [CommitteeSeat],
    committee: &'a Code,
    positions: &'a [Code],
) -> impl Fn(&CommitteeSeat) -> Found + 'a {
    let coded = seats.iter().any(|seat| committee.matches(&seat.committee));
    let on = move |seat: &CommitteeSeat| {
        is_named(committee, &seat.committee, seat.committee_name.as_deref(), coded)
    };
    let here = move || seats.iter().filter(move |seat| on(seat) == Found::Yes);
    // The positions of which some seat on this committee has the code; of the others the name counts.
    let coded: Vec<bool> = positions
        .iter()
        .map(|position| here().any(|seat| matches(position, seat.position.as_deref())))
        .collect();
    move |seat| {
        let (code, name) = (seat.position.as_deref(), seat.position_name.as_deref());
        let mut wanted = positions.iter().zip(&coded);
        let held = positions.is_empty()
            || wanted.any(|(position, coded)| matches(position, code) || !coded && matches(position, name));
        match on(seat) {
            // What says nothing at all might be that position too.
            Found::Perhaps if code.is_none() && name.is_none() => Found::Perhaps,
            found if held => found,
            Found::Yes if seat.position_unread => Found::Perhaps,
            _ => Found::No,
        }
    }
}

fn each<'r, T>(part: Option<&'r [T]>, look: impl FnMut(&'r T)) {
    part.unwrap_or_default().iter().for_each(look);
}

fn within(start: &AmsDate, end: &AmsDate, zone: &TimeZone) -> Option<Span> {
    between(start.start(zone), end.end(zone))
}

fn event_window(
    registration: &Registration,
    from_days_before: Option<u32>,
    until_days_after: Option<u32>,
    zone: &TimeZone,
) -> Option<Span> {
    let Registration { registration_date, event_start, event_end, .. } = registration;
    let start = match from_days_before {
        Some(days) => counted(event_start, zone, |day| start_of_day_before(day, days, zone)),
        None => registration_date.start(zone),
    };
    let end = match until_days_after {
        Some(days) => {
            let last = if event_end.is_absent() { event_start } else { event_end };
            counted(last, zone, |day| end_of_day_after(day, days, zone))
        }
        None => Ok(None),
    };
    between(start, end)
}
