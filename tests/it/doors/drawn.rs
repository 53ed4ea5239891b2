//! Requests at random, and what becomes of each by a second reading of the rules, which was written by other means and slowly.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::net::SocketAddr;

use super::question::{ask, request};
use super::table::Expect;
use crate::proxy::plane::Plane;

/// The headers among those of [`requests`] that servers are told to pass on.
pub const HEADERS: [&str; 8] = [
    "cookie",
    "accept",
    "sec-fetch-mode",
    "x-requested-with",
    "x-http-method-override",
    "x-method-override",
    "origin",
    "user-agent",
];

/// Text that decisions may turn on, and text on which they must not.
pub fn requests() -> impl Strategy<Value = (&'static str, String, Vec<(&'static str, String)>)> {
    let method = select(vec!["GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS", "PURGE"]);
    let segment = select(vec![
        "members",
        "members",
        "board",
        "board",
        "a",
        "a",
        "Members",
        "%6dembers",
        "board",
        "account",
        "public",
        "a",
        "..",
        ".",
        "%2e%2e",
        "",
        "a%2fb",
        "a%5c",
        "x;y",
        "%25",
        "%252e",
        "%00",
        "é",
        "caf%C3%A9",
        "_gate",
        "_GATE",
        "verify",
        "a'b",
        "*",
    ]);
    let query = select(vec![
        "",
        "",
        "?",
        "?a=b",
        "?_method=DELETE",
        "?+.method=DELETE",
        "?%5fmethod=delete&x",
        "?/../members",
        "?x=%00",
        "?a?b",
    ]);
    let target = (prop::collection::vec(segment, 0..3), query)
        .prop_map(|(path, query)| format!("/{}{query}", path.join("/")));
    let cookie = select(vec![
        "",
        "",
        "{member}",
        "{member}",
        "{member}",
        "a=b; {member}",
        "{member}; {member}",
        "membergate=x",
        "__Host-{member}",
        "=;",
    ]);
    let more = prop::collection::vec(
        select(vec![
            ("Accept", "text/html"),
            ("Accept", "text/html"),
            ("Accept", "text/html"),
            ("Accept", "text/html"),
            ("Accept", "application/json"),
            ("Sec-Fetch-Mode", "cors"),
            ("X-Requested-With", "x"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("X-Method-Override", "GET"),
            ("Membergate-Id", "evil"),
            ("Membergate_Roles", "evil"),
            ("Origin", "http://elsewhere.example"),
            ("User-Agent", "kube-probe/1.0"),
            ("X-Forwarded-For", "a"),
            ("Authorization", "Bearer x"),
            ("X-Rewrite-URL", "/public"),
        ]),
        0..4,
    );
    let host = select(vec![
        "library.example",
        "library.example",
        "library.example",
        "library.example",
        "library.example",
        "library.example",
        "LIBRARY.example:1",
        "other.example",
        "a b",
        "library.example.",
    ]);
    (method, target, cookie, more, host).prop_map(|(method, target, cookie, more, host)| {
        let mut fields = vec![("Host", host.to_owned())];
        fields.extend((!cookie.is_empty()).then(|| ("Cookie", cookie.to_owned())));
        fields.extend(more.into_iter().map(|(name, value)| (name, value.to_owned())));
        (method, target, fields)
    })
}

/// Whether the target is one of our own addresses.
pub fn is_ours(target: &str) -> bool {
    target.to_ascii_lowercase().starts_with("/_gate")
}

/// What must become of a request to the plane's site. `member`: the cookie of a member, as name and value.
pub fn expected(method: &str, target: &str, fields: &[(&str, &str)], member: &str) -> Expect {
    let values = |wanted: &str| -> Vec<&str> {
        fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value).collect()
    };
    let hosts = ["library.example", "LIBRARY.example:1", "library.example."];
    if !values("host").iter().all(|host| hosts.contains(host)) {
        return Expect::Rejected;
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let Some(path) =
        read(path).filter(|_| target.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'#'))
    else {
        return Expect::Rejected;
    };
    let mut methods = vec![method.to_owned()];
    for name in ["x-http-method-override", "x-method-override"] {
        methods.extend(values(name).iter().map(|value| (*value).to_owned()));
    }
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if ["_method", "%5fmethod", "+.method"].contains(&name) {
            methods.push(value.to_uppercase());
        }
    }
    let cookies: Vec<&str> = values("cookie").iter().flat_map(|line| line.split("; ")).collect();
    let ours: Vec<&&str> = cookies.iter().filter(|cookie| cookie.starts_with("membergate=")).collect();
    let is_member = matches!(ours.as_slice(), [one] if **one == member);

    let top = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_lowercase();
    let is_restricted = |method: &String| match top.as_str() {
        "members" | "board" | "account" => true,
        _ => !["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS"].contains(&method.as_str()),
    };
    match (methods.iter().any(is_restricted), is_member) {
        (_, true) if top == "board" => Expect::Refused,
        (_, true) => Expect::Member,
        (false, false) => Expect::Stranger,
        (true, false) => {
            let scripted = !values("x-requested-with").is_empty() || !values("sec-fetch-mode").is_empty();
            let is_person = !scripted && values("accept").contains(&"text/html");
            if is_person && ["GET", "HEAD"].contains(&method) { Expect::Login } else { Expect::Unauthorized }
        }
    }
}

/// The path without its encoding, where it can be read in one way only.
fn read(path: &str) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let unclear = ["%2f", "%5c", "%3b", "\\", ";", "#", "//"];
    if !path.starts_with('/') || unclear.iter().any(|part| lower.contains(part)) {
        return None;
    }
    let is_code = |code: &str| code.len() >= 2 && code.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !path.split('%').skip(1).all(is_code) {
        return None;
    }
    let text = percent_encoding::percent_decode_str(path).decode_utf8().ok()?.into_owned();
    let is_dots = |segment: &str| segment == "." || segment == "..";
    let is_coded_twice = text.split('%').skip(1).any(is_code);
    let is_clear = !text.contains(char::is_control) && !text.split('/').any(is_dots) && !is_coded_twice;
    is_clear.then_some(text)
}

/// Requests at random through a real server: the site is asked where the rules say so, or the server has refused by itself.
pub async fn decides_as_the_rules_say(plane: &Plane, name: &str, door: SocketAddr) {
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim().strip_prefix("Cookie: ").unwrap();
    let (mut runner, strategy) = (TestRunner::default(), requests());
    for _ in 0..200 {
        let (method, target, drawn) = strategy.new_tree(&mut runner).unwrap().current();
        let mut drawn: Vec<(&str, String)> =
            drawn.into_iter().map(|(name, value)| (name, value.replace("{member}", member))).collect();
        // Some servers join lines of one name; the table has what becomes of that.
        drawn.sort_by_key(|(name, _)| *name);
        drawn.dedup_by_key(|(name, _)| *name);
        let fields: Vec<(&str, &str)> = drawn.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let lines: Vec<String> = drawn.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        // Where our own addresses are, in whatever spelling, is looked at elsewhere. Raw letters are encoded by some servers before
        // anybody sees them.
        if target.to_ascii_lowercase().contains("_gate") || !target.is_ascii() {
            continue;
        }
        let asked = request(method, &target, &lines.join("|"));
        let (outcome, answer) = ask(plane, door, &asked).await;
        let (was, expect) = (Expect::from(&outcome), expected(method, &target, &fields, member));
        assert!(was == expect || was == Expect::Rejected, "{name}: {expect:?}, but {was:?}\n{asked}{answer}");
    }
}
