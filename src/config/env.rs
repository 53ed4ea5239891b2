//! What the machine gives beside the configuration file: environment variables and other files.
//!
//! The only place of the gateway that reads them, so that a test or the demo gives a map instead.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Variables and files, read and never changed.
pub trait Env {
    /// An environment variable. `None`: not set, or not Unicode.
    fn variable(&self, name: &str) -> Option<String>;

    /// A whole text file.
    fn file(&self, path: &Path) -> io::Result<String>;
}

/// This process and this machine.
#[derive(Debug, Clone, Copy)]
pub struct Machine;

impl Env for Machine {
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

/// Variables and files that are given, for tests and for the demo.
#[derive(Debug, Clone, Default)]
pub struct Given {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, String>,
}

impl Given {
    /// Adds or changes a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Given {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Adds or changes a file.
    pub fn file(mut self, path: impl Into<PathBuf>, text: &str) -> Given {
        self.files.insert(path.into(), text.into());
        self
    }
}

impl Env for Given {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &Path) -> io::Result<String> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
