//! Our own addresses, asked by somebody who means harm: where they lead (S-24), what stands in them (S-44), and whether a step
//! can be left out, repeated or taken first (S-45).

use std::collections::BTreeSet;

use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::forward_auth::head;
use crate::world::{CHAIR, Page, Plan, World};

async fn world() -> World {
    let more = r#"
[admin]
roles = ["staff"]
view_as = true
[oidc]
[[oidc.client]]
id = "app"
redirect_uris = ["http://localhost:9/cb"]
post_logout_redirect_uris = ["http://localhost:9/out"]
public = true
"#;
    World::planned(Plan { more: more.to_owned(), ..Plan::default() }).await
}

/// Addresses that browsers take for another host, and schemes that run scripts: each in the forms in which filters have missed them.
fn misleading() -> BTreeSet<String> {
    let heads = [
        "//",
        "///",
        "////",
        "/\\",
        "\\\\",
        "\\/",
        "/\t/",
        "/\n/",
        "/\r/",
        "\t//",
        " //",
        "/ /",
        "/%09/",
        "/%0a/",
        "/%2f",
        "/%2F/",
        "/%5c",
        "/%5C/",
        "%2f%2f",
        "%5c%5c",
        "/.//",
        "/..//",
        "/./\\",
        "/;//",
        "/?//",
        "/a/..//",
        "/%2e%2e//",
        "/\u{b}/",
        "/\u{a0}/",
        "/\u{ff0f}",
        "\u{2215}\u{2215}",
        "http://",
        "https://",
        "HTTPS://",
        "https:/",
        "https:",
        "https:\\\\",
        "http:///",
        "ftp://",
        "//user@",
        "//localhost@",
        "//localhost:80@",
        "https://localhost.",
        "//localhost.",
        "//%6cocalhost@",
        ".",
        "@",
        ":80@",
    ];
    let mut all: BTreeSet<String> = heads.iter().map(|head| format!("{head}evil.example")).collect();
    all.extend(heads.iter().map(|head| format!("{head}evil.example/%2e%2e?x#y")));
    let schemes = [
        "javascript:alert(1)//evil.example",
        "JavaScript:alert('evil.example')",
        "java\tscript:alert(1)//evil.example",
        " javascript:alert(1)//evil.example",
        "data:text/html,<script>location='//evil.example'</script>",
        "vbscript:evil.example",
        "view-source:https://evil.example",
        "/\r\nLocation: https://evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "\u{0}//evil.example",
        "x:evil.example",
    ];
    all.extend(schemes.map(str::to_owned));
    all
}

/// Every place to which an answer leads: `Location`, links, forms, and what the page goes on to by itself.
fn leads_to(page: &Page) -> Vec<Url> {
    let mut found: Vec<Url> = page.location().into_iter().collect();
    assert!(page.headers.get("refresh").is_none());
    for attribute in [" href=\"", " action=\"", " src=\"", " formaction=\"", ";url="] {
        for value in page.text.split(attribute).skip(1) {
            let value = value.split('"').next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
            found.push(page.url.join(&value).unwrap());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_parameter_leads_a_browser_elsewhere() {
    let world = world().await;
    let (mut jane, mut stranger) = (world.visitor(), world.visitor());
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let session = jane.cookie("localhost", "membergate").unwrap().clone();
    let ams = Url::parse(&world.ams.base_url()).unwrap().origin();
    let ours = Url::parse(&world.url("/")).unwrap().origin();
    let renewal = Url::parse("https://www.harbour.example").unwrap().origin();
    for bad in misleading() {
        let bad: String = byte_serialize(bad.as_bytes()).collect();
        for asked in [
            format!("/_gate/login?return_to={bad}"),
            format!("/_gate/login?return_to={bad}&go=1"),
            format!("/_gate/login?return_to=%2Fmembers&fragment={bad}"),
            format!(
                "/_gate/login?rd={bad}&redirect={bad}&next={bad}&url={bad}&return_to=%2F&return_to={bad}"
            ),
            format!("/_gate/login/failed?why=already_used&reference={bad}&return_to={bad}"),
            format!("/_gate/callback?state={bad}&return_to={bad}"),
            format!("/_gate/slo?return_to={bad}&round={bad}&onward={bad}&end={bad}&RedirectUrl={bad}"),
            format!("/_gate/logout?return_to={bad}&post_logout_redirect_uri={bad}"),
            format!("/_gate/resume?form={bad}"),
            format!("/_gate/view-as/end?return_to={bad}"),
            format!("/_gate/view-as?token={bad}&return_to={bad}"),
            format!("/_gate/oidc/authorize?client_id=app&redirect_uri={bad}&response_type=code&state={bad}"),
            format!("/_gate/oidc/authorize?resume={bad}"),
            format!("/_gate/oidc/logout?client_id=app&post_logout_redirect_uri={bad}"),
            format!("/_gate/oidc/onward?to={bad}"),
            format!("/members?return_to={bad}"),
        ] {
            jane.plant("localhost", "membergate", &session);
            for visitor in [&mut stranger, &mut jane] {
                let page = visitor.get(world.url(&asked)).await;
                assert!(!page.status.is_server_error(), "{asked}: {}", page.status);
                for leads in leads_to(&page) {
                    let origin = leads.origin();
                    // Whom to write to, and the page's lack of an icon.
                    let is_fixed = ["mailto:office@harbour.example", "data:,"].contains(&leads.as_str());
                    assert!(is_fixed || [&ours, &ams, &renewal].contains(&&origin), "{asked}: {leads}");
                    // What the AMS is told to come back to is ours as well.
                    for (name, value) in leads.query_pairs() {
                        if name == "RedirectUrl" {
                            assert_eq!(Url::parse(&value).unwrap().origin(), ours, "{asked}: {leads}");
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absolute_addresses_come_from_the_configuration() {
    let world = world().await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let session = jane.cookie("localhost", "membergate").unwrap().clone();
    let port = world.address().port();
    let pages = [
        "/_gate/login?return_to=%2F",
        "/_gate/login?return_to=%2F&go=1",
        "/_gate/login/failed?why=already_used",
        "/_gate/callback",
        "/_gate/me",
        "/_gate/nothing",
        "/_gate/resume?form=x",
        "/_gate/view-as",
        "/_gate/admin",
        "/_gate/oidc/jwks",
        "/_gate/oidc/authorize",
        "/_gate/oidc/logout",
        "/_gate/oidc/userinfo",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/members",
        "/education",
        "//",
        "/_gate/slo",
        "/_gate/logout",
    ];
    let hostile = "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example;proto=gopher\r\nX-Original-Host: evil.example\r\n\
                   X-Host: evil.example\r\nX-Forwarded-Server: evil.example\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-Proto: gopher\r\n\
                   X-Forwarded-Port: 54321\r\nX-Forwarded-Uri: /evil\r\nX-Rewrite-URL: /evil\r\nX-Original-URL: /evil\r\n";
    for host in [
        format!("localhost:{port}"),
        "LOCALHOST:54321".to_owned(),
        "localhost.".to_owned(),
        "evil.example".to_owned(),
    ] {
        for page in pages {
            for cookie in ["x=y".to_owned(), format!("membergate={session}")] {
                for accept in ["text/html", "application/json"] {
                    let request = format!(
                        "GET {page} HTTP/1.1\r\nHost: {host}\r\n{hostile}Accept: {accept}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
                    );
                    let answer = whole(&world, &request).await;
                    let lower = answer.to_ascii_lowercase();
                    for bad in ["evil", "gopher", ":54321", "localhost./", "localhost.:"] {
                        let place = lower
                            .find(bad)
                            .map(|at| &answer[at.saturating_sub(60)..(at + 60).min(answer.len())]);
                        assert!(place.is_none(), "{host} {page}: {bad} in {place:?}");
                    }
                    if host == "evil.example" {
                        let is_for_sites = page == "/_gate/oidc/jwks";
                        let status = if is_for_sites { "HTTP/1.1 200" } else { "HTTP/1.1 421" };
                        assert!(answer.starts_with(status) || page == "//", "{page}: {answer}");
                    }
                }
            }
        }
    }
}

async fn whole(world: &World, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Each step of each way in, empty, repeated and taken first: nobody is signed in by it, and what is repeated is refused.
#[tokio::test(flavor = "multi_thread")]
async fn no_step_can_be_left_out() {
    let world = world().await;
    let steps = [
        "/_gate/login",
        "/_gate/login?go=1&go=1",
        "/_gate/login/failed",
        "/_gate/callback",
        "/_gate/callback?state=",
        "/_gate/callback?state=&state=",
        "/_gate/callback?UserId=&sso=",
        "/_gate/keep-form",
        "/_gate/resume",
        "/_gate/resume?form=",
        "/_gate/view-as",
        "/_gate/view-as?token=",
        "/_gate/view-as/end",
        "/_gate/admin",
        "/_gate/admin/emergency",
        "/_gate/admin/emergency?token=",
        "/_gate/admin/preview/publish",
        "/_gate/admin/preview/withdraw",
        "/_gate/admin/sessions/end-all",
        "/_gate/admin/status/environment",
        "/_gate/admin/people/view-as",
        "/_gate/oidc/authorize",
        "/_gate/oidc/authorize?resume=",
        "/_gate/oidc/token",
        "/_gate/oidc/revoke",
        "/_gate/oidc/userinfo",
        "/_gate/oidc/logout",
        "/_gate/oidc/onward",
        "/_gate/logout",
        "/_gate/slo",
        "/_gate/me",
    ];
    // One browser for all, so that what one step leaves is there for the next; once in this order and once in the other.
    for backwards in [false, true] {
        let mut visitor = world.visitor();
        let mut order: Vec<&str> = steps.to_vec();
        if backwards {
            order.reverse();
        }
        for step in order {
            for fields in [None, Some(&[][..]), Some(&[("token", ""), ("answer", ""), ("confirmed", "yes")])]
            {
                let page = match fields {
                    None => visitor.get(world.url(step)).await,
                    Some(fields) => visitor.post(world.url(step), fields).await,
                };
                assert!(!page.status.is_server_error(), "{step}: {}", page.status);
                let set: Vec<&String> = visitor.cookies.keys().map(|(_, name)| name).collect();
                let is_plain = set.iter().all(|name| {
                    name.starts_with("membergate-login-")
                        // Where a sign-out began, and where it goes on: neither signs anybody in.
                        || matches!(name.as_str(), "membergate-onward" | "membergate-left")
                });
                assert!(is_plain, "{step}: {set:?}");
                visitor.get(world.url("/_gate/me")).await.expect(401);
            }
        }
    }
    let answer = head(
        world.address(),
        format!("POST /_gate/callback?{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(100_000)),
    );
    assert!(answer.await.starts_with("HTTP/1.1 4"), "an address without end");
    assert_eq!(world.people().calls(membergate::sim::re_members::Endpoint::FindBySsoToken), 0);
}
