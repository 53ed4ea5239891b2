//! Addresses of clients: where we may send visitors and messages.
//!
//! Addresses are compared as whole texts, never by prefix or pattern (RFC 9700 §2.1), and only such are accepted as are safe to
//! send a code to.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An address of a client, exactly as it was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientAddress {
    text: String,
    url: Url,
}

/// Why an address of a client is not accepted. The operator's to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It is not a whole address.
    #[error("it is not a whole address such as https://site.example/callback")]
    NotAnAddress,
    /// Neither https nor http on the machine itself.
    #[error("it must be https; http is for localhost, 127.0.0.1 and [::1] only")]
    NotHttps,
    /// A fragment, which never travels.
    #[error("it must not have a fragment (`#`)")]
    Fragment,
    /// A name or password before the host.
    #[error("it must not hold a name or password")]
    UserInfo,
    /// A `*`; addresses are exact.
    #[error("it must not have a `*`: addresses are compared exactly")]
    Wildcard,
}

impl ClientAddress {
    /// Accepts https, and http on the machine itself. The text stays as it is.
    pub fn parse(text: &str) -> Result<ClientAddress, BadAddress> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let url = Url::parse(text).ok().filter(|_| printable).ok_or(BadAddress::NotAnAddress)?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(BadAddress::NotHttps),
        };
        match () {
            () if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) => {
                Err(BadAddress::NotHttps)
            }
            () if url.fragment().is_some() => Err(BadAddress::Fragment),
            () if !url.username().is_empty() || url.password().is_some() => Err(BadAddress::UserInfo),
            () if text.contains('*') => Err(BadAddress::Wildcard),
            () => Ok(ClientAddress { text: text.to_owned(), url }),
        }
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As an address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The address with more in its query; what was in it stays.
    pub fn with_query(&self, pairs: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }
}

impl TryFrom<String> for ClientAddress {
    type Error = BadAddress;
    fn try_from(text: String) -> Result<ClientAddress, BadAddress> {
        ClientAddress::parse(&text)
    }
}

impl From<ClientAddress> for String {
    fn from(address: ClientAddress) -> String {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_are_safe_to_send_a_code_to_are_accepted() {
        use BadAddress::*;
        for (text, expect) in [
            ("https://site.example/cb", Ok(())),
            ("https://site.example/wp-admin/admin-ajax.php?action=openid-connect-authorize", Ok(())),
            ("http://localhost:8120/cb", Ok(())),
            ("http://rp.localhost:8120/cb", Ok(())),
            ("http://127.0.0.1/cb", Ok(())),
            ("http://[::1]:9/cb", Ok(())),
            ("http://site.example/cb", Err(NotHttps)),
            ("http://127.0.0.1.evil.example/cb", Err(NotHttps)),
            ("javascript:alert(1)", Err(NotHttps)),
            ("data:text/html,x", Err(NotHttps)),
            ("app.example:/cb", Err(NotHttps)),
            ("https://site.example/cb#x", Err(Fragment)),
            ("https://a@site.example/cb", Err(UserInfo)),
            ("https://*.example/cb", Err(Wildcard)),
            ("https://site.example/*", Err(Wildcard)),
            ("//site.example/cb", Err(NotAnAddress)),
            ("/cb", Err(NotAnAddress)),
            ("https://site.example/c b", Err(NotAnAddress)),
            ("https:\\\\site.example", Err(NotAnAddress)),
            // RUSTSEC-2024-0421: a label that says it is encoded and is not.
            ("https://xn--example-.org/cb", Err(NotAnAddress)),
            ("", Err(NotAnAddress)),
        ] {
            assert_eq!(ClientAddress::parse(text).map(|_| ()), expect, "{text}");
        }
    }

    #[test]
    fn a_query_that_is_there_stays() {
        let address = ClientAddress::parse("https://site.example/cb?a=1&b=%20").unwrap();
        let url = address.with_query(&[("code", "x"), ("state", "a b&c")]);
        assert_eq!(url.as_str(), "https://site.example/cb?a=1&b=%20&code=x&state=a+b%26c");
        assert_eq!(address.with_query(&[]).as_str(), address.as_str());
    }
}
