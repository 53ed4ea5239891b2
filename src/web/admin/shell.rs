//! What surrounds every page of the administration: who is there, the menu, what has just been done, what is out of order.

use askama::Template;
use http::StatusCode;

use super::menu::MenuItem;
use crate::web::pages::{Forms, Page};

/// The style sheet of all these pages.
pub const STYLE: &str = include_str!("../../../assets/admin.css");
/// The script of all these pages; everything works without it.
pub const SCRIPT: &str = include_str!("../../../assets/admin.js");

/// A page of the administration. It has the style, the script and the forms of all, and the status of its shell.
pub trait AdminPage: Template {
    /// What surrounds it.
    fn shell(&self) -> &Shell;
}

/// Pages with a field `shell`.
macro_rules! admin_pages {
    ($( $page:ty ),+) => {
        $( impl $crate::web::admin::shell::AdminPage for $page {
            fn shell(&self) -> &$crate::web::admin::shell::Shell {
                &self.shell
            }
        } )+
    };
}
pub(crate) use admin_pages;

impl<P: AdminPage> Page for P {
    const STYLE: &'static str = STYLE;
    const SCRIPT: &'static str = SCRIPT;
    fn forms(&self) -> Forms {
        Forms::ToUs
    }

    fn status(&self) -> StatusCode {
        self.shell().status
    }
}

/// How a note is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It was done.
    Good,
    /// It needs attention.
    Warn,
    /// It was not done.
    Bad,
}

impl Tone {
    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
        }
    }
}

/// A note at the top of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How it is meant.
    pub tone: Tone,
    /// What happened, in a sentence or two.
    pub text: String,
}

impl Note {
    /// A note of this tone.
    pub fn new(tone: Tone, text: impl Into<String>) -> Note {
        Note { tone, text: text.into() }
    }
}

/// What surrounds a page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/shell.html")]
pub struct Shell {
    /// The association.
    pub association: String,
    /// The administrator's name.
    pub who: String,
    /// Came in by an operator's link, not by a role.
    pub break_glass: bool,
    /// The anti-forgery token of this session; stands in every form.
    pub token: String,
    /// Where we are.
    pub item: MenuItem,
    /// There is a community.
    pub has_community: bool,
    /// What has just happened, and what is out of order.
    pub notes: Vec<Note>,
    /// Names this request in the log.
    pub request_id: String,
    /// The status of the answer.
    pub status: StatusCode,
}

impl Shell {
    /// With a note more.
    #[must_use]
    pub fn with(mut self, note: Option<Note>) -> Shell {
        self.notes.extend(note);
        self
    }

    /// With a status other than 200.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Shell {
        Shell { status, ..self }
    }

    /// The letter in the badge.
    pub fn initial(&self) -> String {
        self.association
            .chars()
            .find(|c| c.is_alphanumeric())
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect()
    }
}

impl askama::filters::HtmlSafe for Shell {}
