//! What is wrong in a file, as every page tells it that takes one.

use super::words::sentence;
use crate::adapters::toml_reading::Problem;

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl FileProblem {
    /// In words.
    pub fn of(problem: &Problem) -> FileProblem {
        let (line, column) = (problem.line, problem.column);
        FileProblem { line, column, what: sentence(&problem.what), remedy: problem.remedy.clone() }
    }
}
