//! Reads the lists of re:Members into choices, as leniently as records: an entry without a code is passed over.
//!
//! Also puts what was said about a person back into one document for people to read, without what may be a secret.

use std::cmp::Reverse;

use serde_json::{Map, Value};

use super::Fetched;
use super::lenient::Entry;
use crate::domain::catalogue::{Choice, EventChoice, FieldChoice, plain_day};
use crate::domain::fold;
use crate::domain::record::IndividualId;

/// Committees and positions: `code` and `name` (re:Members fact sheet §5.1).
pub fn coded(entries: &[Value]) -> Vec<Choice> {
    choices(entries, "code", "name")
}

/// Relationship types by their `name`, and by the name of the other direction (§5.3).
pub fn relationship_types(entries: &[Value]) -> Vec<Choice> {
    let mut names = choices(entries, "name", "name");
    names.extend(choices(entries, "reciprocalRelationshipName", "reciprocalRelationshipName"));
    tidy(names)
}

/// Events; their members carry a prefix (§5.4). Latest first.
pub fn events(entries: &[Value]) -> Vec<EventChoice> {
    let mut events: Vec<EventChoice> = entries
        .iter()
        .filter_map(|entry| {
            let entry = Entry::of(entry)?;
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

/// Definitions of custom fields (§6.2).
pub fn custom_fields(entries: &[Value]) -> Vec<FieldChoice> {
    let field = |entry: &Value| {
        let entry = Entry::of(entry)?;
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

/// The ids of a list of people.
pub fn ids(entries: &[Value]) -> Vec<IndividualId> {
    entries.iter().filter_map(|entry| IndividualId::parse(&text(&Entry::of(entry)?, "id")?)).collect()
}

fn choices(entries: &[Value], code: &str, label: &str) -> Vec<Choice> {
    let choice = |entry: &Value| {
        let entry = Entry::of(entry)?;
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

fn text(entry: &Entry<'_>, name: &str) -> Option<String> {
    entry.text(name).ok().flatten()
}

/// What was said about a person, in the shape of a line for `explain`.
pub fn said(fetched: &Fetched) -> Value {
    let Fetched { individual, committees, registrations, purchases, certifications, relationships } = fetched;
    let parts = [
        ("committees", committees),
        ("registrations", registrations),
        ("purchases", purchases),
        ("certifications", certifications),
        ("relationships", relationships),
    ];
    let mut line = Map::new();
    line.insert("individual".to_owned(), individual.clone());
    for (name, part) in parts {
        if let Some(entries) = part {
            line.insert(name.to_owned(), entries.clone().into());
        }
    }
    let mut line = Value::Object(line);
    leave_out_secrets(&mut line);
    line
}

/// Removes members whose names speak of secrets. No known answer about a person has one; a tenant may add fields.
fn leave_out_secrets(value: &mut Value) {
    const MARKS: [&str; 4] = ["password", "token", "secret", "ssn"];
    match value {
        Value::Object(members) => {
            let is_flag = |value: &Value| matches!(value, Value::Bool(_) | Value::Null);
            members.retain(|name, value| {
                let name = name.to_ascii_lowercase();
                is_flag(value) || !MARKS.iter().any(|mark| name.contains(mark))
            });
            members.values_mut().for_each(leave_out_secrets);
        }
        Value::Array(entries) => entries.iter_mut().for_each(leave_out_secrets),
        _ => {}
    }
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

    #[test]
    fn what_may_be_a_secret_is_left_out_and_a_flag_stays() {
        let user = json!({ "loginEmail": "a@b.example", "mustChangePassword": true, "Password": "x" });
        let individual = json!({ "id": "1", "user": user, "portal": [{ "ssoToken": "y" }] });
        let said = said(&Fetched { individual, committees: Some(Vec::new()), ..Fetched::default() });
        assert_eq!(
            said,
            json!({ "individual": { "id": "1", "user": { "loginEmail": "a@b.example", "mustChangePassword": true },
                    "portal": [{}] }, "committees": [] })
        );
    }
}
