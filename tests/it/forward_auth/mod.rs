//! Forward-auth: web servers that ask us must decide as our own proxy does, with the very files that we ship for them.

mod alike;
mod drawn;
mod mistakes;
mod php;
mod question;
mod servers;
mod story;
mod stray;
mod table;
mod unreadable;
mod ways;

use std::net::SocketAddr;

pub use question::head;
use question::{Outcome, ask, request};
pub use servers::end;
use servers::{Behind, WebServer};
use table::{Expect, ROWS};

use crate::proxy::plane::{Plane, nobody, status};
use crate::world::free_address;

/// Runs the whole table through one web server, and says every difference at once.
async fn table(plane: &Plane, name: &str, web_server: SocketAddr, differs: &[Differs]) {
    let (cookie, _) = plane.sign_in().await;
    let member = cookie.trim().strip_prefix("Cookie: ").unwrap();
    let ours = ask(plane, plane.address, &request("GET", "/account", &format!("Cookie: {member}"))).await.0;
    let Outcome::Granted(expected) = ours else { panic!("{ours:?}") };
    assert_eq!(expected.len(), 6, "{expected:?}");
    let mut wrong = Vec::new();
    for (method, target, fields, expect) in ROWS {
        let asked = request(method, target, &fields.replace("{member}", member));
        let (outcome, answer) = ask(plane, web_server, &asked).await;
        let was = Expect::from(&outcome);
        if let Outcome::Granted(identity) = &outcome
            && was == Expect::Member
        {
            assert_eq!(*identity, expected, "{name}: {asked}{answer}");
        }
        let own = differs
            .iter()
            .find(|differs| (differs.0, differs.1) == (*method, *target) && fields.contains(differs.2));
        let expect = own.map_or(expect, |differs| &differs.3);
        if was != *expect {
            wrong.push(format!("{method} {target} {fields}\n  expected {expect:?}, but {was:?}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{name}: {} of {}\n{}", wrong.len(), ROWS.len(), wrong.join("\n"));
}

/// Where a web server differs from the table: method, target, part of the header lines, what becomes of it there. Only refusals by
/// the server itself may stand here, or a request that it repairs before anybody sees it.
type Differs = (&'static str, &'static str, &'static str, Expect);

fn behind(plane: &Plane) -> Behind {
    Behind { gate: plane.address, site: plane.site.address, web_server: free_address(), name: "library" }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_at_our_own_proxy() {
    let plane = Plane::behind_web_servers().await;
    table(&plane, "proxy", plane.address, &[]).await;
    stray::nothing_odd_gets_through(&plane, "proxy", plane.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_behind_nginx() {
    let plane = Plane::behind_web_servers().await;
    let web_server = WebServer::nginx(behind(&plane));
    table(&plane, web_server.name, web_server.address, &[]).await;
    the_gateway_is_behind_it(&plane, &web_server).await;
    stray::nothing_odd_gets_through(&plane, web_server.name, web_server.address).await;
    drawn::decides_as_the_rules_say(&plane, web_server.name, web_server.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_behind_caddy() {
    let plane = Plane::behind_web_servers().await;
    let web_server = WebServer::caddy(behind(&plane));
    table(&plane, web_server.name, web_server.address, &[]).await;
    the_gateway_is_behind_it(&plane, &web_server).await;
    stray::nothing_odd_gets_through(&plane, web_server.name, web_server.address).await;
    drawn::decides_as_the_rules_say(&plane, web_server.name, web_server.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_behind_haproxy() {
    let plane = Plane::behind_web_servers().await;
    let web_server = WebServer::haproxy(behind(&plane));
    // It makes one of two equal lines, and asks about that.
    let differs = [("GET", "/", "Host: library.example|Host: library.example", Expect::Stranger)];
    table(&plane, web_server.name, web_server.address, &differs).await;
    the_gateway_is_behind_it(&plane, &web_server).await;
    stray::nothing_odd_gets_through(&plane, web_server.name, web_server.address).await;
    drawn::decides_as_the_rules_say(&plane, web_server.name, web_server.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_behind_envoy() {
    let plane = Plane::behind_web_servers().await;
    let web_server = WebServer::envoy(behind(&plane));
    // It joins lines of cookies by commas. Browsers send one line over HTTP/1.1, and over HTTP/2 it joins them by semicolons.
    let differs = [
        ("GET", "/members", "Cookie: a=b|Cookie:", Expect::Unauthorized),
        ("GET", "/members", "|Cookie: a=b", Expect::Unauthorized),
    ];
    table(&plane, web_server.name, web_server.address, &differs).await;
    the_gateway_is_behind_it(&plane, &web_server).await;
    stray::nothing_odd_gets_through(&plane, web_server.name, web_server.address).await;
    drawn::decides_as_the_rules_say(&plane, web_server.name, web_server.address).await;
}

/// S-57: a gateway that cannot be asked has said nothing, least of all yes.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_while_the_gateway_is_away() {
    let plane = Plane::behind_web_servers().await;
    let (_held, nobody) = nobody();
    for open in [WebServer::nginx, WebServer::caddy, WebServer::haproxy, WebServer::envoy] {
        let web_server = open(Behind { gate: nobody, ..behind(&plane) });
        for target in ["/members", "/_gate/login"] {
            let answer = head(web_server.address, &request("GET", target, "Accept: text/html")).await;
            assert!(status(&answer) >= 500, "{}: {answer}", web_server.name);
        }
        assert!(plane.site.heads().is_empty(), "{}", web_server.name);
    }
}

/// Our own addresses are reached through the web server, all but the one at which only the web server may ask; none reaches the site.
async fn the_gateway_is_behind_it(plane: &Plane, web_server: &WebServer) {
    let before = plane.site.heads().len();
    let answer =
        head(web_server.address, &request("GET", "/_gate/login?return_to=%2F", "Connection: close")).await;
    assert_eq!(status(&answer), 200, "{}: {answer}\n{}", web_server.name, web_server.log());

    let claims = [
        "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: /",
        "X-Original-Method: GET|X-Original-Proto: http|X-Original-Host: library.example|X-Original-URI: /",
        "",
    ];
    let (cookie, _) = plane.sign_in().await;
    for target in [
        "/_gate/verify",
        "/_gate/verify/",
        "/_gate/verify/members",
        "/_gate/verify?x",
        "/_gate/verify@library",
        "/_gate/verify@library/",
        "/_gate/x/../verify",
        "/_gate//verify",
        "//_gate/verify",
        "/x/../_gate/verify",
        "/_gate/verif%79",
        "/%5fgate/verify",
        "/_GATE/verify",
        "/_GATE/login",
        "/members/../_gate/verify",
    ] {
        for claims in claims {
            let answer =
                head(web_server.address, &request("GET", target, &format!("{claims}|{}", cookie.trim())))
                    .await;
            assert!(
                !answer.to_ascii_lowercase().contains("membergate-"),
                "{}: {target} {answer}",
                web_server.name
            );
            assert_ne!(answer.split(' ').nth(1), Some("500"), "{}: {target} {answer}", web_server.name);
        }
    }
    assert_eq!(
        plane.site.heads().len(),
        before,
        "{}: one of our own addresses has reached the site",
        web_server.name
    );
}
