//! How a person looks in JSON (docs/ams/remembers.md, "People"): camelCase, with null, "" and [] side by side as in real answers.

mod blank;
mod parts;
mod profile;

use serde_json::{Map, Value, json};

pub(super) use blank::object;
pub(super) use parts::{
    Book, certification, committee, committee_seat, custom_field, event, membership, organization, purchase,
    registration, relationship, sessions,
};
pub(super) use profile::{emails, profile_member};

use self::blank::Blank;
use super::dates;
use crate::sim::people::{Membership, People, Person, Relationship};

/// Which of the costlier members a profile has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Details {
    pub(super) custom_fields: bool,
    pub(super) committees: bool,
    pub(super) organization: bool,
    pub(super) relationships: bool,
}

impl Details {
    pub(super) const ALL: Details =
        Details { custom_fields: true, committees: true, organization: true, relationships: true };
}

/// A list that has an endpoint of its own.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Committees,
    Registrations,
    Purchases,
    Certifications,
    Relationships,
    CustomFields,
}

/// Everything re:Members says about a person as one line for `explain`: the profile and each part beside it.
pub fn record_line(people: &People, person: &Person) -> Value {
    let People { organizations, committees, events, .. } = people;
    let book = Book { organizations, committees, events, only_active_on: None, cancelled_too: false };
    json!({
        "individual": individual(book, person, Details::ALL),
        "committees": part(book, person, Part::Committees),
        "registrations": part(book, person, Part::Registrations),
        "purchases": part(book, person, Part::Purchases),
        "certifications": part(book, person, Part::Certifications),
        "relationships": part(book, person, Part::Relationships),
    })
}

/// The items of one part, or those that the person's overrides put in their place.
pub(super) fn part(book: Book<'_>, person: &Person, part: Part) -> Vec<Value> {
    let (name, items): (_, Vec<Value>) = match part {
        Part::Committees => {
            ("committees", person.committees.iter().map(|seat| committee_seat(book, seat)).collect())
        }
        Part::Registrations => {
            // What somebody is a guest at is a registration of the host's.
            let own = person
                .registrations
                .iter()
                .filter(|it| it.guest_of.is_none() && (book.cancelled_too || it.cancellation_date.is_none()));
            ("registrations", own.map(|it| registration(book, person, it)).collect())
        }
        Part::Purchases => ("purchases", person.purchases.iter().map(purchase).collect()),
        Part::Certifications => ("certifications", person.certifications.iter().map(certification).collect()),
        Part::Relationships => {
            ("relationships", person.relationships.iter().map(|it| relationship(book, it)).collect())
        }
        Part::CustomFields => ("customFields", person.custom_fields.iter().map(custom_field).collect()),
    };
    match person.overrides.get(name) {
        None => items,
        Some(instead) => instead.as_array().cloned().unwrap_or_default(),
    }
}

/// The profile of a person.
pub(super) fn individual(book: Book<'_>, person: &Person, details: Details) -> Value {
    let blank = Blank::of(person);
    let text = |value: &Option<String>| value.as_ref().map_or_else(|| blank.text(), |text| json!(text));
    let mut members = object(json!({
        "id": person.id, "customerType": "Individual", "recordNumber": person.record_number,
        "firstName": person.first_name, "lastName": person.last_name, "secondLastName": "", "gender": "",
        "salutation": blank.text(), "title": text(&person.title), "name": person.full_name(), "sourceCode": null,
        "email": text(&person.email), "category": null, "categories": blank.list(Vec::new()), "tags": [],
        "jobRoles": [], "oldId": null, "isDeceased": person.is_deceased,
    }));
    members.extend(profile::members(person, &blank));
    let own: Vec<Value> = memberships(book, person).map(|it| membership(it, person.old_shape)).collect();
    let roles = person.security_roles.iter().map(|name| json!({ "name": name })).collect();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("user", user(person));
    put("memberships", blank.list(own));
    put("securityRoles", blank.list(roles));
    put("primaryOrganization", primary_organization(book, person, details.organization));
    let mut put_part = |name: &str, wanted: bool, which: Part| {
        let value = if wanted { blank.list(part(book, person, which)) } else { Value::Null };
        put(name, value);
    };
    put_part("committees", details.committees, Part::Committees);
    put_part("relationships", details.relationships, Part::Relationships);
    put_part("customFields", details.custom_fields, Part::CustomFields);
    for (name, value) in &person.overrides {
        let elsewhere = matches!(name.as_str(), "registrations" | "purchases" | "certifications");
        if !elsewhere {
            members.insert(name.clone(), value.clone());
        }
    }
    Value::Object(members)
}

/// The memberships that a profile shows.
pub(super) fn memberships<'a>(book: Book<'a>, person: &'a Person) -> impl Iterator<Item = &'a Membership> {
    person
        .memberships
        .iter()
        .filter(move |it| book.only_active_on.is_none_or(|today| dates::is_active(it, today)))
}

/// The members that an item of `Members/All` has without any `include…` flag.
pub(super) fn thin(person: &Person) -> Map<String, Value> {
    object(json!({
        "id": person.id, "customerType": "Individual", "recordNumber": person.record_number,
        "firstName": person.first_name, "lastName": person.last_name, "name": person.full_name(),
        "email": person.email, "memberships": null, "addresses": null, "emails": null, "links": null, "phones": null,
        "customFields": null,
    }))
}

fn user(person: &Person) -> Value {
    person.user.as_ref().map_or(Value::Null, |user| {
        json!({
            "loginEmail": person.login_email(), "mustChangePassword": user.must_change_password,
            "isApproved": user.is_approved,
        })
    })
}

fn primary_organization(book: Book<'_>, person: &Person, full: bool) -> Value {
    let primary: Option<&Relationship> = person.relationships.iter().find(|tie| tie.is_primary);
    let found =
        primary.and_then(|tie| book.organizations.iter().find(|it| it.record_number == tie.organization));
    found.map_or(Value::Null, |it| organization(it, full))
}
