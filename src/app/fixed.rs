//! What a reload cannot change: every key that only a new start reads.
//!
//! A reload that would change one is refused with the key's name, so that nobody believes in what did not happen. Kept out: what a
//! reload takes over, which is in `App::reload`.

use secrecy::ExposeSecret as _;

use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::digest;
use crate::adapters::keys::secret::SecretKey;
use crate::adapters::store::postgres::server::Server;
use crate::adapters::subscribers::higher_logic::PushSettings;
use crate::config::Settings;
use crate::config::settings::{AmsChoice, Community, Listen, Log, StorePlace};
use crate::domain::directory::settings::DirectorySettings;

/// Each key with the digest of its value: secrets are among them, and are not held a second time.
pub(super) struct Fixed(Vec<(String, [u8; 32])>);

impl Fixed {
    /// Of these settings, before an administrator's choice of the environment is put over them.
    pub(super) fn of(settings: &Settings) -> Result<Fixed, CryptographyFailed> {
        let mut fixed = Fixed(Vec::new());
        fixed.listen(&settings.listen);
        fixed.ams(&settings.ams);
        let (path, server) = match &settings.store.place {
            StorePlace::File(path) => (path.as_os_str().as_encoded_bytes(), None),
            StorePlace::Server(server) => (&[][..], Some(&**server)),
        };
        fixed.note("store.path", path);
        for (key, value) in Server::values(server) {
            fixed.note(&format!("store.{key}"), value);
        }
        let names = settings.store.secret_keys.iter().map(SecretKey::name).collect::<Result<Vec<_>, _>>()?;
        fixed.note("store.secret_keys", names.join(" "));
        fixed.directory(&settings.directory);
        let Log { level, format } = settings.log;
        fixed.note("log.level", level.to_string());
        fixed.note("log.format", format!("{format:?}"));
        fixed.note("[admin]", format!("{:?}", settings.admin));
        let provider = settings.oidc.as_ref().map(|oidc| {
            let of = &oidc.provider;
            (&of.issuer, of.ams_logout_returns)
        });
        // Sites that are told nothing come and go by a reload.
        for site in &settings.sites {
            if let Some(people) = &site.people {
                let (name, origin) = (&site.site.name, &site.site.origin);
                fixed.note("site.people_endpoint", format!("{name} {origin} {}", people.url));
                fixed.note("site.create", format!("{name} {}", people.create));
            }
        }
        if let Some(community) = &settings.higher_logic {
            fixed.community(community);
        }
        fixed.note("[oidc], except its clients and email_verified", format!("{provider:?}"));
        Ok(fixed)
    }

    /// The first key of `wanted` that says something else here, or else one that `wanted` lacks.
    pub(super) fn differs_from(&self, wanted: &Fixed) -> Option<String> {
        let first = |of: &Fixed, other: &Fixed| {
            of.0.iter().find(|entry| !other.0.contains(entry)).map(|(key, _)| key.clone())
        };
        first(wanted, self).or_else(|| first(self, wanted))
    }

    fn listen(&mut self, listen: &Listen) {
        // The other keys are taken over.
        let Listen { address, operations, tls, workers, max_connections, .. } = listen;
        self.note("listen.address", address.to_string());
        self.note("listen.operations", operations.to_string());
        self.note("whether the listener has a certificate", [u8::from(tls.is_some())]);
        self.note("listen.workers", format!("{workers:?}"));
        self.note("listen.max_connections", max_connections.to_string());
        self.note("listen.max_connections_per_network", listen.max_connections_per_network.to_string());
        self.note("listen.least_rate", listen.least_rate.to_string());
        self.note("listen.upload_patience", format!("{:?}", listen.upload_patience));
        self.note("listen.download_patience", format!("{:?}", listen.download_patience));
        self.note("listen.upload_memory", listen.upload_memory.to_string());
        self.note("listen.header_timeout", format!("{:?}", listen.header_timeout));
        self.note("listen.idle_timeout", format!("{:?}", listen.idle_timeout));
        self.note("listen.drain_timeout", format!("{:?}", listen.drain_timeout));
    }

    fn directory(&mut self, directory: &DirectorySettings) {
        let DirectorySettings { in_step, people, feed, roster_every, sweep_every, forget_after } = directory;
        self.note("directory.in_step", in_step.to_string());
        self.note("directory.people", format!("{people:?}"));
        self.note("directory.feed_covers", format!("{:?}", feed.coverage));
        self.note("directory.feed_zone", format!("{:?}", feed.zone));
        self.note("directory.roster_every", format!("{roster_every:?}"));
        self.note("directory.sweep_every", format!("{sweep_every:?}"));
        self.note("directory.forget_after", format!("{forget_after:?}"));
    }

    fn ams(&mut self, ams: &AmsChoice) {
        // The limits are taken over.
        let AmsChoice { live, standby, rate: _, waiting_per_network: _ } = ams;
        self.note("ams.kind", live.kind().name());
        self.note("ams.live", live.name());
        for (key, value) in live.shared_values() {
            self.note(&format!("ams.{key}"), value);
        }
        // By name, so that a change of `live` is told as that and not as a change of all that is in it.
        for environment in [Some(live), standby.as_ref()].into_iter().flatten() {
            for (key, value) in environment.values() {
                self.note(&format!("ams.{}.{key}", environment.name()), value);
            }
        }
    }

    fn community(&mut self, community: &Community) {
        let PushSettings { api, url, api_key, key_header, tenant_code, batch } = &community.push;
        self.note("higher_logic.api", format!("{api:?}"));
        // A region is an address.
        self.note("higher_logic.region", url.as_str());
        self.note("higher_logic.url", url.as_str());
        self.note("higher_logic.api_key", api_key.expose_secret());
        self.note("higher_logic.api_key_header", key_header.as_str());
        self.note("higher_logic.tenant_code", format!("{tenant_code:?}"));
        self.note("higher_logic.batch", batch.to_string());
    }

    fn note(&mut self, key: &str, value: impl AsRef<[u8]>) {
        self.0.push((key.to_owned(), digest(value.as_ref())));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::env::Given;
    use crate::config::{self, sample};

    const CONFIGURATION: &str = r#"
[association]
name = "Acme Society"
[listen]
address = "127.0.0.1:8080"
operations = "127.0.0.1:9090"
workers = 2
max_connections = 100
max_connections_per_network = 90
least_rate = 500
upload_patience = "21s"
download_patience = "61s"
upload_memory = 64
header_timeout = "30s"
idle_timeout = "2m"
stream_timeout = "5m"
drain_timeout = "20s"
trusted_proxies = ["10.0.0.0/8"]
[ams]
calls_per_second = 3
calls_per_minute = 60
[ams.production]
portal = "https://members.acme.example"
app_name = { env = "NAME" }
app_key = { env = "KEY" }
app_id = { env = "ID" }
app_password = { env = "KEY" }
user_email = { env = "USER" }
user_password = { env = "PASSWORD" }
[ams.staging]
portal = "https://staging.acme.example"
app_name = { env = "NAME" }
app_key = { env = "KEY" }
user_email = { env = "USER" }
user_password = { env = "PASSWORD" }
[session]
idle = "2h"
[store]
path = "gate.sqlite"
secret_keys = [{ env = "STORE" }]
[log]
level = "info"
format = "text"
[admin]
roles = ["staff"]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
people_endpoint = "https://www.acme.example/v1/people"
create = true
[oidc]
email_verified = false
[[oidc.client]]
id = "app"
public = true
redirect_uris = ["https://app.acme.example/signed-in"]
[higher_logic]
api = "v2"
api_key = { env = "KEY" }
tenant_code = "ACME"
batch = 40
"#;

    /// The same with another AMS, which has this key of its own.
    fn with_other(kind: &str, own: &str) -> String {
        let (start, rest) = CONFIGURATION.split_once("[ams]").unwrap();
        let (_, rest) = rest.split_once("[session]").unwrap();
        format!(
            r#"{start}[ams]
kind = "{kind}"
[ams.production]
{own}
client_id = {{ env = "ID" }}
client_secret = {{ env = "KEY" }}
api_key = {{ env = "KEY" }}
[session]{rest}"#
        )
    }

    fn fixed(text: &str, other: Option<(&str, &str)>) -> Fixed {
        let mut given = Given::default().file("gate.toml", text).file("rules.toml", sample::RULES);
        given = given.file("community.toml", sample::COMMUNITY);
        given = given.file("other.toml", &sample::COMMUNITY.replace("Corporate Gold", "Gold"));
        for name in ["NAME", "KEY", "ID", "USER", "PASSWORD"] {
            given = given.variable(name, "old secret");
        }
        given = given.variable("STORE", &"A".repeat(43));
        if let Some((name, value)) = other {
            given = given.variable(name, value);
        }
        let settings = config::load(Path::new("gate.toml"), &given);
        Fixed::of(&settings.unwrap_or_else(|problems| panic!("{problems:#?}"))).unwrap()
    }

    #[test]
    fn a_reload_that_would_change_what_only_a_start_reads_is_refused_by_the_name_of_the_key() {
        let now = fixed(CONFIGURATION, None);
        for (from, to, key) in [
            ("127.0.0.1:8080", "127.0.0.1:8081", Some("listen.address")),
            ("127.0.0.1:9090", "127.0.0.1:9091", Some("listen.operations")),
            ("workers = 2", "workers = 3", Some("listen.workers")),
            ("workers = 2", "", Some("listen.workers")),
            ("max_connections = 100", "max_connections = 101", Some("listen.max_connections")),
            ("network = 90", "network = 91", Some("listen.max_connections_per_network")),
            ("least_rate = 500", "least_rate = 501", Some("listen.least_rate")),
            ("\"21s\"", "\"22s\"", Some("listen.upload_patience")),
            ("\"61s\"", "\"62s\"", Some("listen.download_patience")),
            ("upload_memory = 64", "upload_memory = 65", Some("listen.upload_memory")),
            ("\"30s\"", "\"31s\"", Some("listen.header_timeout")),
            ("\"2m\"", "\"3m\"", Some("listen.idle_timeout")),
            ("\"20s\"", "\"21s\"", Some("listen.drain_timeout")),
            ("[ams]", "[ams]\nlive = \"staging\"", Some("ams.live")),
            ("//members.", "//my.", Some("ams.production.portal")),
            ("//staging.", "//trial.", Some("ams.staging.portal")),
            ("app_id = { env = \"ID\" }", "", Some("ams.production.app_id")),
            (
                "[ams.production]",
                "[ams.production]\nallowed_hosts = [\"api.acme.example\"]",
                Some("ams.production.allowed_hosts"),
            ),
            (
                "[ams.staging]",
                "[ams.staging]\ndiscovery_url = \"https://staging.acme.example/Api\"",
                Some("ams.staging.discovery_url"),
            ),
            ("gate.sqlite", "other.sqlite", Some("store.path")),
            ("path = \"gate.sqlite\"", "url = \"postgres://gate@localhost/gate\"", Some("store.path")),
            ("\"info\"", "\"debug\"", Some("log.level")),
            ("\"text\"", "\"json\"", Some("log.format")),
            ("\"staff\"", "\"board\"", Some("[admin]")),
            ("[admin]\nroles = [\"staff\"]", "", Some("[admin]")),
            ("v1/people", "v2/people", Some("site.people_endpoint")),
            ("create = true", "create = false", Some("site.create")),
            ("email_verified = false", "email_verified = true", None),
            ("api = \"v2\"", "api = \"v1\"", Some("higher_logic.api")),
            ("api = \"v2\"", "region = \"canada\"", Some("higher_logic.region")),
            ("\"ACME\"", "\"ACME2\"", Some("higher_logic.tenant_code")),
            ("batch = 40", "batch = 41", Some("higher_logic.batch")),
            ("batch = 40", "batch = 40\ncommunity = \"other.toml\"", None),
            ("batch = 40", "batch = 40\napi_key_header = \"Key\"", Some("higher_logic.api_key_header")),
            (&CONFIGURATION[CONFIGURATION.find("[higher_logic]").unwrap()..], "", Some("higher_logic.api")),
            (
                &CONFIGURATION
                    [CONFIGURATION.find("[oidc]").unwrap()..CONFIGURATION.find("[higher_logic]").unwrap()],
                "",
                Some("[oidc], except its clients and email_verified"),
            ),
            // Taken over.
            ("\"5m\"", "\"6m\"", None),
            ("10.0.0.0/8", "10.0.0.0/9", None),
            ("calls_per_minute = 60", "calls_per_minute = 30", None),
            ("calls_per_minute = 60", "waiting_per_network = 30", None),
            ("\"2h\"", "\"1h\"", None),
            ("\"Acme Society\"", "\"Acme\"", None),
            (":3000", ":3001", None),
            ("/signed-in", "/in", None),
        ] {
            assert!(CONFIGURATION.contains(from), "{from}");
            let wanted = fixed(&CONFIGURATION.replacen(from, to, 1), None);
            assert_eq!(now.differs_from(&wanted).as_deref(), key, "{from} -> {to}");
        }
    }

    #[test]
    fn the_reference_of_keys_tells_which_need_a_restart() {
        let noted = [
            CONFIGURATION.to_owned(),
            with_other("novi", r#"site = "https://www.acme.example""#),
            with_other("growthzone", r#"host = "https://acme.growthzoneapp.com""#),
        ];
        let noted: Vec<_> = noted.iter().flat_map(|text| fixed(text, None).0).collect();
        for (section, key) in config::tests::reference::keys() {
            let section = section.trim_matches(['[', ']']);
            let name = format!("{section}.{}", key.name);
            let is_noted = noted.iter().any(|(noted, _)| match noted.as_str() {
                "[admin]" => section == "admin",
                "[oidc], except its clients and email_verified" => {
                    section == "oidc" && key.name != "email_verified"
                }
                noted => noted == name,
            });
            assert_eq!(key.needs_restart, is_noted, "{name}");
        }
    }

    #[test]
    fn a_new_secret_is_noticed_and_not_told() {
        let now = fixed(CONFIGURATION, None);
        let other_key = format!("{}A", "B".repeat(42));
        for (variable, value, key) in [
            ("NAME", "new secret", "ams.production.app_name"),
            ("KEY", "new secret", "ams.production.app_key"),
            ("ID", "new secret", "ams.production.app_id"),
            ("USER", "new secret", "ams.production.user_email"),
            ("PASSWORD", "new secret", "ams.production.user_password"),
            ("STORE", other_key.as_str(), "store.secret_keys"),
        ] {
            let wanted = fixed(CONFIGURATION, Some((variable, value)));
            assert_eq!(now.differs_from(&wanted).as_deref(), Some(key));
        }
    }
}
