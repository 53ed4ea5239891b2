//! What the comments of keys say: tables in Markdown, and the files that are made of them.
//!
//! `MEMBERGATE_RENEW=1 cargo test --lib reference` writes the files; without it the same tests fail where a file is
//! out of date.

use std::fmt::Write as _;
use std::path::Path;

use toml::Spanned;

use crate::domain::condition::Condition;
use crate::domain::rule::{PrimaryMembership, Role, RuleRole};
use crate::domain::time::TimeZone;

/// What can stand under a key.
pub(crate) trait Described {
    /// The kind of its values.
    fn kind() -> Kind;
}

/// The kind of a value.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
    /// From outside the file.
    Source,
    /// A condition of a rule.
    Condition,
    List(Box<Kind>),
    Section(Section),
}

/// A section of the file.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Its name or names as they stand in the file, in Markdown.
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) keys: Vec<Key>,
}

/// A key, with what its comment says. Values are written as in TOML.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) meaning: String,
    pub(crate) one_of: Vec<String>,
    pub(crate) example: Option<String>,
    /// A value, or a sentence where no value says it.
    pub(crate) default: Option<String>,
    pub(crate) is_required: bool,
    pub(crate) needs_restart: bool,
}

impl Kind {
    pub(crate) fn section(about: &str, keys: Vec<Key>) -> Kind {
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
            Kind::Condition => "condition",
            Kind::List(items) if items.inside().is_some() => "sections",
            Kind::List(items) if matches!(**items, Kind::Condition) => "list of conditions",
            Kind::List(_) => "list of texts",
            Kind::Section(_) => "section",
        }
    }
}

impl Key {
    pub(crate) fn new(name: &'static str, comment: &str, kind: Kind) -> Key {
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
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Source) && self.meaning.contains("secret")
    }

    /// The default, where it is a value.
    pub(crate) fn default_value(&self) -> Option<toml::Value> {
        value(self.default.as_deref()?)
    }
}

macro_rules! described {
    ($( $kind:ty: $is:expr, )*) => { $( impl Described for $kind { fn kind() -> Kind { $is } } )* };
}
described! { String: Kind::Text, usize: Kind::Number, bool: Kind::Flag, TimeZone: Kind::Text, Role: Kind::Text, RuleRole: Kind::Text, PrimaryMembership: Kind::Text, Option<Condition>: Kind::Condition, }

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

/// A value that is written as in TOML.
pub(crate) fn value(text: &str) -> Option<toml::Value> {
    toml::from_str::<toml::Table>(&format!("value = {text}")).ok()?.remove("value")
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Every section with a table of its keys, in Markdown.
pub(crate) fn tables(document: &Section) -> String {
    let mut page = String::new();
    write_section(&mut page, document, &mut Vec::new());
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
