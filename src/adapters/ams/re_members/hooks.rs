//! Webhooks: registered, listed, removed, and the people that a delivered one names (docs/ams/remembers.md, "Webhooks").

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use url::Url;

use super::api::{Api, Reply};
use super::read::{self, PageAnswer};
use super::seen_lists::ListEnd;
use super::wire;
use crate::adapters::ams::hook_body::people_named;
use crate::adapters::ams::reading::Hook;
use crate::adapters::ams::{AmsError, hook_address, is_guid};
use crate::adapters::budget::Priority;
use crate::domain::record::IndividualId;

/// The routes that tell of a change of a person, and what their notices are called.
const ROUTES: &[(&str, &str)] = &[
    ("IndividualCreated", "Individual.Created"),
    ("Individual.Deleted", "Individual.Deleted"),
    ("Individual.RequestToBeForgotten", "Individual.RequestToBeForgotten"),
    ("EmailUpdated", "Customer.EmailUpdated"),
    ("Customer.CustomFieldValueUpdated", "Customer.CustomFieldValueUpdated"),
    ("Customer.Merged", "Customer.Merged"),
    ("Customer.RelationshipUpdated", "Customer.RelationshipUpdated"),
    ("CommitteeMemberUpdated", "Individual.CommitteeUpdated"),
    ("ProductPurchased", "Product.Purchased"),
    ("Purchase.Paid", "Purchase.Paid"),
    ("PurchaseCancelled", "Purchase.Cancelled"),
    ("Event.Registration.Substituted", "Event.Registration.Substituted"),
    ("Membership.Terminated", "Membership.Terminated"),
];

/// Those that tell of what only a community asks for.
const ROUTES_OF_CONTACT: &[(&str, &str)] = &[
    ("Customer.PhoneUpdated", "Customer.PhoneUpdated"),
    ("Customer.AddressUpdated", "Customer.AddressUpdated"),
];

const DESCRIPTION: &str = "Tells the login gateway who is to be read again";

const MOST_PAGES: usize = 100;

/// All that are registered, ours or not. `None`: they cannot be listed.
pub(super) async fn list(api: &Api) -> Result<Option<Vec<Hook>>, AmsError> {
    let mut hooks = Vec::new();
    let mut last_page = Vec::new();
    for page in 1..=MOST_PAGES {
        let rows = match read::page(api, &["Webhooks", &page.to_string()], &[], "Webhooks", Priority::Person)
            .await?
        {
            PageAnswer::Rows(rows) => read::objects(rows, "Webhooks")?,
            PageAnswer::End(end @ (ListEnd::NotFound | ListEnd::BadRequest)) if page == 1 => {
                return Ok(api.seen_lists.ends_lists(end).then_some(hooks));
            }
            PageAnswer::End(_) => break,
        };
        if rows.is_empty() || rows == last_page {
            break;
        }
        hooks.extend(rows.iter().filter_map(hook));
        last_page = rows;
    }
    Ok(Some(hooks))
}

fn hook(row: &Value) -> Option<Hook> {
    let text = |name: &str| wire::text(row, name);
    Some(Hook {
        id: text("id")?,
        what: text("typeName").or_else(|| text("route")).unwrap_or_default(),
        calls: hook_address::shown(&text("callBackUrl").unwrap_or_default()),
    })
}

/// Registers one for each kind of change. A kind that the AMS does not know is passed over, unless it knows none.
pub(super) async fn register(
    api: &Api,
    callback: &Url,
    secret: &SecretString,
) -> Result<Vec<Hook>, AmsError> {
    let mut hooks = Vec::new();
    let mut refused = None;
    let of_contact = if api.reads_contact.is_wanted() { ROUTES_OF_CONTACT } else { &[] };
    for (route, what) in ROUTES.iter().chain(of_contact) {
        let document = json!({
            "typeName": what, "secret": secret.expose_secret(), "callBackUrl": callback.as_str(),
            "description": DESCRIPTION,
        });
        let document = Bytes::from(document.to_string());
        let made = match api.post(&["Webhooks", route], document, Priority::Person).await? {
            Reply::Body(body) => serde_json::from_slice(&body).unwrap_or_default(),
            Reply::Nothing => Value::Null,
            Reply::NotFound => {
                refused = Some(404);
                continue;
            }
            Reply::BadRequest => {
                refused = Some(400);
                continue;
            }
            Reply::Unauthorised => return Err(AmsError::CredentialsRefused),
        };
        let made = wire::items_owned(made);
        let id = made.first().and_then(|made| wire::text(made, "id")).unwrap_or_default();
        hooks.push(Hook { id, what: (*what).to_owned(), calls: hook_address::shown(callback.as_str()) });
    }
    match refused {
        Some(status) if hooks.is_empty() => Err(AmsError::Failed(status)),
        _ => Ok(hooks),
    }
}

/// Removes one. That it is gone already is as good.
pub(super) async fn remove(api: &Api, id: &str) -> Result<(), AmsError> {
    if !is_guid(id) {
        return Err(AmsError::Unreadable("the id of a webhook that is not a GUID".into()));
    }
    match api.delete(&["Webhooks", id], Priority::Person).await? {
        Reply::Body(_) | Reply::Nothing | Reply::NotFound => Ok(()),
        Reply::BadRequest => Err(AmsError::Failed(400)),
        Reply::Unauthorised => Err(AmsError::CredentialsRefused),
    }
}

/// The people that a delivered body names. Nothing that it says of them is believed.
pub(super) fn hinted(body: &[u8]) -> Vec<IndividualId> {
    people_named(body, names_a_person)
}

/// Whether a member is the id of an individual. An organization's says who it is in the member beside it.
fn names_a_person(members: &Map<String, Value>, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_organization = |kind: &str| {
        let found = members.iter().find(|(other, _)| other.eq_ignore_ascii_case(kind));
        found.and_then(|(_, value)| value.as_str()).is_some_and(|it| it.eq_ignore_ascii_case("organization"))
    };
    match name.as_str() {
        "individualid" => true,
        "customerid" => !is_organization("CustomerType"),
        "relatedtocustomerid" => !is_organization("RelatedToCustomerType"),
        "oldid" | "newid" => !is_organization("Type"),
        other => other.starts_with("substituted") && other.ends_with("id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::ams::hook_body::MOST_HINTED;

    const ONE: &str = "b3a1c0de-0001-4222-8333-444455550001";
    const TWO: &str = "b3a1c0de-0002-4222-8333-444455550002";

    fn named(body: Value) -> Vec<String> {
        hinted(body.to_string().as_bytes()).iter().map(IndividualId::to_string).collect()
    }

    #[test]
    fn people_are_named_in_any_of_the_shapes_and_organizations_are_not() {
        let body = |notice: Value| json!({ "WebhookId": TWO, "Properties": {}, "Notifications": [notice] });
        assert_eq!(named(body(json!({ "CustomerId": ONE.to_ascii_uppercase() }))), [ONE]);
        assert_eq!(named(body(json!({ "customerId": ONE, "CustomerType": "Organization" }))), [""; 0]);
        assert_eq!(named(body(json!({ "IndividualId": ONE, "RecordNumber": "1" }))), [ONE]);
        assert_eq!(named(body(json!({ "Type": "Individual", "OldId": ONE, "NewId": TWO }))), [TWO, ONE]);
        let tie =
            json!({ "CustomerId": ONE, "RelatedToCustomerId": TWO, "RelatedToCustomerType": "Organization" });
        assert_eq!(named(body(tie)), [ONE]);
        let swap = json!({ "SubstitutedForCustomerId": ONE, "SubstitutedByCustomerId": TWO });
        assert_eq!(named(body(swap)).len(), 2);
        assert_eq!(named(json!([{ "CustomerId": ONE }, { "Old": { "CustomerId": ONE } }])), [ONE]);
    }

    #[test]
    fn whatever_comes_gives_at_most_a_thousand_ids_and_no_failure() {
        for body in ["", "null", "[", "{\"CustomerId\": 7}", "{\"CustomerId\": \"../x\"}", "\u{0}"] {
            assert_eq!(hinted(body.as_bytes()), [], "{body}");
        }
        assert_eq!(hinted("[".repeat(60_000).as_bytes()), []);
        let many: Vec<Value> = (0..2000)
            .map(|number| json!({ "CustomerId": format!("b3a1c0de-0001-4222-8333-{number:012}") }))
            .collect();
        assert_eq!(named(Value::Array(many)).len(), MOST_HINTED);
    }
}
