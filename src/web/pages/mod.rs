//! The pages that a visitor sees, and the JSON twin that a program gets in their place.
//!
//! Each page is a typed struct with a template of the same name and a status; `tests` renders samples of each.
//! Kept out: who sees which page and why (the callers decide), sessions, configuration, requests.

mod answer;
mod kept_form;
mod notice;
mod notice_page;
mod oidc;
mod sign_in;
mod waiting;
mod words;

#[cfg(test)]
pub(in crate::web) use answer::policy_names;
pub use answer::{SESSION_CHALLENGE, problem, respond, status};
pub use kept_form::{KeptForm, ResumeForm};
pub use notice::{AnswerFault, Missing, Notice, Refused, Retry, WayBack};
pub use oidc::{FormPost, SignOutQuestion};
pub use sign_in::{SignInPage, SignedOutPage, SigningOut, Step};
pub use waiting::{WaitingNews, WaitingPage};

use std::borrow::Cow;

use http::StatusCode;

/// The one style sheet, inlined into every page: one request, and it works while the site is down.
pub(in crate::web) const STYLE: &str = include_str!("../../../assets/page.css");

/// What all pages show around their own text.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The association, as people call it.
    pub association: String,
    /// The site that was asked for, when it is known and has a name of its own.
    pub site: Option<String>,
    /// Where "back to the home page" leads: a path on this site or a whole address.
    pub home: String,
    /// Where "Try again" leads: the page that was asked for, or what starts its sign-in again. `None`: repeating the request is not
    /// safe, or would only fail again.
    pub again: Option<String>,
    /// Shown on error pages and written to the log, so that support can find one from the other.
    pub request_id: String,
}

impl Frame {
    /// The name at the top of the card: the site's own, else the association's.
    pub(in crate::web) fn heading(&self) -> &str {
        self.site.as_deref().unwrap_or(&self.association)
    }

    /// The letter in the badge beside the name.
    pub(in crate::web) fn initial(&self) -> String {
        self.heading()
            .chars()
            .find(|c| c.is_alphanumeric())
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect()
    }
}

/// Where the forms of a page go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// There is none.
    None,
    /// To the site behind us, and on to wherever it redirects.
    ToTheSite,
    /// To an OpenID client. It may be on the machine itself, where there is no https.
    ToAClient,
    /// To us, and from there by way of the AMS to an address that an OpenID client has registered. An app's has a scheme of its own
    /// (RFC 8252), so `form-action` restricts nothing here.
    OnToAClient,
    /// To addresses of ours, which the page's script may also ask for news.
    ToUs,
}

/// A page: a template with the facts that the response needs about it.
pub trait Page: askama::Template {
    /// The inline script, or empty. It must be a constant: the Content-Security-Policy names its digest.
    const SCRIPT: &'static str = "";
    /// The inline style sheet; a constant for the same reason.
    const STYLE: &'static str = STYLE;

    /// Where forms on the page go.
    fn forms(&self) -> Forms {
        Forms::None
    }

    /// The status belongs to the page, so that no caller can pair them wrongly.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}

/// A link or button on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    label: Cow<'static, str>,
    href: String,
    /// For a page that the visitor must be able to come back to.
    new_tab: bool,
}

impl Link {
    fn new(label: impl Into<Cow<'static, str>>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), new_tab: false }
    }
}

#[cfg(test)]
mod tests;
