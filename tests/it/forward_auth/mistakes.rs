//! What visitors write into a request, and what operators forget in a configuration, opens no web server: the name of another site, a
//! `location` without a word about us, a header in another spelling, cookies that a server does not take out.

use std::sync::Arc;

use membergate::domain::access::{AccessRule, Require, Site, Sites};
use membergate::domain::path::{PathPattern, PathPolicy};

use super::behind;
use super::question::{Outcome, ask, head, request};
use super::servers::WebServer;
use crate::proxy::plane::{HOST, Plane, status};

/// Another site of the same gateway, where everything is public.
const OPEN: &str = "open.example";

async fn beside_an_open_site() -> Plane {
    Plane::behind_web_servers_with(|snapshot| {
        let open = Site {
            name: "open".into(),
            title: "Open".into(),
            origin: format!("http://{OPEN}"),
            host: OPEN.into(),
            prefix: PathPattern::parse("/").unwrap(),
            home: "/".into(),
            paths: PathPolicy::default(),
            access: vec![AccessRule {
                path: PathPattern::parse("/").unwrap(),
                methods: Vec::new(),
                require: Require::Public,
            }],
        };
        let all = snapshot.sites.all().map(|site| Site::clone(site)).chain([open]);
        snapshot.sites = Arc::new(Sites::new(all));
    })
    .await
}

/// The rules are those of the site that the server stands before, whatever host a visitor names.
#[tokio::test(flavor = "multi_thread")]
async fn no_visitor_chooses_whose_rules_count() {
    let plane = beside_an_open_site().await;
    let behind_a_balancer: fn(_) -> WebServer = |behind| {
        let trusts = ("transport http {", "trusted_proxies 127.0.0.1\n\t\t\t\ttransport http {");
        WebServer::caddy_with(behind, trusts)
    };
    let mut holes = Vec::new();
    for open in [WebServer::nginx, WebServer::caddy, behind_a_balancer, WebServer::haproxy, WebServer::envoy]
    {
        let web_server = open(behind(&plane));
        let (outcome, _) = ask(&plane, web_server.address, &request("GET", "/", "")).await;
        assert_eq!(outcome, Outcome::Granted([].into()), "{}", web_server.name);
        let (outcome, _) =
            ask(&plane, web_server.address, &request("GET", "/members", "Accept: text/html")).await;
        assert_eq!(outcome, Outcome::Login, "{}", web_server.name);
        let whole = format!("http://{HOST}/members");
        for (target, fields) in [
            ("/members", "Host: open.example"),
            ("/members", "Host: OPEN.example.:80"),
            (whole.as_str(), "Host: open.example"),
            ("http://open.example/members", "Host: library.example"),
            ("/members", "X-Forwarded-Host: open.example"),
            ("/members", "X-Forwarded-Host: open.example|X-Forwarded-For: 198.51.100.7"),
            ("/members", "X-Original-Host: open.example"),
            ("/members/@open", ""),
            ("/members?site=open", ""),
        ] {
            let asked = request("GET", target, fields);
            let before = plane.site.heads().len();
            let answer = head(web_server.address, &asked).await;
            if plane.site.heads().len() > before || status(&answer) == 200 {
                holes.push(format!("{}: {target} {fields}", web_server.name));
            }
        }
    }
    assert!(holes.is_empty(), "{holes:#?}");
}

/// The same at the gateway: a question names its site, and the host that it tells is a host of that site.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_about_the_site_that_it_names() {
    let (several, one) = (beside_an_open_site().await, Plane::behind_web_servers().await);
    for (plane, name, host, expect) in [
        (&several, "@library", HOST, 200),
        (&several, "@open", OPEN, 200),
        (&several, "@library", OPEN, 421),
        (&several, "@open", HOST, 421),
        (&several, "@other", HOST, 421),
        (&several, "@", HOST, 421),
        (&several, "@LIBRARY", HOST, 421),
        // Without a name the server is believed about the host, and sees to it by itself that it is its own.
        (&several, "", HOST, 200),
        (&several, "", OPEN, 200),
        (&one, "", HOST, 200),
        (&one, "@library", HOST, 200),
        (&one, "@open", HOST, 421),
        (&one, "", OPEN, 421),
    ] {
        let forwarded = format!(
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: {host}|X-Forwarded-Uri: /"
        );
        let original = format!(
            "X-Original-Method: GET|X-Original-Proto: http|X-Original-Host: {host}|X-Original-URI: /"
        );
        for (rest, fields) in [("", forwarded), ("/", format!("Host: {host}"))] {
            let target = format!("/_gate/verify{name}{rest}");
            let answer = head(plane.address, &request("GET", &target, &fields)).await;
            assert_eq!(status(&answer), expect, "{target} {fields}: {answer}");
        }
        let answer = head(plane.address, &request("GET", &format!("/_gate/verify{name}"), &original)).await;
        let expect = if expect == 200 { 200 } else { 403 };
        assert_eq!(status(&answer), expect, "{name} {original}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_in_another_spelling_is_seen_or_does_not_arrive() {
    let plane = Plane::behind_web_servers().await;
    let servers = [WebServer::nginx, WebServer::caddy, WebServer::haproxy, WebServer::envoy]
        .map(|open| open(behind(&plane)));
    let mut all: Vec<_> = servers.iter().map(|web_server| (web_server.name, web_server.address)).collect();
    all.push(("proxy", plane.address));
    for (name, address) in all {
        for spelling in [
            "X-HTTP-Method-Override",
            "X_HTTP_Method_Override",
            "X.HTTP.Method.Override",
            "x-http_method.override",
            "X~HTTP~Method",
            "X-Method!Override",
            "X_Method_Override",
        ] {
            let asked = request("GET", "/", &format!("Accept: text/html|{spelling}: DELETE"));
            let (outcome, answer) = ask(&plane, address, &asked).await;
            if outcome == Outcome::Login {
                continue;
            }
            assert_eq!(outcome, Outcome::Granted([].into()), "{name}: {spelling} {answer}");
            let seen = plane.site.heads().pop().unwrap();
            assert!(!seen.contains("DELETE"), "{name}: {spelling} has reached the site: {seen}");
        }
    }
}

/// Somebody adds a `location` to a `server` of nginx and does not think of us.
#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_location_is_asked_about_too() {
    let plane = Plane::behind_web_servers().await;
    let more = format!(
        "location ~* \\.(pdf|jpg)$ {{ expires 30d; proxy_pass http://{site}; }}\n\
         location ^~ /members/files/ {{ root {{place}}; }}\n\
         location ^~ /members/bare/ {{ proxy_set_header X-Own 1; proxy_pass http://{site}; }}\n\
         location ^~ /closed/ {{ deny all; proxy_pass http://{site}; }}\n\
         location ^~ /off/ {{ auth_request off; proxy_pass http://{site}; }}\n\
         location ^~ /own/ {{ proxy_set_header X-Own 1; include {{place}}/membergate-protect.conf; proxy_pass http://{site}; }}\n",
        site = plane.site.address
    );
    let web_server = WebServer::nginx_with(behind(&plane), &more);
    let (cookie, _) = plane.sign_in().await;
    let forged = "Accept: text/html|Membergate-Id: evil|Membergate-Roles: evil|Membergate-View-As: evil";
    for target in ["/members/minutes.pdf", "/members/files/minutes", "/members/bare/x"] {
        let (outcome, answer) = ask(&plane, web_server.address, &request("GET", target, forged)).await;
        assert_eq!(outcome, Outcome::Login, "{target}: {answer}");
    }
    for target in ["/logo.jpg", "/own/x", "/off/x"] {
        let (outcome, answer) = ask(&plane, web_server.address, &request("GET", target, forged)).await;
        assert_eq!(outcome, Outcome::Granted([].into()), "{target}: {answer}");
    }
    let asked = request("GET", "/off/x", &format!("{forged}|{}", cookie.trim()));
    assert_eq!(ask(&plane, web_server.address, &asked).await.0, Outcome::Granted([].into()));
    for target in ["/members/minutes.pdf", "/own/x"] {
        let asked = request("GET", target, &format!("{forged}|{}", cookie.trim()));
        let (outcome, answer) = ask(&plane, web_server.address, &asked).await;
        let Outcome::Granted(identity) = outcome else { panic!("{target}: {answer}") };
        assert_eq!(identity.len(), 6, "{target}: {identity:?}");
    }
    let (outcome, _) = ask(&plane, web_server.address, &request("GET", "/closed/x", cookie.trim())).await;
    assert_eq!(outcome, Outcome::Refused);
    // Who may have a file gets nginx's own answer.
    let asked = request("GET", "/members/files/minutes", cookie.trim());
    assert_eq!(status(&head(web_server.address, &asked).await), 404);
}

/// Some versions of Caddy do not copy a header of the answer that is empty, as `Cookie` is where ours is the only one.
#[tokio::test(flavor = "multi_thread")]
async fn our_cookies_stay_at_caddy_whatever_it_copies() {
    let plane = Plane::behind_web_servers().await;
    let servers = [
        WebServer::caddy(behind(&plane)),
        WebServer::caddy_with(behind(&plane), ("Membergate-Member Cookie", "Membergate-Member")),
    ];
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim().strip_prefix("Cookie: ").unwrap();
    for web_server in &servers {
        for (sent, expect) in [
            (member.to_owned(), ""),
            (format!("{member}; theme=dark"), "theme=dark"),
            (format!("theme=dark; {member}"), "theme=dark"),
            (format!("a=b; {member}; membergate-login-x=1;__Host-membergate-admin=y; c=d"), "a=b; c=d"),
            (format!("{member};membergate-admin=1"), ""),
            (format!("{member}; MEMBERGATE-onward=x; __host-Membergate =x"), ""),
            (
                format!("membergate_theme=dark; xmembergate=1; n=membergate=x; {member}"),
                "membergate_theme=dark; xmembergate=1; n=membergate=x",
            ),
        ] {
            let answer = head(web_server.address, &request("GET", "/", &format!("Cookie: {sent}"))).await;
            assert_eq!(status(&answer), 200, "{sent}: {answer}\n{}", web_server.log());
            let seen = plane.site.heads().pop().unwrap();
            let cookies = seen.lines().filter_map(|line| line.split_once(':'));
            let cookies = cookies.filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
            let cookies: String = cookies.map(|(_, value)| value.trim()).collect();
            assert_eq!(cookies, expect, "{sent}: {seen}");
        }
    }
}
