//! The rules file: text to [`Rules`] and back. It is what an operator writes, and what the administrator's page takes and gives.
//!
//! Read with `toml_reading`, so that every problem is found at once, each with its place and a remedy.

mod condition;
mod print;
#[cfg(test)]
mod tests;
mod values;

pub use print::{print, print_rule};

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reading::{FromToml, KnownKeys, Problem, Reading, Said};
use crate::domain::condition::Condition;
use crate::domain::faults::FaultPlace;
use crate::domain::rule::{Rule, RuleRole, Rules};
use crate::domain::time::TimeZone;

const KEYS: &[&str] = &[
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
    let mut reading = Reading::new(text);
    let document = reading.document();
    let rules = reading.table(document, KEYS).and_then(|keys| mapping(&keys, &mut reading));
    match (rules, reading.problems()) {
        (Some(rules), problems) if problems.is_empty() => Ok(rules),
        (_, problems) => Err(problems),
    }
}

fn mapping<'i>(keys: &KnownKeys<'i>, reading: &mut Reading<'i>) -> Option<Rules> {
    let zone = keys.get("time_zone", reading);
    if let Said::Nothing = zone {
        let remedy = "Name the association's time zone, such as `time_zone = \"America/New_York\"`";
        reading.missing(0..0, "`time_zone` is missing", remedy);
    }
    let zone: Option<TimeZone> = zone.value();
    let defaults = Rules::new(zone.clone().unwrap_or(TimeZone::UTC));
    let mut flag = |key: &str, default: bool| keys.get(key, reading).value().unwrap_or(default);
    let mut rules = Rules {
        honor_effective_date: flag("honor_effective_date", defaults.honor_effective_date),
        honor_grace: flag("honor_grace", defaults.honor_grace),
        count_inherited: flag("count_inherited", defaults.count_inherited),
        manage_core_roles: flag("manage_core_roles", defaults.manage_core_roles),
        primary_membership: keys.get("primary_membership", reading).value().unwrap_or_default(),
        everyone: keys.get("everyone", reading).value(),
        member: keys.get("member", reading).value(),
        non_member: keys.get("non_member", reading).value(),
        ..defaults
    };
    let entries: Vec<RuleEntry> = keys.get("rule", reading).value().unwrap_or_default();
    let mut places = Vec::new();
    for RuleEntry { rule, place } in entries {
        rules.add(rule);
        places.push(place);
    }
    for fault in rules.faults() {
        let of_rule = fault.place.rule().and_then(|rule| places.get(rule));
        let place = match fault.place {
            FaultPlace::Setting(key) => keys.has(key).then(|| keys.place_of(key)),
            FaultPlace::Role(_) => of_rule.map(|place| place.role.clone()),
            FaultPlace::Label(_) => of_rule.map(|place| place.label.clone()),
            FaultPlace::Conditions(_) | FaultPlace::Field(..) => of_rule.and_then(|place| place.when.clone()),
        };
        if let Some(place) = place {
            reading.problem(place, fault.what, fault.remedy);
        }
    }
    zone.map(|_| rules)
}

/// A rule, and where its parts stand.
struct RuleEntry {
    rule: Rule,
    place: RulePlace,
}

struct RulePlace {
    role: Range<usize>,
    label: Range<usize>,
    /// `None`: some condition could not be read, so that nothing can be said about all of them.
    when: Option<Range<usize>>,
}

impl FromToml for RuleEntry {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<RuleEntry> {
        let whole = value.span();
        let keys = reading.table(value, &["role", "label", "when"])?;
        let role: Said<RuleRole> = keys.get("role", reading);
        if let Said::Nothing = role {
            reading.problem(
                whole.clone(),
                "the rule has no `role`",
                "Say which role it grants: `role = \"…\"`",
            );
        }
        let label: Option<String> = keys.get("label", reading).value();
        let when: Said<Vec<Option<Condition>>> = keys.get("when", reading);
        if let Said::Nothing = when {
            let remedy = "Say who gets it, such as `when = [{ member = true }]`";
            reading.problem(whole, "the rule has no `when`", remedy);
        }
        let conditions = when.value().unwrap_or_else(|| vec![None]);
        let place = RulePlace {
            role: keys.place_of("role"),
            label: keys.place_of("label"),
            when: conditions.iter().all(Option::is_some).then(|| keys.place_of("when")),
        };
        let when = conditions.into_iter().flatten().collect();
        Some(RuleEntry { rule: Rule::new(role.value()?, label.map(Arc::from), when), place })
    }
}
