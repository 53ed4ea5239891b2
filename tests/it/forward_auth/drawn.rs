//! Requests at random, and what becomes of each by a second reading of the rules, which was written by other means and slowly.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
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
    let is_target = target.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'#');
    let Some(readings) = Some(path).filter(|_| is_target).and_then(readings) else { return Expect::Rejected };
    let tops: Vec<String> =
        readings.iter().map(|path| path.split('/').nth(1).unwrap().to_lowercase()).collect();
    if tops.len() > 1 && tops.iter().any(|top| top == "_gate") {
        return Expect::Rejected;
    }
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

    let is_closed = |top: &String| ["members", "board", "account"].contains(&top.as_str());
    let is_open_to_all =
        |method: &String| ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS"].contains(&method.as_str());
    let is_restricted = tops.iter().any(is_closed) || !methods.iter().all(is_open_to_all);
    match (is_restricted, is_member) {
        (_, true) if tops.iter().any(|top| top == "board") => Expect::Refused,
        (_, true) => Expect::Member,
        (false, false) => Expect::Stranger,
        (true, false) => {
            let scripted = !values("x-requested-with").is_empty() || !values("sec-fetch-mode").is_empty();
            let is_person = !scripted && values("accept").contains(&"text/html");
            if is_person && ["GET", "HEAD"].contains(&method) { Expect::Login } else { Expect::Unauthorized }
        }
    }
}

/// Every way to read the path, by steps over texts until nothing new comes. `None`: there are too many, or one is no path.
fn readings(path: &str) -> Option<BTreeSet<String>> {
    let is_code = |code: &str| code.len() >= 2 && code.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !path.starts_with('/') || !path.split('%').skip(1).all(is_code) {
        return None;
    }
    // Bytes as letters of Latin-1, so that texts can hold any.
    let mut forms = BTreeSet::from([(path.to_owned(), 0)]);
    loop {
        let mut all = forms.clone();
        for (text, decoded) in &forms {
            let mut next = vec![
                (text.replace('\\', "/"), *decoded),
                (text.split('/').map(until_semicolon).collect::<Vec<_>>().join("/"), *decoded),
                (until_semicolon(text).to_owned(), *decoded),
                (merged(text), *decoded),
                (without_dots(text), *decoded),
                (without_host(text), *decoded),
                (format!("/{}", text.trim_start_matches('/')), *decoded),
            ];
            if let Some((head, tail)) = text.rsplit_once('/') {
                next.push((format!("{head}/{}", until_semicolon(tail)), *decoded));
            }
            if *decoded < 2 {
                let kept = [
                    "",
                    "/",
                    "/\\;ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@[]",
                ];
                next.extend(kept.map(|kept| (decoded_but(text, kept), decoded + 1)));
            }
            all.extend(next);
        }
        if all.iter().any(|(text, _)| text.contains(|letter: char| letter < ' ' || letter == '\u{7f}')) {
            return None;
        }
        if all.len() == forms.len() {
            break;
        }
        forms = all;
    }
    let mut readings = BTreeSet::new();
    for (text, _) in forms.iter().filter(|(text, decoded)| *decoded > 0 || !text.contains('%')) {
        let bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
        match String::from_utf8(bytes.clone()) {
            Ok(text) => _ = readings.insert(text),
            Err(_) => {
                let latin = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>();
                readings.insert(
                    bytes
                        .utf8_chunks()
                        .map(|chunk| chunk.valid().to_owned() + &latin(chunk.invalid()))
                        .collect(),
                );
                readings.insert(text.clone());
            }
        }
    }
    (readings.len() <= 32).then_some(readings)
}

fn merged(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("//") {
        text = text.replace("//", "/");
    }
    text
}

fn without_host(text: &str) -> String {
    match text.strip_prefix("//") {
        Some(rest) => match rest.trim_start_matches('/').split_once('/') {
            Some((_, path)) => format!("/{path}"),
            None => "/".to_owned(),
        },
        None => text.to_owned(),
    }
}

fn until_semicolon(text: &str) -> &str {
    text.split(';').next().unwrap()
}

fn decoded_but(text: &str, kept: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let code = part
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok().filter(|_| !code.starts_with('+')));
        match code.map(char::from).filter(|letter| !kept.contains(*letter)) {
            Some(letter) => out += &format!("{letter}{}", &part[2..]),
            None => out += &format!("%{part}"),
        }
    }
    out
}

fn without_dots(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let last = text.rsplit('/').next().unwrap();
    for segment in text.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => _ = kept.pop(),
            segment => kept.push(segment),
        }
    }
    let end = if last == "." || last == ".." { "/" } else { "" };
    let path = kept.iter().map(|segment| format!("/{segment}")).collect::<String>() + end;
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Requests at random through a real server: the site is asked where the rules say so, or the server has refused by itself.
pub async fn decides_as_the_rules_say(plane: &Plane, name: &str, web_server: SocketAddr) {
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
        let (outcome, answer) = ask(plane, web_server, &asked).await;
        let (was, expect) = (Expect::from(&outcome), expected(method, &target, &fields, member));
        assert!(was == expect || was == Expect::Rejected, "{name}: {expect:?}, but {was:?}\n{asked}{answer}");
    }
}
