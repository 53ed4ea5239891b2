//! Pages that nobody has chosen to open yet: browsers fetch links ahead of a click, and programs try them out by HEAD. Neither
//! signs anybody out or in.

use std::time::Duration;

use reqwest::Method;

use crate::browser::Browser;
use crate::proxy::script::ScriptedSite;
use crate::world::{CHAIR, Plan, World, eventually};

const OPENID: &str = r#"
[oidc]
[[oidc.client]]
id = "forum"
redirect_uris = ["https://forum.acme.example/cb"]
secret = { env = "FORUM_SECRET" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_tries_links_out_by_head_changes_nothing() {
    let variables = vec![("FORUM_SECRET", "forum-secret-forum-secret-forum-secret")];
    let world = World::planned(Plan { more: OPENID.to_owned(), variables, ..Plan::default() }).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let before = jane.cookies.clone();
    for address in [
        "/_gate/logout",
        "/_gate/slo",
        "/_gate/login",
        "/_gate/login?go=1&again=1",
        "/_gate/callback?UserId=x&sso=y",
        "/_gate/waiting?return_to=%2Fmembers",
        "/_gate/view-as?token=x",
        "/_gate/view-as/end",
        "/_gate/oidc/authorize?client_id=forum&response_type=code&scope=openid&redirect_uri=https://forum.acme.example/cb",
        "/_gate/oidc/logout",
        "/_gate/oidc/onward",
    ] {
        for fields in [&[("accept", "text/html")][..], &[]] {
            let page = jane.request(Method::HEAD, &world.url(address), fields, None).await.expect(200);
            assert_eq!(page.header("cache-control"), Some("no-store"), "{address}");
            assert_eq!((page.header("set-cookie"), page.header("location")), (None, None), "{address}");
        }
        assert_eq!(jane.cookies, before, "{address}");
        jane.get(world.url("/_gate/me")).await.expect(200);
    }
    // What a GET only reads, a HEAD reads too.
    jane.request(Method::HEAD, &world.url("/_gate/oidc/jwks"), &[], None).await.expect(200);
    jane.request(Method::HEAD, &world.url("/_gate/nothing"), &[], None).await.expect(404);
}

/// A site whose page leads to our addresses in every way in which browsers fetch ahead.
async fn eager_site() -> ScriptedSite {
    ScriptedSite::start(|head| {
        let body = r#"<!doctype html><title>Eager</title>
<link rel="prefetch" href="/_gate/logout"><link rel="prefetch" href="/_gate/slo"><link rel="prefetch" href="/fetched">
<script type="speculationrules">
{"prefetch": [{"source": "list", "urls": ["/_gate/logout?by=rule", "/_gate/slo?by=rule", "/fetched?by=rule"], "eagerness": "immediate"}],
 "prerender": [{"source": "list", "urls": ["/_gate/logout?by=prerender", "/fetched?by=prerender"], "eagerness": "immediate"}]}
</script>
<p><a id="out" href="/_gate/logout">Sign out</a>
<script>
// As hover libraries do.
document.getElementById("out").addEventListener("mouseover", () => {
    const link = document.createElement("link");
    link.rel = "prefetch";
    link.href = "/_gate/logout?by=hover";
    document.head.append(link);
});
document.getElementById("out").dispatchEvent(new MouseEvent("mouseover"));
</script>"#;
        let body = if head.starts_with("GET / ") { body } else { "<!doctype html><title>Other</title>" };
        ("Content-Type: text/html\r\n".to_owned(), body.to_owned())
    })
    .await
}

async fn only_a_click_signs_out(browser: Browser, by_rules: bool) {
    let site = eager_site().await;
    let upstream = Some(format!("http://{}", site.address));
    let world = World::planned(Plan { upstream, ..Plan::default() }).await;
    browser.open(&world.url("/_gate/login?return_to=%2F")).await;
    browser.wait_for("input[type=password]").await;
    browser.type_into("#main_content_Login_txtLoginUserName", CHAIR).await;
    browser.type_into("input[type=password]", membergate::sim::people::PASSWORD).await;
    browser.click("#main_content_Login_LoginButton").await;
    browser.wait_for("#out").await;
    // The browser has fetched ahead: it has asked for the site's own page in each way that it knows.
    let fetched = |sign: &str| {
        let heads = site.heads();
        heads.iter().any(|head| {
            head.starts_with(&format!("GET /fetched{sign} ")) && head.to_lowercase().contains("prefetch")
        })
    };
    for sign in if by_rules { &["", "?by=rule", "?by=prerender"][..] } else { &[""] } {
        eventually(&format!("the browser fetches /fetched{sign}"), async || fetched(sign).then_some(()))
            .await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let who = "return fetch('/_gate/me').then(answer => answer.status)";
    assert_eq!(browser.execute(who).await, 200, "nobody has clicked");
    // The click then works, although an answer was fetched ahead.
    browser.click("#out").await;
    browser.wait_for("#out").await;
    assert_eq!(browser.execute(who).await, 401, "the click signs out");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_that_fetches_ahead_signs_nobody_out_before_the_click() {
    only_a_click_signs_out(Browser::start().await, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_that_fetches_ahead_signs_nobody_out_before_the_click() {
    only_a_click_signs_out(Browser::start_firefox().await, false).await;
}
