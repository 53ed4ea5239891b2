//! What a visitor may reach, and why not.
//!
//! Invariant: nothing here waits, reads a clock or knows HTTP. Every door asks `decide`, so they cannot disagree, and a
//! yes is a `Permit` that only this module can make.

use std::collections::HashMap;
use std::sync::Arc;

use super::client::Client;
use super::path::{PathPattern, RequestPath};
use super::record::{IndividualId, Profile};
pub use super::require::Require;
use super::roles::Decision;

/// A website that delegates login to us.
#[derive(Debug, Clone)]
pub struct Site {
    /// Short name; the audience of assertions.
    pub name: Arc<str>,
    /// The site's name for people.
    pub title: String,
    /// Public origin, `scheme://host[:port]`, without a path. Absolute addresses come only from here.
    pub origin: String,
    /// Host in lower case, without port or trailing dot.
    pub host: Arc<str>,
    /// Path prefix when several sites share a host; `/` otherwise.
    pub prefix: PathPattern,
    /// Path of the home page, where a logout ends.
    pub home: String,
    /// Access rules; the first that covers a request decides. None covers it: signed in.
    pub access: Vec<AccessRule>,
}

/// Who may make which requests.
#[derive(Debug, Clone)]
pub struct AccessRule {
    /// Paths that the rule speaks of.
    pub path: PathPattern,
    /// Methods that the rule speaks of, in upper case. Empty: all.
    pub methods: Vec<String>,
    /// What a visitor needs.
    pub require: Require,
}

/// The methods of RFC 9110 and RFC 5789. Sites treat others as they like, many as GET.
const KNOWN_METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl AccessRule {
    /// HEAD counts as GET. A rule that restricts speaks of every method that nobody knows, whichever it names.
    fn speaks_of(&self, method: &str) -> bool {
        let names = |method: &str| self.methods.iter().any(|named| named == method);
        self.methods.is_empty()
            || names(method)
            || (method == "HEAD" && names("GET"))
            || (self.require != Require::Public && !KNOWN_METHODS.contains(&method))
    }
}

/// A signed-in person as decisions see him or her.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The person.
    pub id: IndividualId,
    /// Names, for pages and headers.
    pub profile: Profile,
    /// What the person holds now.
    pub decision: Decision,
}

/// Who is asking.
#[derive(Debug, Clone, Copy)]
pub enum Visitor<'a> {
    /// Nobody that we know.
    Stranger,
    /// Somebody with a live session.
    SignedIn(&'a Standing),
}

/// The answer.
#[derive(Debug)]
pub enum Access<'a> {
    /// Go ahead; the permit opens the upstream.
    Granted(Permit<'a>),
    /// Unknown: offer to sign in.
    SignIn,
    /// Known, and not entitled: this is what would be needed.
    Refused(&'a Require),
}

/// Proof that `decide` said yes. Fields are private to this module.
#[derive(Debug, Clone, Copy)]
pub struct Permit<'a> {
    site: &'a Site,
    visitor: Visitor<'a>,
}

impl<'a> Permit<'a> {
    /// The site that may be reached.
    pub fn site(&self) -> &'a Site {
        self.site
    }

    /// Who is asking; known visitors are known on public pages too.
    pub fn visitor(&self) -> Visitor<'a> {
        self.visitor
    }
}

const SIGNED_IN: Require = Require::SignedIn;

/// Decides whether `visitor` may make this request to `site`.
///
/// Rules that restrict are matched without regard to ASCII case, since some sites serve `/Members` for `/members`; rules
/// that open match exactly. A doubt ends on the safe side.
pub fn decide<'a>(site: &'a Site, path: &RequestPath<'_>, method: &str, visitor: Visitor<'a>) -> Access<'a> {
    let covering = site
        .access
        .iter()
        .find(|rule| rule.speaks_of(method) && rule.path.covers(path, rule.require != Require::Public));
    let require = covering.map_or(&SIGNED_IN, |rule| &rule.require);
    let granted = Access::Granted(Permit { site, visitor });
    let standing = match (require, visitor) {
        (Require::Public, _) => return granted,
        (_, Visitor::Stranger) => return Access::SignIn,
        (_, Visitor::SignedIn(standing)) => standing,
    };
    if is_enough(standing, require) { granted } else { Access::Refused(require) }
}

fn is_enough(standing: &Standing, require: &Require) -> bool {
    let roles = standing.decision.admitted.then_some(&standing.decision.roles);
    require.is_met_by(roles)
}

/// Proof that a person may sign in to a client; claims are made from nothing else. The field is private to this module.
#[derive(Debug, Clone, Copy)]
pub struct Admission<'a> {
    standing: &'a Standing,
}

impl<'a> Admission<'a> {
    /// Who may.
    pub fn standing(&self) -> &'a Standing {
        self.standing
    }
}

/// Decides whether a person may sign in to a client. Every kind of grant asks here (GHSA-7qjx-gp9h-65qj). `None`: refused.
pub fn admit<'a>(client: &Client, standing: &'a Standing) -> Option<Admission<'a>> {
    is_enough(standing, &client.require).then_some(Admission { standing })
}

/// All sites, found by host and longest path prefix.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    by_host: HashMap<Arc<str>, Vec<Arc<Site>>>,
}

impl Sites {
    /// Arranges sites for look-up. Two sites with the same host and prefix are refused earlier, by the configuration.
    pub fn new(sites: impl IntoIterator<Item = Site>) -> Sites {
        let mut by_host: HashMap<Arc<str>, Vec<Arc<Site>>> = HashMap::new();
        for site in sites {
            by_host.entry(site.host.clone()).or_default().push(Arc::new(site));
        }
        for sharing in by_host.values_mut() {
            sharing.sort_by_key(|site| std::cmp::Reverse(site.prefix.as_str().len()));
        }
        Sites { by_host }
    }

    /// The site for a request; `host` as [`normal_host`] gives it.
    pub fn find(&self, host: &str, path: &RequestPath<'_>) -> Option<&Arc<Site>> {
        self.on_host(host).iter().find(|site| site.prefix.covers(path, true))
    }

    /// The sites that share one host, longest prefix first.
    pub fn on_host(&self, host: &str) -> &[Arc<Site>] {
        self.by_host.get(host).map_or(&[], Vec::as_slice)
    }

    /// The host after this one in the fixed round of all hosts, by one of its sites; from the last, the first follows.
    pub fn next_host(&self, host: &str) -> Option<&Arc<Site>> {
        let after = self.by_host.keys().filter(|other| &***other > host).min();
        let next = after.or_else(|| self.by_host.keys().min())?;
        self.on_host(next).last()
    }

    /// The site of that name.
    pub fn named(&self, name: &str) -> Option<&Arc<Site>> {
        self.all().find(|site| &*site.name == name)
    }

    /// Every site.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.by_host.values().flatten()
    }
}

/// The host of a `Host` header or authority: no port, no trailing dot, lower case. `None`: not a host.
pub fn normal_host(authority: &str) -> Option<String> {
    let host = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            let port_follows = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
            let is_v6 = inside.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
            (port_follows && is_v6).then(|| format!("[{inside}]"))?
        }
        None => match authority.split_once(':') {
            Some((host, port)) if is_port(port) => host.to_owned(),
            Some(_) => return None,
            None => authority.to_owned(),
        },
    };
    let host = host.strip_suffix('.').unwrap_or(&host).to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'[' | b']' | b':');
    (!host.is_empty() && host.len() <= 255 && host.bytes().all(plain)).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests;
