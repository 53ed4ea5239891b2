//! The JSON Schema of a file, with which editors complete and check it.
//!
//! It knows keys, kinds, words and defaults. Everything else is said by `membergate check`.

use serde_json::{Map, Value, json};

use super::reference::{Key, Kind, Section, value};
use crate::domain::condition::{ConditionField, ConditionKind, Holds, KINDS};

/// The schema of a document.
pub(crate) fn schema(document: &Section, title: &str) -> Value {
    let mut schema = section(document);
    schema["$schema"] = "http://json-schema.org/draft-07/schema#".into();
    schema["title"] = title.into();
    schema
}

/// What a `$ref` of a condition means.
pub(crate) fn definitions() -> Value {
    let not = json!({
        "type": "object",
        "description": "While the condition does not hold.",
        "properties": { "not": { "$ref": CONDITION } },
        "required": ["not"],
        "additionalProperties": false,
    });
    json!({ "condition": { "anyOf": KINDS.into_iter().map(condition).chain([not]).collect::<Vec<_>>() } })
}

const CONDITION: &str = "#/definitions/condition";

fn condition(kind: &ConditionKind) -> Value {
    let field = |field: &ConditionField| {
        let text = json!({ "type": "string", "minLength": 1 });
        let value = match field.holds {
            Holds::Code | Holds::OneValue => text,
            Holds::Codes => json!({ "type": "array", "minItems": 1, "items": text }),
            Holds::Days => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Holds::Word(words) => json!({ "enum": words }),
            Holds::Yes => json!({ "const": true }),
        };
        (field.key.to_owned(), value)
    };
    let mut properties: Map<String, Value> = kind.fields.iter().map(field).collect();
    let mut required: Vec<&str> = kind.fields.iter().filter(|it| !it.optional).map(|it| it.key).collect();
    if kind.fields.is_empty() {
        properties.insert(kind.key.to_owned(), json!({ "type": "boolean" }));
        required.push(kind.key);
    }
    json!({
        "type": "object",
        "description": kind.says,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn section(section: &Section) -> Value {
    let properties: Map<String, Value> =
        section.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = section.keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "description": section.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind, key);
    let default = key.default.as_deref().filter(|text| value(text).is_none());
    let default = default.map(|text| format!(" Default: {text}.")).unwrap_or_default();
    schema["description"] = format!("{}{default}", key.meaning).into();
    if let Some(default) = key.default_value() {
        schema["default"] = json!(default);
    }
    if let Some(example) = key.example.as_deref().and_then(value) {
        schema["examples"] = json!([example]);
    }
    schema
}

fn kind(of: &Kind, key: &Key) -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    match of {
        Kind::Text if !key.one_of.is_empty() => {
            json!({ "enum": key.one_of.iter().map(|word| value(word)).collect::<Vec<_>>() })
        }
        Kind::Text => text,
        Kind::Number => json!({ "type": "integer", "minimum": 1 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Condition => json!({ "$ref": CONDITION }),
        Kind::List(items) => json!({ "type": "array", "items": kind(items, key) }),
        Kind::Section(inside) => section(inside),
        Kind::Source => {
            let from = |name: &str| {
                json!({
                    "type": "object",
                    "properties": { name: text },
                    "required": [name],
                    "additionalProperties": false,
                })
            };
            let outside = [from("env"), from("file")];
            // A secret never stands in the file.
            let inside = if key.is_secret() { vec![] } else { vec![text.clone()] };
            json!({ "anyOf": outside.into_iter().chain(inside).collect::<Vec<_>>() })
        }
    }
}
