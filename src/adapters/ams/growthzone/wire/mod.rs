//! Reads what GrowthZone answers into parts of a record, leniently: names in any case, null, `""` or `[]`, numbers as text
//! (docs/ams/growthzone.md, "Answers", "Status", "Lists").
//!
//! An entry that cannot be understood becomes an entry without a name, with a warning: it grants nothing, and because it might be
//! anything it keeps negated conditions of its kind from granting.

pub(in crate::adapters::ams) mod contact;
pub(in crate::adapters::ams) mod line;
pub(in crate::adapters::ams) mod lists;
pub(in crate::adapters::ams) mod memberships;
pub(in crate::adapters::ams) mod places;
pub mod status;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::status::{ContactStanding, StatusWords};
use crate::adapters::ams::NoRecord;
use crate::adapters::ams::cancelled::is_cancelled;
use crate::adapters::ams::json::{JsonEntry, Malformed, each};
use crate::adapters::ams::profile::{ProfileTexts, written_id};
use crate::adapters::ams::warnings::noted;
use crate::domain::parts::{Confirmed, Part, Partly};
use crate::domain::record::{Certification, CustomField, IndividualId, Profile, Record, Relationship};
use crate::domain::time::{AmsDate, Timestamp};

/// The tie to an organization, where the AMS does not say what it is.
pub(in crate::adapters::ams) const ORGANIZATION: &str = "Organization";

/// Under which names the number of an organization stands in a tie to it.
const ORGANIZATION_IDS: [&str; 3] =
    ["OrganizationId", "OrganizationContactId", "CommContactRelatedOrganizationId"];

/// A ContactId: a number above zero.
pub(in crate::adapters::ams) fn contact_id(text: &str) -> Option<IndividualId> {
    let text = text.trim();
    let is_number = text.len() <= 19 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|number| is_number && *number > 0)?;
    IndividualId::parse(&number.to_string())
}

/// The contact that a row is about.
pub(in crate::adapters::ams) fn id_in(row: &JsonEntry<'_>, name: &str) -> Option<IndividualId> {
    row.text(name).ok().flatten().and_then(|text| contact_id(&text))
}

/// A date. What .NET writes for none is none.
pub(in crate::adapters::ams) fn date(row: &JsonEntry<'_>, name: &str) -> AmsDate {
    match row.date(name) {
        AmsDate::Placeholder(day) if day.year() == 1 => AmsDate::Absent,
        date => date,
    }
}

/// Whether a contact is a human being. `None`: it does not say.
pub(in crate::adapters::ams) fn is_individual(contact: &JsonEntry<'_>) -> Option<bool> {
    match contact.text("SystemContactTypeId") {
        Ok(Some(kind)) => Some(kind == "1"),
        Ok(None) => {
            let kind = contact.text("ContactType").ok().flatten()?;
            Some(kind.trim_matches(['{', '}']).eq_ignore_ascii_case("individual"))
        }
        Err(Malformed) => Some(false),
    }
}

/// What stands on a contact itself: who it is, and how it stands with it as a whole.
#[derive(Debug)]
pub(in crate::adapters::ams) struct ContactRow {
    /// With nothing confirmed but the profile.
    pub(in crate::adapters::ams) record: Record,
    /// What its status says. `None`: nothing.
    pub(in crate::adapters::ams) standing: Option<ContactStanding>,
}

/// Reads a contact, wherever it stands.
pub(in crate::adapters::ams) fn contact(
    contact: &Value,
    words: &StatusWords,
    as_of: Timestamp,
) -> Result<ContactRow, NoRecord> {
    let entry = JsonEntry::of(contact).ok_or(NoRecord::NoIndividual)?;
    let id = id_in(&entry, "ContactId").ok_or(NoRecord::NoId)?;
    let mut warnings = Vec::new();
    let standing = noted(Part::Memberships, &mut warnings, |said| status::of_contact(&entry, words, said));
    let profile = noted(Part::Profile, &mut warnings, |said| profile(&entry, said));
    let written_id = written_id(&id, entry.text("ContactId").ok().flatten());
    let mut record = bare(id, Profile { written_id, ..profile }, as_of);
    record.is_approved = Some(standing != Some(ContactStanding::Deleted));
    record.warnings = warnings;
    Ok(ContactRow { record, standing })
}

fn bare(id: IndividualId, profile: Profile, as_of: Timestamp) -> Record {
    Record {
        id,
        confirmed: Confirmed::at(as_of, [Part::Profile]),
        profile,
        contact: None,
        is_approved: None,
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: Vec::new(),
        custom_fields: Vec::new(),
        committees: None,
        registrations: None,
        purchases: None,
        certifications: None,
        relationships: None,
        groups: None,
        partly: Partly::default(),
        warnings: Vec::new(),
    }
}

fn profile(entry: &JsonEntry<'_>, warnings: &mut Vec<String>) -> Profile {
    let text = |name: &str| entry.text(name).ok().flatten();
    let first_of = |names: &[&str]| names.iter().find_map(|name| text(name));
    let texts = ProfileTexts {
        written_id: None,
        record_number: text("ContactId"),
        name: first_of(&["Name", "ContactName", "ContactDisplayName", "DisplayName"]),
        first_name: text("FirstName"),
        last_name: text("LastName"),
        email: first_of(&["EmailAddress", "PrimaryEmailAddress", "Email"]),
        renewal_urls: Vec::new(),
    };
    texts.profile(warnings)
}

/// The custom fields of `NotesAndFields`. `None`: the answer has no list of them.
pub(in crate::adapters::ams) fn custom_fields(
    body: &Value,
    warnings: &mut Vec<String>,
) -> Option<Vec<CustomField>> {
    let rows = JsonEntry::of(body)?.get("Fields").and_then(Value::as_array)?;
    Some(each(rows.iter().collect(), "custom field", warnings, |row, _| {
        let row = JsonEntry::of(row).ok_or(Malformed)?;
        let first_of = |names: &[&str]| names.iter().find_map(|name| row.text(name).ok().flatten());
        let name = first_of(&["Name", "FieldName", "CustomFieldName", "Label"]).ok_or(Malformed)?;
        let of = ["Value", "FieldValue", "Values"].into_iter().find(|name| row.get(name).is_some());
        Ok(CustomField { name, value: of.map_or(Ok(String::new()), |of| row.values(of))? })
    }))
}

/// Ties to organizations: one for each word of their kind, such as `Primary` or `Staff`.
pub(in crate::adapters::ams) fn relationships(
    rows: &[Value],
    warnings: &mut Vec<String>,
) -> Vec<Relationship> {
    let ties = each(rows.iter().collect(), "tie to an organization", warnings, |row, _| {
        let row = JsonEntry::of(row).ok_or(Malformed)?;
        let organization = organization(&row).ok_or(Malformed)?;
        let kind = row.text("Type")?.unwrap_or_default();
        let words = kind.split([',', ';', '|', '/']).map(str::trim).filter(|word| !word.is_empty());
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        if words.is_empty() {
            words.push(ORGANIZATION.to_owned());
        }
        let tie = |name| Relationship {
            name,
            organization: Some(organization.to_string()),
            ..Relationship::default()
        };
        Ok(words.into_iter().map(tie).collect::<Vec<_>>())
    });
    // One that cannot be understood might be any.
    ties.into_iter()
        .flat_map(|ties| if ties.is_empty() { vec![Relationship::default()] } else { ties })
        .collect()
}

/// The organizations among them.
pub(in crate::adapters::ams) fn organizations(rows: &[Value]) -> Vec<IndividualId> {
    let mut found: Vec<IndividualId> =
        rows.iter().filter_map(|row| organization(&JsonEntry::of(row)?)).collect();
    found.sort();
    found.dedup();
    found
}

fn organization(row: &JsonEntry<'_>) -> Option<IndividualId> {
    ORGANIZATION_IDS.iter().find_map(|name| id_in(row, name))
}

/// Certifications that were reached, each under its name and under the number of its kind. One that is in progress is none yet.
pub(in crate::adapters::ams) fn certifications(
    rows: &[Value],
    warnings: &mut Vec<String>,
) -> Vec<Certification> {
    let held = each(rows.iter().collect(), "certification", warnings, |row, said| {
        let row = JsonEntry::of(row).ok_or(Malformed)?;
        let completed = date(&row, "CompletedDate");
        let codes = [row.text("CertificationName")?, row.text("CertificationTypeId")?];
        let codes: Vec<String> = codes.into_iter().flatten().collect();
        if codes.is_empty() {
            return Err(Malformed);
        }
        let cancelled = match row.text("StatusText")? {
            Some(_) => is_revoked(&row, said)?,
            None => false,
        };
        let held = |code| Certification {
            code,
            // Whether it was reached is not known then.
            expire_date: match &completed {
                AmsDate::Unreadable(text) => AmsDate::Unreadable(text.clone()),
                _ => AmsDate::Absent,
            },
            cancelled: cancelled || completed == AmsDate::Absent,
        };
        Ok(codes.into_iter().map(held).collect::<Vec<_>>())
    });
    held.into_iter()
        .flat_map(|held| if held.is_empty() { vec![Certification::default()] } else { held })
        .collect()
}

/// By its word; its number says nothing that is known.
fn is_revoked(row: &JsonEntry<'_>, warnings: &mut Vec<String>) -> Result<bool, Malformed> {
    let words = serde_json::json!({ "status": row.text("StatusText")? });
    JsonEntry::of(&words).map_or(Ok(false), |words| is_cancelled(&words, "certification", warnings))
}
