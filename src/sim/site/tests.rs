//! The site over a real socket, as a proxy would call it.

use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn site() -> SampleSite {
    SampleSite::start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A token whose claims are `{"sub":"<b>","exp":1795}`.
const ASSERTION: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI8Yj4iLCJleHAiOjE3OTV9.c2ln";

#[tokio::test]
async fn the_members_page_shows_what_the_headers_say_as_text() {
    let site = site().await;
    let html = client()
        .get(format!("{}/members", site.base_url()))
        .header("membergate-id", "42")
        .header("membergate-name", http::HeaderValue::from_bytes("Zoë <b>Okafor</b>".as_bytes()).unwrap())
        .header("membergate-roles", "member,education_chair")
        .header("membergate-member", "true")
        .header("membergate-assertion", ASSERTION)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(html.contains("Welcome, Zoë &#60;b&#62;Okafor"));
    for role in ["data-role=\"member\"", "data-role=\"education_chair\"", "data-expires=\"1795\""] {
        assert!(html.contains(role), "{role}");
    }
    assert!(!html.contains("<b>"));
    site.stop().await;
}

#[tokio::test]
async fn without_an_identity_the_members_page_welcomes_nobody() {
    let site = site().await;
    let ask = client().get(format!("{}/members", site.base_url())).header("membergate-name", "Jane");
    let html = ask.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("The library does not know you") && !html.contains("Welcome"));
    site.stop().await;
}

#[tokio::test]
async fn the_echo_says_what_arrived() {
    let site = site().await;
    let url = format!("{}/echo/a%20b?x=1&x=2", site.base_url());
    let answer =
        client().put(url).header("x-two", "1").header("x-two", "2").body("abc").send().await.unwrap();
    let echo: serde_json::Value = answer.json().await.unwrap();
    assert_eq!((&echo["method"], &echo["path"]), (&"PUT".into(), &"/echo/a%20b".into()));
    assert_eq!((&echo["query"], &echo["body_bytes"]), (&"x=1&x=2".into(), &3.into()));
    // NIST FIPS 180-2, appendix B.1.
    assert_eq!(echo["body_sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let two: Vec<_> = echo["headers"].as_array().unwrap().iter().filter(|pair| pair[0] == "x-two").collect();
    assert_eq!(two.len(), 2);
    site.stop().await;
}

#[tokio::test]
async fn a_big_answer_has_the_length_that_was_asked_for() {
    let site = site().await;
    for query in ["bytes=200001", "bytes=200001&chunked=true"] {
        let answer = client().get(format!("{}/big?{query}", site.base_url())).send().await.unwrap();
        assert_eq!(answer.headers().contains_key("content-length"), !query.contains("chunked"));
        assert_eq!(answer.bytes().await.unwrap().len(), 200_001);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_cut_answer_is_an_error_and_not_a_short_success() {
    let site = site().await;
    let answer = client().get(format!("{}/cut", site.base_url())).send().await.unwrap();
    assert!(answer.bytes().await.is_err());
    site.stop().await;
}

/// Sends a request by hand and reads the answer until it contains `until`, or to the end.
async fn raw(stream: &mut TcpStream, request: &str, until: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(until) {
        if stream.read_buf(&mut answer).await.unwrap() == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn trailers_follow_for_a_client_that_takes_them() {
    let site = site().await;
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    let ask = "GET /trailers HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\r\n";
    let answer = raw(&mut stream, ask, "x-checksum: 42\r\n\r\n").await;
    assert!(answer.ends_with("0\r\nx-checksum: 42\r\n\r\n"), "{answer}");
    drop(stream);
    site.stop().await;
}

#[tokio::test]
async fn a_socket_upgrades_echoes_and_ends_with_the_site() {
    let site = site().await;
    let mut stream = TcpStream::connect(site.address()).await.unwrap();
    let ask = "GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
               Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answer = raw(&mut stream, ask, "\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{answer}"
    );
    stream.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
    let mut echoed = [0; 4];
    stream.read_exact(&mut echoed).await.unwrap();
    assert_eq!(&echoed, b"\x81\x02hi");
    site.stop().await;
    assert_eq!(stream.read(&mut echoed).await.unwrap(), 0);
}

#[tokio::test]
async fn the_clock_ticks_and_ends_with_the_site() {
    let site = site().await;
    let mut answer = client().get(format!("{}/events", site.base_url())).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let first = answer.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"id: ") && first.ends_with(b"\n\n"));
    site.stop().await;
    while let Ok(Some(_)) = answer.chunk().await {}
}

#[tokio::test]
async fn a_plain_request_to_the_socket_is_told_what_it_speaks() {
    let site = site().await;
    let answer = client().get(format!("{}/socket", site.base_url())).send().await.unwrap();
    assert_eq!(answer.status(), 426);
    site.stop().await;
}
