//! What a community is told of a person, in words of our own. The order of fields and lists makes the written form canonical.

use serde::{Deserialize, Serialize};

use crate::domain::contact::{ContactAddress, ContactEmail, ContactLink, ContactPhone};
use crate::domain::time::Timestamp;

/// All that a community should know of a person. It is always told whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToldContact {
    /// The key, exactly as the AMS writes it.
    pub id: String,
    /// The number by which the AMS's people know the person.
    pub record_number: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name; of a company its name.
    pub last_name: String,
    /// First e-mail address.
    pub email: Option<String>,
    /// What the mapping asks for of the rest of the profile.
    pub profile: ToldProfile,
    /// Counts as a member.
    pub is_member: bool,
    /// When the first membership began.
    pub member_since: Option<Timestamp>,
    /// The end of the membership that ends last, exclusive. `None`: open-ended, or not known.
    pub member_until: Option<Timestamp>,
    /// The groups, by id and role.
    pub groups: Vec<ToldLine>,
    /// The demographics, in the order of the mapping.
    pub demographics: Vec<ToldDemographic>,
}

/// What a community is told of the profile beyond name and e-mail address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToldProfile {
    /// Before the name.
    pub prefix: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// After the name.
    pub suffix: Option<String>,
    /// The name by which the person is called.
    pub informal_name: Option<String>,
    /// Credentials.
    pub designation: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// Whether the person is in the directory of members. `None`: the AMS does not say, or it is not told.
    pub show_in_directory: Option<bool>,
    /// It is a company.
    pub is_organization: bool,
    /// The primary organization.
    pub organization: Option<ToldOrganization>,
    /// What the person says about themselves.
    pub bio: Option<String>,
    /// Web address of a picture.
    pub photo: Option<String>,
    /// Pages elsewhere.
    pub links: Vec<ContactLink>,
    /// E-mail addresses.
    pub emails: Vec<ContactEmail>,
    /// Telephone numbers.
    pub phones: Vec<ContactPhone>,
    /// Postal addresses.
    pub addresses: Vec<ContactAddress>,
}

/// The primary organization of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldOrganization {
    /// Its key, exactly as the AMS writes it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A record of its own is told too.
    pub has_record: bool,
}

/// A person in a group, in one role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToldLine {
    /// The group's key.
    pub id: String,
    /// The role, if there is one.
    pub role: Option<String>,
    /// The group's name.
    pub name: String,
    /// The type of a community; `None`: it is a security group.
    pub community_type: Option<String>,
    /// Whoever is in it counts as a member.
    pub member: bool,
    /// First joined.
    pub joined: Option<Timestamp>,
    /// Begin of the present term; `None`: since ever, or not known.
    pub since: Option<Timestamp>,
    /// The first instant at which known dates end it; `None`: they do not.
    pub until: Option<Timestamp>,
}

/// One value of a demographic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldDemographic {
    /// Key of its type.
    pub key: String,
    /// Name of its type.
    pub name: String,
    /// The value.
    pub value: String,
    /// Any text may stand there.
    pub free_form: bool,
}

/// Somebody who is to be taken out of the community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedContact {
    /// The key under which the person is known there.
    pub id: String,
    /// Given name, as it is known there.
    pub first_name: String,
    /// Family name, as it is known there.
    pub last_name: String,
}

impl RemovedContact {
    /// Of somebody who is known there as this.
    pub fn of(told: &ToldContact) -> RemovedContact {
        let ToldContact { id, first_name, last_name, .. } = told.clone();
        RemovedContact { id, first_name, last_name }
    }
}
