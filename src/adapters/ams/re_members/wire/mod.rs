//! Reads what re:Members answers into a record, leniently: envelope, array or object; null, `""` or `[]`; numbers and
//! booleans as text.
//!
//! An entry that cannot be understood becomes an entry without a name, with a warning: it grants nothing, and because
//! it might be anything it keeps negated conditions of its kind from granting.

pub(crate) mod catalogue;
pub(crate) mod contact;
pub(crate) mod events;
mod lenient;
pub(crate) mod line;
pub(crate) mod rows;
#[cfg(test)]
mod tests;

pub(crate) use lenient::items_owned;

use lenient::items;
use serde_json::Value;

use crate::adapters::ams::json::{JsonEntry, Malformed, each, each_or, flag, quantity};
use crate::adapters::ams::profile::{ProfileTexts, written_id};
use crate::adapters::ams::warnings::noted;
use crate::adapters::ams::{NoRecord, cancelled as status};
use crate::domain::code::Code;
use crate::domain::fold;
use crate::domain::parts::{Confirmed, Part, Partly};
use crate::domain::record::{
    Certification, CommitteeSeat, CustomField, IndividualId, Membership, Profile, Purchase, Record,
    Registration, Relationship,
};
use crate::domain::time::{AmsDate, Timestamp};

/// What was fetched about one individual. A part that is `None` is taken from the individual, if it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fetched {
    /// The profile, as `Individuals/Profile` or `FindBySsoToken` gives it; an envelope is opened.
    pub(crate) individual: Value,
    /// All pages of the individual's committees.
    pub(crate) committees: Option<Vec<Value>>,
    /// All pages of the individual's registrations.
    pub(crate) registrations: Option<Vec<Value>>,
    /// All pages of the individual's purchases.
    pub(crate) purchases: Option<Vec<Value>>,
    /// All pages of the individual's certifications.
    pub(crate) certifications: Option<Vec<Value>>,
    /// All pages of the individual's relationships.
    pub(crate) relationships: Option<Vec<Value>>,
    /// Those of the parts that were not fetched whole.
    pub(crate) partly: Partly,
}

/// A text in an entry, if it is there and can be read.
pub(crate) fn text(entry: &Value, name: &str) -> Option<String> {
    JsonEntry::of(entry)?.text(name).ok()?
}

/// The id in an individual's data.
pub(crate) fn id(individual: &Value) -> Result<IndividualId, NoRecord> {
    id_of(&opened(individual)?)
}

/// Whether an individual's data have a field, be it null.
pub(crate) fn sends(individual: &Value, name: &str) -> bool {
    opened(individual).is_ok_and(|individual| individual.has(name))
}

/// Puts together what was fetched. Only a missing individual or id is an error; all else gives warnings.
pub(crate) fn record(fetched: &Fetched, as_of: Timestamp) -> Result<Record, NoRecord> {
    let individual = opened(&fetched.individual)?;
    let id = id_of(&individual)?;
    let mut warnings = Vec::new();
    let memberships = list(&individual, "memberships").unwrap_or_default();
    let uncancelled = |name| {
        let entries = list(&individual, name).unwrap_or_default();
        entries.into_iter().filter(|entry| !status::is_surely_cancelled(entry)).collect()
    };
    let (security_roles, custom_fields) = (uncancelled("securityRoles"), uncancelled("customFields"));
    let of = |fetched, name| fetched_or_embedded(fetched, &individual, name);
    let written_id = written_id(&id, individual.text("id").ok().flatten());
    let profile = noted(Part::Profile, &mut warnings, |said| profile(&individual, &memberships, said));
    let record = Record {
        id,
        confirmed: Confirmed::default(),
        profile: Profile { written_id, ..profile },
        contact: None,
        is_approved: noted(Part::Profile, &mut warnings, |said| is_approved(&individual, said)),
        is_deceased: noted(Part::Profile, &mut warnings, |said| flag(&individual, "isDeceased", true, said))
            .unwrap_or(false),
        memberships: noted(Part::Memberships, &mut warnings, |said| {
            each_or(memberships, "membership", said, membership, unknown_membership)
        }),
        security_roles: noted(Part::SecurityRoles, &mut warnings, |said| {
            each(security_roles, "security role", said, security_role)
        }),
        custom_fields: noted(Part::CustomFields, &mut warnings, |said| {
            each(custom_fields, "custom field", said, custom_field)
        }),
        committees: of(&fetched.committees, "committees").map(|entries| {
            noted(Part::Committees, &mut warnings, |said| each(entries, "committee", said, committee))
        }),
        registrations: of(&fetched.registrations, "registrations").map(|entries| {
            noted(Part::Registrations, &mut warnings, |said| {
                each(entries, "registration", said, registration)
            })
        }),
        purchases: of(&fetched.purchases, "purchases").map(|entries| {
            noted(Part::Purchases, &mut warnings, |said| each(entries, "purchase", said, purchase))
        }),
        certifications: of(&fetched.certifications, "certifications").map(|entries| {
            noted(Part::Certifications, &mut warnings, |said| {
                each(entries, "certification", said, certification)
            })
        }),
        relationships: of(&fetched.relationships, "relationships").map(|entries| {
            noted(Part::Relationships, &mut warnings, |said| {
                each(entries, "relationship", said, relationship)
            })
        }),
        // It has none.
        groups: None,
        partly: fetched.partly.clone(),
        warnings,
    };
    Ok(record.read_at(as_of))
}

/// Whether an entry of a list may have this code; one that says none may.
pub(crate) fn may_be_about(part: Part, entry: &Value, code: &Code) -> bool {
    let mut warnings = Vec::new();
    let said = match part {
        Part::Purchases => purchase(entry, &mut warnings).map(|purchase| purchase.product),
        Part::Registrations => registration(entry, &mut warnings).map(|registration| registration.event),
        _ => return true,
    };
    said.map_or(true, |said| fold::is_blank(&said) || code.matches(&said))
}

/// The individual of an answer, out of its envelope.
fn opened(answer: &Value) -> Result<JsonEntry<'_>, NoRecord> {
    items(answer).first().and_then(|found| JsonEntry::of(found)).ok_or(NoRecord::NoIndividual)
}

fn id_of(individual: &JsonEntry<'_>) -> Result<IndividualId, NoRecord> {
    let id = individual.text("id").ok().flatten();
    id.and_then(|id| IndividualId::parse(&id)).ok_or(NoRecord::NoId)
}

/// The entries of a list on the individual. `None`: missing or null, which does not say that there are none.
fn list<'a>(individual: &JsonEntry<'a>, name: &str) -> Option<Vec<&'a Value>> {
    individual.get(name).map(items)
}

fn fetched_or_embedded<'a>(
    fetched: &'a Option<Vec<Value>>,
    individual: &JsonEntry<'a>,
    name: &str,
) -> Option<Vec<&'a Value>> {
    match fetched {
        Some(entries) => Some(entries.iter().filter(|entry| !entry.is_null()).collect()),
        None => list(individual, name),
    }
}

/// A membership without any start date would be known not to be active; this one is not known.
fn unknown_membership() -> Membership {
    Membership { effective_date: AmsDate::Unreadable(String::new()), ..Membership::default() }
}

fn profile(individual: &JsonEntry<'_>, memberships: &[&Value], warnings: &mut Vec<String>) -> Profile {
    let text = |name: &str| individual.text(name).ok().flatten();
    let renewals =
        memberships.iter().filter_map(|entry| JsonEntry::of(entry)?.text("renewalUrl").ok().flatten());
    let texts = ProfileTexts {
        written_id: None,
        record_number: text("recordNumber"),
        name: text("name"),
        first_name: text("firstName"),
        last_name: text("lastName"),
        email: text("email"),
        renewal_urls: renewals.collect(),
    };
    texts.profile(warnings)
}

/// Only an explicit `false` refuses; what cannot be read refuses too.
fn is_approved(individual: &JsonEntry<'_>, warnings: &mut Vec<String>) -> Option<bool> {
    let user = individual.get("user")?;
    match JsonEntry::of(user) {
        Some(user) => flag(&user, "isApproved", false, warnings),
        None if *user == Value::String(String::new()) => None,
        None => {
            warnings.push("`user` cannot be understood; the login counts as not approved.".into());
            Some(false)
        }
    }
}

fn membership(value: &Value, warnings: &mut Vec<String>) -> Result<Membership, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    Ok(Membership {
        code: entry.text("code")?,
        type_name: entry.text("membershipType")?,
        standing: None,
        join_date: entry.date("joinDate"),
        effective_date: entry.date("effectiveDate"),
        expire_date: entry.date("expireDate"),
        grace_expire_date: entry.date("graceExpireDate"),
        terminate_date: entry.date("terminateDate"),
        inherited: flag(&entry, "inheritedMembershipBenefits", true, warnings).unwrap_or(false),
        cancelled: status::is_cancelled(&entry, "membership", warnings)?,
    })
}

fn security_role(value: &Value, warnings: &mut Vec<String>) -> Result<String, Malformed> {
    match value {
        Value::String(name) if !name.trim().is_empty() => Ok(name.clone()),
        _ => {
            let entry = JsonEntry::of(value).ok_or(Malformed)?;
            status::is_cancelled(&entry, "security role", warnings)?;
            entry.name("name")
        }
    }
}

fn custom_field(value: &Value, warnings: &mut Vec<String>) -> Result<CustomField, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    status::is_cancelled(&entry, "custom field", warnings)?;
    Ok(CustomField { name: entry.name("name")?, value: entry.values("value")? })
}

/// A seat. The committee's code is inside `committee`; the `code` beside it is the person's number on that committee.
fn committee(value: &Value, warnings: &mut Vec<String>) -> Result<CommitteeSeat, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    let committee = entry.object("committee")?;
    let (code, name) = (committee.text("code")?, committee.text("name")?);
    if code.is_none() && name.is_none() {
        return Err(Malformed);
    }
    Ok(CommitteeSeat {
        committee: code.unwrap_or_default(),
        committee_name: name,
        position: entry.text("positionCode")?,
        position_name: entry.text("position")?,
        start_date: entry.date("startDate"),
        end_date: entry.date("endDate"),
        cancelled: status::is_cancelled(&entry, "committee seat", warnings)?,
        ..CommitteeSeat::default()
    })
}

fn registration(value: &Value, warnings: &mut Vec<String>) -> Result<Registration, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    let event = entry.object("event")?;
    Ok(Registration {
        event: event.name("code")?,
        registration_date: match event.date("registrationDate") {
            AmsDate::Absent => entry.date("registrationDate"),
            date => date,
        },
        event_start: event.date("startDate"),
        event_end: event.date("endDate"),
        cancelled: status::is_cancelled(&entry, "registration", warnings)?,
    })
}

fn purchase(value: &Value, warnings: &mut Vec<String>) -> Result<Purchase, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    Ok(Purchase {
        product: entry.name("productCode")?,
        purchase_date: entry.date("purchaseDate"),
        quantity: quantity(&entry, "quantity"),
        cancelled: status::is_cancelled(&entry, "purchase", warnings)?,
    })
}

fn certification(value: &Value, warnings: &mut Vec<String>) -> Result<Certification, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    Ok(Certification {
        code: entry.name("code")?,
        expire_date: entry.date("expireDate"),
        cancelled: status::is_cancelled(&entry, "certification", warnings)?,
    })
}

fn relationship(value: &Value, warnings: &mut Vec<String>) -> Result<Relationship, Malformed> {
    let entry = JsonEntry::of(value).ok_or(Malformed)?;
    let organization = match entry.get("relatedToCustomer").and_then(JsonEntry::of) {
        Some(customer) => {
            let kind = customer.text("customerType").unwrap_or_default().unwrap_or_default();
            if kind.eq_ignore_ascii_case("individual") { None } else { customer.text("recordNumber")? }
        }
        None => None,
    };
    Ok(Relationship {
        name: entry.name("relationshipName")?,
        organization,
        start_date: entry.date("startDate"),
        end_date: entry.date("endDate"),
        cancelled: status::is_cancelled(&entry, "relationship", warnings)?,
    })
}
