//! Addresses of hooks as people are shown them.

use url::Url;

/// An address without what may be secret in it: its last segment and its query.
pub(in crate::adapters::ams) fn shown(address: &str) -> String {
    let Ok(url) = Url::parse(address) else { return "…".to_owned() };
    let path = url.path().rsplit_once('/').map_or("", |(before, _)| before);
    format!("{}{path}/…", url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_in_an_address_is_not_shown() {
        assert_eq!(
            shown("https://login.acme.example/_gate/hooks/S3cret?x=1"),
            "https://login.acme.example/_gate/hooks/…"
        );
        assert_eq!(shown("https://login.acme.example"), "https://login.acme.example/…");
        assert_eq!(shown("nonsense"), "…");
    }
}
