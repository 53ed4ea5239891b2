//! One condition of a rule, from its inline table.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::walk::{Walk, get};
use crate::domain::code::Code;
use crate::domain::condition::{
    Condition, ConditionField, ConditionKind, FieldValue, FieldValues, Holds, KINDS,
};

const NOT: &str = "not";

/// Reads one condition. `None` after a problem.
pub(super) fn condition(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>) -> Option<Condition> {
    let DeValue::Table(table) = value.get_ref() else {
        walk.problem(value.span(), "a condition is not a table", "Write it as `{ member = true }`");
        return None;
    };
    let key = kind(walk, value, table)?;
    let said = get(table, key)?;
    let Some(kind) = ConditionKind::named(key) else { return negation(walk, said) };
    if kind.fields.is_empty() {
        let holds = walk.flag(said, key)?;
        return kind.condition(&FieldValues::default()).ok().map(|condition| condition.negated(!holds));
    }
    let (mut values, mut is_readable) = (FieldValues::default(), true);
    for field in kind.fields {
        let Some(value) = get(table, field.key) else { continue };
        match read(walk, value, field) {
            Some(value) => values.put(field.key, value),
            None => is_readable = false,
        }
    }
    match kind.condition(&values) {
        Ok(condition) => is_readable.then_some(condition),
        Err(faults) => {
            // What could not be read is told already.
            let is_new = |key: &str| values.get(key).is_some() || get(table, key).is_none();
            for (key, fault) in faults.into_iter().filter(|(key, _)| is_new(key)) {
                let (what, remedy) = fault.says(kind.key, key);
                walk.problem(get(table, key).unwrap_or(said).span(), what, remedy);
            }
            None
        }
    }
}

/// The one kind of this condition, or `not`. Refuses unknown keys, several kinds, and keys that belong to another kind.
fn kind(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<&'static str> {
    let kinds = || KINDS.iter().map(|kind| kind.key).chain([NOT]);
    let beside = |kind: &'static ConditionKind| {
        kind.fields.iter().map(|field| field.key).filter(|key| *key != kind.key)
    };
    let known: Vec<&str> = kinds().chain(KINDS.into_iter().flat_map(beside)).collect();
    walk.only(table, &known, "a condition");
    let named: Vec<&str> = kinds().filter(|kind| get(table, kind).is_some()).collect();
    for owner in KINDS.into_iter().filter(|kind| !named.contains(&kind.key)) {
        for key in beside(owner) {
            if let Some((found, _)) = table.iter().find(|(found, _)| found.get_ref() == key) {
                let owner = owner.key;
                let what = format!("`{key}` stands without `{owner}`");
                walk.problem(found.span(), what, format!("Put it beside `{owner} = …`, or leave it out"));
            }
        }
    }
    match named.as_slice() {
        [kind] => Some(kind),
        [] => {
            if table.is_empty() {
                let remedy = "Write it as `{ member = true }`, or leave it out";
                walk.problem(value.span(), "the condition is empty", remedy);
            }
            None
        }
        several => {
            let names: Vec<String> = several.iter().map(|kind| format!("`{kind}`")).collect();
            let what = format!("one condition asks for {}", names.join(" and "));
            walk.problem(value.span(), what, "Give each its own `{ … }` in the list");
            None
        }
    }
}

/// What stands in a field. `None` after a problem.
fn read(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>, field: &ConditionField) -> Option<FieldValue> {
    let key = field.key;
    match field.holds {
        Holds::Code | Holds::OneValue => code(walk, value, key).map(FieldValue::Code),
        Holds::Days => walk.days(value, key).map(FieldValue::Days),
        Holds::Codes => {
            let DeValue::Array(codes) = value.get_ref() else {
                let remedy = format!("Write it as `{key} = [\"CHAIR\"]`");
                walk.problem(value.span(), format!("`{key}` is not a list"), remedy);
                return None;
            };
            let read: Vec<Option<Code>> = codes.iter().map(|one| code(walk, one, key)).collect();
            read.into_iter().collect::<Option<_>>().map(FieldValue::Codes)
        }
        Holds::Word(words) => {
            let text = walk.text(value, key)?;
            let word = words.iter().find(|word| **word == text);
            if word.is_none() {
                let remedy = format!("Use one of {}", words.join(", "));
                walk.problem(value.span(), format!("`{key}` cannot be `{text}`"), remedy);
            }
            word.map(|word| FieldValue::Word(word))
        }
    }
}

fn code(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>, key: &str) -> Option<Code> {
    let code = Code::parse(&walk.text(value, key)?);
    if code.is_none() {
        walk.problem(value.span(), format!("`{key}` is empty"), "Give it a value, or leave the key out");
    }
    code
}

fn negation(walk: &mut Walk<'_>, said: &Spanned<DeValue<'_>>) -> Option<Condition> {
    if let DeValue::Table(inner) = said.get_ref()
        && get(inner, NOT).is_some()
    {
        walk.problem(said.span(), "a `not` stands inside a `not`", "Leave both out");
        return None;
    }
    match condition(walk, said)? {
        // `not = { member = false }` asks for a member.
        Condition::Not(inner) => Some(*inner),
        inner => Some(inner.negated(true)),
    }
}
