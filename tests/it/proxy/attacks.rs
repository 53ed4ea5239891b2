//! What must not get through: forged headers, two readings of one request, requests in disguise.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::plane::{HOST, Plane, read_until, status};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_introduces_himself() {
    let plane = Plane::start().await;
    for name in [
        "Membergate-Id",
        "membergate_id",
        "MEMBERGATE.ROLES",
        "Membergate-Assertion",
        "membergate~member",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "Forwarded",
        "X-Real-IP",
        "X-Original-URL",
        "CF-Connecting-IP",
        "Proxy",
    ] {
        let answer = plane.get("/echo", &format!("{name}: forged\r\n")).await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert!(!answer.contains("forged"), "{name}: {answer}");
    }
    let answer = plane.get("/echo", "Connection: x-forwarded-for, membergate-id, host\r\n").await;
    assert!(answer.contains("x-forwarded-for: 127.0.0.1"), "{answer}");
    assert!(answer.contains("host: library.example"), "{answer}");

    let (cookie, _) = plane.sign_in().await;
    let forged = format!("{cookie}Membergate_Roles: board\r\nConnection: Membergate-Roles\r\n");
    let answer = plane.get("/echo", &forged).await;
    assert!(
        answer.contains("membergate-roles: member,subscriber\r\n") && !answer.contains("board"),
        "{answer}"
    );
    plane.drain().await;
}

/// One request line and its fields; the answer's status, and never a byte at the site.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_can_be_read_in_two_ways_is_refused() {
    let plane = Plane::start().await;
    let host = "Host: library.example\r\n";
    for (request, expect) in [
        // Host
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: library.example\r\nHost: library.example\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: library.example\r\nHost: other.example\r\n", 400),
        ("GET http://other.example/ HTTP/1.1\r\nHost: library.example\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: user@library.example\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: other.example\r\n", 421),
        // Path
        ("GET /public/../members HTTP/1.1\r\n{host}", 401),
        ("GET /public/%2e%2e/members HTTP/1.1\r\n{host}", 401),
        ("GET /a%2f..%2fmembers HTTP/1.1\r\n{host}", 401),
        ("GET //members HTTP/1.1\r\n{host}", 401),
        ("GET /a\\..\\members HTTP/1.1\r\n{host}", 401),
        ("GET /\\members HTTP/1.1\r\n{host}", 401),
        ("GET /members;b HTTP/1.1\r\n{host}", 401),
        ("GET /%252e%252e/members HTTP/1.1\r\n{host}", 401),
        ("GET /a%c0%af HTTP/1.1\r\n{host}", 400),
        ("GET /a%zz HTTP/1.1\r\n{host}", 400),
        ("GET /a%0a HTTP/1.1\r\n{host}", 400),
        ("GET /%5fgate/login HTTP/1.1\r\n{host}", 400),
        ("GET /a/..;/_gate/login HTTP/1.1\r\n{host}", 400),
        ("GET /a%00 HTTP/1.1\r\n{host}", 400),
        ("GET ?q HTTP/1.1\r\n{host}", 400),
        ("GET * HTTP/1.1\r\n{host}", 400),
        ("OPTIONS * HTTP/1.1\r\n{host}", 400),
        ("GET /a?\u{7f} HTTP/1.1\r\n{host}", 400),
        ("GET /a?é HTTP/1.1\r\n{host}", 400),
        // Method
        ("CONNECT library.example:443 HTTP/1.1\r\n{host}", 405),
        ("TRACE / HTTP/1.1\r\n{host}", 405),
        // Framing
        ("POST / HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Content-Length: +1\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Content-Length: 1, 1\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Transfer-Encoding: gzip, chunked\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Transfer-Encoding: chunked, chunked\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Transfer-Encoding: xchunked\r\n", 400),
        ("POST / HTTP/1.1\r\n{host}Transfer-Encoding: \x0bchunked\r\n", 400),
        ("POST / HTTP/1.0\r\n{host}Transfer-Encoding: chunked\r\n", 400),
        ("GET / HTTP/1.1\r\n{host}X: a\r\n b\r\n", 400),
        ("GET / HTTP/1.1\r\n{host}Transfer-Encoding : chunked\r\n", 400),
        ("GET / HTTP/1.1\r\n{host}X: a\rb\r\n", 400),
        ("GET / HTTP/1.1\r\n{host}X: a\0b\r\n", 400),
        // Upgrades
        (
            "GET /socket HTTP/1.1\r\n{host}Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n",
            400,
        ),
        ("GET /socket HTTP/1.1\r\n{host}Connection: upgrade\r\nUpgrade: h2c, websocket\r\n", 400),
    ] {
        let request = request.replace("{host}", host);
        // Hyper closes after what it cannot parse; `Connection: close` is for what it can.
        let close = if request.contains("Connection") { "" } else { "Connection: close\r\n" };
        let mut stream = plane.connect().await;
        stream.write_all(format!("{request}{close}\r\n").as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "\r\n\r\n").await;
        assert_eq!(status(&answer), expect, "{request:?} {answer}");
    }
    assert!(plane.site.heads().is_empty(), "{:?}", plane.site.heads());
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_two_lengths_is_sent_with_one_and_the_connection_ends() {
    let plane = Plane::start().await;
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: library.example\r\n\r\n";
        let answer = plane
            .raw(format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\n{fields}\r\n0\r\n\r\n{smuggled}"))
            .await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "nothing after it is answered: {answer}");
    }
    for head in plane.site.heads() {
        assert!(!head.contains("smuggled"), "{head}");
        assert!(
            head.contains("content-length: 0\r\n"),
            "the length of what came, not of what was said: {head}"
        );
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fragment_never_reaches_the_decision_or_the_site() {
    let plane = Plane::start().await;
    let answer = plane.get("/echo#/../members", "").await;
    assert!(answer.contains("GET /echo HTTP/1.1\r\n"), "what is decided on is what is sent: {answer}");
    assert_eq!(status(&plane.get("/members#/echo", "").await), 401);
    assert_eq!(status(&plane.get("/members?x=/public", "").await), 401);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_behind_a_handshake_waits_for_the_answer() {
    let plane = Plane::start().await;
    let handshake = format!(
        "GET /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\
         GET /members/secret HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    );
    let answer = plane.raw(handshake).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("401 Unauthorized"), "the second is decided on its own: {answer}");
    assert_eq!(plane.site.heads().len(), 1);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_not_passed_on() {
    let plane = Plane::start().await;
    let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n";
    let answer =
        plane.raw(format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{upgrade}\r\n")).await;
    assert_eq!(status(&answer), 200);
    assert!(!answer.to_ascii_lowercase().contains("upgrade"), "{answer}");
    let answer = plane.get("/upgrades-unasked", "").await;
    assert_eq!(status(&answer), 502, "{answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_cannot_open_a_members_socket() {
    let plane = Plane::start().await;
    let (cookie, _) = plane.sign_in().await;
    let handshake = |path: &str, origin: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n{cookie}\
             Origin: {origin}\r\n\r\n"
        )
    };
    for origin in ["http://evil.example", "null", "https://library.example"] {
        let mut stream = plane.connect().await;
        stream.write_all(handshake("/members/socket", origin).as_bytes()).await.unwrap();
        assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 403, "{origin}");
    }
    let mut stream = plane.connect().await;
    stream.write_all(handshake("/socket", "http://evil.example").as_bytes()).await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 101);
    assert!(!plane.site.heads()[0].contains("membergate-"), "a public socket, but as nobody");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_or_endless_head_is_given_up() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: li").await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .ok();
    let mut silent = plane.connect().await;
    tokio::time::timeout(std::time::Duration::from_secs(5), silent.read_to_end(&mut rest))
        .await
        .unwrap()
        .ok();

    let many = "X: y\r\n".repeat(257);
    assert_eq!(status(&plane.get("/", &many).await), 431);
    let long = format!("X: {}\r\n", "y".repeat(70_000));
    assert_eq!(status(&plane.get("/", &long).await), 431);
    assert!(plane.site.heads().is_empty());
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_in_disguise_needs_what_it_would_need_openly() {
    let plane = Plane::start().await;
    let delete = format!("DELETE /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&plane.raw(delete).await), 401);
    assert_eq!(status(&plane.get("/echo", "X-HTTP-Method-Override: delete\r\n").await), 401);
    assert_eq!(status(&plane.get("/echo?a=b&_method=DELETE", "").await), 401);
    assert_eq!(status(&plane.get("/echo", "X-HTTP-Method-Override: PUT\r\n").await), 200);
    let (cookie, _) = plane.sign_in().await;
    assert_eq!(status(&plane.get("/echo?_method=DELETE", &cookie).await), 200);
    plane.drain().await;
}
