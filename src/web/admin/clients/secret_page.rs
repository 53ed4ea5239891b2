//! The page that shows a new secret, once, beside everything else that the site must be told.

use askama::Template;

use crate::domain::client::{Client, Scopes, scope_text};
use crate::web::admin::fields::CopyValue;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::paths;

/// The page.
#[derive(Clone, Template)]
#[template(path = "admin/clients/secret.html")]
pub struct SecretPage {
    /// Around the page.
    pub shell: Shell,
    /// The client's name.
    pub name: String,
    secret: String,
    values: Vec<CopyValue>,
}

impl SecretPage {
    /// Shows the secret of a client.
    pub fn new(shell: Shell, issuer: &str, client: &Client, secret: &str) -> SecretPage {
        let values = values(issuer, client.id.as_str(), &client.scopes);
        SecretPage { shell, name: client.name.clone(), secret: secret.to_owned(), values }
    }
}

/// What a site must be told of us, but the secret. Most sites find all but the first three by themselves.
pub fn values(issuer: &str, id: &str, scopes: &Scopes) -> Vec<CopyValue> {
    let at = |id, name, says, path: &str| CopyValue { id, name, says, address: format!("{issuer}{path}") };
    vec![
        CopyValue { id: "client-id", name: "Client ID", says: "", address: id.to_owned() },
        CopyValue {
            id: "scopes",
            name: "Scopes",
            says: "What the site may ask for, at most. Some sites have to be told.",
            address: scope_text(scopes),
        },
        at("issuer", "Issuer", "Also called provider or service address.", ""),
        at("discovery", "Discovery address", "From here most sites read all that follows.", paths::DISCOVERY),
        at("authorize", "Authorization endpoint", "Also called login address.", paths::AUTHORIZE),
        at("token-endpoint", "Token endpoint", "", paths::TOKEN),
        at("userinfo", "User information endpoint", "", paths::USERINFO),
        at("end-session", "Logout endpoint", "Also called end session endpoint.", paths::END_SESSION),
        at("jwks", "Public keys", "Also called JWKS address.", paths::JWKS),
    ]
}

admin_pages!(SecretPage);
