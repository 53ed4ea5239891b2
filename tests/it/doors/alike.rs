//! Without a web server: each way to ask gives what the proxy gives, for the table and for requests made at random; and who may
//! ask at all. Traefik is here, by the shape of what it sends with the file that we ship.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::question::{self, Outcome, ask, head, request};
use super::servers::shipped;
use super::table::{Expect, ROWS};
use crate::proxy::plane::{HOST, Plane, status};

/// A request before it is written: method, target, header lines.
type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn fields(text: &str) -> Vec<(&str, &str)> {
    text.split('|')
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect()
}

fn hosts<'a>(fields: &[(&'a str, &'a str)]) -> Vec<&'a str> {
    fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| *value).collect()
}

/// Traefik asks by GET, copies the headers that it is told to copy, and writes the forwarded family itself.
fn by_traefik((method, target, fields): Asked<'_>, copied: &[String]) -> String {
    let host = hosts(fields).first().copied().unwrap_or(HOST);
    let mut text = format!(
        "GET /_gate/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Method: {method}\r\n\
         X-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Uri: {target}\r\n"
    );
    for (name, value) in fields {
        if copied.iter().any(|copied| copied.eq_ignore_ascii_case(name))
            && !name.eq_ignore_ascii_case("upgrade")
        {
            text += &format!("{name}: {value}\r\n");
        }
    }
    text + "\r\n"
}

/// nginx asks with all headers of the visitor but those that our file sets.
fn by_nginx((method, target, fields): Asked<'_>) -> String {
    let host = hosts(fields).first().copied().unwrap_or(HOST);
    let mut text = format!(
        "GET /_gate/verify HTTP/1.1\r\nHost: membergate\r\nX-Original-Method: {method}\r\nX-Original-Proto: http\r\n\
         X-Original-Host: {host}\r\nX-Original-URI: {target}\r\n"
    );
    for (name, value) in fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// Envoy sends the request as it is, without body, with a prefix.
fn by_envoy((method, target, fields): Asked<'_>) -> String {
    let mut text = format!("{method} /_gate/verify{target} HTTP/1.1\r\n");
    let host = hosts(fields).is_empty().then_some(("Host", HOST));
    for (name, value) in host.iter().chain(fields) {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// What an answer of ours means to a server that passes it on; identity comes with a yes.
fn meant(plane: &Plane, answer: &str) -> Outcome {
    if status(answer) != 200 {
        assert!(!answer.contains("\r\nmembergate-"), "an identity without a yes: {answer}");
        return question::told(answer, &plane.address);
    }
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
    let has_body = answer.contains("content-length: ") && !answer.contains("content-length: 0\r\n");
    assert!(!has_body && !answer.contains("transfer-encoding"), "{answer}");
    let lines = answer.lines().filter_map(|line| line.split_once(':'));
    let ours: Vec<_> = lines.filter(|(name, _)| name.starts_with("membergate-")).collect();
    assert_eq!(ours.len(), 6, "each field is there, empty or not: {answer}");
    assert!(answer.contains("\r\ncookie:"), "{answer}");
    let said = ours.into_iter().map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let said = said.filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
        let value = if name == "membergate-assertion" { question::claims(&value) } else { value };
        (name, value)
    });
    Outcome::Granted(said.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_for_what_traefik_sends() {
    let plane = Plane::behind_web_servers().await;
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim().strip_prefix("Cookie: ").unwrap();
    let file = shipped(
        "traefik/membergate.yaml",
        &[("address: http://127.0.0.1:8080/_gate/verify@www", String::new())],
    );
    // A name in another spelling is copied for nobody, and goes before the request goes on.
    assert!(file.contains("authResponseHeadersRegex: (?i)^membergate|[^a-z0-9-]\n"));
    let list = file.lines().skip_while(|line| !line.contains("authRequestHeaders:")).skip(1);
    let copied: Vec<String> =
        list.map_while(|line| line.trim().strip_prefix("- ")).map(str::to_owned).collect();
    assert!(copied.len() > 5, "{copied:?}");

    let mut asked = 0;
    for (method, target, text, expect) in ROWS {
        let text = text.replace("{member}", member);
        let fields = fields(&text);
        // Without one plain host, Go's server refuses the request before Traefik sees it.
        if hosts(&fields).len() > 1 || text == "no host" {
            continue;
        }
        asked += 1;
        let target = target.strip_prefix(&format!("http://{HOST}")).unwrap_or(target);
        let asked =
            by_traefik((method, target, &fields), &copied).replacen("/verify ", "/verify@library ", 1);
        let answer = head(plane.address, &asked).await;
        let outcome = meant(&plane, &answer);
        let fits = match (&outcome, expect) {
            (Outcome::Granted(identity), Expect::Stranger) => identity.is_empty(),
            (Outcome::Granted(identity), Expect::Member) => identity.len() == 6,
            (Outcome::Login, Expect::Login)
            | (Outcome::Unauthorized, Expect::Unauthorized)
            | (Outcome::Refused, Expect::Refused)
            | (Outcome::Rejected, Expect::Rejected) => true,
            _ => false,
        };
        assert!(fits, "{method} {target} {text}: expected {expect:?}, but {outcome:?}");
    }
    assert!(asked > 80, "{asked}");
}

/// Text that decisions may turn on, and text on which they must not.
fn requests() -> impl Strategy<Value = (&'static str, String, Vec<(&'static str, String)>)> {
    let method = select(vec!["GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS", "PURGE"]);
    let segment = select(vec![
        "members",
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
    let target = (prop::collection::vec(segment, 0..4), query)
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
            ("Accept", "application/json"),
            ("Sec-Fetch-Mode", "cors"),
            ("X-Requested-With", "x"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("X-Method-Override", "GET"),
            ("X_HTTP_Method", "DELETE"),
            ("Membergate-Id", "evil"),
            ("Membergate_Roles", "evil"),
            ("Origin", "http://elsewhere.example"),
            ("User-Agent", "kube-probe/1.0"),
        ]),
        0..4,
    );
    let host = select(vec![
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

/// The differential test: what the proxy does with a request at random is what each way to ask gives.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_ask_gives_what_the_proxy_gives() {
    let plane = Plane::behind_web_servers().await;
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim().strip_prefix("Cookie: ").unwrap();
    let everything: Vec<String> = requests_headers().into_iter().map(str::to_owned).collect();
    let (mut runner, strategy) = (TestRunner::default(), requests());
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..600 {
        let (method, target, drawn) = strategy.new_tree(&mut runner).unwrap().current();
        let drawn: Vec<(&str, String)> =
            drawn.into_iter().map(|(name, value)| (name, value.replace("{member}", member))).collect();
        let fields: Vec<(&str, &str)> = drawn.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let lines: Vec<String> = drawn.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let plain = request(method, &target, &lines.join("|"));
        if is_ours(&target) {
            // The control plane answers at our proxy; a server that asks is told no.
            for asked in
                [by_traefik((method, &target, &fields), &everything), by_envoy((method, &target, &fields))]
            {
                let outcome = meant(&plane, &head(plane.address, &asked).await);
                assert_eq!(outcome, Outcome::Rejected, "{asked}");
            }
            continue;
        }
        let (proxy, _) = ask(&plane, plane.address, &plain).await;
        let kind = match &proxy {
            Outcome::Granted(identity) if identity.is_empty() => "stranger",
            Outcome::Granted(_) => "member",
            Outcome::Login | Outcome::Unauthorized => "sign in",
            Outcome::Refused => "refused",
            Outcome::Rejected => "rejected",
        };
        *seen.entry(kind).or_default() += 1;

        let traefik = by_traefik((method, &target, &fields), &everything);
        assert_eq!(meant(&plane, &head(plane.address, &traefik).await), proxy, "{plain}{traefik}");
        let envoy = by_envoy((method, &target, &fields));
        assert_eq!(meant(&plane, &head(plane.address, &envoy).await), proxy, "{plain}{envoy}");
        let nginx = by_nginx((method, &target, &fields));
        let answer = head(plane.address, &nginx).await;
        match &proxy {
            Outcome::Granted(_) => assert_eq!(meant(&plane, &answer), proxy, "{plain}{nginx}"),
            Outcome::Login | Outcome::Unauthorized => {
                assert_eq!(status(&answer), 401, "{plain}{nginx}");
                assert!(answer.contains("location: http://library.example/_gate/login"), "{answer}");
            }
            Outcome::Refused | Outcome::Rejected => {
                assert_eq!(status(&answer), 403, "{plain}{nginx}{answer}")
            }
        }
    }
    assert_eq!(seen.len(), 5, "each outcome has been met: {seen:?}");
}

fn requests_headers() -> [&'static str; 9] {
    [
        "cookie",
        "accept",
        "sec-fetch-mode",
        "x-requested-with",
        "x-http-method-override",
        "x-method-override",
        "x_http_method",
        "origin",
        "user-agent",
    ]
}

fn is_ours(target: &str) -> bool {
    target.to_ascii_lowercase().starts_with("/_gate")
}

/// S-03: with no list, and from elsewhere, nobody is believed.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_servers_that_are_named_may_ask() {
    for named in [vec![], vec!["192.0.2.0/24".parse().unwrap()]] {
        let plane = Plane::with(|snapshot| {
            snapshot.settings.forward_auth_proxies = named;
            // To be trusted with a visitor's address is another thing.
            snapshot.settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        })
        .await;
        let (cookie, _) = plane.sign_in().await;
        let cookie = cookie.trim().strip_prefix("Cookie: ").unwrap();
        let fields = [("Cookie", cookie), ("Accept", "text/html"), ("X-Forwarded-For", "192.0.2.1")];
        let all = ["cookie".to_owned(), "accept".to_owned()];
        let asked = ("GET", "/", &fields[..]);
        for question in [by_traefik(asked, &all), by_nginx(asked), by_envoy(asked)] {
            let answer = head(plane.address, &question).await;
            assert_eq!(status(&answer), 403, "{question}{answer}");
            assert!(!answer.contains("membergate-"), "{answer}");
        }
    }
}

/// S-06, S-07: whatever is sent, there is no yes without a request that can be read.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_unreadable_is_a_yes() {
    let plane = Plane::behind_web_servers().await;
    let (cookie, _) = plane.sign_in().await;
    let cookie = cookie.trim();
    let proto = "X-Forwarded-Proto: http";
    let huge = format!(
        "X-Forwarded-Method: GET|{proto}|X-Forwarded-Host: {HOST}|X-Forwarded-Uri: /{}",
        "a".repeat(9000)
    );
    for (target, fields) in [
        ("/_gate/verify", ""),
        ("/_gate/verify?uri=/", ""),
        ("/_gate/verify", "X-Forwarded-Uri: /"),
        ("/_gate/verify", "X-Original-URI: /"),
        ("/_gate/verify", "X-Original-URI: /|X-Original-Method: GET|X-Original-Proto: http"),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: ",
        ),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: http://library.example/",
        ),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: /, /",
        ),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: /|X-Original-URI: /",
        ),
        (
            "/_gate/verify",
            "X-Original-Method: GET|X-Original-Proto: http|X-Original-Host: library.example|X-Original-URI: /|X-Forwarded-Uri: /",
        ),
        ("/_gate/verify/", "X-Forwarded-Uri: /"),
        ("/_gate/verify/../", ""),
        ("/_gate/verify//", ""),
        ("/_gate/verify/_gate/me", ""),
        ("/_gate/verify", huge.as_str()),
    ] {
        let answer = head(plane.address, &request("GET", target, &format!("{fields}|{cookie}"))).await;
        assert!((400..500).contains(&status(&answer)), "{target} {fields}: {answer}");
        assert!(!answer.contains("membergate-"), "{answer}");
    }
    for target in ["/_gate/Verify", "/_gate/verif%79", "/%5fgate/verify"] {
        let answer = head(plane.address, &request("GET", target, cookie)).await;
        assert!(!answer.contains("membergate-"), "{answer}");
    }
}

/// A site whose own server asks us is not to be reached through us, but has our pages.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_without_an_upstream_has_only_our_pages_here() {
    let plane = Plane::with(|snapshot| {
        snapshot.endpoints.clear();
        snapshot.settings.forward_auth_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let (cookie, _) = plane.sign_in().await;
    for target in ["/", "/members"] {
        let answer = plane.get(target, &cookie).await;
        assert_eq!(status(&answer), 421, "{answer}");
    }
    assert!(plane.get("/_gate/me", "").await.contains("control plane: GET /_gate/me"));
    let answer = plane.get("/_gate/verify/members", &cookie).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(plane.site.heads().is_empty());
}
