//! What of a login stays with a browser, sealed, until it comes back.

/// What stays with a browser meanwhile: none of the three has a space.
pub(super) struct LoginSecrets<'a> {
    pub(super) nonce: &'a str,
    pub(super) verifier: &'a str,
    pub(super) callback: &'a str,
}

impl LoginSecrets<'_> {
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.nonce, self.verifier, self.callback)
    }

    pub(super) fn parse(text: &str) -> Option<LoginSecrets<'_>> {
        let mut parts = text.split(' ');
        let (nonce, verifier, callback) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none() && !nonce.is_empty() && !verifier.is_empty();
        is_whole.then_some(LoginSecrets { nonce, verifier, callback })
    }
}
