//! A role mapping as the store keeps it, in drafts and in published versions. Every later release reads it.
//!
//! One JSON object. Its `format` is 1: a release that has to change what something means counts it up, and still reads all lower ones.
//! A key that is added later has a default, so that what was written before reads the same. The keys of settings, conditions and fields
//! are those of the rules file; `id` tells a rule from others whatever it says. Whether the mapping is sound is not asked here: what was
//! published stays readable when a later release refuses more.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::code::Code;
use crate::domain::condition::{Condition, ConditionField, ConditionKind, FieldValue, FieldValues, Holds};
use crate::domain::rule::{PrimaryMembership, Role, Rule, RuleId, RuleRole, Rules};
use crate::domain::time::TimeZone;

const FORMAT: u32 = 1;

/// A mapping at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRules {
    format: u32,
    time_zone: String,
    honor_effective_date: bool,
    honor_grace: bool,
    #[serde(default)]
    strict_dates: bool,
    count_inherited: bool,
    primary_membership: PrimaryMembership,
    everyone: Option<Role>,
    member: Option<Role>,
    non_member: Option<Role>,
    manage_core_roles: bool,
    rules: Vec<StoredRule>,
}

/// A published version at rest, without its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVersion<Stored = StoredRules> {
    /// What it says.
    #[serde(flatten)]
    pub rules: Stored,
    /// As [`Version::produced`](crate::domain::mapping::Version::produced). Missing in what was written before there were rules for many roles.
    #[serde(default)]
    pub produced: BTreeSet<Role>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredRule {
    id: RuleId,
    /// A slug, or a template with `{code}`.
    role: String,
    label: Option<String>,
    when: Vec<StoredCondition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredCondition {
    kind: String,
    not: bool,
    fields: BTreeMap<String, StoredValue>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum StoredValue {
    Yes(bool),
    Days(u32),
    Text(String),
    List(Vec<String>),
}

/// What is stored is no mapping, or one that a newer release wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored role mapping cannot be read")]
pub struct NotRules;

impl From<&Rules> for StoredRules {
    fn from(rules: &Rules) -> StoredRules {
        StoredRules {
            format: FORMAT,
            time_zone: rules.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            honor_effective_date: rules.honor_effective_date,
            honor_grace: rules.honor_grace,
            strict_dates: rules.strict_dates,
            count_inherited: rules.count_inherited,
            primary_membership: rules.primary_membership,
            everyone: rules.everyone.clone(),
            member: rules.member.clone(),
            non_member: rules.non_member.clone(),
            manage_core_roles: rules.manage_core_roles,
            rules: rules.rules.iter().map(StoredRule::from).collect(),
        }
    }
}

impl TryFrom<StoredRules> for Rules {
    type Error = NotRules;

    fn try_from(stored: StoredRules) -> Result<Rules, NotRules> {
        if stored.format != FORMAT {
            return Err(NotRules);
        }
        Ok(Rules {
            time_zone: TimeZone::get(&stored.time_zone).map_err(|_| NotRules)?,
            honor_effective_date: stored.honor_effective_date,
            honor_grace: stored.honor_grace,
            strict_dates: stored.strict_dates,
            count_inherited: stored.count_inherited,
            primary_membership: stored.primary_membership,
            everyone: stored.everyone,
            member: stored.member,
            non_member: stored.non_member,
            manage_core_roles: stored.manage_core_roles,
            rules: stored.rules.into_iter().map(Rule::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Rule> for StoredRule {
    fn from(rule: &Rule) -> StoredRule {
        StoredRule {
            id: rule.id,
            role: rule.role.to_string(),
            label: rule.label.as_deref().map(str::to_owned),
            when: rule.when.iter().map(StoredCondition::from).collect(),
        }
    }
}

impl TryFrom<StoredRule> for Rule {
    type Error = NotRules;

    fn try_from(stored: StoredRule) -> Result<Rule, NotRules> {
        Ok(Rule {
            id: stored.id,
            role: RuleRole::parse(&stored.role).map_err(|_| NotRules)?,
            label: stored.label.map(Into::into),
            when: stored.when.into_iter().map(Condition::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Condition> for StoredCondition {
    fn from(condition: &Condition) -> StoredCondition {
        let (kind, values) = (condition.kind(), condition.values());
        let stored = |value: &FieldValue| match value {
            FieldValue::Code(code) => StoredValue::Text(code.to_string()),
            FieldValue::Codes(codes) => StoredValue::List(codes.iter().map(Code::to_string).collect()),
            FieldValue::Days(days) => StoredValue::Days(*days),
            FieldValue::Word(word) => StoredValue::Text((*word).to_owned()),
            FieldValue::Yes => StoredValue::Yes(true),
        };
        let field = |field: &ConditionField| Some((field.key.to_owned(), stored(values.get(field.key)?)));
        StoredCondition {
            kind: kind.key.to_owned(),
            not: condition.plain().1,
            fields: kind.fields.iter().filter_map(field).collect(),
        }
    }
}

impl TryFrom<StoredCondition> for Condition {
    type Error = NotRules;

    fn try_from(stored: StoredCondition) -> Result<Condition, NotRules> {
        let kind = ConditionKind::named(&stored.kind).ok_or(NotRules)?;
        let mut values = FieldValues::default();
        for (key, value) in stored.fields {
            let field = kind.fields.iter().find(|field| field.key == key).ok_or(NotRules)?;
            values.put(field.key, value.into_value(field).ok_or(NotRules)?);
        }
        kind.condition(&values).map(|condition| condition.negated(stored.not)).map_err(|_| NotRules)
    }
}

impl StoredValue {
    fn into_value(self, field: &ConditionField) -> Option<FieldValue> {
        match (self, field.holds) {
            (StoredValue::Text(text), Holds::Code | Holds::OneValue) => {
                Code::parse(&text).map(FieldValue::Code)
            }
            (StoredValue::List(codes), Holds::Codes) => {
                let codes: Option<Vec<Code>> = codes.iter().map(|code| Code::parse(code)).collect();
                codes.map(FieldValue::Codes)
            }
            (StoredValue::Yes(true), Holds::Yes) => Some(FieldValue::Yes),
            (StoredValue::Days(days), Holds::Days) => Some(FieldValue::Days(days)),
            (StoredValue::Text(text), Holds::Word(words)) => {
                words.iter().find(|word| **word == text).map(|word| FieldValue::Word(word))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::condition::tests::one_of_each;

    /// As the first release with this form wrote it. A later one may add keys here, and has to read this text as it is.
    const WRITTEN: &str = r#"{"format":1,"time_zone":"America/New_York","honor_effective_date":false,"honor_grace":true,
        "count_inherited":true,"primary_membership":"first","everyone":"subscriber","member":null,"non_member":null,
        "manage_core_roles":false,"rules":[{"id":7,"role":"chapter_{code}","label":"Chapter","when":[
        {"kind":"committee","not":false,"fields":{"committee":"CH-*","positions":["CHAIR"]}},
        {"kind":"event","not":true,"fields":{"event":"ANNUAL26","from_days_before":7}},
        {"kind":"membership_status","not":false,"fields":{"membership_status":"grace"}},
        {"kind":"member","not":false,"fields":{}}]}]}"#;

    fn read(text: &str) -> Result<Rules, NotRules> {
        serde_json::from_str::<StoredRules>(text).map_err(|_| NotRules)?.try_into()
    }

    #[test]
    fn what_was_written_once_is_read_for_good() {
        let rules = read(WRITTEN).unwrap();
        assert_eq!(rules.rules[0].id, RuleId(7));
        let text = crate::adapters::rules_file::print(&rules);
        for part in [
            "time_zone = \"America/New_York\"",
            "honor_grace = true",
            "primary_membership = \"first\"",
            "role = \"chapter_{code}\"\nlabel = \"Chapter\"",
            "when = [{ committee = \"CH-*\", positions = [\"CHAIR\"] }, { not = { event = \"ANNUAL26\", from_days_before = 7 } }, { membership_status = \"grace\" }, { member = true }]",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn every_kind_of_condition_is_read_as_it_was_written() {
        let mut rules = Rules::new(TimeZone::get("Europe/Oslo").unwrap());
        for (at, condition) in one_of_each().into_iter().enumerate() {
            let when = vec![condition.negated(at % 2 == 0)];
            rules.add(Rule::new(Role::parse("r").unwrap(), None, when));
        }
        let text = serde_json::to_string(&StoredRules::from(&rules)).unwrap();
        let read = read(&text).unwrap();
        assert_eq!(read, rules);
        let ids = |rules: &Rules| rules.rules.iter().map(|rule| rule.id).collect::<Vec<_>>();
        assert_eq!(ids(&read), ids(&rules));
    }

    #[test]
    fn what_is_no_mapping_of_this_release_is_refused() {
        for (from, to) in [
            ("\"format\":1", "\"format\":2"),
            ("New_York", "Nowhere"),
            ("\"kind\":\"event\"", "\"kind\":\"weather\""),
            ("\"from_days_before\":7", "\"from_days_before\":\"7\""),
            ("\"grace\"", "\"sometimes\""),
            ("\"committee\":\"CH-*\",", ""),
        ] {
            assert_eq!(read(&WRITTEN.replace(from, to)), Err(NotRules), "{to}");
        }
    }
}
