//! `[ams.production]` and `[ams.staging]` of Novi: the site, its SSO client and its API key.

use secrecy::ExposeSecret as _;
use toml::Spanned;
use url::Url;

use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::novi::NoviSite;
use crate::adapters::ams::openid::IdTokenAlgorithm;
use crate::config::raw;
use crate::config::resolve::values::Resolving;
use crate::domain::network::is_loopback;

const SITE: &str =
    r#"Write the address of the association's own website, such as "https://www.acme.example""#;

impl Resolving<'_, '_> {
    pub(super) fn novi(&mut self, said: Spanned<raw::Environment>, name: &str) -> Option<NoviSite> {
        let (span, said) = (said.span(), said.into_inner());
        let key = |key: &str| format!("ams.{name}.{key}");
        let example =
            |key: &str| format!("{key} = {{ env = \"MEMBERGATE_AMS_{}\" }}", key.to_ascii_uppercase());
        let site = self.required(said.site, &span, &key("site"), r#"site = "https://www.acme.example""#);
        let site = site.and_then(|text| self.site_of_novi(&text));
        let client_id = self.required(said.client_id, &span, &key("client_id"), &example("client_id"));
        let client_id = client_id.and_then(|source| self.value(&source));
        let client_secret =
            self.required(said.client_secret, &span, &key("client_secret"), &example("client_secret"));
        let client_secret = client_secret.and_then(|source| self.secret(&source));
        let api_key = self.required(said.api_key, &span, &key("api_key"), &example("api_key"));
        let api_key = api_key.and_then(|source| self.secret(&source));
        let algorithm = self.choice(said.algorithm, IdTokenAlgorithm::default(), &IdTokenAlgorithm::ALL);
        let canary = self.optional(said.canary, Resolving::canary);
        let (site, hosts) = site?;
        Some(NoviSite {
            name: name.to_owned(),
            site,
            hosts,
            client_id: client_id?.expose_secret().to_owned(),
            client_secret: client_secret?,
            api_key: api_key?,
            algorithm: algorithm?,
            canary: canary?,
        })
    }

    /// The site, and the hosts that may be called: its own alone.
    fn site_of_novi(&mut self, text: &raw::Text) -> Option<(Url, AllowedHosts)> {
        let url = self.secure_url(text, SITE)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return self.refuse(text.span(), "the site is the address without a path", SITE);
        }
        let host = url.host_str()?;
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        // Plain http is only ever for a simulator on this machine.
        let is_loopback = url.host().is_some_and(|host| is_loopback(&host));
        let hosts = AllowedHosts::parse(&[host], is_loopback).ok()?;
        Some((url, hosts))
    }
}
