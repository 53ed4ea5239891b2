//! Rules as a rules file. What [`super::parse`] reads back is equal.

use std::fmt::Write as _;

use crate::domain::rule::{Code, Condition, PrimaryMembership, Rules};

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
    line(format_args!("count_inherited = {}", rules.count_inherited));
    let primary = match rules.primary_membership {
        PrimaryMembership::Longest => "longest",
        PrimaryMembership::First => "first",
    };
    line(format_args!("primary_membership = \"{primary}\""));
    let built_in =
        [("everyone", &rules.everyone), ("member", &rules.member), ("non_member", &rules.non_member)];
    for (key, role) in built_in {
        if let Some(role) = role {
            line(format_args!("{key} = {}", quoted(role.as_str())));
        }
    }
    line(format_args!("manage_core_roles = {}", rules.manage_core_roles));
    for rule in &rules.rules {
        line(format_args!("\n[[rule]]\nrole = {}", quoted(rule.role.as_str())));
        if let Some(label) = &rule.label {
            line(format_args!("label = {}", quoted(label)));
        }
        let conditions: Vec<String> = rule.when.iter().map(condition).collect();
        line(format_args!("when = [{}]", conditions.join(", ")));
    }
    text
}

fn condition(condition: &Condition) -> String {
    let mut keys = Vec::new();
    let mut key = |name: &str, value: String| keys.push(format!("{name} = {value}"));
    match condition {
        Condition::MembershipType(kind) => key("membership_type", code(kind)),
        Condition::Committee { committee, positions } => {
            key("committee", code(committee));
            if !positions.is_empty() {
                key("positions", format!("[{}]", positions.iter().map(code).collect::<Vec<_>>().join(", ")));
            }
        }
        Condition::SecurityRole(name) => key("security_role", code(name)),
        Condition::Event { event, from_days_before, until_days_after } => {
            key("event", code(event));
            from_days_before.iter().for_each(|days| key("from_days_before", days.to_string()));
            until_days_after.iter().for_each(|days| key("until_days_after", days.to_string()));
        }
        Condition::Purchase { product, valid_days } => {
            key("purchase", code(product));
            valid_days.iter().for_each(|days| key("valid_days", days.to_string()));
        }
        Condition::Certification(held) => key("certification", code(held)),
        Condition::Relationship { name, organization } => {
            key("relationship", code(name));
            organization.iter().for_each(|number| key("organization", code(number)));
        }
        Condition::CustomField { name, value } => {
            key("custom_field", code(name));
            key("value", code(value));
        }
        Condition::Member => key("member", "true".into()),
        Condition::Not(inner) => key("not", self::condition(inner)),
    }
    format!("{{ {} }}", keys.join(", "))
}

fn code(code: &Code) -> String {
    quoted(code.as_str())
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
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
