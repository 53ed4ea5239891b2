//! The table against what is made of it.

use super::*;

/// A condition of each kind with every field, and one with the required ones alone.
pub(crate) fn one_of_each() -> Vec<Condition> {
    let value = |field: &ConditionField| match field.holds {
        Holds::Code | Holds::OneValue => {
            FieldValue::Code(Code::parse(&format!("The {}", field.key)).unwrap())
        }
        Holds::Codes => FieldValue::Codes(vec![Code::parse("ONE").unwrap(), Code::parse("TWO").unwrap()]),
        Holds::Days => FieldValue::Days(7),
        Holds::Word(words) => FieldValue::Word(words[1]),
        Holds::Yes => FieldValue::Yes,
    };
    let made = |kind: &'static ConditionKind, all: bool| {
        let fields = kind.fields.iter().filter(|field| all || !field.optional);
        kind.condition(&FieldValues(fields.map(|field| (field.key, value(field))).collect())).unwrap()
    };
    KINDS.into_iter().flat_map(|kind| [made(kind, true), made(kind, false)]).collect()
}

#[test]
fn every_kind_is_made_of_its_fields_and_gives_them_back() {
    for condition in one_of_each() {
        let kind = condition.kind();
        assert_eq!(kind.condition(&condition.values()), Ok(condition.clone()));
        assert_eq!(ConditionKind::named(kind.key), Some(kind));
        let not = condition.clone().negated(true);
        assert_eq!((not.kind(), not.values()), (kind, condition.values()));
        if let Some(field) = kind.fields.first() {
            assert_eq!(field.key, kind.key, "the field that names the thing comes first");
            assert!(!field.optional);
        }
        for text in [kind.holds, kind.fails] {
            let told = condition.phrase(text, |_, said| said.to_owned());
            assert!(!told.contains(['{', '}']), "{told}");
        }
        assert!(kind.pattern.is_none_or(|key| kind.fields.iter().any(|field| field.key == key)));
    }
}

#[test]
fn what_is_missing_or_not_one_value_is_refused() {
    let code = |text: &str| FieldValue::Code(Code::parse(text).unwrap());
    let faults = |key: &str, values: &[(&'static str, FieldValue)]| {
        ConditionKind::named(key)
            .unwrap()
            .condition(&FieldValues(values.iter().cloned().collect()))
            .unwrap_err()
    };
    assert_eq!(faults("committee", &[]), [("committee", FieldFault::Missing)]);
    let named = [("committee", code("EDU")), ("positions", FieldValue::Codes(Vec::new()))];
    assert_eq!(faults("committee", &named), [("positions", FieldFault::NoneNamed)]);
    let several = [("custom_field", code("topics")), ("value", code("a|b"))];
    assert_eq!(faults("custom_field", &several), [("value", FieldFault::Several)]);
    assert_eq!(
        faults("committee", &[("committee", FieldValue::Days(1))]),
        [("committee", FieldFault::Missing)]
    );
}

#[test]
fn the_documentation_has_the_table() {
    let row = |kind: &&ConditionKind| {
        let field = |field: &ConditionField| {
            let holds = match field.holds {
                Holds::Code | Holds::OneValue => "text".to_owned(),
                Holds::Codes => "list of text".to_owned(),
                Holds::Days => "days".to_owned(),
                Holds::Word(words) => format!("one of {}", words.join(", ")),
                Holds::Yes => "true".to_owned(),
            };
            let optional = if field.optional { ", optional" } else { "" };
            let pattern = if kind.pattern == Some(field.key) { ", may be a pattern" } else { "" };
            format!("`{}`: {holds}{optional}{pattern}", field.key)
        };
        let fields: Vec<String> = kind.fields.iter().map(field).collect();
        let fields =
            if fields.is_empty() { format!("`{}`: true or false", kind.key) } else { fields.join("; ") };
        let part = kind.part.map_or("individual", |part| part.name());
        format!("| {} | {fields} | {part} |\n", kind.label)
    };
    let table: String = KINDS.iter().map(row).collect();
    let text = include_str!("../../../docs/roles.md");
    assert!(text.contains(&table), "docs/roles.md should have these rows:\n{table}");
}
