//! The HTML of the simulated portal. It says on each page that it is not the real one.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::sim::people::{PASSWORD, Person};

/// The form, and who can sign in, if that is shown.
#[derive(Template)]
#[template(path = "sim_re_members/login.html")]
pub(super) struct LoginPage<'a> {
    action: String,
    email: &'a str,
    mistake: Option<&'a str>,
    /// Each with the address that fills the e-mail in.
    people: Vec<(&'a Person, String)>,
    /// The one of all of them.
    password: Option<&'static str>,
    reload_timezone: bool,
}

impl<'a> LoginPage<'a> {
    pub(super) fn new(
        prefix: &str,
        redirect_url: Option<&str>,
        (email, mistake): (&'a str, Option<&'a str>),
        people: Vec<&'a Person>,
        reload_timezone: bool,
    ) -> LoginPage<'a> {
        // This page's own address with what the way back needs, and one more parameter.
        let address = |more| {
            let pair = |(name, value): (&str, Option<&str>)| {
                value.map(|value| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            };
            let query: Vec<String> =
                [("RedirectUrl", redirect_url), more].into_iter().filter_map(pair).collect();
            format!("{prefix}/account/login.aspx?{}", query.join("&"))
        };
        let has_usual = |person: &&Person| person.user.as_ref().is_some_and(|it| it.password == PASSWORD);
        LoginPage {
            action: address(("reload", reload_timezone.then_some("timezone"))),
            email,
            mistake,
            password: people.iter().all(has_usual).then_some(PASSWORD),
            people: people.iter().map(|it| (*it, address(("user", it.login_email())))).collect(),
            reload_timezone,
        }
    }
}

#[derive(Template)]
#[template(path = "sim_re_members/my_profile.html")]
pub(super) struct MyProfile<'a> {
    pub(super) prefix: &'static str,
    pub(super) person: &'a Person,
}

#[derive(Template)]
#[template(path = "sim_re_members/signed_out.html")]
pub(super) struct SignedOut {
    pub(super) prefix: &'static str,
}

#[derive(Template)]
#[template(path = "sim_re_members/bad_redirect.html")]
pub(super) struct BadRedirect;
