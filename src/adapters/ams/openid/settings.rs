//! What we are to an OpenID Provider, and where it is.

use openidconnect::AuthType;
use secrecy::SecretString;
use url::Url;

use crate::adapters::ams::allowed_hosts::AllowedHosts;

/// How the ID tokens of an environment are signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IdTokenAlgorithm {
    /// By the client secret.
    #[default]
    Hs256,
    /// By a key of the AMS's key set.
    Rs256,
}

impl IdTokenAlgorithm {
    /// All, with their names in files.
    pub const ALL: [(&str, IdTokenAlgorithm); 2] =
        [("HS256", IdTokenAlgorithm::Hs256), ("RS256", IdTokenAlgorithm::Rs256)];

    /// Its name (RFC 7518 §3.1).
    pub fn as_str(self) -> &'static str {
        match self {
            IdTokenAlgorithm::Hs256 => "HS256",
            IdTokenAlgorithm::Rs256 => "RS256",
        }
    }
}

/// What we are to the provider, and where it is.
#[derive(Debug)]
pub(in crate::adapters::ams) struct OpenIdSettings {
    /// Where its metadata is.
    pub(in crate::adapters::ams) metadata: Url,
    /// What it may call itself.
    pub(in crate::adapters::ams) issuers: Vec<String>,
    /// Where its endpoints may be.
    pub(in crate::adapters::ams) hosts: AllowedHosts,
    pub(in crate::adapters::ams) client_id: String,
    pub(in crate::adapters::ams) client_secret: SecretString,
    pub(in crate::adapters::ams) algorithm: IdTokenAlgorithm,
    /// A nonce must come back, from the first sign-in on; otherwise from the first that came back on.
    pub(in crate::adapters::ams) nonce_required: bool,
    /// Where no ID token comes, the provider's userinfo alone shows who it is.
    pub(in crate::adapters::ams) may_lack_id_token: bool,
    /// How the client proves itself first, where the metadata does not say.
    pub(in crate::adapters::ams) first_auth: AuthType,
    /// What is asked of the login beside who it is.
    pub(in crate::adapters::ams) scopes: &'static [&'static str],
    /// What else the login's address has.
    pub(in crate::adapters::ams) parameters: &'static [(&'static str, &'static str)],
}
