//! What the association has to choose from: types of membership, groups, committees, events and products.

use serde::{Deserialize, Serialize};

/// A type of membership.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MemberType {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether companies hold it.
    pub for_companies: bool,
    /// Whether those below in the family tree have the benefits too.
    pub inherited: bool,
    /// Only those who have a seat inherit.
    pub limited_seats: bool,
    /// Days for which the benefits go on after the end.
    pub grace_days: u32,
}

/// Who has a group's benefits beside its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Beneficiaries {
    /// Nobody.
    #[default]
    None,
    /// Those who inherit their membership from a member of the group.
    FamilyInheriting,
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Group {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// Whoever has one of these status words by a membership of their own is in it.
    pub statuses: Vec<String>,
    /// Who has its benefits beside its members.
    pub beneficiaries: Beneficiaries,
    /// Whether it goes to Higher Logic.
    pub sync_to_higher_logic: bool,
}

/// A role on a committee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Role {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
}

/// A committee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Committee {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: Vec<Role>,
}

/// A ticket of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Ticket {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Event {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// First day.
    pub start_date: Option<String>,
    /// Last day.
    pub end_date: Option<String>,
    /// Its tickets.
    pub tickets: Vec<Ticket>,
}

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Product {
    /// The stable key.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// What it costs.
    pub price: f64,
    /// Whether it is bought for a time.
    pub is_subscription: bool,
}
