//! What is no proper request for a page, sent through every web server: none of it may reach a page that is not public, and no byte of
//! such a page may reach whoever sent it (S-02, S-07, S-41).

use std::net::SocketAddr;

use membergate::adapters::keys::random::SessionSecret;

use super::question::head;
use crate::proxy::plane::{HOST, Plane};

/// Values of the `Cookie` header with which nobody is signed in.
pub async fn odd_cookies(plane: &Plane) -> Vec<Vec<u8>> {
    let (cookie, _) = plane.sign_in().await;
    let good = cookie.trim().strip_prefix("Cookie: membergate=").unwrap().to_owned();
    let (ended, key) = plane.sign_in().await;
    plane.gate.visits.end(&key).await.unwrap();
    let ended = ended.trim().strip_prefix("Cookie: ").unwrap().to_owned();
    let guessed = SessionSecret::new().unwrap().cookie_text().to_owned();
    let mut texts = vec![
        "membergate".to_owned(),
        "membergate=".to_owned(),
        "=".to_owned(),
        ";;;".to_owned(),
        "membergate=%00".to_owned(),
        "membergate=../..".to_owned(),
        "membergate=!!!!".to_owned(),
        format!("membergate={guessed}"),
        format!("membergate={}", &good[1..]),
        format!("membergate={good}A"),
        format!("membergate={good}="),
        format!("membergate=\"{good}\""),
        format!("membergate={}", good.replace(|c: char| c.is_ascii_alphabetic(), "a")),
        format!("Membergate={good}"),
        format!("membergate-login-{}={good}", &good[..16]),
        format!("membergate-admin={good}"),
        format!("membergate={good}; membergate={guessed}"),
        format!("membergate={}", "A".repeat(64 * 1024)),
        format!("membergate={good}.{good}"),
        ended,
    ];
    texts.extend((0..good.len()).step_by(7).map(|length| format!("membergate={}", &good[..length])));
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    for byte in [0x80, 0xc3, 0xff] {
        all.push([b"membergate=", good.as_bytes(), &[byte]].concat());
        all.push([b"membergate=", &[byte; 43][..]].concat());
    }
    all
}

pub async fn nothing_odd_gets_through(plane: &Plane, name: &str, web_server: SocketAddr) {
    let before = plane.site.heads().len();
    let check = |what: &str, answer: &str| {
        // The site's answers say who they are from.
        assert!(!answer.to_ascii_lowercase().contains("x-site: fake"), "{name}: {what}: {answer}");
        assert!(!answer.contains("HTTP/1.1 2") && !answer.contains("HTTP/1.0 2"), "{name}: {what}: {answer}");
        let seen = plane.site.heads();
        assert_eq!(seen.len(), before, "{name}: {what} has reached the site: {:?}", seen.last());
    };
    for odd in odd_cookies(plane).await {
        let asked = format!("GET /members HTTP/1.1\r\nHost: {HOST}\r\nCookie: ");
        let answer = head(web_server, [asked.as_bytes(), &odd, b"\r\n\r\n"].concat()).await;
        check(&String::from_utf8_lossy(&odd[..odd.len().min(80)]), &answer);
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n";
    for (line, fields) in [
        ("GET /members HTTP/1.0", ""),
        ("HEAD /members HTTP/1.0", ""),
        ("GET /members HTTP/1.0", "Range: bytes=0-99\r\n"),
        ("GET /members HTTP/1.1", "Range: bytes=0-0,5-9\r\nIf-Range: x\r\n"),
        ("GET /members HTTP/1.1", "If-None-Match: *\r\nIf-Modified-Since: Mon, 01 Jan 2035 00:00:00 GMT\r\n"),
        ("POST /members HTTP/1.1", form),
        ("POST /members HTTP/1.0", form),
        ("PUT /members HTTP/1.1", "Content-Length: 3\r\nExpect: 100-continue\r\n"),
        ("DELETE /members HTTP/1.1", ""),
        (
            "OPTIONS /members HTTP/1.1",
            "Origin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n",
        ),
        ("PROPFIND /members HTTP/1.1", ""),
        ("GET /members HTTP/1.1", "Authorization: Basic YWRtaW46YWRtaW4=\r\n"),
    ] {
        let body = if fields.contains("Content-Length") { "a=b" } else { "" };
        let answer = head(web_server, format!("{line}\r\nHost: {HOST}\r\n{fields}\r\n{body}")).await;
        check(&format!("{line} {fields}"), &answer);
    }
    // A raw `#` is refused; or cut off with all after it, by decision and site alike; or, with Caddy, taken for `%23` by both.
    for (target, is_public) in [
        ("/public#/members", true),
        ("/#/../members", true),
        ("/public?x#/members", true),
        ("/members#/public", false),
        ("/members#?/../public", false),
        ("/MEMBERS#/", false),
    ] {
        let seen = plane.site.heads().len();
        head(web_server, format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
        let cut = target.split('#').next().filter(|_| is_public);
        let shown = [cut.map(str::to_owned), Some(target.replace('#', "%23"))];
        for reached in &plane.site.heads()[seen..] {
            let reached = reached.split(' ').nth(1).map(str::to_owned);
            assert!(shown.contains(&reached), "{name}: {target}: {reached:?}");
        }
    }
}
