//! The kinds of condition: one table with all that is known about each, but when it holds for a record, which is in `roles`.
//!
//! The rules file, the stored form, the forms of the administration, the reasons and the table in docs/roles.md are made from it.
//! A new kind is a variant of [`Condition`] with its values, a row of [`KINDS`], and its evaluation in `roles::conditions`.

use super::code::Code;
use super::parts::Part;

mod asked;
mod field;
mod status;
mod what;
mod words;

pub use field::{ChoiceList, ConditionField, FieldFault, FieldValue, FieldValues, Holds, SELF_SUBSCRIBED};
pub use status::MembershipStatus;
pub use what::Condition;

use field::{code, days, field};

/// A kind of condition: a row of the table.
#[derive(Debug)]
pub struct ConditionKind {
    /// In the rules file, in stored mappings, forms and addresses. The first field has the same key.
    pub key: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// When it holds, in a sentence for forms.
    pub says: &'static str,
    /// Its fields, the one that names the thing first. Without any it is written `key = true`.
    pub fields: &'static [ConditionField],
    /// The part of the record that it looks at, beside profile and memberships.
    pub part: Option<Part>,
    /// The field that may be a pattern, in a rule for many roles.
    pub pattern: Option<&'static str>,
    /// As a fact, with fields in braces.
    pub holds: &'static str,
    /// As a fact when it does not hold.
    pub fails: &'static str,
    /// What it means that none of the optional fields is given.
    pub without: &'static str,
    make: fn(&FieldValues) -> Option<Condition>,
}

impl PartialEq for ConditionKind {
    fn eq(&self, other: &ConditionKind) -> bool {
        self.key == other.key
    }
}

impl Eq for ConditionKind {}

/// All kinds, in the order in which people see them.
pub static KINDS: [&ConditionKind; 11] = [
    &MEMBERSHIP_TYPE,
    &MEMBERSHIP_STATUS,
    &COMMITTEE,
    &SECURITY_ROLE,
    &EVENT,
    &PURCHASE,
    &CERTIFICATION,
    &RELATIONSHIP,
    &GROUP,
    &CUSTOM_FIELD,
    &MEMBER,
];

static MEMBERSHIP_TYPE: ConditionKind = ConditionKind {
    key: "membership_type",
    label: "Membership type",
    says: "While any membership of this type is active. Every membership of a person is looked at.",
    fields: &[code("membership_type", "Membership type", ChoiceList::MembershipTypes)],
    part: None,
    pattern: Some("membership_type"),
    holds: "Holds the membership {membership_type}",
    fails: "Does not hold the membership {membership_type}",
    without: "",
    make: |values| Some(Condition::MembershipType(values.code("membership_type")?)),
};

static MEMBERSHIP_STATUS: ConditionKind = ConditionKind {
    key: "membership_status",
    label: "Membership status",
    says: "While this is how it stands with the memberships of a person as a whole.",
    fields: &[ConditionField {
        hint: "Active; expired and within grace; pending: starts later; lapsed; or never a member.",
        ..field("membership_status", "Membership status", Holds::Word(&MembershipStatus::WORDS), None)
    }],
    part: None,
    pattern: None,
    holds: "Has the membership status {membership_status}",
    fails: "Does not have the membership status {membership_status}",
    without: "",
    make: |values| {
        let word = values.word("membership_status")?;
        let status = MembershipStatus::ALL.into_iter().find(|status| status.as_str() == word)?;
        Some(Condition::MembershipStatus(status))
    },
};

static COMMITTEE: ConditionKind = ConditionKind {
    key: "committee",
    label: "Committee",
    says: "While the person has a seat, from the seat’s first day to its last.",
    fields: &[
        code("committee", "Committee", ChoiceList::Committees),
        ConditionField {
            hint: "Codes with commas between; empty: any seat.",
            optional: true,
            detail: "as {}",
            ..field("positions", "Positions", Holds::Codes, Some(ChoiceList::Positions))
        },
        SELF_SUBSCRIBED,
    ],
    part: Some(Part::Committees),
    pattern: Some("committee"),
    holds: "On committee {committee}{positions}{self_subscribed}",
    fails: "Not on committee {committee}{positions}{self_subscribed}",
    without: "any seat",
    make: |values| {
        let (committee, positions) = (values.code("committee")?, values.codes("positions"));
        Some(Condition::Committee { committee, positions, self_subscribed: values.yes("self_subscribed") })
    },
};

static SECURITY_ROLE: ConditionKind = ConditionKind {
    key: "security_role",
    label: "Security role",
    says: "While the AMS lists this security role for the person.",
    fields: &[code("security_role", "Security role", ChoiceList::SecurityRoles)],
    part: Some(Part::SecurityRoles),
    pattern: Some("security_role"),
    holds: "Has the security role {security_role}",
    fails: "Does not have the security role {security_role}",
    without: "",
    make: |values| Some(Condition::SecurityRole(values.code("security_role")?)),
};

static EVENT: ConditionKind = ConditionKind {
    key: "event",
    label: "Event",
    says: "From the registration on, or only around the days of the event.",
    fields: &[
        code("event", "Event", ChoiceList::Events),
        days("from_days_before", "From days before", "Empty: from the registration.", "from {} before"),
        days("until_days_after", "Until days after", "Empty: without end.", "until {} after"),
    ],
    part: Some(Part::Registrations),
    pattern: Some("event"),
    holds: "Registered for event {event}",
    fails: "Not registered for event {event}",
    without: "from the registration on",
    make: |values| {
        Some(Condition::Event {
            event: values.code("event")?,
            from_days_before: values.days("from_days_before"),
            until_days_after: values.days("until_days_after"),
        })
    },
};

static PURCHASE: ConditionKind = ConditionKind {
    key: "purchase",
    label: "Purchase",
    says: "From the purchase on, or for a number of days after it.",
    fields: &[
        code("purchase", "Product", ChoiceList::Products),
        days("valid_days", "Valid for days", "Empty: without end.", "for {}"),
    ],
    part: Some(Part::Purchases),
    pattern: Some("purchase"),
    holds: "Bought {purchase}",
    fails: "Did not buy {purchase}",
    without: "without end",
    make: |values| {
        let (product, valid_days) = (values.code("purchase")?, values.days("valid_days"));
        Some(Condition::Purchase { product, valid_days })
    },
};

static CERTIFICATION: ConditionKind = ConditionKind {
    key: "certification",
    label: "Certification",
    says: "To the end of the day on which the certification expires.",
    fields: &[code("certification", "Certification", ChoiceList::Certifications)],
    part: Some(Part::Certifications),
    pattern: Some("certification"),
    holds: "Holds certification {certification}",
    fails: "Does not hold certification {certification}",
    without: "",
    make: |values| Some(Condition::Certification(values.code("certification")?)),
};

static RELATIONSHIP: ConditionKind = ConditionKind {
    key: "relationship",
    label: "Relationship",
    says: "While the relationship lasts, with any organization or with one.",
    fields: &[
        code("relationship", "Relationship", ChoiceList::Relationships),
        ConditionField {
            hint: "Its record number; empty: any.",
            optional: true,
            detail: "with organization {}",
            ..field("organization", "Organization", Holds::Code, None)
        },
    ],
    part: Some(Part::Relationships),
    pattern: Some("relationship"),
    holds: "Has the relationship {relationship}{organization}",
    fails: "Does not have the relationship {relationship}{organization}",
    without: "with any organization",
    make: |values| {
        let (name, organization) = (values.code("relationship")?, values.code("organization"));
        Some(Condition::Relationship { name, organization })
    },
};

static GROUP: ConditionKind = ConditionKind {
    key: "group",
    label: "Group",
    says: "While the AMS has the person in this group, in one’s own right or through an organization.",
    fields: &[code("group", "Group", ChoiceList::Groups), SELF_SUBSCRIBED],
    part: Some(Part::Groups),
    pattern: Some("group"),
    holds: "In the group {group}{self_subscribed}",
    fails: "Not in the group {group}{self_subscribed}",
    without: "",
    make: |values| {
        let (group, self_subscribed) = (values.code("group")?, values.yes("self_subscribed"));
        Some(Condition::Group { group, self_subscribed })
    },
};

static CUSTOM_FIELD: ConditionKind = ConditionKind {
    key: "custom_field",
    label: "Custom field",
    says: "While the field has this value. Of several values, any one counts.",
    fields: &[
        code("custom_field", "Custom field", ChoiceList::CustomFields),
        field("value", "Value", Holds::OneValue, Some(ChoiceList::FieldValues)),
    ],
    part: Some(Part::CustomFields),
    pattern: Some("value"),
    holds: "Custom field {custom_field} has the value {value}",
    fails: "Custom field {custom_field} does not have the value {value}",
    without: "",
    make: |values| {
        let (name, value) = (values.code("custom_field")?, values.code("value")?);
        Some(Condition::CustomField { name, value })
    },
};

static MEMBER: ConditionKind = ConditionKind {
    key: "member",
    label: "Member",
    says: "While any membership is active.",
    fields: &[],
    part: None,
    pattern: None,
    holds: "Member",
    fails: "Not a member",
    without: "",
    make: |_| Some(Condition::Member),
};

impl Condition {
    /// Its row in the table; a negation has that of what it turns round.
    pub fn kind(&self) -> &'static ConditionKind {
        match self.plain().0 {
            Condition::MembershipType(_) => &MEMBERSHIP_TYPE,
            Condition::MembershipStatus(_) => &MEMBERSHIP_STATUS,
            Condition::Committee { .. } => &COMMITTEE,
            Condition::SecurityRole(_) => &SECURITY_ROLE,
            Condition::Event { .. } => &EVENT,
            Condition::Purchase { .. } => &PURCHASE,
            Condition::Certification(_) => &CERTIFICATION,
            Condition::Relationship { .. } => &RELATIONSHIP,
            Condition::Group { .. } => &GROUP,
            Condition::CustomField { .. } => &CUSTOM_FIELD,
            Condition::Member | Condition::Not(_) => &MEMBER,
        }
    }

    /// What stands in its fields; a negation has what stands in those of what it turns round.
    pub fn values(&self) -> FieldValues {
        let code = |code: &Code| Some(FieldValue::Code(code.clone()));
        let days = |days: &Option<u32>| days.map(FieldValue::Days);
        let yes = |said: &bool| said.then_some(FieldValue::Yes);
        // In the order of the fields in the table.
        let values = match self.plain().0 {
            Condition::MembershipType(held) => vec![code(held)],
            Condition::MembershipStatus(status) => vec![Some(FieldValue::Word(status.as_str()))],
            Condition::Committee { committee, positions, self_subscribed } => {
                let positions = (!positions.is_empty()).then(|| FieldValue::Codes(positions.clone()));
                vec![code(committee), positions, yes(self_subscribed)]
            }
            Condition::SecurityRole(role) => vec![code(role)],
            Condition::Event { event, from_days_before, until_days_after } => {
                vec![code(event), days(from_days_before), days(until_days_after)]
            }
            Condition::Purchase { product, valid_days } => vec![code(product), days(valid_days)],
            Condition::Certification(held) => vec![code(held)],
            Condition::Relationship { name, organization } => {
                vec![code(name), organization.as_ref().and_then(code)]
            }
            Condition::Group { group, self_subscribed } => vec![code(group), yes(self_subscribed)],
            Condition::CustomField { name, value } => vec![code(name), code(value)],
            Condition::Member | Condition::Not(_) => Vec::new(),
        };
        let keys = self.kind().fields.iter().map(|field| field.key);
        FieldValues(keys.zip(values).filter_map(|(key, value)| Some((key, value?))).collect())
    }

    /// The same with something else in one field.
    pub fn with(&self, key: &'static str, value: FieldValue) -> Option<Condition> {
        let mut values = self.values();
        values.put(key, value);
        self.kind().condition(&values).ok().map(|condition| condition.negated(self.plain().1))
    }
}

impl ConditionKind {
    /// The kind with this key.
    pub fn named(key: &str) -> Option<&'static ConditionKind> {
        KINDS.into_iter().find(|kind| kind.key == key)
    }

    /// The condition with these values, or what is wrong with which field.
    pub fn condition(&self, values: &FieldValues) -> Result<Condition, Vec<(&'static str, FieldFault)>> {
        let fault = |field: &ConditionField| match values.get(field.key) {
            None => (!field.optional).then_some(FieldFault::Missing),
            Some(FieldValue::Codes(codes)) => codes.is_empty().then_some(FieldFault::NoneNamed),
            Some(FieldValue::Code(code)) => {
                (field.holds == Holds::OneValue && code.as_str().contains('|')).then_some(FieldFault::Several)
            }
            Some(FieldValue::Days(_) | FieldValue::Word(_) | FieldValue::Yes) => None,
        };
        let faults: Vec<_> =
            self.fields.iter().filter_map(|field| Some((field.key, fault(field)?))).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        // A value of another type than the field's is as good as none.
        (self.make)(values).ok_or_else(|| vec![(self.key, FieldFault::Missing)])
    }
}

#[cfg(test)]
pub(crate) mod tests;
