//! Who is on file in the simulated association: the types of a people file of Novi.
//!
//! Dates are text, so that a file can hold what is broken on purpose; without an offset they are of the association's time
//! zone. Member names in JSON are camelCase; what is left out is absent. Types, groups, committees, events and products are
//! named by their name.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lists::{Committee, Event, Group, MemberType, Product};
use super::profile::Profile;
use crate::sim::people::{Environment, PASSWORD};

/// Everybody and everything on file. A people file is this as JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct People {
    /// People and companies.
    pub people: Vec<Customer>,
    /// The types of membership.
    pub member_types: Vec<MemberType>,
    /// The groups.
    pub groups: Vec<Group>,
    /// The committees.
    pub committees: Vec<Committee>,
    /// The events.
    pub events: Vec<Event>,
    /// The products.
    pub products: Vec<Product>,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomerType {
    /// A human being.
    #[default]
    Person,
    /// An organization.
    Company,
}

/// A person or a company. Only `uniqueId` and a name are needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Customer {
    /// What this record is good for in a test; shown on the demo's login page.
    pub note: String,
    /// The stable key, a version 4 GUID in lower case.
    pub unique_id: String,
    /// The number that staff see.
    pub internal_identifier: u64,
    /// What the record is about.
    pub customer_type: CustomerType,
    /// The name of a company.
    pub name: String,
    /// Given name.
    pub first_name: String,
    /// Second name.
    pub middle_name: String,
    /// Family name.
    pub last_name: String,
    /// Job title.
    pub job_title: String,
    /// The e-mail for mail; the one of the account may differ.
    pub email: Option<String>,
    /// A private e-mail.
    pub personal_email: Option<String>,
    /// What the record says beyond name and e-mail; left out: nothing.
    pub profile: Option<Box<Profile>>,
    /// The user account, if there is one.
    pub account: Option<Account>,
    /// `uniqueId` of the company or person above in the family tree.
    pub parent: Option<String>,
    /// Where the record exists; left out: at both sites.
    pub only_in: Option<Environment>,
    /// False: deactivated, and without a user account.
    pub active: bool,
    /// Whether staff approved the membership.
    pub approved: bool,
    /// The membership was never finished.
    pub incomplete_signup: bool,
    /// The record's own type of membership.
    pub member_type: Option<String>,
    /// First joined.
    pub original_join_date: Option<String>,
    /// Begin of the present membership.
    pub member_since: Option<String>,
    /// The last day of the membership.
    pub membership_expires: Option<String>,
    /// The status word in place of the one that follows from type and dates.
    pub status: Option<String>,
    /// The word beside it.
    pub sub_status: Option<String>,
    /// Has one of the seats, where the company's type has a limited number.
    pub has_seat: bool,
    /// Whether the membership renews itself.
    pub auto_renew: bool,
    /// Groups in which staff put the record; those by a condition follow from the membership.
    pub groups: Vec<Belonging>,
    /// Seats on committees, ended and future ones too.
    pub committees: Vec<Seat>,
    /// Events which the person attends.
    pub registrations: Vec<Registration>,
    /// What was bought.
    pub purchases: Vec<Purchase>,
    /// Custom fields.
    pub custom_fields: Vec<CustomField>,
    /// Awards.
    pub awards: Vec<Award>,
    /// JSON members of the record that are answered exactly as written here, over all else: for broken shapes.
    pub overrides: Map<String, Value>,
}

impl Default for Customer {
    fn default() -> Customer {
        Customer {
            note: String::new(),
            unique_id: String::new(),
            internal_identifier: 0,
            customer_type: CustomerType::Person,
            name: String::new(),
            first_name: String::new(),
            middle_name: String::new(),
            last_name: String::new(),
            job_title: String::new(),
            email: None,
            personal_email: None,
            profile: None,
            account: None,
            parent: None,
            only_in: None,
            active: true,
            approved: true,
            incomplete_signup: false,
            member_type: None,
            original_join_date: None,
            member_since: None,
            membership_expires: None,
            status: None,
            sub_status: None,
            has_seat: false,
            auto_renew: false,
            groups: Vec::new(),
            committees: Vec::new(),
            registrations: Vec::new(),
            purchases: Vec::new(),
            custom_fields: Vec::new(),
            awards: Vec::new(),
            overrides: Map::new(),
        }
    }
}

/// A user account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Account {
    /// The e-mail to sign in with; left out: the e-mail of the record.
    pub email: Option<String>,
    /// The password.
    pub password: String,
}

impl Default for Account {
    fn default() -> Account {
        Account { email: None, password: PASSWORD.to_owned() }
    }
}

/// Somebody's place in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Belonging {
    /// Name of the group.
    pub group: String,
    /// Since when.
    pub join_date: Option<String>,
}

/// A seat on a committee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Seat {
    /// Name of the committee.
    pub committee: String,
    /// Name of the role.
    pub role: String,
    /// First day.
    pub term_start: Option<String>,
    /// Last day.
    pub term_end: Option<String>,
    /// The word of the committee's list.
    pub status: String,
    /// Held through a company.
    pub inherited: bool,
}

/// An attendee of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Registration {
    /// Name of the event.
    pub event: String,
    /// Name of the ticket.
    pub ticket: String,
    /// Its number.
    pub number: String,
    /// When it was made.
    pub registration_date: Option<String>,
    /// Whether it was taken back.
    pub cancelled: bool,
    /// When that was.
    pub cancellation_date: Option<String>,
    /// Whether the person came.
    pub attended: bool,
    /// The word for what was paid.
    pub payment_status: String,
    /// `uniqueId` of who bought it; left out: the attendee.
    pub purchaser: Option<String>,
}

/// A bought product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Purchase {
    /// Number of the order.
    pub order: String,
    /// Name of the product.
    pub product: String,
    /// How many.
    pub quantity: i64,
    /// When it was bought.
    pub purchase_date: Option<String>,
    /// Begin of a subscription.
    pub subscription_start: Option<String>,
    /// End of a subscription.
    pub subscription_end: Option<String>,
    /// Whether a subscription was taken back.
    pub cancelled: bool,
}

impl Default for Purchase {
    fn default() -> Purchase {
        Purchase {
            order: String::new(),
            product: String::new(),
            quantity: 1,
            purchase_date: None,
            subscription_start: None,
            subscription_end: None,
            cancelled: false,
        }
    }
}

/// A field that the association made up itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CustomField {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// An award.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Award {
    /// Its name.
    pub name: String,
    /// Its year, as text.
    pub year: String,
}

impl Customer {
    /// First and family name, or the name of the company.
    pub fn full_name(&self) -> String {
        match self.customer_type {
            CustomerType::Company => self.name.clone(),
            CustomerType::Person => format!("{} {}", self.first_name, self.last_name).trim().to_owned(),
        }
    }

    /// What this person types as user name. A deactivated record has lost its account.
    pub fn account_email(&self) -> Option<&str> {
        let account = self.account.as_ref().filter(|_| self.active)?;
        account.email.as_deref().or(self.email.as_deref())
    }

    /// Whether the record exists at this site.
    pub fn exists_in(&self, environment: Environment) -> bool {
        self.only_in.is_none_or(|only| only == environment)
    }
}
