//! A mapping over time: a draft, published versions; and how two role mappings differ.
//!
//! What a role mapping says is in `rule`, what it gives a person in `roles`. The mapping of the community (`community`) has drafts and versions
//! of the same shape.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::rule::{Role, Rule, Rules};
use super::time::Timestamp;

/// Who changed something last, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// A draft that comes into force by itself, once what it newly looks at has been read of everybody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedPublication {
    /// Who asked for it, and when.
    pub asked: Edit,
    /// The note for its version.
    pub note: String,
}

/// The draft that administrators share.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<Content = Rules> {
    /// Counts up with every save, discard and publication; whoever saves names the one that he or she saw.
    pub revision: u64,
    /// The published version that it began from.
    pub base: u64,
    /// What it says. Without an edit: what is published.
    pub rules: Content,
    /// The latest edit. `None`: nothing has been changed since the last publication.
    pub edited: Option<Edit>,
    /// It is to come into force as it is. Any edit ends that.
    pub awaited: Option<AwaitedPublication>,
}

/// A published version. It never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Version<Content = Rules> {
    /// What is known about it.
    pub head: VersionHead,
    /// What it says.
    pub rules: Content,
    /// The roles that rules for many have given, in this version or any before it, as far as was known when it was published. A site
    /// that was told of such a role is to take it away again, so each stays until an administrator releases it. None
    /// where a mapping gives no roles.
    pub produced: BTreeSet<Role>,
}

/// What a list of versions shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionHead {
    /// Counts up from 1.
    pub number: u64,
    /// Who published it, and when.
    pub published: Edit,
    /// What the publisher wrote about it.
    pub note: String,
    /// It is a copy of this older version.
    pub restored_from: Option<u64>,
}

/// How one mapping differs from another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingDiff {
    /// Settings that apply to the whole mapping.
    pub settings: Vec<SettingChange>,
    /// Rules that only the later one has, in its order.
    pub added: Vec<Rule>,
    /// Rules that only the earlier one has, in its order.
    pub removed: Vec<Rule>,
    /// Rules for one role that say something else now: before and after.
    pub changed: Vec<(Rule, Rule)>,
    /// The rules that stayed are in another order. No person's roles depend on it.
    pub reordered: bool,
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    /// Its key in the rules file.
    pub key: &'static str,
    /// The earlier value, as the rules file writes it; `None`: left out.
    pub before: Option<String>,
    /// The later value.
    pub after: Option<String>,
}

impl MappingDiff {
    /// What turns `before` into `after`.
    pub fn between(before: &Rules, after: &Rules) -> MappingDiff {
        let mut removed: Vec<&Rule> = Vec::new();
        let mut left: Vec<&Rule> = after.rules.iter().collect();
        let mut kept = Vec::new();
        for rule in &before.rules {
            match left.iter().position(|other| *other == rule) {
                Some(at) => kept.push(left.remove(at)),
                None => removed.push(rule),
            }
        }
        let mut changed = Vec::new();
        // First those that kept their label, then any that grant the same role.
        for pass in [same_name, same_role] {
            removed.retain(|rule| match left.iter().position(|other| pass(rule, other)) {
                Some(at) => {
                    changed.push(((*rule).clone(), left.remove(at).clone()));
                    false
                }
                None => true,
            });
        }
        let order = kept.iter().map(|rule| std::ptr::from_ref::<Rule>(rule));
        MappingDiff {
            settings: settings(before, after),
            reordered: !order.is_sorted(),
            added: left.into_iter().cloned().collect(),
            removed: removed.into_iter().cloned().collect(),
            changed,
        }
    }
}

fn same_name(one: &Rule, other: &Rule) -> bool {
    one.role == other.role && one.label == other.label
}

fn same_role(one: &Rule, other: &Rule) -> bool {
    one.role == other.role
}

fn settings(before: &Rules, after: &Rules) -> Vec<SettingChange> {
    let (before, after) = (values(before), values(after));
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((key, before), (_, after))| SettingChange { key, before, after })
        .collect()
}

fn values(rules: &Rules) -> [(&'static str, Option<String>); 10] {
    let flag = |value: bool| Some(value.to_string());
    let role = |role: &Option<Role>| role.as_ref().map(Role::to_string);
    [
        ("time_zone", rules.time_zone.iana_name().map(str::to_owned)),
        ("honor_effective_date", flag(rules.honor_effective_date)),
        ("honor_grace", flag(rules.honor_grace)),
        ("strict_dates", flag(rules.strict_dates)),
        ("count_inherited", flag(rules.count_inherited)),
        ("primary_membership", Some(rules.primary_membership.as_str().to_owned())),
        ("everyone", role(&rules.everyone)),
        ("member", role(&rules.member)),
        ("non_member", role(&rules.non_member)),
        ("manage_core_roles", flag(rules.manage_core_roles)),
    ]
}

/// A name for people of the switch or setting behind a key of the rules file.
pub fn setting_words(key: &str) -> Arc<str> {
    match key {
        "time_zone" => "Time zone".into(),
        "honor_effective_date" => "Honor Effective Date".into(),
        "honor_grace" => "Honor grace period".into(),
        "strict_dates" => "Dates must agree".into(),
        "count_inherited" => "Count inherited memberships".into(),
        "primary_membership" => "Primary membership".into(),
        "everyone" => "Role of everyone".into(),
        "member" => "Role of members".into(),
        "non_member" => "Role of non-members".into(),
        "manage_core_roles" => "Manage core roles".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::roles::tests::properties::some_rules;
    use crate::domain::rule::{Code, Condition, PrimaryMembership};
    use crate::domain::time::TimeZone;

    fn rule(role: &str, label: &str, committee: &str) -> Rule {
        let committee = Condition::Committee {
            committee: Code::parse(committee).unwrap(),
            positions: Vec::new(),
            self_subscribed: false,
        };
        let label = (!label.is_empty()).then(|| label.into());
        Rule::new(Role::parse(role).unwrap(), label, vec![committee])
    }

    fn rules(rules: &[Rule]) -> Rules {
        Rules { rules: rules.to_vec(), ..Rules::new(TimeZone::UTC) }
    }

    /// The difference in one line: `+` added, `-` removed, `~` changed, `^` in another order; settings by key.
    fn said(before: &Rules, after: &Rules) -> String {
        let diff = MappingDiff::between(before, after);
        let name = |rule: &Rule| {
            let Some(Condition::Committee { committee, .. }) = rule.when.first() else { panic!() };
            format!("{}/{committee}", rule.name())
        };
        let mut words: Vec<String> = Vec::new();
        words.extend(diff.settings.iter().map(|it| format!("{}={:?}>{:?}", it.key, it.before, it.after)));
        words.extend(diff.added.iter().map(|rule| format!("+{}", name(rule))));
        words.extend(diff.removed.iter().map(|rule| format!("-{}", name(rule))));
        words.extend(diff.changed.iter().map(|(from, to)| format!("~{}>{}", name(from), name(to))));
        words.extend(diff.reordered.then(|| "^".to_owned()));
        words.join(" ")
    }

    #[test]
    fn a_difference_tells_rules_that_came_went_and_changed() {
        let (a, b, c) = (rule("a", "", "A"), rule("b", "", "B"), rule("c", "", "C"));
        let cases = [
            (vec![a.clone(), b.clone()], vec![a.clone(), b.clone()], ""),
            (vec![a.clone()], vec![a.clone(), b.clone()], "+b/B"),
            (vec![a.clone(), b.clone()], vec![b.clone()], "-a/A"),
            (vec![a.clone(), b.clone()], vec![b.clone(), a.clone()], "^"),
            (
                vec![a.clone(), b.clone(), c.clone()],
                vec![a.clone(), rule("b", "", "X"), c.clone()],
                "~b/B>b/X",
            ),
            (vec![rule("a", "One", "A")], vec![rule("a", "Two", "A")], "~One/A>Two/A"),
            (
                vec![rule("a", "One", "A"), rule("a", "Two", "B")],
                vec![rule("a", "Two", "X"), rule("a", "One", "Y")],
                "~One/A>One/Y ~Two/B>Two/X",
            ),
            (vec![a.clone(), a.clone()], vec![a.clone()], "-a/A"),
            (vec![a.clone()], vec![rule("z", "", "A")], "+z/A -a/A"),
        ];
        for (before, after, expected) in cases {
            assert_eq!(said(&rules(&before), &rules(&after)), expected);
        }
    }

    #[test]
    fn a_difference_tells_settings_as_the_rules_file_writes_them() {
        let before = rules(&[]);
        let after = Rules {
            honor_grace: true,
            member: Some(Role::parse("member").unwrap()),
            primary_membership: PrimaryMembership::First,
            ..before.clone()
        };
        assert_eq!(
            said(&before, &after),
            "honor_grace=Some(\"false\")>Some(\"true\") \
             primary_membership=Some(\"longest\")>Some(\"first\") member=None>Some(\"member\")"
        );
    }

    proptest! {
        #[test]
        fn only_equal_mappings_have_no_difference(one in some_rules(), other in some_rules()) {
            prop_assert_eq!(MappingDiff::between(&one, &one), MappingDiff::default());
            prop_assert_eq!(MappingDiff::between(&one, &other) == MappingDiff::default(), one == other);
        }

        #[test]
        fn every_rule_is_accounted_for(one in some_rules(), other in some_rules()) {
            let diff = MappingDiff::between(&one, &other);
            let kept = one.rules.len() - diff.removed.len() - diff.changed.len();
            prop_assert_eq!(kept + diff.added.len() + diff.changed.len(), other.rules.len());
        }
    }
}
