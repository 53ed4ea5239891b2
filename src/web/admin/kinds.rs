//! Conditions in words, and the fields of their forms. What is known of each kind is in `domain::condition`.

use super::fields::Field;
use crate::domain::condition::{Condition, ConditionField, ConditionKind, Holds};
use crate::domain::names::ListedNames;
use crate::domain::supplied::Supplied;

/// Where the list of choices comes from, in a sentence; empty: there is none.
pub fn source(kind: &ConditionKind, supplied: &Supplied) -> &'static str {
    match kind.fields.first().and_then(|field| field.choices) {
        Some(choices) if supplied.lists.contains(&choices) => {
            "The list comes from your AMS. What is not on it can be typed."
        }
        Some(_) => {
            "Your AMS does not list these. You are offered what stands on the records we hold; anything else can be typed."
        }
        None => "",
    }
}

/// The name of a field in a form, behind the number of its condition.
pub fn name(number: usize, key: &str) -> String {
    format!("c{number}.{key}")
}

/// The id of the list that a field offers; empty: none.
pub fn list_id(field: &ConditionField) -> String {
    let offers = field.choices.is_some() || matches!(field.holds, Holds::Word(_));
    if offers { format!("list-{}", field.key) } else { String::new() }
}

/// The field of condition `number`, with what stands in it and what to mend.
pub fn field(of: &ConditionField, number: usize, value: &str, mend: Option<String>) -> Field {
    let label = if of.optional && of.holds != Holds::Yes {
        format!("{} (optional)", of.label)
    } else {
        of.label.to_owned()
    };
    Field::text(name(number, of.key), label, value)
        .hint(of.hint)
        .list(list_id(of))
        .kind(match of.holds {
            Holds::Days => "number",
            Holds::Yes => "checkbox",
            _ => "text",
        })
        .mend(mend)
}

/// A condition in words: what it asks, and its details. Things are called by these names.
pub fn in_words(condition: &Condition, names: &ListedNames) -> (String, String) {
    let (kind, values) = (condition.kind(), condition.values());
    let shown = |field: &ConditionField, text: &str| names.shown(field.choices, text);
    let said = |field: &ConditionField| Some(values.get(field.key)?.in_words(|text| shown(field, text)));
    let (optional, named): (Vec<_>, Vec<_>) = kind.fields.iter().partition(|field| field.optional);
    let what: Vec<String> = named.into_iter().filter_map(said).collect();
    let what = if what.is_empty() { format!("Is a {}", kind.label.to_lowercase()) } else { what.join(" = ") };
    let detail: Vec<String> =
        optional.into_iter().filter_map(|field| Some(field.detail.replace("{}", &said(field)?))).collect();
    let detail = if detail.is_empty() { kind.without.to_owned() } else { detail.join(", ") };
    if condition.plain().1 { (format!("Not: {what}"), detail) } else { (what, detail) }
}

/// A condition as one line, with its kind.
pub fn line(condition: &Condition, names: &ListedNames) -> String {
    let (kind, negated) = (condition.kind(), condition.plain().1);
    let (what, detail) = in_words(condition.plain().0, names);
    let head = match (kind.fields.is_empty(), negated) {
        (true, true) => format!("Is not a {}", kind.label.to_lowercase()),
        (true, false) => what,
        (false, true) => format!("Not {} {what}", kind.label.to_lowercase()),
        (false, false) => format!("{} {what}", kind.label),
    };
    if detail.is_empty() { head } else { format!("{head} ({detail})") }
}
