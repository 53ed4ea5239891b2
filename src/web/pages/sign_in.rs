//! The pages on the way in and out: "Taking you to the sign-in page" and "Signing you out".

use askama::Template;
use http::StatusCode;

use super::{Frame, Page};

const SCRIPT: &str = include_str!("../../../assets/sign_in.js");

/// Stands between a members' page and the AMS for a moment, because only a script can read the fragment
/// of the address (`#minutes`), which browsers never send.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// Around the page.
    pub frame: Frame,
    /// Starts the login. Has a query already; the script adds `&fragment=` when there is one.
    pub go_url: String,
}

impl Page for SignIn {
    const SCRIPT: &'static str = SCRIPT;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let go_url = "/_gate/login/go?return_to=%2Fmembers%3Fa%3D1&x=\"><script>".to_owned();
        vec![("sign_in", Self { frame: super::tests::frame(), go_url })]
    }
}

/// Stands in the middle of a long logout: browsers follow only so many redirects, and count anew from a page.
#[derive(Clone, Debug, Template)]
#[template(path = "signing_out.html")]
pub struct SigningOut {
    /// Around the page.
    pub frame: Frame,
    /// Where the logout goes on.
    pub go_url: String,
}

impl Page for SigningOut {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let go_url = "https://news.harbour.example/_gate/slo?round=library&end=ams".to_owned();
        vec![("signing_out", Self { frame: super::tests::frame(), go_url })]
    }
}
