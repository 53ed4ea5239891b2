//! One line for each request that ends on a page of ours because something was wrong. Never a token, cookie or address of
//! a person: causes are error enums whose texts hold none.

use std::fmt::Display;

use super::arrived::Arrived;
use super::pages::{Blame, Code};

/// Logs why a request ended with `code`, at the level of its blame.
pub fn ending(arrived: &Arrived, code: Code, cause: &dyn Display) {
    let (site, request_id, code_name) = (&*arrived.site.name, &*arrived.request_id, code.as_str());
    match code.blame() {
        Blame::Visitor => {
            tracing::info!(site, request_id, code = code_name, "A request was turned away: {cause}")
        }
        Blame::Upstream => tracing::warn!(site, request_id, code = code_name, "Upstream failed: {cause}"),
        Blame::Us => tracing::error!(site, request_id, code = code_name, "We failed: {cause}"),
    }
}
