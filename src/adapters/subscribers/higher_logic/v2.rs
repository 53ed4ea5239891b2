//! Records of version 2 of the Push API: one of `ContactDetails` with its lists for each person.

use serde_json::{Map, Value, json};

use super::formats::{country, instant, kind, last_instant, link, phone, put};
use crate::domain::community::{RemovedContact, ToldContact, ToldDemographic, ToldLine, ToldOrganization};
use crate::domain::contact::{ContactAddress, ContactEmail, ContactPhone, LinkKind};

/// Groups of this type are security groups.
const SECURITY_GROUP: &str = "Membership";

/// Somebody who is there, whole.
pub(super) fn person(told: &ToldContact) -> Value {
    let mut record = Map::new();
    record.insert("ContactDetails".to_owned(), Value::Object(details(told)));
    // Even without any it is there: all groups of before are over.
    record.insert("Groups".to_owned(), told.groups.iter().map(group).collect());
    let profile = &told.profile;
    let lists: [(&str, Vec<Value>); 4] = [
        ("Addresses", profile.addresses.iter().map(address).collect()),
        ("PhoneNumbers", profile.phones.iter().map(phone_number).collect()),
        ("EmailAddresses", profile.emails.iter().map(email).collect()),
        ("Demographics", told.demographics.iter().map(demographic).collect()),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        record.insert(name.to_owned(), list.into());
    }
    record.into()
}

/// Somebody who is to be taken out.
pub(super) fn removed(removed: &RemovedContact) -> Value {
    json!({ "ContactDetails": { "ContactId": removed.id, "IsDeleted": true } })
}

/// A company, with its name alone.
pub(super) fn company(company: &ToldOrganization) -> Value {
    json!({ "ContactDetails": {
        "ContactId": company.id, "OrganizationName": company.name, "IsOrganization": true, "IsDeleted": false,
    } })
}

fn details(told: &ToldContact) -> Map<String, Value> {
    let (mut fields, profile) = (Map::new(), &told.profile);
    let organization = profile.organization.as_ref();
    put(&mut fields, "ContactId", Some(&told.id));
    put(&mut fields, "AlternativeContactId", told.record_number.as_ref());
    put(&mut fields, "Prefix", profile.prefix.as_ref());
    if profile.is_organization {
        put(&mut fields, "OrganizationName", Some(&told.last_name));
    } else {
        put(&mut fields, "FirstName", Some(&told.first_name));
        put(&mut fields, "LastName", Some(&told.last_name));
        put(&mut fields, "OrganizationName", organization.map(|it| &it.name));
    }
    put(&mut fields, "ParentContactId", organization.map(|it| &it.id));
    put(&mut fields, "MiddleName", profile.middle_name.as_ref());
    put(&mut fields, "SuffixCode", profile.suffix.as_ref());
    put(&mut fields, "InformalName", profile.informal_name.as_ref());
    put(&mut fields, "Designation", profile.designation.as_ref());
    put(&mut fields, "Title", profile.title.as_ref());
    put(&mut fields, "PrimaryEmailAddress", told.email.as_ref());
    put(&mut fields, "Bio", profile.bio.as_ref());
    put(&mut fields, "ProfileImageURL", profile.photo.as_ref());
    for (name, of_kind) in [
        ("WebsiteURL", LinkKind::Website),
        ("FacebookURL", LinkKind::Facebook),
        ("TwitterURL", LinkKind::Twitter),
        ("LinkedinURL", LinkKind::LinkedIn),
    ] {
        put(&mut fields, name, link(&profile.links, of_kind));
    }
    put(&mut fields, "MemberSince", told.member_since.map(instant));
    put(&mut fields, "MemberExpiresOn", told.member_until.map(last_instant));
    let shown = profile.show_in_directory.map(|show| ("ExcludeFromDirectory", !show));
    let said =
        [("IsMember", told.is_member), ("IsOrganization", profile.is_organization), ("IsDeleted", false)];
    fields.extend(said.into_iter().chain(shown).map(|(name, said)| (name.to_owned(), said.into())));
    fields
}

fn group(line: &ToldLine) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "GroupId", Some(&line.id));
    put(&mut fields, "GroupName", Some(&line.name));
    put(&mut fields, "GroupType", Some(line.community_type.as_deref().unwrap_or(SECURITY_GROUP)));
    fields.insert("Role".to_owned(), line.role.clone().unwrap_or_default().into());
    put(&mut fields, "InitialJoinDate", line.joined.map(instant));
    put(&mut fields, "BeginDate", line.since.map(instant));
    put(&mut fields, "EndDate", line.until.map(last_instant));
    fields.into()
}

fn address(address: &ContactAddress) -> Value {
    let mut fields = Map::new();
    let mut lines = address.lines.iter();
    put(&mut fields, "AddressLine1", lines.next());
    let rest: Vec<&str> = lines.map(String::as_str).collect();
    put(&mut fields, "AddressLine2", Some(rest.join(", ")));
    put(&mut fields, "City", address.city.as_ref());
    put(&mut fields, "StateProvince", address.state.as_ref());
    put(&mut fields, "PostalCode", address.postal_code.as_ref());
    put(&mut fields, "CountryCode", address.country.as_deref().and_then(country));
    put(&mut fields, "AddressType", kind(address.kind.as_deref()));
    flags(&mut fields, "IsPrimary", address.primary, address.show_in_directory)
}

fn phone_number(number: &ContactPhone) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "FormattedNumber", Some(phone(&number.number)));
    put(&mut fields, "PhoneType", kind(number.kind.as_deref()));
    flags(&mut fields, "IsPreferred", number.primary, number.show_in_directory)
}

fn email(email: &ContactEmail) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "EmailAddress", Some(&email.address));
    put(&mut fields, "EmailType", kind(email.kind.as_deref()));
    flags(&mut fields, "IsPreferred", email.primary, email.show_in_directory)
}

fn flags(fields: &mut Map<String, Value>, first: &str, primary: bool, shown: Option<bool>) -> Value {
    fields.insert(first.to_owned(), primary.into());
    // What the AMS does not mark as public is not.
    fields.insert("DoNotPublish".to_owned(), (shown != Some(true)).into());
    Value::Object(std::mem::take(fields))
}

/// How version 2 names these fields is not known; these are the names of version 1.
pub(super) fn demographic(one: &ToldDemographic) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "DemographicTypeKey", Some(&one.key));
    put(&mut fields, "DemographicTypeValue", Some(&one.name));
    put(&mut fields, "DemographicKey", Some(&one.value).filter(|_| !one.free_form));
    put(&mut fields, "DemographicValue", Some(&one.value));
    fields.insert("IsFreeForm".to_owned(), one.free_form.into());
    fields.into()
}
