//! Records of version 1 of the Push API: flat `MemberDetails` with security groups and communities apart.

use serde_json::{Map, Value, json};

use super::formats::{instant, kind, last_instant, link, phone, put};
use super::v2::demographic;
use crate::domain::community::{RemovedContact, ToldContact, ToldLine, ToldOrganization};
use crate::domain::contact::LinkKind;

/// The type of a security group; any text is taken there.
const SECURITY_GROUP: &str = "Security";

/// So many telephone numbers have a place.
const PHONES: usize = 4;

/// What is around the records.
pub(super) fn envelope(tenant: Option<&str>, records: Vec<Value>) -> Value {
    json!({ "TenantCode": tenant.unwrap_or_default(), "Items": records })
}

/// Somebody who is there, whole.
pub(super) fn person(told: &ToldContact) -> Value {
    let groups = |is_security: bool| {
        let lines = told.groups.iter().filter(move |line| line.community_type.is_none() == is_security);
        lines.map(group).collect::<Vec<Value>>()
    };
    let demographics: Vec<Value> = told.demographics.iter().map(demographic).collect();
    json!({
        "MemberDetails": details(told),
        "SecurityGroups": groups(true),
        "CommunityGroups": groups(false),
        "Demographics": demographics,
    })
}

/// Somebody who is to be taken out. There is no deletion; not to be active is the nearest to it.
pub(super) fn removed(removed: &RemovedContact) -> Value {
    let mut details = Map::new();
    put(&mut details, "LegacyContactKey", Some(&removed.id));
    put(&mut details, "FirstName", Some(&removed.first_name));
    put(&mut details, "LastName", Some(&removed.last_name));
    details.insert("IsActive".to_owned(), false.into());
    details.insert("IsMember".to_owned(), false.into());
    json!({ "MemberDetails": details, "SecurityGroups": [], "CommunityGroups": [], "Demographics": [] })
}

/// A company, with its name alone.
pub(super) fn company(company: &ToldOrganization) -> Value {
    json!({ "MemberDetails": {
        "LegacyContactKey": company.id, "CompanyName": company.name, "IsOrganization": true, "IsActive": true,
    } })
}

fn details(told: &ToldContact) -> Map<String, Value> {
    let (mut fields, profile) = (Map::new(), &told.profile);
    let organization = profile.organization.as_ref();
    put(&mut fields, "LegacyContactKey", Some(&told.id));
    put(&mut fields, "MemberID", told.record_number.as_ref());
    put(&mut fields, "PrefixCode", profile.prefix.as_ref());
    if profile.is_organization {
        put(&mut fields, "CompanyName", Some(&told.last_name));
    } else {
        put(&mut fields, "FirstName", Some(&told.first_name));
        put(&mut fields, "LastName", Some(&told.last_name));
        put(&mut fields, "CompanyName", organization.map(|it| &it.name));
    }
    put(&mut fields, "ParentMemberKey", organization.map(|it| &it.id));
    put(&mut fields, "MiddleName", profile.middle_name.as_ref());
    put(&mut fields, "SuffixCode", profile.suffix.as_ref());
    put(&mut fields, "InformalName", profile.informal_name.as_ref());
    put(&mut fields, "Designation", profile.designation.as_ref());
    put(&mut fields, "Title", profile.title.as_ref());
    put(&mut fields, "EmailAddress", told.email.as_ref());
    put(&mut fields, "Bio", profile.bio.as_ref());
    put(&mut fields, "ProfileImageURL", profile.photo.as_ref());
    for (name, of_kind) in [
        ("WebsiteURL", LinkKind::Website),
        ("OtherBlogURL", LinkKind::Blog),
        ("FacebookURL", LinkKind::Facebook),
        ("TwitterURL", LinkKind::Twitter),
        ("LinkedInURL", LinkKind::LinkedIn),
        ("YouTubeURL", LinkKind::YouTube),
    ] {
        put(&mut fields, name, link(&profile.links, of_kind));
    }
    // No field says that a number or an address is not to be published.
    let mut phones: Vec<_> =
        profile.phones.iter().filter(|number| number.show_in_directory == Some(true)).collect();
    phones.sort_by_key(|number| !number.primary);
    for (place, number) in (1..=PHONES).zip(phones) {
        put(&mut fields, &format!("Phone{place}"), Some(phone(&number.number)));
        put(&mut fields, &format!("Phone{place}Type"), kind(number.kind.as_deref()));
    }
    let addresses = || profile.addresses.iter().filter(|address| address.show_in_directory == Some(true));
    if let Some(address) = addresses().find(|address| address.primary).or_else(|| addresses().next()) {
        for (place, line) in (1..=3).zip(&address.lines) {
            put(&mut fields, &format!("Address{place}"), Some(line));
        }
        put(&mut fields, "City", address.city.as_ref());
        put(&mut fields, "State", address.state.as_ref());
        put(&mut fields, "PostalCode", address.postal_code.as_ref());
        let country = address.country.as_deref();
        put(
            &mut fields,
            "Country",
            country.map(|said| super::formats::country(said).unwrap_or_else(|| said.to_owned())),
        );
    }
    put(&mut fields, "MemberSince", told.member_since.map(instant));
    put(&mut fields, "MemberExpiresOn", told.member_until.map(last_instant));
    let shown = profile.show_in_directory.map(|show| ("ExcludeFromDirectory", !show));
    let said =
        [("IsActive", true), ("IsMember", told.is_member), ("IsOrganization", profile.is_organization)];
    fields.extend(said.into_iter().chain(shown).map(|(name, said)| (name.to_owned(), said.into())));
    fields
}

fn group(line: &ToldLine) -> Value {
    let mut fields = Map::new();
    put(&mut fields, "GroupKey", Some(&line.id));
    put(&mut fields, "GroupName", Some(&line.name));
    put(&mut fields, "GroupType", Some(line.community_type.as_deref().unwrap_or(SECURITY_GROUP)));
    put(&mut fields, "RoleDescription", line.role.as_ref());
    put(&mut fields, "SinceDate", line.joined.map(instant));
    put(&mut fields, "BeginDate", line.since.map(instant));
    put(&mut fields, "EndDate", line.until.map(last_instant));
    fields.into()
}
