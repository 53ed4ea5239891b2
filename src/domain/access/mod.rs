//! What a visitor may reach, and why not.
//!
//! Invariant: nothing here waits, reads a clock or knows HTTP. Proxy, forward-auth and OpenID Provider ask `decide`, so they cannot disagree, and a
//! yes is a `Permit` that only this module can make.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::client::Client;
use super::parts::Part;
use super::path::{PathFault, PathPattern, PathPolicy, Platform, RequestPath};
use super::record::{IndividualId, Profile};
pub use super::require::Require;
use super::roles::{Decision, RoleDoubt};
use super::rule::Role;

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
    /// Which paths it takes, and who reads them.
    pub paths: PathPolicy,
    /// Access rules; the first that covers a request decides. None covers it: signed in.
    pub access: Vec<AccessRule>,
}

impl Site {
    /// Host and port as visitors write them, from the origin.
    pub fn authority(&self) -> &str {
        self.origin.split_once("://").map_or(&*self.host, |(_, authority)| authority)
    }

    /// Whether visitors come by https.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// The port to which visitors come.
    pub fn port(&self) -> u16 {
        let port = port_of(self.authority());
        port.and_then(|port| port.parse().ok()).unwrap_or(if self.is_https() { 443 } else { 80 })
    }
}

/// What follows the host of an authority.
fn port_of(authority: &str) -> Option<&str> {
    let (_, port) = authority.rsplit_once(':')?;
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some(port)
}

/// Whether two authorities name the same host for a browser's cookies: in any case, at any port, but a final dot makes another.
pub fn is_same_host_name(one: &str, other: &str) -> bool {
    let host = |authority: &str| {
        let port = port_of(authority).map_or(0, |port| port.len() + 1);
        authority.len() - port
    };
    let (one, other) = (one.get(..host(one)), other.get(..host(other)));
    matches!((one, other), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
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
    /// The parts of the record at which the mapping looks and of which something was not read.
    pub unread: BTreeSet<Part>,
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
    is_public: bool,
}

impl<'a> Permit<'a> {
    /// The site that may be reached.
    pub fn site(&self) -> &'a Site {
        self.site
    }

    /// Whether strangers may do the same.
    pub fn is_public(&self) -> bool {
        self.is_public
    }

    /// Who is asking; known visitors are known on public pages too.
    pub fn visitor(&self) -> Visitor<'a> {
        self.visitor
    }
}

const SIGNED_IN: Require = Require::SignedIn;

/// Decides whether `visitor` may make this request to `site`: only if it is granted under every reading of the path. Otherwise the
/// answer is that of the first reading that is not granted.
///
/// Rules that restrict are matched without regard to case, since some sites serve `/Members` for `/members`; rules that open match
/// exactly. A doubt ends on the safe side.
pub fn decide<'a>(site: &'a Site, path: &RequestPath<'_>, method: &str, visitor: Visitor<'a>) -> Access<'a> {
    let mut is_public = true;
    for reading in path.readings() {
        let require = required(site, reading, method);
        is_public &= *require == Require::Public;
        if let Some(refused) = decide_reading(require, visitor) {
            return refused;
        }
    }
    Access::Granted(Permit { site, visitor, is_public })
}

/// The path of the rule that closes a path which is granted as it is written, but not under every reading. For the log: a rule's text
/// is the operator's own, a reading is the visitor's.
pub fn closed_by_reading<'a>(
    site: &'a Site,
    path: &RequestPath<'_>,
    method: &str,
    visitor: Visitor<'a>,
) -> Option<&'a str> {
    let answer = |reading: &str| decide_reading(required(site, reading, method), visitor);
    if path.has_one_reading() || answer(path.literal()).is_some() {
        return None;
    }
    let closed = path.readings().find(|reading| answer(reading).is_some())?;
    Some(covering(site, closed, method).map_or("none, so a sign-in is needed", |rule| rule.path.as_str()))
}

/// `None`: granted.
fn decide_reading<'a>(require: &'a Require, visitor: Visitor<'a>) -> Option<Access<'a>> {
    match (require, visitor) {
        (Require::Public, _) => None,
        (_, Visitor::Stranger) => Some(Access::SignIn),
        (require, Visitor::SignedIn(standing)) if is_enough(standing, require) => None,
        (require, Visitor::SignedIn(_)) => Some(Access::Refused(require)),
    }
}

/// What one reading of a path asks for.
fn required<'a>(site: &'a Site, reading: &str, method: &str) -> &'a Require {
    covering(site, reading, method).map_or(&SIGNED_IN, |rule| &rule.require)
}

fn covering<'a>(site: &'a Site, reading: &str, method: &str) -> Option<&'a AccessRule> {
    let covers = |rule: &&AccessRule| {
        rule.speaks_of(method) && rule.path.covers(reading, rule.require != Require::Public)
    };
    site.access.iter().find(covers)
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

/// Whether a client refuses a person for certain: roles of which it is not known whether the person holds them count as held.
pub fn surely_refuses(client: &Client, standing: &Standing, doubt: &RoleDoubt) -> bool {
    let decision = &standing.decision;
    let may_hold = |role: &Role| decision.roles.contains(role) || doubt.is_about(role);
    !client.require.is_met_with(decision.admitted, may_hold)
}

/// Where a request goes.
#[derive(Debug)]
pub struct Located<'s, 'p> {
    /// The path with all its readings.
    pub path: RequestPath<'p>,
    /// The site to which every reading leads. `None`: there is none.
    pub site: Option<&'s Arc<Site>>,
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

    /// Reads the path of a request and finds its site; `host` as [`normal_host`] gives it.
    ///
    /// # Errors
    /// The path is refused, or its readings choose different sites.
    pub fn locate<'p>(&self, host: &str, raw: &'p str) -> Result<Located<'_, 'p>, PathFault> {
        let sharing = self.on_host(host);
        let is_windows = sharing.iter().any(|site| site.paths.platform == Platform::Windows);
        let path = RequestPath::parse_for(raw, if is_windows { Platform::Windows } else { Platform::Any })?;
        let chosen = |reading: &str| sharing.iter().position(|site| site.prefix.covers(reading, true));
        let first = chosen(path.literal());
        if !path.has_one_reading() && path.readings().any(|reading| chosen(reading) != first) {
            return Err(PathFault::SeveralSites);
        }
        let site = first.and_then(|at| sharing.get(at));
        if site.is_some_and(|site| site.paths.refuses_ambiguous && path.is_ambiguous()) {
            return Err(PathFault::Ambiguous);
        }
        Ok(Located { path, site })
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
