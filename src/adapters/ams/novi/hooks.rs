//! Webhooks: registered, listed, removed, and the people that a delivered one names (docs/ams/novi.md, "Changes").

use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use super::api::{NoviApi, NoviReply};
use super::lists::ListRequest;
use crate::adapters::ams::hook_body::people_named;
use crate::adapters::ams::json::JsonEntry;
use crate::adapters::ams::paging::{ListReply, PageSize};
use crate::adapters::ams::reading::Hook;
use crate::adapters::ams::{AmsError, hook_address, is_guid};
use crate::adapters::budget::Priority;
use crate::domain::record::IndividualId;

/// All that Novi tells of.
const ACTIONS: [&str; 3] = ["customer.created", "customer.updated", "customer.removed"];

/// All that are registered, ours or not. `None`: they cannot be listed.
pub(super) async fn list(api: &NoviApi) -> Result<Option<Vec<Hook>>, AmsError> {
    let size = PageSize::default();
    let list = ListRequest { api, size: &size, path: &["webhooks"], query: &[], priority: Priority::Person };
    Ok(match list.all().await? {
        ListReply::Rows(rows) => Some(rows.iter().filter_map(hook).collect()),
        ListReply::Missing | ListReply::Forbidden => None,
    })
}

fn hook(row: &Value) -> Option<Hook> {
    let row = JsonEntry::of(row)?;
    Some(Hook {
        id: row.text("WebhookUniqueId").ok()??,
        what: row.values("Actions").unwrap_or_default().replace('|', ", "),
        calls: hook_address::shown(&row.text("Url").ok()?.unwrap_or_default()),
    })
}

/// Registers one for everything. Novi signs with a secret of its own, which is set at the key; ours is in the address.
pub(super) async fn register(api: &NoviApi, callback: &Url) -> Result<Vec<Hook>, AmsError> {
    let document = json!({ "Url": callback.as_str(), "Actions": ACTIONS, "Active": true });
    let id = match api.post(&["webhooks"], Bytes::from(document.to_string()), Priority::Person).await? {
        NoviReply::Body(body) => {
            let made = super::wire::opened(body).unwrap_or_default();
            JsonEntry::of(&made).and_then(|made| made.text("WebhookUniqueId").ok().flatten())
        }
        NoviReply::Nothing => None,
        NoviReply::NotFound => return Err(AmsError::Failed(404)),
        NoviReply::BadRequest => return Err(AmsError::Failed(400)),
        NoviReply::Forbidden => return Err(AmsError::CredentialsRefused),
    };
    let calls = hook_address::shown(callback.as_str());
    Ok(vec![Hook { id: id.unwrap_or_default(), what: ACTIONS.join(", "), calls }])
}

/// Removes one. That it is gone already is as good.
pub(super) async fn remove(api: &NoviApi, id: &str) -> Result<(), AmsError> {
    if !is_guid(id) {
        return Err(AmsError::Unreadable("the id of a webhook that is not a GUID".into()));
    }
    match api.delete(&["webhooks", id], Priority::Person).await? {
        NoviReply::Body(_) | NoviReply::Nothing | NoviReply::NotFound => Ok(()),
        NoviReply::BadRequest => Err(AmsError::Failed(400)),
        NoviReply::Forbidden => Err(AmsError::CredentialsRefused),
    }
}

/// The people that a delivered body names. Nothing that it says of them is believed.
pub(super) fn hinted(body: &[u8]) -> Vec<IndividualId> {
    people_named(body, |_, name| name.eq_ignore_ascii_case("entityUniqueId"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::ams::hook_body::MOST_HINTED;

    const ONE: &str = "6a6f5f2e-0001-4222-8333-444455550001";

    #[test]
    fn a_hook_names_its_record_and_whatever_else_comes_is_harmless() {
        let named =
            |body: &str| hinted(body.as_bytes()).iter().map(IndividualId::to_string).collect::<Vec<_>>();
        let body = json!({ "event": "customer.updated", "entityUniqueId": ONE.to_ascii_uppercase() });
        assert_eq!(named(&body.to_string()), [ONE]);
        assert_eq!(named(&json!([body, { "data": body }]).to_string()), [ONE]);
        for body in ["", "null", "[", "{\"entityUniqueId\": 7}", "{\"entityUniqueId\": \"../x\"}", "\u{0}"] {
            assert_eq!(named(body), [""; 0], "{body}");
        }
        let many: Vec<Value> = (0..2000)
            .map(|number| json!({ "entityUniqueId": format!("6a6f5f2e-0001-4222-8333-{number:012}") }))
            .collect();
        assert_eq!(hinted(Value::Array(many).to_string().as_bytes()).len(), MOST_HINTED);
    }
}
