//! One line for each request that ends on a page of ours because something was wrong. Never a token, cookie or address of
//! a person: causes are error enums whose texts hold none.

use std::fmt::Display;

use super::arrived::Arrived;
use super::pages::{Blame, Code};

/// Logs why a request ended with `code`, at the level of its blame.
pub fn ending(arrived: &Arrived, code: Code, cause: &dyn Display) {
    ending_of(arrived, None, code, cause);
}

/// The same, for a request that came from an OpenID client.
pub fn ending_of(arrived: &Arrived, client: Option<&Claimed>, code: Code, cause: &dyn Display) {
    let (site, request_id, code_name) = (&*arrived.site.name, &*arrived.request_id, code.as_str());
    let client = client.map(|Claimed(id)| id.as_str());
    match code.blame() {
        Blame::Visitor => {
            tracing::info!(site, request_id, client, code = code_name, "A request was turned away: {cause}")
        }
        Blame::Upstream => {
            tracing::warn!(site, request_id, client, code = code_name, "Upstream failed: {cause}")
        }
        Blame::Us => tracing::error!(site, request_id, client, code = code_name, "We failed: {cause}"),
    }
}

/// The id that an OpenID client claims to have, fit for a log: no secret, but a stranger may have written anything there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed(pub String);

impl Claimed {
    /// How much of it is kept, in characters.
    const MOST: usize = 64;

    /// Cuts it and escapes what is not plain text.
    pub fn new(id: &str) -> Claimed {
        let end = id.char_indices().nth(Claimed::MOST).map_or(id.len(), |(at, _)| at);
        Claimed(id.get(..end).unwrap_or_default().escape_default().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_as_a_client_is_short_and_plain() {
        for (id, kept) in [
            ("wiki", "wiki".to_owned()),
            ("", String::new()),
            ("a\nERROR forged\u{1b}[2J\"", "a\\nERROR forged\\u{1b}[2J\\\"".to_owned()),
            (&"é".repeat(99), "\\u{e9}".repeat(64)),
            (&"x".repeat(65), "x".repeat(64)),
        ] {
            assert_eq!(Claimed::new(id), Claimed(kept));
        }
    }
}
