//! Reads a TOML document key by key, so that every mistake in it is reported and not only the first.
//!
//! What keys there are and what they mean is said by whoever reads: `rules_file`, and `config` for the configuration.

pub(crate) mod problem;
mod section;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use problem::Problem;
pub(crate) use section::section;

use crate::domain::spelling::nearest;

/// A document under inspection, with the problems found so far.
#[derive(Debug)]
pub struct Reading<'i> {
    /// `None`: only its text is known.
    file: Option<PathBuf>,
    text: &'i str,
    /// Lines that are not TOML. What else is wrong there follows from that, and what is missing may stand there.
    broken: Vec<usize>,
    /// In the order found; sorted by place when they are handed out.
    problems: Vec<Problem>,
}

impl<'i> Reading<'i> {
    /// Of a text.
    pub fn new(text: &'i str) -> Reading<'i> {
        Reading { file: None, text, broken: Vec::new(), problems: Vec::new() }
    }

    /// Of the text of this file.
    pub fn of_file(file: &Path, text: &'i str) -> Reading<'i> {
        Reading { file: Some(file.to_owned()), ..Reading::new(text) }
    }

    /// The whole document, as far as it is TOML.
    pub fn document(&mut self) -> Spanned<DeValue<'i>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let what = error.message().trim_end_matches('.').replace('\n', ", ");
            let place = error.span().unwrap_or_default();
            let problem = self.at(place, format!("not valid TOML: {what}"), "Correct this line");
            self.broken.push(problem.line);
            self.problems.push(problem);
        }
        Spanned::new(table.span(), DeValue::Table(table.into_inner()))
    }

    /// Notes a problem at a place.
    pub fn problem(&mut self, place: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) {
        let problem = self.at(place, what, remedy);
        if !self.broken.contains(&problem.line) {
            self.problems.push(problem);
        }
    }

    /// Notes that something is not there.
    pub fn missing(&mut self, place: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) {
        if self.broken.is_empty() {
            self.problem(place, what, remedy);
        }
    }

    /// Notes that a value is of another kind than `expected`.
    pub fn wrong_kind(&mut self, value: &Spanned<DeValue<'_>>, expected: &str, remedy: impl Into<String>) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text".to_owned(),
            DeValue::Integer(number) => format!("the number {number}"),
            DeValue::Float(number) => format!("the number {number}"),
            DeValue::Boolean(said) => format!("`{said}`"),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a section".to_owned(),
        };
        self.problem(value.span(), format!("expected {expected}, found {found}"), remedy);
    }

    /// Notes a problem of another file.
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn at(&self, place: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        let problem = Problem::at(self.text, place.start, what, remedy);
        match &self.file {
            Some(file) => problem.in_file(file.display().to_string()),
            None => problem,
        }
    }

    /// The folder at which relative paths of the document start.
    pub fn folder(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// Whether there has been no problem so far.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// All problems, in the order of the document; none twice.
    pub fn problems(mut self) -> Vec<Problem> {
        let own = self.file.map(|file| file.display().to_string());
        self.problems.sort_by_key(|p| (p.file != own, p.file.clone(), p.line, p.column));
        self.problems.dedup();
        self.problems
    }

    /// A table that may hold these keys and no others.
    pub fn table(&mut self, value: Spanned<DeValue<'i>>, keys: &[&str]) -> Option<KnownKeys<'i>> {
        let DeValue::Table(table) = value.get_ref() else {
            let expected = format!("a section with {}", list(keys));
            self.wrong_kind(&value, &expected, format!("Write {expected}"));
            return None;
        };
        let mut known = Vec::new();
        for (key, value) in table.clone() {
            if keys.contains(&key.get_ref().as_ref()) {
                known.push((key, value));
                continue;
            }
            let remedy = match nearest(key.get_ref(), keys.iter().copied()) {
                Some(meant) => format!("Did you mean `{meant}`"),
                None => format!("Known here: {}", list(keys)),
            };
            self.problem(key.span(), format!("unknown key `{}`", key.get_ref().escape_default()), remedy);
        }
        Some(KnownKeys { place: value.span(), entries: known })
    }
}

/// The key behind the name of a field: one that is a word of the language is written `r#type` there.
pub(crate) const fn key_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// "`a`, `b` and `c`".
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

/// What can be read from a value.
pub trait FromToml: Sized {
    /// Reads a value, or notes why it cannot.
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Self>;
}

/// The entries of a table that has been checked for unknown keys.
#[derive(Debug)]
pub struct KnownKeys<'i> {
    place: Range<usize>,
    entries: Vec<(Spanned<Cow<'i, str>>, Spanned<DeValue<'i>>)>,
}

impl<'i> KnownKeys<'i> {
    /// What stands under a key.
    pub fn get<T: FromToml>(&self, key: &str, reading: &mut Reading<'i>) -> Said<T> {
        match self.entry(key) {
            None => Said::Nothing,
            Some((_, value)) => T::from_toml(value.clone(), reading).map_or(Said::Unreadable, Said::Value),
        }
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where the table stands.
    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// Where the value of a key stands; without it, where the table does.
    pub fn place_of(&self, key: &str) -> Range<usize> {
        self.entry(key).map_or(self.place(), |(_, value)| value.span())
    }

    /// Where the key itself stands; without it, where the table does.
    pub fn place_of_key(&self, key: &str) -> Range<usize> {
        self.entry(key).map_or(self.place(), |(key, _)| key.span())
    }

    fn entry(&self, key: &str) -> Option<&(Spanned<Cow<'i, str>>, Spanned<DeValue<'i>>)> {
        self.entries.iter().find(|(name, _)| name.get_ref() == key)
    }
}

/// What the file says under one key.
#[derive(Debug, Default)]
pub enum Said<T> {
    /// The key is not there.
    #[default]
    Nothing,
    /// The key is there; its value cannot be read, and that has been noted.
    Unreadable,
    /// The key is there.
    Value(T),
}

impl<T: Default> Said<Spanned<T>> {
    /// A section; a missing one is as good as an empty one at the beginning of the file.
    pub fn section(self) -> Option<Spanned<T>> {
        self.or(|| Spanned::new(0..0, T::default()))
    }
}

impl<T> Said<T> {
    /// The value, or this one when nothing is said. `None`: unreadable, and that has been noted.
    pub fn or(self, default: impl FnOnce() -> T) -> Option<T> {
        match self {
            Said::Value(value) => Some(value),
            Said::Nothing => Some(default()),
            Said::Unreadable => None,
        }
    }

    /// What the value means; `None`: nothing, and that has been noted.
    pub fn and_then<U>(self, meaning: impl FnOnce(T) -> Option<U>) -> Said<U> {
        match self {
            Said::Value(value) => meaning(value).map_or(Said::Unreadable, Said::Value),
            Said::Nothing => Said::Nothing,
            Said::Unreadable => Said::Unreadable,
        }
    }

    /// The value, if there is one that can be read.
    pub fn value(self) -> Option<T> {
        match self {
            Said::Value(value) => Some(value),
            Said::Nothing | Said::Unreadable => None,
        }
    }
}
