//! A rule as it was typed into a form, and back: what fits becomes a [`Rule`], what does not is told field by field, and
//! nothing that was typed is lost.

use std::collections::BTreeMap;

use crate::web::admin::kinds::{Kind, Spec};
use crate::domain::rule::{Code, Condition, Role, Rule};

/// Most conditions of one rule.
pub const MOST_CONDITIONS: usize = 12;

/// Longest period, in days: a century.
const MOST_DAYS: u32 = 36_500;

/// What to mend, by the name of the field.
pub type Mends = BTreeMap<String, String>;

/// One condition as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedCondition {
    /// What it asks for.
    pub kind: Kind,
    /// The opposite.
    pub not: bool,
    /// By the keys of [`Kind::specs`].
    pub values: BTreeMap<&'static str, String>,
}

/// A rule as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
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
struct Given<'a> {
    kind: Option<Kind>,
    not: bool,
    values: Vec<(&'a str, &'a str)>,
}

impl<'a> Given<'a> {
    fn add(&mut self, key: &'a str, value: &'a str) {
        match key {
            "kind" => self.kind = Kind::named(value),
            "not" => self.not = true,
            key => self.values.push((key, value)),
        }
    }

    fn into_typed(self) -> Option<TypedCondition> {
        let Given { kind, not, values: given } = self;
        let kind = kind?;
        let of = |spec: &Spec| {
            let value = given.iter().find(|(key, _)| *key == spec.key)?.1;
            Some((spec.key, value.to_owned()))
        };
        Some(TypedCondition { kind, not, values: kind.specs().iter().filter_map(of).collect() })
    }
}

impl TypedCondition {
    /// An empty one.
    pub fn of(kind: Kind) -> TypedCondition {
        TypedCondition { kind, not: false, values: BTreeMap::new() }
    }

    /// What stands in a field.
    pub fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }

    fn from(condition: &Condition) -> TypedCondition {
        let (plain, not) = condition.plain();
        let mut values = BTreeMap::new();
        let mut put = |key, value: &dyn ToString| drop(values.insert(key, value.to_string()));
        match plain {
            Condition::MembershipType(code)
            | Condition::SecurityRole(code)
            | Condition::Certification(code) => {
                put("code", code);
            }
            Condition::Committee { committee, positions } => {
                put("code", committee);
                put("positions", &positions.iter().map(Code::as_str).collect::<Vec<_>>().join(", "));
            }
            Condition::Event { event, from_days_before, until_days_after } => {
                put("code", event);
                from_days_before.iter().for_each(|days| put("from_days_before", days));
                until_days_after.iter().for_each(|days| put("until_days_after", days));
            }
            Condition::Purchase { product, valid_days } => {
                put("code", product);
                valid_days.iter().for_each(|days| put("valid_days", days));
            }
            Condition::Relationship { name, organization } => {
                put("code", name);
                organization.iter().for_each(|number| put("organization", number));
            }
            Condition::CustomField { name, value } => {
                put("code", name);
                put("value", value);
            }
            Condition::Member | Condition::Not(_) => {}
        }
        TypedCondition { kind: Kind::of(condition), not, values }
    }

    fn condition(&self, number: usize, mends: &mut Mends) -> Option<Condition> {
        let read = |spec: &Spec, mends: &mut Mends| {
            let typed = self.value(spec.key).trim();
            if typed.is_empty() && !spec.optional {
                let what = spec.label.to_lowercase();
                mends.insert(format!("c{number}.{}", spec.key), format!("Choose or type the {what}."));
            }
            let mut days = None;
            if spec.days && !typed.is_empty() {
                days = typed.parse().ok().filter(|days| *days <= MOST_DAYS);
                if days.is_none() {
                    let say = format!("Type a whole number of days, at most {MOST_DAYS}.");
                    mends.insert(format!("c{number}.{}", spec.key), say);
                }
            }
            days
        };
        let before = mends.len();
        let days: BTreeMap<&str, Option<u32>> =
            self.kind.specs().iter().map(|spec| (spec.key, read(spec, mends))).collect();
        if mends.len() > before {
            return None;
        }
        let days = |key| days.get(key).copied().flatten();
        let code = |key| Code::parse(self.value(key));
        let plain = match self.kind {
            Kind::MembershipType => Condition::MembershipType(code("code")?),
            Kind::SecurityRole => Condition::SecurityRole(code("code")?),
            Kind::Certification => Condition::Certification(code("code")?),
            Kind::Committee => {
                let positions = self.value("positions").split([',', ';']).filter_map(Code::parse).collect();
                Condition::Committee { committee: code("code")?, positions }
            }
            Kind::Event => Condition::Event {
                event: code("code")?,
                from_days_before: days("from_days_before"),
                until_days_after: days("until_days_after"),
            },
            Kind::Purchase => Condition::Purchase { product: code("code")?, valid_days: days("valid_days") },
            Kind::Relationship => {
                Condition::Relationship { name: code("code")?, organization: code("organization") }
            }
            Kind::CustomField => Condition::CustomField { name: code("code")?, value: code("value")? },
            Kind::Member => Condition::Member,
        };
        Some(if self.not { Condition::Not(Box::new(plain)) } else { plain })
    }
}

impl Typed {
    /// A rule as it would be typed.
    pub fn from(rule: &Rule) -> Typed {
        Typed {
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
    pub fn read(form: &[(String, String)]) -> Typed {
        let mut typed = Typed::default();
        let mut conditions: BTreeMap<usize, Given<'_>> = BTreeMap::new();
        let (mut taken, mut taken_from) = (Given::default(), None);
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
        typed.conditions = conditions.into_values().filter_map(Given::into_typed).collect();
        typed.taken = taken_from.zip(taken.into_typed());
        typed
    }

    /// The rule, or what to mend.
    pub fn rule(&self) -> Result<Rule, Mends> {
        let mut mends = Mends::new();
        let role = typed_role(&self.role, "role", &mut mends);
        if role.is_none() && self.role.trim().is_empty() {
            mends.insert("role".into(), "Choose or type the role that this grants.".into());
        }
        if self.conditions.is_empty() {
            mends.insert(
                "add".into(),
                "Add at least one condition; without any the rule would fit nobody.".into(),
            );
        }
        let numbered = self.conditions.iter().enumerate();
        let when: Vec<Condition> =
            numbered.filter_map(|(number, condition)| condition.condition(number, &mut mends)).collect();
        let label = self.label.trim();
        let label = (!label.is_empty()).then(|| label.into());
        match role {
            Some(role) if mends.is_empty() => Ok(Rule { role, label, when }),
            _ => Err(mends),
        }
    }
}

/// A role as typed; empty is none. What is no role is told under `name`.
pub fn typed_role(text: &str, name: &str, mends: &mut Mends) -> Option<Role> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let role = Role::parse(text).ok();
    if role.is_none() {
        let slug: String =
            text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let slug = slug.trim_matches('_');
        let say = if Role::parse(slug).is_ok() {
            format!("A role is written with a–z, 0–9, _ and -. Try “{slug}”.")
        } else {
            "A role is written with 1 to 64 of a–z, 0–9, _ and -.".to_owned()
        };
        mends.insert(name.to_owned(), say);
    }
    role
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_kind_survives_being_shown_and_sent() {
        let code = |text: &str| Code::parse(text).unwrap();
        let conditions = vec![
            Condition::MembershipType(code("CORPGOLD")),
            Condition::Committee { committee: code("EDU"), positions: vec![code("CHAIR"), code("VICE")] },
            Condition::Not(Box::new(Condition::SecurityRole(code("Press & Media")))),
            Condition::Event { event: code("ANNUAL26"), from_days_before: Some(7), until_days_after: None },
            Condition::Purchase { product: code("WEB1"), valid_days: Some(0) },
            Condition::Certification(code("CPA")),
            Condition::Relationship { name: code("Employee"), organization: Some(code("20011")) },
            Condition::CustomField { name: code("topics"), value: code("ocean") },
            Condition::Not(Box::new(Condition::Member)),
        ];
        let rule =
            Rule { role: Role::parse("all").unwrap(), label: Some("All of them".into()), when: conditions };
        let typed = Typed::from(&rule);
        assert_eq!(typed.rule(), Ok(rule.clone()));
        let mut sent =
            vec![("role".to_owned(), typed.role.clone()), ("label".to_owned(), typed.label.clone())];
        for (number, condition) in typed.conditions.iter().enumerate() {
            sent.push((format!("c{number}.kind"), condition.kind.name().to_owned()));
            sent.extend(condition.not.then(|| (format!("c{number}.not"), "yes".to_owned())));
            sent.extend(
                condition.values.iter().map(|(key, value)| (format!("c{number}.{key}"), value.clone())),
            );
        }
        assert_eq!(Typed::read(&sent).rule(), Ok(rule));
    }

    #[test]
    fn what_does_not_fit_is_told_field_by_field() {
        let check = |pairs: &[(&str, &str)], wrong: &[&str]| {
            let mends = Typed::read(&form(pairs)).rule().unwrap_err();
            assert_eq!(mends.keys().map(String::as_str).collect::<Vec<_>>(), wrong, "{mends:?}");
        };
        check(&[], &["add", "role"]);
        check(&[("role", "Board Member"), ("c0.kind", "member")], &["role"]);
        check(&[("role", "x"), ("c0.kind", "committee"), ("c0.code", " ")], &["c0.code"]);
        check(
            &[("role", "x"), ("c0.kind", "purchase"), ("c0.code", "A"), ("c0.valid_days", "-1")],
            &["c0.valid_days"],
        );
        check(&[("role", "x"), ("c1.kind", "member"), ("c3.kind", "custom_field")], &["c1.code", "c1.value"]);
        check(&[("role", "x"), ("c0.kind", "nonsense")], &["add"]);
        check(&[("role", "x"), ("c99.kind", "member")], &["add"]);
    }

    #[test]
    fn a_role_that_is_none_is_offered_as_one() {
        let mut mends = Mends::new();
        assert_eq!(typed_role("Board Member", "role", &mut mends), None);
        assert!(mends["role"].contains("board_member"), "{mends:?}");
        assert_eq!(typed_role("  ", "other", &mut mends), None);
        assert!(!mends.contains_key("other"));
    }
}
