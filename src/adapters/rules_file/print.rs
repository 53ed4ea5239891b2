//! Rules as a rules file. What [`super::parse`] reads back is equal.

use std::fmt::Write as _;

use crate::domain::code::Code;
use crate::domain::condition::{Condition, FieldValue};
use crate::domain::rule::{Rule, Rules};

/// Writes the rules file of a mapping. Comments of the file it was read from are not kept.
pub fn print(rules: &Rules) -> String {
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = text.write_fmt(line);
        text.push('\n');
    };
    line(format_args!("time_zone = {}", quoted(rules.time_zone.iana_name().unwrap_or("UTC"))));
    line(format_args!("honor_effective_date = {}", rules.honor_effective_date));
    line(format_args!("honor_grace = {}", rules.honor_grace));
    line(format_args!("strict_dates = {}", rules.strict_dates));
    line(format_args!("count_inherited = {}", rules.count_inherited));
    line(format_args!("primary_membership = \"{}\"", rules.primary_membership.as_str()));
    for (key, role) in rules.built_in() {
        line(format_args!("{key} = {}", quoted(role.as_str())));
    }
    line(format_args!("manage_core_roles = {}", rules.manage_core_roles));
    for rule in &rules.rules {
        line(format_args!("\n{}", print_rule(rule)));
    }
    text
}

/// Writes one rule as a rules file has it, without a line break at the end.
pub fn print_rule(rule: &Rule) -> String {
    let label = rule.label.as_ref().map(|label| format!("label = {}\n", quoted(label))).unwrap_or_default();
    let role = quoted(rule.role.as_str());
    format!("[[rule]]\nrole = {role}\n{label}when = {}", print_conditions(&rule.when))
}

/// Writes conditions as the value of `when`.
pub(in crate::adapters) fn print_conditions(when: &[Condition]) -> String {
    let conditions: Vec<String> = when.iter().map(condition).collect();
    format!("[{}]", conditions.join(", "))
}

fn condition(condition: &Condition) -> String {
    let (kind, values) = (condition.kind(), condition.values());
    let field = |key: &'static str| Some(format!("{key} = {}", value(values.get(key)?)));
    let mut keys: Vec<String> = kind.fields.iter().filter_map(|it| field(it.key)).collect();
    if kind.fields.is_empty() {
        keys.push(format!("{} = true", kind.key));
    }
    let plain = format!("{{ {} }}", keys.join(", "));
    if condition.plain().1 { format!("{{ not = {plain} }}") } else { plain }
}

fn value(value: &FieldValue) -> String {
    let code = |code: &Code| quoted(code.as_str());
    match value {
        FieldValue::Code(one) => code(one),
        FieldValue::Codes(codes) => format!("[{}]", codes.iter().map(code).collect::<Vec<_>>().join(", ")),
        FieldValue::Days(days) => days.to_string(),
        FieldValue::Word(word) => quoted(word),
        FieldValue::Yes => "true".to_owned(),
    }
}

/// A TOML basic string.
pub(in crate::adapters) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
