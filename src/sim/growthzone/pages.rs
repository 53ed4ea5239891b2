//! The HTML of the simulated Info Hub. It says on each page that it is not the real one.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::people::{Contact, Login};
use crate::sim::people::PASSWORD;

/// The form, and who can sign in, if that is shown.
#[derive(Template)]
#[template(path = "sim_growthzone/login.html")]
pub(super) struct LoginPage<'a> {
    action: String,
    username: &'a str,
    mistake: Option<&'a str>,
    /// Each with the user name, and the address that fills it in.
    people: Vec<(&'a Contact, &'a str, String)>,
    /// The one of all of them.
    password: Option<&'static str>,
}

impl<'a> LoginPage<'a> {
    pub(super) fn new(
        return_url: &str,
        username: &'a str,
        mistake: Option<&'a str>,
        people: Vec<(&'a Contact, &'a Login)>,
    ) -> LoginPage<'a> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let action = format!("/login?returnUrl={}", encoded(return_url));
        let link = |login: &Login| format!("{action}&user={}", encoded(&login.username));
        LoginPage {
            username,
            mistake,
            password: people.iter().all(|(_, login)| login.password == PASSWORD).then_some(PASSWORD),
            people: people.iter().map(|(it, login)| (*it, login.username.as_str(), link(login))).collect(),
            action,
        }
    }
}

#[derive(Template)]
#[template(path = "sim_growthzone/home.html")]
pub(super) struct Home<'a> {
    pub(super) person: Option<&'a Contact>,
    /// The link to the website.
    pub(super) site: Option<String>,
}

/// The question whether a website may know who somebody is.
#[derive(Template)]
#[template(path = "sim_growthzone/consent.html")]
pub(super) struct Consent<'a> {
    pub(super) action: &'a str,
    pub(super) client: &'a str,
}

/// The question whether to sign out.
#[derive(Template)]
#[template(path = "sim_growthzone/logout.html")]
pub(super) struct LogoutQuestion<'a> {
    pub(super) action: &'a str,
}

/// A form that posts itself: OAuth 2.0 Form Post Response Mode.
#[derive(Template)]
#[template(path = "sim_growthzone/form_post.html")]
pub(super) struct FormPost {
    pub(super) action: String,
    pub(super) fields: Vec<(String, String)>,
}

/// One sentence, and the way to the login page.
#[derive(Template)]
#[template(path = "sim_growthzone/message.html")]
pub(super) struct Message {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) is_refusal: bool,
}
