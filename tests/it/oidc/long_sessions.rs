//! Clients that other people wrote and that renew their tokens in the background, several times at once.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::Value;

use super::OpenIdWorld;
use super::clients::{Client, installed};
use super::party::SECRET;
use crate::browser::Browser;
use crate::world::{CHAIR, NON_MEMBER, Plan, Visitor, eventually, free_address};

/// oauth2-proxy before a party that takes everything. Dropping it ends it.
struct OAuth2Proxy(Child);

impl Drop for OAuth2Proxy {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _status = self.0.wait();
    }
}

impl OAuth2Proxy {
    async fn start(provider: &OpenIdWorld, client: &str, address: std::net::SocketAddr) -> OAuth2Proxy {
        let folder = std::fs::read_dir(installed()).unwrap().map(|entry| entry.unwrap().path());
        let is_it = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("oauth2-proxy-");
        let program = folder.into_iter().find(is_it).expect("run scripts/oidc-clients").join("oauth2-proxy");
        let process = Command::new(program)
            .arg("--provider=oidc")
            .arg(format!("--oidc-issuer-url={}", provider.issuer()))
            .args([format!("--client-id={client}"), format!("--client-secret={SECRET}")])
            .arg(format!("--redirect-url=http://{address}/oauth2/callback"))
            .args([format!("--http-address={address}"), format!("--upstream={}", provider.party.base)])
            .arg("--scope=openid email profile offline_access")
            .args(["--cookie-secret=0123456789abcdef0123456789abcdef", "--cookie-secure=false"])
            .args(["--cookie-refresh=1s", "--email-domain=*", "--skip-provider-button=true"])
            .args(["--code-challenge-method=S256", "--insecure-oidc-skip-nonce=false"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("oauth2-proxy listens", async || std::net::TcpStream::connect(address).ok()).await;
        OAuth2Proxy(process)
    }
}

/// Every one of twelve requests comes when the session is to be renewed, and every one renews it.
#[tokio::test(flavor = "multi_thread")]
async fn oauth2_proxy_renews_with_twelve_requests_at_once() {
    for rotates in [false, true] {
        let address = free_address();
        let client = format!(
            r#"
[[oidc.client]]
id = "reports"
redirect_uris = ["http://{address}/oauth2/callback"]
secret = {{ env = "WIKI_SECRET" }}
scopes = ["openid", "email", "profile", "offline_access"]
email_verified = true
rotate_refresh_tokens = {rotates}
"#
        );
        let provider = OpenIdWorld::planned(Plan::default(), &client).await;
        let _proxy = OAuth2Proxy::start(&provider, "reports", address).await;
        let mut jane = provider.visitor();
        jane.sign_in(CHAIR, format!("http://{address}/report")).await.expect(200);
        let mut cookies: Vec<String> = jane
            .cookies
            .iter()
            .filter(|((_, name), _)| name.starts_with("_oauth2_proxy") && !name.contains("csrf"))
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        assert!(!cookies.is_empty());
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        for round in 0..3 {
            // It renews by the machine's clock, in whole seconds.
            tokio::time::sleep(Duration::from_millis(2500)).await;
            let mut requests = tokio::task::JoinSet::new();
            for n in 0..12 {
                let url = format!("http://{address}/report/{n}");
                requests.spawn(http.get(url).header(header::COOKIE, cookies.join("; ")).send());
            }
            let answers = requests.join_all().await;
            for answer in answers {
                let answer = answer.unwrap();
                assert_eq!(answer.status(), 200, "rotates: {rotates}, round {round}");
                let renewed: Vec<String> = answer
                    .headers()
                    .get_all(header::SET_COOKIE)
                    .iter()
                    .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned())
                    .filter(|cookie| cookie.starts_with("_oauth2_proxy"))
                    .collect();
                assert!(!renewed.is_empty(), "rotates: {rotates}, round {round}: a request was not renewed");
                // The browser keeps whichever answer comes last.
                cookies = renewed;
            }
        }
    }
}

/// A server of the application's own: its page and its library.
async fn application(address: std::net::SocketAddr, issuer: &str) {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(here.join("tests/clients/two_tabs.html")).unwrap();
    let library = installed().join("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.js");
    let library = std::fs::read_to_string(library).expect("run scripts/oidc-clients");
    let (html, script) = ([("content-type", "text/html")], [("content-type", "text/javascript")]);
    let issuer = [("set-cookie", format!("issuer={issuer}"))];
    let router = Router::new()
        .route("/", get(async move || (html, issuer, page)))
        .route("/oidc-client-ts.js", get(async move || (script, library)));
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_client_ts_renews_in_two_tabs_at_once_and_both_stay_signed_in() {
    let address = free_address();
    let base = format!("http://localhost:{}", address.port());
    let client = format!(
        r#"
[[oidc.client]]
id = "tabs"
public = true
redirect_uris = ["{base}/"]
scopes = ["openid", "profile", "offline_access"]
"#
    );
    let provider = OpenIdWorld::planned(Plan::default(), &client).await;
    application(address, &provider.issuer()).await;
    let browser = Browser::start().await;
    browser.open(&base).await;
    browser.wait_for("#main_content_Login_txtLoginUserName").await;
    browser.type_into("#main_content_Login_txtLoginUserName", CHAIR).await;
    browser.type_into("#main_content_Login_txtLoginPassword", "membergate").await;
    browser.click("#main_content_Login_LoginButton").await;
    let signed_in = async || (browser.text("#state").await == "signed in as Jane Marlowe").then_some(());
    browser.wait_for("#state").await;
    eventually("the first tab is signed in", signed_in).await;
    browser.new_tab().await;
    browser.open(&base).await;
    eventually("the second tab is signed in", signed_in).await;
    let mut tokens = vec![];
    for round in 0..3 {
        browser.execute("renewEverywhere()").await;
        let both = eventually("both tabs have renewed", async || {
            let script = "return Object.keys(localStorage).filter(key => key.startsWith('renewed-')).map(key => JSON.parse(localStorage[key]))";
            let Value::Array(both) = browser.execute(script).await else { panic!() };
            (both.len() == 2).then_some(both)
        })
        .await;
        for tab in &both {
            assert_eq!(tab["name"], "Jane Marlowe", "round {round}: {both:?}");
            assert_eq!(tab["refresh"], both[0]["refresh"], "round {round}");
        }
        tokens.push(both[0]["refresh"].clone());
    }
    tokens.sort_by_key(ToString::to_string);
    tokens.dedup();
    assert_eq!(tokens.len(), 3, "each round has its own");
    let complaints =
        browser.complaints().await.into_iter().filter(|complaint| !complaint.contains("/favicon.ico"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn express_openid_connect_of_npm_signs_in_renews_and_sends_nobody_to_and_fro() {
    let address = free_address();
    let client = format!(
        r#"
[[oidc.client]]
id = "express"
name = "Harbour Courses"
redirect_uris = ["http://{address}/callback"]
secret = {{ env = "WIKI_SECRET" }}
scopes = ["openid", "profile", "email", "offline_access"]
preferred_username = "name"
any_of = ["member"]
"#
    );
    let provider = OpenIdWorld::planned(Plan::default(), &client).await;
    let port = address.port().to_string();
    let mut site = Client::start_as(&provider, "express", "node".into(), Some("express_app.mjs"), &[&port]);
    site.tells();
    let home = format!("http://{address}/");
    let mut jane = provider.visitor();
    let page = jane.sign_in(CHAIR, &home).await.expect(200).json();
    assert_eq!(
        (&page["name"], &page["preferred_username"]),
        (&"Jane Marlowe".into(), &"jane.marlowe".into())
    );
    let renewed = jane.open(format!("{home}renew")).await.expect(200).json();
    assert_eq!((&renewed["renewed"], &renewed["kept"]), (&12.into(), &true.into()), "{renewed}");
    assert_eq!(renewed["userinfo"]["preferred_username"], "jane.marlowe");
    // Somebody without the role reads so here; the way back ends at the site.
    let mut nils: Visitor = provider.visitor();
    let refused = nils.sign_in(NON_MEMBER, &home).await.expect(403);
    assert!(refused.text.contains("Harbour Courses is only for:"), "{}", refused.text);
    let text = refused.text.replace("&#38;", "&").replace("&amp;", "&");
    let back = text.split('"').find(|part| part.starts_with(&format!("http://{address}/callback?"))).unwrap();
    let landed = nils.get(back).await;
    assert!(landed.location().is_none() && landed.status.is_client_error(), "{}", landed.status);
}
