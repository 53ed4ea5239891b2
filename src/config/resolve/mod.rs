//! From what the configuration file says to what it means, with all problems at once.
//!
//! Checking has no side effects: it reads the environment and files through `Env`, and opens, creates and changes nothing.

mod access;
mod admin;
mod ams;
mod directory;
mod higher_logic;
mod hooks;
mod oidc;
mod preset;
mod site;
mod store;
mod values;

pub(super) use values::because;

use std::ops::Range;
use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use toml::Spanned;
use tracing::level_filters::LevelFilter;
use url::Url;

use oidc::AroundClients;
use site::Around;
use values::Resolving;

use super::env::Env;
use super::raw;
use super::rules;
use super::settings::{Hsts, Listen, Log, Settings, SiteSettings, StoreSettings, Tls};
use crate::adapters::keys::secret::{SecretKey, SecretKeys};
use crate::adapters::toml_reading::{Reading, Said};
use crate::domain::association::{Association, ContactPoint};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::network::Network;
use crate::domain::rule::Rules;
use crate::domain::session::SessionLimits;
use crate::domain::time::TimeZone;
use crate::telemetry::Format;

/// More secret keys than a rotation needs are a mistake.
const MOST_SECRET_KEYS: usize = 8;

/// Makes settings of a document. `None`: there are problems, and they have been noted.
pub(super) fn settings(
    document: raw::Document,
    reading: &mut Reading<'_>,
    env: &dyn Env,
) -> Option<Settings> {
    let mut to = Resolving { reading, env };
    // Each part is resolved before any is missed, so that every problem is found.
    let association = document.association.section().and_then(|said| to.association(said));
    let listen = document.listen.or(Default::default).and_then(|said| to.listen(said));
    let ams = document.ams.section().and_then(|said| to.ams(said));
    let session = document.session.or(Default::default).and_then(|said| to.session(said));
    let store = document.store.section().and_then(|said| to.store(said));
    let log = document.log.or(Default::default).and_then(|said| to.log(said));
    let rules = to.rules(document.rules);
    let zone = rules.as_ref().map_or(TimeZone::UTC, |(_, rules)| rules.time_zone.clone());
    let directory = document.directory.or(Default::default).and_then(|said| to.directory(said, zone));
    let (directory, hook_secrets) = directory.unzip();
    // Administrators may have published roles that the file does not know.
    let file_counts = matches!(document.admin, Said::Nothing);
    let granting = rules.as_ref().filter(|_| file_counts).map(|(_, rules)| rules);
    let title = association.as_ref().map(|association| association.name.as_str()).unwrap_or_default();
    let is_asked = listen.as_ref().is_none_or(|listen| !listen.forward_auth_proxies.is_empty());
    let around = Around { title, rules: granting, is_asked, directory: directory.as_ref() };
    let sites = to.sites(document.site, &around);
    let admin = to.optional(document.admin, |to, said| to.admin(said, sites.as_deref()));
    let has_community = !matches!(document.higher_logic, Said::Nothing);
    let told = sites.as_deref().map(|sites| told_of_people(sites, has_community));
    let around = AroundClients { sites: sites.as_deref(), rules: granting, told: told.as_deref() };
    let oidc = to.optional(document.oidc, |to, said| to.oidc(said, &around, !file_counts));
    let higher_logic =
        to.optional(document.higher_logic, |to, said| to.higher_logic(said, directory.as_ref()));
    let community = higher_logic.as_ref().and_then(Option::as_ref);
    let reads_contact = community.is_some_and(|community| community.mapping.looks_at_contact());
    let (rules_file, rules) = rules?;
    Some(Settings {
        association: association?,
        listen: listen?,
        ams: ams?,
        reads_contact,
        hook_secrets: hook_secrets?,
        session: session?,
        directory: directory?,
        store: store?,
        log: log?,
        rules_file,
        rules,
        admin: admin?,
        sites: sites?,
        oidc: oidc?,
        higher_logic: higher_logic?,
    })
}

/// Who is told of people: the WordPress of each site that has an address for that, and the community.
fn told_of_people(sites: &[SiteSettings], has_community: bool) -> Vec<SubscriberName> {
    let told = sites.iter().filter(|site| site.people.is_some());
    let told = told.map(|site| SubscriberName::wordpress(&site.site.name));
    told.chain(has_community.then(SubscriberName::higher_logic)).collect()
}

impl Resolving<'_, '_> {
    fn association(&mut self, said: Spanned<raw::Association>) -> Option<Association> {
        let (span, said) = (said.span(), said.into_inner());
        let name = self.required(said.name, &span, "association.name", r#"name = "Acme Society""#);
        let name = name.and_then(|name| self.not_empty(name, r#"Write the name that visitors see"#));
        let renew_url = self.optional(said.renew_url, |to, text| to.web_address(&text));
        let contact = self.optional(said.contact, Resolving::contact);
        Some(Association { name: name?, renew_url: renew_url?, contact: contact? })
    }

    fn contact(&mut self, text: raw::Text) -> Option<ContactPoint> {
        if text.get_ref().contains("://") {
            return self.web_address(&text).map(|url| ContactPoint::Web(url.into()));
        }
        let said = text.get_ref();
        let plain = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@?&#%<>\"".contains(c))
        };
        match said.split_once('@') {
            Some((name, host)) if plain(name) && plain(host) => Some(ContactPoint::Email(said.clone())),
            _ => self.refuse(
                text.span(),
                format!("`{said}` is neither an e-mail address nor a page"),
                r#"Write "help@acme.example" or "https://www.acme.example/help""#,
            ),
        }
    }

    fn listen(&mut self, said: raw::Listen) -> Option<Listen> {
        let address = self.listening(said.address, "127.0.0.1:8080");
        let operations = self.listening(said.operations, "127.0.0.1:9090");
        let tls = self.tls(said.tls_certificate, said.tls_key);
        let hsts = [("on", Hsts::On), ("off", Hsts::Off), ("forget", Hsts::Forget)];
        let hsts = self.choice(said.hsts, Hsts::On, &hsts);
        let trusted_proxies =
            said.trusted_proxies.or(Vec::new).and_then(|texts| self.each(texts, Resolving::network));
        let forward_auth_proxies =
            said.forward_auth_proxies.or(Vec::new).and_then(|texts| self.each(texts, Resolving::asker));
        let workers = self.optional(said.workers, |to, number| to.positive(number));
        let max_connections = self.count(said.max_connections, 20_000);
        let max_connections_per_network = self.count(said.max_connections_per_network, 1000);
        let least_rate = self.count(said.least_rate, 500);
        let upload_patience = self.duration(said.upload_patience, "20s");
        let download_patience = self.duration(said.download_patience, "60s");
        let upload_memory = self.count(said.upload_memory, 64);
        let header_timeout = self.duration(said.header_timeout, "30s");
        let idle_timeout = self.duration(said.idle_timeout, "2m");
        let stream_timeout = self.duration(said.stream_timeout, "5m");
        let drain_timeout = self.duration(said.drain_timeout, "20s");
        let (address, operations) = (address?, operations?);
        if address.get_ref() == operations.get_ref() {
            return self.refuse(
                operations.span(),
                "visitors and operations have the same address",
                "Give `listen.operations` a port of its own",
            );
        }
        Some(Listen {
            address: address.into_inner(),
            operations: operations.into_inner(),
            tls: tls?,
            hsts: hsts?,
            trusted_proxies: trusted_proxies?,
            forward_auth_proxies: forward_auth_proxies?,
            workers: workers?,
            max_connections: max_connections?,
            max_connections_per_network: max_connections_per_network?,
            least_rate: u32::try_from(least_rate?).unwrap_or(u32::MAX),
            upload_patience: upload_patience?.into_inner().unsigned_abs(),
            download_patience: download_patience?.into_inner().unsigned_abs(),
            upload_memory: upload_memory?.saturating_mul(1024 * 1024),
            header_timeout: header_timeout?.into_inner().unsigned_abs(),
            idle_timeout: idle_timeout?.into_inner().unsigned_abs(),
            stream_timeout: stream_timeout?.into_inner().unsigned_abs(),
            drain_timeout: drain_timeout?.into_inner().unsigned_abs(),
        })
    }

    /// A network whose word decides what visitors may do.
    fn asker(&mut self, text: raw::Text) -> Option<Network> {
        let span = text.span();
        let network = self.network(text)?;
        if network.is_everything() {
            let remedy = "Name the addresses of your own web servers, such as \"127.0.0.1\"";
            return self.refuse(span, "everybody could say what a visitor has asked for", remedy);
        }
        Some(network)
    }

    /// Outer `None`: a problem. Inner `None`: plain HTTP.
    fn tls(&mut self, certificate: Said<raw::Text>, key: Said<raw::Text>) -> Option<Option<Tls>> {
        let together = "Give both `listen.tls_certificate` and `listen.tls_key`, or neither";
        match (certificate, key) {
            (Said::Nothing, Said::Nothing) => Some(None),
            (Said::Value(certificate), Said::Value(key)) => {
                let certificate = self.readable(&certificate).map(|(path, _)| path);
                let key = self.readable(&key).map(|(path, _)| path);
                Some(Some(Tls { certificate: certificate?, key: key? }))
            }
            (Said::Value(certificate), Said::Nothing) => {
                self.refuse(certificate.span(), "a certificate without its key", together)
            }
            (Said::Nothing, Said::Value(key)) => {
                self.refuse(key.span(), "a key without its certificate", together)
            }
            (Said::Unreadable, _) | (_, Said::Unreadable) => None,
        }
    }

    fn session(&mut self, said: raw::Session) -> Option<SessionLimits> {
        let idle = self.duration(said.idle, "2h");
        let absolute = self.duration(said.absolute, "24h");
        let refresh_after = self.duration(said.refresh_after, "15m");
        let stale_limit = self.duration(said.stale_limit, "24h");
        let store_gone = self.duration(said.store_gone, "60s");
        if let (Some(idle), Some(absolute)) = (&idle, &absolute) {
            self.in_order("session.idle", idle, "session.absolute", absolute);
        }
        if let (Some(refresh_after), Some(stale_limit)) = (&refresh_after, &stale_limit) {
            self.in_order("session.refresh_after", refresh_after, "session.stale_limit", stale_limit);
        }
        Some(SessionLimits {
            idle: idle?.into_inner(),
            absolute: absolute?.into_inner(),
            refresh_after: refresh_after?.into_inner(),
            stale_limit: stale_limit?.into_inner(),
            store_gone: store_gone?.into_inner(),
        })
    }

    fn in_order(
        &mut self,
        short: &str,
        less: &Spanned<SignedDuration>,
        long: &str,
        more: &Spanned<SignedDuration>,
    ) {
        if less.get_ref() > more.get_ref() {
            let span = if less.span().is_empty() { more.span() } else { less.span() };
            let what =
                format!("`{short}` ({:#}) is longer than `{long}` ({:#})", less.get_ref(), more.get_ref());
            self.reading.problem(span, what, format!("Make `{short}` shorter or `{long}` longer"));
        }
    }

    fn store(&mut self, said: Spanned<raw::Store>) -> Option<StoreSettings> {
        let (span, said) = (said.span(), said.into_inner());
        let (server, path) = ((said.url, said.password, said.tls, said.connections), said.path);
        let place = self.store_place(path, server, &span);
        let example = r#"secret_keys = [{ env = "MEMBERGATE_SECRET_KEY" }]"#;
        let sources = self.required(said.secret_keys, &span, "store.secret_keys", example);
        let secret_keys = sources.and_then(|sources| self.secret_keys(&sources, span));
        Some(StoreSettings { place: place?, secret_keys: secret_keys? })
    }

    fn secret_keys(&mut self, sources: &[raw::Source], span: Range<usize>) -> Option<SecretKeys> {
        if sources.is_empty() && !self.reading.is_sound() {
            // It may be empty because what it names could not be read, which is told already.
            return None;
        }
        if sources.is_empty() || sources.len() > MOST_SECRET_KEYS {
            let what = format!("`store.secret_keys` names {} keys", sources.len());
            let remedy = "Name the key that seals, and after it those that still open; at most eight";
            return self.refuse(span, what, remedy);
        }
        // Each is read, so that all problems are told.
        let keys: Vec<_> = sources.iter().map(|source| self.secret_key(source)).collect();
        let mut keys = keys.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
        keys.next().map(|first| SecretKeys::new(first, keys.collect()))
    }

    fn secret_key(&mut self, source: &raw::Source) -> Option<SecretKey> {
        let secret = self.secret(source)?;
        match SecretKey::parse(secret.expose_secret()) {
            Ok(key) => Some(key),
            Err(error) => {
                let remedy = "Put there what `membergate keys secret` prints";
                self.refuse(source.span(), format!("{} holds no secret key: {error}", source.name()), remedy)
            }
        }
    }

    fn log(&mut self, said: raw::Log) -> Option<Log> {
        let levels = [
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ];
        let level = self.choice(said.level, LevelFilter::INFO, &levels);
        let format =
            self.choice(said.format, Format::Text, &[("text", Format::Text), ("json", Format::Json)]);
        Some(Log { level: level?, format: format? })
    }

    fn rules(&mut self, said: Said<raw::Text>) -> Option<(PathBuf, Rules)> {
        let said = said.or(|| Spanned::new(0..0, "rules.toml".to_owned()))?;
        let (path, text) = self.readable(&said)?;
        match rules::parse(&text) {
            Ok(rules) => Some((path, rules)),
            Err(problems) => {
                let file = path.display().to_string();
                problems.into_iter().for_each(|problem| self.reading.add(problem.in_file(&*file)));
                None
            }
        }
    }

    /// Notes a problem; there is no value then.
    fn refuse<T>(
        &mut self,
        span: Range<usize>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Option<T> {
        self.reading.problem(span, what, remedy);
        None
    }

    fn web_address(&mut self, text: &raw::Text) -> Option<Url> {
        self.url(
            text,
            &["https", "http"],
            r#"Write a whole address, such as "https://www.acme.example/help""#,
        )
    }
}
