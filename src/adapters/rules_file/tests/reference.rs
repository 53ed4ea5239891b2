//! The reference of the rules file and its JSON Schema, made of the comments of its keys and of the table of conditions.

use std::fmt::Write as _;

use crate::adapters::rules_file::{RulesDocument, parse, print};
use crate::adapters::toml_reading::tests::reference::{
    Described as _, Kind, Section, assert_current, tables,
};
use crate::adapters::toml_reading::tests::schema::{definitions, schema};
use crate::domain::condition::{ConditionField, Holds, KINDS};

const BEGINNING: &str = "\
# The rules file

Every key of a rules file, which holds a role mapping as text. [`config/rules.toml`](../config/rules.toml) is a sample, which
`membergate check --print-sample=rules` prints; [roles.md](roles.md) says exactly what each key means, and `membergate check` what is wrong with
yours. This page and the [JSON Schema](../config/rules.schema.json) for editors are generated ([CONTRIBUTING.md](../CONTRIBUTING.md)).

An unknown key is an error.
";

const CONDITIONS: &str = "
## Conditions

One condition is one inline table, such as `{ committee = \"EDU\", positions = [\"CHAIR\"] }`. `{ not = { … } }` turns it round.

| key | type | beside it | holds |
|---|---|---|---|
";

fn document() -> Section {
    let Kind::Section(document) = RulesDocument::kind() else { unreachable!("the document is a section") };
    document
}

fn type_of(field: &ConditionField) -> String {
    match field.holds {
        Holds::Code | Holds::OneValue => "text".to_owned(),
        Holds::Codes => "list of texts".to_owned(),
        Holds::Days => "days".to_owned(),
        Holds::Yes => "`true`".to_owned(),
        Holds::Word(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", "),
    }
}

fn page() -> String {
    let mut page = format!("{BEGINNING}{}{CONDITIONS}", tables(&document()));
    for kind in KINDS {
        let (own, others) =
            kind.fields.split_first().map_or((None, kind.fields), |(own, rest)| (Some(own), rest));
        let beside = others.iter().map(|field| {
            let optional = if field.optional { "optional" } else { "**required**" };
            format!("`{}`: {}, {optional}", field.key, type_of(field))
        });
        let own = own.map_or("true or false".to_owned(), type_of);
        let beside = beside.collect::<Vec<_>>().join("; ");
        let _ = writeln!(page, "| `{}` | {own} | {beside} | {} |", kind.key, kind.says);
    }
    page
}

#[test]
fn the_reference_is_current() {
    assert_current("docs/rules-file.md", &page());
    let mut schema = schema(&document(), "The role mapping of membergate");
    schema["definitions"] = definitions();
    let schema = serde_json::to_string_pretty(&schema).unwrap();
    assert_current("config/rules.schema.json", &format!("{schema}\n"));
}

#[test]
fn what_is_said_of_defaults_is_so() {
    let with = |key: &str, value: &str| parse(&format!("time_zone = \"UTC\"\n{key} = {value}"));
    let plain = parse("time_zone = \"UTC\"").unwrap();
    for key in document().keys {
        if let Some(default) = key.default.as_deref().filter(|_| key.default_value().is_some()) {
            assert_eq!(with(key.name, default).as_ref(), Ok(&plain), "{}", key.name);
        }
    }
}

#[test]
fn the_reference_names_every_key_that_is_printed() {
    let printed = print(&parse(super::EXAMPLE).unwrap());
    let page = page();
    for key in printed.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
        assert!(page.contains(&format!("| `{}` |", key.trim())), "{key}");
    }
}
