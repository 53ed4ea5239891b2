//! One site of one association, and how its section of the configuration is spoken of.

use openidconnect::AuthType;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::openid::{IdTokenAlgorithm, OpenIdSettings};
use crate::domain::record::IndividualId;
use crate::domain::supplied::AmsPlaces;

/// Where its keys are found in Novi, by the key of the section.
const SITE: (&str, &str) =
    ("site", "The address of your own website in Novi, as your members see it, with www. if it has that.");
const CLIENT_ID: (&str, &str) = ("client_id", "In Novi: gear icon, SSO Clients, your client: Client ID.");
const CLIENT_SECRET: (&str, &str) =
    ("client_secret", "In Novi: gear icon, SSO Clients, your client: Client Secret.");
const API_KEY: (&str, &str) = (
    "api_key",
    "In Novi: gear icon, API Keys, your key. Novi’s support switches the API on for a site first.",
);

/// Where Novi asks for our addresses, and shows what the configuration asks for.
pub(crate) const PLACES: AmsPlaces = AmsPlaces {
    callback: "In Novi: gear icon, SSO Clients, your client: Redirect URLs. Add it there as it is here; several stand behind each other \
               with commas and no spaces between.",
    logout: "Ask Novi’s support to send browsers here from /log-out. Whoever logs out there is then signed out here too.",
    hook: Some(
        "In Novi: gear icon, API Keys, your key: Webhook URL, with all three events. The command `membergate hooks register` does the same.",
    ),
    credentials: &[SITE, CLIENT_ID, CLIENT_SECRET, API_KEY],
};

/// One environment: the site itself, or its staging site. Each has addresses, ids and keys of its own.
#[derive(Debug, Clone)]
pub struct NoviSite {
    /// What it is called: `production`, `staging`.
    pub name: String,
    /// The association's own website, without a path.
    pub site: Url,
    /// The hosts that the metadata of its login may name.
    pub hosts: AllowedHosts,
    /// Of the client for single sign-on.
    pub client_id: String,
    /// Of the client for single sign-on.
    pub client_secret: SecretString,
    /// Of the interface.
    pub api_key: SecretString,
    /// How ID tokens are signed.
    pub algorithm: IdTokenAlgorithm,
    /// Somebody who stays on file. `None`: whoever was read lately.
    pub canary: Option<IndividualId>,
}

impl NoviSite {
    /// Under what is kept what was read there.
    pub(in crate::adapters::ams) fn kept_under(&self) -> String {
        format!("novi-{}", self.name)
    }

    pub(super) fn openid(&self) -> OpenIdSettings {
        let mut metadata = self.site.clone();
        metadata.set_path("/.well-known/openid-configuration");
        let issuer = self.site.origin().ascii_serialization();
        OpenIdSettings {
            metadata,
            issuers: vec![format!("{issuer}/"), issuer],
            hosts: self.hosts.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            algorithm: self.algorithm,
            nonce_required: false,
            may_lack_id_token: false,
            first_auth: AuthType::BasicAuth,
            scopes: &["profile", "email"],
            parameters: &[],
        }
    }

    pub(in crate::adapters::ams) fn values(&self) -> Vec<(&'static str, Vec<u8>)> {
        let NoviSite { name: _, site, hosts: _, client_id, client_secret, api_key, algorithm, canary } = self;
        let all = [
            ("site", site.to_string()),
            ("client_id", client_id.clone()),
            ("client_secret", client_secret.expose_secret().to_owned()),
            ("api_key", api_key.expose_secret().to_owned()),
            ("algorithm", algorithm.as_str().to_owned()),
            ("canary", format!("{canary:?}")),
        ];
        all.into_iter().map(|(key, value)| (key, value.into_bytes())).collect()
    }

    pub(in crate::adapters::ams) fn doubt(&self) -> Option<(&'static str, String, String)> {
        let host = self.site.host_str().unwrap_or_default();
        let is_staging = ["novistaging.com", "novitesting.com"].iter().any(|of| host.ends_with(of));
        (is_staging && self.name == "production").then(|| {
            let trouble = format!("`{host}` is one of Novi's staging sites");
            (
                "site",
                trouble,
                "Name the association's own website; a staging site belongs to `[ams.staging]`".into(),
            )
        })
    }

    pub(in crate::adapters::ams) fn remedy(&self, error: &AmsError) -> String {
        let name = &self.name;
        match error {
            AmsError::Unreachable(_) => format!("See whether this machine may reach `ams.{name}.site`"),
            AmsError::CredentialsRefused | AmsError::ArrivalRefused | AmsError::OtherPerson => {
                format!(
                    "Compare `api_key` below `[ams.{name}]` with Novi (gear icon, API Keys), and `client_id` and `client_secret` with your client \
                     there (gear icon, SSO Clients)"
                )
            }
            AmsError::AddressRefused(_) => {
                format!(
                    "Write in `ams.{name}.site` the address to which Novi's own pages lead, with `www.` if they have it"
                )
            }
            AmsError::RateLimited { .. } | AmsError::Busy => "Try again in a minute".into(),
            AmsError::Failed(_) | AmsError::Unreadable(_) => {
                format!("See whether Novi has the API switched on for `ams.{name}.site`, and try again later")
            }
        }
    }
}
