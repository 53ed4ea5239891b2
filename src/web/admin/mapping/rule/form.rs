//! A rule as it was typed into a form, and back: what fits becomes a [`Rule`], what does not is told field by field, and
//! nothing that was typed is lost.

use std::collections::BTreeMap;

use crate::domain::code::Code;
use crate::domain::condition::{
    Condition, ConditionField, ConditionKind, FieldFault, FieldValue, FieldValues, Holds,
};
use crate::domain::rule::{NotARole, Role, Rule, RuleRole};
use crate::web::admin::fields::FieldErrors;
use crate::web::admin::kinds;

/// Most conditions of one rule.
pub const MOST_CONDITIONS: usize = 12;

/// One condition as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedCondition {
    /// What it asks for.
    pub kind: &'static ConditionKind,
    /// The opposite.
    pub not: bool,
    /// By the keys of the fields.
    pub values: BTreeMap<&'static str, String>,
}

/// A rule as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedRule {
    /// The role that it grants.
    pub role: String,
    /// What people call it.
    pub label: String,
    /// All of these must hold.
    pub conditions: Vec<TypedCondition>,
    /// The condition that was taken away last and where it stood, so that it can be put back.
    pub taken: Option<(usize, TypedCondition)>,
}

/// A condition while its fields are gathered.
#[derive(Default)]
struct GatheredCondition<'a> {
    kind: Option<&'static ConditionKind>,
    not: bool,
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> GatheredCondition<'a> {
    fn add(&mut self, key: &'a str, value: &'a str) {
        match key {
            "kind" => self.kind = ConditionKind::named(value),
            "not" => self.not = true,
            key => self.values.push((key, value)),
        }
    }

    fn into_typed(self) -> Option<TypedCondition> {
        let GatheredCondition { kind, not, values: given } = self;
        let kind = kind?;
        let of = |field: &ConditionField| {
            let value = given.iter().find(|(key, _)| *key == field.key)?.1;
            Some((field.key, value.to_owned()))
        };
        Some(TypedCondition { kind, not, values: kind.fields.iter().filter_map(of).collect() })
    }
}

impl TypedCondition {
    /// An empty one.
    pub fn of(kind: &'static ConditionKind) -> TypedCondition {
        TypedCondition { kind, not: false, values: BTreeMap::new() }
    }

    /// What stands in a field.
    pub fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn from(condition: &Condition) -> TypedCondition {
        let (kind, values) = (condition.kind(), condition.values());
        let typed = |value: &FieldValue| match value {
            FieldValue::Code(code) => code.to_string(),
            FieldValue::Codes(codes) => codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", "),
            FieldValue::Days(days) => days.to_string(),
            FieldValue::Word(word) => (*word).to_owned(),
            FieldValue::Yes => YES.to_owned(),
        };
        let values = kind.fields.iter().filter_map(|field| Some((field.key, typed(values.get(field.key)?))));
        TypedCondition { kind, not: condition.plain().1, values: values.collect() }
    }

    /// The condition, or what to mend.
    pub fn condition(&self, number: usize, errors: &mut FieldErrors) -> Option<Condition> {
        let mut mend = |key: &str, say: String| drop(errors.insert(kinds::name(number, key), say));
        let (mut values, mut is_readable) = (FieldValues::default(), true);
        for field in self.kind.fields {
            match read(field, self.value(field.key)) {
                Ok(Some(value)) => values.put(field.key, value),
                Ok(None) => {}
                Err(say) => {
                    is_readable = false;
                    mend(field.key, say);
                }
            }
        }
        match self.kind.condition(&values) {
            Ok(condition) => is_readable.then(|| condition.negated(self.not)),
            Err(faults) => {
                // What could not be read is told already.
                let is_new = |key: &str| values.get(key).is_some() || self.value(key).trim().is_empty();
                for (key, fault) in faults.into_iter().filter(|(key, _)| is_new(key)) {
                    let label =
                        self.kind.fields.iter().find(|field| field.key == key).map_or("", |it| it.label);
                    mend(
                        key,
                        match fault {
                            FieldFault::Missing => format!("Choose or type the {}.", label.to_lowercase()),
                            FieldFault::NoneNamed => "Type at least one, or leave it empty.".to_owned(),
                            FieldFault::Several => "Type one value, without |.".to_owned(),
                        },
                    );
                }
                None
            }
        }
    }
}

/// What a box says that is ticked.
const YES: &str = "yes";

/// What was typed into a field; `None`: nothing. Otherwise what to mend.
fn read(field: &ConditionField, typed: &str) -> Result<Option<FieldValue>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    match field.holds {
        Holds::Code | Holds::OneValue => Ok(Code::parse(typed).map(FieldValue::Code)),
        Holds::Codes => {
            Ok(Some(FieldValue::Codes(typed.split([',', ';']).filter_map(Code::parse).collect())))
        }
        Holds::Days => {
            let days = typed.parse().map_err(|_| "Type a whole number of days, 0 or more.".to_owned())?;
            Ok(Some(FieldValue::Days(days)))
        }
        Holds::Word(words) => {
            let word = words.iter().find(|word| word.eq_ignore_ascii_case(typed));
            let say = || format!("Choose one of {}.", words.join(", "));
            Ok(Some(FieldValue::Word(word.ok_or_else(say)?)))
        }
        Holds::Yes => Ok(Some(FieldValue::Yes)),
    }
}

impl TypedRule {
    /// A rule as it would be typed.
    pub fn from(rule: &Rule) -> TypedRule {
        TypedRule {
            role: rule.role.to_string(),
            label: rule.label.as_deref().unwrap_or_default().to_owned(),
            conditions: rule.when.iter().map(TypedCondition::from).collect(),
            taken: None,
        }
    }

    /// Takes a condition away, and remembers it.
    pub fn take(&mut self, number: usize) {
        if number < self.conditions.len() {
            self.taken = Some((number, self.conditions.remove(number)));
        }
    }

    /// Puts back what was taken away last.
    pub fn put_back(&mut self) {
        if let Some((number, condition)) = self.taken.take()
            && self.conditions.len() < MOST_CONDITIONS
        {
            self.conditions.insert(number.min(self.conditions.len()), condition);
        }
    }

    /// Reads a form. Fields that belong to no condition are passed over.
    pub fn read(form: &[(String, String)]) -> TypedRule {
        let mut typed = TypedRule::default();
        let mut conditions: BTreeMap<usize, GatheredCondition<'_>> = BTreeMap::new();
        let (mut taken, mut taken_from) = (GatheredCondition::default(), None);
        for (name, value) in form {
            match &**name {
                "role" => typed.role.clone_from(value),
                "label" => typed.label.clone_from(value),
                "taken.at" => taken_from = value.parse().ok(),
                name if name.starts_with("taken.") => taken.add(name.trim_start_matches("taken."), value),
                name => {
                    let Some((number, key)) = name.strip_prefix('c').and_then(|name| name.split_once('.'))
                    else {
                        continue;
                    };
                    let Some(number) = number.parse().ok().filter(|number| *number < MOST_CONDITIONS) else {
                        continue;
                    };
                    conditions.entry(number).or_default().add(key, value);
                }
            }
        }
        typed.conditions = conditions.into_values().filter_map(GatheredCondition::into_typed).collect();
        typed.taken = taken_from.zip(taken.into_typed());
        typed
    }

    /// Its conditions, or what to mend; `none` is said where there is none.
    pub fn when(&self, none: &str, errors: &mut FieldErrors) -> Vec<Condition> {
        if self.conditions.is_empty() {
            errors.insert("add".into(), none.to_owned());
        }
        let numbered = self.conditions.iter().enumerate();
        numbered.filter_map(|(number, condition)| condition.condition(number, errors)).collect()
    }

    /// Does what a button of the form asks for: another condition of the kind `add`, one less, or one back. `false`: it asks for something else.
    pub fn step(&mut self, button: &str, add: &str) -> bool {
        match button {
            "add" => {
                let kind = ConditionKind::named(add).unwrap_or(Condition::Member.kind());
                self.taken = None;
                if self.conditions.len() < MOST_CONDITIONS {
                    self.conditions.push(TypedCondition::of(kind));
                }
                true
            }
            "undo" => {
                self.put_back();
                true
            }
            other => match other.strip_prefix("drop-").and_then(|number| number.parse().ok()) {
                Some(number) => {
                    self.take(number);
                    true
                }
                None => false,
            },
        }
    }

    /// The rule, or what to mend.
    pub fn rule(&self) -> Result<Rule, FieldErrors> {
        let mut errors = FieldErrors::new();
        let role = typed_role(&self.role, "role", &mut errors, RuleRole::parse);
        if role.is_none() && self.role.trim().is_empty() {
            errors.insert("role".into(), "Choose or type the role that this grants.".into());
        }
        let when =
            self.when("Add at least one condition; without any the rule would fit nobody.", &mut errors);
        let label = self.label.trim();
        let label = (!label.is_empty()).then(|| label.into());
        match role {
            Some(role) if errors.is_empty() => Ok(Rule::new(role, label, when)),
            _ => Err(errors),
        }
    }
}

/// A role as typed; empty is none. What is no role is told under `name`.
pub fn typed_role<T>(
    text: &str,
    name: &str,
    errors: &mut FieldErrors,
    parse: impl FnOnce(&str) -> Result<T, NotARole>,
) -> Option<T> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let role = parse(text).ok();
    if role.is_none() {
        let slug: String =
            text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let slug = slug.trim_matches('_');
        let say = if Role::parse(slug).is_ok() {
            format!("A role is written with a–z, 0–9, _ and -. Try “{slug}”.")
        } else {
            "A role is written with 1 to 64 of a–z, 0–9, _ and -.".to_owned()
        };
        errors.insert(name.to_owned(), say);
    }
    role
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::condition::tests::one_of_each;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_kind_survives_being_shown_and_sent() {
        let conditions = one_of_each()
            .into_iter()
            .enumerate()
            .map(|(at, one)| one.negated(at % 3 == 0))
            .collect::<Vec<_>>();
        for some in conditions.chunks(MOST_CONDITIONS) {
            survives(Rule::new(Role::parse("all").unwrap(), Some("All of them".into()), some.to_vec()));
        }
    }

    fn survives(rule: Rule) {
        let typed = TypedRule::from(&rule);
        assert_eq!(typed.rule(), Ok(rule.clone()));
        let mut sent =
            vec![("role".to_owned(), typed.role.clone()), ("label".to_owned(), typed.label.clone())];
        for (number, condition) in typed.conditions.iter().enumerate() {
            sent.push((format!("c{number}.kind"), condition.kind.key.to_owned()));
            sent.extend(condition.not.then(|| (format!("c{number}.not"), "yes".to_owned())));
            sent.extend(
                condition.values.iter().map(|(key, value)| (format!("c{number}.{key}"), value.clone())),
            );
        }
        assert_eq!(TypedRule::read(&sent).rule(), Ok(rule));
    }

    #[test]
    fn what_does_not_fit_is_told_field_by_field() {
        let check = |pairs: &[(&str, &str)], wrong: &[&str]| {
            let errors = TypedRule::read(&form(pairs)).rule().unwrap_err();
            assert_eq!(errors.keys().map(String::as_str).collect::<Vec<_>>(), wrong, "{errors:?}");
        };
        check(&[], &["add", "role"]);
        check(&[("role", "Board Member"), ("c0.kind", "member")], &["role"]);
        check(&[("role", "x"), ("c0.kind", "committee"), ("c0.committee", " ")], &["c0.committee"]);
        check(
            &[("role", "x"), ("c0.kind", "purchase"), ("c0.purchase", "A"), ("c0.valid_days", "-1")],
            &["c0.valid_days"],
        );
        check(
            &[("role", "x"), ("c1.kind", "member"), ("c3.kind", "custom_field")],
            &["c1.custom_field", "c1.value"],
        );
        check(&[("role", "x"), ("c0.kind", "nonsense")], &["add"]);
        let status = [("role", "x"), ("c0.kind", "membership_status"), ("c0.membership_status", "ended")];
        check(&status, &["c0.membership_status"]);
        let positions =
            [("role", "x"), ("c0.kind", "committee"), ("c0.committee", "A"), ("c0.positions", ",")];
        check(&positions, &["c0.positions"]);
        check(&[("role", "Chapter {code}"), ("c0.kind", "member")], &["role"]);
        check(&[("role", "x"), ("c99.kind", "member")], &["add"]);
    }

    #[test]
    fn a_role_that_is_none_is_offered_as_one() {
        let mut errors = FieldErrors::new();
        assert_eq!(typed_role("Board Member", "role", &mut errors, Role::parse), None);
        assert!(errors["role"].contains("board_member"), "{errors:?}");
        assert_eq!(typed_role("  ", "other", &mut errors, Role::parse), None);
        assert!(!errors.contains_key("other"));
    }
}
