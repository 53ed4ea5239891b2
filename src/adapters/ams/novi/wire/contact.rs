//! What Novi says about a person for a community (docs/ams/novi.md, "Profile for a community").

use serde_json::Value;

use super::{MemberField, MemberFieldsSeen, is_company};
use crate::adapters::ams::contact::{bounded, bounded_emails};
use crate::adapters::ams::json::JsonEntry;
use crate::domain::contact::{
    Contact, ContactAddress, ContactEmail, ContactLink, ContactPhone, LinkKind, PrimaryOrganization,
};

/// A row that has none of these tells nothing of a profile.
const FIELDS: [&str; 12] = [
    "MiddleName",
    "Suffix",
    "JobTitle",
    "MemberProfile",
    "Image",
    "Website",
    "Phone",
    "Mobile",
    "BillingAddress",
    "PersonalEmail",
    "FacebookUrl",
    "HideOnWebsite",
];

/// What stands on a record, of which `seen` knows already. `None`: it is a thin one.
pub(in crate::adapters::ams) fn contact(member: &Value, seen: &MemberFieldsSeen) -> Option<Contact> {
    let entry = &JsonEntry::of(member)?;
    if !FIELDS.iter().any(|name| entry.has(name)) {
        return None;
    }
    let links = [
        (LinkKind::Website, "Website"),
        (LinkKind::Facebook, "FacebookUrl"),
        (LinkKind::LinkedIn, "LinkedInUrl"),
        (LinkKind::Twitter, "TwitterHandle"),
        (LinkKind::Instagram, "InstagramHandle"),
    ];
    let links = links.into_iter().filter_map(|(kind, name)| entry.page_at(kind, name));
    Some(Contact {
        prefix: entry.line("Title"),
        middle_name: entry.line("MiddleName"),
        suffix: entry.line("Suffix"),
        informal_name: None,
        designation: entry.line("Credentials"),
        title: entry.line("JobTitle"),
        bio: entry.bio("MemberProfile"),
        photo: entry.web_address("Image"),
        links: bounded::<ContactLink>(links),
        show_in_directory: entry.says("HideOnWebsite").map(|hides| !hides),
        emails: emails(entry),
        phones: phones(entry),
        addresses: addresses(entry),
        organization: organization(entry),
        is_organization: is_company(entry),
        has_account: seen.has(MemberField::AccountEmail).then(|| entry.line("AccountEmail").is_some()),
        is_active: entry.says("Active"),
        is_thin: false,
    })
}

/// Whether others may see how to reach somebody. What is private nobody may.
fn is_shown(entry: &JsonEntry<'_>, is_private: bool) -> Option<bool> {
    if is_private { Some(false) } else { entry.says("HideContactInformation").map(|hides| !hides) }
}

/// The address to sign in with is no contact detail, unless it is the same.
fn emails(entry: &JsonEntry<'_>) -> Vec<ContactEmail> {
    let fields = [("Email", None, false), ("PersonalEmail", Some("Personal"), true)];
    bounded_emails(fields.into_iter().filter_map(|(name, kind, is_private)| {
        Some(ContactEmail {
            address: entry.email_address(name)?,
            kind: kind.map(str::to_owned),
            primary: !is_private,
            show_in_directory: is_shown(entry, is_private),
        })
    }))
}

fn phones(entry: &JsonEntry<'_>) -> Vec<ContactPhone> {
    let fields = [
        ("Phone", "Phone", false),
        ("Mobile", "Mobile", false),
        ("Fax", "Fax", false),
        ("PersonalPhone", "Personal phone", true),
        ("PersonalMobile", "Personal mobile", true),
    ];
    let mut phones = bounded(fields.into_iter().filter_map(|(name, kind, is_private)| {
        Some(ContactPhone {
            number: entry.line(name)?,
            kind: Some(kind.to_owned()),
            primary: false,
            show_in_directory: is_shown(entry, is_private),
        })
    }));
    if let Some(first) = phones.first_mut() {
        first.primary = true;
    }
    phones
}

fn addresses(entry: &JsonEntry<'_>) -> Vec<ContactAddress> {
    let fields = [
        ("BillingAddress", "Billing", false),
        ("ShippingAddress", "Shipping", false),
        ("PersonalAddress", "Personal", true),
    ];
    let mut addresses = bounded(fields.into_iter().filter_map(|(name, kind, is_private)| {
        let row = entry.object(name).ok()?;
        let lines: Vec<String> =
            ["Address1", "Address2"].into_iter().filter_map(|name| row.line(name)).collect();
        let (city, postal_code) = (row.line("City"), row.line("ZipCode"));
        let says_where = !lines.is_empty() || city.is_some() || postal_code.is_some();
        says_where.then(|| ContactAddress {
            lines,
            city,
            state: row.line("StateProvince"),
            postal_code,
            country: row.line("Country"),
            kind: Some(kind.to_owned()),
            primary: false,
            show_in_directory: is_shown(entry, is_private),
        })
    }));
    if let Some(first) = addresses.first_mut() {
        first.primary = true;
    }
    addresses
}

/// The company above in the family tree.
fn organization(entry: &JsonEntry<'_>) -> Option<PrimaryOrganization> {
    let id = entry.line(MemberField::ParentCustomer.name())?;
    Some(PrimaryOrganization { id, name: entry.line("ParentMemberName")? })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(record: &Value) -> Option<Contact> {
        contact(record, &MemberFieldsSeen::all())
    }

    #[test]
    fn a_whole_profile_is_read() {
        let address = json!({ "Address1": "1 Pier", "Address2": "", "City": "Oslo", "ZipCode": "0150", "StateProvince": null,
            "Country": "Norway" });
        let nowhere =
            json!({ "Address1": null, "Address2": null, "City": "", "ZipCode": null, "Country": "Norway" });
        let contact = read(&json!({
            "CustomerType": "Person", "Active": true, "AccountEmail": "dana@signin.example", "Email": "dana@acme.example",
            "PersonalEmail": "DANA@home.example", "Title": "Dr.", "MiddleName": "", "Suffix": "Jr.", "Credentials": "CPA",
            "JobTitle": "Site Manager", "MemberProfile": "<p>Builds\u{0} piers.</p>", "Image": "https://acme.example/d.jpg",
            "Website": "www.dana.example", "FacebookUrl": null, "LinkedInUrl": "https://social.example/dana",
            "TwitterHandle": "@dana", "InstagramHandle": "no handle", "HideOnWebsite": false, "HideContactInformation": true,
            "Phone": "", "Mobile": "555-0100", "PersonalPhone": "555-0199", "BillingAddress": nowhere,
            "ShippingAddress": address, "PersonalAddress": address,
            "ParentCustomerUniqueID": "B2E1C7D4-0d0f-4f6b-8c1e-6b5a4f3e2d1c", "ParentMemberName": "Acme Builders, Inc.",
        }));
        let link = |kind, url: &str| ContactLink { kind, url: url.to_owned() };
        let of = |kind: &str, primary, shown| ContactAddress {
            lines: vec!["1 Pier".to_owned()],
            city: Some("Oslo".to_owned()),
            postal_code: Some("0150".to_owned()),
            country: Some("Norway".to_owned()),
            kind: Some(kind.to_owned()),
            primary,
            show_in_directory: Some(shown),
            ..ContactAddress::default()
        };
        let phone = |number: &str, kind: &str, primary| ContactPhone {
            number: number.to_owned(),
            kind: Some(kind.to_owned()),
            primary,
            show_in_directory: Some(false),
        };
        let expect = Contact {
            prefix: Some("Dr.".to_owned()),
            suffix: Some("Jr.".to_owned()),
            designation: Some("CPA".to_owned()),
            title: Some("Site Manager".to_owned()),
            bio: Some("<p>Builds piers.</p>".to_owned()),
            photo: Some("https://acme.example/d.jpg".to_owned()),
            links: vec![
                link(LinkKind::Website, "https://www.dana.example"),
                link(LinkKind::LinkedIn, "https://social.example/dana"),
                link(LinkKind::Twitter, "https://x.com/dana"),
            ],
            show_in_directory: Some(true),
            emails: vec![
                ContactEmail {
                    address: "dana@acme.example".to_owned(),
                    primary: true,
                    show_in_directory: Some(false),
                    ..ContactEmail::default()
                },
                ContactEmail {
                    address: "DANA@home.example".to_owned(),
                    kind: Some("Personal".to_owned()),
                    show_in_directory: Some(false),
                    ..ContactEmail::default()
                },
            ],
            phones: vec![phone("555-0100", "Mobile", true), phone("555-0199", "Personal phone", false)],
            addresses: vec![of("Shipping", true, false), of("Personal", false, false)],
            organization: Some(PrimaryOrganization {
                id: "B2E1C7D4-0d0f-4f6b-8c1e-6b5a4f3e2d1c".to_owned(),
                name: "Acme Builders, Inc.".to_owned(),
            }),
            has_account: Some(true),
            is_active: Some(true),
            ..Contact::default()
        };
        assert_eq!(contact, Some(expect));
    }

    #[test]
    fn a_thin_row_says_nothing_and_an_empty_one_that_there_is_nothing() {
        assert_eq!(read(&json!({ "UniqueID": "a", "Name": "Dana", "Email": "d@a.example" })), None);
        let empty = Contact { has_account: Some(false), ..Contact::default() };
        let said = json!({ "Phone": null, "MemberProfile": [], "Image": "", "BillingAddress": "", "HideOnWebsite": "maybe" });
        assert_eq!(read(&said), Some(empty));
    }

    #[test]
    fn whether_there_is_an_account_is_known_only_where_the_key_shows_accounts() {
        let seen = MemberFieldsSeen::default();
        let has_account = |account: Value| {
            let record = json!({ "Phone": "1", "AccountEmail": account });
            seen.note(&JsonEntry::of(&record).unwrap());
            contact(&record, &seen).unwrap().has_account
        };
        assert_eq!([has_account(json!("")), has_account(Value::Null)], [None, None]);
        assert_eq!(has_account(json!("a@b.example")), Some(true));
        assert_eq!(has_account(json!("")), Some(false));
        let company = read(&json!({ "CustomerType": "Company", "Website": "", "Active": false })).unwrap();
        assert!(company.is_organization && company.is_active == Some(false));
    }
}
