//! The pages on the way in and out: "Taking you to the sign-in page", "Signing you out" and "You are signed out".

use askama::Template;

use super::{Frame, Page};

const SCRIPT: &str = include_str!("../../../assets/sign_in.js");

/// Stands between a members' page and the AMS for a moment, because only a script can read the fragment
/// of the address (`#minutes`), which browsers never send.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Around the page.
    pub frame: Frame,
    /// Starts the login. Has a query already; the script adds `&fragment=` when there is one.
    pub go_url: String,
    /// What there is to say.
    pub step: Step,
}

/// What stands before the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: the page leads on by itself.
    Whole,
    /// The address could not be kept whole. The person reads that first.
    Cut,
    /// The same, and the person is signed in.
    CutSignedIn,
}

impl Page for SignInPage {
    const SCRIPT: &'static str = SCRIPT;
}

/// Where a logout ends that has nowhere else to go: no page of the site is open to everybody, or a client named no address.
#[derive(Clone, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    /// Around the page.
    pub frame: Frame,
    /// Starts a login, when the person wants one.
    pub sign_in: String,
}

impl Page for SignedOutPage {}

/// Stands in the middle of a long logout: browsers follow only so many redirects, and count again from a page.
#[derive(Clone, Debug, Template)]
#[template(path = "signing_out.html")]
pub struct SigningOut {
    /// Around the page.
    pub frame: Frame,
    /// Where the logout goes on.
    pub go_url: String,
}

impl Page for SigningOut {}
