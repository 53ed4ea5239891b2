//! Reading a community file, its generated reference and JSON Schema, and the sample.

use crate::adapters::community_file::{CommunityDocument, parse};
use crate::adapters::toml_reading::tests::reference::{
    Described as _, Kind, Section, assert_current, tables,
};
use crate::adapters::toml_reading::tests::schema::{definitions, schema};
use crate::domain::community::{GroupKind, GroupMapping, GroupRole, changed_kinds};

const SAMPLE: &str = include_str!("../../../config/community.toml");

const BEGINNING: &str = "\
# The community file

Every key of a community file, which says what Higher Logic is sent of people. [`config/community.toml`](../config/community.toml) is a sample,
which `membergate check --print-sample=community` prints; [community.md](community.md) says exactly what each key means, and `membergate check`
what is wrong with yours. Conditions are those of the [rules file](rules-file.md#conditions). This page and the
[JSON Schema](../config/community.schema.json) for editors are generated ([CONTRIBUTING.md](../CONTRIBUTING.md)).

With `[admin]` a community file is what the mapping begins with, and what administrators edit afterwards ([community.md](community.md#changing-it)).
An unknown key is an error.
";

fn document() -> Section {
    let Kind::Section(document) = CommunityDocument::kind() else {
        unreachable!("the document is a section")
    };
    document
}

#[test]
fn the_reference_is_current() {
    assert_current("docs/community-file.md", &format!("{BEGINNING}{}", tables(&document())));
    let mut schema = schema(&document(), "What membergate sends to a community");
    schema["definitions"] = definitions();
    let schema = serde_json::to_string_pretty(&schema).unwrap();
    assert_current("config/community.schema.json", &format!("{schema}\n"));
}

#[test]
fn the_sample_works_and_shows_every_key() {
    let mapping = parse(SAMPLE).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!((mapping.groups.len(), mapping.demographics.len()), (7, 1));
    fn keys(section: &Section) -> Vec<&'static str> {
        section
            .keys
            .iter()
            .flat_map(|key| match key.kind.inside() {
                Some(inside) => keys(inside),
                None => vec![key.name],
            })
            .collect()
    }
    for key in keys(&document()) {
        let is_shown =
            SAMPLE.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
        assert!(is_shown, "{key}");
    }
}

#[test]
fn what_is_said_of_defaults_is_so() {
    const BASE: &str = "time_zone = \"UTC\"\n[contact]\n[who]\n[calendar]\n[[group]]\nid = \"a\"\nas = \"security_group\"\nwhen = [{ member = true }]\n[[demographic]]\nfield = \"a\"\nkey = \"a\"\n";
    let plain = parse(BASE).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut count = 0;
    let mut check = |header: &str, section: &Section| {
        for key in &section.keys {
            let Some(default) = key.default.as_deref().filter(|_| key.default_value().is_some()) else {
                continue;
            };
            let at = if header.is_empty() { 0 } else { BASE.find(header).unwrap() + header.len() + 1 };
            let (before, after) = BASE.split_at(at);
            let text = format!("{before}{} = {default}\n{after}", key.name);
            assert_eq!(parse(&text).as_ref(), Ok(&plain), "{header} {}", key.name);
            count += 1;
        }
    };
    check("", &document());
    for key in document().keys {
        let Some(inside) = key.kind.inside() else { continue };
        let header = match key.kind {
            Kind::List(_) => format!("[[{}]]", key.name),
            _ => format!("[{}]", key.name),
        };
        check(&header, inside);
    }
    assert!(count >= 20, "{count}");
}

#[test]
fn every_problem_is_told_at_once_with_place_and_remedy() {
    let text = r#"
time_zone = "Mars"
honour_grace = true
[contact]
fax = true
[who]
when = []
[[group]]
id = "a"
as = "list"
when = [{ member = true }]
[[group]]
id = "b"
as = "community"
when = [{ member = true }]
[[group]]
id = "c"
as = "security_group"
type = "Committee"
when = [{ member = true }]
[[group]]
id = "d{code}"
as = "community"
type = "Chapter"
member = true
role = "{position}"
when = [{ event = "A" }]
[[group]]
id = "e"
name = "{who}"
as = "community"
type = "membership"
when = []
[[group]]
id = "E"
as = "security_group"
when = [{ commitee = "A" }]
[[group]]
id = "f"
as = "security_group"
when = [{ member = true }]
[[group]]
id = "f"
as = "security_group"
member = true
when = [{ security_role = "Staff" }]
[[group]]
id = "F"
as = "security_group"
when = [{ member = true }]
[[group]]
name = "g"
[[demographic]]
field = " "
"#;
    let problems = parse(text).unwrap_err();
    insta::assert_snapshot!(problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
}

#[test]
fn events_are_told_of_only_where_that_is_on() {
    let calendar =
        |keys: &str| parse(&format!("time_zone = \"UTC\"\n[calendar]\n{keys}")).map(|it| it.calendar);
    assert_eq!(calendar("type = \"Conference\""), Ok(None));
    let on = calendar("events = true\nonly_codes = [\"ANNUAL*\", \"GALA\"]\ntype = \"Conference\"");
    let on = on.unwrap().unwrap();
    assert!(on.wants("annual26") && on.wants("gala") && !on.wants("GALA26") && !on.past);
    assert_eq!(on.kind.as_deref(), Some("Conference"));
    for (keys, told) in [
        ("only_codes = [\" \"]", "not the code of an event"),
        ("only_codes = [\"*A*\"]", "not the code of an event"),
        ("type = \" x\"", "blanks around it"),
        ("events = \"yes\"", "true"),
        ("event = true", "events"),
    ] {
        let problems = calendar(keys).unwrap_err();
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert!(problem.to_string().contains(told), "{problem}");
    }
}

#[test]
fn what_a_group_is_never_changes() {
    let mapping = |kind: &str| {
        parse(&format!("time_zone = \"UTC\"\n[[group]]\nid = \"a\"\n{kind}\nwhen = [{{ member = true }}]"))
            .unwrap()
    };
    let committee = mapping("as = \"community\"\ntype = \"Committee\"");
    let chapter = mapping("as = \"community\"\ntype = \"Chapter\"");
    let security = mapping("as = \"security_group\"");
    let named = mapping("as = \"security_group\"\nname = \"A\"\nmember = true");
    for (before, after, told) in [
        (&committee, &committee, 0),
        (&committee, &chapter, 1),
        (&committee, &security, 1),
        (&security, &committee, 1),
        (&security, &named, 0),
    ] {
        assert_eq!(changed_kinds(&before.groups, after).len(), told);
    }
    let fault = changed_kinds(&committee.groups, &security).remove(0);
    assert!(fault.what.contains("a community of the type `Committee`"), "{fault:?}");
}

#[test]
fn a_group_that_is_printed_reads_back_equal() {
    let mut groups = parse(SAMPLE).unwrap().groups;
    let one = groups[0].clone();
    groups.extend([
        GroupMapping { id: "\"a\"\\b".to_owned(), role: GroupRole::None, ..one.clone() },
        GroupMapping {
            kind: GroupKind::SecurityGroup,
            member: true,
            role: GroupRole::Fixed("Guest".to_owned()),
            when: one.when.iter().map(|condition| condition.clone().negated(true)).collect(),
            id: "other".to_owned(),
            ..one
        },
    ]);
    for group in groups {
        let text = format!("time_zone = \"UTC\"\n{}\n", super::print_group(&group));
        let read = parse(&text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
        assert_eq!(read.groups, [group]);
    }
}
