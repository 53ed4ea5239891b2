//! What a change of a person says to webhooks. Nothing fires for a renewal, for an expiry by date, or for a change of name,
//! roles or approval.

use serde_json::{Map, Value, json};

use super::super::wire::{self, Book};
use crate::sim::people::{Membership, Person, Profile, Purchase, Relationship, Seat};

/// One notice.
#[derive(Debug)]
pub(in super::super) struct Notice {
    action: &'static str,
    members: Map<String, Value>,
}

impl Notice {
    fn new(action: &'static str, members: Value) -> Notice {
        Notice { action, members: wire::object(members) }
    }

    pub(super) fn is_called(&self, action: &str) -> bool {
        self.action == action
    }

    pub(super) fn body(&self) -> Value {
        let mut members = self.members.clone();
        members.insert("Action".to_owned(), json!(self.action));
        Value::Object(members)
    }
}

/// A person is on file from now on.
pub(in super::super) fn created(person: &Person) -> Vec<Notice> {
    vec![Notice::new("Individual.Created", individual(person))]
}

/// A person is no longer on file.
pub(in super::super) fn removed(person: &Person) -> Vec<Notice> {
    vec![Notice::new("Individual.Deleted", individual(person))]
}

/// The record `old` went up in the record `new`.
pub(in super::super) fn merged(old: &Person, new: &Person) -> Vec<Notice> {
    let members = json!({
        "Type": "Individual", "OldId": old.id, "NewId": new.id, "NewRecordNumber": new.record_number,
    });
    vec![Notice::new("Customer.Merged", members)]
}

/// What differs between two states of a person.
pub(in super::super) fn edited(before: &Person, after: &Person, book: Book<'_>) -> Vec<Notice> {
    let mut notices: Vec<Notice> = email(before, after).into_iter().collect();
    notices.extend(phones_and_addresses(before, after));
    let fields = after.custom_fields.iter().filter(|field| !before.custom_fields.contains(field));
    notices.extend(fields.map(|field| {
        let members = json!({
            "CustomerId": after.id, "CustomFieldName": field.name, "CustomFieldValue": field.value,
        });
        Notice::new("Customer.CustomFieldValueUpdated", members)
    }));
    let seats = differences(&before.committees, &after.committees);
    notices.extend(seats.map(|(seat, action)| committee(after, seat, action, book)));
    let ties = differences(&before.relationships, &after.relationships);
    notices.extend(ties.map(|(tie, action)| relationship(after, tie, action, book)));
    let bought = after.purchases.iter().filter(|it| !before.purchases.contains(it));
    notices.extend(bought.map(|it| purchase(after, it)));
    let ended = |it: &&Membership| it.terminate_date.is_some() && !before.memberships.contains(it);
    notices.extend(after.memberships.iter().filter(ended).map(|it| terminated(after, it)));
    notices
}

/// What was there and is not, and what is there and was not.
fn differences<'a, T: PartialEq>(
    before: &'a [T],
    after: &'a [T],
) -> impl Iterator<Item = (&'a T, &'static str)> {
    let gone = before.iter().filter(|it| !after.contains(it)).map(|it| (it, "Deleted"));
    let new = after.iter().filter(|it| !before.contains(it)).map(|it| (it, "Created"));
    gone.chain(new)
}

fn individual(person: &Person) -> Value {
    json!({
        "IndividualId": person.id, "RecordNumber": person.record_number, "FirstName": person.first_name,
        "LastName": person.last_name, "EmailAddress": person.email,
    })
}

fn email(before: &Person, after: &Person) -> Option<Notice> {
    let own = |person: &Person| person.email.clone().or_else(|| person.login_email().map(str::to_owned));
    if before.email == after.email && before.login_email() == after.login_email() {
        return None;
    }
    let action = match (own(before), own(after)) {
        (None, _) => "Created",
        (_, None) => "Deleted",
        _ => "Updated",
    };
    let members = json!({
        "ActionType": action, "EmailAddress": own(after), "EmailType": "Work", "IsPrimary": true,
        "IsLoginEmail": before.login_email() != after.login_email(), "CustomerId": after.id,
        "CustomerType": "Individual", "RecordNumber": after.record_number,
        "Old": { "EmailAddress": own(before), "EmailType": "Work" },
    });
    Some(Notice::new("Customer.EmailUpdated", members))
}

fn phones_and_addresses(before: &Person, after: &Person) -> Vec<Notice> {
    fn of<T>(person: &Person, list: fn(&Profile) -> &Vec<T>) -> &[T] {
        person.profile.as_deref().map(list).map_or(&[], Vec::as_slice)
    }
    let notice = |what: &'static str, action: &str, members: Value| {
        let mut notice = Notice::new(what, members);
        notice.members.extend(wire::object(json!({
            "CustomerId": after.id, "CustomerType": "Individual", "RecordNumber": after.record_number,
            "ActionType": action, "Old": null,
        })));
        notice
    };
    let phones = differences(of(before, |it| &it.phones), of(after, |it| &it.phones));
    let phones = phones.map(|(it, action)| {
        let members = json!({ "PhoneNumber": it.number, "PhoneType": it.type_name });
        notice("Customer.PhoneUpdated", action, members)
    });
    let addresses = differences(of(before, |it| &it.addresses), of(after, |it| &it.addresses));
    let addresses = addresses.map(|(it, action)| {
        let members = json!({ "Line1": it.line1, "City": it.city, "ZipCode": it.zipcode });
        notice("Customer.AddressUpdated", action, members)
    });
    phones.chain(addresses).collect()
}

fn committee(person: &Person, seat: &Seat, action: &str, book: Book<'_>) -> Notice {
    let name = book.committees.iter().find(|it| it.code == seat.committee).map(|it| &it.name);
    let members = json!({
        "CustomerId": person.id, "RecordNumber": person.record_number, "CommitteeCode": seat.committee,
        "CommitteeName": name, "PositionCode": seat.position_code, "PositionName": seat.position,
        "StartDate": seat.start_date, "EndDate": seat.end_date, "ActionType": action, "Old": null,
    });
    Notice::new("Individual.CommitteeUpdated", members)
}

fn relationship(person: &Person, tie: &Relationship, action: &str, book: Book<'_>) -> Notice {
    let related = book.organizations.iter().find(|it| it.record_number == tie.organization).map(|it| &it.id);
    let members = json!({
        "CustomerId": person.id, "CustomerType": "Individual", "RelatedToCustomerId": related,
        "RelatedToCustomerType": "Organization", "Relationship": tie.name,
        "ReciprocalRelationship": tie.reciprocal_name, "StartDate": tie.start_date, "EndDate": tie.end_date,
        "ActionType": action,
    });
    Notice::new("Customer.RelationshipUpdated", members)
}

fn purchase(person: &Person, purchase: &Purchase) -> Notice {
    let members = json!({
        "OrderNumber": purchase.order_number, "InvoiceNumber": null, "ProductCode": purchase.product_code,
        "ProductName": purchase.product_name, "ProductType": "Publication", "ParentProductCode": null,
        "Quantity": 1, "ItemPrice": 0, "CustomerId": person.id, "RecordNumber": person.record_number,
    });
    Notice::new("Product.Purchased", members)
}

fn terminated(person: &Person, membership: &Membership) -> Notice {
    let members = json!({
        "CustomerId": person.id, "CustomerType": "Individual", "RecordNumber": person.record_number,
        "MembershipType": membership.membership_type, "MembershipTypeCode": membership.code,
        "TerminateDate": membership.terminate_date, "TerminateReason": "",
    });
    Notice::new("Membership.Terminated", members)
}
