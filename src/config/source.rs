//! A value that comes from outside the configuration file: from the environment or a file. Secrets always do.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use crate::adapters::toml_reading::{FromToml, Reading, Said};

/// A value from outside the file, or in it where it is no secret.
#[derive(Debug)]
pub(super) enum Source {
    /// `{ env = "NAME" }`
    Variable(Spanned<String>),
    /// `{ file = "/path" }`
    File(Spanned<String>),
    /// A text in the file.
    Literal(Spanned<String>),
}

impl Source {
    /// Where it stands in the file.
    pub(super) fn span(&self) -> Range<usize> {
        let (Source::Variable(text) | Source::File(text) | Source::Literal(text)) = self;
        text.span()
    }

    /// The source for people, never the value.
    pub(super) fn name(&self) -> String {
        match self {
            Source::Variable(name) => format!("the environment variable `{}`", name.get_ref()),
            Source::File(path) => format!("the file `{}`", path.get_ref()),
            Source::Literal(_) => "the text".to_owned(),
        }
    }
}

impl FromToml for Source {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Source> {
        const REMEDY: &str = "Write { env = \"NAME\" } or { file = \"/path\" }";
        let span = value.span();
        if value.get_ref().is_str() {
            return Spanned::<String>::from_toml(value, reading).map(Source::Literal);
        }
        if !value.get_ref().is_table() {
            reading.problem(span, "this is not the source of a value", REMEDY);
            return None;
        }
        let keys = reading.table(value, &["env", "file"])?;
        match (keys.get("env", reading), keys.get("file", reading)) {
            (Said::Value(name), Said::Nothing) => return Some(Source::Variable(name)),
            (Said::Nothing, Said::Value(path)) => return Some(Source::File(path)),
            (Said::Nothing, Said::Nothing) => {
                reading.problem(span, "this source names neither a variable nor a file", REMEDY);
            }
            (Said::Unreadable, _) | (_, Said::Unreadable) => {}
            (Said::Value(_), Said::Value(_)) => {
                reading.problem(span, "this source names both a variable and a file", REMEDY);
            }
        }
        None
    }
}
