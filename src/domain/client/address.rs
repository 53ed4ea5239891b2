//! Addresses of clients: where we may send visitors and messages.
//!
//! Addresses are compared as whole texts, never by prefix or pattern (RFC 9700 §2.1), and only such are accepted as are safe to
//! send a code to.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::network::is_loopback;

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
    /// A scheme of an app's own, where the client is none, or one that is not a reversed domain name.
    #[error(
        "a scheme of its own is for public clients only, and must be a reversed domain name such as com.example.app"
    )]
    PrivateScheme,
    /// A fragment, which never travels.
    #[error("it must not have a fragment (`#`)")]
    Fragment,
    /// A name or password before the host.
    #[error("it must not hold a name or password")]
    UserInfo,
    /// A `*` that is not the whole value of one query parameter of a post-logout address; else addresses are exact.
    #[error("it must not have a `*`: addresses are compared exactly")]
    Wildcard,
}

impl ClientAddress {
    /// Accepts https, and http on the machine itself. The text stays as it is.
    pub fn parse(text: &str) -> Result<ClientAddress, BadAddress> {
        let address = ClientAddress::parse_of_app(text)?;
        if address.is_private_scheme() { Err(BadAddress::PrivateScheme) } else { Ok(address) }
    }

    /// Accepts, for a public client, a scheme of an app's own too. It is a reversed domain name, so that no other app and no part
    /// of the browser has it (RFC 8252 §7.1).
    pub fn parse_of_app(text: &str) -> Result<ClientAddress, BadAddress> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let url = Url::parse(text).ok().filter(|_| printable).ok_or(BadAddress::NotAnAddress)?;
        let is_web = match url.scheme() {
            "https" => true,
            "http" if url.host().is_some_and(|host| is_loopback(&host)) => true,
            "http" => return Err(BadAddress::NotHttps),
            _ => false,
        };
        match () {
            () if !is_web && !is_reversed_domain(url.scheme()) => Err(BadAddress::PrivateScheme),
            () if url.fragment().is_some() => Err(BadAddress::Fragment),
            () if !url.username().is_empty() || url.password().is_some() => Err(BadAddress::UserInfo),
            () if text.contains('*') => Err(BadAddress::Wildcard),
            () => Ok(ClientAddress { text: text.to_owned(), url }),
        }
    }

    /// Whether it leads to an app by a scheme of its own.
    pub fn is_private_scheme(&self) -> bool {
        !matches!(self.url.scheme(), "https" | "http")
    }

    /// Whether `asked` is this address of the machine itself at another port. All other characters are the same.
    pub fn differs_in_port_alone(&self, asked: &str) -> bool {
        let (own, asked) = (without_loopback_port(&self.text), without_loopback_port(asked));
        own.is_some() && own == asked
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

/// Whether a byte never needs an escape in an address (RFC 3986 §2.3).
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Two labels or more, each of letters, digits and `-`, the first beginning with a letter (RFC 3986 §3.1). `scheme` is in small
/// letters already.
fn is_reversed_domain(scheme: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    scheme.contains('.') && scheme.split('.').all(is_label)
}

/// The host of a plain http address of the machine itself, and all that comes after its port.
fn without_loopback_port(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| authority.starts_with(host))?;
    let port = authority.strip_prefix(host)?;
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some((host, path))
}

impl TryFrom<String> for ClientAddress {
    type Error = BadAddress;
    fn try_from(text: String) -> Result<ClientAddress, BadAddress> {
        ClientAddress::parse_of_app(&text)
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
            ("javascript:alert(1)", Err(PrivateScheme)),
            ("data:text/html,x", Err(PrivateScheme)),
            ("com.example.app:/cb", Err(PrivateScheme)),
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
    fn an_app_may_have_a_scheme_that_nobody_else_has() {
        use BadAddress::*;
        for (text, expect) in [
            ("com.example.app:/cb", Ok("com.example.app:/cb?code=x")),
            ("com.example.app://callback", Ok("com.example.app://callback?code=x")),
            ("com.example.my-app:/cb?x=1", Ok("com.example.my-app:/cb?x=1&code=x")),
            ("com.example.app:cb", Ok("com.example.app:cb?code=x")),
            ("https://site.example/cb", Ok("https://site.example/cb?code=x")),
            ("myapp:/cb", Err(PrivateScheme)),
            ("javascript:alert(1)", Err(PrivateScheme)),
            ("data:text/html,x", Err(PrivateScheme)),
            ("file:///etc/passwd", Err(PrivateScheme)),
            ("ftp://site.example/", Err(PrivateScheme)),
            ("com..app:/cb", Err(PrivateScheme)),
            ("com.app.:/cb", Err(PrivateScheme)),
            ("com.example+app:/cb", Err(PrivateScheme)),
            ("com.example.app:/cb#x", Err(Fragment)),
            ("com.example.app://a@callback", Err(UserInfo)),
            ("com.example.app:/*", Err(Wildcard)),
            ("http://site.example/cb", Err(NotHttps)),
        ] {
            let address = ClientAddress::parse_of_app(text);
            let with_code = address.map(|address| address.with_query(&[("code", "x")]).to_string());
            assert_eq!(with_code.as_deref().map_err(|error| *error), expect, "{text}");
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
