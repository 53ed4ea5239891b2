//! Pages outside the administration's own walls: the emergency admitted_by, and the refusal of a form that is not ours.

use askama::Template;
use http::StatusCode;

use crate::web::pages::{Forms, Frame, Page};

/// What a plain page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// The emergency admitted_by, with the token of the link.
    Emergency(String),
    /// The link was opened before.
    LinkUsed,
    /// The link is too old.
    LinkExpired,
    /// There is no such link.
    LinkUnknown,
    /// The gateway starts again with this AMS environment.
    Switching(String),
    /// A form that no page of ours sent.
    Forged,
}

/// A plain page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/plain.html")]
pub struct PlainPage {
    /// Around the page.
    pub frame: Frame,
    /// What it says.
    pub says: Plain,
}

impl PlainPage {
    /// A page.
    pub fn new(frame: Frame, says: Plain) -> PlainPage {
        PlainPage { frame, says }
    }

    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.says {
            Plain::Emergency(_) => (
                "Emergency access",
                "An operator made this link. It opens the administration for a short time, once.",
                "Everything that you do is marked in the audit log as done by emergency access.",
            ),
            Plain::LinkUsed => (
                "This link was used before",
                "An emergency link works once.",
                "If it was not you who used it, tell your operator at once. The audit log says when it was opened.",
            ),
            Plain::LinkExpired => (
                "This link is too old",
                "An emergency link works for ten minutes.",
                "Ask your operator for a new one: `membergate admin-link`.",
            ),
            Plain::LinkUnknown => (
                "There is no such link",
                "The address is not complete, or the link was never made.",
                "Check that all of it was copied, or ask your operator for a new one.",
            ),
            Plain::Switching(_) => (
                "Switching the AMS environment",
                "The gateway starts again with the other environment. That takes a few seconds.",
                "Then everybody signs in again, you too. This page goes on by itself.",
            ),
            Plain::Forged => (
                "We did not accept that form",
                "It was not sent from a page of this administration, or the page was left open for too long. Nothing was changed.",
                "Open the page again and try again. If you did not send anything, another site tried to do so in your name.",
            ),
        }
    }
}

impl Page for PlainPage {
    fn forms(&self) -> Forms {
        Forms::ToUs
    }

    fn status(&self) -> StatusCode {
        match self.says {
            Plain::Emergency(_) => StatusCode::OK,
            Plain::Switching(_) => StatusCode::ACCEPTED,
            Plain::LinkUsed | Plain::LinkExpired => StatusCode::GONE,
            Plain::LinkUnknown => StatusCode::NOT_FOUND,
            Plain::Forged => StatusCode::FORBIDDEN,
        }
    }
}
