//! The rules file: text to [`Rules`] and back. It is what an operator writes, and what the administrator's page takes and gives.
//!
//! Read with `toml_reading`, so that every problem is found at once, each with its place and a remedy.

mod condition;
mod print;
#[cfg(test)]
mod tests;
mod values;

pub use print::{print, print_rule};
pub(in crate::adapters) use print::{print_conditions, quoted};

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::toml_reading::{FromToml, Problem, Reading, Said, section};
use crate::domain::condition::Condition;
use crate::domain::faults::FaultPlace;
use crate::domain::rule::{PrimaryMembership, Role, Rule, RuleRole, Rules};
use crate::domain::time::TimeZone;

section! {
    /// Top of the file: the keys above the first rule.
    RulesDocument {
        /// The time zone in which days begin and end, an IANA name. Example: "America/New_York". Required.
        time_zone: TimeZone,
        /// Whether a membership starts at its effective date. Otherwise it starts at the earlier of effective date and join date. Default: false.
        honor_effective_date: bool,
        /// Whether a membership lasts to the end of its grace period. Default: false.
        honor_grace: bool,
        /// Whether, where the AMS says how a membership stands (Novi, GrowthZone), its dates must agree. Default: false.
        strict_dates: bool,
        /// Whether memberships that come from an organization count. Default: true.
        count_inherited: bool,
        /// Which membership gives a decision its type and last day: the active one that ends last, or the first of the record.
        /// One of: "longest", "first". Default: "longest".
        primary_membership: PrimaryMembership,
        /// The role of everybody who is signed in. Example: "subscriber". Default: no role.
        everyone: Spanned<Role>,
        /// The role of members. Example: "member". Default: no role.
        member: Spanned<Role>,
        /// The role of people who are not members. Example: "non_member". Default: no role.
        non_member: Spanned<Role>,
        /// Whether the mapping may give core roles of a site: administrator, editor, author, contributor. Default: false.
        manage_core_roles: bool,
        /// The rules, one `[[rule]]` each. Default: no rules.
        rule: Vec<Spanned<RuleTable>>,
    }
}

section! {
    /// `[[rule]]`: a role, and who gets it.
    RuleTable {
        /// The role: 1 to 64 of a-z, 0-9, `_` and `-`. With `{code}` in it one role for each code that fits a pattern. Example: "education_chair". Required.
        role: Spanned<RuleRole>,
        /// What people call the role. Example: "Chair of the education committee". Default: the role itself.
        label: Spanned<String>,
        /// The conditions, all of which must hold. Required.
        when: Spanned<Vec<Option<Condition>>>,
    }
}

/// Reads a rules file (docs/roles.md). On failure every problem in it, in the order of the text.
pub fn parse(text: &str) -> Result<Rules, Vec<Problem>> {
    let mut reading = Reading::new(text);
    let document = reading.document();
    let rules = RulesDocument::from_toml(document, &mut reading).and_then(|said| mapping(said, &mut reading));
    match (rules, reading.problems()) {
        (Some(rules), problems) if problems.is_empty() => Ok(rules),
        (_, problems) => Err(problems),
    }
}

fn mapping(said: RulesDocument, reading: &mut Reading<'_>) -> Option<Rules> {
    if let Said::Nothing = said.time_zone {
        let remedy = "Name the association's time zone, such as `time_zone = \"America/New_York\"`";
        reading.missing(0..0, "`time_zone` is missing", remedy);
    }
    let zone = said.time_zone.value();
    let defaults = Rules::new(zone.clone().unwrap_or(TimeZone::UTC));
    let [everyone, member, non_member] = [said.everyone, said.member, said.non_member].map(Said::value);
    let role = |role: &Option<Spanned<Role>>| role.as_ref().map(|role| role.get_ref().clone());
    let mut rules = Rules {
        honor_effective_date: said.honor_effective_date.value().unwrap_or(defaults.honor_effective_date),
        honor_grace: said.honor_grace.value().unwrap_or(defaults.honor_grace),
        strict_dates: said.strict_dates.value().unwrap_or(defaults.strict_dates),
        count_inherited: said.count_inherited.value().unwrap_or(defaults.count_inherited),
        manage_core_roles: said.manage_core_roles.value().unwrap_or(defaults.manage_core_roles),
        primary_membership: said.primary_membership.value().unwrap_or_default(),
        everyone: role(&everyone),
        member: role(&member),
        non_member: role(&non_member),
        ..defaults
    };
    let mut places = Vec::new();
    for (rule, place) in said.rule.value().into_iter().flatten().filter_map(|table| rule(table, reading)) {
        rules.add(rule);
        places.push(place);
    }
    for fault in rules.faults() {
        let of_rule = fault.place.rule().and_then(|rule| places.get(rule));
        let place = match fault.place {
            FaultPlace::Setting("everyone") => everyone.as_ref().map(Spanned::span),
            FaultPlace::Setting("member") => member.as_ref().map(Spanned::span),
            FaultPlace::Setting("non_member") => non_member.as_ref().map(Spanned::span),
            FaultPlace::Setting(_) => None,
            FaultPlace::Role(_) => of_rule.map(|place| place.role.clone()),
            FaultPlace::Label(_) => of_rule.and_then(|place| place.label.clone()),
            FaultPlace::Conditions(_) | FaultPlace::Field(..) => of_rule.and_then(|place| place.when.clone()),
        };
        if let Some(place) = place {
            reading.problem(place, fault.what, fault.remedy);
        }
    }
    zone.map(|_| rules)
}

/// Where the parts of a rule stand.
struct RulePlace {
    role: Range<usize>,
    label: Option<Range<usize>>,
    /// `None`: some condition could not be read, so that nothing can be said about all of them.
    when: Option<Range<usize>>,
}

fn rule(table: Spanned<RuleTable>, reading: &mut Reading<'_>) -> Option<(Rule, RulePlace)> {
    let (whole, said) = (table.span(), table.into_inner());
    if let Said::Nothing = said.role {
        reading.problem(whole.clone(), "the rule has no `role`", "Say which role it grants: `role = \"…\"`");
    }
    if let Said::Nothing = said.when {
        let remedy = "Say who gets it, such as `when = [{ member = true }]`";
        reading.problem(whole, "the rule has no `when`", remedy);
    }
    let (role, label, when) = (said.role.value()?, said.label.value(), said.when.value());
    let place = RulePlace {
        role: role.span(),
        label: label.as_ref().map(Spanned::span),
        when: when.as_ref().filter(|when| when.get_ref().iter().all(Option::is_some)).map(Spanned::span),
    };
    let label = label.map(|label| Arc::from(label.into_inner()));
    let conditions = when.into_iter().flat_map(Spanned::into_inner).flatten().collect();
    Some((Rule::new(role.into_inner(), label, conditions), place))
}
