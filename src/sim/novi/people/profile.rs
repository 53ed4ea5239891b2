//! What a record says beyond name and e-mail: the part of a people file that few people have.

use serde::{Deserialize, Serialize};

/// A profile. An empty text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Profile {
    /// Before the name.
    pub title: String,
    /// After the name.
    pub suffix: String,
    /// Credentials after the name.
    pub credentials: String,
    /// What the person says about themselves; it may have markup.
    pub member_profile: String,
    /// Address of a picture.
    pub image: String,
    /// A site of the person's own.
    pub website: String,
    /// A page at Facebook.
    pub facebook_url: String,
    /// A page at LinkedIn.
    pub linked_in_url: String,
    /// The name at Instagram.
    pub instagram_handle: String,
    /// The name at Twitter.
    pub twitter_handle: String,
    /// Telephone.
    pub phone: String,
    /// Mobile telephone.
    pub mobile: String,
    /// Fax.
    pub fax: String,
    /// Private telephone.
    pub personal_phone: String,
    /// Private mobile telephone.
    pub personal_mobile: String,
    /// Where bills go.
    pub billing_address: Address,
    /// Where parcels go.
    pub shipping_address: Address,
    /// Where the person lives.
    pub personal_address: Address,
    /// The record is not shown in the directory.
    pub hide_on_website: bool,
    /// The record is shown without the ways to reach the person.
    pub hide_contact_information: bool,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub address1: String,
    /// What else stands above the city.
    pub address2: String,
    /// City.
    pub city: String,
    /// State or province.
    pub state_province: String,
    /// Postal code.
    pub zip_code: String,
    /// Country.
    pub country: String,
}

impl Profile {
    /// The texts of a record that a caller writes; `text` gives one by the name that the interface has for it.
    pub(in super::super) fn written(text: impl Fn(&str) -> String, flag: impl Fn(&str) -> bool) -> Profile {
        let address = |of: &str| Address {
            address1: text(&format!("/{of}/Address1")),
            address2: text(&format!("/{of}/Address2")),
            city: text(&format!("/{of}/City")),
            state_province: text(&format!("/{of}/StateProvince")),
            zip_code: text(&format!("/{of}/ZipCode")),
            country: text(&format!("/{of}/Country")),
        };
        Profile {
            title: text("/Title"),
            suffix: text("/Suffix"),
            credentials: text("/Credentials"),
            member_profile: text("/MemberProfile"),
            image: text("/Image"),
            website: text("/Website"),
            facebook_url: text("/FacebookUrl"),
            linked_in_url: text("/LinkedInUrl"),
            instagram_handle: text("/InstagramHandle"),
            twitter_handle: text("/TwitterHandle"),
            phone: text("/Phone"),
            mobile: text("/Mobile"),
            fax: text("/Fax"),
            personal_phone: text("/PersonalPhone"),
            personal_mobile: text("/PersonalMobile"),
            billing_address: address("BillingAddress"),
            shipping_address: address("ShippingAddress"),
            personal_address: address("PersonalAddress"),
            hide_on_website: flag("HideOnWebsite"),
            hide_contact_information: flag("HideContactInformation"),
        }
    }
}
