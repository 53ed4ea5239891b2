//! Reads the lists of re:Members (docs/ams/remembers.md, "Lists of the association")
//! into choices, as leniently as records: an entry without a code is passed over.

use std::cmp::Reverse;

use serde_json::Value;

use crate::adapters::ams::json::JsonEntry;
use crate::domain::catalogue::{Choice, EventChoice, FieldChoice, plain_day};
use crate::domain::fold;

/// Committees: `code` and `name`.
pub(crate) fn coded(entries: &[Value]) -> Vec<Choice> {
    choices(entries, "code", "name")
}

/// Relationship types by their `name`, and by the name of the other direction.
pub(crate) fn relationship_types(entries: &[Value]) -> Vec<Choice> {
    let mut names = choices(entries, "name", "name");
    names.extend(choices(entries, "reciprocalRelationshipName", "reciprocalRelationshipName"));
    tidy(names)
}

/// Events; their members carry a prefix. Latest first.
pub(crate) fn events(entries: &[Value]) -> Vec<EventChoice> {
    let mut events: Vec<EventChoice> = entries
        .iter()
        .filter_map(|entry| {
            let entry = JsonEntry::of(entry)?;
            let code = text(&entry, "eventCode")?;
            let label = text(&entry, "eventName").unwrap_or_else(|| code.clone());
            Some(EventChoice { code, label, first_day: plain_day(&entry.date("eventStartDate")) })
        })
        .collect();
    events.sort_by(|a, b| {
        (Reverse(a.first_day), &a.label, &a.code).cmp(&(Reverse(b.first_day), &b.label, &b.code))
    });
    events.dedup_by(|a, b| fold::folded(&a.code) == fold::folded(&b.code));
    events
}

/// Definitions of custom fields.
pub(crate) fn custom_fields(entries: &[Value]) -> Vec<FieldChoice> {
    let field = |entry: &Value| {
        let entry = JsonEntry::of(entry)?;
        let name = text(&entry, "name")?;
        let values = entry.values("availableValues").unwrap_or_default();
        let values = values.split('|').map(str::trim).filter(|value| !value.is_empty());
        Some(FieldChoice {
            label: text(&entry, "caption").unwrap_or_else(|| name.clone()),
            values: values.map(str::to_owned).collect(),
            name,
        })
    };
    let mut fields: Vec<FieldChoice> = entries.iter().filter_map(field).collect();
    fields.sort_by(|a, b| (&a.label, &a.name).cmp(&(&b.label, &b.name)));
    fields
}

fn choices(entries: &[Value], code: &str, label: &str) -> Vec<Choice> {
    let choice = |entry: &Value| {
        let entry = JsonEntry::of(entry)?;
        let code = text(&entry, code)?;
        Some(Choice { label: text(&entry, label).unwrap_or_else(|| code.clone()), code })
    };
    tidy(entries.iter().filter_map(choice).collect())
}

/// By label, each code once.
fn tidy(mut choices: Vec<Choice>) -> Vec<Choice> {
    choices.sort_by(|a, b| (&a.label, &a.code).cmp(&(&b.label, &b.code)));
    choices.dedup_by(|a, b| fold::folded(&a.code) == fold::folded(&b.code));
    choices
}

fn text(entry: &JsonEntry<'_>, name: &str) -> Option<String> {
    entry.text(name).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_read_by_what_can_be_understood_and_each_code_stands_once() {
        let entries = [
            json!({ "code": "EDU", "name": "Education" }),
            json!({ "code": " edu ", "name": "Education" }),
            json!({ "code": "BRD", "name": null }),
            json!({ "name": "Nameless" }),
            json!("nonsense"),
        ];
        let codes: Vec<_> = coded(&entries).into_iter().map(|it| (it.code, it.label)).collect();
        assert_eq!(codes, [("BRD".to_owned(), "BRD".to_owned()), ("EDU".to_owned(), "Education".to_owned())]);
    }

    #[test]
    fn events_come_latest_first_and_those_without_a_day_last() {
        let event =
            |code: &str, day: &str| json!({ "eventCode": code, "eventName": code, "eventStartDate": day });
        let events =
            events(&[event("A", ""), event("B", "2025-05-21T00:00:00"), event("C", "2026-05-21T00:00:00")]);
        assert_eq!(events.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["C", "B", "A"]);
    }

    #[test]
    fn a_custom_field_offers_its_values_however_they_are_written() {
        let fields = custom_fields(&[
            json!({ "name": "topics", "caption": "Topics", "availableValues": ["ocean", " policy ", ""] }),
            json!({ "name": "terms", "availableValues": null }),
        ]);
        assert_eq!((fields[0].label.as_str(), fields[0].values.len()), ("Topics", 2));
        assert_eq!((fields[1].label.as_str(), fields[1].values.len()), ("terms", 0));
    }
}
