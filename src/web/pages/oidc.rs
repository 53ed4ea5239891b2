//! The pages of the OpenID Provider: a form that carries an answer to a client, and the question before a logout.

use askama::Template;
use http::StatusCode;

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
    const FORMS: Forms = Forms::ToAClient;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let fields = vec![("code", "c0de".to_owned()), ("state", "\"><script>".to_owned())];
        let action = "https://wiki.harbour.example/cb?a=1&b=2".to_owned();
        vec![("form_post", Self { frame: super::tests::frame(), action, fields })]
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
    const FORMS: Forms = Forms::OnToAClient;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let client = Some("Harbour Wiki <b>".to_owned());
        let page = |stays_here| {
            let (action, answer) = ("/_gate/oidc/logout".to_owned(), "c2VhbGVk".to_owned());
            Self { frame: super::tests::frame(), client: client.clone(), stays_here, action, answer }
        };
        vec![("sign_out_question", page(false)), ("sign_out_question_stays", page(true))]
    }
}
