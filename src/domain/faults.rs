//! What makes a mapping unsound. The reader of the rules file, the forms and publication all ask here.

use std::collections::BTreeSet;

use super::catalogue::Catalogue;
use super::code::{Code, slug};
use super::condition::Condition;
use super::fold;
use super::rule::{CORE_ROLES, Role, RoleTemplate, Rule, RuleRole, Rules};

/// Most roles that one rule may give, over all that the AMS lists.
pub const MOST_ROLES: usize = 1000;

/// Fewest characters beside the code in the role of a rule for many.
const FEWEST_CHARACTERS: usize = 2;

/// Why a mapping cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFault {
    /// Where.
    pub place: FaultPlace,
    /// What is wrong, without a full stop.
    pub what: String,
    /// What to do about it, without a full stop.
    pub remedy: String,
}

/// A place in a mapping. Rules and conditions are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultPlace {
    /// A setting, by its key in the rules file.
    Setting(&'static str),
    /// The role of a rule.
    Role(usize),
    /// The label of a rule.
    Label(usize),
    /// The conditions of a rule as a whole.
    Conditions(usize),
    /// A field of a condition.
    Field(usize, usize, &'static str),
}

impl FaultPlace {
    /// The rule that it is in, if it is in one.
    pub fn rule(self) -> Option<usize> {
        match self {
            FaultPlace::Setting(_) => None,
            FaultPlace::Role(rule)
            | FaultPlace::Label(rule)
            | FaultPlace::Conditions(rule)
            | FaultPlace::Field(rule, ..) => Some(rule),
        }
    }
}

impl MappingFault {
    fn new(place: FaultPlace, what: impl Into<String>, remedy: impl Into<String>) -> MappingFault {
        MappingFault { place, what: what.into(), remedy: remedy.into() }
    }
}

impl std::fmt::Display for MappingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}. {}.", self.what, self.remedy)
    }
}

impl Rules {
    /// Everything that makes this mapping unsound. A sound one can be written as a rules file and read back equal.
    pub fn faults(&self) -> Vec<MappingFault> {
        let mut faults = Vec::new();
        if self.time_zone.iana_name().is_none() || self.time_zone.is_unknown() {
            let remedy = "Use an IANA name, such as `America/New_York`";
            faults.push(MappingFault::new(
                FaultPlace::Setting("time_zone"),
                "the time zone has no name",
                remedy,
            ));
        }
        for (key, role) in self.built_in() {
            faults.extend(self.core_role(role, FaultPlace::Setting(key)));
        }
        for (number, rule) in self.rules.iter().enumerate() {
            self.of_rule(number, rule, &mut faults);
        }
        faults
    }

    fn core_role(&self, role: &Role, place: FaultPlace) -> Option<MappingFault> {
        let is_core = !self.manage_core_roles && CORE_ROLES.contains(&role.as_str());
        is_core.then(|| {
            let what = format!("`{role}` is a core role of the site, which this mapping may not manage");
            MappingFault::new(place, what, "Use a role of your own, or set `manage_core_roles = true`")
        })
    }

    fn of_rule(&self, number: usize, rule: &Rule, faults: &mut Vec<MappingFault>) {
        match &rule.role {
            RuleRole::One(role) => faults.extend(self.core_role(role, FaultPlace::Role(number))),
            RuleRole::Each(template) => of_many(number, rule, template, faults),
        }
        if rule.label.as_ref().is_some_and(|label| label.trim().is_empty()) {
            let remedy = "Give it a value, or leave the key out";
            faults.push(MappingFault::new(FaultPlace::Label(number), "`label` is empty", remedy));
        }
        if rule.when.is_empty() {
            let what = "`when` is empty, so the rule would grant its role to nobody";
            let remedy = "Say who gets it, such as `when = [{ member = true }]`";
            faults.push(MappingFault::new(FaultPlace::Conditions(number), what, remedy));
        }
        for (at, condition) in rule.when.iter().enumerate() {
            let kind = condition.kind();
            for (key, fault) in kind.condition(&condition.values()).err().into_iter().flatten() {
                let (what, remedy) = fault.says(kind.key, key);
                faults.push(MappingFault::new(FaultPlace::Field(number, at, key), what, remedy));
            }
        }
    }
}

/// A rule for many roles.
fn of_many(number: usize, rule: &Rule, template: &RoleTemplate, faults: &mut Vec<MappingFault>) {
    if template.literal_characters() < FEWEST_CHARACTERS {
        let what = format!("`{}` has fewer than two characters beside `{{code}}`", rule.role);
        faults.push(MappingFault::new(FaultPlace::Role(number), what, "Write it as `chapter_{code}`"));
    }
    let patterns: Vec<_> = rule.patterns().collect();
    match patterns.as_slice() {
        [(at, key, code)] => {
            let place = FaultPlace::Field(number, *at, key);
            if code.stars() > 1 {
                faults.push(MappingFault::new(
                    place,
                    format!("`{code}` has more than one `*`"),
                    "Leave one of them",
                ));
            }
            if matches!(rule.when.get(*at), Some(Condition::Not(_))) {
                let what = "a condition with a pattern cannot be turned round";
                faults.push(MappingFault::new(place, what, "Take away the `not`, or the `*`"));
            }
        }
        several => {
            let what = match several.len() {
                0 => format!("`{}` has `{{code}}`, and no condition has a pattern", rule.role),
                _ => format!("`{}` has `{{code}}`, and several conditions have a pattern", rule.role),
            };
            let remedy = "Write one `*` in the value of one condition, such as `committee = \"CH-*\"`";
            faults.push(MappingFault::new(FaultPlace::Conditions(number), what, remedy));
        }
    }
}

impl Catalogue {
    /// What is wrong with the rules for many roles, given what the AMS lists: codes that become the same role, and too many.
    pub fn faults(&self, rules: &Rules) -> Vec<MappingFault> {
        let mut faults = Vec::new();
        for (number, rule) in rules.rules.iter().enumerate() {
            for (at, key, pattern) in rule.patterns() {
                let place = FaultPlace::Field(number, at, key);
                let given = self.given(rule, at, key, &pattern);
                for pair in given.windows(2) {
                    let [(role, one), (same, other)] = pair else { continue };
                    if role == same {
                        let what =
                            format!("`{one}` and `{other}` of the AMS would both give the role `{role}`");
                        let remedy = "Change one of the codes in the AMS, or write a rule for each";
                        faults.push(MappingFault::new(place, what, remedy));
                    }
                }
                if given.len() > MOST_ROLES {
                    let what = format!("`{pattern}` fits {} codes of the AMS", given.len());
                    let remedy = format!("Write a pattern that fits at most {MOST_ROLES}");
                    faults.push(MappingFault::new(place, what, remedy));
                }
            }
        }
        faults
    }

    /// The roles that rules for many would give, over all that the AMS lists.
    pub fn produced(&self, rules: &Rules) -> BTreeSet<Role> {
        let given = rules.rules.iter().flat_map(|rule| {
            rule.patterns().flat_map(move |(at, key, pattern)| self.given(rule, at, key, &pattern))
        });
        given.map(|(role, _)| role).filter(|role| rules.reserved(role).is_none()).collect()
    }

    /// The roles that a rule would give for the codes on the AMS's list, each with its code; by role.
    fn given(&self, rule: &Rule, at: usize, key: &str, pattern: &Code) -> Vec<(Role, String)> {
        let RuleRole::Each(template) = &rule.role else { return Vec::new() };
        let fields = rule.when.get(at).map(|condition| condition.kind().fields).unwrap_or_default();
        let listed = fields.iter().find(|field| field.key == key).and_then(|field| field.choices);
        let listed = listed.map(|choices| self.choices(choices)).unwrap_or_default();
        let role = |code: &str| template.role(&slug(&pattern.star_in(code)?)?);
        let mut given: Vec<(Role, String)> =
            listed.into_iter().filter_map(|choice| Some((role(&choice.code)?, choice.code))).collect();
        given.sort();
        given.dedup_by(|one, other| fold::folded(&one.1) == fold::folded(&other.1));
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::Choice;
    use crate::domain::time::{TimeZone, Timestamp};

    fn committee(text: &str) -> Condition {
        Condition::Committee {
            committee: Code::parse(text).unwrap(),
            positions: Vec::new(),
            self_subscribed: false,
        }
    }

    fn rules(role: &str, when: Vec<Condition>) -> Rules {
        let mut rules = Rules::new(TimeZone::UTC);
        rules.add(Rule::new(RuleRole::parse(role).unwrap(), None, when));
        rules
    }

    #[test]
    fn each_fault_is_told_with_its_place() {
        let check = |role: &str, when: Vec<Condition>, expected: &[FaultPlace]| {
            let places: Vec<FaultPlace> =
                rules(role, when).faults().iter().map(|fault| fault.place).collect();
            assert_eq!(places, expected, "{role}");
        };
        check("chair", vec![committee("CH-*")], &[]);
        check("editor", vec![committee("A")], &[FaultPlace::Role(0)]);
        check("chair", vec![], &[FaultPlace::Conditions(0)]);
        check("chapter_{code}", vec![committee("CH-*"), Condition::Member], &[]);
        check("{code}_", vec![committee("CH-*")], &[FaultPlace::Role(0)]);
        check("chapter_{code}", vec![committee("CH")], &[FaultPlace::Conditions(0)]);
        check("chapter_{code}", vec![committee("CH-*"), committee("*")], &[FaultPlace::Conditions(0)]);
        check("chapter_{code}", vec![committee("C*-*")], &[FaultPlace::Field(0, 0, "committee")]);
        let negated = committee("CH-*").negated(true);
        check("chapter_{code}", vec![negated], &[FaultPlace::Field(0, 0, "committee")]);
        let value =
            Condition::CustomField { name: Code::parse("a").unwrap(), value: Code::parse("b|c").unwrap() };
        check("chair", vec![value.negated(true)], &[FaultPlace::Field(0, 0, "value")]);
        let core = Rules { member: Role::parse("author").ok(), ..Rules::new(TimeZone::UTC) };
        assert_eq!(core.faults()[0].place, FaultPlace::Setting("member"));
        assert_eq!(Rules { manage_core_roles: true, ..core }.faults(), []);
    }

    #[test]
    fn codes_of_the_ams_that_collide_or_are_too_many_are_told() {
        let catalogue = |codes: Vec<String>| Catalogue {
            as_of: Timestamp::UNIX_EPOCH,
            committees: codes.into_iter().map(|code| Choice { label: code.clone(), code }).collect(),
            events: Vec::new(),
            custom_fields: Vec::new(),
            relationships: Vec::new(),
            ..Catalogue::default()
        };
        let rules = rules("chapter_{code}", vec![committee("CH-*")]);
        let told = |codes: &[&str]| -> Vec<String> {
            let faults = catalogue(codes.iter().map(|code| (*code).to_owned()).collect()).faults(&rules);
            faults.iter().map(ToString::to_string).collect()
        };
        assert_eq!(told(&["CH-A B", "CH-C", "XX-A-B", "CH-"]), Vec::<String>::new());
        let one = told(&["CH-A B", "ch-a-b"]);
        assert_eq!(one.len(), 1);
        assert!(one[0].contains("would both give the role `chapter_a-b`"), "{one:?}");
        let many =
            |count: usize| catalogue((0..count).map(|n| format!("CH-{n}")).collect()).faults(&rules).len();
        assert_eq!((many(MOST_ROLES), many(MOST_ROLES + 1)), (0, 1));
        let codes = ["CH-b", "CH-a", "EDU", "CH-"].map(str::to_owned).into();
        let produced = catalogue(codes).produced(&rules);
        assert_eq!(produced.iter().map(Role::as_str).collect::<Vec<_>>(), ["chapter_a", "chapter_b"]);
    }
}
