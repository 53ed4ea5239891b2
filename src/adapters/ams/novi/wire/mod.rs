//! Reads what Novi answers into a record, leniently: flat or in `data`, null, `""` or `[]`, numbers and booleans as text
//! (docs/ams/novi.md, "Members", "Status").
//!
//! An entry that cannot be understood becomes an entry without a name, with a warning: it grants nothing, and because it might be
//! anything it keeps negated conditions of its kind from granting. A field that this site has never sent leaves its part unread.

pub(in crate::adapters::ams) mod contact;
pub(in crate::adapters::ams) mod line;
pub(in crate::adapters::ams) mod lists;
pub(in crate::adapters::ams) mod orders;
mod seen;
mod status;
#[cfg(test)]
mod tests;

pub(in crate::adapters::ams) use seen::{MemberField, MemberFieldsSeen};

use serde_json::Value;

use self::status::StatusWord;
use crate::adapters::ams::NoRecord;
use crate::adapters::ams::json::{JsonEntry, Malformed, each, flag, text_of};
use crate::adapters::ams::profile::{ProfileTexts, written_id};
use crate::adapters::ams::warnings::noted;
use crate::domain::parts::{Confirmed, Part, Partly};
use crate::domain::record::{
    CommitteeSeat, CustomField, GroupPlace, IndividualId, Membership, Profile, Record, Relationship,
};
use crate::domain::standing::MembershipStanding;
use crate::domain::time::{AmsDate, Timestamp};

/// What a person's company is to them. Novi has one kind of tie.
pub(in crate::adapters::ams) const COMPANY: &str = "Company";

/// The record of a detail answer, out of its envelope. `None`: an answer with nothing in it.
pub(in crate::adapters::ams) fn opened(body: Value) -> Option<Value> {
    match body {
        Value::Null => None,
        Value::Object(mut object) => match object.remove("data") {
            Some(Value::Null) => None,
            Some(data @ Value::Object(_)) => Some(data),
            Some(other) => {
                object.insert("data".to_owned(), other);
                Some(object.into())
            }
            None => (!object.is_empty()).then_some(object.into()),
        },
        other => Some(other),
    }
}

/// The id of a record.
pub(in crate::adapters::ams) fn id(entry: &JsonEntry<'_>) -> Result<IndividualId, NoRecord> {
    let id = entry.text("UniqueID").ok().flatten();
    id.and_then(|id| IndividualId::parse(&id)).ok_or(NoRecord::NoId)
}

/// Whether a record is about a company.
pub(in crate::adapters::ams) fn is_company(entry: &JsonEntry<'_>) -> bool {
    entry.text("CustomerType").ok().flatten().is_some_and(|kind| kind.eq_ignore_ascii_case("company"))
}

/// Puts together what stands on a record. Only a missing record or id is an error; all else gives warnings. What was bought and attended
/// does not stand there.
pub(in crate::adapters::ams) fn record(
    member: &Value,
    seen: &MemberFieldsSeen,
    as_of: Timestamp,
) -> Result<Record, NoRecord> {
    let entry = JsonEntry::of(member).ok_or(NoRecord::NoIndividual)?;
    let id = id(&entry)?;
    seen.note(&entry);
    let mut warnings = Vec::new();
    let custom_fields = noted(Part::CustomFields, &mut warnings, |said| custom_fields(&entry, seen, said));
    let committees = list(&entry, MemberField::Committees, seen).map(|rows| {
        noted(Part::Committees, &mut warnings, |said| each(rows, "committee", said, |row, _| seat(row)))
    });
    let groups = list(&entry, MemberField::Groups, seen).map(|rows| {
        noted(Part::Groups, &mut warnings, |said| each(rows, "group", said, |row, _| place(row)))
    });
    let relationships = seen.has(MemberField::ParentCustomer).then(|| company(&entry));
    let profile = noted(Part::Profile, &mut warnings, |said| profile(&entry, said));
    let record = Record {
        confirmed: Confirmed::default(),
        profile: Profile { written_id: written_id(&id, entry.text("UniqueID").ok().flatten()), ..profile },
        id,
        contact: None,
        is_approved: noted(Part::Profile, &mut warnings, |said| active(&entry, said)),
        is_deceased: false,
        memberships: noted(Part::Memberships, &mut warnings, |said| memberships(&entry, seen, said)),
        security_roles: Vec::new(),
        custom_fields: custom_fields.clone().unwrap_or_default(),
        committees,
        registrations: None,
        purchases: None,
        certifications: None,
        relationships,
        groups,
        partly: Partly::default(),
        warnings,
    };
    let mut record = record.read_at(as_of);
    // Novi has none, and nobody can say that somebody lacks one.
    record.confirmed.set(Part::SecurityRoles, None);
    if custom_fields.is_none() {
        record.confirmed.set(Part::CustomFields, None);
    }
    Ok(record)
}

fn profile(entry: &JsonEntry<'_>, warnings: &mut Vec<String>) -> Profile {
    let text = |name: &str| entry.text(name).ok().flatten();
    let texts = ProfileTexts {
        written_id: None,
        record_number: text("InternalIdentifier"),
        name: text("Name"),
        first_name: text("FirstName"),
        last_name: text("LastName"),
        // The one to sign in with, which is also what Novi's login tells.
        email: text("AccountEmail").or_else(|| text("Email")),
        renewal_urls: Vec::new(),
    };
    texts.profile(warnings)
}

/// Only an explicit `false` keeps somebody out; what cannot be read does too.
fn active(entry: &JsonEntry<'_>, warnings: &mut Vec<String>) -> Option<bool> {
    flag(entry, "Active", false, warnings)
}

/// The rows of a list on the record. `None`: it is not known whether there are any.
fn list<'a>(entry: &JsonEntry<'a>, field: MemberField, seen: &MemberFieldsSeen) -> Option<Vec<&'a Value>> {
    match entry.get(field.name()) {
        Some(Value::Array(rows)) => Some(rows.iter().filter(|row| !row.is_null()).collect()),
        Some(Value::String(text)) if text.trim().is_empty() => seen.has(field).then(Vec::new),
        // Something else stands there; its reader notices that it is no row.
        Some(other) => Some(vec![other]),
        None => seen.has(field).then(Vec::new),
    }
}

/// The memberships: the one that applies, and where that one is inherited, the record's own.
fn memberships(
    entry: &JsonEntry<'_>,
    seen: &MemberFieldsSeen,
    warnings: &mut Vec<String>,
) -> Vec<Membership> {
    let approved = entry.flag("Approved").ok().flatten();
    let said = status::said(entry, warnings);
    if said == Some(StatusWord::None) {
        return Vec::new();
    }
    let own = member_type(entry, "MemberType");
    let effective = member_type(entry, "EffectiveMemberType");
    let standing = match said {
        Some(StatusWord::Standing(standing, _)) => standing,
        Some(StatusWord::None) | None => MembershipStanding::Unknown,
    };
    let standing = match (standing, approved) {
        (MembershipStanding::Active | MembershipStanding::Grace, Some(false)) => MembershipStanding::Pending,
        (MembershipStanding::Active | MembershipStanding::Grace, None) => {
            warnings.push("`Approved` is not known; no membership counts.".to_owned());
            MembershipStanding::Unknown
        }
        (standing, _) => standing,
    };
    let is_own = own.is_some() && effective.as_ref().is_none_or(|effective| Some(effective) == own.as_ref());
    let inherits = matches!(said, Some(StatusWord::Standing(_, true)));
    let dates = |membership: Membership| Membership {
        join_date: entry.date("OriginalJoinDate"),
        effective_date: entry.date("MemberSince"),
        expire_date: entry.date("MembershipExpires"),
        ..membership
    };
    let named = |of: Option<&TypeOfMember>| Membership {
        code: of.and_then(|of| of.id.clone()),
        type_name: of.and_then(|of| of.name.clone()),
        ..Membership::default()
    };
    if is_own && !inherits {
        return vec![dates(Membership { standing: Some(standing), ..named(own.as_ref()) })];
    }
    // The dates are the record's own, so they say nothing of a company's membership.
    let applies = named(effective.as_ref().or(own.as_ref()));
    let applies = Membership { standing: Some(standing), inherited: true, ..applies };
    let applies = if seen.has(MemberField::MemberType) { applies } else { dates(applies) };
    let own = own.filter(|own| effective.as_ref().is_some_and(|effective| effective != own));
    // No word says how it stands with that one, so its dates do.
    let own = own.map(|own| dates(named(Some(&own))));
    [applies].into_iter().chain(own).collect()
}

/// A type of membership; `None`: none, or one that cannot be understood.
#[derive(Debug, Clone)]
struct TypeOfMember {
    id: Option<String>,
    name: Option<String>,
}

impl PartialEq for TypeOfMember {
    fn eq(&self, other: &TypeOfMember) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => self.name == other.name,
        }
    }
}

fn member_type(entry: &JsonEntry<'_>, name: &str) -> Option<TypeOfMember> {
    let of = match entry.get(name)? {
        Value::String(text) if !text.trim().is_empty() => {
            TypeOfMember { id: None, name: Some(text.trim().to_owned()) }
        }
        other => {
            let of = JsonEntry::of(other)?;
            TypeOfMember { id: of.text("UniqueID").ok()?, name: of.text("Name").ok()? }
        }
    };
    (of.id.is_some() || of.name.is_some()).then_some(of)
}

fn seat(row: &Value) -> Result<CommitteeSeat, Malformed> {
    let row = JsonEntry::of(row).ok_or(Malformed)?;
    let role = row.object("Role");
    let role = |name: &str| role.as_ref().ok().and_then(|role| role.text(name).ok().flatten());
    let date = |first: &str, second: &str| match row.date(first) {
        AmsDate::Absent => row.date(second),
        date => date,
    };
    let (committee, committee_name) = (row.text("CommitteeUniqueID")?, row.text("CommitteeName")?);
    if committee.is_none() && committee_name.is_none() {
        return Err(Malformed);
    }
    Ok(CommitteeSeat {
        committee: committee.unwrap_or_default(),
        committee_name,
        position: role("UniqueID"),
        position_name: match row.text("PositionName")? {
            Some(name) => Some(name),
            None => role("Name").or(row.text("Role").ok().flatten()),
        },
        start_date: date("TermStart", "StartDate"),
        end_date: date("TermEnd", "EndDate"),
        cancelled: crate::adapters::ams::cancelled::is_cancelled(&row, "committee seat", &mut Vec::new())?,
        ..CommitteeSeat::default()
    })
}

fn place(row: &Value) -> Result<GroupPlace, Malformed> {
    let row = JsonEntry::of(row).ok_or(Malformed)?;
    let (group, group_name) = (row.text("GroupUniqueID")?, row.text("GroupName")?);
    if group.is_none() && group_name.is_none() {
        return Err(Malformed);
    }
    Ok(GroupPlace {
        group: group.unwrap_or_default(),
        group_name,
        // Whoever is on the list is in the group, whatever day stands there as the one of joining.
        start_date: AmsDate::Absent,
        end_date: AmsDate::Absent,
        // In doubt it is inherited: that counts less.
        inherited: row.flag("InheritingMember").unwrap_or(Some(true)).unwrap_or(false),
        ..GroupPlace::default()
    })
}

/// The fields by their names: an object keyed by name, or a list.
fn custom_fields(
    entry: &JsonEntry<'_>,
    seen: &MemberFieldsSeen,
    warnings: &mut Vec<String>,
) -> Option<Vec<CustomField>> {
    let absent = || seen.has(MemberField::CustomFields).then(Vec::new);
    let fields: Vec<(&str, &Value)> = match entry.get(MemberField::CustomFields.name()) {
        Some(Value::Object(fields)) => fields.iter().map(|(name, field)| (name.as_str(), field)).collect(),
        Some(Value::Array(fields)) => fields.iter().map(|field| ("", field)).collect(),
        Some(Value::String(text)) if text.trim().is_empty() => return absent(),
        Some(other) => vec![("", other)],
        None => return absent(),
    };
    let read = |(key, field): (&str, &Value)| {
        let name = |entry: &JsonEntry<'_>| entry.text("CustomFieldName").ok().flatten();
        match JsonEntry::of(field) {
            Some(entry) => {
                let name = Some(key.trim().to_owned()).filter(|key| !key.is_empty()).or_else(|| name(&entry));
                Some(CustomField { name: name?, value: entry.values("Value").ok()? })
            }
            None if !key.trim().is_empty() => match field {
                Value::Null => Some(CustomField { name: key.trim().to_owned(), value: String::new() }),
                field => Some(CustomField {
                    name: key.trim().to_owned(),
                    value: text_of(field).ok()?.trim().to_owned(),
                }),
            },
            None => None,
        }
    };
    let fields = fields.into_iter().map(|field| {
        read(field).unwrap_or_else(|| {
            warnings.push("A custom field cannot be understood; it grants nothing.".to_owned());
            CustomField::default()
        })
    });
    Some(fields.collect())
}

/// The company above in the family tree.
fn company(entry: &JsonEntry<'_>) -> Vec<Relationship> {
    let organization = entry.text(MemberField::ParentCustomer.name());
    match organization {
        Ok(None) => Vec::new(),
        organization => vec![Relationship {
            name: COMPANY.to_owned(),
            organization: organization.ok().flatten(),
            ..Relationship::default()
        }],
    }
}
