//! Without a web server: each way to ask gives what the proxy gives, for the table and for requests made at random; and who may
//! ask at all. Traefik is here, by the shape of what it sends with the file that we ship.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::drawn::{self, is_ours};
use super::question::{Outcome, ask, head, request};
use super::servers::shipped;
use super::table::{Expect, ROWS};
use super::ways::{by_envoy, by_nginx, by_traefik, hosts, meant};
use crate::proxy::plane::{HOST, Plane, status};

fn fields(text: &str) -> Vec<(&str, &str)> {
    text.split('|')
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect()
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
        let fits = Expect::from(&outcome) == *expect;
        assert!(fits, "{method} {target} {text}: expected {expect:?}, but {outcome:?}");
    }
    assert!(asked > 80, "{asked}");
}

/// S-09. The differential test: what the proxy does with a request at random is what a slow reader of the rules says, and what
/// each way to ask gives.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_ask_gives_what_the_proxy_gives() {
    let plane = Plane::behind_web_servers().await;
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim().strip_prefix("Cookie: ").unwrap();
    let everything: Vec<String> = drawn::HEADERS.into_iter().map(str::to_owned).collect();
    let (mut runner, strategy) = (TestRunner::default(), drawn::requests());
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..900 {
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
        let expect = drawn::expected(method, &target, &fields, member);
        assert_eq!(Expect::from(&proxy), expect, "{plain}");
        *seen.entry(format!("{expect:?}")).or_default() += 1;

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
    assert_eq!(seen.len(), 6, "each outcome has been met: {seen:?}");
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
