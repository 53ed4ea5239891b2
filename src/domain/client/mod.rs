//! Websites that sign people in through OpenID Connect: what each may ask for, and where we may send its visitors.
//!
//! Kept out: the protocol's steps (`grant`) and secrets in the clear, of which only digests are known here.

mod address;
mod post_logout;
mod scope;
mod subject;
mod username;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::address::{BadAddress, ClientAddress, is_unreserved};
pub use self::post_logout::PostLogoutAddress;
pub use self::scope::{Scope, Scopes, scope_text, scopes_in};
pub use self::subject::SubjectForm;
pub use self::username::UserName;
use super::deliveries::subscriber::SubscriberName;
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

/// Where a person who lacks the client's roles is told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RefusedAt {
    /// On a page of ours, with a link back to the client. Some clients would send the person straight back here, without end.
    #[default]
    OurPage,
    /// At the client, which gets `access_denied` at once and has a page of its own for it.
    Client,
}

impl RefusedAt {
    /// Every one, with its name in the configuration.
    pub const ALL: [(&str, RefusedAt); 2] = [("page", RefusedAt::OurPage), ("redirect", RefusedAt::Client)];

    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusedAt::OurPage => "page",
            RefusedAt::Client => "redirect",
        }
    }
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
    pub post_logout_redirect_uris: Vec<PostLogoutAddress>,
    /// Where it hears that a session is over.
    pub back_channel_logout_uri: Option<ClientAddress>,
    /// How it proves who it is.
    pub proof: Proof,
    /// What it may ask for; `openid` is among them.
    pub scopes: Scopes,
    /// What it gets if it names no scope at all; some of `scopes`.
    pub default_scopes: Scopes,
    /// A refresh token is replaced at each use. `None`: if the client is public (RFC 9700 §2.2.2).
    pub rotate_refresh_tokens: Option<bool>,
    /// What `sub` is.
    #[serde(default)]
    pub subject: SubjectForm,
    /// What `preferred_username` is.
    pub user_name: UserName,
    /// The association vouches for the e-mail addresses that the client is told. `None`: as it does for clients at large.
    pub email_verified: Option<bool>,
    /// Where a person without the client's roles is told so.
    pub refusal: RefusedAt,
    /// What its ID tokens are signed with.
    pub id_token_algorithm: Algorithm,
    /// Who may sign in to it.
    pub require: Require,
    /// This subscriber is told of a person before the client gets a code for them.
    #[serde(default)]
    pub told_first: Option<SubscriberName>,
}

impl Client {
    /// A client that everybody may sign in to, with the usual scopes, and no addresses yet.
    pub fn new(id: ClientId, proof: Proof) -> Client {
        let scopes =
            Scopes::from([Scope::OpenId, Scope::Profile, Scope::Email, Scope::Roles, Scope::Membership]);
        Client {
            name: id.to_string(),
            id,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            back_channel_logout_uri: None,
            proof,
            default_scopes: Client::usual_defaults(&scopes),
            scopes,
            rotate_refresh_tokens: None,
            subject: SubjectForm::default(),
            user_name: UserName::default(),
            email_verified: None,
            refusal: RefusedAt::default(),
            id_token_algorithm: Algorithm::Rs256,
            require: Require::SignedIn,
            told_first: None,
        }
    }

    /// What a client gets that names no scope, unless it is said otherwise: all about the person that it may ask for. It is a
    /// plain OAuth 2.0 client then, so there is no `openid` among it.
    pub fn usual_defaults(scopes: &Scopes) -> Scopes {
        let about_the_person = |scope: &Scope| !matches!(scope, Scope::OpenId | Scope::OfflineAccess);
        scopes.iter().copied().filter(about_the_person).collect()
    }

    /// The redirect address that equals `asked`. The port of a loopback address is an app's to choose, each time (RFC 8252 §7.3).
    pub fn redirect_uri(&self, asked: &str) -> Option<Cow<'_, ClientAddress>> {
        let exact = self.redirect_uris.iter().find(|address| address.as_str() == asked);
        exact.map(Cow::Borrowed).or_else(|| {
            let is_like = |address: &ClientAddress| address.differs_in_port_alone(asked);
            let app = self.is_public() && self.redirect_uris.iter().any(is_like);
            app.then(|| ClientAddress::parse(asked).ok()).flatten().map(Cow::Owned)
        })
    }

    /// Whether a refresh token is replaced when it is used.
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.rotate_refresh_tokens.unwrap_or(self.is_public())
    }

    /// `asked`, if a logout may end there.
    pub fn post_logout_redirect_uri(&self, asked: &str) -> Option<ClientAddress> {
        self.post_logout_redirect_uris.iter().find_map(|address| address.matches(asked))
    }

    /// Whether it is a script or an app without a secret.
    pub fn is_public(&self) -> bool {
        self.proof == Proof::Public
    }
}

/// Every client.
#[derive(Debug, Default)]
pub struct Clients {
    by_id: HashMap<String, Arc<Client>>,
    email_verified: bool,
}

impl Clients {
    /// Arranges clients for look-up. Of two with the same id the first counts. `email_verified`: what holds for a client that
    /// says nothing of it.
    pub fn new(clients: impl IntoIterator<Item = Client>, email_verified: bool) -> Clients {
        let mut by_id = HashMap::new();
        for client in clients {
            by_id.entry(client.id.to_string()).or_insert_with(|| Arc::new(client));
        }
        Clients { by_id, email_verified }
    }

    /// Finds one.
    pub fn find(&self, id: &str) -> Option<&Arc<Client>> {
        self.by_id.get(id)
    }

    /// Every client.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.by_id.values()
    }

    /// Whether the association vouches for the e-mail addresses that this client is told.
    pub fn email_verified(&self, client: &Client) -> bool {
        client.email_verified.unwrap_or(self.email_verified)
    }

    /// Whether scripts from `origin` may read our answers: it is that of a public client's redirect address.
    pub fn is_origin_of_a_public_client(&self, origin: &str) -> bool {
        let public = self.all().filter(|client| client.is_public());
        let origins = public.flat_map(|client| &client.redirect_uris).map(|uri| uri.url().origin());
        // An app's own scheme has an opaque origin, `null`, which every sandboxed frame may claim to be.
        origins.filter(url::Origin::is_tuple).any(|own| own.ascii_serialization() == origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CVE-2024-52289 and CVE-2026-41569: neither patterns nor prefixes.
    #[test]
    fn a_redirect_address_is_equal_or_it_is_none() {
        let client = Client {
            redirect_uris: vec![ClientAddress::parse("https://site.example/cb").unwrap()],
            ..Client::new(ClientId::parse("a").unwrap(), Proof::Public)
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
        let clients =
            Clients::new([client.clone(), Client { redirect_uris: Vec::new(), ..client.clone() }], false);
        assert_eq!(**clients.find("a").unwrap(), client, "the first counts");
        assert!(clients.is_origin_of_a_public_client("https://site.example"));
        for other in
            ["https://site.example.evil.example", "http://site.example", "null", "https://evil-site.example"]
        {
            assert!(!clients.is_origin_of_a_public_client(other), "{other}");
        }
    }

    /// RFC 8252 §7.3 and §7.1.
    #[test]
    fn an_app_may_listen_at_any_port_of_its_own_machine() {
        let addresses = [
            "http://127.0.0.1/cb?x=1",
            "http://[::1]:7000/cb",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
            "https://app.example:7/cb",
        ];
        let app = Client {
            redirect_uris: addresses.map(|text| ClientAddress::parse_of_app(text).unwrap()).into(),
            ..Client::new(ClientId::parse("app").unwrap(), Proof::Public)
        };
        let server = Client { proof: Proof::Secret(vec![[0; 32]]), ..app.clone() };
        for asked in addresses {
            assert_eq!(app.redirect_uri(asked).unwrap().as_str(), asked);
        }
        for asked in [
            "http://127.0.0.1:51004/cb?x=1",
            "http://127.0.0.1:65535/cb?x=1",
            "http://[::1]/cb",
            "http://[::1]:9/cb",
            "http://localhost:51004/cb",
        ] {
            assert_eq!(
                app.redirect_uri(asked).map(|address| address.as_str().to_owned()).as_deref(),
                Some(asked)
            );
            assert!(server.redirect_uri(asked).is_none(), "a server has one address: {asked}");
        }
        for asked in [
            "http://127.0.0.1:51004/cb",
            "http://127.0.0.1:51004/cb?x=1&y",
            "http://127.0.0.1:51004/cb?x=1#",
            "http://127.0.0.1:0/cb?x=1",
            "http://127.0.0.1:65536/cb?x=1",
            "http://127.0.0.1:/cb?x=1",
            "http://127.0.0.1:+1/cb?x=1",
            "http://127.0.0.2:51004/cb?x=1",
            "http://127.1:51004/cb?x=1",
            "http://127.0.0.1.evil.example:80/cb?x=1",
            "http://127.0.0.1:1@evil.example/cb?x=1",
            "http://evil.example:1/cb?x=1",
            "https://127.0.0.1:1/cb?x=1",
            "HTTP://127.0.0.1:1/cb?x=1",
            "http://localhost.evil.example:1/cb",
            "http://localhost:1/./cb",
            "https://app.example:8/cb",
            "com.example.app:/cb2",
            "com.example.app://cb",
            "com.example.app:8/cb",
            "com.evil.app:/cb",
        ] {
            assert!(app.redirect_uri(asked).is_none(), "{asked}");
        }
        let clients = Clients::new([app], false);
        assert!(!clients.is_origin_of_a_public_client("null"), "an app's own scheme is no origin");
        assert!(clients.is_origin_of_a_public_client("http://localhost:3000"));
        assert!(!clients.is_origin_of_a_public_client("http://localhost:3001"));
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
