//! What an administrator typed about a client, and the client that it makes; or what to mend.

use crate::domain::access::Require;
use crate::domain::client::{
    Algorithm, BadAddress, Client, ClientAddress, ClientId, PostLogoutAddress, Proof, RefusedAt, Scope,
    Scopes, UserName,
};
use crate::domain::rule::Role;
use crate::web::admin::fields::FieldErrors;

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
    /// What it gets if it names no scope.
    pub default_scopes: Vec<String>,
    /// Whether its refresh tokens are replaced: `yes`, `no`, or as usual.
    pub rotate_refresh_tokens: String,
    /// What its user names are.
    pub user_name: String,
    /// Whether e-mail addresses are verified: `yes`, `no`, or as usual.
    pub email_verified: String,
    /// Where people without a role are told so.
    pub refusal: String,
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
            default_scopes: usual.map(|scope| scope.as_str().to_owned()).into(),
            rotate_refresh_tokens: USUAL.to_owned(),
            user_name: UserName::default().as_str().to_owned(),
            email_verified: USUAL.to_owned(),
            refusal: RefusedAt::default().as_str().to_owned(),
            algorithm: Algorithm::Rs256.as_str().to_owned(),
            by_role: false,
            roles: Vec::new(),
        }
    }
}

impl From<&Client> for TypedClient {
    fn from(client: &Client) -> TypedClient {
        let lines = |addresses: Vec<&str>| addresses.join("\n");
        let names = |scopes: &Scopes| scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        let roles = match &client.require {
            Require::AnyOf(roles) | Require::AllOf(roles) => roles.as_slice(),
            Require::Public | Require::SignedIn => &[],
        };
        TypedClient {
            id: client.id.to_string(),
            name: client.name.clone(),
            redirect_uris: lines(client.redirect_uris.iter().map(ClientAddress::as_str).collect()),
            post_logout_redirect_uris: lines(
                client.post_logout_redirect_uris.iter().map(PostLogoutAddress::as_str).collect(),
            ),
            back_channel_logout_uri: client
                .back_channel_logout_uri
                .as_ref()
                .map(|address| address.as_str().to_owned())
                .unwrap_or_default(),
            is_public: client.is_public(),
            scopes: names(&client.scopes),
            default_scopes: names(&client.default_scopes),
            rotate_refresh_tokens: answer_of(client.rotate_refresh_tokens).to_owned(),
            user_name: client.user_name.as_str().to_owned(),
            email_verified: answer_of(client.email_verified).to_owned(),
            refusal: client.refusal.as_str().to_owned(),
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
            default_scopes: all("default_scope"),
            rotate_refresh_tokens: one("rotate_refresh_tokens"),
            user_name: one("user_name"),
            email_verified: one("email_verified"),
            refusal: one("refusal"),
            algorithm: one("algorithm"),
            // Whatever is not plainly everybody asks for a role.
            by_role: one("who") != "everybody",
            roles: all("role"),
        }
    }

    /// The client, with no secret yet; or what to mend, by field. `now`: the client that is changed, whose id and kind stay.
    pub fn client(&self, now: Option<&Client>) -> Result<Client, FieldErrors> {
        let mut errors = FieldErrors::new();
        let id = now.map(|now| now.id.clone()).or_else(|| self.id(&mut errors));
        let is_public = now.map_or(self.is_public, Client::is_public);
        let parse = if is_public { ClientAddress::parse_of_app } else { ClientAddress::parse };
        if self.name.is_empty() || self.name.chars().count() > LONGEST_NAME {
            let say = format!("Type a name of at most {LONGEST_NAME} characters.");
            errors.insert("name".to_owned(), say);
        }
        let redirect_uris = addresses("redirect_uris", &self.redirect_uris, parse, &mut errors);
        if redirect_uris.is_empty() && !errors.contains_key("redirect_uris") {
            let say = "Type the address that the site tells you; without one nobody can sign in.";
            errors.insert("redirect_uris".to_owned(), say.to_owned());
        }
        let after = &self.post_logout_redirect_uris;
        let parse = if is_public { PostLogoutAddress::parse_of_app } else { PostLogoutAddress::parse };
        let after = addresses("post_logout_redirect_uris", after, parse, &mut errors);
        let told = &self.back_channel_logout_uri;
        let told = addresses("back_channel_logout_uri", told, ClientAddress::parse, &mut errors);
        if told.len() > 1 {
            errors.insert("back_channel_logout_uri".to_owned(), "Type one address.".to_owned());
        }
        let named =
            |names: &[String]| -> Scopes { names.iter().filter_map(|name| Scope::parse(name)).collect() };
        // Without it nothing is OpenID Connect.
        let scopes: Scopes = named(&self.scopes).into_iter().chain([Scope::OpenId]).collect();
        let rotates = answer("rotate_refresh_tokens", &self.rotate_refresh_tokens, &mut errors);
        let email_verified = answer("email_verified", &self.email_verified, &mut errors);
        let user_name = choice("user_name", &self.user_name, &UserName::ALL, &mut errors);
        let refusal = choice("refusal", &self.refusal, &RefusedAt::ALL, &mut errors);
        let algorithm = Algorithm::parse(&self.algorithm);
        if algorithm.is_none() {
            errors.insert("algorithm".to_owned(), "Choose one of the three.".to_owned());
        }
        let roles: Vec<Role> = self.roles.iter().filter_map(|role| Role::parse(role).ok()).collect();
        if self.by_role && roles.is_empty() {
            errors.insert("role".to_owned(), "Tick at least one role, or let everybody in.".to_owned());
        }
        let (Some(id), Some(algorithm), true) = (id, algorithm, errors.is_empty()) else {
            return Err(errors);
        };
        let proof = if self.is_public { Proof::Public } else { Proof::Secret(Vec::new()) };
        Ok(Client {
            name: self.name.clone(),
            redirect_uris,
            post_logout_redirect_uris: after,
            back_channel_logout_uri: told.into_iter().next(),
            default_scopes: named(&self.default_scopes).intersection(&scopes).copied().collect(),
            scopes,
            rotate_refresh_tokens: rotates,
            user_name,
            email_verified,
            refusal,
            id_token_algorithm: algorithm,
            require: if self.by_role { Require::AnyOf(roles) } else { Require::SignedIn },
            ..Client::new(id, proof)
        })
    }

    fn id(&self, errors: &mut FieldErrors) -> Option<ClientId> {
        let id = ClientId::parse(&self.id);
        if id.is_err() {
            let say = "Use 1 to 64 of A–Z, a–z, 0–9, “-”, “.”, “_” and “~”, such as forum.";
            errors.insert("id".to_owned(), say.to_owned());
        }
        id.ok()
    }
}

/// What is sent for a question that is left to the usual.
pub const USUAL: &str = "usual";

/// Yes, no, or as usual.
fn answer_of(said: Option<bool>) -> &'static str {
    said.map_or(USUAL, |yes| if yes { "yes" } else { "no" })
}

fn answer(field: &str, typed: &str, errors: &mut FieldErrors) -> Option<bool> {
    choice(field, typed, &[(USUAL, None), ("yes", Some(true)), ("no", Some(false))], errors)
}

/// One of a few; nothing is the usual.
fn choice<T: Copy + Default>(field: &str, typed: &str, choices: &[(&str, T)], errors: &mut FieldErrors) -> T {
    let chosen = choices.iter().find(|(name, _)| *name == typed).map(|(_, value)| *value);
    if chosen.is_none() && !typed.is_empty() {
        errors.insert(field.to_owned(), "Choose one from the list.".to_owned());
    }
    chosen.unwrap_or_default()
}

/// One address on each line; empty lines are passed over.
fn addresses<T: PartialEq>(
    field: &str,
    typed: &str,
    parse: fn(&str) -> Result<T, BadAddress>,
    errors: &mut FieldErrors,
) -> Vec<T> {
    let lines: Vec<&str> = typed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > MOST_ADDRESSES {
        errors.insert(field.to_owned(), format!("Type at most {MOST_ADDRESSES} addresses."));
        return Vec::new();
    }
    let mut addresses = Vec::new();
    for line in lines {
        match parse(line) {
            Ok(address) if addresses.contains(&address) => {}
            Ok(address) => addresses.push(address),
            Err(error) => {
                errors.insert(field.to_owned(), format!("“{line}” cannot be used: {error}."));
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
            Client {
                default_scopes: Scopes::from([Scope::OpenId, Scope::Email]),
                rotate_refresh_tokens: Some(true),
                user_name: UserName::Name,
                email_verified: Some(false),
                refusal: RefusedAt::Client,
                ..client.clone()
            },
            Client {
                proof: Proof::Public,
                redirect_uris: vec![ClientAddress::parse_of_app("com.example.forum:/cb").unwrap()],
                ..client.clone()
            },
            Client { require: Require::AnyOf(vec![Role::parse("member").unwrap()]), ..client.clone() },
        ] {
            assert_eq!(TypedClient::from(&client).client(Some(&client)).unwrap(), client);
        }
    }

    #[test]
    fn a_default_scope_that_the_site_may_not_learn_is_none() {
        let typed = TypedClient { scopes: vec!["profile".to_owned()], ..good() };
        assert_eq!(typed.client(None).unwrap().default_scopes, Scopes::from([Scope::Profile]));
    }

    #[test]
    fn what_cannot_be_used_is_told_at_its_field() {
        type Break = fn(&mut TypedClient);
        let cases: [(&str, Break); 17] = [
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
            ("redirect_uris", |typed| typed.redirect_uris = "com.example.forum:/cb".to_owned()),
            ("rotate_refresh_tokens", |typed| typed.rotate_refresh_tokens = "often".to_owned()),
            ("user_name", |typed| typed.user_name = "number".to_owned()),
            ("email_verified", |typed| typed.email_verified = "perhaps".to_owned()),
            ("refusal", |typed| typed.refusal = "nowhere".to_owned()),
            ("algorithm", |typed| typed.algorithm = "none".to_owned()),
            ("role", |typed| typed.by_role = true),
        ];
        for (field, break_it) in cases {
            let mut typed = good();
            break_it(&mut typed);
            let errors = typed.client(None).unwrap_err();
            assert_eq!(errors.keys().collect::<Vec<_>>(), [field], "{errors:?}");
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
