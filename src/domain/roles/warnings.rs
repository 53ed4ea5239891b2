//! What about a record was not understood, as sentences. Values are left out: they may be anything, an address too.
//!
//! A date that cannot be read is worth a sentence where the mapping looks at it, and nowhere else. A date that stands for
//! "no date" is always worth one: the AMS is not known to write it.

use super::naming::{membership_name, name};
use super::{lines, membership, purchases};
use crate::domain::record::{Membership, Quantity, Record};
use crate::domain::rule::{Code, Condition, RuleRole, Rules};
use crate::domain::time::{AmsDate, in_words};

/// Everything that was not understood, whether or not it matters at some instant. Each sentence once.
pub(super) fn of(record: &Record, rules: &Rules) -> Vec<String> {
    let mut warnings = Warnings(record.warnings.iter().map(|warning| warning.said.clone()).collect());
    let looks_at_grace = rules.look_at_grace();
    for membership in &record.memberships {
        of_membership(&mut warnings, membership, rules, looks_at_grace);
    }
    placeholders(&mut warnings, record);
    for (number, rule) in rules.rules.iter().enumerate() {
        match &rule.role {
            RuleRole::One(_) => of_conditions(&mut warnings, &rule.when, record),
            RuleRole::Each(template) => {
                let many = lines::of_many(number, rule, template, record, rules);
                many.lines.iter().for_each(|line| of_conditions(&mut warnings, &line.when, record));
                many.refused.into_iter().for_each(|refused| warnings.add(refused));
            }
        }
    }
    missing_parts(&mut warnings, record, rules);
    warnings.0
}

struct Warnings(Vec<String>);

impl Warnings {
    fn add(&mut self, sentence: String) {
        if !self.0.contains(&sentence) {
            self.0.push(sentence);
        }
    }

    /// Says of each of these dates that it cannot be read, if so.
    fn unreadable<'d>(
        &mut self,
        dates: impl IntoIterator<Item = (&'static str, &'d AmsDate)>,
        subject: impl Fn() -> String,
    ) {
        for (what, _) in dates.into_iter().filter(|(_, date)| date.is_unreadable()) {
            self.add(format!("The {what} of {} cannot be read; it grants nothing.", subject()));
        }
    }

    /// Says that there is nothing to count days from, if so.
    fn uncountable(&mut self, date: &AmsDate, subject: impl Fn() -> String) {
        if date.is_absent() {
            self.add(format!("{} has no date to count days from; it grants nothing.", subject()));
        }
    }
}

fn of_membership(warnings: &mut Warnings, membership: &Membership, rules: &Rules, looks_at_grace: bool) {
    if !membership::counts(membership, rules) {
        return;
    }
    let dates = membership::dates(membership, rules, looks_at_grace);
    warnings.unreadable(dates, || subject(membership));
    if membership.standing.is_none() && membership::start(membership, rules) == Ok(None) {
        let date = if rules.honor_effective_date { "effective date" } else { "effective date or join date" };
        let name = membership_name(membership).unwrap_or("A membership");
        warnings.add(format!("{name} has no {date}; it is not active."));
    }
}

fn subject(membership: &Membership) -> String {
    membership_name(membership).map_or("a membership".into(), |name| format!("membership {name}"))
}

fn of_conditions(warnings: &mut Warnings, conditions: &[Condition], record: &Record) {
    for condition in conditions {
        of_condition(warnings, condition.plain().0, record);
    }
}

/// The dates that one condition looks at, on the entries that it is about. An entry without a code or name had its warning
/// when it was read.
fn of_condition(warnings: &mut Warnings, condition: &Condition, record: &Record) {
    match condition {
        Condition::Committee { committee, .. } => {
            let is_it = |name: Option<&str>| name.is_some_and(|name| committee.matches(name));
            let seats = record.committees.iter().flatten().filter(|seat| !seat.cancelled);
            for seat in
                seats.filter(|seat| is_it(Some(&seat.committee)) || is_it(seat.committee_name.as_deref()))
            {
                warnings.unreadable([("start date", &seat.start_date), ("end date", &seat.end_date)], || {
                    format!("the seat on committee {}", name(committee.as_str()))
                });
            }
        }
        Condition::Relationship { name: wanted, .. } => {
            let relationships = record.relationships.iter().flatten().filter(|entry| !entry.cancelled);
            for entry in relationships.filter(|entry| wanted.matches(&entry.name)) {
                let dates = [("start date", &entry.start_date), ("end date", &entry.end_date)];
                warnings.unreadable(dates, || format!("the relationship {}", name(&entry.name)));
            }
        }
        Condition::Group { group: wanted, .. } => {
            let is_it = |name: Option<&str>| name.is_some_and(|name| wanted.matches(name));
            let places = record.groups.iter().flatten().filter(|place| !place.cancelled);
            for place in
                places.filter(|place| is_it(Some(&place.group)) || is_it(place.group_name.as_deref()))
            {
                let dates = [("start date", &place.start_date), ("end date", &place.end_date)];
                warnings.unreadable(dates, || format!("the place in group {}", name(wanted.as_str())));
            }
        }
        Condition::Event { event, from_days_before, until_days_after } => {
            let registrations = record.registrations.iter().flatten().filter(|entry| !entry.cancelled);
            for entry in registrations.filter(|entry| event.matches(&entry.event)) {
                let of = || format!("the registration for event {}", name(&entry.event));
                let it = || format!("Event {}", name(&entry.event));
                let first = ("start date", &entry.event_start);
                let last = if entry.event_end.is_absent() { first } else { ("end date", &entry.event_end) };
                if from_days_before.is_some() {
                    warnings.unreadable([first], of);
                    warnings.uncountable(first.1, it);
                } else {
                    warnings.unreadable([("registration date", &entry.registration_date)], of);
                }
                if until_days_after.is_some() {
                    warnings.unreadable([last], of);
                    warnings.uncountable(last.1, it);
                }
            }
        }
        Condition::Purchase { product, valid_days } => {
            of_purchases(warnings, product, valid_days.is_some(), record);
        }
        Condition::Certification(code) => {
            let certifications = record.certifications.iter().flatten().filter(|entry| !entry.cancelled);
            for entry in certifications.filter(|entry| code.matches(&entry.code)) {
                let dates = [("expiry date", &entry.expire_date)];
                warnings.unreadable(dates, || format!("certification {}", name(&entry.code)));
            }
        }
        // Dates of memberships are looked at whatever the rules ask for.
        Condition::MembershipType(_)
        | Condition::MembershipStatus(_)
        | Condition::SecurityRole(_)
        | Condition::CustomField { .. }
        | Condition::Member
        | Condition::Not(_) => {}
    }
}

fn of_purchases(warnings: &mut Warnings, product: &Code, counts_days: bool, record: &Record) {
    let lines = record.purchases.as_deref().unwrap_or_default();
    if purchases::is_unknown(product, lines) {
        warnings.add(format!(
            "It cannot be told how many of {} were bought and returned; no purchase of it grants anything.",
            name(product.as_str())
        ));
    }
    for line in lines.iter().filter(|line| !line.cancelled && product.matches(&line.product)) {
        let is_bought = matches!(line.quantity, Quantity::Units(units) if units > 0);
        let of = || format!("the purchase of {}", name(&line.product));
        warnings.unreadable([("date", &line.purchase_date)], of);
        if counts_days && is_bought {
            warnings.uncountable(&line.purchase_date, || format!("The purchase of {}", name(&line.product)));
        }
    }
}

/// Dates that stand for "no date", wherever they are.
fn placeholders(warnings: &mut Warnings, record: &Record) {
    let memberships = record.memberships.iter().flat_map(|entry| {
        [
            &entry.join_date,
            &entry.effective_date,
            &entry.expire_date,
            &entry.grace_expire_date,
            &entry.terminate_date,
        ]
        .map(|date| (date, "a membership"))
    });
    let seats = record.committees.iter().flatten();
    let seats =
        seats.flat_map(|entry| [&entry.start_date, &entry.end_date].map(|date| (date, "a committee seat")));
    let registrations = record.registrations.iter().flatten().flat_map(|entry| {
        [&entry.registration_date, &entry.event_start, &entry.event_end].map(|date| (date, "a registration"))
    });
    let purchases = record.purchases.iter().flatten().map(|entry| (&entry.purchase_date, "a purchase"));
    let certifications =
        record.certifications.iter().flatten().map(|entry| (&entry.expire_date, "a certification"));
    let relationships = record.relationships.iter().flatten();
    let relationships = relationships
        .flat_map(|entry| [&entry.start_date, &entry.end_date].map(|date| (date, "a relationship")));
    let groups = record.groups.iter().flatten();
    let groups = groups
        .flat_map(|entry| [&entry.start_date, &entry.end_date].map(|date| (date, "a place in a group")));
    let all =
        memberships.chain(seats).chain(groups).chain(registrations).chain(purchases).chain(certifications);
    for (date, of) in all.chain(relationships) {
        if let AmsDate::Placeholder(day) = date {
            warnings.add(format!("{} on {of} stands for no date; it counts as absent.", in_words(*day)));
        }
    }
}

fn missing_parts(warnings: &mut Warnings, record: &Record, rules: &Rules) {
    for part in rules.unread(record) {
        let name = part.name();
        warnings.add(match record.partly.of(part) {
            Some(_) => {
                format!("Not all {name} were read from the AMS; what is missing neither grants nor denies anything.")
            }
            None => {
                let mut letters = name.chars();
                let name: String =
                    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
                format!("{name} were not read from the AMS; no rule that asks for them grants anything.")
            }
        });
    }
}
