//! Websites that sign people in through OpenID Connect: what each may ask for, and where we may send its visitors.
//!
//! Kept out: the protocol's steps (`grant`) and secrets in the clear, of which only digests are known here.

mod address;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::address::{BadAddress, ClientAddress};
use super::require::Require;

/// With what a statement is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSA with SHA-256: what every client understands.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To sign a person in. Without it nothing is OpenID Connect.
    #[serde(rename = "openid")]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// It cannot: a script in a browser, or an app. It must use PKCE.
    Public,
    /// By a secret, of which we know the SHA-256 alone. Several may be valid while one is replaced.
    Secret(Vec<[u8; 32]>),
}

/// `client_id`: 1 to 64 characters that stand for themselves in every encoding that a client may use (RFC 3986 §2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Arc<str>);

/// The text is not a client's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use 1 to 64 of A-Z, a-z, 0-9, `-`, `.`, `_` and `~`")]
pub struct NotAClientId;

impl ClientId {
    /// Parses one.
    pub fn parse(text: &str) -> Result<ClientId, NotAClientId> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_unreserved);
        if fits { Ok(ClientId(text.into())) } else { Err(NotAClientId) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientId {
    type Error = NotAClientId;
    fn try_from(text: String) -> Result<ClientId, NotAClientId> {
        ClientId::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> String {
        id.0.to_string()
    }
}

/// RFC 3986 §2.3.
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// A website that signs people in through us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub id: ClientId,
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

/// Every client.
#[derive(Debug, Default)]
pub struct Clients(HashMap<String, Arc<Client>>);

impl Clients {
    /// Arranges clients for look-up. Of two with the same id the first counts.
    pub fn new(clients: impl IntoIterator<Item = Client>) -> Clients {
        let mut all = HashMap::new();
        for client in clients {
            all.entry(client.id.to_string()).or_insert_with(|| Arc::new(client));
        }
        Clients(all)
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
            .any(|uri| uri.url().origin().ascii_serialization() == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CVE-2024-52289 and CVE-2026-41569: neither patterns nor prefixes.
    #[test]
    fn a_redirect_address_is_equal_or_it_is_none() {
        let client = Client {
            id: ClientId::parse("a").unwrap(),
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
        let clients = Clients::new([client.clone(), Client { redirect_uris: Vec::new(), ..client.clone() }]);
        assert_eq!(**clients.find("a").unwrap(), client, "the first counts");
        assert!(clients.is_origin_of_a_public_client("https://site.example"));
        for other in
            ["https://site.example.evil.example", "http://site.example", "null", "https://evil-site.example"]
        {
            assert!(!clients.is_origin_of_a_public_client(other), "{other}");
        }
    }

    #[test]
    fn an_id_stands_for_itself_in_every_encoding() {
        for (text, fits) in [
            ("wiki", true),
            ("W-1.x_~", true),
            (&"a".repeat(64), true),
            (&"a".repeat(65), false),
            ("", false),
            ("wi ki", false),
            ("wiki:", false),
            ("wïki", false),
            ("a%20", false),
        ] {
            assert_eq!(ClientId::parse(text).is_ok(), fits, "{text}");
        }
    }
}
