//! Bytes that flow: uploads, downloads, events, tunnels, and what happens when they stop.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use membergate::adapters::upstream::{Endpoint, Trust, UpstreamLimits};
use membergate::flows::person::Published;
use membergate::serve;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use url::Url;

use super::plane::{HOST, Plane, endpoint, limits, nobody, read_until, rules, status};
use super::site::{LARGE, MEBIBYTE};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_the_site_serves_many_requests() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    for number in 0..20 {
        let method = if number % 3 == 0 { "HEAD" } else { "GET" };
        stream
            .write_all(format!("{method} /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        read_until(&mut stream, if method == "HEAD" { "\r\n\r\n" } else { "[0 bytes]" }).await;
        let post = format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\n\r\nhello");
        stream.write_all(post.as_bytes()).await.unwrap();
        read_until(&mut stream, "[5 bytes]").await;
    }
    assert_eq!(plane.site.connections(), 1);
    assert_eq!(plane.gate.meter.upstream.reused.get(), 39);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_passed_on_at_once() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    stream.write_all(format!("GET /events HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    let seen = read_until(&mut stream, "data: first").await;
    assert!(!seen.contains("second"));
    plane.site.seen.next_event.notify_one();
    read_until(&mut stream, "data: second").await;
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_goes_through_in_both_directions() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    let head = format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LARGE}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let part = vec![b'x'; MEBIBYTE];
    for _ in 0..LARGE / MEBIBYTE {
        stream.write_all(&part).await.unwrap();
    }
    read_until(&mut stream, &format!("[{LARGE} bytes]")).await;

    let answer = plane.get("/large", "").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), LARGE);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expectation_is_met_only_by_who_may_send() {
    let plane = Plane::start().await;
    let head = |path: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    };
    let mut stream = plane.connect().await;
    stream.write_all(head("/echo").as_bytes()).await.unwrap();
    let seen = read_until(&mut stream, "\r\n\r\n").await;
    assert_eq!(seen, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    read_until(&mut stream, "[5 bytes]").await;

    let mut stream = plane.connect().await;
    stream.write_all(head("/members").as_bytes()).await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 401, "no byte of the body is asked for");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_pass_and_a_chunked_answer_is_whole() {
    let plane = Plane::start().await;
    let answer = plane
        .raw(format!(
            "GET /trailers HTTP/1.1\r\nHost: {HOST}\r\nConnection: close, TE\r\nTE: trailers\r\n\r\n"
        ))
        .await;
    assert!(answer.ends_with("0\r\nx-sum: 42\r\n\r\n"), "{answer}");
    let answer = plane.raw(format!("GET /trailers HTTP/1.0\r\nHost: {HOST}\r\n\r\n")).await;
    assert!(answer.ends_with("\r\n\r\nhello"), "HTTP/1.0 has no chunks: {answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_fields_for_the_visitor_come_back() {
    let plane = Plane::start().await;
    let answer = plane.get("/cookies", "").await;
    assert!(answer.contains("set-cookie: theme=dark\r\n"), "{answer}");
    for gone in ["membergate", "keep-alive", "x-hop"] {
        assert!(!answer.contains(gone), "{gone}: {answer}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_fails_is_told_from_a_site_that_is_slow() {
    let plane = Plane::start().await;
    for (path, expect) in [("/broken", 502), ("/garbage", 502), ("/silent", 504)] {
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), expect, "{path} {answer}");
        assert!(answer.contains("cache-control: no-store"), "{answer}");
        let page = plane.get(path, "Accept: text/html\r\n").await;
        assert!(page.contains("text/html"), "{page}");
    }
    let answer = plane.get("/short", "").await;
    assert!(answer.ends_with("short"), "cut off, and seen to be: {answer}");
    plane.drain().await;

    let (_held, nobody) = nobody();
    let plane =
        Plane::with(|snapshot| snapshot.endpoints = [("library".into(), endpoint(nobody, limits()))].into())
            .await;
    assert_eq!(status(&plane.get("/", "").await), 502);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_a_time_are_turned_away_and_room_comes_back() {
    let few = UpstreamLimits { connections: 1, waiting: 0, headers: Duration::from_secs(20), ..limits() };
    let plane = Plane::with(|_| {}).await;
    let mut snapshot = copy(&plane.gate.snapshot);
    snapshot.endpoints = [("library".into(), endpoint(plane.site.address, few))].into();
    plane.gate.snapshot.store(Arc::new(snapshot));

    let mut stream = plane.connect().await;
    stream.write_all(format!("GET /silent HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    while plane.site.heads().is_empty() {
        tokio::task::yield_now().await;
    }
    let answer = plane.get("/echo", "").await;
    assert_eq!(status(&answer), 503, "{answer}");
    assert!(answer.contains("retry-after:"), "{answer}");
    drop(stream);
    timeout(Duration::from_secs(5), plane.site.seen.hung_up.notified()).await.expect("the site is let go");
    assert_eq!(status(&plane.get("/echo", "").await), 200);
    plane.drain().await;
}

fn copy(snapshot: &ArcSwap<membergate::web::proxy::Snapshot>) -> membergate::web::proxy::Snapshot {
    let now = snapshot.load();
    membergate::web::proxy::Snapshot {
        sites: now.sites.clone(),
        endpoints: now.endpoints.clone(),
        settings: now.settings.clone(),
        association: now.association.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_with_an_unread_body_is_not_used_again() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    let head = format!("POST /refuses-body HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b'x'; 70_000]).await.unwrap();
    assert_eq!(status(&read_until(&mut stream, "\r\n\r\n").await), 413);
    assert_eq!(status(&plane.get("/echo", "").await), 200);
    assert_eq!(plane.site.connections(), 2);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_carries_bytes_both_ways_until_the_session_ends() {
    let plane = Plane::start().await;
    let (cookie, key) = plane.sign_in().await;
    let mut stream = plane.connect().await;
    let handshake = format!(
        "GET /members/socket HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\nOrigin: http://{HOST}\r\n{cookie}\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert_eq!(status(&answer), 101, "{answer}");
    assert!(answer.contains("sec-websocket-accept: x"), "{answer}");
    stream.write_all(b"ping").await.unwrap();
    read_until(&mut stream, "ping").await;

    let ended = Instant::now();
    plane.gate.visits.end(&key).await.unwrap();
    let closed = timeout(Duration::from_secs(5), stream.read(&mut [0])).await.expect("the tunnel is closed");
    assert!(matches!(closed, Ok(0) | Err(_)));
    plane.site.seen.hung_up.notified().await;
    assert!(ended.elapsed() < Duration::from_secs(2), "{:?}", ended.elapsed());
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_ends_with_the_session_and_with_the_role() {
    for by_role in [false, true] {
        let plane = Plane::start().await;
        let (cookie, key) = plane.sign_in().await;
        let mut stream = plane.connect().await;
        let request = format!("GET /members/events HTTP/1.1\r\nHost: {HOST}\r\n{cookie}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        read_until(&mut stream, "data: first").await;

        let ended = Instant::now();
        if by_role {
            plane.rules.store(Arc::new(Published::new(2, rules("friend"))));
        } else {
            plane.gate.visits.end(&key).await.unwrap();
        }
        let mut rest = Vec::new();
        let read = timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        let _ = read.expect("the stream is closed");
        assert!(!String::from_utf8_lossy(&rest).contains("0\r\n\r\n"), "a broken stream must not look whole");
        timeout(Duration::from_secs(5), plane.site.seen.hung_up.notified())
            .await
            .expect("the site is let go");
        assert!(ended.elapsed() < Duration::from_secs(2), "{:?}", ended.elapsed());
        assert_eq!(plane.gate.meter.streams_ended.get(), 1);
        plane.drain().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_understood_without_being_asked_for() {
    let plane = Plane::start().await;
    let io = TokioIo::new(plane.connect().await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let parts = in_parts(vec![b"hello ".to_vec(), b"world".to_vec()]);
    let request = http::Request::post(format!("http://{HOST}/echo"))
        .header("cookie", "a=b")
        .header("cookie", "c=d")
        .body(parts.boxed())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let text = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    assert!(text.contains("POST /echo HTTP/1.1\r\n") && text.contains("[11 bytes]"), "{text}");
    assert!(text.contains("host: library.example\r\n"), "{text}");
    assert!(text.contains("cookie: a=b; c=d\r\n"), "{text}");

    for (method, uri, expect) in [
        ("GET", format!("http://{HOST}/members"), 401),
        ("GET", "http://other.example/".to_owned(), 421),
        // One of its readings is `/members`.
        ("GET", format!("http://{HOST}/%2e%2e/members"), 401),
        ("GET", format!("http://{HOST}/%zz/members"), 400),
        ("CONNECT", format!("{HOST}:443"), 405),
    ] {
        let request =
            http::Request::builder().method(method).uri(&uri).body(Empty::<Bytes>::new().boxed()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), expect, "{method} {uri}");
    }
    assert_eq!(plane.site.heads().len(), 1);
    plane.drain().await;
}

/// A body in parts, of unknown length.
pub fn in_parts(parts: Vec<Vec<u8>>) -> impl http_body::Body<Data = Bytes, Error = Infallible> {
    struct Parts(std::vec::IntoIter<Vec<u8>>);
    impl http_body::Body for Parts {
        type Data = Bytes;
        type Error = Infallible;
        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
            std::task::Poll::Ready(self.0.next().map(|part| Ok(http_body::Frame::data(part.into()))))
        }
    }
    Parts(parts.into_iter())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_a_request_under_way_finish() {
    let plane = Plane::start().await;
    let mut idle = plane.connect().await;
    idle.write_all(format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut idle, "[0 bytes]").await;
    let mut busy = plane.connect().await;
    busy.write_all(format!("GET /events HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut busy, "data: first").await;

    let (address, seen) = (plane.address, plane.site.seen.clone());
    let draining = tokio::spawn(plane.drain());
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0, "an idle connection is closed at once");
    let refused = async { while tokio::net::TcpStream::connect(address).await.is_ok() {} };
    timeout(Duration::from_secs(5), refused).await.expect("no newcomers");
    seen.next_event.notify_one();
    read_until(&mut busy, "data: second").await;
    timeout(Duration::from_secs(1), draining).await.expect("nothing is left to wait for").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_gateway_cannot_share_the_port() {
    let plane = Plane::start().await;
    let listener = serve::Listener { address: plane.address, tls: None };
    let second = serve::start(&[listener], serve::ListenerSettings::default(), &plane.gate);
    assert!(matches!(second, Err(serve::ListenError::Listen(..))));
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_leaves_in_the_middle_takes_the_sites_connection_along() {
    let plane = Plane::start().await;
    let mut stream = plane.connect().await;
    stream.write_all(format!("GET /events HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut stream, "data: first").await;
    drop(stream);
    timeout(Duration::from_secs(5), plane.site.seen.hung_up.notified()).await.expect("the site is let go");
    assert_eq!(status(&plane.get("/echo", "").await), 200);
    assert_eq!(plane.site.connections(), 2);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_wants_its_own_name_gets_it() {
    let plane = Plane::start().await;
    let mut snapshot = copy(&plane.gate.snapshot);
    let url = Url::parse(&format!("http://{}", plane.site.address)).unwrap();
    let mut own = Endpoint::new(&url, &Trust::Platform, limits()).unwrap();
    own.preserve_host = false;
    snapshot.endpoints = [("library".into(), Arc::new(own))].into();
    plane.gate.snapshot.store(Arc::new(snapshot));
    let answer = plane.get("/echo", "").await;
    assert!(answer.contains(&format!("host: {}\r\n", plane.site.address)), "{answer}");
    assert!(answer.contains("x-forwarded-host: library.example\r\n"), "{answer}");
    plane.drain().await;
}
