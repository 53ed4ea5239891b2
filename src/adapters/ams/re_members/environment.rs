//! One environment of one tenant, and how its section of the configuration is spoken of.

use secrecy::ExposeSecret as _;
use url::Url;

use super::credentials::Credentials;
use super::login::Portal;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::domain::record::IndividualId;

/// One environment of one tenant: production or staging.
#[derive(Debug, Clone)]
pub struct Environment {
    /// What it is called: `production`, `staging`.
    pub name: String,
    /// Where step 1 of the handshake goes, path included: `https://public.impexium.com/Api/v1/WebApiUrl`.
    pub discovery_url: Url,
    /// Where people sign in and out.
    pub portal: Portal,
    /// The hosts that the handshake may name.
    pub allowed_hosts: AllowedHosts,
    /// What the vendor issued for this environment.
    pub credentials: Credentials,
    /// Somebody who stays on file. `None`: the integration's own user.
    pub canary: Option<IndividualId>,
}

impl Environment {
    pub(in crate::adapters::ams) fn values(&self) -> Vec<(&'static str, Vec<u8>)> {
        let Environment { name: _, discovery_url, portal, allowed_hosts, credentials, canary } = self;
        let Credentials { app_name, app_key, app_id, app_password, user_email, user_password } = credentials;
        let plain = [
            ("discovery_url", discovery_url.to_string()),
            ("portal", format!("{portal:?}")),
            ("allowed_hosts", format!("{allowed_hosts:?}")),
            ("canary", format!("{canary:?}")),
        ];
        let secret = [
            ("app_name", Some(app_name)),
            ("app_key", Some(app_key)),
            ("app_id", app_id.as_ref()),
            ("app_password", app_password.as_ref()),
            ("user_email", Some(user_email)),
            ("user_password", Some(user_password)),
        ];
        let secret = secret.map(|(key, value)| Some((key, value?.expose_secret().to_owned())));
        let all = plain.into_iter().chain(secret.into_iter().flatten());
        all.map(|(key, value)| (key, value.into_bytes())).collect()
    }

    pub(in crate::adapters::ams) fn doubt(&self) -> Option<(&'static str, String, String)> {
        let portal = &self.portal.address;
        if matches!(portal.path(), "" | "/") {
            return None;
        }
        let trouble = format!(
            "the portal's address has the path `{}`, and the login page is looked for below it",
            portal.path()
        );
        let remedy = format!(
            "Did you mean `{}`? A page such as `/account/login.aspx` is not part of it",
            portal.origin().ascii_serialization()
        );
        Some(("portal", trouble, remedy))
    }

    pub(in crate::adapters::ams) fn remedy(&self, error: &AmsError) -> String {
        let name = &self.name;
        match error {
            AmsError::Unreachable(_) => {
                format!(
                    "See whether this machine may reach `ams.{name}.discovery_url` and `ams.{name}.portal`"
                )
            }
            AmsError::CredentialsRefused | AmsError::ArrivalRefused | AmsError::OtherPerson => {
                format!("Compare the credentials below `[ams.{name}]` with those that the vendor gave you")
            }
            AmsError::AddressRefused(_) => {
                format!("If that host is the association's own, add it to `ams.{name}.allowed_hosts`")
            }
            AmsError::RateLimited { .. } | AmsError::Busy => "Try again in a minute".into(),
            AmsError::Failed(_) | AmsError::Unreadable(_) => {
                format!("Compare `ams.{name}.discovery_url` with what the vendor says, and try again later")
            }
        }
    }
}
