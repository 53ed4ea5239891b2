//! `docs/security.md` holds us to something: every case has its row, and every test that it names is there. And what the table says
//! is done in one place only, is.

use std::collections::BTreeSet;

use crate::source_text::{production, read, root, sources, tests};

/// The cases that the document must speak of.
fn cases() -> impl Iterator<Item = String> {
    (1..=49).chain(66..=74).map(|number| format!("S-{number:02}"))
}

#[test]
fn every_case_has_its_row() {
    let told = numbers(&read("docs/security.md"));
    let missing: Vec<String> = cases().filter(|case| !told.contains(case)).collect();
    assert!(missing.is_empty(), "docs/security.md does not speak of {missing:?}");
}

#[test]
fn every_test_that_is_named_is_there() {
    let code: Vec<(String, String)> = sources().into_iter().chain(tests()).collect();
    for document in ["docs/security.md", "docs/openid-conformance.md", "docs/community.md"] {
        let text = read(document);
        let named = named(&text);
        assert!(named.len() > 20, "{document}: {named:?}");
        let missing: Vec<_> = named.iter().filter(|name| !code.iter().any(|file| has(file, name))).collect();
        assert!(missing.is_empty(), "{document} names tests that are not there: {missing:#?}");
        let files = quoted(&text).filter(|text| text.starts_with("tests/") || text.starts_with("deploy/"));
        let missing: Vec<&str> = files.filter(|file| !root().join(file).exists()).collect();
        assert!(missing.is_empty(), "{document} names files that are not there: {missing:?}");
    }
}

/// S-25: a browser is sent elsewhere by two functions, and by nothing that was made beside them. The third file only replaces a
/// site's own internal origin by its public one, in what the site says.
#[test]
fn addresses_to_go_to_are_written_in_two_places() {
    let writes = |(path, text): &(String, String)| {
        let code = production(path, text);
        ["LOCATION", "REFRESH", "Redirect"].iter().any(|word| code.contains(word))
            || text.contains("\"location\"")
    };
    let outside = |path: &str| path.starts_with("src/sim/") || path.starts_with("src/adapters/");
    let found: Vec<String> = sources()
        .iter()
        .filter(|source| !outside(&source.0) && writes(source))
        .map(|(path, _)| path.clone())
        .collect();
    assert_eq!(found, ["src/web/proxy/answer.rs", "src/web/proxy/internal_names.rs", "src/web/state.rs"]);
}

/// Numbers of cases in a document, ranges filled in: `S-11 … S-14`.
fn numbers(document: &str) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for line in document.lines().filter(|line| line.starts_with("| S-")) {
        let cell = line.split('|').nth(1).unwrap_or_default();
        let mut last = 0;
        for (before, number) in cell.split("S-").skip(1).scan("", |before, part| {
            let number: u32 = part.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
            let pair = (*before, number);
            *before = part;
            Some(pair)
        }) {
            let first = if before.contains('…') { last + 1 } else { number };
            told.extend((first..=number).map(|number| format!("S-{number:02}")));
            last = number;
        }
    }
    told
}

/// What stands in backticks.
fn quoted(document: &str) -> impl Iterator<Item = &str> {
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Tests that a document names: what stands in backticks with `::` before it, or `…`, and is a sentence.
fn named(document: &str) -> Vec<&str> {
    let is_sentence = |text: &&str| {
        let (_, name) = split(text);
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        name.matches('_').count() >= 2 && name.bytes().all(is_plain)
    };
    quoted(document).filter(|text| text.contains("::") || text.starts_with('…')).filter(is_sentence).collect()
}

/// Modules and function of a name; `…` stands for modules that were named before.
fn split(name: &str) -> (Vec<&str>, &str) {
    let mut modules: Vec<&str> = name.trim_start_matches('…').split("::").collect();
    let function = modules.pop().unwrap_or_default();
    (modules, function)
}

/// Whether a file has the function, and lies in the modules that are named.
fn has((path, text): &(String, String), name: &str) -> bool {
    let (modules, function) = split(name);
    let path = path.trim_end_matches(".rs");
    modules.iter().all(|module| path.split('/').any(|part| part == *module))
        && text.contains(&format!("fn {function}("))
}

#[test]
fn rows_and_names_are_read_from_a_table() {
    let document = "S-01 in the text\n| S-11 … S-14 | a | `a::b::one_two_three`, `…four_five_six`; `a::b` |\n| S-02, S-05 | `x` | `k::Key::of_it` |";
    assert_eq!(
        numbers(document).into_iter().collect::<Vec<_>>(),
        ["S-02", "S-05", "S-11", "S-12", "S-13", "S-14"]
    );
    assert_eq!(named(document), ["a::b::one_two_three", "…four_five_six"]);
    let file = ("src/a/b.rs".to_owned(), "fn one_two_three() {}".to_owned());
    for (name, is_there) in [
        ("a::b::one_two_three", true),
        ("b::one_two_three", true),
        ("…one_two_three", true),
        ("c::one_two_three", false),
        ("b::one_two_thre", false),
        ("b::two_three", false),
    ] {
        assert_eq!(has(&file, name), is_there, "{name}");
    }
}
