//! A form that was posted after the session had ended is not lost: the browser keeps it across the sign-in.
//!
//! Nothing is kept on our side. `KeptForm` puts the fields into the tab's own storage, `ResumeForm` shows them after
//! the sign-in and posts them when the person says so. Without scripts the first page is itself the form to send.

use askama::Template;
use http::StatusCode;

use super::{Frame, Page};

const KEEP: &str = include_str!("../../../assets/keep_form.js");
const RESUME: &str = include_str!("../../../assets/resume_form.js");

/// The answer to a form posted without a session.
///
/// The status is 401 and not 200: what was posted did not happen, and a program must be able to see that.
#[derive(Clone, Debug, Template)]
#[template(path = "kept_form.html")]
pub struct KeptForm {
    /// Around the page.
    pub frame: Frame,
    /// Names and values as posted, in order. The values are in the page's source but are not shown.
    pub fields: Vec<(String, String)>,
    /// Starts a login that ends at the page of `ResumeForm`; the script appends the storage key to it.
    pub next_url: String,
    /// Starts a plain login, for another tab when scripts are off.
    pub login: String,
}

impl KeptForm {
    /// Each field name once, for the eye.
    fn names(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        self.fields.iter().map(|(name, _)| name.as_str()).filter(|name| seen.insert(*name)).collect()
    }
}

impl Page for KeptForm {
    const SCRIPT: &'static str = KEEP;
    fn forms(&self) -> super::Forms {
        super::Forms::ToTheSite
    }

    fn status(&self) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }
}

/// After the sign-in, at a clean address whose query ends in the key: `?form=KEY`.
#[derive(Clone, Debug, Template)]
#[template(path = "resume_form.html")]
pub struct ResumeForm {
    /// Around the page.
    pub frame: Frame,
    /// The name of the person who is signed in now; it may not be the one who filled in the form.
    pub name: String,
}

impl Page for ResumeForm {
    const SCRIPT: &'static str = RESUME;
    fn forms(&self) -> super::Forms {
        super::Forms::ToTheSite
    }
}
