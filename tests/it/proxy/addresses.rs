//! Sites whose name has several addresses, some of them dead.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use membergate::adapters::BoxFuture;
use membergate::adapters::upstream::{Endpoint, Resolver, Trust, UpstreamError, UpstreamLimits};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use url::Url;

use super::plane::{HOST, Plane, limits, nobody, read_until, status};
use super::script::head;

/// What the name service says. `None`: nothing, for as long as anybody waits.
type Names = Arc<Mutex<Option<Vec<SocketAddr>>>>;

struct Table(Names);

impl Resolver for Table {
    fn look_up<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let found = self.0.lock().unwrap().clone();
        Box::pin(async move {
            match found {
                Some(addresses) if addresses.is_empty() => Err(io::Error::other("no such name")),
                Some(addresses) => Ok(addresses),
                None => std::future::pending().await,
            }
        })
    }
}

fn named(addresses: &[SocketAddr], limits: UpstreamLimits) -> (Arc<Endpoint>, Names) {
    let names: Names = Arc::new(Mutex::new(Some(addresses.to_vec())));
    let url = Url::parse("http://site.internal:8000").unwrap();
    let endpoint = Endpoint::new(&url, &Trust::Platform, limits).unwrap();
    (Arc::new(endpoint.with_resolver(Arc::new(Table(names.clone())))), names)
}

fn patient() -> UpstreamLimits {
    UpstreamLimits { connect: Duration::from_secs(5), ..limits() }
}

async fn plane_at(endpoint: &Arc<Endpoint>) -> Plane {
    Plane::with(|snapshot| snapshot.endpoints = [("library".into(), endpoint.clone())].into()).await
}

/// A site that answers with its name, one request for each connection.
async fn site(address: &str, name: &'static str) -> SocketAddr {
    serve(TcpListener::bind(address).await.unwrap(), name)
}

fn serve(listener: TcpListener, name: &'static str) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if head(&mut stream).await.is_some() {
                let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nX-Site: {name}\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        }
    });
    address
}

/// A port of this machine, at all its addresses, at which no connection is answered: its queue is full and nobody takes from it.
struct BlackHole {
    port: u16,
    _held: (TcpListener, Vec<TcpStream>),
}

impl BlackHole {
    async fn new() -> BlackHole {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("0.0.0.0:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut held = Vec::new();
        while let Ok(stream) =
            timeout(Duration::from_millis(300), TcpStream::connect(("127.0.0.1", port))).await
        {
            held.push(stream.unwrap());
        }
        BlackHole { port, _held: (listener, held) }
    }

    fn at(&self, host: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, host], self.port))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_reached_whichever_way_its_first_address_is_dead() {
    let hole = BlackHole::new().await;
    let (_held, refused) = nobody();
    // No TCP connection leads to all hosts at once, so the kernel refuses at once and nothing leaves this machine.
    let (unreachable, unreachable6) =
        ("255.255.255.255:80".parse().unwrap(), "[ff02::1]:80".parse().unwrap());
    let living = site("127.0.0.1:0", "living").await;
    for dead in [refused, unreachable, unreachable6, hole.at(2)] {
        let (endpoint, _) = named(&[dead, living], patient());
        endpoint.probe().await.unwrap();
        let plane = plane_at(&named(&[dead, living], patient()).0).await;
        for _ in 0..2 {
            let answer = plane.get("/", "").await;
            assert_eq!(status(&answer), 200, "{dead}: {answer}");
        }
        plane.drain().await;
    }
    // One look-up of the operating system itself: on many machines `localhost` is ::1 first.
    let url = Url::parse(&format!("http://localhost:{}", living.port())).unwrap();
    Endpoint::new(&url, &Trust::Platform, patient()).unwrap().probe().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_many_addresses_has_its_turn_within_the_limit() {
    let hole = BlackHole::new().await;
    let living = site("127.0.0.1:0", "living").await;
    let mut addresses: Vec<_> = (2..17).map(|host| hole.at(host)).collect();
    addresses.push(living);
    let limits = UpstreamLimits { connect: Duration::from_secs(2), ..limits() };
    named(&addresses, limits).0.probe().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_works_is_remembered() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let first = socket.local_addr().unwrap();
    let second = site("127.0.0.1:0", "second").await;
    let (endpoint, names) = named(&[first, second], patient());
    let plane = plane_at(&endpoint).await;
    assert!(plane.get("/", "").await.contains("x-site: second"));

    serve(socket.listen(16).unwrap(), "first");
    assert!(plane.get("/", "").await.contains("x-site: second"), "although the first is back");
    *names.lock().unwrap() = Some(Vec::new());
    assert!(plane.get("/", "").await.contains("x-site: second"), "although no name can be looked up");
    *names.lock().unwrap() = Some(vec![first]);
    assert!(plane.get("/", "").await.contains("x-site: first"), "the name has moved");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_addresses_are_dead_the_error_says_how_within_the_limit() {
    let hole = BlackHole::new().await;
    let ((_one, one), (_two, two)) = (nobody(), nobody());
    let began = Instant::now();
    let (endpoint, _) = named(&[one, two], patient());
    let error = endpoint.probe().await.unwrap_err();
    assert!(matches!(error, UpstreamError::Unreachable(_)), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "a refusal is not waited for");
    let text = error.to_string();
    assert!(text.contains(&one.to_string()) && text.contains(&two.to_string()), "{text}");
    let plane = plane_at(&endpoint).await;
    assert_eq!(status(&plane.get("/", "").await), 502);
    plane.drain().await;

    let (endpoint, _) = named(&[hole.at(2), one, hole.at(3)], limits());
    let error =
        timeout(Duration::from_secs(4), endpoint.probe()).await.expect("within the limit").unwrap_err();
    assert!(matches!(error, UpstreamError::ConnectTimeout(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&hole.at(3).to_string()) && text.contains(&format!("{one} (")), "{text}");
    let plane = plane_at(&endpoint).await;
    assert_eq!(status(&plane.get("/", "").await), 504);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_service_that_hangs_keeps_nobody_else_waiting() {
    let (endpoint, names) = named(&[], patient());
    let plane = plane_at(&endpoint).await;
    assert_eq!(status(&plane.get("/", "").await), 502, "there is no such name");

    *names.lock().unwrap() = None;
    let mut waits = plane.connect().await;
    waits.write_all(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes()).await.unwrap();
    // The one thread of the gateway goes on with other requests.
    let other = timeout(Duration::from_secs(2), plane.get("/members", "")).await.expect("not blocked");
    assert_eq!(status(&other), 401);
    assert_eq!(
        status(&read_until(&mut waits, "\r\n\r\n").await),
        502,
        "half of the limit is for the look-up"
    );
    drop(waits);
    plane.drain().await;
}
