//! Walks a TOML document and collects every problem on the way.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use crate::domain::spelling::nearest;

/// The text under way and what was wrong so far.
pub(super) struct Walk<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    /// Lines that are not TOML; what else is found there follows from that.
    broken: Vec<usize>,
}

impl<'t> Walk<'t> {
    pub(super) fn new(text: &'t str) -> Walk<'t> {
        Walk { text, problems: Vec::new(), broken: Vec::new() }
    }

    /// Every problem, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }

    pub(super) fn problem(&mut self, span: Range<usize>, what: impl Into<String>, remedy: impl Into<String>) {
        let problem = Problem::at(self.text, span.start, what, remedy);
        if !self.broken.contains(&problem.line) {
            self.problems.push(problem);
        }
    }

    /// A place where the text is not TOML.
    pub(super) fn syntax(&mut self, error: &toml::de::Error) {
        let offset = error.span().map_or(0, |span| span.start);
        let what = error.message().trim_end_matches('.').replace('\n', ", ");
        let problem = Problem::at(self.text, offset, format!("Not valid TOML: {what}"), "Correct this line");
        self.broken.push(problem.line);
        self.problems.push(problem);
    }

    /// Refuses keys that are not in `known`.
    pub(super) fn only(&mut self, table: &DeTable<'_>, known: &[&str], place: &str) {
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let remedy = match nearest(name, known.iter().copied()) {
                Some(near) => format!("Did you mean `{near}`"),
                None => format!("Use one of {}", known.join(", ")),
            };
            self.problem(key.span(), format!("`{name}` is not a key of {place}"), remedy);
        }
    }

    pub(super) fn flag(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<bool> {
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.problem(
            value.span(),
            format!("`{key}` is neither true nor false"),
            "Write `true` or `false`, without quotes",
        );
        None
    }

    /// Text that is not blank.
    pub(super) fn text(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
            DeValue::String(_) => {
                self.problem(
                    value.span(),
                    format!("`{key}` is empty"),
                    "Give it a value, or leave the key out",
                );
                None
            }
            _ => {
                self.problem(value.span(), format!("`{key}` is not text"), "Put the value in quotes");
                None
            }
        }
    }

    /// A number of days, from 0.
    pub(super) fn days(&mut self, value: &Spanned<DeValue<'_>>, key: &str) -> Option<u32> {
        let remedy = "Write a whole number of days, 0 or more, without quotes";
        let DeValue::Integer(number) = value.get_ref() else {
            self.problem(value.span(), format!("`{key}` is not a whole number"), remedy);
            return None;
        };
        let days = i64::from_str_radix(number.as_str(), number.radix());
        let what = match days {
            Ok(days) if days < 0 => format!("`{key}` is negative"),
            Ok(days) => match u32::try_from(days) {
                Ok(days) => return Some(days),
                Err(_) => format!("`{key}` is too large"),
            },
            Err(_) => format!("`{key}` is too large"),
        };
        self.problem(value.span(), what, remedy);
        None
    }
}

/// The value of a key.
pub(super) fn get<'a, 'i>(table: &'a DeTable<'i>, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
}
