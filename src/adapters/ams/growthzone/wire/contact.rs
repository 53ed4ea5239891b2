//! What GrowthZone says about a person for a community (docs/ams/growthzone.md, "Profile for a community").

use serde_json::Value;

use super::status::ContactStanding;
use super::{ORGANIZATION_IDS, id_in};
use crate::adapters::ams::contact::{bounded, bounded_emails, email_address, line, link_kind, page_at};
use crate::adapters::ams::json::{JsonEntry, text_of};
use crate::domain::contact::{
    Contact, ContactAddress, ContactEmail, ContactLink, ContactPhone, LinkKind, PrimaryOrganization,
};
use crate::domain::standing::MembershipStanding;

/// Kinds of entries in `ContactInfos`.
const EMAIL: &str = "1";
const PHONE: &str = "2";
const ADDRESS: &str = "3";
const WEB: &str = "4";

/// What the calls about one contact said, beside the contact itself.
#[derive(Debug, Clone, Default)]
pub(in crate::adapters::ams) struct SaidOfContact {
    /// `NotesAndFields`.
    pub(in crate::adapters::ams) notes: Option<Value>,
    /// `ContactOrgs`.
    pub(in crate::adapters::ams) organizations: Vec<Value>,
    /// `ContactAddresses`.
    pub(in crate::adapters::ams) addresses: Vec<Value>,
    /// `phones`.
    pub(in crate::adapters::ams) phones: Vec<Value>,
}

/// Whether a contact says itself how to reach the person.
pub(in crate::adapters::ams) fn has_infos(contact: &Value) -> bool {
    JsonEntry::of(contact).is_some_and(|contact| contact.get("ContactInfos").is_some())
}

/// Whether there may be postal addresses: the contact names some, or does not say.
pub(in crate::adapters::ams) fn may_have_addresses(contact: &Value) -> bool {
    let Some(contact) = JsonEntry::of(contact) else { return false };
    contact.get("ContactInfos").is_none() || infos(&contact, ADDRESS).next().is_some()
}

impl SaidOfContact {
    /// Puts it together. `None`: there is no contact.
    pub(in crate::adapters::ams) fn contact(
        &self,
        contact: &Value,
        standing: Option<ContactStanding>,
    ) -> Option<Contact> {
        let entry = JsonEntry::of(contact)?;
        let primary = self.primary_organization();
        let organization = primary.and_then(|row| {
            let id = ORGANIZATION_IDS.iter().find(|name| id_in(&row, name).is_some())?;
            Some(PrimaryOrganization { id: row.line(id)?, name: row.line("Name")? })
        });
        let notes = self.notes.as_ref().and_then(JsonEntry::of);
        Some(Contact {
            prefix: entry.line("Prefix"),
            middle_name: entry.line("MiddleName"),
            suffix: entry.line("Suffix"),
            informal_name: None,
            designation: None,
            title: entry.line("Title").or_else(|| primary.and_then(|row| row.line("Title"))),
            bio: notes.and_then(|notes| notes.bio("Bio")),
            photo: entry.web_address("ImageUrl"),
            links: links(&entry),
            show_in_directory: None,
            emails: emails(&entry),
            phones: self.phones(&entry),
            addresses: self.addresses(&entry),
            organization,
            // Whoever is read is an individual.
            is_organization: false,
            has_account: None,
            is_active: is_active(standing),
            is_thin: false,
        })
    }

    /// The organization that is said to be the first, or the only one.
    fn primary_organization(&self) -> Option<JsonEntry<'_>> {
        let mut rows = self.organizations.iter().filter_map(JsonEntry::of);
        let is_primary = |row: &JsonEntry<'_>| {
            row.line("Type").is_some_and(|kind| kind.to_ascii_lowercase().contains("primary"))
        };
        rows.clone().find(is_primary).or_else(|| rows.next().filter(|_| self.organizations.len() == 1))
    }

    fn phones(&self, contact: &JsonEntry<'_>) -> Vec<ContactPhone> {
        let own = self.phones.iter().filter_map(JsonEntry::of).filter(|row| row.says("IsBad") != Some(true));
        bounded(infos(contact, PHONE).chain(own).filter_map(|row| {
            Some(ContactPhone {
                number: first_of(&row, &["Value", "Number", "PhoneNumber"]).and_then(|text| line(&text))?,
                kind: row.line("TypeName"),
                primary: row.says("IsPrimary").unwrap_or(false),
                show_in_directory: None,
            })
        }))
    }

    /// What an address is for is said where the contact lists it.
    fn addresses(&self, contact: &JsonEntry<'_>) -> Vec<ContactAddress> {
        let rows = self.addresses.iter().filter_map(JsonEntry::of);
        bounded(rows.filter_map(|row| {
            let lines: Vec<String> =
                ["Address1", "Address2", "Address3"].into_iter().filter_map(|name| row.line(name)).collect();
            let (city, postal_code) = (row.line("City"), row.line("PostalCode"));
            if lines.is_empty() && city.is_none() && postal_code.is_none() {
                return None;
            }
            let number = first_of(&row, &["Id", "ContactAddressId"]);
            let is_it = |info: &JsonEntry<'_>| number.is_some() && first_of(info, &["EntryId"]) == number;
            let info = infos(contact, ADDRESS).find(is_it);
            let said = info.unwrap_or(row);
            Some(ContactAddress {
                lines,
                city,
                state: row.line("StateProvince"),
                postal_code,
                country: row.line("Country"),
                kind: said.line("TypeName"),
                primary: said.says("IsPrimary").unwrap_or(false),
                show_in_directory: None,
            })
        }))
    }
}

/// Entries of this kind that are not known to be wrong.
fn infos<'a>(contact: &JsonEntry<'a>, kind: &'static str) -> impl Iterator<Item = JsonEntry<'a>> {
    let is_of = move |row: &JsonEntry<'a>| row.line("Type").as_deref() == Some(kind);
    contact.rows("ContactInfos").filter(is_of).filter(|row| row.says("IsBad") != Some(true))
}

fn first_of(row: &JsonEntry<'_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| Some(text_of(row.get(name)?).ok()?.into_owned()))
}

/// Where the contact does not list them, the one that every row has.
fn emails(contact: &JsonEntry<'_>) -> Vec<ContactEmail> {
    let listed = infos(contact, EMAIL).filter_map(|row| {
        Some(ContactEmail {
            address: email_address(&first_of(&row, &["Value", "Address"])?)?,
            kind: row.line("TypeName"),
            primary: row.says("IsPrimary").unwrap_or(false),
            show_in_directory: None,
        })
    });
    let own = contact.email_address("EmailAddress").map(|address| ContactEmail {
        address,
        primary: true,
        ..ContactEmail::default()
    });
    let mut emails = bounded_emails(listed);
    if emails.is_empty() {
        emails.extend(own);
    }
    emails
}

fn links(contact: &JsonEntry<'_>) -> Vec<ContactLink> {
    bounded(infos(contact, WEB).filter_map(|row| {
        let kind = row.line("TypeName").and_then(|word| link_kind(&word)).unwrap_or(LinkKind::Website);
        page_at(kind, &first_of(&row, &["Value"])?)
    }))
}

fn is_active(standing: Option<ContactStanding>) -> Option<bool> {
    match standing? {
        ContactStanding::Standing(MembershipStanding::Active | MembershipStanding::Grace) => Some(true),
        ContactStanding::Standing(MembershipStanding::Unknown) => None,
        ContactStanding::Standing(MembershipStanding::Ended | MembershipStanding::Pending)
        | ContactStanding::NoMember
        | ContactStanding::Deleted => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(said: &SaidOfContact, contact: &Value) -> Contact {
        said.contact(contact, None).unwrap()
    }

    fn rows(value: Value) -> Vec<Value> {
        value.as_array().unwrap().clone()
    }

    #[test]
    fn a_whole_profile_is_read() {
        let contact = json!({
            "ContactId": 1_001_234, "Prefix": "Ms.", "MiddleName": "", "Suffix": null, "Title": "",
            "ImageUrl": "https://acme.example/d.png", "EmailAddress": "other@acme.example",
            "ContactInfos": [
                { "Type": 1, "TypeName": "Email", "Value": "dana@acme.example", "IsPrimary": true },
                { "Type": "1", "Value": "old@acme.example", "IsBad": true },
                { "Type": 2, "TypeName": "Main", "Value": "555-0142", "IsPrimary": "true" },
                { "Type": 3, "TypeName": "Mailing", "EntryId": 17, "AddressType": 2, "IsPrimary": true },
                { "Type": 4, "TypeName": "Facebook", "Value": "https://facebook.example/dana" },
                { "Type": 4, "TypeName": "", "Value": "www.dana.example" }, "x", { "Type": 9, "Value": "y" },
            ],
        });
        assert!(has_infos(&contact) && may_have_addresses(&contact));
        let said = SaidOfContact {
            notes: Some(json!({ "Bio": "Plans.\r\nBuilds.", "Fields": [] })),
            organizations: rows(json!([
                { "OrganizationId": 7, "Name": "Old Works", "Type": "Staff" },
                { "OrganizationId": "0042", "Name": "Acme Builders, Inc.", "Title": "Controller", "Type": "Primary, Staff" },
            ])),
            addresses: rows(json!([
                { "Id": "17", "Address1": "1 Pier", "Address2": "", "City": "Reno", "StateProvince": "NV", "PostalCode": "89501" },
                { "Id": 18, "Address1": null, "StateProvince": "NV" },
            ])),
            phones: rows(json!([{ "PhoneNumber": 5_550_199, "TypeName": "Mobile" }])),
        };
        let phone = |number: &str, kind: &str, primary| ContactPhone {
            number: number.to_owned(),
            kind: Some(kind.to_owned()),
            primary,
            ..ContactPhone::default()
        };
        let link = |kind, url: &str| ContactLink { kind, url: url.to_owned() };
        let expect = Contact {
            prefix: Some("Ms.".to_owned()),
            title: Some("Controller".to_owned()),
            bio: Some("Plans.\nBuilds.".to_owned()),
            photo: Some("https://acme.example/d.png".to_owned()),
            links: vec![
                link(LinkKind::Facebook, "https://facebook.example/dana"),
                link(LinkKind::Website, "https://www.dana.example"),
            ],
            emails: vec![ContactEmail {
                address: "dana@acme.example".to_owned(),
                kind: Some("Email".to_owned()),
                primary: true,
                ..ContactEmail::default()
            }],
            phones: vec![phone("555-0142", "Main", true), phone("5550199", "Mobile", false)],
            addresses: vec![ContactAddress {
                lines: vec!["1 Pier".to_owned()],
                city: Some("Reno".to_owned()),
                state: Some("NV".to_owned()),
                postal_code: Some("89501".to_owned()),
                kind: Some("Mailing".to_owned()),
                primary: true,
                ..ContactAddress::default()
            }],
            organization: Some(PrimaryOrganization {
                id: "0042".to_owned(),
                name: "Acme Builders, Inc.".to_owned(),
            }),
            ..Contact::default()
        };
        assert_eq!(read(&said, &contact), expect);
    }

    #[test]
    fn what_is_not_said_or_not_understood_is_left_out() {
        let nothing = json!({ "ContactId": 7, "Title": [], "ImageUrl": "", "ContactInfos": "" });
        assert_eq!(read(&SaidOfContact::default(), &nothing), Contact::default());
        assert!(has_infos(&nothing) && !may_have_addresses(&nothing));
        let silent = json!({ "ContactId": 7, "EmailAddress": "d@acme.example" });
        assert!(!has_infos(&silent) && may_have_addresses(&silent));
        assert_eq!(read(&SaidOfContact::default(), &silent).emails.len(), 1);
        let said = SaidOfContact {
            notes: Some(json!([])),
            organizations: rows(json!([{ "OrganizationId": 7 }, "x"])),
            addresses: rows(json!([1, null, {}])),
            phones: rows(json!([{ "Number": "" }, []])),
        };
        assert_eq!(read(&said, &nothing), Contact::default());
        assert_eq!(said.contact(&Value::Null, None), None);
    }

    #[test]
    fn the_status_says_whether_somebody_is_active() {
        use ContactStanding::{Deleted, NoMember, Standing};
        use MembershipStanding::{Active, Ended, Grace, Pending, Unknown};
        let check = |standing, expect| assert_eq!(is_active(standing), expect, "{standing:?}");
        check(None, None);
        check(Some(Standing(Unknown)), None);
        check(Some(Standing(Active)), Some(true));
        check(Some(Standing(Grace)), Some(true));
        for standing in [Standing(Ended), Standing(Pending), NoMember, Deleted] {
            check(Some(standing), Some(false));
        }
    }
}
