//! Visitors who are slow, by fate or on purpose. Beside each stands an honest one, who is served all the time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use membergate::adapters::pace::LeastRate;
use membergate::adapters::upstream::UpstreamLimits;
use membergate::web::proxy::Snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::plane::{HOST, Plane, endpoint, limits, read_until, status};
use crate::world::eventually;

const SLOW: &str = "127.0.0.2";

fn least(patience: Duration) -> LeastRate {
    LeastRate { per_second: 500, patience }
}

/// Eight connections to the site, four of them for one network.
fn few_places(snapshot: &mut Snapshot, limits: UpstreamLimits, patience: Duration) {
    let site = snapshot.endpoints.values().next().unwrap().authority().to_str().unwrap().parse().unwrap();
    snapshot.endpoints.insert("library".into(), endpoint(site, limits));
    snapshot.settings.upload.least = least(patience);
    snapshot.settings.reading = least(patience);
}

fn eight() -> UpstreamLimits {
    UpstreamLimits {
        connections: 8,
        connections_per_network: 4,
        waiting: 0,
        headers: Duration::from_secs(30),
        ..limits()
    }
}

async fn plane(patience: Duration) -> Plane {
    Plane::limited(
        |settings| settings.reading = least(patience),
        |snapshot| few_places(snapshot, eight(), patience),
    )
    .await
}

async fn is_served(plane: &Plane) {
    let answer = plane.get("/echo", "").await;
    assert_eq!(status(&answer), 200, "{answer}");
    let post =
        format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    let answer = plane.raw(post).await;
    assert!(answer.contains("[5 bytes]"), "{answer}");
}

/// Begins an upload of 60 KB and sends one byte of it.
async fn trickle(plane: &Plane, address: &str) -> TcpStream {
    let mut stream = plane.connect_from(address).await;
    let head = format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 60000\r\n\r\nx");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn trickling_uploads_take_no_place_and_end_with_a_clear_answer() {
    let plane = plane(Duration::from_secs(3)).await;
    let mut uploads = Vec::new();
    for number in 0..64 {
        // Half of them from one network, the others from one each.
        let address = if number % 2 == 0 { SLOW.to_owned() } else { format!("127.0.1.{number}") };
        uploads.push(trickle(&plane, &address).await);
    }
    for _ in 0..5 {
        for upload in &mut uploads {
            upload.write_all(b"x").await.unwrap();
        }
        is_served(&plane).await;
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(plane.site.heads().len(), 10, "no upload has reached the site");
    assert!(
        plane.gate.meter.upstream.buffered.get() < 64 * 1024,
        "memory is for what was sent, not for what was announced"
    );
    for upload in &mut uploads {
        let mut answer = String::new();
        timeout(Duration::from_secs(20), upload.read_to_string(&mut answer))
            .await
            .expect("an answer")
            .unwrap();
        assert_eq!(status(&answer), 408, "{answer}");
        assert!(answer.contains("connection: close\r\n") && answer.contains("request_slow"), "{answer}");
    }
    assert_eq!(plane.gate.meter.upstream.buffered.get(), 0);
    assert_eq!(plane.gate.meter.limits.slow_uploads.get(), 64);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stops_in_the_middle_gives_its_place_back() {
    let plane = plane(Duration::from_secs(1)).await;
    let mut uploads = Vec::new();
    for _ in 0..4 {
        let mut stream = plane.connect_from(SLOW).await;
        let head = format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 300000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b'x'; 100_000]).await.unwrap();
        uploads.push(stream);
    }
    eventually("four uploads at the site", async || (plane.site.heads().len() == 4).then_some(())).await;
    is_served(&plane).await;
    let mut fifth = plane.connect_from(SLOW).await;
    fifth.write_all(format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    let answer = read_until(&mut fifth, "}").await;
    assert_eq!(status(&answer), 429, "{answer}");
    assert!(answer.contains("retry-after: ") && answer.contains("network_busy"), "{answer}");
    for upload in &mut uploads {
        let answer = read_until(upload, "}").await;
        assert_eq!(status(&answer), 408, "{answer}");
    }
    fifth.write_all(format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(status(&read_until(&mut fifth, "[0 bytes]").await), 200);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_slow_and_keeps_the_rate_arrives_whole() {
    let plane = plane(Duration::from_secs(2)).await;
    for framing in ["Content-Length: 3000", "Transfer-Encoding: chunked"] {
        let mut stream = plane.connect_from(SLOW).await;
        stream
            .write_all(format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\n{framing}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        for _ in 0..10 {
            sleep(Duration::from_millis(300)).await;
            let part = "x".repeat(300);
            let part = if framing.starts_with('C') { part } else { format!("12c\r\n{part}\r\n") };
            stream.write_all(part.as_bytes()).await.unwrap();
        }
        if framing.starts_with('T') {
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
        let answer = read_until(&mut stream, "bytes]").await;
        assert!(answer.contains("[3000 bytes]"), "{answer}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beginnings_of_bodies_have_bounded_memory_and_go_on_without_it() {
    let plane = Plane::limited(
        |_| {},
        |snapshot| {
            few_places(snapshot, UpstreamLimits { waiting: 100, ..eight() }, Duration::from_secs(20));
            snapshot.settings.upload.memory = 100_000;
        },
    )
    .await;
    let mut uploads = Vec::new();
    for number in 0..20 {
        let mut stream = plane.connect_from(&format!("127.0.2.{number}")).await;
        let head = format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 50000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..4 {
            stream.write_all(&[b'x'; 10_000]).await.unwrap();
            sleep(Duration::from_millis(5)).await;
        }
        uploads.push(stream);
    }
    let most = 100_000 + 20 * 2 * 10_000;
    assert!(plane.gate.meter.upstream.buffered.get() <= most, "{}", plane.gate.meter.upstream.buffered.get());
    for stream in &mut uploads {
        stream.write_all(&[b'x'; 10_000]).await.unwrap();
    }
    for stream in &mut uploads {
        let answer = read_until(stream, "bytes]").await;
        assert!(answer.contains("[50000 bytes]"), "{answer}");
    }
    eventually("memory is given back", async || {
        (plane.gate.meter.upstream.buffered.get() == 0).then_some(())
    })
    .await;
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_streams_that_nobody_reads_leave_others_their_places_and_are_given_up() {
    let plane = plane(Duration::from_secs(3)).await;
    let mut answers = Vec::new();
    let mut senders = Vec::new();
    for _ in 0..12 {
        let io = TokioIo::new(plane.connect_from(SLOW).await);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..128 {
            let request =
                http::Request::get(format!("http://{HOST}/large")).body(Empty::<Bytes>::new()).unwrap();
            answers.push(tokio::spawn(sender.send_request(request)));
        }
        senders.push(sender);
    }
    let mut held = Vec::new();
    let mut refused = 0;
    for answer in answers {
        let answer = timeout(Duration::from_secs(20), answer).await.expect("an answer").unwrap().unwrap();
        match answer.status().as_u16() {
            200 => held.push(answer),
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((held.len(), refused), (4, 12 * 128 - 4));
    is_served(&plane).await;
    eventually("four are given up", async || {
        (plane.gate.meter.limits.slow_downloads.get() == 4).then_some(())
    })
    .await;
    let request = http::Request::get(format!("http://{HOST}/echo")).body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(
        senders[0].send_request(request).await.unwrap().status(),
        200,
        "the connection goes on, and places are free"
    );
    is_served(&plane).await;
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_a_large_file_is_cut_off_and_whoever_reads_gets_all_of_it() {
    let plane = plane(Duration::from_secs(1)).await;
    let mut idlers = Vec::new();
    for _ in 0..4 {
        let mut stream = plane.connect_from(SLOW).await;
        stream.write_all(format!("GET /large HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
        idlers.push(stream);
    }
    eventually("four downloads", async || (plane.site.heads().len() == 4).then_some(())).await;
    is_served(&plane).await;
    eventually("all are cut", async || (plane.gate.meter.limits.slow_downloads.get() == 4).then_some(()))
        .await;
    let mut next = plane.connect_from(SLOW).await;
    next.write_all(format!("GET /large HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut all = Vec::new();
    timeout(Duration::from_secs(60), next.read_to_end(&mut all)).await.expect("it ends").unwrap();
    assert!(all.len() > super::site::LARGE);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_readers_from_many_networks_make_room_once_somebody_waits() {
    let patience = Duration::from_secs(60);
    let plane = Plane::limited(
        |settings| settings.reading = least(patience),
        |snapshot| {
            let limits = UpstreamLimits { waiting: 100, wait: Duration::from_secs(30), ..eight() };
            few_places(snapshot, limits, patience);
        },
    )
    .await;
    let mut idlers = Vec::new();
    for number in 1..=8 {
        let mut stream = plane.connect_from(&format!("127.0.3.{number}")).await;
        stream.write_all(format!("GET /large HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
        idlers.push(stream);
    }
    eventually("eight downloads", async || (plane.site.heads().len() == 8).then_some(())).await;
    let asked = Instant::now();
    timeout(Duration::from_secs(30), is_served(&plane)).await.expect("there is room");
    assert!(asked.elapsed() < Duration::from_secs(29), "{:?}", asked.elapsed());
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_slow_itself_is_not_held_against_the_visitor() {
    let plane = plane(Duration::from_secs(3)).await;
    let mut stream = plane.connect().await;
    stream.write_all(format!("GET /events HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut stream, "data: first").await;
    let mut upload = plane.connect().await;
    let head = format!("POST /reads-late HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 20000000\r\n\r\n");
    upload.write_all(head.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move {
        upload.write_all(&vec![b'x'; 20_000_000]).await.unwrap();
        read_until(&mut upload, "bytes]").await
    });
    sleep(Duration::from_secs(6)).await;
    plane.site.seen.next_event.notify_one();
    read_until(&mut stream, "data: second").await;
    let answer = timeout(Duration::from_secs(30), sending).await.expect("an answer").unwrap();
    assert!(answer.contains("[20000000 bytes]"), "{answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_with_too_many_connections_is_told_so_and_others_come_in() {
    let few = |settings: &mut membergate::serve::ListenerSettings| settings.connections_per_network = 2;
    let plane = Plane::limited(few, |_| {}).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = plane.connect_from(SLOW).await;
        stream.write_all(format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(status(&read_until(&mut stream, "bytes]").await), 200);
        held.push(stream);
    }
    let mut third = plane.connect_from(SLOW).await;
    third
        .write_all(
            format!(
                "GET /echo HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n\r\n"
            )
            .as_bytes(),
        )
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(10), third.read_to_string(&mut answer)).await.expect("it closes").unwrap();
    assert_eq!(status(&answer), 429, "{answer}");
    assert!(answer.contains("retry-after: ") && answer.contains("<html"), "{answer}");
    is_served(&plane).await;
    for _ in 0..2 {
        held.push(plane.connect_from(SLOW).await);
    }
    let mut fifth = plane.connect_from(SLOW).await;
    let closed = timeout(Duration::from_secs(10), fifth.read(&mut [0])).await.expect("it is closed");
    assert!(matches!(closed, Ok(0) | Err(_)));
    is_served(&plane).await;
    drop(held);
    let welcome = Instant::now();
    loop {
        let mut stream = plane.connect_from(SLOW).await;
        let _ = stream
            .write_all(format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n").as_bytes())
            .await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(welcome.elapsed() < Duration::from_secs(10), "{answer}");
        sleep(Duration::from_millis(50)).await;
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_counts_its_visitors_and_not_itself() {
    let plane = Plane::limited(
        |settings| settings.connections_per_network = 1,
        |snapshot| {
            few_places(snapshot, eight(), Duration::from_secs(20));
            snapshot.settings.trusted_proxies = vec!["127.0.0.2".parse().unwrap()];
        },
    )
    .await;
    let ask = async |visitor: &str, path: &str| {
        let mut stream = plane.connect_from(SLOW).await;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: {visitor}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "\r\n\r\n").await;
        (status(&answer), stream)
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        let (status, stream) = ask("203.0.113.1", "/events").await;
        assert_eq!(status, 200);
        held.push(stream);
    }
    assert_eq!(ask("203.0.113.1", "/echo").await.0, 429);
    assert_eq!(ask("203.0.113.2", "/echo").await.0, 200);
    drop(held);
    plane.drain().await;
}
