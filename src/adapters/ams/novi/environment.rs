//! One site of one association, and how its section of the configuration is spoken of.

use openidconnect::AuthType;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::adapters::ams::AmsError;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::openid::{IdTokenAlgorithm, OpenIdSettings};
use crate::domain::record::IndividualId;

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
                    "Compare `api_key`, `client_id` and `client_secret` below `[ams.{name}]` with the API key and the SSO client in Novi"
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
