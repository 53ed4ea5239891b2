//! Records as the interface writes them.

use serde_json::{Map, Value, json};

use super::people::{Address, Customer, CustomerType, MemberType, Profile};
use super::standing::{Standing, View};
use super::state::State;
use super::switches::{HiddenField, Switches};
use super::{dates, ids};
use crate::sim::people::Environment;
use crate::sim::switches::lists;

/// How a site writes.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) view: View<'a>,
    pub(super) environment: Environment,
}

impl<'a> Writer<'a> {
    pub(super) fn new(state: &'a State, environment: Environment) -> Writer<'a> {
        Writer { view: state.view(), environment }
    }

    fn switches(self) -> &'a Switches {
        self.view.switches
    }

    pub(super) fn id(self, id: &str) -> Value {
        ids::at(self.environment, id).into()
    }

    /// An id that follows from what it stands for.
    pub(super) fn derived(self, parts: &[&str]) -> Value {
        self.id(&ids::derived(parts))
    }

    pub(super) fn date(self, date: Option<&str>) -> Value {
        date.map(|date| dates::shown(date, self.switches())).into()
    }

    /// A text; an absent one as the switch says.
    pub(super) fn text(self, text: &str) -> Value {
        if text.is_empty() && !self.switches().empty_strings { Value::Null } else { text.into() }
    }

    pub(super) fn member_type(self, of: Option<&MemberType>) -> Value {
        let shown = |it: &MemberType| {
            json!({
                "UniqueID": self.id(&it.unique_id), "Name": it.name, "Description": self.text(&it.description),
                "ForCompanies": it.for_companies,
            })
        };
        of.map_or(Value::Null, shown)
    }

    /// The status word of the interface.
    fn status(self, standing: &Standing<'a>) -> &'a str {
        if standing.from.is_some() && self.switches().api_inheriting { "inheriting" } else { standing.status }
    }

    /// A record, with all that the key may see of it.
    pub(super) fn member(self, customer: &'a Customer) -> Value {
        let standing = self.view.standing(customer);
        let mut members = self.identity(customer);
        members.extend(self.profile(customer));
        members.extend(self.membership(customer, &standing));
        members.extend(self.lists(customer, &standing));
        members.extend(customer.overrides.clone());
        self.as_scoped(members).into()
    }

    fn identity(self, it: &Customer) -> Map<String, Value> {
        let above = it.parent.as_deref().and_then(|parent| self.view.directory.find(parent));
        let text = |text: &str| self.text(text);
        let digits = 2 + (it.internal_identifier % 6) as usize;
        let changed = self.view.directory.changed_at(&it.unique_id);
        object([
            ("UniqueID", self.id(&it.unique_id)),
            ("InternalIdentifier", it.internal_identifier.into()),
            ("ImportID", text("")),
            (
                "CustomerType",
                json!(match it.customer_type {
                    CustomerType::Person => "Person",
                    CustomerType::Company => "Company",
                }),
            ),
            ("ParentCustomerUniqueID", above.map(|above| self.id(&above.unique_id)).unwrap_or_default()),
            ("ParentMemberName", text(&above.map(Customer::full_name).unwrap_or_default())),
            ("FamilyTreeUniqueID", self.derived(&["family", it.parent.as_ref().unwrap_or(&it.unique_id)])),
            ("Name", it.full_name().into()),
            ("FirstName", text(&it.first_name)),
            ("MiddleName", text(&it.middle_name)),
            ("LastName", text(&it.last_name)),
            ("JobTitle", text(&it.job_title)),
            ("Email", text(it.email.as_deref().unwrap_or_default())),
            ("AccountEmail", text(it.account_email().unwrap_or_default())),
            ("PersonalEmail", text(it.personal_email.as_deref().unwrap_or_default())),
            ("Active", it.active.into()),
            ("Approved", it.approved.into()),
            ("IncompleteSignup", it.incomplete_signup.into()),
            ("PrimaryContactUniqueId", Value::Null),
            ("BillingContactUniqueId", Value::Null),
            ("ManagementAccessForCompanies", json!([])),
            ("LastUpdatedDate", dates::stamp(changed, digits, self.switches()).into()),
        ])
    }

    fn profile(self, it: &Customer) -> Map<String, Value> {
        let none = Profile::default();
        let it = it.profile.as_deref().unwrap_or(&none);
        let address = |it: &Address| {
            json!({
                "Address1": self.text(&it.address1), "Address2": self.text(&it.address2), "City": self.text(&it.city),
                "ZipCode": self.text(&it.zip_code), "StateProvince": self.text(&it.state_province),
                "Country": self.text(&it.country),
            })
        };
        object([
            ("Title", self.text(&it.title)),
            ("Suffix", self.text(&it.suffix)),
            ("Credentials", self.text(&it.credentials)),
            ("MemberProfile", self.text(&it.member_profile)),
            ("Image", it.image.as_str().into()),
            ("Website", self.text(&it.website)),
            ("FacebookUrl", self.text(&it.facebook_url)),
            ("LinkedInUrl", self.text(&it.linked_in_url)),
            ("InstagramHandle", self.text(&it.instagram_handle)),
            ("TwitterHandle", self.text(&it.twitter_handle)),
            ("Phone", self.text(&it.phone)),
            ("Mobile", self.text(&it.mobile)),
            ("Fax", self.text(&it.fax)),
            ("PersonalPhone", self.text(&it.personal_phone)),
            ("PersonalMobile", self.text(&it.personal_mobile)),
            ("BillingAddress", address(&it.billing_address)),
            ("ShippingAddress", address(&it.shipping_address)),
            ("PersonalAddress", address(&it.personal_address)),
            ("HideOnWebsite", it.hide_on_website.into()),
            ("HideContactInformation", it.hide_contact_information.into()),
        ])
    }

    fn membership(self, it: &'a Customer, standing: &Standing<'a>) -> Map<String, Value> {
        object([
            ("MemberStatus", self.status(standing).into()),
            ("MemberSubStatus", it.sub_status.clone().into()),
            ("OriginalJoinDate", self.date(it.original_join_date.as_deref())),
            ("MemberSince", self.date(it.member_since.as_deref())),
            ("MembershipExpires", self.date(it.membership_expires.as_deref())),
            ("AutoRenew", it.auto_renew.into()),
            ("OpenDuesBalance", json!(0.0)),
            ("OverdueDuesBalance", json!(0.0)),
            ("MemberType", self.member_type(standing.own)),
            ("EffectiveMemberType", self.member_type(standing.effective)),
        ])
    }

    fn lists(self, it: &'a Customer, standing: &Standing<'a>) -> Map<String, Value> {
        let places = self.view.places(it, standing);
        let group = |place: &super::standing::Place<'_>| {
            json!({
                "GroupUniqueID": self.id(&place.group.unique_id), "GroupName": place.group.name,
                "InheritingMember": place.inheriting, "JoinDate": self.date(place.since),
            })
        };
        let groups = match standing.status {
            "non_member" if places.is_empty() => Value::Null,
            _ => places.iter().map(group).collect(),
        };
        let committees = it.committees.iter().map(|seat| {
            let committee = self.view.directory.committee(&seat.committee);
            json!({
                "CommitteeMemberUniqueID": self.derived(&["seat", &it.unique_id, &seat.committee, &seat.role]),
                "CommitteeUniqueID": committee.map(|it| self.id(&it.unique_id)).unwrap_or_default(),
                "CommitteeName": seat.committee, "PositionName": self.text(&seat.role),
                "StartDate": self.date(seat.term_start.as_deref()), "EndDate": self.date(seat.term_end.as_deref()),
            })
        });
        let fields = it.custom_fields.iter().map(|field| {
            let shown = json!({
                "CustomerUniqueID": self.id(&it.unique_id),
                "CustomFieldUniqueID": self.derived(&["field", &field.name]),
                "CustomFieldName": field.name, "Value": field.value, "IsSumOfChildren": false,
            });
            (field.name.clone(), shown)
        });
        let awards = it.awards.iter().map(|award| json!({ "Name": award.name, "Year": award.year }));
        object([
            ("Groups", groups),
            ("Committees", committees.collect()),
            ("CustomFields", Value::Object(fields.collect())),
            ("Awards", awards.collect()),
        ])
    }

    /// What the key may see.
    fn as_scoped(self, mut members: Map<String, Value>) -> Map<String, Value> {
        let specified: Vec<String> = match &self.switches().scope_fields {
            Some(fields) => {
                let is_seen = |name: &str| name == "UniqueID" || lists(fields, name);
                match self.switches().hidden_field {
                    HiddenField::LeftOut => members.retain(|name, _| is_seen(name)),
                    HiddenField::Null => {
                        let hidden = members.iter_mut().filter(|(name, _)| !is_seen(name));
                        hidden.for_each(|(_, value)| *value = Value::Null);
                    }
                }
                fields.split(',').map(|field| field.trim().to_owned()).collect()
            }
            None => Vec::new(),
        };
        members.insert("SpecifiedSystemFields".to_owned(), json!(specified));
        members
    }
}

pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
