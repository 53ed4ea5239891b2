//! Committees and who sits on them.

use serde_json::{Value, json};

use super::members::is_seen;
use crate::sim::novi::ids;
use crate::sim::novi::paging::{detail, missing, page};
use crate::sim::novi::people::{Committee, Customer, Seat};
use crate::sim::novi::state::State;
use crate::sim::novi::wire::Writer;
use crate::sim::serving::{Call, Handled};

fn shown(state: &State, call: &Call, committee: &Committee) -> Value {
    let writer = Writer::new(state, call.environment);
    json!({
        "UniqueID": writer.id(&committee.unique_id), "Name": committee.name,
        "Roles": committee.roles.iter().map(|role| {
            json!({ "UniqueID": writer.id(&role.unique_id), "Name": role.name })
        }).collect::<Vec<Value>>(),
    })
}

pub(in crate::sim::novi) fn list(state: &mut State, call: &Call) -> Handled {
    page(&state.switches, call, &state.directory.committees, |committee| shown(state, call, committee))
}

fn asked<'a>(state: &'a State, call: &Call) -> Option<&'a Committee> {
    let id = ids::at(call.environment, call.argument("id"));
    state.directory.committees.iter().find(|it| it.unique_id == id)
}

pub(in crate::sim::novi) fn one(state: &mut State, call: &Call) -> Handled {
    let committee = asked(state, call).ok_or_else(|| missing(&state.switches))?;
    Ok(detail(&state.switches, shown(state, call, committee)))
}

pub(in crate::sim::novi) fn members(state: &mut State, call: &Call) -> Handled {
    let committee = asked(state, call).ok_or_else(|| missing(&state.switches))?;
    let seats: Vec<(&Customer, &Seat)> = state
        .directory
        .all(call.environment)
        .filter(|it| is_seen(state, it))
        .flat_map(|it| it.committees.iter().map(move |seat| (it, seat)))
        .filter(|(_, seat)| seat.committee.eq_ignore_ascii_case(&committee.name))
        .collect();
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &seats, |(it, seat)| {
        let role = committee.roles.iter().find(|role| role.name.eq_ignore_ascii_case(&seat.role));
        let mut row = json!({
            "UniqueID": writer.derived(&["seat", &it.unique_id, &seat.committee, &seat.role]),
            "CommitteeUniqueID": writer.id(&committee.unique_id), "CommitteeName": committee.name,
            "MemberUniqueID": writer.id(&it.unique_id), "MemberName": it.full_name(),
            "CommitteeSection": Value::Null, "Inherited": seat.inherited,
        });
        if let (true, Some(row)) = (state.switches.committee_terms, row.as_object_mut()) {
            let role = role.map(|role| json!({ "UniqueID": writer.id(&role.unique_id), "Name": role.name }));
            row.insert("Role".to_owned(), role.unwrap_or_default());
            row.insert("Status".to_owned(), writer.text(&seat.status));
            row.insert("TermStart".to_owned(), writer.date(seat.term_start.as_deref()));
            row.insert("TermEnd".to_owned(), writer.date(seat.term_end.as_deref()));
        }
        row
    })
}
