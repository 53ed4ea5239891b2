//! What contacts and their parts look like in answers.

use serde_json::{Map, Value, json};

use super::people::{Address, Contact, ContactType, Info, List, ListEntry, Membership, Profile};
use super::standing::{View, contact_number, membership_number};

const NO_DATE: &str = "0001-01-01T00:00:00";

/// How the interface writes.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a>(pub(super) View<'a>);

/// A number on the wire.
pub(super) fn number(id: &str) -> Value {
    id.parse::<u64>().map_or(Value::Null, Value::from)
}

impl Writer<'_> {
    pub(super) fn date(self, date: Option<&str>) -> Value {
        match date {
            Some(date) => date.into(),
            None if self.0.switches.date_sentinel => NO_DATE.into(),
            None => Value::Null,
        }
    }

    pub(super) fn text(self, text: &str) -> Value {
        if text.is_empty() && !self.0.switches.empty_strings { Value::Null } else { text.into() }
    }

    /// A row of `contacts`.
    pub(super) fn contact(self, it: &Contact) -> Value {
        let word = self.0.standing(it).word;
        let kind = match it.contact_type {
            ContactType::Individual => "{Individual}",
            ContactType::Organization => "{Organization}",
            ContactType::Family => "{Family}",
            ContactType::ThirdPartyApi => "{ThirdPartyApi}",
        };
        let related = it.organizations.first().and_then(|tie| self.0.directory.find(&tie.organization));
        let mut row = json!({
            "ContactId": number(&it.contact_id), "Name": it.full_name(), "ContactName": it.full_name(),
            "ContactType": kind, "SystemContactTypeId": it.contact_type as u8,
            "MembershipStatusTypeId": contact_number(&word), "Status": word,
            "EmailAddress": self.text(it.email.as_deref().unwrap_or_default()),
            "PrimaryContact": self.text(&related.map(Contact::full_name).unwrap_or_default()),
        });
        if let Some(row) = row.as_object_mut() {
            row.extend(it.overrides.clone());
        }
        row
    }

    /// One person.
    pub(super) fn person(self, it: &Contact) -> Value {
        let mut person = self.contact(it);
        if let (Some(person), Value::Object(more)) = (
            person.as_object_mut(),
            json!({
                "FirstName": self.text(&it.first_name), "LastName": self.text(&it.last_name),
                "Title": self.text(&it.title),
            }),
        ) {
            person.extend(more);
            person.extend(self.profile(it));
            person.extend(it.overrides.clone());
        }
        person
    }

    fn profile(self, contact: &Contact) -> Map<String, Value> {
        let none = Profile::default();
        let it = contact.profile.as_deref().unwrap_or(&none);
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        put("Prefix", self.text(&it.prefix));
        put("MiddleName", self.text(&it.middle_name));
        put("Suffix", self.text(&it.suffix));
        put("ImageUrl", self.text(&it.image_url));
        if self.0.switches.person_contact_infos {
            put("ContactInfos", self.infos(contact).into());
        }
        members
    }

    /// The ways to reach somebody, each with the number of its kind.
    pub(super) fn infos(self, contact: &Contact) -> Vec<Value> {
        let none = Profile::default();
        let it = contact.profile.as_deref().unwrap_or(&none);
        let info = |kind: u8, name: &str, value: &str, is_primary: bool| {
            json!({
                "Type": kind, "TypeName": self.text(name), "Value": self.text(value), "IsPrimary": is_primary,
                "IsBad": false, "EntryId": 0, "AddressType": null,
            })
        };
        let all = |kind: u8, list: &[Info]| -> Vec<Value> {
            let rows = list.iter().enumerate();
            rows.map(|(place, it)| info(kind, &it.type_name, &it.value, place == 0)).collect()
        };
        let mut infos: Vec<Value> = contact.email.iter().map(|email| info(1, "Email", email, true)).collect();
        infos.extend(all(2, &it.phones));
        infos.extend(it.addresses.iter().enumerate().map(|(place, address)| {
            json!({
                "Type": 3, "TypeName": self.text(&address.type_name), "Value": null, "IsPrimary": place == 0,
                "IsBad": false, "EntryId": place + 1, "AddressType": 2,
            })
        }));
        infos.extend(all(4, &it.websites));
        infos
    }

    /// A row of `ContactAddresses`; `place` counts from 0.
    pub(super) fn address(self, place: usize, it: &Address) -> Value {
        json!({
            "Id": place + 1, "Address1": self.text(&it.address1), "Address2": self.text(&it.address2),
            "City": self.text(&it.city), "StateProvince": self.text(&it.state_province),
            "PostalCode": self.text(&it.postal_code), "Country": self.text(&it.country),
        })
    }

    /// A membership, wherever it is answered.
    pub(super) fn membership(self, owner: &Contact, it: &Membership) -> Value {
        let kind = self.0.directory.membership_type(&it.kind);
        let word = self.0.of_membership(it);
        json!({
            "MembershipId": it.membership_id, "ContactId": number(&owner.contact_id), "Name": owner.full_name(),
            "OwnerContactId": number(&owner.contact_id), "MembershipTypeId": kind.map(|kind| kind.membership_type_id),
            "MembershipType": it.kind, "PackageName": it.kind, "Level": self.text(&it.level),
            "Type": format!("{word} Member"), "Status": word, "MembershipStatusTypeId": membership_number(word),
            "StartDate": self.date(it.start_date.as_deref()), "EstablishedDate": self.date(it.start_date.as_deref()),
            "ExpirationDate": self.date(it.expiration_date.as_deref()),
            "GracePeriodExpirationDate": self.date(it.grace_period_expiration_date.as_deref()),
            "MembershipEndTypeId": it.end_type as u8,
        })
    }

    /// A list as it stands at a contact; `entry` is there if the contact is or was on it.
    pub(super) fn list_of(self, owner: &Contact, list: &List, entry: Option<&ListEntry>) -> Value {
        let is_on = entry.is_some_and(|entry| entry.is_active);
        // A number that stays, for whoever is or was on the list.
        let place = owner.contact_id.parse::<u64>().unwrap_or_default() * 100 + list.group_id;
        json!({
            "IsSelected": is_on, "IsAdded": false, "IsRemoved": entry.is_some_and(|entry| !entry.is_active),
            "ContactGroupId": if entry.is_some() { place } else { 0 },
            "ContactGroupAuditId": if entry.is_some() { place + 1 } else { 0 },
            "GroupId": list.group_id, "DisallowOptIn": !list.is_member_joinable, "DisallowOptOut": false,
            "IsMemberJoinable": list.is_member_joinable, "IsMemberViewable": true,
            "Category": self.text(&list.category), "Name": list.name, "Description": self.text(&list.description),
        })
    }
}
