//! Writing records: a PUT replaces the whole of one, so what is not in it is gone.

use http::StatusCode;
use serde_json::Value;

use crate::sim::guid;
use crate::sim::novi::paging::{detail, missing};
use crate::sim::novi::people::{Account, Customer, CustomerType, Profile};
use crate::sim::novi::state::State;
use crate::sim::novi::wire::Writer;
use crate::sim::serving::{Answer, Call, Handled};

/// The members of a record that a caller writes, in a record that keeps nothing else but what nobody may write.
fn replaced(before: &Customer, body: &Value) -> Result<Customer, Answer> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
    let at = |path: &str| body.pointer(path).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let flag = |name: &str| body.get(name).and_then(Value::as_bool).unwrap_or_default();
    let is_company = text("CustomerType") == "Company";
    let required: &[&str] = if is_company { &["Name"] } else { &["FirstName", "LastName", "Email"] };
    if let Some(name) = required.iter().find(|name| some(name).is_none()) {
        return Err(Answer::error(StatusCode::BAD_REQUEST, &format!("{name} is required.")));
    }
    let password = before.account.clone().unwrap_or_default().password;
    Ok(Customer {
        customer_type: if is_company { CustomerType::Company } else { CustomerType::Person },
        name: if is_company { text("Name") } else { String::new() },
        first_name: text("FirstName"),
        middle_name: text("MiddleName"),
        last_name: text("LastName"),
        job_title: text("JobTitle"),
        email: some("Email"),
        personal_email: some("PersonalEmail"),
        profile: Some(Profile::written(at, flag)).filter(|it| *it != Profile::default()).map(Box::new),
        account: some("AccountEmail").map(|email| Account { email: Some(email), password }),
        active: flag("Active"),
        approved: flag("Approved"),
        original_join_date: some("OriginalJoinDate"),
        member_since: some("MemberSince"),
        membership_expires: some("MembershipExpires"),
        auto_renew: flag("AutoRenew"),
        member_type: body.pointer("/MemberType/Name").and_then(Value::as_str).map(str::to_owned),
        ..before.clone()
    })
}

pub(in crate::sim::novi) fn put(state: &mut State, call: &Call) -> Handled {
    let before = state.record(call.environment, call.argument("id")).cloned();
    let before = before.ok_or_else(|| missing(&state.switches))?;
    let after = replaced(&before, &call.json()?)?;
    let id = before.unique_id;
    state.edit(&id, |customer| *customer = after);
    let customer = state.directory.find(&id).ok_or_else(|| missing(&state.switches))?;
    Ok(detail(&state.switches, Writer::new(state, call.environment).member(customer)))
}

pub(in crate::sim::novi) fn post(state: &mut State, call: &Call) -> Handled {
    let highest = state.directory.customers.iter().map(|it| it.internal_identifier).max();
    let id = guid::random();
    let new = Customer {
        unique_id: id.clone(),
        internal_identifier: highest.unwrap_or_default() + 1,
        ..Customer::default()
    };
    let new = replaced(&new, &call.json()?)?;
    state.add(new);
    let customer = state.directory.find(&id).ok_or_else(|| missing(&state.switches))?;
    Ok(detail(&state.switches, Writer::new(state, call.environment).member(customer)))
}
