//! The API's answers about organizations (docs/ams/remembers.md, "Lists of the association").

use serde_json::{Value, json};

use super::answer::{Answer, Handled};
use super::bulk::{page_of_ids, since};
use super::dates;
use super::state::State;
use super::wire;
use crate::sim::people::{Organization, Person, Relationship};
use crate::sim::serving::Call;

impl State {
    fn organization(&self, call: &Call) -> Result<&Organization, Answer> {
        self.directory.organization(call.argument("organization")).ok_or_else(Answer::not_found)
    }
}

/// In the envelope, though the vendor's own description shows a bare object.
pub(super) fn profile(state: &mut State, call: &Call) -> Handled {
    let value = wire::organization(state.organization(call)?, true);
    Ok(Answer::page(&state.switches, call.page()?, [value].into_iter()))
}

pub(super) fn members(state: &mut State, call: &Call) -> Handled {
    let today = state.today();
    let code = call.query("membershipTypeCode");
    let fits = |it: &&Organization| {
        it.memberships.iter().any(|membership| {
            dates::is_active(membership, today)
                && code.is_none_or(|code| membership.code.eq_ignore_ascii_case(code))
        })
    };
    let full = call.asks("includeMembership");
    let items = state.directory.organizations.iter().filter(fits).map(|it| wire::organization(it, full));
    Ok(Answer::page(&state.switches, call.page()?, items))
}

/// Organizations do not change while the simulator runs: only the question for everything has an answer.
pub(super) fn changed_since(state: &mut State, call: &Call) -> Handled {
    let everything = since(state, call)?.is_none();
    let organizations = state.directory.organizations.iter().filter(|_| everything);
    let ids: Vec<&str> = organizations.map(|it| it.id.as_str()).collect();
    page_of_ids(state, call, &ids)
}

/// A bare array.
pub(super) fn memberships(state: &mut State, call: &Call) -> Handled {
    memberships_that_are(state, call, true)
}

/// A bare array.
pub(super) fn past_memberships(state: &mut State, call: &Call) -> Handled {
    memberships_that_are(state, call, false)
}

fn memberships_that_are(state: &State, call: &Call, active: bool) -> Handled {
    let (organization, today) = (state.organization(call)?, state.today());
    let wanted = organization.memberships.iter().filter(|it| dates::is_active(it, today) == active);
    Ok(Answer::json(wanted.map(|it| wire::membership(it, false)).collect()))
}

/// A bare array.
pub(super) fn custom_fields(state: &mut State, call: &Call) -> Handled {
    let fields = &state.organization(call)?.custom_fields;
    Ok(Answer::json(fields.iter().map(wire::custom_field).collect()))
}

/// The people who are tied to it, seen from its side.
pub(super) fn relationships(state: &mut State, call: &Call) -> Handled {
    let organization = state.organization(call)?;
    let name = call.query("relationshipName").or_else(|| call.query("relationshipName."));
    let tied = |person: &'_ Person, tie: &Relationship| -> Option<Value> {
        let here = tie.organization == organization.record_number;
        let named = name.is_none_or(|name| tie.reciprocal_name.eq_ignore_ascii_case(name));
        (here && named).then(|| {
            json!({
                "relationshipName": tie.reciprocal_name, "reciprocalRelationshipName": tie.name,
                "isPrimary": tie.is_primary, "startDate": tie.start_date, "endDate": tie.end_date,
                "relatedToCustomer": wire::thin(person),
            })
        })
    };
    let people = state.directory.all(call.environment);
    let items =
        people.flat_map(|person| person.relationships.iter().filter_map(move |tie| tied(person, tie)));
    Ok(Answer::page(&state.switches, call.page()?, items))
}
