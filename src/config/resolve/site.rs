//! `[[site]]`: where a website is, for visitors and for us.

use std::sync::Arc;

use toml::Spanned;
use url::Url;

use super::super::raw;
use super::super::settings::SiteSettings;
use super::access::RESERVED;
use super::values::Resolving;
use crate::adapters::subscribers::wordpress::PeopleEndpoint;
use crate::adapters::toml_reading::Said;
use crate::adapters::upstream::{Trust, UpstreamLimits};
use crate::domain::access;
use crate::domain::directory::settings::{DirectorySettings, PeopleOnFile};
use crate::domain::path::{PathPattern, PathPolicy, Platform, RequestPath};
use crate::domain::return_to::is_ours;
use crate::domain::rule::{Role, Rules};

const URL: &str = r#"Write where visitors find the site, such as "https://www.acme.example""#;
const PEOPLE: &str =
    r#"Write the address of the plugin, such as "https://www.acme.example/wp-json/membergate/v1/people""#;
const UPSTREAM: &str = r#"Write scheme, host and port, such as "http://127.0.0.1:3000""#;

/// What the rest of the file says that matters to a site.
pub(super) struct Around<'a> {
    /// The title of those sites that have none of their own.
    pub(super) title: &'a str,
    /// The roles that the mapping can grant, if it could be read.
    pub(super) rules: Option<&'a Rules>,
    /// Whether any web server may ask at `/_gate/verify`.
    pub(super) is_asked: bool,
    /// How the directory is kept, if it could be read.
    pub(super) directory: Option<&'a DirectorySettings>,
}

impl Resolving<'_, '_> {
    /// All sites.
    pub(super) fn sites(
        &mut self,
        said: Said<Vec<Spanned<raw::Site>>>,
        around: &Around<'_>,
    ) -> Option<Vec<SiteSettings>> {
        let sites = said.or(Vec::new)?;
        if sites.is_empty() {
            let remedy = "Add a `[[site]]` with `name`, `url` and `upstream`";
            self.reading.missing(0..0, "there is no site", remedy);
            return None;
        }
        let mut seen = SeenNames::default();
        self.each(sites, |to, site| to.site(site, around, &mut seen))
    }

    fn site(
        &mut self,
        said: Spanned<raw::Site>,
        around: &Around<'_>,
        seen: &mut SeenNames,
    ) -> Option<SiteSettings> {
        let (span, said) = (said.span(), said.into_inner());
        let name = self.required(said.name, &span, "site.name", r#"name = "library""#);
        let name = name.and_then(|name| self.site_name(&name, seen));
        let title =
            self.optional(said.title, |to, title| to.not_empty(title, "Write the name that visitors see"));
        let url = self.required(said.url, &span, "site.url", r#"url = "https://www.acme.example""#);
        let place = url.and_then(|url| self.place(&url, seen));
        if matches!(said.upstream, Said::Nothing) && !around.is_asked {
            let remedy = r#"Write `upstream = "http://127.0.0.1:3000"`. Or, if the site's own web server asks at `/_gate/verify`, name that server in `listen.forward_auth_proxies`"#;
            self.reading.missing(span.clone(), "`site.upstream` is missing", remedy);
        }
        let upstream = self.optional(said.upstream, |to, upstream| to.upstream(&upstream));
        let home = self.optional(said.home, |to, home| to.home(&home));
        let trust = self.optional(said.upstream_ca, |to, file| to.readable(&file).map(|(path, _)| path));
        let connect = self.duration(said.connect_timeout, "5s");
        let response = self.duration(said.response_timeout, "60s");
        let connections = self.count(said.max_connections, UpstreamLimits::default().connections);
        let per_network =
            self.count(said.max_connections_per_network, UpstreamLimits::default().connections_per_network);
        let people = self.people(said.people_endpoint, said.create, around.directory);
        let paths = self.path_policy(said.ambiguous_paths, said.windows);
        let prefix = place.as_ref().map(|place| place.prefix.as_str());
        let access = said.access.or(Vec::new).and_then(|rules| self.access(rules, prefix, around.rules));
        let place = place?;
        Some(SiteSettings {
            site: access::Site {
                name: name?,
                title: title?.unwrap_or_else(|| around.title.to_owned()),
                origin: place.origin,
                host: place.host,
                home: home?.unwrap_or_else(|| place.prefix.as_str().to_owned()),
                prefix: place.prefix,
                paths: paths?,
                access: access?,
            },
            upstream: upstream?,
            preserve_host: said.preserve_host.or(|| true)?,
            trust: trust?.map_or(Trust::Platform, Trust::Bundle),
            limits: UpstreamLimits {
                connect: connect?.into_inner().unsigned_abs(),
                headers: response?.into_inner().unsigned_abs(),
                connections: connections?,
                connections_per_network: per_network?,
                ..UpstreamLimits::default()
            },
            people: people?,
        })
    }

    /// Where its WordPress is told of people. Outer `None`: a problem.
    fn people(
        &mut self,
        endpoint: Said<raw::Text>,
        create: Said<bool>,
        directory: Option<&DirectorySettings>,
    ) -> Option<Option<PeopleEndpoint>> {
        let url = self.optional(endpoint, |to, text| {
            if directory.is_some_and(|directory| !directory.in_step) {
                let what = "people are not kept in step with the AMS, so no site can be told of them";
                let remedy = "Take out `directory.in_step = false`, or `people_endpoint`";
                return to.refuse(text.span(), what, remedy);
            }
            if directory.is_some_and(|directory| directory.people == PeopleOnFile::SignedIn) {
                let what = "whoever does not sign in is erased from the directory, so the site would take their roles away";
                let remedy = "Take out `directory.people = \"signed_in\"`, or `people_endpoint`";
                return to.refuse(text.span(), what, remedy);
            }
            let url = to.secure_url(&text, PEOPLE)?;
            if url.fragment().is_some() {
                return to.refuse(text.span(), "an address that is posted to has no `#`", PEOPLE);
            }
            Some(url)
        });
        let create = create.or(|| false);
        let (url, create) = (url?, create?);
        Some(url.map(|url| PeopleEndpoint { url, create }))
    }

    fn site_name(&mut self, name: &raw::Text, seen: &mut SeenNames) -> Option<Arc<str>> {
        // A site's name has the shape of a role's: both become parts of headers and addresses.
        if Role::parse(name.get_ref()).is_err() {
            let what = format!("`{}` is not a site's name", name.get_ref());
            return self.refuse(name.span(), what, "Use 1 to 64 of a-z, 0-9, `_` and `-`");
        }
        if seen.names.contains(name.get_ref()) {
            let what = format!("two sites have the name `{}`", name.get_ref());
            return self.refuse(name.span(), what, "Give each site a name of its own");
        }
        seen.names.push(name.get_ref().clone());
        Some(name.get_ref().as_str().into())
    }

    fn place(&mut self, text: &raw::Text, seen: &mut SeenNames) -> Option<Place> {
        let url = self.secure_url(text, URL)?;
        if url.query().is_some() || url.fragment().is_some() {
            return self.refuse(text.span(), "a site's address has no `?` and no `#`", URL);
        }
        let Some(host) = url.host_str().and_then(access::normal_host) else {
            return self.refuse(text.span(), "this host cannot be asked for by a browser", URL);
        };
        let path = match url.path().trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let prefix = PathPattern::parse(path).ok().filter(|_| !path.contains('*'));
        let Some(prefix) = prefix else {
            let what = format!("sites cannot be told apart by the path `{path}`");
            return self.refuse(text.span(), what, "Use letters, digits, `-` and `_` between the slashes");
        };
        if is_ours(path) {
            let what = format!("`{RESERVED}` is the gateway's own");
            return self.refuse(text.span(), what, "Give the site another path");
        }
        let origin = url.origin().ascii_serialization();
        let place = Place { origin, host: host.into(), prefix };
        let same_host = seen.places.iter().find(|other| other.host == place.host);
        if same_host.is_some_and(|other| other.origin != place.origin) {
            let what = format!("sites of the host `{}` differ in scheme or port", place.host);
            return self.refuse(
                text.span(),
                what,
                "Sites that share a host share its sign-ins: give them the same scheme and port",
            );
        }
        // Look-up pays no regard to case, so neither do we.
        let same = |other: &Place| {
            other.host == place.host && other.prefix.as_str().eq_ignore_ascii_case(place.prefix.as_str())
        };
        if seen.places.iter().any(same) {
            let what = format!("two sites have the address `{}`", text.get_ref());
            return self.refuse(text.span(), what, "Give one of them another host or another path");
        }
        seen.places.push(place.clone());
        Some(place)
    }

    fn upstream(&mut self, text: &raw::Text) -> Option<Url> {
        let url = self.url(text, &["http", "https"], UPSTREAM)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            let what = "an upstream has no path: requests keep the path that the visitor asked for";
            return self.refuse(text.span(), what, UPSTREAM);
        }
        Some(url)
    }

    fn path_policy(&mut self, ambiguous: Said<raw::Text>, windows: Said<bool>) -> Option<PathPolicy> {
        let refuses_ambiguous = self.choice(ambiguous, false, &[("check", false), ("refuse", true)]);
        let is_windows = windows.or(|| false);
        let platform = if is_windows? { Platform::Windows } else { Platform::Any };
        Some(PathPolicy { refuses_ambiguous: refuses_ambiguous?, platform })
    }

    fn home(&mut self, text: &raw::Text) -> Option<String> {
        let path = text.get_ref().split(['?', '#']).next().unwrap_or_default();
        if !RequestPath::parse(path).is_ok_and(|path| !path.is_ambiguous()) {
            let what = format!("`{}` is not a path on the site", text.get_ref().escape_default());
            return self.refuse(text.span(), what, r#"Write a path such as "/welcome""#);
        }
        if is_ours(path) {
            return self.refuse(
                text.span(),
                format!("`{RESERVED}` is the gateway's own"),
                "Name a page of the site",
            );
        }
        Some(text.get_ref().clone())
    }
}

/// What no two sites may share.
#[derive(Default)]
struct SeenNames {
    names: Vec<String>,
    places: Vec<Place>,
}

/// Where visitors find a site.
#[derive(Clone)]
struct Place {
    origin: String,
    host: Arc<str>,
    prefix: PathPattern,
}
