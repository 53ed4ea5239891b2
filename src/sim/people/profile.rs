//! What a person's profile says beyond name and e-mail: the part of a people file that few people have.

use serde::{Deserialize, Serialize};

/// A profile. Member names in JSON are those that re:Members has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// Before the name.
    pub prefix: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// After the name.
    pub suffix: Option<String>,
    /// The given name by which the person wants to be called.
    pub preferred_first_name: Option<String>,
    /// Address of a picture.
    pub image_uri: Option<String>,
    /// A name or a page at Twitter.
    pub twitter: Option<String>,
    /// A page at LinkedIn.
    pub linked_in: Option<String>,
    /// A site of the person's own.
    pub web_site: Option<String>,
    /// Other pages.
    pub links: Vec<Link>,
    /// The person does not want to be in the directory.
    pub hidden_in_directory: bool,
    /// E-mail addresses beside the one of the record.
    pub other_emails: Vec<OtherEmail>,
    /// Telephone numbers; the first is the primary one.
    pub phones: Vec<Phone>,
    /// Postal addresses; the first is the primary one.
    pub addresses: Vec<Address>,
    /// Credentials after the name.
    pub designations: Vec<String>,
}

/// A page of a person elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Link {
    /// Such as `Facebook`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its address.
    pub url: String,
}

/// An e-mail address beside the one of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OtherEmail {
    /// The address.
    pub address: String,
    /// Such as `Home`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Others may see it.
    pub show_in_directory: bool,
}

/// A telephone number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Phone {
    /// The number.
    pub number: String,
    /// What is dialled after it.
    pub extension: Option<String>,
    /// Such as `Mobile`.
    pub type_name: String,
    /// Others may see it.
    pub show_in_directory: bool,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// What else stands above the city.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// Code of the state with that of the country, such as `US-ME`.
    pub state_iso_code: Option<String>,
    /// Postal code.
    pub zipcode: String,
    /// Name of the country.
    pub country: String,
    /// Such as `Work`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Others may see it.
    pub show_in_directory: bool,
}
