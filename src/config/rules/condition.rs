//! One condition of a rule, from its inline table.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::walk::{Walk, get};
use crate::domain::rule::{Code, Condition};

/// Each kind of condition with the keys that may stand beside it.
const KINDS: [(&str, &[&str]); 10] = [
    ("membership_type", &[]),
    ("committee", &["positions"]),
    ("security_role", &[]),
    ("event", &["from_days_before", "until_days_after"]),
    ("purchase", &["valid_days"]),
    ("certification", &[]),
    ("relationship", &["organization"]),
    ("custom_field", &["value"]),
    ("member", &[]),
    ("not", &[]),
];

/// Reads one condition. `None` after a problem.
pub(super) fn condition(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>) -> Option<Condition> {
    let DeValue::Table(table) = value.get_ref() else {
        walk.problem(value.span(), "a condition is not a table", "Write it as `{ member = true }`");
        return None;
    };
    let kind = kind(walk, value, table)?;
    let said = get(table, kind)?;
    match kind {
        "membership_type" => code(walk, said, kind).map(Condition::MembershipType),
        "security_role" => code(walk, said, kind).map(Condition::SecurityRole),
        "certification" => code(walk, said, kind).map(Condition::Certification),
        "committee" => {
            let positions = get(table, "positions").map_or(Some(Vec::new()), |value| positions(walk, value));
            Some(Condition::Committee { committee: code(walk, said, kind)?, positions: positions? })
        }
        "event" => {
            let mut days =
                |key: &str| get(table, key).map_or(Some(None), |value| walk.days(value, key).map(Some));
            let (from_days_before, until_days_after) = (days("from_days_before"), days("until_days_after"));
            let event = code(walk, said, kind)?;
            Some(Condition::Event {
                event,
                from_days_before: from_days_before?,
                until_days_after: until_days_after?,
            })
        }
        "purchase" => {
            let valid_days =
                get(table, "valid_days").map_or(Some(None), |value| walk.days(value, "valid_days").map(Some));
            Some(Condition::Purchase { product: code(walk, said, kind)?, valid_days: valid_days? })
        }
        "relationship" => {
            let organization = get(table, "organization")
                .map_or(Some(None), |value| code(walk, value, "organization").map(Some));
            Some(Condition::Relationship { name: code(walk, said, kind)?, organization: organization? })
        }
        "custom_field" => custom_field(walk, said, table),
        "member" => {
            let member = walk.flag(said, kind)?;
            Some(if member { Condition::Member } else { Condition::Not(Box::new(Condition::Member)) })
        }
        _ => negation(walk, said),
    }
}

/// The one kind of this condition. Refuses unknown keys, several kinds, and keys that belong to another kind.
fn kind(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<&'static str> {
    let known: Vec<&str> =
        KINDS.iter().flat_map(|(kind, beside)| [*kind].into_iter().chain(beside.iter().copied())).collect();
    walk.only(table, &known, "a condition");
    let kinds: Vec<_> = KINDS.iter().filter(|(kind, _)| get(table, kind).is_some()).collect();
    for (owner, beside) in &KINDS {
        for (key, _) in table.iter().filter(|(key, _)| beside.contains(&key.get_ref().as_ref())) {
            if !kinds.iter().any(|(kind, _)| kind == owner) {
                let key_name = key.get_ref();
                let what = format!("`{key_name}` stands without `{owner}`");
                walk.problem(key.span(), what, format!("Put it beside `{owner} = …`, or leave it out"));
            }
        }
    }
    match kinds.as_slice() {
        [(kind, _)] => Some(kind),
        [] => {
            if table.is_empty() {
                walk.problem(
                    value.span(),
                    "the condition is empty",
                    "Write it as `{ member = true }`, or leave it out",
                );
            }
            None
        }
        several => {
            let names: Vec<String> = several.iter().map(|(kind, _)| format!("`{kind}`")).collect();
            let what = format!("one condition asks for {}", names.join(" and "));
            walk.problem(value.span(), what, "Give each its own `{ … }` in the list");
            None
        }
    }
}

fn code(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>, key: &str) -> Option<Code> {
    walk.text(value, key).and_then(|text| Code::parse(&text))
}

fn positions(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>) -> Option<Vec<Code>> {
    match value.get_ref() {
        DeValue::Array(codes) if !codes.is_empty() => {
            let read: Vec<Option<Code>> = codes.iter().map(|one| code(walk, one, "positions")).collect();
            read.into_iter().collect()
        }
        DeValue::Array(_) => {
            walk.problem(
                value.span(),
                "`positions` is empty",
                "Name at least one position code, or leave the key out",
            );
            None
        }
        _ => {
            walk.problem(value.span(), "`positions` is not a list", "Write it as `positions = [\"CHAIR\"]`");
            None
        }
    }
}

fn custom_field(walk: &mut Walk<'_>, said: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<Condition> {
    let name = code(walk, said, "custom_field");
    let Some(value) = get(table, "value") else {
        walk.problem(said.span(), "`custom_field` has no `value`", "Say which value counts: `value = \"…\"`");
        return None;
    };
    let read = code(walk, value, "value")?;
    if read.as_str().contains('|') {
        let what = "`value` holds several values, and the AMS separates them at `|`";
        walk.problem(value.span(), what, "Ask for one value; write a second rule for the next");
        return None;
    }
    Some(Condition::CustomField { name: name?, value: read })
}

fn negation(walk: &mut Walk<'_>, said: &Spanned<DeValue<'_>>) -> Option<Condition> {
    if let DeValue::Table(inner) = said.get_ref()
        && get(inner, "not").is_some()
    {
        walk.problem(said.span(), "a `not` stands inside a `not`", "Leave both out");
        return None;
    }
    match condition(walk, said)? {
        // `not = { member = false }` asks for a member.
        Condition::Not(inner) => Some(*inner),
        inner => Some(Condition::Not(Box::new(inner))),
    }
}
