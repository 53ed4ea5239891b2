//! The rules of a mapping as they apply to one record: a rule for many roles becomes one line for each code that fits its pattern
//! (docs/roles.md, "Many roles by one rule").

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::conditions::said;
use super::naming::name;
use crate::domain::code::{Code, slug};
use crate::domain::condition::{Condition, FieldValue};
use crate::domain::fold;
use crate::domain::record::Record;
use crate::domain::rule::{Role, RoleTemplate, Rule, RuleRole, Rules};

/// Most roles that one rule gives one person at one instant.
pub(super) const MOST_ROLES: usize = 64;

/// One role with the conditions that grant it.
pub(super) struct RuleLine<'a> {
    /// Index of the rule.
    pub(super) rule: usize,
    pub(super) role: Cow<'a, Role>,
    pub(super) when: Cow<'a, [Condition]>,
}

/// Every line, in the order of the rules; those of one rule by role.
pub(super) fn of<'a>(record: &Record, rules: &'a Rules) -> Vec<RuleLine<'a>> {
    let mut lines = Vec::with_capacity(rules.rules.len());
    for (number, rule) in rules.rules.iter().enumerate() {
        match &rule.role {
            RuleRole::One(role) => {
                let (role, when) = (Cow::Borrowed(role), Cow::Borrowed(rule.when.as_slice()));
                lines.push(RuleLine { rule: number, role, when });
            }
            RuleRole::Each(template) => lines.extend(of_many(number, rule, template, record, rules).lines),
        }
    }
    lines
}

/// What a rule for many roles becomes.
pub(super) struct Many<'a> {
    pub(super) lines: Vec<RuleLine<'a>>,
    /// Codes that fit and give nothing, each with why.
    pub(super) refused: Vec<String>,
}

pub(super) fn of_many<'a>(
    number: usize,
    rule: &Rule,
    template: &RoleTemplate,
    record: &Record,
    rules: &Rules,
) -> Many<'a> {
    let mut many = Many { lines: Vec::new(), refused: Vec::new() };
    // A mapping in which there are several is refused before it is in force; here it grants nothing.
    let patterns: Vec<_> = rule.patterns().collect();
    let [(at, key, pattern)] = patterns.as_slice() else { return many };
    let Some(condition) = rule.when.get(*at).filter(|condition| !condition.plain().1) else { return many };
    let mut seen = BTreeSet::new();
    for text in fitting(condition, pattern, record) {
        let star = pattern.star_in(text).unwrap_or_default();
        if !seen.insert(fold::folded(text)) {
            continue;
        }
        let Some(slug) = slug(&star) else {
            // The role would not tell one code from another.
            let (rule, code) = (rule.name(), name(text));
            many.refused.push(format!(
                "The rule {rule} gives no role for {code}: its `*` stands for no ASCII letter or digit."
            ));
            continue;
        };
        let Some(role) = template.role(&slug) else {
            many.refused.push(format!("The rule {} gives no role of more than 64 characters.", rule.name()));
            continue;
        };
        if let Some(why) = rules.reserved(&role) {
            many.refused.push(format!("The rule {} never gives the role {role}: it {why}.", rule.name()));
            continue;
        }
        let filled = Code::parse(text).and_then(|code| condition.with(key, FieldValue::Code(code)));
        let mut when = rule.when.clone();
        if let (Some(filled), Some(place)) = (filled, when.get_mut(*at)) {
            *place = filled;
            many.lines.push(RuleLine { rule: number, role: Cow::Owned(role), when: Cow::Owned(when) });
        }
    }
    many.lines.sort_by(|one, other| one.role.cmp(&other.role));
    many
}

/// The texts on the record that fit a pattern. Names count only where no code fits.
fn fitting<'r>(condition: &Condition, pattern: &Code, record: &'r Record) -> Vec<&'r str> {
    let fits = |text: &&str| !fold::is_blank(text) && pattern.star_in(text).is_some();
    let said = said(condition, record);
    let codes: Vec<&str> = said.iter().map(|(code, _)| *code).filter(fits).collect();
    if codes.is_empty() { said.iter().filter_map(|(_, name)| *name).filter(fits).collect() } else { codes }
}
