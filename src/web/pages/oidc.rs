//! The pages of the OpenID Provider: a form that carries an answer to a client, and the question before a logout.

use askama::Template;

use super::{Forms, Frame, Page};

const FORM_POST: &str = include_str!("../../../assets/form_post.js");

/// Carries an answer to a client's redirect address (OAuth 2.0 Form Post Response Mode). The address has been checked.
#[derive(Clone, Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// Around the page.
    pub frame: Frame,
    /// The redirect address.
    pub action: String,
    /// The answer.
    pub fields: Vec<(&'static str, String)>,
}

impl Page for FormPost {
    const SCRIPT: &'static str = FORM_POST;
    fn forms(&self) -> Forms {
        Forms::ToAClient
    }
}

/// Asks before a logout that anybody could have started.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_out_question.html")]
pub struct SignOutQuestion {
    /// Around the page.
    pub frame: Frame,
    /// The client that asks, if it is known.
    pub client: Option<String>,
    /// The client wanted the browser back at an address that is not registered, so it stays here.
    pub stays_here: bool,
    /// Where a yes goes.
    pub action: String,
    /// What a yes brings along, sealed.
    pub answer: String,
}

impl Page for SignOutQuestion {
    /// The answer leads on to the AMS's logout, or to the client.
    fn forms(&self) -> Forms {
        Forms::OnToAClient
    }
}
