//! The rules file: an example with every key, every problem with its place, and printing as the inverse of parsing.

mod reference;

use proptest::prelude::*;

use super::*;
use crate::domain::condition::MembershipStatus;
use crate::domain::rule::{Code, PrimaryMembership, Role};

const EXAMPLE: &str = r#"
time_zone = "America/New_York"
honor_effective_date = false
honor_grace = false
count_inherited = true
primary_membership = "longest"          # or "first"
everyone = "subscriber"                 # each of these three may be left out
member = "member"
non_member = "non_member"
manage_core_roles = false

[[rule]]
role = "education_chair"
label = "Chair of the education committee"        # optional, for people
when = [{ committee = "EDU", positions = ["CHAIR"] }, { member = true }]

[[rule]]
role = "annual_2026"
when = [{ event = "ANNUAL26", from_days_before = 7, until_days_after = 90 }, { not = { security_role = "Press" } }]

[[rule]]
role = "others"
when = [
    { membership_type = "CORPGOLD" },
    { purchase = "WEB1", valid_days = 365 },
    { membership_status = "grace" },
    { certification = "CPA" },
    { relationship = "Employee", organization = "20011" },
    { custom_field = "topics", value = "ocean" },
    { member = false },
]
"#;

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

#[test]
fn the_example_of_the_design_is_read() {
    let rules = parse(EXAMPLE).unwrap();
    assert_eq!(rules.time_zone.iana_name(), Some("America/New_York"));
    assert_eq!(rules.everyone, Some(Role::parse("subscriber").unwrap()));
    let [chair, annual, others] = rules.rules.as_slice() else { panic!("three rules") };
    assert_eq!(chair.label.as_deref(), Some("Chair of the education committee"));
    let seat = Condition::Committee {
        committee: code("EDU"),
        positions: vec![code("CHAIR")],
        self_subscribed: false,
    };
    assert_eq!(chair.when, [seat, Condition::Member]);
    let event =
        Condition::Event { event: code("ANNUAL26"), from_days_before: Some(7), until_days_after: Some(90) };
    assert_eq!(annual.when, [event, Condition::Not(Box::new(Condition::SecurityRole(code("Press"))))]);
    let expect = [
        Condition::MembershipType(code("CORPGOLD")),
        Condition::Purchase { product: code("WEB1"), valid_days: Some(365) },
        Condition::MembershipStatus(MembershipStatus::Grace),
        Condition::Certification(code("CPA")),
        Condition::Relationship { name: code("Employee"), organization: Some(code("20011")) },
        Condition::CustomField { name: code("topics"), value: code("ocean") },
        Condition::Not(Box::new(Condition::Member)),
    ];
    assert_eq!(others.when, expect);
    assert_eq!(parse(&print(&rules)).unwrap(), rules);
}

#[test]
fn what_is_left_out_has_its_default() {
    let rules = parse("time_zone = 'UTC'").unwrap();
    assert_eq!(rules, Rules::new(TimeZone::UTC));
}

/// The problems of a file that begins with a time zone on line 1.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let problems = parse(&format!("time_zone = \"UTC\"\n{text}")).unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, expect);
}

/// The problems of one condition.
#[track_caller]
fn check_condition(condition: &str, expect: &[&str]) {
    check(&format!("[[rule]]\nrole = \"r\"\nwhen = [{condition}]"), expect);
}

#[test]
fn each_problem_has_its_place_and_a_remedy() {
    check("honour_grace = true", &["2:1: unknown key `honour_grace`. Did you mean `honor_grace`."]);
    check(
        "honor_grace = 1",
        &["2:15: expected `true` or `false`, found the number 1. Write `true` or `false`, without quotes."],
    );
    check(
        "primary_membership = \"last\"",
        &["2:22: `primary_membership` cannot be `last`. Use `\"longest\"` or `\"first\"`."],
    );
    check(
        "member = \"Full Member\"",
        &["2:10: `Full Member` is not a role. Use 1 to 64 of a-z, 0-9, `_` and `-`, such as `full_member`."],
    );
    check("member = \" \"", &["2:10: this is empty. Give it a value, or leave the key out."]);
    check("member = 7", &["2:10: expected a text in quotes, found the number 7. Put the value in quotes."]);
    check(
        "member = \"editor\"",
        &[
            "2:10: `editor` is a core role of the site, which this mapping may not manage. Use a role of your own, or set `manage_core_roles = true`.",
        ],
    );
    check(
        "[rule]\nrole = \"r\"",
        &[
            "2:1: expected a list, found a section. Put it in `[` and `]`, or the name of a section in `[[` and `]]`.",
        ],
    );
    check(
        "[[rule]]\nrole = \"r\"\nwhen = []",
        &[
            "4:8: `when` is empty, so the rule would grant its role to nobody. Say who gets it, such as `when = [{ member = true }]`.",
        ],
    );
    check(
        "[[rule]]\nwhen = { member = true }",
        &[
            "2:1: the rule has no `role`. Say which role it grants: `role = \"…\"`.",
            "3:8: expected a list, found a section. Put it in `[` and `]`, or the name of a section in `[[` and `]]`.",
        ],
    );
    check(
        "[[rule]]\nrole = \"r\"",
        &["2:1: the rule has no `when`. Say who gets it, such as `when = [{ member = true }]`."],
    );
    check(
        "member = ",
        &["2:10: not valid TOML: string values must be quoted, expected literal string. Correct this line."],
    );
}

#[test]
fn each_problem_of_a_condition_has_its_place_and_a_remedy() {
    check_condition(
        "{ membership = \"A\" }",
        &["4:11: unknown key `membership`. Did you mean `membership_type`."],
    );
    check_condition(
        "{ positions = [\"A\"] }",
        &["4:11: `positions` stands without `committee`. Put it beside `committee = …`, or leave it out."],
    );
    check_condition(
        "{ member = true, security_role = \"A\" }",
        &["4:9: one condition asks for `security_role` and `member`. Give each its own `{ … }` in the list."],
    );
    check_condition(
        "{ not = { not = { member = true } } }",
        &["4:17: a `not` stands inside a `not`. Leave both out."],
    );
    check_condition(
        "{}",
        &["4:9: the condition is empty. Write it as `{ member = true }`, or leave it out."],
    );
    check_condition(
        "\"member\"",
        &["4:9: expected a condition, found a text. Write it as `{ member = true }`."],
    );
    check_condition(
        "{ purchase = \"A\", valid_days = -1 }",
        &[
            "4:40: expected a whole number from 0 to 4294967295, found the number -1. Write a whole number from 0 to 4294967295, without quotes.",
        ],
    );
    check_condition(
        "{ event = \"A\", from_days_before = \"7\", until_days_after = 5000000000 }",
        &[
            "4:43: expected a whole number from 0 to 4294967295, found a text. Write a whole number from 0 to 4294967295, without quotes.",
            "4:67: expected a whole number from 0 to 4294967295, found the number 5000000000. Write a whole number from 0 to 4294967295, without quotes.",
        ],
    );
    check_condition(
        "{ committee = \"A\", positions = [] }",
        &["4:40: `positions` is empty. Name at least one position code, or leave the key out."],
    );
    check_condition(
        "{ committee = \"A\", positions = \"B\" }",
        &["4:40: expected a list, found a text. Put it in `[` and `]`."],
    );
    check_condition(
        "{ custom_field = \"A\" }",
        &["4:26: `custom_field` has no `value`. Say which value counts: `value = \"…\"`."],
    );
    check_condition(
        "{ custom_field = \"A\", value = \"x|y\" }",
        &[
            "4:39: `value` holds several values, and the AMS separates them at `|`. Ask for one value; write a second rule for the next.",
        ],
    );
    check_condition(
        "{ membership_status = \"ended\" }",
        &["4:31: `membership_status` cannot be `ended`. Use one of active, grace, pending, lapsed, never."],
    );
    check_condition(
        "{ security_role = \"\" }",
        &["4:27: this is empty. Give it a value, or leave the key out."],
    );
}

#[test]
fn a_rule_for_many_roles_has_exactly_one_pattern() {
    let many = |role: &str, when: &str| format!("[[rule]]\nrole = \"{role}\"\nwhen = [{when}]");
    let file = format!("time_zone = \"UTC\"\n{}", many("chapter_{code}", "{ committee = \"CH-*\" }"));
    let rules = parse(&file).unwrap();
    assert_eq!(rules.rules[0].role, RuleRole::parse("chapter_{code}").unwrap());
    assert!(print(&rules).contains("role = \"chapter_{code}\""));
    let remedy = "Write one `*` in the value of one condition, such as `committee = \"CH-*\"`.";
    check(
        &many("chapter_{code}", "{ member = true }"),
        &[&*format!("4:8: `chapter_{{code}}` has `{{code}}`, and no condition has a pattern. {remedy}")],
    );
    check(
        &many("chapter_{code}", "{ committee = \"CH-*\" }, { event = \"*\" }"),
        &[&*format!(
            "4:8: `chapter_{{code}}` has `{{code}}`, and several conditions have a pattern. {remedy}"
        )],
    );
    check(
        &many("x{code}", "{ not = { committee = \"C*-*\" } }"),
        &[
            "3:8: `x{code}` has fewer than two characters beside `{code}`. Write it as `chapter_{code}`.",
            "4:8: `C*-*` has more than one `*`. Leave one of them.",
            "4:8: a condition with a pattern cannot be turned round. Take away the `not`, or the `*`.",
        ],
    );
    check(
        &many("{code}_{code}", "{ committee = \"*\" }"),
        &[
            "3:8: `{code}_{code}` is not a role. Use 1 to 64 of a-z, 0-9, `_` and `-`, such as `_code___code_`.",
        ],
    );
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_text() {
    let text = "time_zone = \"America/NewYork\"\nhonor = true\n[[rule]]\nrole = \"R\"\nwhen = [{ member = 1 }, { x = 2 }]\nlable = \"x\"\n";
    let problems = parse(text).unwrap_err();
    let places: Vec<(usize, usize)> = problems.iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!(places, [(1, 13), (2, 1), (4, 8), (5, 20), (5, 27), (6, 1)]);
    assert_eq!(
        problems[0].to_string(),
        "1:13: `America/NewYork` is not a time zone. Did you mean `America/New_York`."
    );
    assert_eq!(problems[5].to_string(), "6:1: unknown key `lable`. Did you mean `label`.");
    let none = parse("member = \"m\"").unwrap_err();
    assert!(none[0].to_string().starts_with("1:1: `time_zone` is missing."), "{}", none[0]);
}

#[test]
fn a_file_that_is_not_toml_still_tells_its_other_problems() {
    let problems = parse("time_zone = \"UTC\"\nhonor_grace = yes\nmembr = \"m\"\n").unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("2:15: not valid TOML: "), "{said:?}");
    assert!(said[1].starts_with("3:1: unknown key `membr`"), "{said:?}");
}

#[test]
fn core_roles_are_allowed_on_purpose() {
    let text = "time_zone = \"UTC\"\nmanage_core_roles = true\neveryone = \"contributor\"\n[[rule]]\nrole = \"editor\"\nwhen = [{ member = true }]";
    assert!(parse(text).is_ok());
    assert_eq!(parse(&text.replace("true\neveryone", "false\neveryone")).unwrap_err().len(), 2);
}

fn a_code() -> impl Strategy<Value = Code> {
    "\\PC{1,6}|[\\x00-\\x7f]{1,4}|[A-Z0-9]{1,8}".prop_filter_map("blank", |text| Code::parse(&text))
}

fn a_condition() -> impl Strategy<Value = Condition> {
    let days = || proptest::option::of(any::<u32>());
    let value = a_code().prop_filter("several values", |code| !code.as_str().contains('|'));
    let plain = prop_oneof![
        Just(Condition::Member),
        a_code().prop_map(Condition::MembershipType),
        (0_usize..5).prop_map(|at| Condition::MembershipStatus(MembershipStatus::ALL[at])),
        a_code().prop_map(Condition::SecurityRole),
        a_code().prop_map(Condition::Certification),
        (a_code(), proptest::collection::vec(a_code(), 0..3), any::<bool>()).prop_map(
            |(committee, positions, self_subscribed)| Condition::Committee {
                committee,
                positions,
                self_subscribed
            }
        ),
        (a_code(), any::<bool>())
            .prop_map(|(group, self_subscribed)| Condition::Group { group, self_subscribed }),
        (a_code(), days(), days()).prop_map(|(event, from_days_before, until_days_after)| {
            Condition::Event { event, from_days_before, until_days_after }
        }),
        (a_code(), days()).prop_map(|(product, valid_days)| Condition::Purchase { product, valid_days }),
        (a_code(), proptest::option::of(a_code()))
            .prop_map(|(name, organization)| Condition::Relationship { name, organization }),
        (a_code(), value).prop_map(|(name, value)| Condition::CustomField { name, value }),
    ];
    (plain, any::<bool>())
        .prop_map(|(plain, negated)| if negated { Condition::Not(Box::new(plain)) } else { plain })
}

prop_compose! {
    fn some_rules()(
        (honor_effective_date, honor_grace, count_inherited, first) in any::<(bool, bool, bool, bool)>(),
        zone in prop_oneof![Just("UTC"), Just("America/New_York"), Just("Asia/Kolkata")],
        built_in in proptest::collection::vec(proptest::option::of("[a-z0-9_-]{1,64}"), 3),
        rules in proptest::collection::vec(
            ("[a-z0-9_-]{1,8}", proptest::option::of("[^ ]\\PC{0,6}\"?\\\\?[\\t\\n]?"), proptest::collection::vec(a_condition(), 1..4)),
            0..4,
        ),
    ) -> Rules {
        let role = |text: &String| Role::parse(text).unwrap();
        Rules {
            honor_effective_date,
            honor_grace,
            strict_dates: honor_grace != count_inherited,
            count_inherited,
            primary_membership: if first { PrimaryMembership::First } else { PrimaryMembership::Longest },
            everyone: built_in[0].as_ref().map(role),
            member: built_in[1].as_ref().map(role),
            non_member: built_in[2].as_ref().map(role),
            manage_core_roles: true,
            rules: rules
                .into_iter()
                .map(|(name, label, when)| {
                    let label = label.filter(|label| !label.trim().is_empty()).map(Arc::from);
                    Rule::new(role(&name), label, when)
                })
                .collect(),
            ..Rules::new(TimeZone::get(zone).unwrap())
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_equal(rules in some_rules()) {
        prop_assert_eq!(rules.faults(), []);
        let text = print(&rules);
        match parse(&text) {
            Ok(read) => prop_assert_eq!(read, rules),
            Err(problems) => prop_assert!(false, "{text}\n{problems:?}"),
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\PC|[\\n=\\[\\]{}\"]|rule|when|role|not|member|committee){0,40}") {
        let _ = parse(&text);
    }
}
