//! TLS on both sides of the gate.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use membergate::adapters::upstream::{Endpoint, Trust};
use membergate::domain::access::{Site, Sites};
use membergate::web::proxy::Snapshot;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

use super::plane::{HOST, Plane, limits, status, tls};

pub async fn connect(plane: &Plane, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(tls("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(HOST.try_into().unwrap(), plane.connect().await).await.unwrap()
}

fn ask() -> http::Request<Empty<Bytes>> {
    http::Request::get(format!("https://{HOST}/echo")).header("host", HOST).body(Empty::new()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_chooses_http2_or_http1_by_name() {
    let plane = Plane::secure().await;
    let io = TokioIo::new(connect(&plane, b"h2").await);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(ask()).await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("x-forwarded-proto: https\r\n"));

    let io = TokioIo::new(connect(&plane, b"http/1.1").await);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(sender.send_request(ask()).await.unwrap().status(), 200);

    let shouting = plane.raw("GET / HTTP/1.1\r\nHost: library.example\r\n\r\n").await;
    assert!(!shouting.contains("HTTP/1.1"), "plain HTTP gets no answer here: {shouting:?}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_our_own_tls_browsers_are_told_to_come_by_https_alone() {
    let at = |origin: &'static str| {
        move |snapshot: &mut Snapshot| {
            let sites = snapshot.sites.all().map(|site| {
                let mut site = Site::clone(site);
                site.origin = origin.to_owned();
                site
            });
            snapshot.sites = Sites::new(sites.collect::<Vec<_>>()).into();
            snapshot.settings.hsts = Some(HeaderValue::from_static("max-age=2592000"));
        }
    };
    let ask = async |plane: &Plane, target: &str| {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(connect(plane, b"http/1.1").await))
                .await
                .unwrap();
        tokio::spawn(connection);
        let ask = http::Request::get(target).header("host", HOST).body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(ask).await.unwrap();
        response.headers().get("strict-transport-security").map(|said| said.to_str().unwrap().to_owned())
    };
    let plane = Plane::secure_with(at("https://library.example")).await;
    for target in ["/echo", "/members", "/_gate/me", "/a%00"] {
        assert_eq!(
            ask(&plane, target).await.as_deref(),
            Some("max-age=2592000").filter(|_| target != "/a%00"),
            "{target}"
        );
    }
    plane.drain().await;
    // A site that is not https is not; neither is one over plain HTTP, where browsers do not listen.
    let plane = Plane::secure_with(at("http://library.example")).await;
    assert_eq!(ask(&plane, "/echo").await, None);
    plane.drain().await;
    let plane = Plane::with(at("https://library.example")).await;
    assert!(!plane.get("/echo", "").await.contains("strict-transport-security"));
    plane.drain().await;
}

/// The gate stands behind another gate, which knows its authority or does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_behind_tls_is_believed_only_with_a_certificate_of_a_known_authority() {
    let behind = Plane::secure().await;
    let reach = |host: &str, trust: Trust| {
        let url = Url::parse(&format!("https://{host}:{}", behind.address.port())).unwrap();
        Arc::new(Endpoint::new(&url, &trust, limits()).unwrap())
    };
    let known = || Trust::Bundle(tls("ca.pem"));
    for (endpoint, expect) in [
        (reach("127.0.0.1", known()), 200),
        (reach("localhost", known()), 200),
        (reach("127.0.0.2", known()), 502),
        (reach("127.0.0.1", Trust::Platform), 502),
    ] {
        let before = Plane::with(|snapshot| snapshot.endpoints = [("library".into(), endpoint)].into()).await;
        let answer = before.get("/echo", "").await;
        assert_eq!(status(&answer), expect, "{answer}");
        before.drain().await;
    }
    behind.drain().await;
}
