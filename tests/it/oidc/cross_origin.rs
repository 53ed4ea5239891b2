//! Which scripts may read the answers, and how a 401 says what is missing.

use reqwest::Method;

use super::OpenIdWorld;
use super::party::{SECRET, basic};

const DOCUMENTS: [&str; 3] =
    ["/_gate/oidc/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

#[tokio::test(flavor = "multi_thread")]
async fn every_script_may_read_the_keys_and_the_discovery_document() {
    let provider = OpenIdWorld::start().await;
    for path in DOCUMENTS {
        let url = provider.world.url(path);
        let headers = [
            ("origin", "https://anywhere.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "content-type"),
        ];
        let asked = provider.visitor().request(Method::OPTIONS, &url, &headers, None).await.expect(204);
        let read = provider.visitor().request(Method::GET, &url, &headers[..1], None).await.expect(200);
        for page in [&asked, &read] {
            assert_eq!(page.header("access-control-allow-origin"), Some("*"), "{path}");
            assert!(page.header("access-control-allow-credentials").is_none(), "{path}");
        }
        assert!(asked.header("access-control-allow-methods").unwrap().contains("GET"), "{path}");
        let plain = provider.visitor().request(Method::OPTIONS, &url, &[], None).await.expect(204);
        assert_eq!(plain.header("allow"), Some("GET, HEAD, OPTIONS"), "{path}");
        provider.visitor().request(Method::DELETE, &url, &[], None).await.expect(405);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_of_public_clients_and_no_others_may_ask_for_tokens() {
    let app = r#"
[[oidc.client]]
id = "phone"
public = true
redirect_uris = ["com.example.phone:/cb"]
"#;
    let provider = OpenIdWorld::planned(crate::world::Plan::default(), app).await;
    for path in ["/_gate/oidc/token", "/_gate/oidc/userinfo", "/_gate/oidc/revoke"] {
        for (origin, allowed) in [
            (provider.party.base.clone(), true),
            (provider.issuer(), false),
            ("null".to_owned(), false),
            (format!("{}.evil.example", provider.party.base), false),
            ("http://127.0.0.1".to_owned(), false),
            ("https://evil.example".to_owned(), false),
        ] {
            let headers = [
                ("origin", origin.as_str()),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization"),
            ];
            let url = provider.world.url(path);
            let asked = provider.visitor().request(Method::OPTIONS, &url, &headers, None).await.expect(204);
            let answered = provider.visitor().request(Method::POST, &url, &headers[..1], None).await;
            for page in [&asked, &answered] {
                let answer = page.header("access-control-allow-origin");
                assert_eq!(answer, allowed.then_some(origin.as_str()), "{path} {origin}");
                assert!(page.header("access-control-allow-credentials").is_none());
                assert!(page.header("vary").unwrap().contains("origin"));
            }
            assert!(asked.header("allow").unwrap().contains("POST"), "{path}");
        }
    }
    // Where people are sent there is nothing for scripts (RFC 9700 §2.6).
    for path in ["/_gate/oidc/authorize", "/_gate/oidc/logout"] {
        let headers = [("origin", provider.party.base.as_str()), ("access-control-request-method", "GET")];
        let page =
            provider.visitor().request(Method::OPTIONS, &provider.world.url(path), &headers, None).await;
        assert!(page.header("access-control-allow-origin").is_none(), "{path}");
    }
}

/// RFC 9110 §15.5.2, RFC 6749 §5.2, RFC 6750 §3.
#[tokio::test(flavor = "multi_thread")]
async fn every_401_says_how_to_prove_oneself() {
    let provider = OpenIdWorld::start().await;
    let wrong = basic("wiki", &SECRET.replace('w', "x"));
    for path in ["/_gate/oidc/token", "/_gate/oidc/revoke"] {
        for header in [None, Some(wrong.as_str())] {
            for fields in [&[("client_id", "wiki")][..], &[]] {
                let page = provider.call(path, header, fields).await.expect(401);
                assert_eq!(page.header("www-authenticate"), Some(r#"Basic realm="OpenID clients""#));
            }
        }
    }
    let userinfo = provider.world.url("/_gate/oidc/userinfo");
    for method in [Method::GET, Method::POST, Method::HEAD] {
        for header in [None, Some("Bearer x"), Some("Basic eDp5"), Some("Bearer")] {
            let headers: Vec<_> = header.map(|value| ("authorization", value)).into_iter().collect();
            let page =
                provider.visitor().request(method.clone(), &userinfo, &headers, None).await.expect(401);
            let challenge = page.header("www-authenticate").unwrap();
            assert!(challenge.starts_with(r#"Bearer realm="userinfo""#), "{challenge}");
            assert_eq!(challenge.contains("invalid_token"), header == Some("Bearer x"), "{header:?}");
        }
    }
    // A session has no scheme that a browser knows, and no box for a password must open.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let post = |url: String| async move {
        crate::world::Visitor::new(&[]).request(Method::POST, &url, &form, Some("a=b".to_owned())).await
    };
    let program = [("accept", "application/json")];
    for page in [
        provider.visitor().get(provider.world.url("/_gate/me")).await,
        provider.visitor().request(Method::GET, &provider.world.url("/members"), &program, None).await,
        post(provider.world.url("/members")).await,
    ] {
        let page = page.expect(401);
        assert_eq!(page.header("www-authenticate"), Some("Membergate"), "{}", page.url);
    }
}
