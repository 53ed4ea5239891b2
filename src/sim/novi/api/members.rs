//! People and companies, and the log of changes of their memberships.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::novi::dates;
use crate::sim::novi::journal::Activity;
use crate::sim::novi::paging::{detail, missing, page};
use crate::sim::novi::people::Customer;
use crate::sim::novi::state::State;
use crate::sim::novi::switches::{ActivitySubject, EmailSearch, HiddenRecord, ListOrder, ModifiedFilter};
use crate::sim::novi::wire::Writer;
use crate::sim::serving::{Answer, Call, Handled};

/// The list, with all the filters that are known.
pub(in crate::sim::novi) fn list(state: &mut State, call: &Call) -> Handled {
    let changed_since = modified_since(state, call)?;
    let switches = &state.switches;
    let is = |asked: Option<&str>, own: &str| asked.is_none_or(|asked| asked.eq_ignore_ascii_case(own));
    let parent = |it: &Customer| it.parent.as_deref().and_then(|parent| state.directory.find(parent));
    let has_email = |it: &Customer| {
        let Some(asked) = call.query("email") else { return true };
        let emails = match switches.email_search {
            EmailSearch::Contact => [it.email.as_deref(), None],
            EmailSearch::Account => [it.account_email(), None],
            EmailSearch::Both => [it.email.as_deref(), it.account_email()],
        };
        emails.into_iter().flatten().any(|email| email.eq_ignore_ascii_case(asked))
    };
    let mut found: Vec<&Customer> = state
        .directory
        .all(call.environment)
        .filter(|it| switches.inactive_listed || it.active)
        .filter(|it| is(call.query("name"), &it.full_name()) && has_email(it))
        .filter(|it| match call.query("parentName") {
            Some(asked) => parent(it).is_some_and(|above| above.full_name().eq_ignore_ascii_case(asked)),
            None => true,
        })
        .filter(|it| changed_since.is_none_or(|since| state.directory.changed_at(&it.unique_id) >= since))
        .filter(|it| is_seen(state, it))
        .collect();
    if switches.list_order == ListOrder::ByChange {
        found.sort_by_key(|it| std::cmp::Reverse(state.directory.changed_at(&it.unique_id)));
    }
    let writer = Writer::new(state, call.environment);
    page(switches, call, &found, |it| writer.member(it))
}

fn modified_since(state: &State, call: &Call) -> Result<Option<Timestamp>, Answer> {
    let Some(since) = instant(state, call, "lastModifiedDate")? else { return Ok(None) };
    Ok(match state.switches.modified_filter {
        ModifiedFilter::Honored => Some(since),
        ModifiedFilter::DayOnly => {
            let day = since.to_zoned(state.switches.time_zone.clone()).start_of_day();
            day.ok().map(|day| day.timestamp())
        }
        ModifiedFilter::Ignored => None,
    })
}

/// A parameter that is an instant.
pub(super) fn instant(state: &State, call: &Call, name: &str) -> Result<Option<Timestamp>, Answer> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let wrong = || Answer::error(StatusCode::BAD_REQUEST, "The date is not valid.");
    dates::parameter(text, &state.switches.time_zone).map(Some).ok_or_else(wrong)
}

/// Whether the key may see a record.
pub(super) fn is_seen(state: &State, customer: &Customer) -> bool {
    let group = state.switches.scope_group.as_deref();
    group.is_none_or(|group| state.view().is_in_one_of(customer, group))
}

/// One record.
pub(in crate::sim::novi) fn one(state: &mut State, call: &Call) -> Handled {
    let switches = &state.switches;
    let customer = state.record(call.environment, call.argument("id")).ok_or_else(|| missing(switches))?;
    if is_seen(state, customer) {
        return Ok(detail(switches, Writer::new(state, call.environment).member(customer)));
    }
    Err(match switches.hidden_record {
        HiddenRecord::Missing => missing(switches),
        HiddenRecord::Forbidden => Answer::error(StatusCode::FORBIDDEN, "The key may not see this record."),
    })
}

/// The log of changes of memberships.
pub(in crate::sim::novi) fn activities(state: &mut State, call: &Call) -> Handled {
    let (from, to) = (instant(state, call, "dateFrom")?, instant(state, call, "dateTo")?);
    let seen = |id: &str| state.directory.find(id).filter(|it| it.exists_in(call.environment));
    let rows: Vec<(&Activity, &Customer)> = state
        .journal
        .rows()
        .iter()
        .filter(|it| from.is_none_or(|from| it.at >= from) && to.is_none_or(|to| it.at <= to))
        .filter_map(|it| Some((it, seen(&it.member)?)))
        .filter(|(_, customer)| is_seen(state, customer))
        .collect();
    let writer = Writer::new(state, call.environment);
    let name = |id: &str| state.directory.find(id).map(Customer::full_name);
    let type_id = |name: &Option<String>| {
        let of = name.as_deref().and_then(|name| state.directory.member_type(name));
        writer.member_type(of)
    };
    page(&state.switches, call, &rows, |(it, customer)| {
        let subject = match (&it.from, state.switches.activity_subject) {
            (Some(company), ActivitySubject::Company) => company,
            _ => &it.member,
        };
        let dependent = it.from.as_ref().map(|_| writer.id(&it.member)).unwrap_or_default();
        json!({
            "MemberUniqueId": writer.id(subject),
            "ChangeType": if it.old_status == it.new_status { "MemberTypeChange" } else { "StatusChange" },
            "OldMembershipStatus": it.old_status, "NewMembershipStatus": it.new_status,
            "OldMembershipSubStatus": Value::Null, "NewMembershipSubStatus": customer.sub_status,
            "DependentCustomerUniqueId": dependent,
            "DependentCustomerName": it.from.as_ref().map(|_| customer.full_name()),
            "InheritingFromCustomerUniqueId": it.from.as_deref().map(|from| writer.id(from)),
            "InheritingFromCustomerName": it.from.as_deref().and_then(name),
            "OldMemberType": type_id(&it.old_type), "NewMemberType": type_id(&it.new_type),
            "Date": dates::stamp(it.at, 3, &state.switches),
        })
    })
}
