//! How long messages are: sites and visitors that say it oddly, twice, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt;

use super::plane::{HOST, Plane, read_until, status};
use super::script::{before, body, head, site};
use super::streaming::in_parts;

type Connections = Arc<AtomicUsize>;

/// A site that answers with the bytes that the table has for a path. It closes after those that end in `EOF`.
async fn plane_with(table: &'static [(&'static str, &'static str)]) -> (Plane, Connections) {
    let connections = Connections::default();
    let counted = connections.clone();
    let address = site(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            while let Some(head) = head(&mut stream).await {
                let sent = body(&mut stream, &head).await?;
                let path = head.split(' ').nth(1).unwrap_or_default();
                let scripted = table.iter().find(|(known, _)| *known == path).map(|(_, answer)| *answer);
                let echo = format!("{}[{}]", head.to_ascii_lowercase(), String::from_utf8_lossy(&sent));
                let echo = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{echo}", echo.len());
                let answer = scripted.unwrap_or(&echo);
                stream.write_all(answer.trim_end_matches("EOF").as_bytes()).await?;
                if answer.ends_with("EOF") {
                    return Ok(());
                }
            }
            Ok(())
        }
    });
    (before(address.await).await, connections)
}

type Http2<B> = SendRequest<B>;

async fn http2<B>(plane: &Plane) -> Http2<B>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync,
{
    let io = TokioIo::new(plane.connect().await);
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn uri(path: &str) -> String {
    format!("http://{HOST}{path}")
}

const OLD: &[(&str, &str)] = &[
    ("/to-the-end", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhelloEOF"),
    ("/kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_does_not_notice_that_a_site_speaks_http_1_0() {
    let (plane, _) = plane_with(OLD).await;
    let mut stream = plane.connect().await;
    for _ in 0..2 {
        // Both on one connection of the visitor.
        let get = format!("GET /to-the-end HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        stream.write_all(get.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "\r\n0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("transfer-encoding: chunked\r\n") && answer.contains("hello"), "{answer}");
        let get = format!("GET /kept HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        stream.write_all(get.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-length: 5\r\n") && !answer.contains("connection"), "{answer}");
    }
    for path in ["/to-the-end", "/kept"] {
        let answer = plane.raw(format!("GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert!(!answer.contains("transfer-encoding") && answer.ends_with("\r\n\r\nhello"), "{answer}");
        let mut sender = http2(&plane).await;
        let request = http::Request::get(uri(path)).body(Empty::<Bytes>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello");
    }
    drop(stream);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_unknown_length_is_whole_after_an_answer_in_http_1_0() {
    let (plane, _) = plane_with(OLD).await;
    plane.get("/kept", "").await;
    let post = format!(
        "POST /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    );
    let answer = plane.raw(post).await;
    assert!(answer.contains("[hello]"), "{answer}");
    plane.drain().await;
}

const LENGTHS: &[(&str, &str)] = &[
    (
        "/both",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    ("/twice", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    ("/list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"),
    ("/differ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!EOF"),
    ("/plus", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhelloEOF"),
    ("/coded", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nEOF"),
    ("/head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    ("/empty", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"),
    ("/not-modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"1\"\r\n\r\n"),
    ("/folded", "HTTP/1.1 200 OK\r\nX-Folded: one\r\n\t two\r\nX-Blank : yes\r\nContent-Length: 0\r\n\r\n"),
    (
        "/early",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ),
    (
        "/trailers",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nConnection: close\r\n\r\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_reaches_the_visitor_with_one_length() {
    let (plane, connections) = plane_with(LENGTHS).await;
    for (path, lengths) in [("/both", 0), ("/twice", 1), ("/list", 1), ("/early", 1)] {
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), 200, "{path} {answer}");
        assert_eq!(answer.matches("content-length:").count(), lengths, "{path} {answer}");
        assert!(answer.contains("hello"), "{path} {answer}");
        let mut sender = http2(&plane).await;
        let request = http::Request::get(uri(path)).body(Empty::<Bytes>::new()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.headers().get_all("content-length").iter().count(), lengths, "{path}");
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hello", "{path}");
    }
    // Who says two lengths is not trusted with the next request on that connection.
    let before = connections.load(Ordering::SeqCst);
    plane.get("/both", "").await;
    plane.get("/twice", "").await;
    assert!(connections.load(Ordering::SeqCst) > before);
    let head = plane.raw(format!("HEAD /head HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
    assert_eq!(status(&head), 200, "{head}");
    assert!(!head.contains("content-length"), "{head}");
    let answer = plane.get("/not-modified", "If-None-Match: \"1\"\r\n").await;
    assert!(status(&answer) == 304 && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = plane.get("/folded", "").await;
    assert!(answer.contains("x-folded: one two\r\n") && answer.contains("x-blank: yes\r\n"), "{answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_length_is_unclear_is_a_502_that_says_why() {
    let (plane, _) = plane_with(LENGTHS).await;
    for path in ["/differ", "/plus", "/coded"] {
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), 502, "{path} {answer}");
        assert!(
            answer.contains("\"site_invalid\"") && answer.contains("breaks the rules"),
            "{path} {answer}"
        );
        assert!(!answer.contains("hello"), "{path} {answer}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_after_a_204_is_nobodys_next_answer() {
    let (plane, _) = plane_with(LENGTHS).await;
    for _ in 0..5 {
        let answer = plane.get("/empty", "").await;
        assert!(status(&answer) == 204 && answer.ends_with("\r\n\r\n"), "{answer}");
        assert!(!answer.contains("content-length"), "{answer}");
        assert_eq!(status(&plane.get("/echo", "").await), 200);
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trailer_steers_nothing() {
    let (plane, _) = plane_with(LENGTHS).await;
    let mut sender = http2(&plane).await;
    let request = http::Request::get(uri("/trailers")).header("te", "trailers");
    let answer = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    let whole = answer.into_body().collect().await.unwrap();
    let trailers: Vec<_> = whole.trailers().unwrap().keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(trailers, ["x-sum"]);
    plane.drain().await;
}

/// This many fields of the site's own, as lines.
fn fields(count: usize) -> String {
    (0..count).map(|number| format!("X-{number}: a\r\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_header_fields_has_a_limit_that_is_told() {
    let address = site(async |mut stream| {
        while let Some(head) = head(&mut stream).await {
            let count = head.split(['/', ' ']).nth(2).and_then(|count| count.parse().ok()).unwrap_or(0);
            let long = if head.contains("/long") { "y".repeat(70_000) } else { String::new() };
            let fields = fields(count);
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: {long}\r\n{fields}\r\n");
            stream.write_all(answer.as_bytes()).await?;
        }
        Ok(())
    });
    let plane = before(address.await).await;
    let answer = plane.get("/254", "").await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("x-253: a"), "256 fields, all of them");
    for path in ["/255", "/900", "/long"] {
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), 502, "{path}");
        assert!(answer.contains("\"site_invalid\"") && answer.contains("too many header fields"), "{answer}");
        let page = plane.get(path, "Accept: text/html\r\nSec-Fetch-Mode: navigate\r\n").await;
        assert!(page.contains("too many header fields"), "{page}");
    }

    // Host and Connection are two of them.
    assert_eq!(status(&plane.get("/0", &fields(254)).await), 200);
    assert_eq!(status(&plane.get("/0", &fields(255)).await), 431);
    let mut sender = http2(&plane).await;
    for (count, expect) in [(256, 200), (257, 431)] {
        let mut request = http::Request::get(uri("/0"));
        for number in 0..count {
            request = request.header(format!("x-{number}"), "a");
        }
        let answer = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), expect, "{count}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_reaches_the_site_whatever_the_method() {
    let (plane, _) = plane_with(&[]).await;
    let mut sender = http2(&plane).await;
    for method in ["GET", "OPTIONS", "POST", "PUT", "PATCH"] {
        let parts = in_parts(vec![b"hel".to_vec(), b"lo".to_vec()]);
        let request = http::Request::builder().method(method).uri(uri("/echo")).body(parts.boxed()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text);
        assert!(
            text.contains("[hello]") && text.contains("transfer-encoding: chunked\r\n"),
            "{method} {text}"
        );

        let chunked = format!(
            "{method} /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        );
        let answer = plane.raw(chunked).await;
        assert!(answer.contains("[hello]"), "{method} {answer}");
    }
    let answer = plane.get("/echo", "").await;
    assert!(!answer.contains("transfer-encoding"), "no body, no coding: {answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_a_visitor_says_twice_reaches_the_site_once_or_not_at_all() {
    let (plane, _) = plane_with(&[]).await;
    for (lengths, expect) in [
        (&["5"][..], Some(200)),
        (&["5", "5"], Some(200)),
        (&["5", "6"], None),
        (&["6", "5"], None),
        (&["4"], None),
        (&["6"], None),
        (&["+5"], None),
        (&["5, 5"], None),
    ] {
        let mut sender = http2(&plane).await;
        let mut request = http::Request::post(uri("/echo"));
        for length in lengths {
            request = request.header("content-length", *length);
        }
        let answer = sender.send_request(request.body(Full::new(Bytes::from("hello"))).unwrap()).await;
        match expect {
            Some(expect) => {
                let answer = answer.unwrap();
                assert_eq!(answer.status(), expect, "{lengths:?}");
                let text = answer.into_body().collect().await.unwrap().to_bytes();
                let text = String::from_utf8_lossy(&text);
                assert_eq!(text.matches("content-length:").count(), 1, "{text}");
            }
            None => {
                let refused = answer.map(|answer| answer.status().as_u16()).unwrap_or(400);
                assert!(matches!(refused, 400 | 502), "{lengths:?} {refused}");
            }
        }
    }
    plane.drain().await;
}
