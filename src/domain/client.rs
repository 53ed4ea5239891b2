//! Websites that sign people in through OpenID Connect: what each may ask for, and where we may send its visitors.
//!
//! Addresses are compared as whole texts, never by prefix or pattern (RFC 9700 §2.1), and only such are accepted as are safe to
//! send a code to. Kept out: the protocol's steps (`grant`) and secrets in the clear, of which only digests are known here.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use url::{Host, Url};

use super::access::Require;

/// With what a statement is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RSA with SHA-256: what every client understands.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every one.
    pub const ALL: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

    /// Its name in RFC 7518 and RFC 8037.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// Finds one by its name.
    pub fn parse(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// What a client may ask to know or to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To sign a person in. Without it nothing is OpenID Connect.
    OpenId,
    /// The person's names.
    Profile,
    /// The e-mail address.
    Email,
    /// The roles, and until when they hold.
    Roles,
    /// Whether the person is a member, of which type and to which day.
    Membership,
    /// To renew its tokens. Here too they end with the session.
    OfflineAccess,
}

impl Scope {
    /// Every one.
    pub const ALL: [Scope; 6] =
        [Scope::OpenId, Scope::Profile, Scope::Email, Scope::Roles, Scope::Membership, Scope::OfflineAccess];

    /// As it is asked for.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::OpenId => "openid",
            Scope::Profile => "profile",
            Scope::Email => "email",
            Scope::Roles => "roles",
            Scope::Membership => "membership",
            Scope::OfflineAccess => "offline_access",
        }
    }

    /// Finds one by its name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A set of scopes.
pub type Scopes = BTreeSet<Scope>;

/// Scopes as one text, in our order.
pub fn scope_text(scopes: &Scopes) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// How a client proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It cannot: a script in a browser, or an app. It must use PKCE.
    Public,
    /// By a secret, of which we know the SHA-256 alone. Several may be valid while one is replaced.
    Secret(Vec<[u8; 32]>),
}

/// A website that signs people in through us.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`.
    pub id: Arc<str>,
    /// Its name for people.
    pub name: String,
    /// Where a sign-in may end.
    pub redirect_uris: Vec<ClientAddress>,
    /// Where a logout may end.
    pub post_logout_redirect_uris: Vec<ClientAddress>,
    /// Where it hears that a session is over.
    pub back_channel_logout_uri: Option<ClientAddress>,
    /// How it proves who it is.
    pub proof: Proof,
    /// What it may ask for; `openid` is among them.
    pub scopes: Scopes,
    /// What its ID tokens are signed with.
    pub id_token_algorithm: Algorithm,
    /// Who may sign in to it.
    pub require: Require,
}

impl Client {
    /// The redirect address that equals `asked`.
    pub fn redirect_uri(&self, asked: &str) -> Option<&ClientAddress> {
        self.redirect_uris.iter().find(|address| address.as_str() == asked)
    }

    /// The post-logout address that equals `asked`.
    pub fn post_logout_redirect_uri(&self, asked: &str) -> Option<&ClientAddress> {
        self.post_logout_redirect_uris.iter().find(|address| address.as_str() == asked)
    }

    /// Whether it is a script or an app without a secret.
    pub fn is_public(&self) -> bool {
        self.proof == Proof::Public
    }
}

/// An address of a client, exactly as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// Every client.
#[derive(Debug, Default)]
pub struct Clients(HashMap<Arc<str>, Arc<Client>>);

impl Clients {
    /// Arranges clients for look-up. Two with the same id are refused earlier, by the configuration.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Clients {
        Clients(clients.into_iter().map(|client| (Arc::clone(&client.id), Arc::new(client))).collect())
    }

    /// Finds one.
    pub fn find(&self, id: &str) -> Option<&Arc<Client>> {
        self.0.get(id)
    }

    /// Every client.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.0.values()
    }

    /// Whether scripts from `origin` may read our answers: it is that of a public client's redirect address.
    pub fn is_origin_of_a_public_client(&self, origin: &str) -> bool {
        let public = self.all().filter(|client| client.is_public());
        public
            .flat_map(|client| &client.redirect_uris)
            .any(|uri| uri.url.origin().ascii_serialization() == origin)
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

    /// CVE-2024-52289 and CVE-2026-41569: neither patterns nor prefixes.
    #[test]
    fn a_redirect_address_is_equal_or_it_is_none() {
        let client = Client {
            id: "a".into(),
            name: "A".to_owned(),
            redirect_uris: vec![ClientAddress::parse("https://site.example/cb").unwrap()],
            post_logout_redirect_uris: Vec::new(),
            back_channel_logout_uri: None,
            proof: Proof::Public,
            scopes: Scopes::from([Scope::OpenId]),
            id_token_algorithm: Algorithm::Rs256,
            require: Require::SignedIn,
        };
        assert!(client.redirect_uri("https://site.example/cb").is_some());
        for other in [
            "https://site.example/cb/",
            "https://site.example/cb?x",
            "https://site.example/cb#",
            "https://site.example/CB",
            "https://site.example:443/cb",
            "https://SITE.example/cb",
            "https://siteXexample/cb",
            "https://site.example.evil.example/cb",
            "https://site.example/cb.evil.example",
            "https://evil.example/https://site.example/cb",
            "https://site.example/x/../cb",
            "https://xn--example-.org/cb",
            "",
        ] {
            assert!(client.redirect_uri(other).is_none(), "{other}");
        }
        let clients = Clients::new([client]);
        assert!(clients.is_origin_of_a_public_client("https://site.example"));
        for other in
            ["https://site.example.evil.example", "http://site.example", "null", "https://evil-site.example"]
        {
            assert!(!clients.is_origin_of_a_public_client(other), "{other}");
        }
    }
}
