//! The API's answers about committees, events, custom fields and the like as such
//! (docs/ams/remembers.md, "Lists of the association").

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Answer, Handled};
use super::dates;
use super::state::State;
use super::wire;
use crate::sim::people::{Committee, Event};
use crate::sim::serving::Call;

pub(super) fn committees(state: &mut State, call: &Call) -> Handled {
    let (code, name) = (call.query("Code"), call.query("Name"));
    let fits = |it: &&Committee| {
        code.is_none_or(|code| it.code.eq_ignore_ascii_case(code))
            && name.is_none_or(|name| it.name.eq_ignore_ascii_case(name))
    };
    let items = state.directory.committees.iter().filter(fits).map(wire::committee);
    Ok(Answer::page(&state.switches, call.page()?, items))
}

pub(super) fn positions(state: &mut State, call: &Call) -> Handled {
    let positions = committee(state, call)?.positions.iter();
    let items = positions.map(|(code, name)| {
        json!({ "code": code, "name": name, "term": null, "description": "", "isAdmin": code == "CHAIR" })
    });
    Ok(Answer::page(&state.switches, call.page()?, items))
}

/// By code or id.
pub(super) fn committee<'a>(state: &'a State, call: &Call) -> Result<&'a Committee, Answer> {
    let wanted = call.argument("code");
    let fits = |it: &&Committee| it.code.eq_ignore_ascii_case(wanted) || it.id.eq_ignore_ascii_case(wanted);
    state.directory.committees.iter().find(fits).ok_or_else(Answer::not_found)
}

pub(super) fn events(state: &mut State, call: &Call) -> Handled {
    list_events(state, call, |_| true)
}

pub(super) fn upcoming_events(state: &mut State, call: &Call) -> Handled {
    let today = state.today();
    list_events(state, call, |event| dates::day(&event.end_date).is_none_or(|end| end >= today))
}

fn list_events(state: &State, call: &Call, wanted: impl Fn(&Event) -> bool) -> Handled {
    let code = call.query("code");
    let fits = |it: &&Event| wanted(it) && code.is_none_or(|code| it.code.eq_ignore_ascii_case(code));
    let items = state.directory.events.iter().filter(fits).map(wire::event);
    Ok(Answer::page(&state.switches, call.page()?, items))
}

/// Every custom field that anybody has, with the values that occur.
pub(super) fn custom_fields(state: &mut State, call: &Call) -> Handled {
    let mut known: BTreeMap<&str, (&str, Vec<&str>)> = BTreeMap::new();
    for field in state.directory.all(call.environment).flat_map(|person| &person.custom_fields) {
        let (_, values) = known.entry(&field.name).or_insert((&field.caption, Vec::new()));
        for value in field.value.split('|') {
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    let items = known.into_iter().map(|(name, (caption, values))| {
        json!({
            "name": name, "caption": caption, "description": "", "dataType": "String", "inputType": "CheckBoxList",
            "availableValues": values,
        })
    });
    Ok(Answer::page(&state.switches, call.page()?, items))
}

pub(super) fn relationship_types(state: &mut State, call: &Call) -> Handled {
    let employee: Value = json!({
        "name": "Employee", "reciprocalRelationshipName": "Employer", "relationshipType": "IndividualToOrganization",
        "allowPrimary": true, "canPurchaseForOrganization": false, "canManagePAC": false,
        "canManageOrganization": false,
    });
    Ok(Answer::page(&state.switches, call.page()?, [employee].into_iter()))
}

/// There are no advertisements; clients call this to see whether their tokens are still good.
pub(super) fn ads(_: &mut State, call: &Call) -> Handled {
    Ok(Answer::json(json!({ "pageNumber": call.page()?.number, "dataList": [] })))
}
