//! The ways out: ours, the AMS's, and what is left afterwards.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{CHAIR, Plan, Visitor, World, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn our_logout_ends_both_sessions_and_the_old_cookie_is_worth_nothing() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let stolen = jane.cookie("localhost", "membergate").unwrap().clone();
    let page = jane.open(world.url("/_gate/logout")).await.expect(200);
    // Ours, the AMS's logout, the Single Logout URL, the site's home: no loop.
    let paths: Vec<&str> = page.trail.iter().map(url::Url::path).collect();
    assert_eq!(paths, ["/_gate/logout", "/account/logout.aspx", "/_gate/slo", "/"]);
    assert!(jane.cookie("localhost", "membergate").is_none());
    let mut thief = world.visitor();
    thief.plant("localhost", "membergate", &stolen);
    thief.get(world.url("/_gate/me")).await.expect(401);
    let asked = jane.open(world.url("/members")).await;
    assert!(asked.url.path().ends_with("login.aspx"), "the AMS asks for a password again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_single_logout_url_ends_the_session_and_goes_home_and_nowhere_else() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let stolen = jane.cookie("localhost", "membergate").unwrap().clone();
    for query in ["", "?return_to=https://evil.example/", "?Action=Logout&RedirectUrl=//evil.example"] {
        // Idempotent: the second and third time there is no session left.
        let page = jane.get(world.url(&format!("/_gate/slo{query}"))).await.expect(303);
        assert_eq!(page.location().unwrap().as_str(), world.url("/"));
        assert!(page.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().contains("Max-Age=0")));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let mut thief = world.visitor();
    thief.plant("localhost", "membergate", &stolen);
    thief.get(world.url("/members")).await.expect(302);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_logout_is_a_logout_after_a_restart_too() {
    let mut world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let stolen = jane.cookie("localhost", "membergate").unwrap().clone();
    jane.get(world.url("/_gate/slo")).await.expect(303);
    world.close_gate().await;
    world.open_gate().await;
    let mut thief = world.visitor();
    thief.plant("localhost", "membergate", &stolen);
    thief.get(world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_is_no_text_hides_nothing_from_a_logout() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let stolen = jane.cookie("localhost", "membergate").unwrap().clone();
    let mut socket = TcpStream::connect(world.address()).await.unwrap();
    let request = format!(
        "GET /_gate/slo HTTP/1.1\r\nHost: localhost\r\nCookie: x=\u{e9}; membergate={stolen}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    jane.get(world.url("/_gate/me")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_and_sockets_end_with_the_session() {
    let world = World::start().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let cookie = jane.cookie("localhost", "membergate").unwrap().clone();
    let mut events = TcpStream::connect(world.address()).await.unwrap();
    let request =
        format!("GET /members/events HTTP/1.1\r\nHost: localhost\r\nCookie: membergate={cookie}\r\n\r\n");
    events.write_all(request.as_bytes()).await.unwrap();
    let mut socket = TcpStream::connect(world.address()).await.unwrap();
    let request = format!(
        "GET /members/socket HTTP/1.1\r\nHost: localhost\r\nCookie: membergate={cookie}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Origin: http://localhost:{}\r\n\r\n",
        world.address().port()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    events.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    socket.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");

    jane.get(world.url("/_gate/slo")).await.expect(303);
    let ended = async {
        tokio::io::copy(&mut events, &mut tokio::io::sink()).await.ok();
        tokio::io::copy(&mut socket, &mut tokio::io::sink()).await.ok();
    };
    tokio::time::timeout(Duration::from_secs(2), ended).await.expect("both end within two seconds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_make_us_write_by_logging_out() {
    let world = World::start().await;
    let mut stranger = world.visitor();
    for n in 0..50 {
        stranger.plant("localhost", "membergate", &format!("{n:A>43}"));
        stranger.get(world.url("/_gate/slo")).await.expect(303);
    }
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    eventually("still signed in", async || {
        (jane.get(world.url("/members")).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_browsers_sessions_at_every_host() {
    for web_server in ["/_gate/logout", "/_gate/slo"] {
        let more = r#"
[[site]]
name = "news"
url = "http://127.0.0.1:{port}"
upstream = "{upstream}"
home = "/public"

[[site.access]]
path = "/public"
require = "public"
"#
        .to_owned();
        let world = World::planned(Plan { more, ..Plan::default() }).await;
        let elsewhere = format!("http://127.0.0.1:{}", world.address().port());
        let mut jane = world.visitor();
        jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
        // The AMS knows her: the second host asks for no password.
        jane.open(format!("{elsewhere}/members")).await.expect(200);
        let stolen = jane.cookie("127.0.0.1", "membergate").unwrap().clone();
        let mut phone = world.visitor();
        phone.sign_in(CHAIR, world.url("/members")).await.expect(200);

        // Begun at the second host; it ends where it began, although the AMS sends every browser to the first.
        let page = jane.open(format!("{elsewhere}{web_server}")).await;
        assert!(page.status.is_success(), "{web_server}: {}", page.url);
        assert!(page.trail.len() <= 9, "{:?}", page.trail);
        assert_eq!(page.url.as_str(), format!("{elsewhere}/public"));
        jane.get(world.url("/_gate/me")).await.expect(401);
        let mut thief = world.visitor();
        thief.plant("127.0.0.1", "membergate", &stolen);
        thief.get(format!("{elsewhere}/_gate/me")).await.expect(401);
        // Her telephone is another browser.
        phone.get(world.url("/_gate/me")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_of_logouts_leads_to_our_own_hosts_only() {
    let world = World::start().await;
    let mut jane = world.visitor();
    for query in
        ["?round=evil.example", "?round=//evil.example", "?round=&round=x", "?round=library&end=evil"]
    {
        let page = jane.get(world.url(&format!("/_gate/slo{query}"))).await.expect(303);
        assert_eq!(page.location().unwrap().as_str(), world.url("/"), "{query}");
    }
}

/// Browsers follow 16 to 20 redirects; a page makes them count again.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_round_many_hosts_is_not_too_long_for_a_browser() {
    let hosts: Vec<String> = (10..30).map(|n| format!("site{n}.localhost")).collect();
    let site = |host: &String| {
        let name = host.replace('.', "-");
        format!(
            "[[site]]\nname = \"{name}\"\nurl = \"http://{host}:{{port}}\"\nupstream = \"{{upstream}}\"\n"
        )
    };
    let more = hosts.iter().map(site).collect();
    let world = World::planned(Plan { more, ..Plan::default() }).await;
    let mut reached: Vec<(&str, _)> = hosts.iter().map(|host| (host.as_str(), world.address())).collect();
    reached.push(("localhost", world.address()));
    let mut jane = Visitor::new(&reached);
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let last = format!("http://site29.localhost:{}", world.address().port());
    jane.open(format!("{last}/members")).await.expect(200);
    let stolen = jane.cookie("site29.localhost", "membergate").unwrap().clone();

    let (mut next, mut redirects, mut most) = (world.url("/_gate/logout"), 0, 0);
    loop {
        let page = jane.get(&next).await;
        redirects = if page.location().is_some() { redirects + 1 } else { 0 };
        most = most.max(redirects);
        let go = page.attribute("id=\"go\"", "href");
        match page.location().map(String::from).or(go) {
            Some(onwards) => next = onwards,
            None => break,
        }
    }
    assert_eq!(next, world.url("/"));
    assert!(most <= 14, "{most} redirects in one go");
    let mut thief = Visitor::new(&reached);
    thief.plant("site29.localhost", "membergate", &stolen);
    thief.get(format!("{last}/_gate/me")).await.expect(401);
}

/// The home would start a sign-in, and who is still known at the AMS would be signed in again.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_wholly_protected_says_that_one_is_signed_out() {
    let access = "[[site.access]]\npath = \"/\"\nrequire = \"signed_in\"\n".to_owned();
    let world = World::planned(Plan { access, ..Plan::default() }).await;
    for web_server in ["/_gate/logout", "/_gate/slo"] {
        let mut jane = world.visitor();
        jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
        let page = jane.open(world.url(web_server)).await.expect(200);
        assert_eq!(page.url.as_str(), world.url("/_gate/signed-out"), "{web_server}");
        assert!(page.text.contains("You are signed out"), "{}", page.text);
        jane.get(world.url("/_gate/me")).await.expect(401);
        let link = page.attribute("class=\"button\"", "href").unwrap();
        let next = jane.open(world.url(&link)).await.expect(200);
        let signs_in =
            next.url.path().ends_with("/account/login.aspx") || next.url.as_str() == world.url("/");
        assert!(signs_in, "{}", next.url);
    }
}
