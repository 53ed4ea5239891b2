//! The way to a login page, and back from it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::sim::serving::{Answer, Call};

/// To the form, and then back to this call.
pub fn to_login(call: &Call) -> Answer {
    Answer::redirect(format!("/login?returnUrl={}", utf8_percent_encode(&call.target, NON_ALPHANUMERIC)))
}

/// Where to go after the form: an address of this host only.
pub fn return_url(call: &Call) -> String {
    let asked = call.query("returnUrl").unwrap_or("/");
    let is_here = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains(['\\', '\r', '\n']);
    if is_here { asked.to_owned() } else { "/".to_owned() }
}
