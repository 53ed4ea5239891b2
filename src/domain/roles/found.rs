//! Whether an entry of a record is the one that a rule names, and what a doubt about that makes of its span.

use super::span::Span;
use crate::domain::code::Code;
use crate::domain::fold;

/// Whether an entry is the one that a rule names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Yes,
    /// The entry does not say.
    Perhaps,
    No,
}

impl Found {
    /// People may have put themselves there: it proves neither that the person belongs there nor that the person does not.
    pub(super) fn unless_joined(self, self_joinable: bool) -> Found {
        if self == Found::Yes && self_joinable { Found::Perhaps } else { self }
    }

    pub(super) fn and_then(self, span: impl FnOnce() -> Option<Span>) -> Option<Span> {
        if self == Found::No { None } else { doubted(span(), self) }
    }
}

pub(super) fn is(code: &Code, said: &str) -> Found {
    if code.matches(said) {
        Found::Yes
    } else if fold::is_blank(said) {
        Found::Perhaps
    } else {
        Found::No
    }
}

/// The span of an entry, uncertain where it may be another.
pub(super) fn doubted(span: Option<Span>, found: Found) -> Option<Span> {
    match found {
        Found::Yes => span,
        Found::Perhaps => span.map(|span| Span { certain: false, ..span }),
        Found::No => None,
    }
}
