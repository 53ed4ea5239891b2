//! The rules file: text to [`Rules`] and back. It is what an operator writes, and what the administrator's page takes and gives.
//!
//! Read by hand from TOML with spans, so that every problem is found at once, each with its place and a remedy.

mod condition;
mod print;
pub(crate) mod problem;
#[cfg(test)]
mod tests;
mod walk;

pub use print::{print, print_rule};
pub use problem::Problem;

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::faults::FaultPlace;
use crate::domain::rule::{NotARole, PrimaryMembership, Role, Rule, RuleRole, Rules};
use crate::domain::time::TimeZone;
use walk::Walk;

const KEYS: [&str; 10] = [
    "time_zone",
    "honor_effective_date",
    "honor_grace",
    "count_inherited",
    "primary_membership",
    "everyone",
    "member",
    "non_member",
    "manage_core_roles",
    "rule",
];

/// Reads a rules file (docs/roles.md). On failure every problem in it, in the order of the text.
pub fn parse(text: &str) -> Result<Rules, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk::new(text);
    for error in &errors {
        walk.syntax(error);
    }
    let rules = mapping(&mut walk, document.get_ref());
    match (rules, walk.finish()) {
        (Some(rules), problems) if problems.is_empty() => Ok(rules),
        (_, problems) => Err(problems),
    }
}

/// Where a rule stands in the text.
struct RuleSpan {
    role: Range<usize>,
    label: Range<usize>,
    when: Range<usize>,
    /// Some condition could not be read, so that nothing can be said about all of them.
    lacks_conditions: bool,
}

fn mapping(walk: &mut Walk<'_>, table: &DeTable<'_>) -> Option<Rules> {
    walk.only(table, &KEYS, "the rules file");
    let zone = match walk::get(table, "time_zone") {
        Some(value) => time_zone(walk, value),
        None => {
            walk.problem(
                0..0,
                "`time_zone` is missing",
                "Name the association's time zone, such as `time_zone = \"America/New_York\"`",
            );
            None
        }
    };
    let defaults = Rules::new(TimeZone::UTC);
    let mut flag = |key: &str, default: bool| match walk::get(table, key) {
        Some(value) => walk.flag(value, key).unwrap_or(default),
        None => default,
    };
    let honor_effective_date = flag("honor_effective_date", defaults.honor_effective_date);
    let honor_grace = flag("honor_grace", defaults.honor_grace);
    let count_inherited = flag("count_inherited", defaults.count_inherited);
    let manage_core_roles = flag("manage_core_roles", defaults.manage_core_roles);
    let primary_membership = walk::get(table, "primary_membership").and_then(|value| primary(walk, value));
    let mut built_in =
        |key: &str| walk::get(table, key).and_then(|value| role(walk, value, key, Role::parse));
    let mut rules = Rules {
        honor_effective_date,
        honor_grace,
        count_inherited,
        primary_membership: primary_membership.unwrap_or_default(),
        everyone: built_in("everyone"),
        member: built_in("member"),
        non_member: built_in("non_member"),
        manage_core_roles,
        // Without one the problem is told already.
        ..Rules::new(zone.clone().unwrap_or(TimeZone::UTC))
    };
    let mut spans = Vec::new();
    for (rule, span) in self::rules(walk, table) {
        rules.add(rule);
        spans.push(span);
    }
    for fault in rules.faults() {
        let span = match fault.place {
            FaultPlace::Setting(key) => walk::get(table, key).map(Spanned::span),
            place => place.rule().and_then(|rule| spans.get(rule)).and_then(|span| match place {
                FaultPlace::Role(_) => Some(span.role.clone()),
                FaultPlace::Label(_) => Some(span.label.clone()),
                _ => (!span.lacks_conditions).then(|| span.when.clone()),
            }),
        };
        if let Some(span) = span {
            walk.problem(span, fault.what, fault.remedy);
        }
    }
    zone.map(|_| rules)
}

fn time_zone(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>) -> Option<TimeZone> {
    let name = walk.text(value, "time_zone")?;
    let zone = TimeZone::get(&name).ok().filter(|zone| zone.iana_name().is_some() && !zone.is_unknown());
    if zone.is_none() {
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let near = crate::domain::spelling::nearest(&name, known.iter().map(String::as_str));
        let remedy = match near {
            Some(near) => format!("Did you mean `{near}`"),
            None => "Use an IANA name, such as `America/New_York`".into(),
        };
        walk.problem(value.span(), format!("`{name}` is not a time zone"), remedy);
    }
    zone
}

fn primary(walk: &mut Walk<'_>, value: &Spanned<DeValue<'_>>) -> Option<PrimaryMembership> {
    match walk.text(value, "primary_membership")?.as_str() {
        "longest" => Some(PrimaryMembership::Longest),
        "first" => Some(PrimaryMembership::First),
        other => {
            let what = format!("`primary_membership` cannot be `{other}`");
            walk.problem(value.span(), what, "Use `\"longest\"` or `\"first\"`");
            None
        }
    }
}

fn role<T>(
    walk: &mut Walk<'_>,
    value: &Spanned<DeValue<'_>>,
    key: &str,
    parse: impl FnOnce(&str) -> Result<T, NotARole>,
) -> Option<T> {
    let text = walk.text(value, key)?;
    let role = parse(&text).ok();
    if role.is_none() {
        let fit = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
        let slug: String = text.trim().to_ascii_lowercase().chars().map(fit).take(64).collect();
        let what = format!("`{text}` is not a role");
        walk.problem(value.span(), what, format!("Use 1 to 64 of a-z, 0-9, `_` and `-`, such as `{slug}`"));
    }
    role
}

fn rules(walk: &mut Walk<'_>, table: &DeTable<'_>) -> Vec<(Rule, RuleSpan)> {
    let Some(value) = walk::get(table, "rule") else { return Vec::new() };
    match value.get_ref() {
        DeValue::Array(entries) => entries.iter().filter_map(|entry| rule(walk, entry)).collect(),
        _ => {
            walk.problem(value.span(), "`rule` is not a list of rules", "Begin each rule with `[[rule]]`");
            Vec::new()
        }
    }
}

fn rule(walk: &mut Walk<'_>, entry: &Spanned<DeValue<'_>>) -> Option<(Rule, RuleSpan)> {
    let DeValue::Table(table) = entry.get_ref() else {
        walk.problem(entry.span(), "a rule is not a table", "Begin each rule with `[[rule]]`");
        return None;
    };
    walk.only(table, &["role", "label", "when"], "a rule");
    let span = |key: &str| walk::get(table, key).map_or(entry.span(), Spanned::span);
    let mut span =
        RuleSpan { role: span("role"), label: span("label"), when: span("when"), lacks_conditions: true };
    let role = match walk::get(table, "role") {
        Some(value) => role(walk, value, "role", RuleRole::parse),
        None => {
            walk.problem(entry.span(), "the rule has no `role`", "Say which role it grants: `role = \"…\"`");
            None
        }
    };
    let label = walk::get(table, "label").and_then(|value| walk.text(value, "label")).map(Arc::from);
    let mut when = Vec::new();
    match walk::get(table, "when").map(Spanned::get_ref) {
        Some(DeValue::Array(conditions)) => {
            when = conditions.iter().filter_map(|one| condition::condition(walk, one)).collect();
            span.lacks_conditions = when.len() < conditions.len();
        }
        Some(_) => {
            let remedy = "Put the conditions in `[` and `]`";
            walk.problem(span.when.clone(), "`when` is not a list of conditions", remedy);
        }
        None => {
            let remedy = "Say who gets it, such as `when = [{ member = true }]`";
            walk.problem(entry.span(), "the rule has no `when`", remedy);
        }
    }
    Some((Rule::new(role?, label, when), span))
}
