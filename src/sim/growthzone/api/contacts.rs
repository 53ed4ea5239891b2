//! People and organizations, and the feed of their changes.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::growthzone::dates;
use crate::sim::growthzone::paging::{missing, page, page_of, top};
use crate::sim::growthzone::people::{Contact, ContactType};
use crate::sim::growthzone::state::State;
use crate::sim::growthzone::switches::DeltaParameter;
use crate::sim::growthzone::wire::{Writer, number};
use crate::sim::serving::{Answer, Call, Handled};

/// All contacts.
pub(in crate::sim::growthzone) fn list(state: &mut State, call: &Call) -> Handled {
    let writer = Writer(state.view());
    let mut all: Vec<&Contact> = state.directory.contacts.iter().collect();
    match call.query("$orderby") {
        Some("ContactId") => all.sort_by_key(|it| it.contact_id.parse::<u64>().unwrap_or_default()),
        Some("Name") => all.sort_by_key(|it| it.full_name()),
        _ => {}
    }
    page(&state.switches, call, &all, |it| writer.contact(it))
}

/// Who has changed since an instant, the earliest change first; who is gone, too.
pub(in crate::sim::growthzone) fn delta(state: &mut State, call: &Call) -> Handled {
    let zone = &state.switches.time_zone;
    let asked = match state.switches.delta_parameter {
        DeltaParameter::ModifiedSince => call.query("modifiedSince"),
        DeltaParameter::Since => call.query("since"),
        DeltaParameter::None => None,
    };
    let wrong = || Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.");
    let since = asked.map(|text| dates::instant(text, zone).ok_or_else(wrong)).transpose()?;
    let present =
        state.directory.contacts.iter().map(|it| (it, state.directory.changed_at(&it.contact_id), false));
    let gone = state.directory.gone.iter().map(|(it, at)| (it, *at, true));
    let mut rows: Vec<(&Contact, Timestamp, bool)> = present.chain(gone).collect();
    rows.retain(|(_, at, _)| since.is_none_or(|since| *at >= since));
    rows.sort_by_key(|(_, at, _)| *at);
    let size = top(&state.switches, call)?;
    page_of(&state.switches, call, size, &rows, |(it, at, is_deleted)| {
        json!({
            "ContactId": number(&it.contact_id), "DisplayName": it.full_name(),
            "ModifiedDate": dates::stamp(*at, zone), "IsDeleted": is_deleted,
            "SystemContactTypeId": it.contact_type as u8,
        })
    })
}

/// The contact whose number a call has.
pub(super) fn asked<'a>(state: &'a State, call: &Call) -> Result<&'a Contact, Answer> {
    state.directory.find(call.argument("id")).ok_or_else(|| missing(&state.switches))
}

fn asked_for<'a>(state: &'a State, call: &Call, kind: ContactType) -> Result<&'a Contact, Answer> {
    let found = asked(state, call)?;
    if found.contact_type == kind { Ok(found) } else { Err(missing(&state.switches)) }
}

pub(in crate::sim::growthzone) fn person(state: &mut State, call: &Call) -> Handled {
    let person = asked_for(state, call, ContactType::Individual)?;
    Ok(Answer::json(Writer(state.view()).person(person)))
}

pub(in crate::sim::growthzone) fn person_summary(state: &mut State, call: &Call) -> Handled {
    let person = asked_for(state, call, ContactType::Individual)?;
    let (writer, first) = (Writer(state.view()), person.memberships.first());
    let organization = person.organizations.first().and_then(|tie| state.directory.find(&tie.organization));
    Ok(Answer::json(json!({
        "ContactId": number(&person.contact_id), "FirstName": person.first_name, "LastName": person.last_name,
        "Email": writer.text(person.email.as_deref().unwrap_or_default()),
        "MembershipStatus": state.view().standing(person).word,
        "MembershipLevel": writer.text(first.map_or("", |it| it.level.as_str())),
        "MembershipEstablished": writer.date(first.and_then(|it| it.start_date.as_deref())),
        "OrganizationName": writer.text(&organization.map(Contact::full_name).unwrap_or_default()),
        "OrganizationId": organization.map(|it| number(&it.contact_id)).unwrap_or_default(),
    })))
}

/// One organization with the people who are related to it.
pub(in crate::sim::growthzone) fn org_general(state: &mut State, call: &Call) -> Handled {
    let organization = asked_for(state, call, ContactType::Organization)?;
    let writer = Writer(state.view());
    let people = state.directory.contacts.iter();
    let staff: Vec<Value> = people
        .filter(|it| it.organizations.iter().any(|tie| tie.organization == organization.contact_id))
        .map(|it| json!({ "ContactId": number(&it.contact_id), "ContactDisplayName": it.full_name() }))
        .collect();
    let mut general = writer.contact(organization);
    if let Some(general) = general.as_object_mut() {
        general.insert("ContactDisplayName".to_owned(), organization.full_name().into());
        general.insert("Contacts".to_owned(), staff.into());
        general.insert("ContactInfos".to_owned(), writer.infos(organization).into());
    }
    Ok(Answer::json(general))
}

/// A bare array of memberships.
pub(in crate::sim::growthzone) fn memberships(state: &mut State, call: &Call) -> Handled {
    let contact = asked(state, call)?;
    let writer = Writer(state.view());
    Ok(Answer::json(contact.memberships.iter().map(|it| writer.membership(contact, it)).collect()))
}

/// Each list there is, and whether the contact is on it.
pub(in crate::sim::growthzone) fn groups(state: &mut State, call: &Call) -> Handled {
    let contact = asked(state, call)?;
    let writer = Writer(state.view());
    let entry = |name: &str| contact.lists.iter().find(|entry| entry.list.eq_ignore_ascii_case(name));
    let lists = state.directory.lists.iter();
    let rows: Vec<Value> = lists.map(|list| writer.list_of(contact, list, entry(&list.name))).collect();
    let on: Vec<&Value> =
        rows.iter().filter(|row| row.get("ContactGroupId").is_some_and(|id| *id != 0)).collect();
    Ok(Answer::json(json!({
        "ContactId": number(&contact.contact_id), "ContactDisplayName": contact.full_name(),
        "Groups": rows, "GroupMembers": on,
    })))
}

pub(in crate::sim::growthzone) fn notes_and_fields(state: &mut State, call: &Call) -> Handled {
    let contact = asked(state, call)?;
    let writer = Writer(state.view());
    let fields: Vec<Value> =
        contact.fields.iter().map(|field| json!({ "Name": field.name, "Value": field.value })).collect();
    let begun = contact.memberships.first().and_then(|it| it.start_date.as_deref());
    Ok(Answer::json(json!({
        "ContactId": number(&contact.contact_id), "Notes": [], "Bio": writer.text(contact.profile.as_ref().map_or("", |it| it.bio.as_str())),
        "EstablishedDate": writer.date(begun), "Fields": fields, "HasAccessToSetup": false,
    })))
}

pub(in crate::sim::growthzone) fn emails(state: &mut State, call: &Call) -> Handled {
    let contact = asked(state, call)?;
    let email =
        |address: &String| json!({ "Address": address, "IsPrimary": true, "Type": 1, "TypeName": "Email" });
    Ok(Answer::json(contact.email.iter().map(email).collect()))
}

/// A bare array.
pub(in crate::sim::growthzone) fn phones(state: &mut State, call: &Call) -> Handled {
    let contact = asked(state, call)?;
    let infos = Writer(state.view()).infos(contact).into_iter();
    Ok(Answer::json(infos.filter(|info| info.get("Type").is_some_and(|kind| *kind == 2)).collect()))
}

/// A bare array.
pub(in crate::sim::growthzone) fn addresses(state: &mut State, call: &Call) -> Handled {
    let contact = asked(state, call)?;
    let writer = Writer(state.view());
    let addresses = contact.profile.iter().flat_map(|it| &it.addresses).enumerate();
    Ok(Answer::json(addresses.map(|(place, it)| writer.address(place, it)).collect()))
}
