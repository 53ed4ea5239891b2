//! What re:Members says about a person for a community (docs/ams/remembers.md, "Profile for a community").

use serde_json::Value;

use crate::adapters::ams::contact::{bounded, bounded_emails, link_kind, page_at};
use crate::adapters::ams::json::JsonEntry;
use crate::domain::contact::{
    Contact, ContactAddress, ContactEmail, ContactLink, ContactPhone, LinkKind, PrimaryOrganization,
};

/// What an individual with details has. `None`: there is no individual.
pub(crate) fn contact(individual: &Value) -> Option<Contact> {
    let individual = super::opened(individual).ok()?;
    Some(Contact {
        prefix: individual.line("prefix"),
        middle_name: individual.line("middleName"),
        suffix: individual.line("suffix"),
        informal_name: individual.line("preferredFirstName"),
        designation: designation(&individual),
        title: individual.line("title"),
        // It has no field for it.
        bio: None,
        photo: individual.web_address("imageUri"),
        links: links(&individual),
        show_in_directory: individual.says("showInDirectory"),
        emails: bounded_emails(individual.rows("emails").filter_map(|row| email(&row))),
        phones: bounded(individual.rows("phones").filter_map(|row| phone(&row))),
        addresses: bounded(individual.rows("addresses").filter_map(|row| address(&row))),
        organization: organization(&individual),
        is_organization: individual
            .line("customerType")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("organization")),
        has_account: has_account(&individual),
        // No field says it; what counts are memberships.
        is_active: None,
        is_thin: false,
    })
}

/// The lists that a row of everybody has if they are asked for.
const LISTS: [&str; 4] = ["emails", "phones", "addresses", "links"];

/// What a row of everybody has, which was asked for those lists. `None`: it has none of them, so it says nothing.
pub(crate) fn contact_of_row(row: &Value) -> Option<Contact> {
    let entry = JsonEntry::of(row)?;
    if !LISTS.iter().any(|name| entry.get(name).is_some_and(|list| list.is_array() || list.is_object())) {
        return None;
    }
    let contact = contact(row)?;
    // Logins do not come with it, so that there is none says nothing.
    Some(Contact { has_account: contact.has_account.filter(|has| *has), is_thin: true, ..contact })
}

/// Whether a row of everybody has an entry in one of those lists.
pub(crate) fn has_entries(row: &Value) -> bool {
    JsonEntry::of(row).is_some_and(|row| LISTS.iter().any(|name| row.rows(name).next().is_some()))
}

fn designation(individual: &JsonEntry<'_>) -> Option<String> {
    let names = bounded(individual.rows("designationData").filter_map(|row| row.line("name")));
    crate::adapters::ams::contact::line(&names.join(", "))
}

/// The list first: it says what is what.
fn links(individual: &JsonEntry<'_>) -> Vec<ContactLink> {
    let listed = individual.rows("links").filter_map(|row| {
        let kind = link_kind(&row.line("type")?)?;
        page_at(kind, row.get("url")?.as_str()?)
    });
    let own =
        [(LinkKind::LinkedIn, "linkedIn"), (LinkKind::Twitter, "twitter"), (LinkKind::Website, "webSite")];
    let own = own.into_iter().filter_map(|(kind, name)| individual.page_at(kind, name));
    bounded(listed.chain(own))
}

fn email(row: &JsonEntry<'_>) -> Option<ContactEmail> {
    Some(ContactEmail {
        address: row.email_address("address")?,
        kind: row.line("type"),
        primary: row.says("primary").unwrap_or(false),
        show_in_directory: row.says("showInDirectory"),
    })
}

fn phone(row: &JsonEntry<'_>) -> Option<ContactPhone> {
    let number = row.line("number")?;
    Some(ContactPhone {
        number: match row.line("extension") {
            Some(extension) => format!("{number} x{extension}"),
            None => number,
        },
        // Beside it `type` is a number whose meaning is not known.
        kind: row.line("typeName"),
        primary: row.says("primary").unwrap_or(false),
        show_in_directory: row.says("showInDirectory"),
    })
}

pub(super) fn address(row: &JsonEntry<'_>) -> Option<ContactAddress> {
    if row.says("isBadAddress") == Some(true) {
        return None;
    }
    let lines: Vec<String> =
        ["line1", "line2", "line3"].into_iter().filter_map(|name| row.line(name)).collect();
    let address = ContactAddress {
        lines,
        city: row.line("city"),
        state: row.line("stateAbbreviation").or_else(|| row.line("state")),
        postal_code: row.line("zipcode"),
        country: country(row),
        kind: row.line("type"),
        primary: row.says("primary").unwrap_or(false),
        show_in_directory: row.says("showInDirectory"),
    };
    let says_where = !address.lines.is_empty() || address.city.is_some() || address.postal_code.is_some();
    says_where.then_some(address)
}

/// Its two letters, of the country itself or of the state's code such as `US-ME`; else its name.
fn country(row: &JsonEntry<'_>) -> Option<String> {
    let two = |text: String| {
        let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_code.then(|| text.to_ascii_uppercase())
    };
    let of_data = row.object("countryData").ok().and_then(|data| data.line("twoLetterIsoCode"));
    let of_state = || Some(row.line("stateISOCode")?.split_once('-')?.0.to_owned());
    of_data.and_then(two).or_else(|| of_state().and_then(two)).or_else(|| row.line("country"))
}

fn organization(individual: &JsonEntry<'_>) -> Option<PrimaryOrganization> {
    let organization = individual.object("primaryOrganization").ok()?;
    Some(PrimaryOrganization { id: organization.line("id")?, name: organization.line("name")? })
}

/// A person without a login has null there; where the member is missing, nothing is said.
fn has_account(individual: &JsonEntry<'_>) -> Option<bool> {
    individual.lookup("user").map(|user| JsonEntry::of(user).is_some_and(|user| user.has("loginEmail")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(mut individual: Value) -> Contact {
        individual["id"] = json!("a");
        contact(&json!({ "pageNumber": 1, "dataList": [individual] })).unwrap()
    }

    #[test]
    fn a_whole_profile_is_read() {
        let contact = read(json!({
            "customerType": "Individual", "prefix": "Dr.", "middleName": null, "suffix": "", "preferredFirstName": "Mari",
            "title": "Director of\r\nResearch", "imageUri": "https://members.acme.example:443/images/3f6c.img",
            "twitter": "@mari", "linkedIn": "https://social.example/mari", "webSite": "",
            "links": [{ "type": "Blog", "url": "https://mari.example" }, { "type": "Other", "url": "https://x.example" },
                { "type": "LinkedIn", "url": "https://social.example/mari" }, { "type": "Facebook", "url": "javascript:0" }],
            "showInDirectory": "False", "user": { "loginEmail": "mari@okafor.example", "isApproved": true },
            "emails": [{ "primary": true, "address": "mari@okafor.example", "type": "Work", "showInDirectory": true },
                { "primary": false, "address": "m.okafor@home.example", "type": "Home", "showInDirectory": false },
                { "address": "no address" }],
            "phones": [{ "primary": true, "type": 2, "typeName": "Work", "number": "555-0142", "extension": "7",
                "showInDirectory": true, "country": { "twoLetterIsoCode": "US" } }, { "number": 5550199 }, { "number": "" }],
            "addresses": [{ "primary": true, "line1": "1 Harbor Way", "line2": "", "line3": null, "city": "Portland",
                "state": "Maine", "zipcode": "04101", "country": "United States", "stateAbbreviation": "ME",
                "stateISOCode": "US-ME", "type": "Work", "showInDirectory": true, "countryData": null },
                { "line1": "gone", "isBadAddress": true }, { "type": "Home", "line1": "", "city": null }],
            "primaryOrganization": { "id": "0A0B0C0D-1111-4222-8333-999999999999", "name": "Harbor Labs" },
            "designationData": [{ "name": "PhD" }, { "name": "CPA" }, null, { "name": "" }],
        }));
        let link = |kind, url: &str| ContactLink { kind, url: url.to_owned() };
        assert_eq!(
            contact,
            Contact {
                prefix: Some("Dr.".to_owned()),
                informal_name: Some("Mari".to_owned()),
                designation: Some("PhD, CPA".to_owned()),
                title: Some("Director of Research".to_owned()),
                photo: Some("https://members.acme.example:443/images/3f6c.img".to_owned()),
                links: vec![
                    link(LinkKind::Blog, "https://mari.example"),
                    link(LinkKind::LinkedIn, "https://social.example/mari"),
                    link(LinkKind::Twitter, "https://x.com/mari"),
                ],
                show_in_directory: Some(false),
                emails: vec![
                    ContactEmail {
                        address: "mari@okafor.example".to_owned(),
                        kind: Some("Work".to_owned()),
                        primary: true,
                        show_in_directory: Some(true),
                    },
                    ContactEmail {
                        address: "m.okafor@home.example".to_owned(),
                        kind: Some("Home".to_owned()),
                        primary: false,
                        show_in_directory: Some(false),
                    },
                ],
                phones: vec![
                    ContactPhone {
                        number: "555-0142 x7".to_owned(),
                        kind: Some("Work".to_owned()),
                        primary: true,
                        show_in_directory: Some(true),
                    },
                    ContactPhone { number: "5550199".to_owned(), ..ContactPhone::default() },
                ],
                addresses: vec![ContactAddress {
                    lines: vec!["1 Harbor Way".to_owned()],
                    city: Some("Portland".to_owned()),
                    state: Some("ME".to_owned()),
                    postal_code: Some("04101".to_owned()),
                    country: Some("US".to_owned()),
                    kind: Some("Work".to_owned()),
                    primary: true,
                    show_in_directory: Some(true),
                }],
                organization: Some(PrimaryOrganization {
                    id: "0A0B0C0D-1111-4222-8333-999999999999".to_owned(),
                    name: "Harbor Labs".to_owned(),
                }),
                has_account: Some(true),
                ..Contact::default()
            }
        );
    }

    #[test]
    fn what_is_not_said_or_not_understood_is_left_out() {
        let nothing = json!({ "prefix": [], "title": {}, "imageUri": 7, "links": "", "emails": null, "phones": 3,
            "addresses": "x", "designationData": {}, "primaryOrganization": "", "showInDirectory": "perhaps" });
        assert_eq!(read(nothing), Contact::default());
        assert_eq!(read(json!({})), Contact::default());
        let account = |user: Value| read(json!({ "user": user })).has_account;
        assert_eq!([account(Value::Null), account(json!("")), account(json!([]))], [Some(false); 3]);
        let one = read(json!({ "phones": { "number": "1" }, "customerType": "ORGANIZATION" }));
        assert!(one.phones.len() == 1 && one.is_organization);
        let many: Vec<Value> = (0..500).map(|it| json!({ "number": it })).collect();
        assert_eq!(read(json!({ "phones": many })).phones.len(), 20);
        assert_eq!(contact(&Value::Null), None);
    }

    #[test]
    fn a_row_of_everybody_says_what_it_has_and_nothing_where_it_has_none_of_the_lists() {
        let check = |row: Value, has_entries: bool, numbers: Option<&[&str]>| {
            let mut row = row;
            row["id"] = json!("a");
            let read = contact_of_row(&row);
            let said =
                read.as_ref().map(|it| it.phones.iter().map(|it| it.number.as_str()).collect::<Vec<_>>());
            assert_eq!((super::has_entries(&row), said.as_deref()), (has_entries, numbers), "{row}");
            assert!(read.is_none_or(|it| it.is_thin && it.has_account != Some(false)), "{row}");
        };
        check(json!({ "phones": null, "emails": null, "title": "Chair", "user": null }), false, None);
        check(json!({ "title": "Chair" }), false, None);
        check(json!({ "phones": "", "links": 7 }), false, None);
        check(json!({ "phones": [], "user": null }), false, Some(&[]));
        check(json!({ "emails": [{ "address": "a@b.example" }], "phones": null }), true, Some(&[]));
        check(json!({ "Phones": [{ "number": 1 }, null], "user": null }), true, Some(&["1"]));
        check(json!({ "phones": { "number": "2" } }), true, Some(&["2"]));
        assert_eq!((contact_of_row(&json!([])), super::has_entries(&Value::Null)), (None, false));
    }

    #[test]
    fn a_country_is_its_two_letters_where_they_are_said() {
        let check = |row: Value, expect: Option<&str>| {
            let mut row = row;
            row["city"] = json!("Oslo");
            let read = read(json!({ "addresses": [row] })).addresses;
            assert_eq!(read[0].country.as_deref(), expect, "{row}");
        };
        check(json!({ "countryData": { "twoLetterIsoCode": "no" }, "country": "Norway" }), Some("NO"));
        check(json!({ "stateISOCode": "NO-03", "country": "Norway" }), Some("NO"));
        check(json!({ "countryData": "", "stateISOCode": "Oslo", "country": "Norway" }), Some("Norway"));
        check(json!({ "country": null }), None);
    }
}
