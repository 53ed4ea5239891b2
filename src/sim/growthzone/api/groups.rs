//! Lists, which may be committees, and who is on them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sim::growthzone::paging::{missing, page, whole};
use crate::sim::growthzone::people::{Contact, ListEntry};
use crate::sim::growthzone::state::State;
use crate::sim::growthzone::wire::{Writer, number};
use crate::sim::serving::{Call, Handled};

pub(in crate::sim::growthzone) fn list(state: &mut State, _: &Call) -> Handled {
    let writer = Writer(state.view());
    whole(&state.switches, &state.directory.lists, |it| {
        json!({
            "GroupId": it.group_id, "Name": it.name, "Category": writer.text(&it.category),
            "Description": writer.text(&it.description), "IsMemberJoinable": it.is_member_joinable,
        })
    })
}

pub(in crate::sim::growthzone) fn categories(state: &mut State, _: &Call) -> Handled {
    let named: BTreeSet<&str> = state.directory.lists.iter().map(|it| it.category.as_str()).collect();
    let named: Vec<&str> = named.into_iter().collect();
    whole(&state.switches, &named, |name| json!({ "Name": name }))
}

pub(in crate::sim::growthzone) fn members(state: &mut State, call: &Call) -> Handled {
    let list = state.directory.list(call.argument("id")).ok_or_else(|| missing(&state.switches))?;
    let writer = Writer(state.view());
    let contacts = state.directory.contacts.iter();
    let entries = contacts.flat_map(|it| it.lists.iter().map(move |entry| (it, entry)));
    let rows: Vec<(&Contact, &ListEntry)> =
        entries.filter(|(_, entry)| entry.list.eq_ignore_ascii_case(&list.name)).collect();
    page(&state.switches, call, &rows, |(it, entry)| {
        let mut row = json!({
            "GroupId": list.group_id, "ContactId": number(&it.contact_id), "ContactDisplayName": it.full_name(),
        });
        if let (true, Some(row), Value::Object(more)) = (
            state.switches.roster_details,
            row.as_object_mut(),
            json!({
                "Role": writer.text(&entry.role), "JoinDate": writer.date(entry.join_date.as_deref()),
                "DropDate": writer.date(entry.drop_date.as_deref()), "IsActive": entry.is_active,
            }),
        ) {
            row.extend(more);
        }
        row
    })
}
