//! The read side: the few operations of the community's REST interface with which a push is verified.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Contact, Group, GroupKind, Membership};
use super::state::State;
use super::switches::MissingContact;
use crate::sim::serving::{Answer, Call, Handled, rows};

/// `Contacts/GetContact`.
pub(super) fn contact(state: &mut State, call: &Call) -> Handled {
    let contact = asked_for(state, call)?;
    let text = |field: &str| match contact.text(field) {
        "" => Value::Null,
        text => text.into(),
    };
    let detail = |name: &str| contact.details.get(name).cloned().unwrap_or_default();
    let mut answer = json!({
        "ContactKey": contact.contact_key,
        "LegacyContactKey": contact.contact_id,
        "MemberId": text("memberId"),
        "Prefix": text("prefix"), "FirstName": text("firstName"), "LastName": text("lastName"),
        "EmailAddress": text("email"),
        "ContactStatusCode": contact.status(),
        "CompanyName": text("organizationName"), "CompanyTitle": text("title"),
        "CompanyLegacyContactKey": text("parentContactId"),
        "IsMember": state.is_member(contact), "IsCompany": contact.is_company(),
        "AMSDirectoryOptOut": contact.flag("excludeFromDirectory") == Some(true),
        "HLDirectoryOptOut": contact.directory_opt_out,
        "Biography": text("bio"), "PictureUrl": text("profileImageUrl"), "WebsiteUrl": text("websiteUrl"),
        "UpdatedOn": contact.updated_at,
        "Addresses": detail("addresses"), "EducationEntries": detail("education"),
        "WorkHistory": detail("jobHistory"), "Demographics": demographics(&detail("demographics")),
    });
    if let Some(members) = answer.as_object_mut() {
        phones(members, &detail("phoneNumbers"));
        if call.asks("includeSecurityGroups") {
            members.insert("SecurityGroups".to_owned(), security_groups(state, contact));
        }
    }
    Ok(Answer::json(answer))
}

/// The contact of a call: by Higher Logic's own key, else by the association's, case included.
fn asked_for<'a>(state: &'a State, call: &Call) -> Result<&'a Contact, Answer> {
    let found = match (call.query("contactKey"), call.query("legacyContactKey")) {
        (Some(guid), _) => state.directory.by_guid(guid),
        (None, Some(key)) => state.directory.contacts.get(key),
        (None, None) => {
            let why = "contactKey or legacyContactKey is required.";
            return Err(Answer::error(StatusCode::BAD_REQUEST, why));
        }
    };
    found.ok_or_else(|| match state.switches.missing_contact {
        MissingContact::NotFound => Answer::not_found(),
        MissingContact::Null => Answer::json(Value::Null),
    })
}

fn phones(members: &mut Map<String, Value>, phones: &[Value]) {
    for (place, phone) in phones.iter().take(4).enumerate() {
        let part = |name: &str| phone.get(name).cloned().unwrap_or_default();
        members.insert(format!("Phone{}", place + 1), part("FormattedNumber"));
        members.insert(format!("Phone{}Type", place + 1), part("PhoneType"));
    }
}

/// Each type with its values.
fn demographics(entries: &[Value]) -> Vec<Value> {
    let mut types: Vec<(String, Vec<Value>)> = Vec::new();
    for entry in entries {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (key, value) = (text("DemographicTypeKey"), json!(text("DemographicValue")));
        match types.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => types.push((key, vec![value])),
        }
    }
    types.into_iter().map(|(key, values)| json!({ "DemographicType": key, "Values": values })).collect()
}

fn security_groups(state: &State, contact: &Contact) -> Value {
    let groups = contact.active(state.now()).filter_map(|it| state.directory.groups.get(&it.group));
    let mut keys = Vec::new();
    let shown = groups.filter(|it| it.kind == GroupKind::Security).filter(|it| {
        let is_first = !keys.contains(&it.key);
        keys.push(it.key.clone());
        is_first
    });
    shown
        .map(|it| {
            json!({
                "SecurityGroupKey": it.guid, "SecurityGroupName": it.name, "IntegrationKey": it.key,
                "ProvidesMemberBenefits": state.provides_benefits(it),
            })
        })
        .collect()
}

/// `Communities/GetContactCommunities`.
pub(super) fn contact_communities(state: &mut State, call: &Call) -> Handled {
    let contact = asked_for(state, call)?;
    let now = state.now();
    let rows = contact.memberships.iter().filter(|it| state.switches.past_listed || it.is_active(now));
    let rows = rows.filter_map(|it| {
        let group = community(state, &it.group)?;
        Some(json!({
            "CommunityKey": group.guid, "CommunityName": group.name, "LegacyGroupKey": group.key,
            "IntegrationKey": group.key, "CommunityTypeName": group.group_type,
            "ParentCommunityKey": group.parent, "IsHidden": group.hidden,
            "StartDate": it.begin.unwrap_or(it.joined_at), "EndDate": it.end, "RemovedOn": it.removed_at,
            "IsActive": it.is_active(now), "IsAdmin": false, "CommunityMemberRoles": roles([it]),
        }))
    });
    Ok(Answer::json(rows.collect()))
}

fn community<'a>(state: &'a State, key: &str) -> Option<&'a Group> {
    state.directory.groups.get(key).filter(|it| it.kind == GroupKind::Community)
}

fn roles<'a>(lines: impl IntoIterator<Item = &'a Membership>) -> Vec<&'a str> {
    lines.into_iter().map(|it| it.role.as_str()).filter(|role| !role.is_empty()).collect()
}

/// `Communities/GetCommunityMembers`: a page of those who are in it now, by last name. Records count from 1, and both ends belong to it.
pub(super) fn community_members(state: &mut State, call: &Call) -> Handled {
    let asked = call.json()?;
    let guid = asked.get("CommunityKey").and_then(Value::as_str).unwrap_or_default();
    let group = state.directory.of_kind(GroupKind::Community).find(|it| it.guid.eq_ignore_ascii_case(guid));
    let group = group.ok_or_else(Answer::not_found)?;
    let place = |name: &str| asked.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    let (Some(first), Some(last)) = (place("StartRecord"), place("EndRecord")) else {
        return Err(Answer::error(StatusCode::BAD_REQUEST, "StartRecord and EndRecord are required."));
    };
    let now = state.now();
    let members = state.directory.members(&group.key, now);
    let skip = first.saturating_sub(1);
    let shown = rows(call, &members, skip, last.saturating_sub(skip), |it| {
        let lines = it.active(now).filter(|line| line.group == group.key);
        json!({
            "ContactKey": it.contact_key, "LegacyContactKey": it.contact_id, "FirstName": it.text("firstName"),
            "LastName": it.text("lastName"), "EmailAddress": it.text("email"),
            "CompanyName": it.text("organizationName"), "CommunityMemberRoles": roles(lines),
        })
    });
    Ok(Answer::json(shown.into()))
}

/// `System/GetCommunityMemberUpdates`: who joined and who left between two instants.
pub(super) fn member_updates(state: &mut State, call: &Call) -> Handled {
    if !state.switches.api_admin {
        return Err(Answer::error(StatusCode::FORBIDDEN, "Only administrators may ask this."));
    }
    let asked = call.json()?;
    let instant = |name: &str| asked.get(name)?.as_str()?.parse::<Timestamp>().ok();
    let (Some(from), Some(to)) = (instant("StartDate"), instant("EndDate")) else {
        return Err(Answer::error(StatusCode::BAD_REQUEST, "StartDate and EndDate are required."));
    };
    let now = state.now();
    let is_within = |at: &Timestamp| from <= *at && *at <= to;
    let (mut joins, mut removals) = (Vec::new(), Vec::new());
    for contact in state.directory.contacts.values() {
        for line in &contact.memberships {
            let Some(group) = community(state, &line.group) else { continue };
            let shown = |name: &str, at: Timestamp| {
                json!({
                    name: at, "CommunityName": group.name, "CompanyName": contact.text("organizationName"),
                    "Name": contact.full_name(), "EmailAddress": contact.text("email"),
                    "IntegrationID": contact.contact_id, "CommunityIntegrationID": group.key,
                })
            };
            let Some(began) = line.began(now) else { continue };
            joins.extend(Some(began).filter(is_within).map(|at| shown("JoinDate", at)));
            removals.extend(line.ended(now).filter(is_within).map(|at| shown("RemoveDate", at)));
        }
    }
    Ok(Answer::json(json!({
        "JoinCount": joins.len(), "RemovalCount": removals.len(), "CommunityJoins": joins,
        "CommunityRemovals": removals,
    })))
}
