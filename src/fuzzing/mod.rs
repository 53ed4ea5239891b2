//! The fuzz targets: what each does with its bytes, and what must hold whatever they are. docs/testing.md says how they are run.
//!
//! `fuzz/fuzz_targets` hands them to cargo-fuzz, and `tests` runs them over their seeds and over changed seeds with every test run.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::LazyLock;

use jiff::SignedDuration;
use serde_json::Value;
use url::Url;

pub use crate::web::proxy::fuzzing::{cookies, forward_auth};

use crate::adapters::ams::re_members::wire::rows::{CommitteeName, EventDays};
use crate::adapters::ams::re_members::wire::{self, Fetched};
use crate::adapters::keys::assertion::Signer;
use crate::adapters::rules_file;
use crate::config::env::Given;
use crate::config::{self, Settings, sample};
use crate::domain::access::{Access, Sites, Visitor, decide, normal_host};
use crate::domain::client::{Algorithm, Clients};
use crate::domain::grant::request::{Parameters, Refusal, check};
use crate::domain::parts::Part;
use crate::domain::return_to::ReturnTo;
use crate::domain::roles;
use crate::domain::rule::Rules;
use crate::domain::time::{AmsDate, Timestamp};

const SITES_AND_CLIENTS: &str = r#"
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
[[site.access]]
path = "/members"
any_of = ["member"]
[[site.access]]
path = "/"
require = "public"
[[site]]
name = "library"
url = "https://library.acme.example"
upstream = "http://127.0.0.1:3001"
windows = true
[[site.access]]
path = "/members"
any_of = ["member"]
[[site.access]]
path = "/"
require = "public"
[oidc]
[[oidc.client]]
id = "wiki"
secret = { env = "SECRET" }
redirect_uris = ["https://wiki.acme.example/callback"]
scopes = ["openid", "profile", "email"]
[[oidc.client]]
id = "app"
public = true
redirect_uris = ["https://app.acme.example/signed-in", "http://127.0.0.1/back"]
"#;

/// What no message and no printed setting may show.
const SECRET: &str = "Wh4tN0M3ss4g3M4ySh0w-0123456789-abcdef";

static SETTINGS: LazyLock<Settings> =
    LazyLock::new(|| in_order(load(&format!("{}{SITES_AND_CLIENTS}", sample::ESSENTIALS))));
static SITES: LazyLock<Sites> =
    LazyLock::new(|| Sites::new(SETTINGS.sites.iter().map(|site| site.site.clone())));
static CLIENTS: LazyLock<Clients> =
    LazyLock::new(|| Clients::new(SETTINGS.oidc.iter().flat_map(|oidc| oidc.clients.clone()), false));
static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let stored = Signer::generate(Algorithm::EdDsa, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    in_order(Signer::from_stored(&in_order(stored)))
});
static RULES: LazyLock<Rules> = LazyLock::new(|| in_order(rules_file::parse(sample::RULES)));

/// A value that every run of every target begins with.
fn in_order<T, E: std::fmt::Debug>(value: Result<T, E>) -> T {
    value.unwrap_or_else(|error| unreachable!("what the targets begin with is in order: {error:?}"))
}

fn load(text: &str) -> Result<Settings, Vec<config::Problem>> {
    let machine = Given::default()
        .variable("SECRET", SECRET)
        .variable("SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
        .file("gate.toml", text)
        .file("rules.toml", sample::RULES);
    config::load(Path::new("gate.toml"), &machine)
}

/// A host, a line end and a path. A stranger who gets the page gets no reading of it that is closed.
pub fn path_and_host(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (host, path) = text.split_once('\n').unwrap_or(("www.acme.example", text));
    if let Some(host) = normal_host(host) {
        let is_plain =
            |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/\\@?#".contains(&byte);
        assert!(!host.is_empty() && host.len() <= 255 && host.bytes().all(is_plain), "{host}");
    }
    for host in ["www.acme.example", "library.acme.example"] {
        let Ok(located) = SITES.locate(host, path) else { continue };
        assert_eq!(located.path.raw(), path, "the bytes are forwarded as they came");
        let readings: Vec<&str> = located.path.readings().collect();
        assert!((1..=32).contains(&readings.len()), "{readings:?}");
        let is_whole = |reading: &&str| reading.starts_with('/') && !reading.contains(char::is_control);
        assert!(readings.iter().all(is_whole), "{readings:?}");
        let Some(site) = located.site else { continue };
        if let Access::Granted(permit) = decide(site, &located.path, "GET", Visitor::Stranger) {
            let is_closed = |reading: &&str| {
                let small = reading.to_ascii_lowercase();
                small == "/members" || small.starts_with("/members/")
            };
            assert!(permit.is_public() && !readings.iter().any(is_closed), "{readings:?}");
        }
    }
}

/// A line of `explain`. No entry gets lost, texts are bounded, and the decision holds until the instant that it says.
pub fn ams_record(bytes: &[u8]) {
    let Ok(Value::Object(mut line)) = serde_json::from_slice(bytes) else { return };
    let individual = line.remove("individual").unwrap_or_default();
    let mut part = |name: &str| line.remove(name).map(wire::items_owned);
    let fetched = Fetched {
        individual,
        committees: part("committees"),
        registrations: part("registrations"),
        purchases: part("purchases"),
        certifications: part("certifications"),
        relationships: part("relationships"),
        ..Fetched::default()
    };
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56);
    let Ok(record) = wire::record(&fetched, at) else { return };
    let lengths = |entries: &Option<Vec<Value>>| entries.as_ref().map(Vec::len);
    for (given, read) in [
        (lengths(&fetched.committees), record.committees.as_ref().map(Vec::len)),
        (lengths(&fetched.registrations), record.registrations.as_ref().map(Vec::len)),
        (lengths(&fetched.purchases), record.purchases.as_ref().map(Vec::len)),
        (lengths(&fetched.certifications), record.certifications.as_ref().map(Vec::len)),
        (lengths(&fetched.relationships), record.relationships.as_ref().map(Vec::len)),
    ] {
        assert!(given.is_none() || given == read, "{given:?} entries became {read:?}");
    }
    assert!(record.profile.name.len() <= 1024, "{}", record.profile.name.len());
    assert!(record.profile.email.as_ref().is_none_or(|email| email.len() <= 254));

    rows_of_lists(&fetched, at);
    let decision = roles::explain(&record, &RULES, at);
    let managed = RULES.managed_roles();
    assert!(decision.roles.iter().all(|role| managed.contains(role)), "{:?}", decision.roles);
    assert!(decision.admitted || decision.roles.is_empty(), "{:?}", decision.roles);
    if let Some(until) = decision.holds_until {
        assert!(until > at, "{until}");
        let before = roles::explain(&record, &RULES, until - SignedDuration::from_nanos(1));
        assert_eq!((before.member, before.roles), (decision.member, decision.roles), "before {until}");
    }
}

/// The same JSON as rows of lists about many people: only what came, nothing about guests, no part that was not brought.
fn rows_of_lists(fetched: &Fetched, at: Timestamp) {
    let entries = fetched.registrations.iter().chain(&fetched.committees).flatten();
    let rows: Vec<Value> = entries.chain([&fetched.individual]).cloned().collect();
    let event = EventDays { code: "E".into(), start: AmsDate::Absent, end: AmsDate::Absent };
    let own = rows.iter().filter(|row| {
        row.get("guestOfRecordNumber")
            .is_none_or(|host| host.is_null() || host.as_str().is_some_and(|host| host.trim().is_empty()))
    });
    let own = own.count();
    assert!(wire::rows::registrations(&rows, &event).len() <= own);
    assert!(wire::rows::cancellations(&rows).len() <= own);
    let committee = CommitteeName { code: "C".into(), name: None };
    assert!(wire::rows::seats(&rows, &committee).len() <= rows.len());
    if let Some(thin) = wire::rows::one_of_everybody(fetched.individual.clone(), &[], at) {
        assert!(thin.memberships.is_empty() && thin.custom_fields.is_empty() && thin.is_approved.is_none());
        assert!(Part::ALL.into_iter().all(|part| !thin.has_read(part, None)));
    }
}

/// A rules file. What is read is printed and read again as the same; what is not has problems with a place.
pub fn rules_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match rules_file::parse(text) {
        Ok(rules) => assert_eq!(rules_file::parse(&rules_file::print(&rules)).as_ref(), Ok(&rules)),
        Err(problems) => assert_have_places(&problems, text),
    }
}

/// A configuration file. It is refused with problems that have a place, or it has sites; no secret shows in either case.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match load(text) {
        Ok(settings) => {
            assert!(!settings.sites.is_empty());
            assert!(!format!("{settings:?}").contains(SECRET));
        }
        Err(problems) => {
            assert_have_places(&problems, text);
            assert!(!format!("{problems:?}").contains(SECRET));
        }
    }
}

fn assert_have_places(problems: &[config::Problem], text: &str) {
    assert!(!problems.is_empty());
    let lines = text.split('\n').count();
    // A problem of another file has the lines of that file.
    let ours = problems.iter().filter(|problem| problem.file.as_deref() != Some("rules.toml"));
    for problem in ours {
        assert!((1..=lines).contains(&problem.line) && problem.column > 0, "{problem}");
        assert!(!problem.what.is_empty() && !problem.remedy.is_empty(), "{problem}");
    }
}

/// A return address. What is accepted keeps a browser at the host, and none of its forms is refused later.
pub fn return_address(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(address) = ReturnTo::parse(text) else { return };
    assert_eq!(address.as_str(), text);
    let site = in_order(Url::parse("https://www.acme.example/here"));
    let moved = address.at_fragment("part-2");
    for form in [&address, &address.cut(), &moved] {
        assert_eq!(ReturnTo::parse(form.as_str()).as_ref(), Ok(form), "{form}");
        let target = in_order(site.join(form.as_str()));
        assert_eq!(target.origin(), site.origin(), "{form}");
    }
    assert!(address.cut().fits());
}

/// Claims, or a signed statement. Nothing verifies but what was signed, as it was signed.
pub fn assertion(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(SIGNER.verify(text), None, "nobody signed this");
    }
    let signed = in_order(SIGNER.sign(bytes));
    assert_eq!(SIGNER.verify(&signed), serde_json::from_slice(bytes).ok());
    let other = in_order(SIGNER.sign_as("logout+jwt", bytes));
    assert_eq!(SIGNER.verify(&other), None, "a statement of another type");
    // Which letter is changed comes of the bytes too.
    let at = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte)) % signed.len();
    let changed = if signed.as_bytes().get(at) == Some(&b'A') { 'B' } else { 'A' };
    let forged: String =
        signed.chars().enumerate().map(|(place, c)| if place == at { changed } else { c }).collect();
    assert_eq!(SIGNER.verify(&forged), None, "a letter was changed at {at}");
}

/// A client's request. An answer goes to an address of that client alone, and a request that waits for a sign-in stays the same.
pub fn authorize_request(bytes: &[u8]) {
    let parameters = Parameters::parse(bytes);
    let checked = check(&CLIENTS, &parameters);
    let reply_to = match &checked {
        Ok(authorization) => &authorization.reply_to,
        Err(Refusal::AtTheClient(reply_to, ..)) => reply_to,
        Err(Refusal::OnOurPage(_)) => return,
    };
    let client = parameters.one("client_id");
    let is_loopback = |address: &str| {
        let port = address.strip_prefix("http://127.0.0.1").and_then(|rest| rest.strip_suffix("/back"));
        let port = port.map(|port| port.strip_prefix(':').unwrap_or(port));
        port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_its_own = match client {
        Ok(Some("wiki")) => reply_to.address.as_str() == "https://wiki.acme.example/callback",
        Ok(Some("app")) => {
            reply_to.address.as_str() == "https://app.acme.example/signed-in"
                || is_loopback(reply_to.address.as_str())
        }
        _ => false,
    };
    assert!(is_its_own, "{client:?} is answered at {}", reply_to.address.as_str());
    assert!(reply_to.state.as_ref().is_none_or(|state| state.len() <= 8192));
    if let Ok(authorization) = &checked {
        let kept = in_order(check(&CLIENTS, &Parameters::parse(parameters.kept().as_bytes())));
        assert_eq!(kept.reply_to, authorization.reply_to);
        assert_eq!((kept.scopes, kept.nonce), (authorization.scopes.clone(), authorization.nonce.clone()));
        assert_eq!((kept.prompt, kept.max_age), (authorization.prompt, authorization.max_age));
    }
}
