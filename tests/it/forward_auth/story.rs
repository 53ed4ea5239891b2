//! A person at a site whose own web server asks us: signing in, being refused, being looked up and signing out, with each server.

use std::net::SocketAddr;

use super::servers::{Behind, WebServer};
use crate::world::{ACCESS, CHAIR, NON_MEMBER, Plan, Visitor, World, free_address};

type Open = fn(Behind) -> WebServer;
const SERVERS: [(&str, Open); 4] = [
    ("nginx", WebServer::nginx),
    ("caddy", WebServer::caddy),
    ("haproxy", WebServer::haproxy),
    ("envoy", WebServer::envoy),
];

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_and_out_through_every_web_server() {
    let servers = SERVERS.map(|(name, open)| (name, open, free_address()));
    let site = |name: &str, port: u16| {
        format!("[[site]]\nname = \"{name}\"\nurl = \"http://{name}.localhost:{port}\"\n{ACCESS}\n")
    };
    let more = servers.iter().map(|(name, _, address)| site(name, address.port())).collect();
    let world = World::planned(Plan { more, ..Plan::default() }).await;
    // All at once: a logout leads the browser round by every one of them.
    let behind =
        |name, web_server| Behind { gate: world.address(), site: world.site.address(), web_server, name };
    let _open: Vec<WebServer> =
        servers.iter().map(|(name, open, address)| open(behind(name, *address))).collect();
    let hosts: Vec<(String, SocketAddr)> =
        servers.iter().map(|(name, _, address)| (format!("{name}.localhost"), *address)).collect();
    for (name, _, address) in servers {
        through(&world, &hosts, name, address).await;
    }
}

async fn through(world: &World, hosts: &[(String, SocketAddr)], name: &str, web_server: SocketAddr) {
    let host = format!("{name}.localhost");
    let url = |path: &str| format!("http://{host}:{}{path}", web_server.port());
    let mut reached: Vec<(&str, SocketAddr)> =
        hosts.iter().map(|(host, address)| (host.as_str(), *address)).collect();
    reached.push(("localhost", world.address()));
    let browser = || Visitor::new(&reached);

    let mut jane = browser();
    let page = jane.sign_in(CHAIR, url("/members/minutes?year=2026&q=a%20b#april")).await.expect(200);
    assert_eq!(page.url.as_str(), url("/members/minutes?year=2026&q=a%20b#april"), "{name}");
    let me = jane.get(url("/_gate/me")).await.expect(200);
    assert_eq!(me.json()["name"], "Jane Marlowe", "{name}");
    jane.plant(&host, "theme", "dark");
    let echo = jane.get(url("/echo")).await.expect(200).json();
    let field = |name: &str| {
        let all = echo["headers"].as_array().unwrap().iter().filter(|field| field[0] == name);
        all.map(|field| field[1].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(field("membergate-name"), ["Jane Marlowe"], "{name}");
    assert_eq!(field("membergate-roles"), ["education_chair,member,subscriber"], "{name}");
    assert_eq!(field("cookie"), ["theme=dark"], "{name}: the session cookie stays with us");

    // What is missing is told by our page, whichever server passes it on.
    let mut nils = browser();
    let refused = nils.sign_in(NON_MEMBER, url("/education")).await.expect(403);
    assert!(refused.text.contains("Chair of the education committee"), "{name}: {}", refused.text);
    assert_eq!(refused.header("cache-control"), Some("no-store"), "{name}");
    let told = nils.fetch(url("/education")).await.expect(403);
    assert_eq!(told.json()["error"], "not_entitled", "{name}");
    let told = browser().fetch(url("/members")).await.expect(401);
    assert_eq!(told.json()["error"], "sign_in_required", "{name}");

    // Ended is ended, at once.
    let stolen = jane.cookie(&host, "membergate").unwrap().clone();
    jane.open(url("/_gate/logout")).await;
    assert!(jane.cookie(&host, "membergate").is_none(), "{name}");
    let mut thief = browser();
    thief.plant(&host, "membergate", &stolen);
    let page = thief.get(url("/members")).await.expect(302);
    assert_eq!(page.header("location"), Some(url("/_gate/login?return_to=%2Fmembers").as_str()), "{name}");
}
