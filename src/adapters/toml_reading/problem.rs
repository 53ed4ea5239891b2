//! What is wrong in a file, where, and what to do about it.

use std::fmt;

/// One problem in a configuration or rules file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as its reader was given it; `None` while only the text is known.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, without a full stop.
    pub what: String,
    /// What to do about it, without a full stop.
    pub remedy: String,
}

impl Problem {
    /// A problem at a byte offset of `text`.
    pub fn at(text: &str, offset: usize, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        let offset =
            (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Problem {
            file: None,
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// The same problem, in this file.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Problem {
        Problem { file: Some(file.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
        }
        write!(f, "{}:{}: {}. {}.", self.line, self.column, self.what, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\nb = \"é\" x\n";
        let problem = Problem::at(text, text.find('x').unwrap(), "what", "remedy");
        assert_eq!(problem.to_string(), "2:9: what. remedy.");
        assert_eq!(problem.in_file("rules.toml").to_string(), "rules.toml:2:9: what. remedy.");
        assert_eq!(Problem::at("é", 1, "", "").column, 1);
        assert_eq!(Problem::at("é", 99, "", "").column, 2);
    }
}
