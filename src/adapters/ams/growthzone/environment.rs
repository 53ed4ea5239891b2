//! One database of one association, and how its section of the configuration is spoken of.

use openidconnect::AuthType;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::wire::status::StatusWords;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::openid::{IdTokenAlgorithm, OpenIdSettings};
use crate::domain::record::IndividualId;
use crate::domain::supplied::AmsPlaces;

/// Where the metadata of the login is, unless the configuration says otherwise.
const METADATA: &str = "/openid/well-known/openid-configuration";

/// Where its pages have what we ask for, and where our addresses belong.
pub(crate) const PLACES: AmsPlaces = AmsPlaces {
    callback: "In GrowthZone: Setup, Client Applications, your client: redirect address. One for each host of your sites.",
    logout: "Ask GrowthZone’s support whether browsers can be sent here after a logout there. Somebody who logs out there is then signed out here too.",
    hook: None,
    credentials: &[
        (
            "host",
            "The host that you see when you are signed in as staff, such as https://acme.growthzoneapp.com.",
        ),
        ("client_id", "In GrowthZone: Setup, Client Applications, your client."),
        ("client_secret", "In GrowthZone: Setup, Client Applications, your client."),
        ("api_key", "From GrowthZone’s support, who switch the API on for a database first."),
    ],
};

/// One environment. Each has a host, ids and keys of its own.
#[derive(Debug, Clone)]
pub struct GrowthZoneHost {
    /// What it is called: `production`, `staging`.
    pub name: String,
    /// Login and interface, without a path.
    pub host: Url,
    /// The hosts that the metadata of its login may name.
    pub hosts: AllowedHosts,
    /// Of the client for single sign-on.
    pub client_id: String,
    /// Of the client for single sign-on.
    pub client_secret: SecretString,
    /// Of the interface.
    pub api_key: SecretString,
    /// Where the metadata is. `None`: where it always is.
    pub metadata: Option<Url>,
    /// A nonce must come back from the first sign-in on.
    pub nonce_required: bool,
    /// What status words mean beside those that are known.
    pub statuses: StatusWords,
    /// Somebody who stays on file. `None`: whoever was read lately.
    pub canary: Option<IndividualId>,
}

impl GrowthZoneHost {
    /// Under what is kept what was read there.
    pub(in crate::adapters::ams) fn kept_under(&self) -> String {
        format!("growthzone-{}", self.name)
    }

    pub(super) fn openid(&self) -> OpenIdSettings {
        let metadata = self.metadata.clone().unwrap_or_else(|| {
            let mut metadata = self.host.clone();
            metadata.set_path(METADATA);
            metadata
        });
        OpenIdSettings {
            metadata,
            issuers: vec![format!("{}/", self.host.origin().ascii_serialization())],
            hosts: self.hosts.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            algorithm: IdTokenAlgorithm::Rs256,
            nonce_required: self.nonce_required,
            may_lack_id_token: true,
            first_auth: AuthType::RequestBody,
            scopes: &["profile", "email"],
            parameters: &[("response_mode", "query")],
        }
    }

    pub(in crate::adapters::ams) fn values(&self) -> Vec<(&'static str, Vec<u8>)> {
        let GrowthZoneHost {
            name: _,
            host,
            hosts: _,
            client_id,
            client_secret,
            api_key,
            metadata,
            nonce_required,
            statuses: _,
            canary,
        } = self;
        let all = [
            ("host", host.to_string()),
            ("client_id", client_id.clone()),
            ("client_secret", client_secret.expose_secret().to_owned()),
            ("api_key", api_key.expose_secret().to_owned()),
            ("metadata_url", format!("{metadata:?}")),
            ("nonce_required", nonce_required.to_string()),
            ("canary", format!("{canary:?}")),
        ];
        all.into_iter().map(|(key, value)| (key, value.into_bytes())).collect()
    }

    /// What all environments share: the keys below `[ams.status]`.
    pub(in crate::adapters::ams) fn shared_values(&self) -> Vec<(String, Vec<u8>)> {
        let of = self.statuses.by_meaning().into_iter();
        of.map(|(name, words)| (format!("status.{name}"), words.into_bytes())).collect()
    }

    /// Nothing about an address tells a database for trying things out from another.
    pub(in crate::adapters::ams) fn doubt(&self) -> Option<(&'static str, String, String)> {
        None
    }

    pub(in crate::adapters::ams) fn remedy(&self, error: &AmsError) -> String {
        let name = &self.name;
        match error {
            AmsError::Unreachable(_) => format!("See whether this machine may reach `ams.{name}.host`"),
            AmsError::CredentialsRefused | AmsError::ArrivalRefused | AmsError::OtherPerson => {
                format!(
                    "Compare `api_key`, `client_id` and `client_secret` below `[ams.{name}]` with what GrowthZone has issued"
                )
            }
            AmsError::AddressRefused(_) => {
                format!(
                    "Write in `ams.{name}.host` the one host that GrowthZone's login names as its issuer; a database may answer at several"
                )
            }
            AmsError::RateLimited { .. } | AmsError::Busy => "Try again in a minute".into(),
            AmsError::Failed(_) | AmsError::Unreadable(_) => {
                format!("Ask GrowthZone whether API and single sign-on are switched on for `ams.{name}.host`")
            }
        }
    }
}
