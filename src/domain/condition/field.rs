//! The fields of a condition: what they may hold, and what stands in them.

use std::collections::BTreeMap;

use crate::domain::code::Code;

/// One field of a condition.
#[derive(Debug)]
pub struct ConditionField {
    /// Within the condition.
    pub key: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// One sentence about it for forms; may be empty.
    pub hint: &'static str,
    /// What may stand in it.
    pub holds: Holds,
    /// May be left out.
    pub optional: bool,
    /// How it reads behind the rest, with the value for `{}`.
    pub detail: &'static str,
    /// What there is to choose from.
    pub choices: Option<ChoiceList>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A code or name.
    Code,
    /// One of the values that the AMS may keep in one text, apart at `|`.
    OneValue,
    /// At least one code or name.
    Codes,
    /// A number of days.
    Days,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A yes, or it is left out.
    Yes,
}

/// A list of things to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChoiceList {
    /// Membership types, by code.
    MembershipTypes,
    /// Committees.
    Committees,
    /// Positions, over all committees.
    Positions,
    /// Security roles.
    SecurityRoles,
    /// Events.
    Events,
    /// Products.
    Products,
    /// Certifications.
    Certifications,
    /// Relationships.
    Relationships,
    /// Groups.
    Groups,
    /// Custom fields.
    CustomFields,
    /// Values of custom fields, over all fields.
    FieldValues,
}

/// What stands in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// For [`Holds::Code`] and [`Holds::OneValue`].
    Code(Code),
    /// For [`Holds::Codes`].
    Codes(Vec<Code>),
    /// For [`Holds::Days`].
    Days(u32),
    /// For [`Holds::Word`].
    Word(&'static str),
    /// For [`Holds::Yes`].
    Yes,
}

/// What stands in the fields of a condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldValues(pub(super) BTreeMap<&'static str, FieldValue>);

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// It has to be there.
    Missing,
    /// The list names nothing.
    NoneNamed,
    /// There are several values in one.
    Several,
}

impl FieldFault {
    /// What is wrong and what to do about it, both without a full stop.
    pub fn says(self, kind: &str, key: &str) -> (String, String) {
        match self {
            FieldFault::Missing => {
                (format!("`{kind}` has no `{key}`"), format!("Say which {key} counts: `{key} = \"…\"`"))
            }
            FieldFault::NoneNamed => (
                format!("`{key}` is empty"),
                "Name at least one position code, or leave the key out".to_owned(),
            ),
            FieldFault::Several => (
                format!("`{key}` holds several values, and the AMS separates them at `|`"),
                "Ask for one value; write a second rule for the next".to_owned(),
            ),
        }
    }
}

/// A field that has to be there.
pub(super) const fn field(
    key: &'static str,
    label: &'static str,
    holds: Holds,
    choices: Option<ChoiceList>,
) -> ConditionField {
    ConditionField { key, label, hint: "", holds, optional: false, detail: "", choices }
}

/// A code or name.
pub(super) const fn code(key: &'static str, label: &'static str, choices: ChoiceList) -> ConditionField {
    field(key, label, Holds::Code, Some(choices))
}

/// A number of days that may be left out.
pub(super) const fn days(
    key: &'static str,
    label: &'static str,
    hint: &'static str,
    detail: &'static str,
) -> ConditionField {
    ConditionField { hint, optional: true, detail, ..field(key, label, Holds::Days, None) }
}

/// A list on which people put themselves decides nothing, unless this is said.
pub const SELF_SUBSCRIBED: ConditionField = ConditionField {
    hint: "For lists on which people put themselves: without this such a list decides nothing.",
    optional: true,
    detail: "even if one has joined by oneself",
    ..field("self_subscribed", "Joining by oneself counts", Holds::Yes, None)
};

impl FieldValues {
    /// What stands in a field.
    pub fn get(&self, key: &str) -> Option<&FieldValue> {
        self.0.get(key)
    }

    /// Puts something into a field.
    pub fn put(&mut self, key: &'static str, value: FieldValue) {
        self.0.insert(key, value);
    }

    /// The code in a field.
    pub fn code(&self, key: &str) -> Option<Code> {
        if let FieldValue::Code(code) = self.get(key)? { Some(code.clone()) } else { None }
    }

    pub(super) fn codes(&self, key: &str) -> Vec<Code> {
        if let Some(FieldValue::Codes(codes)) = self.get(key) { codes.clone() } else { Vec::new() }
    }

    pub(super) fn days(&self, key: &str) -> Option<u32> {
        if let FieldValue::Days(days) = self.get(key)? { Some(*days) } else { None }
    }

    pub(super) fn yes(&self, key: &str) -> bool {
        self.get(key) == Some(&FieldValue::Yes)
    }

    pub(super) fn word(&self, key: &str) -> Option<&'static str> {
        if let FieldValue::Word(word) = self.get(key)? { Some(word) } else { None }
    }
}

impl FieldValue {
    /// For people.
    pub fn in_words(&self, show: impl Fn(&str) -> String) -> String {
        match self {
            FieldValue::Code(code) => show(code.as_str()),
            FieldValue::Codes(codes) => {
                codes.iter().map(|code| show(code.as_str())).collect::<Vec<_>>().join(" or ")
            }
            FieldValue::Days(1) => "1 day".to_owned(),
            FieldValue::Days(days) => format!("{days} days"),
            FieldValue::Word(word) => (*word).to_owned(),
            FieldValue::Yes => "yes".to_owned(),
        }
    }
}
