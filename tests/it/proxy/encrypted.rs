//! TLS on both sides of the gate.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use membergate::adapters::upstream::{Endpoint, Trust};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

use super::plane::{HOST, Plane, limits, status, tls};

async fn connect(plane: &Plane, protocol: &[u8]) -> TlsStream<TcpStream> {
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
