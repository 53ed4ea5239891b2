//! Every text that a person may read, in one listing: `tests/texts.txt`.
//!
//! A person can go through the listing, and a change of words shows in it. The test keeps it in step with the sources and refuses
//! words that nobody uses any longer. `MEMBERGATE_RENEW=1 cargo test --test it texts` writes it. Help and configuration keys
//! are in `docs/command-line.md` and `docs/configuration.md`, which are generated too.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::source_text::{production, read, root, sources};

const LISTING: &str = "tests/texts.txt";

/// Words that a reader stumbles on, or that only we would understand.
const REFUSED: &[&str] = &[
    "anew",
    "no more",
    "lest",
    "hence",
    "thereby",
    "whereby",
    "thereof",
    "wherein",
    "upon",
    "shall",
    "whom",
    "no time at all",
    "looked through",
    "look through",
    "floor",
    "door",
    "doors",
    "house",
    "rooms",
];

/// The string literals of some code. Comments and characters are skipped.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some((value, taken)) = raw(rest).or_else(|| plain(rest)) {
            found.push(value);
            taken
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\") {
            4
        } else {
            first.len_utf8()
        };
        rest = &rest[taken.min(rest.len())..];
    }
    found
}

fn raw(rest: &str) -> Option<(String, usize)> {
    let inside = rest.strip_prefix('r')?;
    let marks = inside.len() - inside.trim_start_matches('#').len();
    let text = inside[marks..].strip_prefix('"')?;
    let end = text.find(&format!("\"{}", "#".repeat(marks)))?;
    Some((text[..end].to_owned(), 1 + marks + 1 + end + 1 + marks))
}

fn plain(rest: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut letters = rest.strip_prefix('"')?.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, at + 2)),
            '\\' => match letters.next()?.1 {
                // A line that goes on below: its indentation does not count.
                '\n' => value.truncate(value.trim_end().len()),
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// The text between the tags of a template. What it fills in is `…`.
fn of_template(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (end, stands_for) = match rest {
            _ if rest.starts_with("{{") => (rest.find("}}").map(|end| end + 2), "…"),
            _ if rest.starts_with("{%") => (rest.find("%}").map(|end| end + 2), "\n"),
            _ if rest.starts_with("<script") => (rest.find("</script>"), "\n"),
            _ if rest.starts_with('<') => (rest.find('>').map(|end| end + 1), "\n"),
            _ => (Some(1), "{"),
        };
        plain.push_str(stands_for);
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    plain.push_str(rest);
    plain.lines().map(words).filter(|line| is_prose(line)).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Two words in a row. SQL, names of keys and formats of numbers are not for people.
fn is_prose(text: &str) -> bool {
    let is_word =
        |word: &str| word.len() > 1 && word.chars().all(|c| c.is_alphabetic() || "’',.?!:".contains(c));
    let all: Vec<&str> = text.split_whitespace().collect();
    let is_sql =
        all.first().is_some_and(|first| first.len() > 2 && first.chars().all(|c| c.is_ascii_uppercase()))
            && [
                "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "PRAGMA", "WITH", "BEGIN", "DROP", "WHERE",
                "ORDER",
            ]
            .contains(&all[0]);
    !is_sql && all.windows(2).any(|pair| pair.iter().all(|word| is_word(word)))
}

fn listing() -> String {
    let mut all = String::from(
        "Every text that a person may read: pages, messages, log lines. Written by\n\
         MEMBERGATE_RENEW=1 cargo test --test it texts; a test compares it.\n",
    );
    let mut add = |name: &str, texts: BTreeSet<String>| {
        if !texts.is_empty() {
            let _ = write!(all, "\n# {name}\n{}\n", texts.into_iter().collect::<Vec<_>>().join("\n"));
        }
    };
    for (name, text) in sources() {
        if name.starts_with("src/sim") || name.starts_with("src/fuzzing") {
            continue;
        }
        // Unit tests stand last in a file.
        let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
        let written = if production(&name, &text).is_empty() { "" } else { &text[..end] };
        let texts = literals(written).into_iter().map(|value| words(&value));
        add(&name, texts.filter(|text| is_prose(text)).collect());
    }
    let mut templates: Vec<String> = Vec::new();
    let mut folders = vec![root().join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("templates can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root()).expect("it lies in the repository");
                templates.push(name.to_string_lossy().into_owned());
            }
        }
    }
    templates.sort();
    // The simulated AMS and the sample site have words of their own.
    templates.retain(|name| !name.contains("sample_site") && !name.contains("sim"));
    for name in templates {
        add(&name, of_template(&read(&name)).into_iter().collect());
    }
    all
}

fn refused_in(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let spaced: String = line
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() || c == '’' { c } else { ' ' })
            .collect();
        let spaced = format!(" {} ", words(&spaced));
        let hits = REFUSED.iter().filter(|word| spaced.contains(&format!(" {word} ")));
        found.extend(hits.map(|word| format!("{name}:{number}: says “{word}”: {line}")));
    }
    found
}

#[test]
fn every_text_is_in_the_listing_and_is_plain_english() {
    let listing = listing();
    if std::env::var_os("MEMBERGATE_RENEW").is_some() {
        std::fs::write(root().join(LISTING), &listing).expect("the listing can be written");
    }
    let kept = read(LISTING);
    let first = kept.lines().zip(listing.lines()).find(|(kept, now)| kept != now);
    assert!(
        kept == listing,
        "{LISTING} is out of date at {first:?}; write it with MEMBERGATE_RENEW=1 cargo test --test it texts"
    );
    let mut found = refused_in(LISTING, &listing);
    for generated in ["docs/command-line.md", "docs/configuration.md", "docs/rules-file.md"] {
        found.extend(refused_in(generated, &read(generated)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_listing_is_read_from_the_sources_as_it_should_be() {
    let source = "fn f() { // \"a comment here\"\n let a = \"Sign in\\n again\"; let b = r#\"Two \"raw\" words\"#; let c = '\"'; \"One \\\n   goes on\" }";
    let found: Vec<_> = literals(source);
    assert_eq!(found, ["Sign in\n again", "Two \"raw\" words", "One   goes on"]);
    let template = "{% if a %}<h1 title=\"x y\">Hello there, {{ name }}</h1>{% endif %}<script>var no = 1 < 2;</script><p>x</p>";
    assert_eq!(of_template(template), ["Hello there, …"]);
    assert!(is_prose("Try again") && !is_prose("SELECT a FROM b") && !is_prose("a_key"));
    assert_eq!(refused_in("x", "Decided anew.\nA new day").len(), 1);
}
