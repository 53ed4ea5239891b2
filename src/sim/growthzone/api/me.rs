//! Who is asking: the person whose token it is, or the program whose key it is.

use serde_json::{Value, json};

use crate::sim::growthzone::people::Contact;
use crate::sim::growthzone::state::State;
use crate::sim::growthzone::wire::{Writer, number};
use crate::sim::openid::bearer;
use crate::sim::serving::{Answer, Call, Handled};

/// The person whose token a call brings, if it does not bring the key.
pub(in crate::sim::growthzone) fn caller<'a>(state: &'a State, call: &Call) -> Option<&'a Contact> {
    let grant = bearer(call, &state.grants, state.now(), state.lifetimes()).ok()?;
    state.directory.find(&grant.holder)
}

/// The number that the two calls about oneself name.
fn own_number(state: &State, person: &Contact) -> Value {
    if state.switches.contact_ids_agree { number(&person.contact_id) } else { json!(999_999) }
}

pub(in crate::sim::growthzone) fn about_me(state: &mut State, call: &Call) -> Handled {
    let tenant = json!({ "TenantId": 77, "TenantName": "Sample Chamber", "TenantDomain": "sample" });
    let Some(person) = caller(state, call) else { return Ok(Answer::json(tenant)) };
    let writer = Writer(state.view());
    let current = person.organizations.first().and_then(|tie| state.directory.find(&tie.organization));
    let mut me = json!({
        "ContactId": own_number(state, person), "Name": person.full_name(),
        "FirstName": person.first_name, "LastName": person.last_name,
        "PrimaryEmailAddress": writer.text(person.email.as_deref().unwrap_or_default()),
        "Title": writer.text(&person.title), "AllRoles": person.roles.join(", "),
        "CurrentOrganizationId": current.map(|it| number(&it.contact_id)).unwrap_or_default(),
        "CurrentOrganizationName": writer.text(&current.map(Contact::full_name).unwrap_or_default()),
    });
    if let (Some(me), Some(tenant)) = (me.as_object_mut(), tenant.as_object()) {
        me.extend(tenant.clone());
        if !state.switches.aboutme_contact_id {
            me.remove("ContactId");
        }
    }
    Ok(Answer::json(me))
}

/// The claims of the caller, all of them text.
pub(in crate::sim::growthzone) fn claims(state: &mut State, call: &Call) -> Handled {
    let now = state.now().as_second();
    let mut claims = vec![
        ("TenantId", "77".to_owned()),
        ("TenantKey", state.credentials.tenant_key.clone()),
        ("iss", format!("{}/", state.base)),
        ("aud", state.credentials.client_id.clone()),
        ("nbf", now.to_string()),
        ("exp", (now + state.lifetimes().access.as_secs()).to_string()),
    ];
    if let Some(person) = caller(state, call) {
        let organization = person.organizations.first().map_or("", |tie| tie.organization.as_str());
        claims.extend([
            ("ContactId", own_number(state, person).to_string()),
            ("LoginId", (person.contact_id.parse::<u64>().unwrap_or_default() + 5_000_000).to_string()),
            ("Username", person.login.as_ref().map(|it| it.username.clone()).unwrap_or_default()),
            ("FirstName", person.first_name.clone()),
            ("LastName", person.last_name.clone()),
            ("OrganizationId", organization.to_owned()),
            ("CurrentOrg", organization.to_owned()),
            ("RoleCount", person.roles.len().to_string()),
        ]);
    }
    let claims: Vec<Value> =
        claims.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    Ok(Answer::json(json!({ "Claims": claims })))
}
