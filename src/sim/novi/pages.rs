//! The HTML of the simulated site. It says on each page that it is not the real one.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::people::Customer;
use crate::sim::people::PASSWORD;

/// The form, and who can sign in, if that is shown.
#[derive(Template)]
#[template(path = "sim_novi/login.html")]
pub(super) struct LoginPage<'a> {
    action: String,
    email: &'a str,
    mistake: Option<&'a str>,
    /// Each with the address that fills the e-mail in.
    people: Vec<(&'a Customer, String)>,
    /// The one of all of them.
    password: Option<&'static str>,
}

impl<'a> LoginPage<'a> {
    pub(super) fn new(
        return_url: &str,
        email: &'a str,
        mistake: Option<&'a str>,
        people: Vec<&'a Customer>,
    ) -> LoginPage<'a> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let action = format!("/login?returnUrl={}", encoded(return_url));
        let has_usual = |it: &&Customer| it.account.as_ref().is_some_and(|own| own.password == PASSWORD);
        let link =
            |it: &Customer| format!("{action}&user={}", encoded(it.account_email().unwrap_or_default()));
        LoginPage {
            email,
            mistake,
            password: people.iter().all(has_usual).then_some(PASSWORD),
            people: people.iter().map(|it| (*it, link(it))).collect(),
            action,
        }
    }
}

#[derive(Template)]
#[template(path = "sim_novi/home.html")]
pub(super) struct Home<'a> {
    pub(super) person: Option<&'a Customer>,
}

/// One sentence, and the way to the login page.
#[derive(Template)]
#[template(path = "sim_novi/message.html")]
pub(super) struct Message {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) is_refusal: bool,
}
