//! Who is on file in the simulated association: the types of a people file.
//!
//! Everything is text as re:Members would print it, dates too, so that a file can hold what is broken on purpose.
//! Member names in JSON are camelCase; what is left out is absent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::profile::Profile;

/// The password of everyone in the cast, and of every login that names none.
pub const PASSWORD: &str = "membergate";

/// One of the two environments that a customer of an AMS is given credentials for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// The world that counts. Served at the root of the simulator.
    Production,
    /// The world to try things in. Served under `/staging`.
    Staging,
}

impl Environment {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Staging => "staging",
        }
    }
}

/// Everybody and everything on file. A people file is this as JSON.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct People {
    /// The individuals.
    pub people: Vec<Person>,
    /// The organizations that relationships point to.
    pub organizations: Vec<Organization>,
    /// The committees that seats name by code.
    pub committees: Vec<Committee>,
    /// The events that registrations name by code.
    pub events: Vec<Event>,
}

/// An individual. Only `id`, `recordNumber` and a name are needed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Person {
    /// What this person is good for in a test; shown on the demo's login page.
    pub note: String,
    /// The stable key, a version 4 GUID in lower case.
    pub id: String,
    /// The number that people quote.
    pub record_number: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Job title.
    pub title: Option<String>,
    /// The e-mail on the record; the login e-mail may differ.
    pub email: Option<String>,
    /// What the profile says beyond name and e-mail; left out: nothing.
    pub profile: Option<Box<Profile>>,
    /// The login, if this person has one.
    pub user: Option<User>,
    /// Where the person exists; left out: in both environments.
    pub only_in: Option<Environment>,
    /// Memberships in the order in which the AMS lists them.
    pub memberships: Vec<Membership>,
    /// Seats on committees, ended and future ones too.
    pub committees: Vec<Seat>,
    /// Event registrations.
    pub registrations: Vec<Registration>,
    /// Purchases.
    pub purchases: Vec<Purchase>,
    /// Certifications.
    pub certifications: Vec<Certification>,
    /// Relationships to organizations.
    pub relationships: Vec<Relationship>,
    /// Names of security roles.
    pub security_roles: Vec<String>,
    /// Custom fields.
    pub custom_fields: Vec<CustomField>,
    /// Whether the AMS knows that this person has died.
    pub is_deceased: bool,
    /// Answer memberships with only the members that responses of 2018 had.
    pub old_shape: bool,
    /// JSON members that are answered exactly as written here, over all else: for broken shapes. `memberships`,
    /// `committees`, `registrations`, `purchases`, `certifications`, `relationships` and `customFields` replace that
    /// whole list wherever it is answered.
    pub overrides: Map<String, Value>,
}

/// A login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct User {
    /// The name to sign in with; left out: the e-mail of the record.
    pub login_email: Option<String>,
    /// The password.
    pub password: String,
    /// The AMS wants a new password; nobody is stopped by it.
    pub must_change_password: bool,
    /// Whether staff approved the login.
    pub is_approved: bool,
}

impl Default for User {
    fn default() -> User {
        User { login_email: None, password: PASSWORD.into(), must_change_password: false, is_approved: true }
    }
}

/// A membership, of a person or of an organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Membership {
    /// Display name of the type.
    pub membership_type: String,
    /// Code of the type.
    pub code: String,
    /// First joined.
    pub join_date: Option<String>,
    /// Begin of the present term.
    pub effective_date: Option<String>,
    /// End of the present term.
    pub expire_date: Option<String>,
    /// End of the days of grace.
    pub grace_expire_date: Option<String>,
    /// Ended by staff.
    pub terminate_date: Option<String>,
    /// Held through an organization.
    pub inherited_membership_benefits: bool,
    /// Where to renew it; left out: "".
    pub renewal_url: String,
}

/// A seat on a committee.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Seat {
    /// Code of the committee.
    pub committee: String,
    /// Display name of the position.
    pub position: String,
    /// Code of the position.
    pub position_code: String,
    /// The member's own code within the committee. Not the committee's code, though re:Members calls it `code`.
    pub code: String,
    /// First day of the seat.
    pub start_date: Option<String>,
    /// Last day of the seat.
    pub end_date: Option<String>,
}

/// A registration for an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Registration {
    /// Code of the event.
    pub event: String,
    /// When it was made.
    pub registration_date: Option<String>,
    /// Its number.
    pub registration_number: String,
    /// When it was cancelled; left out: it stands.
    pub cancellation_date: Option<String>,
    /// Record number of the person whose guest this one is; left out: nobody's.
    pub guest_of: Option<String>,
    /// The sessions of the event that go with it.
    pub sessions: Vec<EventSession>,
}

/// A session of an event in a registration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EventSession {
    /// Its code.
    pub code: String,
    /// When it was cancelled, while the registration stands; left out: it was not.
    pub cancellation_date: Option<String>,
}

/// A bought product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Purchase {
    /// Number of the order.
    pub order_number: String,
    /// Code of the product.
    pub product_code: String,
    /// Display name of the product.
    pub product_name: String,
    /// When it was bought.
    pub purchase_date: Option<String>,
}

/// A certification.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Certification {
    /// Its code.
    pub code: String,
    /// Its display name.
    pub name: String,
    /// Last day.
    pub expire_date: Option<String>,
}

/// A relationship to an organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Relationship {
    /// What the person is to the organization, such as `Employee`.
    pub name: String,
    /// What the organization is to the person, such as `Employer`.
    pub reciprocal_name: String,
    /// Record number of the organization.
    pub organization: String,
    /// The one that makes the person's primary organization.
    pub is_primary: bool,
    /// First day.
    pub start_date: Option<String>,
    /// Last day.
    pub end_date: Option<String>,
}

/// A field that the association made up itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CustomField {
    /// Its key.
    pub name: String,
    /// Its label.
    pub caption: String,
    /// Always text; several values are joined with `|`.
    pub value: String,
}

/// An organization.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Organization {
    /// The stable key.
    pub id: String,
    /// The number that people quote.
    pub record_number: String,
    /// Its name.
    pub name: String,
    /// Its e-mail.
    pub email: Option<String>,
    /// Its memberships.
    pub memberships: Vec<Membership>,
    /// Its custom fields.
    pub custom_fields: Vec<CustomField>,
}

/// A committee.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Committee {
    /// The stable key.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day of the present term; its year is the number of the term.
    pub term_start: Option<String>,
    /// Last day of the present term.
    pub term_end: Option<String>,
    /// Its positions, code and name.
    pub positions: Vec<(String, String)>,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Event {
    /// The stable key.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// First day.
    pub start_date: Option<String>,
    /// Last day.
    pub end_date: Option<String>,
    /// Whether the public may see it.
    pub public_event: bool,
    /// When it begins on its first day; none: `08:00:00`.
    pub start_time: Option<String>,
    /// When it ends on its last day; none: `17:00:00`.
    pub end_time: Option<String>,
    /// The name of its time zone; none: `US Eastern Standard Time`.
    pub time_zone: Option<String>,
    /// What it is about, as text or HTML.
    pub description: Option<String>,
    /// What the place is called.
    pub location: Option<String>,
    /// City and state of the place.
    pub city: Option<String>,
    /// Its page elsewhere.
    pub external_url: Option<String>,
    /// How it stands, such as `Cancelled`; whether the real one says so is not known.
    pub status: Option<String>,
}

impl Person {
    /// First and family name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// What this person types as user name, if there is a login at all.
    pub fn login_email(&self) -> Option<&str> {
        let user = self.user.as_ref()?;
        user.login_email.as_deref().or(self.email.as_deref())
    }

    /// Whether the person exists in this environment.
    pub fn exists_in(&self, environment: Environment) -> bool {
        self.only_in.is_none_or(|only| only == environment)
    }
}
