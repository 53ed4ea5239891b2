//! One line of `membergate check`: what was looked at, and how it is.

use std::fmt;

/// What was looked at, and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    what: String,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    Fine(String),
    /// It works, and soon will not.
    Warning(Trouble),
    Failed(Trouble),
}

/// What is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trouble {
    what: String,
    remedy: String,
}

impl Finding {
    pub(super) fn fine(what: impl Into<String>, how: impl Into<String>) -> Finding {
        Finding { what: what.into(), how: How::Fine(how.into()) }
    }

    pub(super) fn failed(
        what: impl Into<String>,
        trouble: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        let trouble = Trouble { what: trouble.into(), remedy: remedy.into() };
        Finding { what: what.into(), how: How::Failed(trouble) }
    }

    pub(super) fn warning(
        what: impl Into<String>,
        trouble: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        let trouble = Trouble { what: trouble.into(), remedy: remedy.into() };
        Finding { what: what.into(), how: How::Warning(trouble) }
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self.how, How::Failed(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, Trouble { what, remedy }) = match &self.how {
            How::Fine(how) => return write!(f, "ok      {}: {how}.", self.what),
            How::Warning(trouble) => ("warning", trouble),
            How::Failed(trouble) => ("failed ", trouble),
        };
        write!(f, "{word} {}: {what}. {remedy}.", self.what)
    }
}
