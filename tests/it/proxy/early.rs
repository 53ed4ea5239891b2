//! Answers that are given before the request was read to its end. The visitor here is of the hardest kind: it sends all that it
//! has before it reads a byte.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{BodyExt, Either, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::plane::{HOST, Plane, endpoint, limits, nobody, read_until, status};
use super::site::MEBIBYTE;
use crate::browser::Browser;

/// Sends a head and a body in twenty parts with pauses, then reads to the end.
async fn slowly(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str, size: usize) -> String {
    stream.write_all(head.as_bytes()).await.unwrap();
    let part = vec![b'x'; size / 20];
    for number in 0..20 {
        sleep(Duration::from_millis(15)).await;
        let sent = stream.write_all(&part).await;
        sent.unwrap_or_else(|error| panic!("part {number} of {size} bytes: {error}\n{head}"));
    }
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    read.expect("the gate closes").unwrap_or_else(|error| panic!("{error}\n{head}"));
    String::from_utf8_lossy(&answer).into_owned()
}

#[track_caller]
fn is_whole(answer: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("cut short: {answer:?}"));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    assert_eq!(body.len(), length.map_or(0, |length| length.parse().unwrap()), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_the_end_of_the_request_arrives_whole() {
    let (_held, nobody) = nobody();
    let plane = Plane::with(|snapshot| {
        let mut away = (**snapshot.sites.on_host(HOST).first().unwrap()).clone();
        (away.name, away.host) = ("away".into(), "away.example".into());
        let here = (**snapshot.sites.on_host(HOST).first().unwrap()).clone();
        snapshot.sites = std::sync::Arc::new(membergate::domain::access::Sites::new([here, away]));
        snapshot.endpoints.insert("away".into(), endpoint(nobody, limits()));
    })
    .await;
    let (cookie, _) = plane.sign_in().await;
    let form = format!(
        "Origin: http://{HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Mode: navigate\r\nAccept: text/html\r\n"
    );
    for size in [60_000, 500_000, 4 * MEBIBYTE] {
        for (request, fields, expect) in [
            (format!("POST /members/u HTTP/1.1\r\nHost: {HOST}"), "", 401),
            (format!("PUT /account HTTP/1.1\r\nHost: {HOST}"), form.as_str(), 401),
            (format!("POST /board HTTP/1.1\r\nHost: {HOST}"), cookie.as_str(), 403),
            (format!("POST /a%00b HTTP/1.1\r\nHost: {HOST}"), "", 400),
            ("POST / HTTP/1.1\r\nHost: other.example".to_owned(), "", 421),
            (format!("TRACE / HTTP/1.1\r\nHost: {HOST}"), "", 405),
            (format!("POST /_gate/anything HTTP/1.1\r\nHost: {HOST}"), "", 200),
            (format!("POST /_gate/verify@library HTTP/1.1\r\nHost: {HOST}"), "", 403),
            (format!("POST /refuses-body HTTP/1.1\r\nHost: {HOST}"), "", 413),
            (format!("POST /refuses-and-closes HTTP/1.1\r\nHost: {HOST}"), "", 413),
            (format!("POST /refuses-and-reads-nothing HTTP/1.1\r\nHost: {HOST}"), "", 413),
            ("POST / HTTP/1.1\r\nHost: away.example".to_owned(), "", 502),
            (format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nnot a field"), "", 400),
            (format!("POST / HTTP/1.1\r\nHost: {HOST}\r\nX-Long: {}", "x".repeat(70_000)), "", 431),
            (format!("POST /members/u HTTP/1.0\r\nHost: {HOST}"), "", 401),
        ] {
            let head = format!("{request}\r\n{fields}Content-Length: {size}\r\n\r\n");
            let mut stream = plane.connect().await;
            let answer = slowly(&mut stream, &head, size).await;
            assert_eq!(status(&answer), expect, "{size} {request:.60}\n{answer}");
            is_whole(&answer);
            // A body that was kept whole was read, so the connection may go on.
            let is_kept = [413, 502].contains(&expect) && size == 60_000;
            if ![400, 431].contains(&expect) && request.contains("1.1") && !is_kept {
                assert!(answer.contains("connection: close\r\n"), "{request:.60}\n{answer}");
            }
        }
        let chunked = format!(
            "POST /members/u HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n"
        );
        let answer = slowly(&mut plane.connect().await, &chunked, size).await;
        assert_eq!(status(&answer), 401, "{answer}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_arrives_whole_over_tls_too() {
    let plane = Plane::secure().await;
    for size in [60_000, 500_000, 4 * MEBIBYTE] {
        let mut stream = super::encrypted::connect(&plane, b"http/1.1").await;
        let head = format!("POST /members/u HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\n\r\n");
        let answer = slowly(&mut stream, &head, size).await;
        assert_eq!(status(&answer), 401, "{answer}");
        is_whole(&answer);
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_ends_its_stream_and_nothing_else_over_http2() {
    let plane = Plane::start().await;
    let io = TokioIo::new(plane.connect().await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    for size in [60_000, 500_000, 4 * MEBIBYTE] {
        for (path, expect) in
            [("/members/u", 401), ("/a%00b", 400), ("/refuses-and-closes", 413), ("/refuses-body", 413)]
        {
            let (mut parts, body) = Channel::<Bytes>::new(1);
            let request =
                http::Request::post(format!("http://{HOST}{path}")).body(Either::Left(body)).unwrap();
            let answer = tokio::spawn(sender.send_request(request));
            for _ in 0..20 {
                sleep(Duration::from_millis(5)).await;
                // The stream may be over before all is sent; the answer has come by then.
                if parts.send_data(vec![b'x'; size / 20].into()).await.is_err() {
                    break;
                }
            }
            drop(parts);
            let answer = answer.await.unwrap().unwrap_or_else(|error| panic!("{path} {size}: {error:?}"));
            assert_eq!(answer.status(), expect, "{path} {size}");
            answer.into_body().collect().await.unwrap_or_else(|error| panic!("{path} {size}: {error:?}"));
            let next =
                http::Request::get(format!("http://{HOST}/echo")).body(Either::Right(Empty::new())).unwrap();
            let status = sender.send_request(next).await.unwrap().status();
            assert_eq!(status, 200, "the connection goes on after {path} with {size} bytes");
        }
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_body_that_nobody_wants_costs_no_connection_and_a_body_held_back_is_not_asked_for() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    for _ in 0..3 {
        let head = format!("POST /members HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b'x'; 10_000]).await.unwrap();
        let seen = read_until(&mut stream, "}").await;
        assert_eq!(status(&seen), 401);
        assert!(!seen.contains("connection: close"), "{seen}");
    }
    let head = format!(
        "POST /members HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let seen = read_until(&mut stream, "}").await;
    assert_eq!(status(&seen), 401, "{seen}");
    assert!(seen.contains("connection: close\r\n"), "{seen}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_never_stops_sending_does_not_keep_the_gateway_from_stopping() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    let head = format!("POST /members HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    read_until(&mut stream, "}").await;
    let sending = tokio::spawn(async move {
        while stream.write_all(b"xxxxxxxxxx").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    let started = Instant::now();
    timeout(Duration::from_secs(10), plane.drain()).await.expect("it stops");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    timeout(Duration::from_secs(5), sending).await.expect("the connection is closed").unwrap();
}

/// A line that carries 250 KB a second towards the gate, and passes on how the gate closes, a reset as a reset.
async fn slow_line(gate: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((browser, _)) = listener.accept().await {
            tokio::spawn(async move {
                let gate = TcpStream::connect(gate).await.unwrap();
                let (mut from_browser, mut to_browser) = browser.into_split();
                let (mut from_gate, mut to_gate) = gate.into_split();
                let up = async {
                    let mut part = [0; 5000];
                    loop {
                        let read = from_browser.read(&mut part).await?;
                        if read == 0 {
                            return to_gate.shutdown().await;
                        }
                        to_gate.write_all(&part[..read]).await?;
                        sleep(Duration::from_millis(20)).await;
                    }
                };
                let down = async {
                    tokio::io::copy(&mut from_gate, &mut to_browser).await?;
                    to_browser.shutdown().await
                };
                if tokio::try_join!(up, down).is_err() {
                    let browser = to_browser.reunite(from_browser).unwrap();
                    socket2::SockRef::from(&browser).set_linger(Some(Duration::ZERO)).unwrap();
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_and_chromium_show_an_answer_that_comes_before_the_upload_is_over() {
    let plane = Plane::listening_at("localhost").await;
    let line = slow_line(plane.address).await;
    for browser in [Browser::start_firefox().await, Browser::start().await] {
        browser.open(&format!("http://localhost:{}/page", line.port())).await;
        for (path, expect) in [("/members/u", "401"), ("/a%00b", "400"), ("/refuses-and-closes", "413")] {
            for size in [60_000, 500_000, 1_500_000] {
                browser
                    .execute(&format!(
                        "document.body.id = 'waits';
                         const show = text => {{ document.body.textContent = text; document.body.id = 'done'; }};
                         fetch('{path}', {{ method: 'POST', body: new Uint8Array({size}) }})
                             .then(answer => answer.text().then(() => show(answer.status)))
                             .catch(error => show(error));"
                    ))
                    .await;
                browser.wait_for("#done").await;
                assert_eq!(browser.text("#done").await, expect, "{path} with {size} bytes");
            }
        }
    }
    plane.drain().await;
}
