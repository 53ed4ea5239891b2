//! How memberships, seats, registrations and the other entries look in JSON
//! (docs/ams/remembers.md, "Memberships", "Lists about a person").

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::sim::guid;
use crate::sim::people::{
    Certification, Committee, CustomField, Event, EventSession, Membership, Organization, Person, Purchase,
    Registration, Relationship, Seat,
};

/// What people's entries refer to by code or number.
#[derive(Clone, Copy)]
pub(in super::super) struct Book<'a> {
    pub(in super::super) organizations: &'a [Organization],
    pub(in super::super) committees: &'a [Committee],
    pub(in super::super) events: &'a [Event],
    /// Memberships inside a profile are only those active on this day; none: all of them.
    pub(in super::super) only_active_on: Option<Date>,
    /// A person's own list has the cancelled registrations too.
    pub(in super::super) cancelled_too: bool,
}

const TIME_ZONE: &str = "US Eastern Standard Time";

/// A membership; `old` leaves out what responses of 2018 did not have.
pub(in super::super) fn membership(membership: &Membership, old: bool) -> Value {
    let mut value = json!({
        "membershipType": membership.membership_type, "code": membership.code, "joinDate": membership.join_date,
        "expireDate": membership.expire_date, "graceExpireDate": membership.grace_expire_date,
        "inheritedMembershipBenefits": membership.inherited_membership_benefits, "renewalUrl": membership.renewal_url,
    });
    if !old && let Some(members) = value.as_object_mut() {
        let terms = match &membership.effective_date {
            Some(start) => json!([{ "startDate": start, "endDate": membership.expire_date }]),
            None => Value::Null,
        };
        let id = guid_of(&membership.code);
        members.insert("membershipTypeId".to_owned(), json!(id));
        members.insert("effectiveDate".to_owned(), json!(membership.effective_date));
        members.insert("terminateDate".to_owned(), json!(membership.terminate_date));
        members.insert(
            "membershipUniqueId".to_owned(),
            json!(format!("MU-{}", id.get(..8).unwrap_or_default())),
        );
        members.insert("termsList".to_owned(), terms);
    }
    value
}

/// A seat. Its own `code` is the member's; the committee's is one level down.
pub(in super::super) fn committee_seat(book: Book<'_>, seat: &Seat) -> Value {
    let known = book.committees.iter().find(|it| it.code == seat.committee).cloned();
    let unknown =
        || Committee { code: seat.committee.clone(), name: seat.committee.clone(), ..Committee::default() };
    json!({
        "committee": committee(&known.unwrap_or_else(unknown)),
        "position": seat.position, "positionCode": seat.position_code, "code": seat.code,
        "startDate": seat.start_date, "endDate": seat.end_date,
    })
}

pub(in super::super) fn committee(committee: &Committee) -> Value {
    let year = committee.term_start.as_ref().and_then(|start| start.get(..4)?.parse::<i32>().ok());
    json!({
        "id": committee.id, "code": committee.code, "name": committee.name, "website": null, "parentCommitteeId": null,
        "categoryName": "Standing", "categoryCode": "STD", "description": "", "startDate": "2015-01-01T00:00:00",
        "endDate": null, "showInDirectory": true, "tags": [],
        "term": {
            "term": year, "startDate": committee.term_start, "endDate": committee.term_end, "showInDirectory": true,
        },
    })
}

/// A registration; here the event's members have no prefix.
pub(in super::super) fn registration(book: Book<'_>, person: &Person, registration: &Registration) -> Value {
    let known = book.events.iter().find(|it| it.code == registration.event).cloned();
    let unknown =
        || Event { code: registration.event.clone(), name: registration.event.clone(), ..Event::default() };
    let event = known.unwrap_or_else(unknown);
    json!({
        "individualId": person.id, "sessions": sessions(registration, false), "badgeName": person.full_name(), "badgeOrganization": "",
        "badgeCity": "", "badgeState": null, "boughtTogetherWith": [], "registrantTypeCode": "STD",
        "registrantTypeName": "Standard", "registrationNumber": registration.registration_number,
        "event": {
            "id": event.id, "code": event.code, "name": event.name, "startDate": event.start_date,
            "startTime": "08:00:00", "endDate": event.end_date, "endTime": "17:00:00", "timezone": TIME_ZONE,
            "description": null, "publicEvent": event.public_event, "freeEvent": false, "attendedDate": null,
            "locations": [{ "name": "Harbor Hall", "description": "", "addresses": null }],
            "registrationDate": registration.registration_date, "customFields": [],
        },
    })
}

/// Sessions that stand, or those that were cancelled; none is null.
pub(in super::super) fn sessions(registration: &Registration, cancelled: bool) -> Value {
    let wanted = registration.sessions.iter().filter(|it| it.cancellation_date.is_some() == cancelled);
    let item = |it: &EventSession| {
        if cancelled {
            json!({ "sessionCode": it.code, "cancellationDate": it.cancellation_date })
        } else {
            json!({ "code": it.code, "name": it.code })
        }
    };
    let items: Vec<Value> = wanted.map(item).collect();
    if items.is_empty() { Value::Null } else { items.into() }
}

/// An event of the catalogue; here every member has the prefix.
pub(in super::super) fn event(event: &Event) -> Value {
    let place = event.location.as_ref().map(|name| {
        let (city, state) = event.city.as_deref().and_then(|it| it.split_once(", ")).unwrap_or_default();
        json!({ "name": name, "description": "", "addresses": [{
            "line1": "1 Harbor Way", "line2": "", "line3": null, "city": city, "state": state, "stateAbbreviation": state,
            "zipcode": "04101", "country": "United States", "countryData": { "twoLetterIsoCode": "US" } }] })
    });
    let locations: Vec<Value> = place.into_iter().collect();
    let mut value = json!({
        "eventId": event.id, "eventCode": event.code, "eventName": event.name, "eventStartDate": event.start_date,
        "eventStartTime": event.start_time.as_deref().unwrap_or("08:00:00"), "eventEndDate": event.end_date,
        "eventEndTime": event.end_time.as_deref().unwrap_or("17:00:00"),
        "eventTimezone": event.time_zone.as_deref().unwrap_or(TIME_ZONE), "eventDescription": event.description,
        "shortDescription": "", "publicEvent": event.public_event, "imageUrl": [], "externalUrl": event.external_url,
        "externalCode": null, "eventLocations": locations, "categories": [], "educationCredits": [], "uploadsData": null,
        "relatedProducts": [], "tags": [],
    });
    if let (Some(status), Some(members)) = (&event.status, value.as_object_mut()) {
        members.insert("eventStatus".to_owned(), json!(status));
    }
    value
}

pub(in super::super) fn purchase(purchase: &Purchase) -> Value {
    json!({
        "orderNumber": purchase.order_number, "productCode": purchase.product_code,
        "productName": purchase.product_name, "productType": "Publication", "purchaseDate": purchase.purchase_date,
        "additionalInfo": null, "quantity": 1, "itemizedCustomFields": [], "productCategories": null,
    })
}

pub(in super::super) fn certification(certification: &Certification) -> Value {
    json!({ "code": certification.code, "name": certification.name, "expireDate": certification.expire_date })
}

pub(in super::super) fn custom_field(field: &CustomField) -> Value {
    json!({ "name": field.name, "caption": field.caption, "value": field.value })
}

pub(in super::super) fn relationship(book: Book<'_>, relationship: &Relationship) -> Value {
    let related = book.organizations.iter().find(|it| it.record_number == relationship.organization);
    json!({
        "relationshipName": relationship.name, "reciprocalRelationshipName": relationship.reciprocal_name,
        "isPrimary": relationship.is_primary, "startDate": relationship.start_date, "endDate": relationship.end_date,
        "relatedToCustomer": related.map(|it| organization(it, false)),
    })
}

/// An organization; `full` adds what `loadPrimaryOrgDetails` and its own profile have.
pub(in super::super) fn organization(organization: &Organization, full: bool) -> Value {
    let memberships: Vec<Value> = organization.memberships.iter().map(|it| membership(it, false)).collect();
    let mut value = json!({
        "id": organization.id, "customerType": "Organization", "recordNumber": organization.record_number,
        "name": organization.name, "title": null, "memberships": if full { memberships } else { Vec::new() },
    });
    if full && let Some(members) = value.as_object_mut() {
        let fields: Vec<Value> = organization.custom_fields.iter().map(custom_field).collect();
        members.insert("email".to_owned(), json!(organization.email));
        members.insert("customFields".to_owned(), json!(fields));
        for (name, empty) in [
            ("parentCompanyId", Value::Null),
            ("branchName", Value::Null),
            ("description", json!("")),
            ("contactIds", json!([])),
            ("addresses", json!([])),
            ("phones", Value::Null),
            ("emails", json!([])),
            ("links", json!([])),
            ("oldId", Value::Null),
            ("showInDirectory", json!(true)),
        ] {
            members.insert(name.to_owned(), empty);
        }
    }
    value
}

/// The same GUID for the same code, always.
fn guid_of(code: &str) -> String {
    // FNV-1a, twice with different beginnings: an id that repeats is wanted, a secret is not.
    let hash = |seed: u64| {
        code.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let both = u128::from(hash(0xcbf2_9ce4_8422_2325)) << 64 | u128::from(hash(0x9e37_79b9_7f4a_7c15));
    guid::from_bytes(both.to_be_bytes())
}
