//! Sites that name themselves by an address that only the gateway can reach.

use std::net::SocketAddr;
use std::sync::Arc;

use membergate::adapters::upstream::{Endpoint, Trust};
use membergate::domain::access::{AccessRule, Require, Site, Sites};
use membergate::domain::path::PathPattern;
use tokio::io::AsyncWriteExt;
use url::Url;

use super::plane::{HOST, Plane, limits, status};
use super::script::{head, site};

/// A site that puts the host it was asked for, or its own address, into whatever names an address.
async fn names_itself() -> SocketAddr {
    site(async |mut stream| {
        let own = stream.local_addr()?.to_string();
        while let Some(head) = head(&mut stream).await {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let seen = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
            let host = if path.ends_with("/own") { own.as_str() } else { seen };
            let domain = host.split(':').next().unwrap_or_default();
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: http://{host}{path}/next?a=%2f\r\n\
                 Content-Location: https://{host}{path}\r\nRefresh: 1; url=//{host}{path}\r\n\
                 Link: <http://{host}/a>; rel=next, <http://elsewhere.example/>; rel=prev\r\n\
                 Set-Cookie: a=b; Domain={domain}; Path=/\r\nSet-Cookie: c=d; Path=/; HttpOnly\r\n\
                 Content-Length: 0\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await?;
        }
        Ok(())
    })
    .await
}

async fn plane(address: SocketAddr, preserve_host: bool) -> Plane {
    let mut endpoint =
        Endpoint::new(&Url::parse(&format!("http://{address}")).unwrap(), &Trust::Platform, limits())
            .unwrap();
    endpoint.preserve_host = preserve_host;
    let site = |name: &str, prefix: &str| Site {
        name: name.into(),
        title: name.into(),
        origin: format!("https://{HOST}"),
        host: HOST.into(),
        prefix: PathPattern::parse(prefix).unwrap(),
        home: "/".into(),
        paths: membergate::domain::path::PathPolicy::default(),
        access: vec![AccessRule {
            path: PathPattern::parse("/").unwrap(),
            methods: Vec::new(),
            require: Require::Public,
        }],
    };
    let sites = Sites::new([site("www", "/"), site("shop", "/shop")]);
    let endpoint = Arc::new(endpoint);
    Plane::with(|snapshot| {
        snapshot.sites = Arc::new(sites);
        snapshot.endpoints = [("www".into(), endpoint.clone()), ("shop".into(), endpoint.clone())].into();
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_leads_to_an_address_that_the_visitor_cannot_reach() {
    let address = names_itself().await;
    // Without `preserve_host` the site sees its own name; with it, it may still know it.
    for (preserve_host, path) in
        [(false, "/page"), (false, "/shop/page"), (true, "/own"), (true, "/shop/own")]
    {
        let plane = plane(address, preserve_host).await;
        let answer = plane.get(path, "").await;
        assert_eq!(status(&answer), 302, "{answer}");
        for line in [
            format!("location: https://{HOST}{path}/next?a=%2f\r\n"),
            format!("content-location: https://{HOST}{path}\r\n"),
            format!("refresh: 1; url=https://{HOST}{path}\r\n"),
            format!("link: <https://{HOST}/a>; rel=next, <http://elsewhere.example/>; rel=prev\r\n"),
            "set-cookie: a=b; Path=/\r\n".to_owned(),
            "set-cookie: c=d; Path=/; HttpOnly\r\n".to_owned(),
        ] {
            assert!(answer.contains(&line), "{line} in {answer}");
        }
        assert!(!answer.contains("127.0.0.1"), "{answer}");
        plane.drain().await;
    }
}
