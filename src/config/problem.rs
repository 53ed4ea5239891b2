//! One thing that is wrong in a file that an operator wrote: where, what, and what to do about it.
//!
//! Kept out: how problems are found. Each check makes its own; `Display` is the one way in which they are shown.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One problem. Shown as `FILE:LINE:COLUMN: what. remedy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the operator named it.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, without a full stop. Never holds a secret.
    pub what: String,
    /// What to do, as a sentence.
    pub remedy: String,
}

impl Problem {
    /// A problem at a place in `text`, the content of `file`. `span` counts bytes.
    pub fn at(
        file: &Path,
        text: &str,
        span: Range<usize>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Problem {
        let (line, column) = place(text, span.start);
        Problem { file: file.to_owned(), line, column, what: what.into(), remedy: remedy.into() }
    }

    /// A problem with a file as a whole.
    pub fn whole(file: &Path, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem::at(file, "", 0..0, what, remedy)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, column, what, remedy } = self;
        write!(f, "{}:{line}:{column}: {what}. {remedy}", file.display())
    }
}

/// Line and column of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}

/// Of the names that are valid, the one that was probably meant.
pub fn nearest<'a>(name: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let near = valid.into_iter().map(|candidate| (distance(&name, candidate), candidate));
    let limit = 1 + name.chars().count() / 3;
    near.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters have to be put in, taken out or changed to get from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for (b, around) in other.chars().zip(row.windows(2)) {
            let &[diagonal, above] = around else { continue };
            left = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "a = 1\né = \"ü\"\n";
        for (offset, place_of_it) in [(0, (1, 1)), (4, (1, 5)), (6, (2, 1)), (11, (2, 5)), (99, (3, 1))] {
            assert_eq!(place(text, offset), place_of_it, "{offset}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not_guessed() {
        let valid = ["idle", "absolute", "refresh_after", "stale_limit"];
        for (name, meant) in [
            ("idel", Some("idle")),
            ("Absolut", Some("absolute")),
            ("refresh-after", Some("refresh_after")),
            ("stale", None),
            ("timeout", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, valid), meant, "{name}");
        }
    }
}
