//! How a profile looks in JSON (docs/ams/remembers.md, "Profile for a community").

use serde_json::{Map, Value, json};

use super::blank::{Blank, object};
use crate::sim::guid;
use crate::sim::people::{Address, Person, Phone, Profile};

/// The members that a profile adds to an individual; a person without one has them empty.
pub(super) fn members(person: &Person, blank: &Blank) -> Map<String, Value> {
    let none = Profile::default();
    let it = person.profile.as_deref().unwrap_or(&none);
    let text = |value: &Option<String>| value.as_ref().map_or_else(|| blank.text(), |text| json!(text));
    let links = it.links.iter().map(|link| json!({ "type": link.kind, "url": link.url }));
    let designations = it.designations.iter().map(|name| json!({ "name": name })).collect();
    let phones = it.phones.iter().enumerate().map(|(place, phone)| self::phone(person, place, phone));
    let addresses = it.addresses.iter().enumerate();
    object(json!({
        "prefix": text(&it.prefix), "middleName": it.middle_name, "suffix": it.suffix,
        "preferredFirstName": text(&it.preferred_first_name), "imageUri": it.image_uri, "twitter": it.twitter,
        "linkedIn": it.linked_in, "webSite": it.web_site.as_deref().unwrap_or_default(),
        "links": links.collect::<Vec<_>>(), "showInDirectory": !it.hidden_in_directory,
        "designationData": blank.list(designations), "phones": phones.collect::<Vec<_>>(),
        "addresses": blank.list(addresses.map(|(place, it)| address(person, place, it)).collect()),
        "emails": blank.list(emails(person)),
    }))
}

/// One of those members as it is among all of them.
pub(in super::super) fn profile_member(person: &Person, name: &str) -> Value {
    let overridden = person.overrides.get(name).cloned();
    overridden.or_else(|| members(person, &Blank::of(person)).remove(name)).unwrap_or_default()
}

/// All e-mail addresses: that of the record, then the others.
pub(in super::super) fn emails(person: &Person) -> Vec<Value> {
    let own = person
        .email
        .iter()
        .map(|email| json!({ "primary": true, "address": email, "type": "Work", "showInDirectory": true }));
    let others = person.profile.iter().flat_map(|it| &it.other_emails).map(|it| {
        json!({ "primary": false, "address": it.address, "type": it.kind, "showInDirectory": it.show_in_directory })
    });
    own.chain(others).collect()
}

/// A key that stays for this place of a list of this person.
fn key(person: &Person, list: u8, place: usize) -> String {
    let mut bytes = [list; 16];
    bytes.iter_mut().zip(person.record_number.bytes()).for_each(|(byte, digit)| *byte = digit);
    if let Some(last) = bytes.last_mut() {
        *last = place as u8;
    }
    guid::from_bytes(bytes)
}

fn phone(person: &Person, place: usize, it: &Phone) -> Value {
    let number = ["Home", "Work", "Mobile", "Fax", "TollFree", "Other", "Main"]
        .iter()
        .position(|name| *name == it.type_name);
    json!({
        "id": key(person, 1, place), "primary": place == 0, "number": it.number, "extension": it.extension,
        "type": number.unwrap_or(5) + 1, "typeName": it.type_name, "showInDirectory": it.show_in_directory,
        "country": {
            "id": "11111111-2222-4333-8444-555555555555", "name": "United States", "twoLetterIsoCode": "US",
            "threeLetterIsoCode": "USA", "code": 1,
        },
    })
}

fn address(person: &Person, place: usize, it: &Address) -> Value {
    let state = it.state_iso_code.as_deref().and_then(|code| Some(code.split_once('-')?.1));
    json!({
        "id": key(person, 2, place), "primary": place == 0, "line1": it.line1,
        "line2": it.line2.as_deref().unwrap_or_default(), "line3": null, "city": it.city, "state": state,
        "zipcode": it.zipcode, "country": it.country, "stateAbbreviation": state, "stateISOCode": it.state_iso_code,
        "type": it.kind, "region": "", "latitude": null, "longitude": null, "congressionalDistrict": null,
        "showInDirectory": it.show_in_directory, "countryData": null,
    })
}
