//! What there is to choose from: types of membership and custom fields.

use std::collections::BTreeSet;

use serde_json::json;

use super::members::is_seen;
use crate::sim::novi::paging::{catalogue, page};
use crate::sim::novi::state::State;
use crate::sim::novi::wire::Writer;
use crate::sim::serving::{Call, Handled};

pub(in crate::sim::novi) fn member_types(state: &mut State, call: &Call) -> Handled {
    let writer = Writer::new(state, call.environment);
    catalogue(&state.switches, call, &state.directory.member_types, |it| writer.member_type(Some(it)))
}

pub(in crate::sim::novi) fn custom_fields(state: &mut State, call: &Call) -> Handled {
    let fields = state.directory.all(call.environment).flat_map(|it| &it.custom_fields);
    let named: BTreeSet<&str> = fields.map(|field| field.name.as_str()).collect();
    let named: Vec<&str> = named.into_iter().collect();
    let writer = Writer::new(state, call.environment);
    catalogue(
        &state.switches,
        call,
        &named,
        |name| json!({ "UniqueID": writer.derived(&["field", name]), "Name": name, "FieldType": "Text" }),
    )
}

pub(in crate::sim::novi) fn values(state: &mut State, call: &Call) -> Handled {
    let seen = state.directory.all(call.environment).filter(|it| is_seen(state, it));
    let all: Vec<_> = seen.flat_map(|it| it.custom_fields.iter().map(move |field| (it, field))).collect();
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &all, |(it, field)| {
        json!({
            "CustomerUniqueID": writer.id(&it.unique_id),
            "CustomFieldUniqueID": writer.derived(&["field", &field.name]),
            "CustomFieldName": field.name, "Value": field.value, "IsSumOfChildren": false,
        })
    })
}
