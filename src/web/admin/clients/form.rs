//! What an administrator typed about a client, and the client that it makes; or what to mend.

use crate::domain::access::Require;
use crate::domain::client::{Algorithm, Client, ClientAddress, ClientId, Proof, Scope, Scopes};
use crate::domain::rule::Role;
use crate::web::admin::typed::Mends;

/// Longest name, in characters.
const LONGEST_NAME: usize = 80;

/// Addresses of one kind.
const MOST_ADDRESSES: usize = 20;

/// What stands in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedClient {
    /// `client_id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Redirect addresses, one on each line.
    pub redirect_uris: String,
    /// Addresses after a logout, one on each line.
    pub post_logout_redirect_uris: String,
    /// Where it is told of logouts.
    pub back_channel_logout_uri: String,
    /// It cannot keep a secret.
    pub is_public: bool,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// With what its ID tokens are signed.
    pub algorithm: String,
    /// Only people with certain roles may sign in.
    pub by_role: bool,
    /// Any of these.
    pub roles: Vec<String>,
}

impl Default for TypedClient {
    fn default() -> TypedClient {
        let usual = [Scope::Profile, Scope::Email, Scope::Roles, Scope::Membership];
        TypedClient {
            id: String::new(),
            name: String::new(),
            redirect_uris: String::new(),
            post_logout_redirect_uris: String::new(),
            back_channel_logout_uri: String::new(),
            is_public: false,
            scopes: usual.map(|scope| scope.as_str().to_owned()).into(),
            algorithm: Algorithm::Rs256.as_str().to_owned(),
            by_role: false,
            roles: Vec::new(),
        }
    }
}

impl From<&Client> for TypedClient {
    fn from(client: &Client) -> TypedClient {
        let lines = |addresses: &[ClientAddress]| {
            addresses.iter().map(ClientAddress::as_str).collect::<Vec<_>>().join("\n")
        };
        let roles = match &client.require {
            Require::AnyOf(roles) | Require::AllOf(roles) => roles.as_slice(),
            Require::Public | Require::SignedIn => &[],
        };
        TypedClient {
            id: client.id.to_string(),
            name: client.name.clone(),
            redirect_uris: lines(&client.redirect_uris),
            post_logout_redirect_uris: lines(&client.post_logout_redirect_uris),
            back_channel_logout_uri: client
                .back_channel_logout_uri
                .as_ref()
                .map(|address| address.as_str().to_owned())
                .unwrap_or_default(),
            is_public: client.is_public(),
            scopes: client.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            algorithm: client.id_token_algorithm.as_str().to_owned(),
            by_role: client.require != Require::SignedIn,
            roles: roles.iter().map(Role::to_string).collect(),
        }
    }
}

impl TypedClient {
    /// Reads a form that was sent.
    pub fn read(form: &[(String, String)]) -> TypedClient {
        let one = |name: &str| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let all =
            |name: &str| form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect();
        TypedClient {
            id: one("id"),
            name: one("name"),
            redirect_uris: one("redirect_uris"),
            post_logout_redirect_uris: one("post_logout_redirect_uris"),
            back_channel_logout_uri: one("back_channel_logout_uri"),
            is_public: one("kind") == "public",
            scopes: all("scope"),
            algorithm: one("algorithm"),
            // Whatever is not plainly everybody asks for a role.
            by_role: one("who") != "everybody",
            roles: all("role"),
        }
    }

    /// The client, with no secret yet; or what to mend, by field. `id`: the client that is changed, whose name stays.
    pub fn client(&self, id: Option<&ClientId>) -> Result<Client, Mends> {
        let mut mends = Mends::new();
        let id = id.cloned().or_else(|| self.id(&mut mends));
        if self.name.is_empty() || self.name.chars().count() > LONGEST_NAME {
            let say = format!("Type a name of at most {LONGEST_NAME} characters.");
            mends.insert("name".to_owned(), say);
        }
        let redirect_uris = addresses("redirect_uris", &self.redirect_uris, &mut mends);
        if redirect_uris.is_empty() && !mends.contains_key("redirect_uris") {
            let say = "Type the address that the site tells you; without one nobody can sign in.";
            mends.insert("redirect_uris".to_owned(), say.to_owned());
        }
        let after = addresses("post_logout_redirect_uris", &self.post_logout_redirect_uris, &mut mends);
        let told = addresses("back_channel_logout_uri", &self.back_channel_logout_uri, &mut mends);
        if told.len() > 1 {
            mends.insert("back_channel_logout_uri".to_owned(), "Type one address.".to_owned());
        }
        let scopes: Scopes = self.scopes.iter().filter_map(|name| Scope::parse(name)).collect();
        let algorithm = Algorithm::parse(&self.algorithm);
        if algorithm.is_none() {
            mends.insert("algorithm".to_owned(), "Choose one of the three.".to_owned());
        }
        let roles: Vec<Role> = self.roles.iter().filter_map(|role| Role::parse(role).ok()).collect();
        if self.by_role && roles.is_empty() {
            mends.insert("role".to_owned(), "Tick at least one role, or let everybody in.".to_owned());
        }
        let (Some(id), Some(algorithm), true) = (id, algorithm, mends.is_empty()) else { return Err(mends) };
        Ok(Client {
            id,
            name: self.name.clone(),
            redirect_uris,
            post_logout_redirect_uris: after,
            back_channel_logout_uri: told.into_iter().next(),
            proof: if self.is_public { Proof::Public } else { Proof::Secret(Vec::new()) },
            // Without it nothing is OpenID Connect.
            scopes: scopes.into_iter().chain([Scope::OpenId]).collect(),
            id_token_algorithm: algorithm,
            require: if self.by_role { Require::AnyOf(roles) } else { Require::SignedIn },
        })
    }

    fn id(&self, mends: &mut Mends) -> Option<ClientId> {
        let id = ClientId::parse(&self.id);
        if id.is_err() {
            let say = "Use 1 to 64 of A–Z, a–z, 0–9, “-”, “.”, “_” and “~”, such as forum.";
            mends.insert("id".to_owned(), say.to_owned());
        }
        id.ok()
    }
}

/// One address on each line; empty lines are passed over.
fn addresses(field: &str, typed: &str, mends: &mut Mends) -> Vec<ClientAddress> {
    let lines: Vec<&str> = typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > MOST_ADDRESSES {
        mends.insert(field.to_owned(), format!("Type at most {MOST_ADDRESSES} addresses."));
        return Vec::new();
    }
    let mut addresses = Vec::new();
    for line in lines {
        match ClientAddress::parse(line) {
            Ok(address) if addresses.contains(&address) => {}
            Ok(address) => addresses.push(address),
            Err(error) => {
                mends.insert(field.to_owned(), format!("“{line}” cannot be used: {error}."));
            }
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> TypedClient {
        TypedClient {
            id: "forum".to_owned(),
            name: "Forum".to_owned(),
            redirect_uris:
                "https://forum.example/cb\n\n https://forum.example/two \nhttps://forum.example/cb".to_owned(),
            back_channel_logout_uri: "https://forum.example/out".to_owned(),
            ..TypedClient::default()
        }
    }

    #[test]
    fn what_is_typed_makes_the_client_and_the_client_fills_the_form() {
        let client = good().client(None).unwrap();
        assert_eq!(client.redirect_uris.len(), 2);
        assert!(client.scopes.contains(&Scope::OpenId) && !client.scopes.contains(&Scope::OfflineAccess));
        assert_eq!(
            (client.require.clone(), client.proof.clone()),
            (Require::SignedIn, Proof::Secret(Vec::new()))
        );
        for client in [
            client.clone(),
            Client { proof: Proof::Public, ..client.clone() },
            Client { require: Require::AnyOf(vec![Role::parse("member").unwrap()]), ..client.clone() },
        ] {
            assert_eq!(TypedClient::from(&client).client(Some(&client.id)).unwrap(), client);
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_at_its_field() {
        type Break = fn(&mut TypedClient);
        let cases: [(&str, Break); 12] = [
            ("id", |typed| typed.id = String::new()),
            ("id", |typed| typed.id = "the forum".to_owned()),
            ("name", |typed| typed.name = String::new()),
            ("name", |typed| typed.name = "x".repeat(81)),
            ("redirect_uris", |typed| typed.redirect_uris = String::new()),
            ("redirect_uris", |typed| typed.redirect_uris = "http://forum.example/cb".to_owned()),
            ("redirect_uris", |typed| typed.redirect_uris = "https://forum.example/*".to_owned()),
            ("redirect_uris", |typed| {
                typed.redirect_uris = (0..21).map(|n| format!("https://forum.example/{n}\n")).collect();
            }),
            ("post_logout_redirect_uris", |typed| typed.post_logout_redirect_uris = "forum".to_owned()),
            ("back_channel_logout_uri", |typed| {
                typed.back_channel_logout_uri.push_str("\nhttps://forum.example/2");
            }),
            ("algorithm", |typed| typed.algorithm = "none".to_owned()),
            ("role", |typed| typed.by_role = true),
        ];
        for (field, break_it) in cases {
            let mut typed = good();
            break_it(&mut typed);
            let mends = typed.client(None).unwrap_err();
            assert_eq!(mends.keys().collect::<Vec<_>>(), [field], "{mends:?}");
        }
    }

    #[test]
    fn a_form_that_does_not_say_who_may_sign_in_lets_nobody_in() {
        let form = [
            ("id", "forum"),
            ("name", "Forum"),
            ("redirect_uris", "https://a.example/"),
            ("algorithm", "RS256"),
        ];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let typed = TypedClient::read(&form);
        assert!(typed.by_role);
        assert!(typed.client(None).unwrap_err().contains_key("role"));
    }
}
