//! One condition of a rule, from its inline table.

use toml::Spanned;
use toml::de::DeValue;

use super::super::toml_reading::{FromToml, KnownKeys, Reading, Said};
use crate::domain::code::Code;
use crate::domain::condition::{
    Condition, ConditionField, ConditionKind, FieldValue, FieldValues, Holds, KINDS,
};

const NOT: &str = "not";

impl FromToml for Condition {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Condition> {
        match value.get_ref() {
            DeValue::Table(table) if table.is_empty() => {
                let remedy = "Write it as `{ member = true }`, or leave it out";
                reading.problem(value.span(), "the condition is empty", remedy);
                return None;
            }
            DeValue::Table(_) => {}
            _ => {
                reading.wrong_kind(&value, "a condition", "Write it as `{ member = true }`");
                return None;
            }
        }
        let known: Vec<&str> = kinds().chain(KINDS.into_iter().flat_map(beside)).collect();
        let keys = reading.table(value, &known)?;
        let key = kind(&keys, reading)?;
        let Some(kind) = ConditionKind::named(key) else {
            return keys.get(NOT, reading).value().map(|Negated(condition)| condition);
        };
        if kind.fields.is_empty() {
            let holds: bool = keys.get(key, reading).value()?;
            return kind.condition(&FieldValues::default()).ok().map(|condition| condition.negated(!holds));
        }
        let (mut values, mut is_readable) = (FieldValues::default(), true);
        for field in kind.fields {
            match read(&keys, field, reading) {
                Said::Nothing => {}
                Said::Unreadable => is_readable = false,
                Said::Value(value) => values.put(field.key, value),
            }
        }
        match kind.condition(&values) {
            Ok(condition) => is_readable.then_some(condition),
            Err(faults) => {
                // What could not be read is told already.
                let is_new = |key: &str| values.get(key).is_some() || !keys.has(key);
                for (field, fault) in faults.into_iter().filter(|(field, _)| is_new(field)) {
                    let (what, remedy) = fault.says(kind.key, field);
                    let place = keys.place_of(if keys.has(field) { field } else { key });
                    reading.problem(place, what, remedy);
                }
                None
            }
        }
    }
}

/// What stands behind `not`, turned round.
struct Negated(Condition);

impl FromToml for Negated {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Negated> {
        if value.get_ref().get(NOT).is_some() {
            reading.problem(value.span(), "a `not` stands inside a `not`", "Leave both out");
            return None;
        }
        match Condition::from_toml(value, reading)? {
            // `not = { member = false }` asks for a member.
            Condition::Not(inner) => Some(Negated(*inner)),
            inner => Some(Negated(inner.negated(true))),
        }
    }
}

fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.key).chain([NOT])
}

/// The keys that stand beside that of the kind.
fn beside(kind: &'static ConditionKind) -> impl Iterator<Item = &'static str> {
    kind.fields.iter().map(|field| field.key).filter(|key| *key != kind.key)
}

/// The one kind of this condition, or `not`. Refuses several kinds, and keys that belong to another kind.
fn kind<'i>(keys: &KnownKeys<'i>, reading: &mut Reading<'i>) -> Option<&'static str> {
    let named: Vec<&str> = kinds().filter(|kind| keys.has(kind)).collect();
    for owner in KINDS.into_iter().filter(|kind| !named.contains(&kind.key)) {
        // Some keys stand beside several kinds.
        let is_of_named = |key: &str| {
            named
                .iter()
                .filter_map(|kind| ConditionKind::named(kind))
                .any(|kind| beside(kind).any(|one| one == key))
        };
        for key in beside(owner).filter(|key| keys.has(key) && !is_of_named(key)) {
            let owner = owner.key;
            let what = format!("`{key}` stands without `{owner}`");
            let remedy = format!("Put it beside `{owner} = …`, or leave it out");
            reading.problem(keys.place_of_key(key), what, remedy);
        }
    }
    match named.as_slice() {
        [kind] => Some(kind),
        [] => None,
        several => {
            let names: Vec<String> = several.iter().map(|kind| format!("`{kind}`")).collect();
            let what = format!("one condition asks for {}", names.join(" and "));
            reading.problem(keys.place(), what, "Give each its own `{ … }` in the list");
            None
        }
    }
}

/// What stands in a field.
fn read<'i>(keys: &KnownKeys<'i>, field: &ConditionField, reading: &mut Reading<'i>) -> Said<FieldValue> {
    let key = field.key;
    match field.holds {
        Holds::Code | Holds::OneValue => keys.get(key, reading).and_then(|code| Some(FieldValue::Code(code))),
        Holds::Days => keys.get(key, reading).and_then(|days| Some(FieldValue::Days(days))),
        Holds::Codes => {
            let codes: Said<Vec<Option<Code>>> = keys.get(key, reading);
            codes.and_then(|codes| codes.into_iter().collect::<Option<_>>().map(FieldValue::Codes))
        }
        Holds::Word(words) => keys.get::<Spanned<String>>(key, reading).and_then(|text| {
            let word = words.iter().find(|word| **word == text.get_ref());
            if word.is_none() {
                let remedy = format!("Use one of {}", words.join(", "));
                reading.problem(text.span(), format!("`{key}` cannot be `{}`", text.get_ref()), remedy);
            }
            word.map(|word| FieldValue::Word(word))
        }),
        Holds::Yes => keys.get::<Spanned<bool>>(key, reading).and_then(|said| {
            if !said.get_ref() {
                reading.problem(said.span(), format!("`{key}` cannot be `false`"), "Leave it out".to_owned());
            }
            said.get_ref().then_some(FieldValue::Yes)
        }),
    }
}
