//! `[ams.production]` and `[ams.staging]` of Novi: the site, its SSO client and its API key.

use secrecy::ExposeSecret as _;
use toml::Spanned;
use url::Url;

use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::novi::{NoviSite, PLACES};
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
        let found = |key: &str| PLACES.credentials.iter().find(|one| one.0 == key).map(|one| one.1);
        let site = r#"site = "https://www.acme.example""#;
        let site = self.required_from(said.site, &span, &key("site"), site, found("site"));
        let site = site.and_then(|text| self.site_of_novi(&text));
        let mut source =
            |said, name: &str| self.required_from(said, &span, &key(name), &example(name), found(name));
        let client_id = source(said.client_id, "client_id");
        let client_secret = source(said.client_secret, "client_secret");
        let api_key = source(said.api_key, "api_key");
        let client_id = client_id.and_then(|source| self.value(&source));
        let client_secret = client_secret.and_then(|source| self.secret(&source));
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

    fn site_of_novi(&mut self, text: &raw::Text) -> Option<(Url, AllowedHosts)> {
        self.only_host(text, "the site is the address without a path", SITE)
    }

    /// An address without a path, and the hosts that may be called: its own alone.
    pub(super) fn only_host(
        &mut self,
        text: &raw::Text,
        with_path: &str,
        remedy: &str,
    ) -> Option<(Url, AllowedHosts)> {
        let url = self.secure_url(text, remedy)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return self.refuse(text.span(), with_path, remedy);
        }
        let host = url.host_str()?;
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        // Plain http is only ever for a simulator on this machine.
        let is_loopback = url.host().is_some_and(|host| is_loopback(&host));
        let hosts = AllowedHosts::parse(&[host], is_loopback).ok()?;
        Some((url, hosts))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::adapters::ams::kinds::{AmsSettings, Kind};
    use crate::adapters::ams::openid::IdTokenAlgorithm;
    use crate::config::env::Given;
    use crate::config::{Settings, load};

    const NOVI: &str = r#"
[association]
name = "Acme Society"
[ams]
kind = "novi"
[ams.production]
site = "https://www.acme.example"
client_id = "0c1d9e64-7c1a-4b3f-9a53-3f3a5a3b2d10"
client_secret = { env = "SECRET" }
api_key = { env = "KEY" }
[store]
path = "gate.sqlite"
secret_keys = [{ env = "STORE" }]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
"#;

    fn loaded(text: &str) -> Result<Settings, String> {
        let given = Given::default()
            .file("gate.toml", text)
            .file("rules.toml", "time_zone = \"UTC\"\nmember = \"member\"\n")
            .variable("SECRET", "a secret of the client")
            .variable("KEY", "a key of the interface")
            .variable("STORE", &"A".repeat(43));
        let told = |problems: Vec<crate::config::Problem>| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        load(Path::new("gate.toml"), &given).map_err(told)
    }

    #[test]
    fn the_site_its_client_and_its_key_are_all_it_takes() {
        let settings = loaded(NOVI).unwrap();
        let AmsSettings::Novi(site) = &settings.ams.live else { panic!("another AMS") };
        assert_eq!(
            (site.site.as_str(), site.algorithm),
            ("https://www.acme.example/", IdTokenAlgorithm::Hs256)
        );
        assert_eq!((settings.ams.live.kind(), settings.ams.rate.per_minute), (Kind::Novi, 100));
        assert_eq!((settings.ams.rate.per_second, settings.ams.rate.per_day), (5, Some(90_000)));
        assert_eq!(settings.ams.live.environment(), "novi-production");
        let printed = format!("{settings:?}");
        assert!(!printed.contains("a secret of the client") && !printed.contains("a key of the interface"));
        let rs256 = loaded(&NOVI.replace("[store]", "algorithm = \"RS256\"\n[store]")).unwrap();
        assert!(
            matches!(rs256.ams.live, AmsSettings::Novi(site) if site.algorithm == IdTokenAlgorithm::Rs256)
        );
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_remedy() {
        for (from, to, part) in [
            ("site = \"https://www.acme.example\"", "", "`ams.production.site` is missing"),
            (
                "site = \"https://www.acme.example\"",
                "site = \"https://www.acme.example/members\"",
                "without a path",
            ),
            ("site = \"https://www.acme.example\"", "site = \"http://www.acme.example\"", "https"),
            ("api_key = { env = \"KEY\" }", "", "`ams.production.api_key` is missing"),
            ("api_key = { env = \"KEY\" }", "", "In Novi: gear icon, API Keys"),
            ("client_id = \"0c1d9e64-7c1a-4b3f-9a53-3f3a5a3b2d10\"", "", "In Novi: gear icon, SSO Clients"),
            ("client_secret = { env = \"SECRET\" }", "client_secret = \"text\"", "a secret is written"),
            ("[store]", "algorithm = \"none\"\n[store]", "none"),
            (
                "[store]",
                "portal = \"https://members.acme.example\"\n[store]",
                "`portal` is for `kind = \"remembers\"`",
            ),
            ("kind = \"novi\"", "", "`api_key` is for `kind = \"novi\"`"),
            ("[store]", "canary = \"Dana\"\n[store]", "canary"),
        ] {
            let told = loaded(&NOVI.replacen(from, to, 1)).unwrap_err();
            assert!(told.contains(part) || part == "canary" && told.contains("not the id"), "{to}: {told}");
        }
    }

    #[test]
    fn a_staging_site_under_the_name_of_production_is_doubted() {
        let doubt = |site: &str| {
            let text = NOVI.replacen("www.acme.example", site, 1);
            loaded(&text).unwrap().ams.live.doubt().is_some()
        };
        assert!(doubt("acme.novistaging.com") && !doubt("www.acme.example"));
    }
}
