//! Connections to a site that were kept and that the site closes at the moment at which one of them is used.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::plane::{HOST, Plane, read_until, status};
use super::script::{before, fine, head, site};

#[tokio::test(flavor = "multi_thread")]
async fn no_page_fails_while_a_site_closes_its_kept_connections() {
    let address = site(async |mut stream| {
        let mut next = head(&mut stream).await;
        while next.is_some() {
            fine(&mut stream).await?;
            next = timeout(Duration::from_millis(50), head(&mut stream)).await.unwrap_or_default();
        }
        Ok(())
    });
    let plane = Arc::new(before(address.await).await);
    let mut visitors = tokio::task::JoinSet::new();
    for visitor in 0..64 {
        let plane = plane.clone();
        visitors.spawn(async move {
            let mut stream = plane.connect().await;
            for page in 0..25 {
                let get = format!("GET /{page} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
                stream.write_all(get.as_bytes()).await.unwrap();
                assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 200, "page {page}");
                // Around the moment at which the site closes.
                sleep(Duration::from_millis(44 + (visitor + page) % 12)).await;
            }
        });
    }
    while let Some(visitor) = visitors.join_next().await {
        visitor.unwrap();
    }
}

type Heads = Arc<Mutex<Vec<String>>>;

/// Answers the first request on each connection, unless its path says never; what it does to the others, their path says.
async fn closes(mut stream: TcpStream, heads: Heads) -> std::io::Result<()> {
    let mut is_first = true;
    while let Some(head) = head(&mut stream).await {
        heads.lock().unwrap().push(head.clone());
        let act = head.split([' ', '?', '/']).nth(2).unwrap_or_default();
        match act {
            "never" => return Ok(()),
            _ if is_first => fine(&mut stream).await?,
            "close" => return Ok(()),
            "reset" => return SockRef::from(&stream).set_linger(Some(Duration::ZERO)),
            "partial" => return stream.write_all(b"HTTP/1.1 2").await,
            "interim" => return stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await,
            "silent" => sleep(Duration::from_secs(20)).await,
            _ => fine(&mut stream).await?,
        }
        is_first = false;
    }
    Ok(())
}

async fn with_closing_site() -> (Plane, Heads) {
    let heads = Heads::default();
    let shared = heads.clone();
    let plane = before(site(move |stream| closes(stream, shared.clone())).await).await;
    (plane, heads)
}

/// Sends a request over a kept connection; gives the status and how often the site saw it.
async fn sent_on_a_kept_connection(
    plane: &Plane,
    heads: &Heads,
    request: &str,
    fields: &str,
) -> (u16, usize) {
    assert_eq!(status(&plane.get("/first", "").await), 200);
    heads.lock().unwrap().clear();
    let reused = plane.gate.meter.upstream.reused.get();
    let (line, body) = request.split_once('\n').unwrap_or((request, ""));
    let answer = plane
        .raw(format!("{line} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{fields}\r\n{body}"))
        .await;
    assert_eq!(plane.gate.meter.upstream.reused.get(), reused + 1, "{request} went over a kept connection");
    (status(&answer), heads.lock().unwrap().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_for_once_more_when_the_kept_connection_was_closed() {
    let (plane, heads) = with_closing_site().await;
    for request in
        ["GET /close", "GET /reset", "HEAD /close", "OPTIONS /close", "PUT /close", "GET /close?a=b"]
    {
        let seen = sent_on_a_kept_connection(&plane, &heads, request, "").await;
        assert_eq!(seen, (200, 2), "{request}");
    }
    let seen = sent_on_a_kept_connection(&plane, &heads, "GET /never", "").await;
    assert_eq!(seen, (502, 2), "once more and not again");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_handshake_is_sent_once_more_because_no_tunnel_has_begun() {
    let (plane, heads) = with_closing_site().await;
    assert_eq!(status(&plane.get("/first", "").await), 200);
    heads.lock().unwrap().clear();
    let handshake = format!(
        "GET /close HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let mut stream = plane.connect().await;
    stream.write_all(handshake.as_bytes()).await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 200);
    let heads = heads.lock().unwrap().clone();
    assert_eq!(heads.len(), 2);
    assert!(heads.iter().all(|head| head.contains("upgrade: websocket\r\n")), "{heads:?}");
    drop(stream);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_had_an_effect_is_sent_once() {
    let (plane, heads) = with_closing_site().await;
    for (request, fields, expect) in [
        ("POST /close", "Content-Length: 0\r\n", 502),
        ("POST /reset\nhello", "Content-Length: 5\r\n", 502),
        ("PATCH /close", "", 502),
        ("PUT /close\nhello", "Content-Length: 5\r\n", 502),
        ("GET /close\nhello", "Content-Length: 5\r\n", 502),
        ("GET /close\n5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", 502),
        ("GET /close", "X-HTTP-Method-Override: POST\r\n", 502),
        ("GET /close?_method=patch", "", 502),
        // The answer has begun.
        ("GET /partial", "", 502),
        ("GET /interim", "", 502),
        // Slow is not closed.
        ("GET /silent", "", 504),
    ] {
        let seen = sent_on_a_kept_connection(&plane, &heads, request, fields).await;
        assert_eq!(seen, (expect, 1), "{request:?} {fields:?}");
    }
    plane.drain().await;
}
