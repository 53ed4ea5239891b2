//! What a contact says beyond name and e-mail: the part of a people file that few people have.

use serde::{Deserialize, Serialize};

/// A profile. An empty text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// Before the name.
    pub prefix: String,
    /// Middle name.
    pub middle_name: String,
    /// After the name.
    pub suffix: String,
    /// Address of a picture.
    pub image_url: String,
    /// What the person says about themselves.
    pub bio: String,
    /// Telephone numbers; the first is the primary one.
    pub phones: Vec<Info>,
    /// Pages elsewhere; the first is the primary one.
    pub websites: Vec<Info>,
    /// Postal addresses; the first is the primary one.
    pub addresses: Vec<Address>,
}

/// A way to reach somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Info {
    /// Such as `Mobile` or `LinkedIn`.
    pub type_name: String,
    /// The number or the address.
    pub value: String,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Address {
    /// Such as `Mailing`.
    pub type_name: String,
    /// Street and number.
    pub address1: String,
    /// What else stands above the city.
    pub address2: String,
    /// City.
    pub city: String,
    /// State or province.
    pub state_province: String,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: String,
}
