//! Memberships of everybody, and the types there are.

use serde_json::{Value, json};

use crate::sim::growthzone::paging::{missing, page, whole};
use crate::sim::growthzone::people::{Contact, Membership};
use crate::sim::growthzone::state::State;
use crate::sim::growthzone::wire::{Writer, number};
use crate::sim::serving::{Answer, Call, Handled};

pub(in crate::sim::growthzone) fn types(state: &mut State, _: &Call) -> Handled {
    whole(&state.switches, &state.directory.membership_types, |it| {
        // `Type` is the class of an icon, not a name.
        json!({
            "MembershipTypeId": it.membership_type_id, "Name": it.name, "OwnerContactTypeId": 2,
            "Type": "fa fa-users",
        })
    })
}

pub(in crate::sim::growthzone) fn levels(state: &mut State, call: &Call) -> Handled {
    let types = &state.directory.membership_types;
    let of = types.iter().find(|it| call.argument("id").parse() == Ok(it.membership_type_id));
    let of = of.ok_or_else(|| missing(&state.switches))?;
    whole(
        &state.switches,
        &of.levels,
        |level| json!({ "Name": level, "MembershipTypeId": of.membership_type_id }),
    )
}

/// Every membership of every status; a POST may name a type.
pub(in crate::sim::growthzone) fn all(state: &mut State, call: &Call) -> Handled {
    let body = call.json().unwrap_or_default();
    let kind = body.get("MembershipTypeId").and_then(Value::as_u64);
    let kind = kind.and_then(|id| {
        state
            .directory
            .membership_types
            .iter()
            .find(|it| it.membership_type_id == id)
            .map(|it| it.name.clone())
    });
    let writer = Writer(state.view());
    let contacts = state.directory.contacts.iter();
    let mut rows: Vec<(&Contact, &Membership)> =
        contacts.flat_map(|it| it.memberships.iter().map(move |own| (it, own))).collect();
    rows.retain(|(_, it)| kind.as_ref().is_none_or(|kind| it.kind.eq_ignore_ascii_case(kind)));
    page(&state.switches, call, &rows, |(owner, it)| writer.membership(owner, it))
}

fn asked<'a>(state: &'a State, call: &Call) -> Result<(&'a Contact, &'a Membership), Answer> {
    let contacts = state.directory.contacts.iter();
    let mut all = contacts.flat_map(|it| it.memberships.iter().map(move |own| (it, own)));
    let found = all.find(|(_, it)| call.argument("id").parse() == Ok(it.membership_id));
    found.ok_or_else(|| missing(&state.switches))
}

pub(in crate::sim::growthzone) fn one(state: &mut State, call: &Call) -> Handled {
    let (owner, it) = asked(state, call)?;
    Ok(Answer::json(Writer(state.view()).membership(owner, it)))
}

pub(in crate::sim::growthzone) fn general(state: &mut State, call: &Call) -> Handled {
    let (owner, it) = asked(state, call)?;
    Ok(Answer::json(json!({
        "MembershipId": it.membership_id, "MembershipType": it.kind,
        "MembershipStatusType": state.view().of_membership(it), "OwnerContactId": number(&owner.contact_id),
        "PrimaryContactId": number(&owner.contact_id), "Members": [], "Activations": [],
    })))
}

/// Who has the benefits of a membership through its owner.
pub(in crate::sim::growthzone) fn related(state: &mut State, call: &Call) -> Handled {
    let (owner, _) = asked(state, call)?;
    let is_related = |it: &&Contact| it.organizations.iter().any(|tie| tie.organization == owner.contact_id);
    let people: Vec<&Contact> = state.directory.contacts.iter().filter(is_related).collect();
    page(
        &state.switches,
        call,
        &people,
        |it| json!({ "ContactId": number(&it.contact_id), "ContactDisplayName": it.full_name() }),
    )
}
