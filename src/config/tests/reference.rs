//! The reference of every key: docs/configuration.md and the JSON Schema for editors, both made of the comments in `raw`.
//!
//! `MEMBERGATE_RENEW=1 cargo test --lib reference` writes the files; without it the same tests fail where a file is
//! out of date.

mod checks;
mod schema;

use std::fmt::Write as _;
use std::path::Path;

use toml::Spanned;

use crate::config::raw::{self, Source};

/// What can stand under a key.
pub(in crate::config) trait Described {
    fn kind() -> Kind;
}

/// The kind of a value.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
    Source,
    List(Box<Kind>),
    Section(Section),
}

/// A section of the file.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Its name or names as they stand in the file, in Markdown.
    title: String,
    about: String,
    pub(crate) keys: Vec<Key>,
}

/// A key, with what its comment says. Values are written as in TOML.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    meaning: String,
    one_of: Vec<String>,
    example: Option<String>,
    /// A value, or a sentence where no value says it.
    default: Option<String>,
    is_required: bool,
    pub(crate) needs_restart: bool,
}

impl Kind {
    pub(in crate::config) fn section(about: &str, keys: Vec<Key>) -> Kind {
        let (title, about) = about.trim().split_once(": ").unwrap_or(("", about));
        Kind::Section(Section { title: title.to_owned(), about: sentence(about), keys })
    }

    /// The section that stands under a key, alone or many times.
    pub(crate) fn inside(&self) -> Option<&Section> {
        match self {
            Kind::Section(section) => Some(section),
            Kind::List(items) => items.inside(),
            _ => None,
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Number => "number",
            Kind::Flag => "true or false",
            Kind::Source => "source",
            Kind::List(items) if items.inside().is_some() => "sections",
            Kind::List(_) => "list of texts",
            Kind::Section(_) => "section",
        }
    }
}

impl Key {
    pub(in crate::config) fn new(name: &'static str, comment: &str, kind: Kind) -> Key {
        let mut rest = comment.trim().to_owned();
        let mut ends_with = |words: &str| {
            let is_so = rest.ends_with(words);
            rest.truncate(rest.len() - if is_so { words.len() } else { 0 });
            rest.truncate(rest.trim_end().len());
            is_so
        };
        let needs_restart = ends_with("Needs a restart.");
        let is_required = ends_with("Required.");
        let mut after = |words: &str| {
            let (before, said) = rest.split_once(words)?;
            let said = said.trim().trim_end_matches('.').to_owned();
            rest = before.trim_end().to_owned();
            Some(said)
        };
        let default = after("Default: ");
        let example = after("Example: ");
        let one_of = after("One of: ");
        let one_of = one_of.iter().flat_map(|words| words.split(", ")).map(str::to_owned).collect();
        Key { name, kind, meaning: rest, one_of, example, default, is_required, needs_restart }
    }

    /// Whether its value never stands in the file itself.
    fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Source) && self.meaning.contains("secret")
    }

    /// The default, where it is a value.
    fn default_value(&self) -> Option<toml::Value> {
        value(self.default.as_deref()?)
    }
}

macro_rules! described {
    ($( $kind:ty: $is:expr, )*) => { $( impl Described for $kind { fn kind() -> Kind { $is } } )* };
}
described! { String: Kind::Text, usize: Kind::Number, bool: Kind::Flag, Source: Kind::Source, }

impl<T: Described> Described for Spanned<T> {
    fn kind() -> Kind {
        T::kind()
    }
}

impl<T: Described> Described for Vec<T> {
    fn kind() -> Kind {
        Kind::List(Box::new(T::kind()))
    }
}

/// The whole file.
pub(crate) fn document() -> Section {
    let Kind::Section(document) = raw::Document::kind() else { unreachable!("the document is a section") };
    document
}

/// Every key with the line above its section.
pub(crate) fn keys() -> Vec<(String, Key)> {
    fn add(found: &mut Vec<(String, Key)>, path: &str, header: &str, section: &Section) {
        for key in &section.keys {
            let path = format!("{path}{}", key.name);
            match (&key.kind, key.kind.inside()) {
                // The other environment has the same keys.
                (_, Some(_)) if key.name == "staging" => {}
                (Kind::List(_), Some(inside)) => {
                    add(found, &format!("{path}."), &format!("[[{path}]]"), inside)
                }
                (_, Some(inside)) => add(found, &format!("{path}."), &format!("[{path}]"), inside),
                (_, None) => found.push((header.to_owned(), key.clone())),
            }
        }
    }
    let mut found = Vec::new();
    add(&mut found, "", "", &document());
    found
}

/// A value that is written as in TOML.
fn value(text: &str) -> Option<toml::Value> {
    toml::from_str::<toml::Table>(&format!("value = {text}")).ok()?.remove("value")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const BEGINNING: &str = "\
# Configuration

Every key of the configuration file. [`config/membergate.toml`](../config/membergate.toml) is an annotated sample of all of them, which
`membergate check --print-sample` prints; `membergate check` says what is wrong with yours. This page and the
[JSON Schema](../config/membergate.schema.json) for editors are generated ([CONTRIBUTING.md](../CONTRIBUTING.md)).

- A **duration** is a text such as `\"30s\"`, `\"15m\"`, `\"24h\"` or `\"1h 30m\"`.
- A **path** of a file is relative to the folder of the configuration file, unless it begins with `/`.
- A **source** is `{ env = \"NAME\" }`, an environment variable, or `{ file = \"/path\" }`, a file. What is no secret may also be a text.
- **restart**: SIGHUP cannot change the key; a reload that would is refused, and the log names the key. All other keys are taken over by a
  reload ([operating.md](operating.md)).
- An unknown key is an error.
";

/// docs/configuration.md
fn markdown(document: &Section) -> String {
    let mut page = BEGINNING.to_owned();
    let mut done = Vec::new();
    write_section(&mut page, document, &mut done);
    page
}

fn write_section(page: &mut String, section: &Section, done: &mut Vec<String>) {
    if done.contains(&section.title) {
        return;
    }
    done.push(section.title.clone());
    let _ = write!(page, "\n## {}\n\n{}\n\n", section.title, section.about);
    page.push_str("| key | type | default | | meaning |\n|---|---|---|---|---|\n");
    for key in &section.keys {
        let kind = match (key.one_of.as_slice(), &key.kind) {
            ([], kind) => kind.words().to_owned(),
            (words, Kind::List(_)) => format!("list of {}", code(words)),
            (words, _) => code(words),
        };
        let default = match &key.default {
            _ if key.is_required => "**required**".to_owned(),
            Some(text) if value(text).is_some() => format!("`{text}`"),
            Some(text) => text.clone(),
            None => "none".to_owned(),
        };
        let restart = if key.needs_restart { "restart" } else { "" };
        let example = key.example.as_deref().map(|text| format!(" Example: `{text}`.")).unwrap_or_default();
        let cells =
            [&format!("`{}`", key.name), &kind, &default, restart, &format!("{}{example}", key.meaning)];
        let _ = writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    for section in section.keys.iter().filter_map(|key| key.kind.inside()) {
        write_section(page, section, done);
    }
}

fn code(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Fails if a file of the repository is not `text`. With `MEMBERGATE_RENEW=1` writes it.
#[expect(clippy::disallowed_methods, reason = "only tests read this variable")]
#[track_caller]
pub(crate) fn assert_current(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("MEMBERGATE_RENEW").is_ok() {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{file} is out of date; write it with MEMBERGATE_RENEW=1 cargo test --lib reference"
    );
}
