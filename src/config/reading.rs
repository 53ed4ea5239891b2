//! Reads a TOML document key by key, so that every mistake in it is reported and not only the first.
//!
//! What each key is called and means is in `raw`; what its value means is in `resolve`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use crate::domain::spelling::nearest;

/// A document under inspection, with the problems found so far.
#[derive(Debug)]
pub(super) struct Reading<'i> {
    file: PathBuf,
    text: &'i str,
    /// The document is not whole: what seems to be missing may stand where it is broken.
    broken: bool,
    /// In the order found; sorted by place when they are handed out.
    problems: Vec<Problem>,
}

impl<'i> Reading<'i> {
    pub(super) fn new(file: &Path, text: &'i str) -> Reading<'i> {
        Reading { file: file.to_owned(), text, broken: false, problems: Vec::new() }
    }

    /// Reads the whole document. What cannot be read is absent from the outcome and present among the problems.
    pub(super) fn document<T: FromToml + Default>(&mut self) -> T {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        self.broken = !errors.is_empty();
        for error in errors {
            let what = error.message().trim_end_matches('.').replace('\n', ", ");
            self.problem(error.span().unwrap_or_default(), what, "Correct the TOML at this place");
        }
        let span = table.span();
        T::from_toml(Spanned::new(span, DeValue::Table(table.into_inner())), self).unwrap_or_default()
    }

    /// Notes a problem at a place.
    pub(super) fn problem(&mut self, span: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) {
        let file = self.file.display().to_string();
        self.problems.push(Problem::at(self.text, span.start, what, remedy).in_file(file));
    }

    /// Notes that something is not there.
    pub(super) fn missing(&mut self, span: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) {
        if !self.broken {
            self.problem(span, what, remedy);
        }
    }

    /// Notes a problem of another file.
    pub(super) fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The folder at which relative paths of the document start.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Whether there has been no problem so far.
    pub(super) fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// All problems, in the order of the document; none twice.
    pub(super) fn problems(mut self) -> Vec<Problem> {
        let own = Some(self.file.display().to_string());
        self.problems.sort_by_key(|p| (p.file != own, p.file.clone(), p.line, p.column));
        self.problems.dedup();
        self.problems
    }

    /// A table that may hold these keys and no others.
    pub(super) fn table(&mut self, value: Spanned<DeValue<'i>>, keys: &[&str]) -> Option<KnownKeys<'i>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_kind(&value, &format!("a section with {}", list(keys)));
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
        Some(KnownKeys { entries: known })
    }

    fn wrong_kind(&mut self, value: &Spanned<DeValue<'_>>, expected: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "`true` or `false`",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a section",
        };
        self.problem(
            value.span(),
            format!("expected {expected}, found {found}"),
            format!("Write {expected}"),
        );
    }
}

/// "`a`, `b` and `c`".
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

/// The entries of a table that has been checked for unknown keys.
#[derive(Debug)]
pub(super) struct KnownKeys<'i> {
    entries: Vec<(Spanned<std::borrow::Cow<'i, str>>, Spanned<DeValue<'i>>)>,
}

impl<'i> KnownKeys<'i> {
    /// Takes a key out.
    pub(super) fn take<T: FromToml>(&mut self, key: &str, reading: &mut Reading<'i>) -> Said<T> {
        match self.entries.iter().position(|(name, _)| name.get_ref().as_ref() == key) {
            None => Said::Nothing,
            Some(at) => match T::from_toml(self.entries.swap_remove(at).1, reading) {
                None => Said::Unreadable,
                Some(value) => Said::Value(value),
            },
        }
    }
}

/// What the file says under one key.
#[derive(Debug, Default)]
pub(super) enum Said<T> {
    /// The key is not there.
    #[default]
    Nothing,
    /// The key is there; its value is not of the right kind, and that has been noted.
    Unreadable,
    /// The key is there.
    Value(T),
}

impl<T: Default> Said<Spanned<T>> {
    /// A section; a missing one is as good as an empty one at the beginning of the file.
    pub(super) fn section(self) -> Option<Spanned<T>> {
        self.or(|| Spanned::new(0..0, T::default()))
    }
}

impl<T> Said<T> {
    /// The value, or this one when nothing is said. `None`: unreadable, and that has been noted.
    pub(super) fn or(self, default: impl FnOnce() -> T) -> Option<T> {
        match self {
            Said::Value(value) => Some(value),
            Said::Nothing => Some(default()),
            Said::Unreadable => None,
        }
    }
}

/// What can stand as a value in the file.
pub(super) trait FromToml: Sized {
    /// Reads a value, or notes why it cannot.
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Self>;
}

impl FromToml for String {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.clone().into_owned());
        }
        reading.wrong_kind(&value, "a text in quotes");
        None
    }
}

impl FromToml for bool {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<bool> {
        if let DeValue::Boolean(said) = value.get_ref() {
            return Some(*said);
        }
        reading.wrong_kind(&value, "`true` or `false`");
        None
    }
}

impl FromToml for usize {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<usize> {
        let number = value.get_ref().as_integer().map(|n| usize::from_str_radix(n.as_str(), n.radix()));
        if let Some(Ok(number)) = number {
            return Some(number);
        }
        reading.wrong_kind(&value, "a whole number from 0");
        None
    }
}

impl<T: FromToml> FromToml for Spanned<T> {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Spanned<T>> {
        let span = value.span();
        T::from_toml(value, reading).map(|inner| Spanned::new(span, inner))
    }
}

impl<T: FromToml> FromToml for Vec<T> {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Vec<T>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => {
                Some(items.into_iter().filter_map(|item| T::from_toml(item, reading)).collect())
            }
            other => {
                reading.wrong_kind(&Spanned::new(span, other), "a list in square brackets");
                None
            }
        }
    }
}
