//! The page that shows a new secret, once, beside everything else that the site must be told.

use askama::Template;
use http::StatusCode;

use crate::domain::client::ClientId;
use crate::web::admin::links::Address;
use crate::web::admin::shell::Shell;
use crate::web::pages::{Forms, Page};
use crate::web::paths;

/// The page.
#[derive(Clone, Template)]
#[template(path = "admin/client_secret.html")]
pub struct SecretPage {
    /// Around the page.
    pub shell: Shell,
    /// The client's name.
    pub name: String,
    secret: String,
    values: Vec<Address>,
}

impl SecretPage {
    /// Shows the secret of a client.
    pub fn new(shell: Shell, issuer: &str, id: &ClientId, name: &str, secret: &str) -> SecretPage {
        let (name, secret) = (name.to_owned(), secret.to_owned());
        SecretPage { shell, name, secret, values: values(issuer, id.as_str()) }
    }
}

/// What a site must be told of us, but the secret. Most sites find all but the first two by themselves.
pub fn values(issuer: &str, id: &str) -> Vec<Address> {
    let at = |id, name, says, path: &str| Address { id, name, says, address: format!("{issuer}{path}") };
    vec![
        Address { id: "client-id", name: "Client ID", says: "", address: id.to_owned() },
        at("issuer", "Issuer", "Also called provider or service address.", ""),
        at("discovery", "Discovery address", "From here most sites read all that follows.", paths::DISCOVERY),
        at("authorize", "Authorization endpoint", "Also called login address.", paths::AUTHORIZE),
        at("token-endpoint", "Token endpoint", "", paths::TOKEN),
        at("userinfo", "User information endpoint", "", paths::USERINFO),
        at("end-session", "Logout endpoint", "Also called end session endpoint.", paths::END_SESSION),
        at("jwks", "Public keys", "Also called JWKS address.", paths::JWKS),
    ]
}

impl Page for SecretPage {
    const STYLE: &'static str = crate::web::admin::STYLE;
    const SCRIPT: &'static str = crate::web::admin::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::shell::Room;
        use crate::web::admin::tests::samples;
        let (shell, id) = (samples::shell(Room::Clients), ClientId::parse("forum").unwrap());
        let issuer = "https://library.harbour.example";
        vec![(
            "client_secret",
            SecretPage::new(shell, issuer, &id, "Forum & wiki", "not-a-secret-but-a-sample"),
        )]
    }
}
