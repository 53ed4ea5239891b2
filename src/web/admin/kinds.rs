//! The kinds of condition that a rule can ask for: their names, their sentences and the fields of their forms.

use super::fields::Field;
use crate::domain::rule::Condition;

/// A kind of condition, in the order of the cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// By code or name of a membership type.
    MembershipType,
    /// By a seat.
    Committee,
    /// By a security role.
    SecurityRole,
    /// By a registration.
    Event,
    /// By a product.
    Purchase,
    /// By a certification.
    Certification,
    /// By a relationship.
    Relationship,
    /// By the value of a custom field.
    CustomField,
    /// By being a member.
    Member,
}

/// One field of a condition's form.
pub struct Spec {
    /// In the form, behind the number of the condition.
    pub key: &'static str,
    /// What it asks.
    pub label: &'static str,
    /// One sentence about it.
    pub hint: &'static str,
    /// The list that it offers.
    pub list: &'static str,
    /// A number of days.
    pub days: bool,
    /// May be left empty.
    pub optional: bool,
}

const fn code(label: &'static str, list: &'static str) -> Spec {
    Spec { key: "code", label, hint: "", list, days: false, optional: false }
}

const fn days(key: &'static str, label: &'static str, hint: &'static str) -> Spec {
    Spec { key, label, hint, list: "", days: true, optional: true }
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 9] = [
        Kind::MembershipType,
        Kind::Committee,
        Kind::SecurityRole,
        Kind::Event,
        Kind::Purchase,
        Kind::Certification,
        Kind::Relationship,
        Kind::CustomField,
        Kind::Member,
    ];

    /// In forms and addresses; also the key in the rules file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::MembershipType => "membership_type",
            Kind::Committee => "committee",
            Kind::SecurityRole => "security_role",
            Kind::Event => "event",
            Kind::Purchase => "purchase",
            Kind::Certification => "certification",
            Kind::Relationship => "relationship",
            Kind::CustomField => "custom_field",
            Kind::Member => "member",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Kind::MembershipType => "Membership type",
            Kind::Committee => "Committee",
            Kind::SecurityRole => "Security role",
            Kind::Event => "Event",
            Kind::Purchase => "Purchase",
            Kind::Certification => "Certification",
            Kind::Relationship => "Relationship",
            Kind::CustomField => "Custom field",
            Kind::Member => "Member",
        }
    }

    /// What it grants for, in a sentence.
    pub fn says(self) -> &'static str {
        match self {
            Kind::MembershipType => {
                "While any membership of this type is active. Every membership of a person is looked at."
            }
            Kind::Committee => "While the person has a seat, from the seat’s first day to its last.",
            Kind::SecurityRole => "While the AMS lists this security role for the person.",
            Kind::Event => "From the registration on, or only around the days of the event.",
            Kind::Purchase => "From the purchase on, or for a number of days after it.",
            Kind::Certification => "To the end of the day on which the certification expires.",
            Kind::Relationship => "While the relationship lasts, with any organization or with one.",
            Kind::CustomField => "While the field has this value. Of several values, any one counts.",
            Kind::Member => "While any membership is active.",
        }
    }

    /// Where the list of choices comes from.
    pub fn source(self) -> &'static str {
        match self {
            Kind::Committee | Kind::Event | Kind::CustomField | Kind::Relationship => {
                "The list comes from your AMS. What is not on it can be typed."
            }
            Kind::MembershipType | Kind::SecurityRole | Kind::Certification | Kind::Purchase => {
                "Your AMS does not list these. You are offered what stands on the records we hold; anything else can be typed."
            }
            Kind::Member => "",
        }
    }

    /// The fields of its form.
    pub fn specs(self) -> &'static [Spec] {
        const MEMBERSHIP: [Spec; 1] = [code("Membership type", "list-membership-type")];
        const COMMITTEE: [Spec; 2] = [
            code("Committee", "list-committee"),
            Spec {
                key: "positions",
                label: "Positions (optional)",
                hint: "Codes with commas between; empty: any seat.",
                list: "list-position",
                days: false,
                optional: true,
            },
        ];
        const SECURITY: [Spec; 1] = [code("Security role", "list-security-role")];
        const EVENT: [Spec; 3] = [
            code("Event", "list-event"),
            days("from_days_before", "From days before (optional)", "Empty: from the registration."),
            days("until_days_after", "Until days after (optional)", "Empty: without end."),
        ];
        const PURCHASE: [Spec; 2] = [
            code("Product", "list-product"),
            days("valid_days", "Valid for days (optional)", "Empty: without end."),
        ];
        const CERTIFICATION: [Spec; 1] = [code("Certification", "list-certification")];
        const RELATIONSHIP: [Spec; 2] = [
            code("Relationship", "list-relationship"),
            Spec {
                key: "organization",
                label: "Organization (optional)",
                hint: "Its record number; empty: any.",
                list: "",
                days: false,
                optional: true,
            },
        ];
        const FIELD: [Spec; 2] = [
            code("Custom field", "list-custom-field"),
            Spec {
                key: "value",
                label: "Value",
                hint: "",
                list: "list-field-value",
                days: false,
                optional: false,
            },
        ];
        match self {
            Kind::MembershipType => &MEMBERSHIP,
            Kind::Committee => &COMMITTEE,
            Kind::SecurityRole => &SECURITY,
            Kind::Event => &EVENT,
            Kind::Purchase => &PURCHASE,
            Kind::Certification => &CERTIFICATION,
            Kind::Relationship => &RELATIONSHIP,
            Kind::CustomField => &FIELD,
            Kind::Member => &[],
        }
    }

    /// The kind of a condition; a negation is of the kind that it turns round.
    pub fn of(condition: &Condition) -> Kind {
        match condition.plain().0 {
            Condition::MembershipType(_) => Kind::MembershipType,
            Condition::Committee { .. } => Kind::Committee,
            Condition::SecurityRole(_) => Kind::SecurityRole,
            Condition::Event { .. } => Kind::Event,
            Condition::Purchase { .. } => Kind::Purchase,
            Condition::Certification(_) => Kind::Certification,
            Condition::Relationship { .. } => Kind::Relationship,
            Condition::CustomField { .. } => Kind::CustomField,
            Condition::Member | Condition::Not(_) => Kind::Member,
        }
    }
}

impl Spec {
    /// The field of condition `number`, with what stands in it and what to mend.
    pub fn field(&self, number: usize, value: &str, mend: Option<String>) -> Field {
        Field::text(format!("c{number}.{}", self.key), self.label, value)
            .hint(self.hint)
            .list(self.list)
            .kind(if self.days { "number" } else { "text" })
            .mend(mend)
    }
}

/// A condition in words: what it asks, and its details.
pub fn in_words(condition: &Condition) -> (String, String) {
    let (plain, negated) = condition.plain();
    let days = |days: u32| if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let (what, detail) = match plain {
        Condition::MembershipType(code) | Condition::SecurityRole(code) | Condition::Certification(code) => {
            (code.to_string(), String::new())
        }
        Condition::Committee { committee, positions } => {
            let positions: Vec<&str> = positions.iter().map(|code| code.as_str()).collect();
            let detail = if positions.is_empty() { "any seat".into() } else { positions.join(" or ") };
            (committee.to_string(), detail)
        }
        Condition::Event { event, from_days_before, until_days_after } => {
            let from = from_days_before.map(|n| format!("from {} before", days(n)));
            let until = until_days_after.map(|n| format!("until {} after", days(n)));
            let detail: Vec<String> = from.into_iter().chain(until).collect();
            (
                event.to_string(),
                if detail.is_empty() { "from the registration on".into() } else { detail.join(", ") },
            )
        }
        Condition::Purchase { product, valid_days } => (
            product.to_string(),
            valid_days.map_or_else(|| "without end".into(), |n| format!("for {}", days(n))),
        ),
        Condition::Relationship { name, organization } => {
            let with = organization.as_ref().map(|number| format!("with organization {number}"));
            (name.to_string(), with.unwrap_or_else(|| "with any organization".into()))
        }
        Condition::CustomField { name, value } => (format!("{name} = {value}"), String::new()),
        Condition::Member | Condition::Not(_) => ("Is a member".into(), String::new()),
    };
    if negated { (format!("Not: {what}"), detail) } else { (what, detail) }
}

/// A condition as one line, with its kind.
pub fn line(condition: &Condition) -> String {
    let (what, detail) = in_words(condition);
    let kind = Kind::of(condition);
    let head = match (kind, what.strip_prefix("Not: ")) {
        (Kind::Member, Some(_)) => "Is not a member".to_owned(),
        (Kind::Member, None) => "Is a member".to_owned(),
        (_, Some(what)) => format!("Not {} {what}", kind.title().to_lowercase()),
        (_, None) => format!("{} {what}", kind.title()),
    };
    if detail.is_empty() { head } else { format!("{head} ({detail})") }
}
