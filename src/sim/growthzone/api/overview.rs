//! The organizations and certifications of a person, and the roles of the association.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::contacts::asked;
use crate::sim::growthzone::paging::{page, whole};
use crate::sim::growthzone::people::{Certification, Contact};
use crate::sim::growthzone::state::State;
use crate::sim::growthzone::wire::{Writer, number};
use crate::sim::serving::{Call, Handled};

pub(in crate::sim::growthzone) fn organizations(state: &mut State, call: &Call) -> Handled {
    let (view, writer) = (state.view(), Writer(state.view()));
    let ties = &asked(state, call)?.organizations;
    page(&state.switches, call, ties, |tie| {
        let of = state.directory.find(&tie.organization);
        json!({
            "OrganizationId": number(&tie.organization), "OrganizationContactId": number(&tie.organization),
            "Name": of.map(Contact::full_name), "Title": writer.text(&tie.title), "Type": writer.text(&tie.kind),
            "StatusText": of.map(|of| view.standing(of).word),
        })
    })
}

fn certification(writer: Writer<'_>, person: &Contact, it: &Certification) -> Value {
    json!({
        "ContactId": number(&person.contact_id), "CertificationName": it.name,
        "Status": if it.completed_date.is_some() { 2 } else { 1 }, "StatusText": writer.text(&it.status),
        "StartDate": writer.date(it.start_date.as_deref()), "CompletedDate": writer.date(it.completed_date.as_deref()),
        "Percentage": if it.completed_date.is_some() { 100 } else { 50 },
    })
}

pub(in crate::sim::growthzone) fn certifications(state: &mut State, call: &Call) -> Handled {
    let (writer, person) = (Writer(state.view()), asked(state, call)?);
    page(&state.switches, call, &person.certifications, |it| certification(writer, person, it))
}

pub(in crate::sim::growthzone) fn all_certifications(state: &mut State, call: &Call) -> Handled {
    let writer = Writer(state.view());
    let people = state.directory.contacts.iter();
    let all: Vec<_> = people.flat_map(|it| it.certifications.iter().map(move |own| (it, own))).collect();
    page(&state.switches, call, &all, |(person, it)| certification(writer, person, it))
}

pub(in crate::sim::growthzone) fn roles(state: &mut State, _: &Call) -> Handled {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for role in state.directory.contacts.iter().flat_map(|it| &it.roles) {
        *counts.entry(role).or_default() += 1;
    }
    let roles: Vec<(usize, (&str, usize))> = counts.into_iter().enumerate().collect();
    whole(
        &state.switches,
        &roles,
        |(place, (name, count))| json!({ "RoleId": place + 1, "Name": name, "RoleTypeId": 1, "UsersCount": count }),
    )
}
