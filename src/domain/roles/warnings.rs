//! What about a record was not understood, as sentences. Values are left out: they may be anything, an address too.

use super::membership;
use crate::domain::record::{Membership, Parts, Record};
use crate::domain::rule::{Condition, Rules};
use crate::domain::time::AmsDate;

/// Everything that was not understood, whether or not it matters at some instant.
pub(super) fn of(record: &Record, rules: &Rules) -> Vec<String> {
    let mut warnings = record.warnings.clone();
    for membership in &record.memberships {
        of_membership(&mut warnings, membership, rules);
    }
    for seat in record.committees.iter().flatten() {
        unreadable(&mut warnings, [("start date", &seat.start_date), ("end date", &seat.end_date)], || {
            format!("the seat on committee {}", name(&seat.committee))
        });
    }
    for registration in record.registrations.iter().flatten() {
        let dates = [
            ("registration date", &registration.registration_date),
            ("start date", &registration.event_start),
            ("end date", &registration.event_end),
        ];
        unreadable(&mut warnings, dates, || {
            format!("the registration for event {}", name(&registration.event))
        });
    }
    for purchase in record.purchases.iter().flatten() {
        unreadable(&mut warnings, [("date", &purchase.purchase_date)], || {
            format!("the purchase of {}", name(&purchase.product))
        });
    }
    for certification in record.certifications.iter().flatten() {
        unreadable(&mut warnings, [("expiry date", &certification.expire_date)], || {
            format!("certification {}", name(&certification.code))
        });
    }
    for relationship in record.relationships.iter().flatten() {
        let dates = [("start date", &relationship.start_date), ("end date", &relationship.end_date)];
        unreadable(&mut warnings, dates, || format!("the relationship {}", name(&relationship.name)));
    }
    uncountable_windows(&mut warnings, record, rules);
    missing_parts(&mut warnings, record, rules.parts());
    warnings
}

/// Text as it may appear in a reason: never an e-mail address.
pub(super) fn name(text: &str) -> &str {
    match text.trim() {
        "" => "without a name",
        text if text.contains('@') => "(an address)",
        text => text,
    }
}

/// What a membership is called in a sentence: the name for people, else its code.
pub(super) fn membership_name(membership: &Membership) -> Option<&str> {
    let said = [membership.type_name.as_deref(), membership.code.as_deref()];
    said.into_iter().flatten().find(|text| !text.trim().is_empty()).map(name)
}

fn of_membership(warnings: &mut Vec<String>, membership: &Membership, rules: &Rules) {
    let [join, effective, expire, grace, terminate] = membership::dates(membership);
    let named = [
        ("join date", join),
        ("effective date", effective),
        ("expiry date", expire),
        ("grace date", grace),
        ("termination date", terminate),
    ];
    let subject =
        || membership_name(membership).map_or("a membership".into(), |name| format!("membership {name}"));
    unreadable(warnings, named, subject);
    if membership::counts(membership, rules) && membership::start(membership, rules) == Ok(None) {
        let date = if rules.honor_effective_date { "effective date" } else { "effective date or join date" };
        let name = membership_name(membership).unwrap_or("A membership");
        warnings.push(format!("{name} has no {date}; it is not active."));
    }
}

fn unreadable<const N: usize>(
    warnings: &mut Vec<String>,
    dates: [(&str, &AmsDate); N],
    subject: impl Fn() -> String,
) {
    for (what, _) in dates.into_iter().filter(|(_, date)| date.is_unreadable()) {
        warnings.push(format!("The {what} of {} cannot be read; it grants nothing.", subject()));
    }
}

/// Windows that count days from a date that the AMS did not give.
fn uncountable_windows(warnings: &mut Vec<String>, record: &Record, rules: &Rules) {
    for condition in rules.rules.iter().flat_map(|rule| &rule.when) {
        match condition.plain().0 {
            Condition::Event { event, from_days_before, until_days_after } => {
                let matching =
                    record.registrations.iter().flatten().filter(|entry| event.matches(&entry.event));
                for entry in matching {
                    let no_start = entry.event_start == AmsDate::Absent;
                    let no_end = no_start && entry.event_end == AmsDate::Absent;
                    if from_days_before.is_some() && no_start || until_days_after.is_some() && no_end {
                        warnings.push(format!(
                            "Event {} has no date to count days from; it grants nothing.",
                            name(&entry.event)
                        ));
                    }
                }
            }
            Condition::Purchase { product, valid_days: Some(_) } => {
                let undated = record.purchases.iter().flatten().filter(|entry| {
                    product.matches(&entry.product) && entry.purchase_date == AmsDate::Absent
                });
                warnings.extend(undated.map(|entry| {
                    format!(
                        "The purchase of {} has no date to count days from; it grants nothing.",
                        name(&entry.product)
                    )
                }));
            }
            _ => {}
        }
    }
}

fn missing_parts(warnings: &mut Vec<String>, record: &Record, needed: Parts) {
    let parts = [
        (needed.committees && record.committees.is_none(), "Committees"),
        (needed.registrations && record.registrations.is_none(), "Registrations"),
        (needed.purchases && record.purchases.is_none(), "Purchases"),
        (needed.certifications && record.certifications.is_none(), "Certifications"),
        (needed.relationships && record.relationships.is_none(), "Relationships"),
    ];
    let missing = parts.into_iter().filter(|(missing, _)| *missing);
    warnings.extend(missing.map(|(_, part)| {
        format!("{part} were not read from the AMS; no rule that asks for them grants anything.")
    }));
}
