//! What an administrator can choose from when writing a rule: what the AMS lists, and what was seen on records.
//!
//! No AMS lists everything that rules name (docs/ams): of what it does not list only what somebody has is known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::condition::ChoiceList;
use super::fold;
use super::record::Record;
use super::rule::{Code, Condition, Rules};
use super::spelling::nearest;
use super::time::{AmsDate, Timestamp, in_words};

/// Something to choose: what a rule holds, and what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The code or name that a rule holds.
    pub code: String,
    /// What people call it; the code where it has no name.
    pub label: String,
}

/// An event to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventChoice {
    /// The event's code.
    pub code: String,
    /// Its name; the code where it has none.
    pub label: String,
    /// Its first day, when the AMS gives one that can be read.
    pub first_day: Option<Date>,
}

/// A custom field to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChoice {
    /// The field's key, which a rule holds.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// The values that the AMS offers for it; empty where any text will do.
    pub values: Vec<String>,
}

/// All that the AMS lists, as of one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// When it was read.
    pub as_of: Timestamp,
    /// Committees.
    pub committees: Vec<Choice>,
    /// Events, latest first; those without a day last.
    pub events: Vec<EventChoice>,
    /// Custom fields.
    pub custom_fields: Vec<FieldChoice>,
    /// Names of relationships.
    pub relationships: Vec<Choice>,
    /// Groups.
    pub groups: Vec<Choice>,
    /// Types of membership.
    pub membership_types: Vec<Choice>,
    /// Products.
    pub products: Vec<Choice>,
}

impl Default for Catalogue {
    /// Nothing, as of no time.
    fn default() -> Catalogue {
        Catalogue {
            as_of: Timestamp::UNIX_EPOCH,
            committees: Vec::new(),
            events: Vec::new(),
            custom_fields: Vec::new(),
            relationships: Vec::new(),
            groups: Vec::new(),
            membership_types: Vec::new(),
            products: Vec::new(),
        }
    }
}

/// A committee of a rule that is not on the AMS's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted<'a> {
    /// The code or name in the rule.
    pub committee: &'a Code,
    /// The code that was probably meant.
    pub meant: Option<&'a str>,
}

impl Catalogue {
    /// The committee of a condition, if it is not on the list. A list without entries says nothing.
    pub fn unlisted<'a>(&'a self, condition: &'a Condition) -> Option<Unlisted<'a>> {
        let committee = committee_of(condition)?;
        // A pattern fits what it stands for.
        let fits = |one: &Choice| {
            [&one.code, &one.label]
                .into_iter()
                .any(|said| committee.matches(said) || committee.star_in(said).is_some())
        };
        let meant = || nearest(committee.as_str(), self.committees.iter().map(|one| &*one.code));
        (!self.committees.is_empty() && !self.committees.iter().any(fits))
            .then(|| Unlisted { committee, meant: meant() })
    }

    /// The committees of a mapping that are not on the list.
    pub fn unlisted_committees<'a>(&'a self, rules: &'a Rules) -> Vec<Unlisted<'a>> {
        let mut found: Vec<Unlisted<'a>> =
            rules.conditions().filter_map(|condition| self.unlisted(condition)).collect();
        found.dedup();
        found
    }

    /// The committees of a mapping that fit two entries of the list: one by its code and another by its name, or two by their
    /// names.
    pub fn fit_two<'r>(&self, rules: &'r Rules) -> Vec<&'r Code> {
        let fits = |code: &Code| {
            let fitting = |one: &&Choice| code.matches(&one.code) || code.matches(&one.label);
            self.committees.iter().filter(fitting).count()
        };
        let mut found: Vec<&Code> =
            rules.conditions().filter_map(committee_of).filter(|code| fits(code) > 1).collect();
        found.dedup();
        found
    }

    /// What the AMS lists of these, in its order.
    pub fn choices(&self, of: ChoiceList) -> Vec<Choice> {
        let choice = |code: &str, label: String| Choice { code: code.to_owned(), label };
        match of {
            ChoiceList::Committees => self.committees.clone(),
            ChoiceList::Relationships => self.relationships.clone(),
            ChoiceList::Events => {
                let day = |one: &EventChoice| one.first_day.map(|day| format!(", {}", in_words(day)));
                let label = |one: &EventChoice| format!("{}{}", one.label, day(one).unwrap_or_default());
                self.events.iter().map(|one| choice(&one.code, label(one))).collect()
            }
            ChoiceList::CustomFields => {
                self.custom_fields.iter().map(|one| choice(&one.name, one.label.clone())).collect()
            }
            ChoiceList::FieldValues => values_of(self.custom_fields.iter()),
            ChoiceList::Groups => self.groups.clone(),
            ChoiceList::MembershipTypes => self.membership_types.clone(),
            ChoiceList::Products => self.products.clone(),
            ChoiceList::Positions | ChoiceList::SecurityRoles | ChoiceList::Certifications => Vec::new(),
        }
    }
}

fn values_of<'a>(fields: impl Iterator<Item = &'a FieldChoice>) -> Vec<Choice> {
    let of = |field: &'a FieldChoice| {
        let values = field.values.iter();
        values.map(|value| Choice { code: value.clone(), label: field.label.clone() })
    };
    fields.flat_map(of).collect()
}

fn committee_of(condition: &Condition) -> Option<&Code> {
    match condition.plain().0 {
        Condition::Committee { committee, .. } => Some(committee),
        _ => None,
    }
}

/// Something that was seen on records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenChoice {
    /// What a rule holds.
    pub code: String,
    /// What people call it.
    pub label: String,
    /// On the records of how many people.
    pub people: usize,
}

/// ChoiceList by their folded code, because a rule compares so.
pub type ChoiceTally = BTreeMap<String, SeenChoice>;

/// What was seen on the records that we hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many records were looked at.
    pub people: usize,
    /// Membership types, by code where there is one.
    pub membership_types: ChoiceTally,
    /// Security roles.
    pub security_roles: ChoiceTally,
    /// Committees with seats.
    pub committees: ChoiceTally,
    /// Positions, over all committees.
    pub positions: ChoiceTally,
    /// Events with registrations.
    pub events: ChoiceTally,
    /// Products bought.
    pub products: ChoiceTally,
    /// Certifications held.
    pub certifications: ChoiceTally,
    /// Relationships.
    pub relationships: ChoiceTally,
    /// Groups with somebody in them.
    pub groups: ChoiceTally,
    /// Values of custom fields, by the field's folded name.
    pub custom_fields: BTreeMap<String, FieldChoice>,
}

/// Values remembered of one custom field; one with more is free text and offers nothing to choose.
const MOST_VALUES: usize = 50;

impl Seen {
    /// What was seen of these.
    pub fn choices(&self, of: ChoiceList) -> Vec<SeenChoice> {
        let seen = |choice: Choice| SeenChoice { code: choice.code, label: choice.label, people: 0 };
        let tally = match of {
            ChoiceList::MembershipTypes => &self.membership_types,
            ChoiceList::Committees => &self.committees,
            ChoiceList::Positions => &self.positions,
            ChoiceList::SecurityRoles => &self.security_roles,
            ChoiceList::Events => &self.events,
            ChoiceList::Products => &self.products,
            ChoiceList::Certifications => &self.certifications,
            ChoiceList::Relationships => &self.relationships,
            ChoiceList::Groups => &self.groups,
            ChoiceList::CustomFields => {
                let fields = self.custom_fields.values();
                return fields
                    .map(|one| seen(Choice { code: one.name.clone(), label: one.label.clone() }))
                    .collect();
            }
            ChoiceList::FieldValues => {
                return values_of(self.custom_fields.values()).into_iter().map(seen).collect();
            }
        };
        tally.values().cloned().collect()
    }

    /// Adds what stands on one record. Whether it still holds does not matter: a rule may ask for what has ended.
    pub fn note(&mut self, record: &Record) {
        self.people += 1;
        let types = record.memberships.iter().filter_map(|membership| {
            let (code, name) = (membership.code.as_deref(), membership.type_name.as_deref());
            Some((code.or(name)?, name.or(code)?))
        });
        count(&mut self.membership_types, types);
        count(&mut self.security_roles, record.security_roles.iter().map(|name| alike(name)));
        let seats = record.committees.as_deref().unwrap_or_default();
        count(&mut self.committees, seats.iter().map(|seat| named(&seat.committee, &seat.committee_name)));
        let positions =
            seats.iter().filter_map(|seat| seat.position.as_ref().or(seat.position_name.as_ref()));
        count(&mut self.positions, positions.map(|code| alike(code)));
        let registrations = record.registrations.as_deref().unwrap_or_default();
        count(&mut self.events, registrations.iter().map(|it| alike(&it.event)));
        let purchases = record.purchases.as_deref().unwrap_or_default();
        count(&mut self.products, purchases.iter().map(|it| alike(&it.product)));
        let certifications = record.certifications.as_deref().unwrap_or_default();
        count(&mut self.certifications, certifications.iter().map(|it| alike(&it.code)));
        let relationships = record.relationships.as_deref().unwrap_or_default();
        count(&mut self.relationships, relationships.iter().map(|it| alike(&it.name)));
        let groups = record.groups.as_deref().unwrap_or_default();
        count(&mut self.groups, groups.iter().map(|it| named(&it.group, &it.group_name)));
        for field in record.custom_fields.iter().filter(|field| !field.name.trim().is_empty()) {
            let name = field.name.trim();
            let seen = self.custom_fields.entry(fold::folded(name)).or_insert_with(|| FieldChoice {
                name: name.to_owned(),
                label: name.to_owned(),
                values: Vec::new(),
            });
            for value in field.value.split('|').map(str::trim).filter(|value| !value.is_empty()) {
                let is_new = !seen.values.iter().any(|known| fold::folded(known) == fold::folded(value));
                if is_new && seen.values.len() < MOST_VALUES {
                    seen.values.push(value.to_owned());
                }
            }
        }
    }
}

/// A code with its name, or either of them for both.
fn named<'a>(code: &'a str, name: &'a Option<String>) -> (&'a str, &'a str) {
    let name = name.as_deref().unwrap_or(code);
    if fold::is_blank(code) { (name, name) } else { (code, name) }
}

fn alike(text: &str) -> (&str, &str) {
    (text, text)
}

/// Counts each choice once for a person. Entries that could not be understood have no name, and are passed over.
fn count<'a>(tally: &mut ChoiceTally, choices: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut counted = BTreeSet::new();
    for (code, label) in choices.map(|(code, label)| (code.trim(), label.trim())) {
        let folded = fold::folded(code);
        if folded.is_empty() || !counted.insert(folded.clone()) {
            continue;
        }
        let first = || SeenChoice { code: code.to_owned(), label: label.to_owned(), people: 0 };
        tally.entry(folded).or_insert_with(first).people += 1;
    }
}

/// The day of an AMS date, where no time zone is needed to tell it.
pub fn plain_day(date: &AmsDate) -> Option<Date> {
    match date {
        AmsDate::Day(day) => Some(*day),
        AmsDate::Local(local) => Some(local.date()),
        AmsDate::Absent
        | AmsDate::Placeholder(_)
        | AmsDate::OpenEnded
        | AmsDate::Instant(_)
        | AmsDate::Unreadable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::{Role, Rule};
    use crate::domain::time::TimeZone;

    #[test]
    fn a_committee_that_fits_two_entries_is_found() {
        let choice = |code: &str, label: &str| Choice { code: code.into(), label: label.into() };
        let catalogue = Catalogue {
            committees: vec![
                choice("EDU", "Board"),
                choice("BOARD", "Directors"),
                choice("FIN", "Money"),
                choice("TAX", " money "),
            ],
            ..Catalogue::default()
        };
        let rule = |committee: &str| {
            let committee = Code::parse(committee).unwrap();
            let when =
                vec![Condition::Committee { committee, positions: Vec::new(), self_subscribed: false }];
            Rule::new(Role::parse("r").unwrap(), None, when)
        };
        let rules = ["board", "EDU", "Money", "Directors", "none"].map(rule).to_vec();
        let rules = Rules { rules, ..Rules::new(TimeZone::UTC) };
        let found: Vec<&str> = catalogue.fit_two(&rules).into_iter().map(Code::as_str).collect();
        assert_eq!(found, ["board", "Money"]);
        let unlisted: Vec<_> = catalogue.unlisted_committees(&rules);
        let none = Code::parse("none").unwrap();
        assert_eq!(unlisted, [Unlisted { committee: &none, meant: None }]);
        let misspelt = rule("FINN").when.remove(0);
        assert_eq!(catalogue.unlisted(&misspelt).unwrap().meant, Some("FIN"));
        let empty = Catalogue { committees: Vec::new(), ..catalogue };
        assert_eq!(empty.unlisted(&misspelt), None, "a list without entries says nothing");
    }
}
