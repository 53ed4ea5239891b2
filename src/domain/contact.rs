//! What a person's profile in the AMS says beyond name and e-mail address, for a community that shows it to others.
//!
//! It is kept only where a subscriber asks for it. Display only: no decision rests on it. Whoever reads an AMS bounds every text and every list.

use serde::{Deserialize, Serialize};

/// A profile, as far as a community shows one. What the AMS did not say is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Before the name, such as `Dr.`.
    pub prefix: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// After the name, such as `Jr.`.
    pub suffix: Option<String>,
    /// The name by which the person wants to be called.
    pub informal_name: Option<String>,
    /// Credentials after the name, such as `CPA`; several are joined by `, `.
    pub designation: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// What the person says about themselves.
    pub bio: Option<String>,
    /// Where a picture of the person is: a web address.
    pub photo: Option<String>,
    /// Pages of the person elsewhere.
    pub links: Vec<ContactLink>,
    /// Whether the person wants to be in the directory of members.
    pub show_in_directory: Option<bool>,
    /// E-mail addresses.
    pub emails: Vec<ContactEmail>,
    /// Telephone numbers.
    pub phones: Vec<ContactPhone>,
    /// Postal addresses.
    pub addresses: Vec<ContactAddress>,
    /// The organization to which the person first belongs.
    pub organization: Option<PrimaryOrganization>,
    /// This is a company and no individual.
    pub is_organization: bool,
    /// Whether the person has a user account in the AMS.
    pub has_account: Option<bool>,
    /// Whether the AMS counts the person as active.
    pub is_active: Option<bool>,
}

/// A page of a person elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLink {
    /// Where.
    pub kind: LinkKind,
    /// Its web address.
    pub url: String,
}

/// Where a person has a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A site of the person's own.
    Website,
    /// A blog of the person's own.
    Blog,
    /// Facebook.
    Facebook,
    /// LinkedIn.
    LinkedIn,
    /// X, formerly Twitter.
    Twitter,
    /// YouTube.
    YouTube,
    /// Instagram.
    Instagram,
}

/// An e-mail address of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEmail {
    /// The address.
    pub address: String,
    /// What kind of address it is, in the AMS's word, such as `Work`.
    pub kind: Option<String>,
    /// The person's first.
    pub primary: bool,
    /// Whether others may see it.
    pub show_in_directory: Option<bool>,
}

/// A telephone number of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPhone {
    /// The number, with its extension, as the AMS writes it.
    pub number: String,
    /// What kind of number it is, in the AMS's word, such as `Mobile`.
    pub kind: Option<String>,
    /// The person's first.
    pub primary: bool,
    /// Whether others may see it.
    pub show_in_directory: Option<bool>,
}

/// A postal address of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactAddress {
    /// Street and number, and what else stands above the city.
    pub lines: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country: two letters (ISO 3166-1) where the AMS says them, else its name for it.
    pub country: Option<String>,
    /// What kind of address it is, in the AMS's word, such as `Home`.
    pub kind: Option<String>,
    /// The person's first.
    pub primary: bool,
    /// Whether others may see it.
    pub show_in_directory: Option<bool>,
}

/// The organization to which a person first belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryOrganization {
    /// Its key in the AMS, exactly as the AMS writes it.
    pub id: String,
    /// Its name.
    pub name: String,
}
