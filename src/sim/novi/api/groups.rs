//! Groups and who is in them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::members::is_seen;
use crate::sim::novi::ids;
use crate::sim::novi::paging::{catalogue, detail, missing, page};
use crate::sim::novi::people::{Customer, Group};
use crate::sim::novi::standing::View;
use crate::sim::novi::state::State;
use crate::sim::novi::wire::Writer;
use crate::sim::serving::{Call, Handled};

/// Everybody in a group, and whether as a beneficiary.
fn roster<'a>(view: View<'a>, call: &Call, group: &Group) -> Vec<(&'a Customer, bool, Option<&'a Customer>)> {
    let place = |it: &'a Customer| {
        let standing = view.standing(it);
        let places = view.places(it, &standing);
        let place = places.iter().find(|place| place.group.unique_id == group.unique_id)?;
        Some((it, place.inheriting, standing.from))
    };
    view.directory.all(call.environment).filter_map(place).collect()
}

fn shown(state: &State, call: &Call, group: &Group) -> Value {
    let writer = Writer::new(state, call.environment);
    let all = roster(state.view(), call, group);
    let beneficiaries = all.iter().filter(|(_, inheriting, _)| *inheriting).count();
    let categories: Vec<Value> = match group.category.as_str() {
        "" => Vec::new(),
        name => vec![json!({ "UniqueID": writer.derived(&["category", name]), "Name": name })],
    };
    json!({
        "UniqueID": writer.id(&group.unique_id), "Name": group.name,
        "PrimaryMemberCount": all.len() - beneficiaries, "BeneficiaryMemberCount": beneficiaries,
        "TotalMemberCount": all.len(), "SyncToMailChimp": false, "SyncToConstantContact": false,
        "SyncToMobilize": false, "SyncToHigherLogic": group.sync_to_higher_logic, "Categories": categories,
    })
}

pub(in crate::sim::novi) fn list(state: &mut State, call: &Call) -> Handled {
    page(&state.switches, call, &state.directory.groups, |group| shown(state, call, group))
}

fn asked<'a>(state: &'a State, call: &Call) -> Option<&'a Group> {
    let id = ids::at(call.environment, call.argument("id"));
    state.directory.groups.iter().find(|it| it.unique_id == id)
}

pub(in crate::sim::novi) fn one(state: &mut State, call: &Call) -> Handled {
    let group = asked(state, call).ok_or_else(|| missing(&state.switches))?;
    Ok(detail(&state.switches, shown(state, call, group)))
}

pub(in crate::sim::novi) fn members(state: &mut State, call: &Call) -> Handled {
    let group = asked(state, call).ok_or_else(|| missing(&state.switches))?;
    let mut all = roster(state.view(), call, group);
    let beneficiaries = state.switches.beneficiaries_listed;
    all.retain(|(it, inheriting, _)| (beneficiaries || !inheriting) && is_seen(state, it));
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &all, |(it, _, from)| {
        let payer = from.map_or(&it.unique_id, |from| &from.unique_id);
        json!({
            "UniqueID": writer.id(&it.unique_id), "Name": it.full_name(), "DuesPayerUniqueID": writer.id(payer),
        })
    })
}

pub(in crate::sim::novi) fn categories(state: &mut State, call: &Call) -> Handled {
    let named: BTreeSet<&str> = state.directory.groups.iter().map(|it| it.category.as_str()).collect();
    let named: Vec<&str> = named.into_iter().filter(|name| !name.is_empty()).collect();
    let writer = Writer::new(state, call.environment);
    catalogue(
        &state.switches,
        call,
        &named,
        |name| json!({ "UniqueID": writer.derived(&["category", name]), "Name": name }),
    )
}
