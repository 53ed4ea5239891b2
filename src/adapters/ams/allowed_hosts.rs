//! Which addresses our secrets may be sent to (docs/ams/remembers.md, "Handshake").
//!
//! The handshake's answers name the address of the next call. Whoever could forge one would be handed our credentials,
//! so an address is used only when the configuration names its host, and only over https.

use url::{Host, Url};

use crate::adapters::ams::AmsError;
use crate::domain::network;

/// The hosts that the configuration allows, as `host` or `host:port`. Without a port: https's own.
#[derive(Debug, Clone)]
pub struct AllowedHosts {
    hosts: Vec<(Host<String>, Option<u16>)>,
    plain_loopback: bool,
}

/// The text is not a host name, with or without a port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a host: write `members.acme.example` or `members.acme.example:8443`")]
pub struct NotAHost(pub String);

impl AllowedHosts {
    /// Reads the configured list. With `plain_loopback`, a listed loopback host is also allowed over plain http, and on
    /// any port when none is listed; this is for the demo and for tests.
    pub fn parse<S: AsRef<str>>(hosts: &[S], plain_loopback: bool) -> Result<AllowedHosts, NotAHost> {
        let hosts = hosts.iter().map(|host| parse_host(host.as_ref())).collect::<Result<_, _>>()?;
        Ok(AllowedHosts { hosts, plain_loopback })
    }

    /// Takes an address that the AMS named.
    pub(in crate::adapters::ams) fn accept(&self, text: &str) -> Result<Url, AmsError> {
        let url = Url::parse(text.trim()).map_err(|_| AmsError::AddressRefused("not an address".into()))?;
        self.check(&url)?;
        Ok(url)
    }

    /// Takes the base of all calls: explicit default port, trailing slash, query and fragment go.
    pub(in crate::adapters::ams) fn accept_base(&self, text: &str) -> Result<Url, AmsError> {
        let mut url = self.accept(text)?;
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(url)
    }

    /// Whether a secret may be sent there, by the way it would travel alone.
    pub(in crate::adapters::ams) fn check_scheme(&self, url: &Url) -> Result<(), AmsError> {
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.plain_loopback && is_loopback(url) => Ok(()),
            scheme => Err(AmsError::AddressRefused(format!("`{scheme}` instead of https"))),
        }
    }

    fn check(&self, url: &Url) -> Result<(), AmsError> {
        self.check_scheme(url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AmsError::AddressRefused("an address with a user name".into()));
        }
        let any_port = self.plain_loopback && is_loopback(url);
        let port = url.port_or_known_default();
        let listed = self.hosts.iter().any(|(host, listed_port)| {
            let same_port = match listed_port {
                Some(listed) => port == Some(*listed),
                None => any_port || port == Some(443),
            };
            same_port && url.host() == Some(as_ref(host))
        });
        if listed {
            return Ok(());
        }
        let place = match (url.host_str(), port) {
            (Some(host), Some(443)) => format!("host `{host}`"),
            (Some(host), Some(port)) => format!("host `{host}`, port {port}"),
            _ => "no host".into(),
        };
        Err(AmsError::AddressRefused(place))
    }
}

fn parse_host(text: &str) -> Result<(Host<String>, Option<u16>), NotAHost> {
    let refused = || NotAHost(text.to_owned());
    let url = Url::parse(&format!("https://{}/", text.trim())).map_err(|_| refused())?;
    let only_host = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    match url.host() {
        Some(host) if only_host => Ok((host.to_owned(), url.port())),
        _ => Err(refused()),
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host().is_some_and(|host| network::is_loopback(&host))
}

fn as_ref(host: &Host<String>) -> Host<&str> {
    match host {
        Host::Domain(name) => Host::Domain(name),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(hosts: &[&str], plain_loopback: bool, address: &str, expect: Option<&str>) {
        let hosts = AllowedHosts::parse(hosts, plain_loopback).unwrap();
        let accepted = hosts.accept_base(address);
        assert_eq!(accepted.as_ref().ok().map(Url::as_str), expect, "{address}: {accepted:?}");
    }

    const LISTED: &[&str] = &["members.acme.example", "api.acme.example:8443"];

    #[test]
    fn a_listed_host_is_taken_in_every_spelling() {
        let base = Some("https://members.acme.example/api/v1");
        check(LISTED, false, "https://members.acme.example/api/v1", base);
        check(LISTED, false, "https://members.acme.example:443/api/v1", base);
        check(LISTED, false, "https://members.acme.example:443/api/v1/", base);
        check(LISTED, false, " HTTPS://MEMBERS.acme.Example/api/v1/?a=b#c ", base);
        check(LISTED, false, "https://api.acme.example:8443/", Some("https://api.acme.example:8443/"));
    }

    #[test]
    fn anything_else_is_refused() {
        for address in [
            "http://members.acme.example/api/v1",
            "http://members.acme.example:443/api/v1",
            "https://members.acme.example:80/api/v1",
            "https://members.acme.example:8443/api/v1",
            "https://api.acme.example/api/v1",
            "https://members.acme.example.evil.example/api/v1",
            "https://evil.example/members.acme.example",
            "https://members.acme.example@evil.example/",
            "https://user:pass@members.acme.example/",
            "https://membersxacme.example/",
            "ftp://members.acme.example/",
            "https://127.0.0.1/",
            "//members.acme.example/api/v1",
            "/api/v1",
            "",
            "not an address",
        ] {
            check(LISTED, true, address, None);
        }
    }

    #[test]
    fn plain_http_is_for_loopback_and_only_when_allowed() {
        let hosts = &["localhost", "127.0.0.1:9000", "members.acme.example"];
        check(hosts, true, "http://localhost:5555/api/v1/", Some("http://localhost:5555/api/v1"));
        check(hosts, true, "http://127.0.0.1:9000/api/v1", Some("http://127.0.0.1:9000/api/v1"));
        check(hosts, true, "http://127.0.0.1:9001/api/v1", None);
        check(hosts, true, "http://members.acme.example/api/v1", None);
        check(hosts, true, "http://localhost.evil.example/", None);
        check(
            &["ams.localhost"],
            true,
            "http://ams.localhost:5555/api",
            Some("http://ams.localhost:5555/api"),
        );
        check(hosts, false, "http://localhost:5555/api/v1", None);
        check(hosts, false, "https://localhost:5555/api/v1", None);
    }

    #[test]
    fn a_list_of_something_else_is_refused_when_it_is_read() {
        for entry in
            ["", "https://members.acme.example", "a/b", "a?b", "u@a", "a b", "a:99999", "*.acme.example/"]
        {
            assert_eq!(AllowedHosts::parse(&[entry], false).unwrap_err(), NotAHost(entry.into()));
        }
    }

    #[test]
    fn a_refusal_names_the_host_and_not_the_address() {
        let hosts = AllowedHosts::parse(LISTED, false).unwrap();
        let text = hosts.accept("https://evil.example/secret").unwrap_err().to_string();
        assert!(text.contains("`evil.example`") && !text.contains("secret"), "{text}");
    }
}
