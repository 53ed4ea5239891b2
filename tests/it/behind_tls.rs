//! A gateway behind nginx: one that ends TLS and tells the gateway nothing, and one that passes bodies on as they come.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use membergate::sim::people::PASSWORD;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::browser::Browser;
use crate::proxy::plane::{Plane, tls};
use crate::proxy::script::ScriptedSite;
use crate::world::{CHAIR, Plan, Visitor, World, eventually, free_address};

/// nginx in front of the gateway.
struct Nginx {
    process: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// With a certificate; everything is passed on to `gate`.
    fn with_tls(address: SocketAddr, gate: SocketAddr) -> Nginx {
        let (certificate, key) = (tls("site.pem"), tls("site.key"));
        let (certificate, key) = (certificate.display(), key.display());
        let server = format!(
            "listen {address} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};\n\
             location / {{ proxy_pass http://{gate}; proxy_set_header Host $http_host; }}"
        );
        Nginx::start(address, &server)
    }

    /// Bodies are passed on while they arrive.
    fn unbuffered(address: SocketAddr, gate: SocketAddr) -> Nginx {
        let server = format!(
            "listen {address}; client_max_body_size 0; location / {{ proxy_pass http://{gate}; proxy_set_header Host $http_host;\n\
             proxy_http_version 1.1; proxy_request_buffering off; }}"
        );
        Nginx::start(address, &server)
    }

    fn start(address: SocketAddr, server: &str) -> Nginx {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
            .collect();
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr;\nevents {{}}\n\
             http {{ access_log off; {temporary} server {{ {server} }} }}\n"
        );
        std::fs::write(folder.path().join("main.conf"), text).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-p", &place, "-c", "main.conf", "-e", "stderr"]).stdin(Stdio::null()).process_group(0);
        let process = command.stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "nginx does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Nginx { process, _folder: folder }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        crate::forward_auth::end(&mut self.process);
    }
}

/// A gateway with one more site, whose public address is nginx's at `front`.
async fn secure_site(front: SocketAddr, site: SocketAddr) -> World {
    let more = format!(
        r#"
[[site]]
name = "secure"
url = "https://secure.example:{}"
upstream = "http://{}"

[[site.access]]
path = "/members"
any_of = ["member"]

[[site.access]]
path = "/"
require = "public"
"#,
        front.port(),
        site
    );
    World::planned(Plan { more, ..Plan::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_signs_in_through_nginx_and_back_after_the_sign_out_asks_again() {
    // It redirects for ever where it is told that the visitor came by http, and its pages may be kept by the browser.
    let site = ScriptedSite::start(|head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let target = head.split(' ').nth(1).unwrap_or_default();
        let cached = "Content-Type: text/html\r\nCache-Control: private, max-age=3600\r\n".to_owned();
        if head.contains("x-forwarded-proto: https\r\n") {
            (cached, format!("<!doctype html><title>Site</title><h1 id=\"page\">{target}</h1><a id=\"out\" href=\"/_gate/logout\">Sign out</a>"))
        } else {
            (format!("Refresh: 0; url=https://{host}{target}\r\n{cached}"), "<!doctype html><p>Once more".to_owned())
        }
    })
    .await;
    let front = free_address();
    let world = secure_site(front, site.address).await;
    assert!(world.settings().has_one_address_for_all());
    let _nginx = Nginx::with_tls(front, world.address());
    let secure = |path: &str| format!("https://secure.example:{}{path}", front.port());

    let browser = Browser::start().await;
    browser.open(&secure("/members/minutes")).await;
    browser.type_into("#main_content_Login_txtLoginUserName", CHAIR).await;
    browser.type_into("#main_content_Login_txtLoginPassword", PASSWORD).await;
    browser.click("#main_content_Login_LoginButton").await;
    eventually("the page is there", async || {
        (browser.url().await == secure("/members/minutes")).then_some(())
    })
    .await;
    assert_eq!(browser.text("#page").await, "/members/minutes");
    browser.open(&secure("/members/plans")).await;
    browser.click("#out").await;
    // The AMS sends browsers to the host that it knows; from there the round ends at the home of the site where it began.
    eventually("the sign-out ends at home", async || (browser.url().await == secure("/")).then_some(()))
        .await;
    // The page that was left last may still lie in the browser's memory, as it was (docs/limits.md); all others are asked for.
    browser.execute("history.go(-2)").await;
    browser.wait_for("#main_content_Login_txtLoginPassword").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_person_who_signs_out_over_https_makes_the_browser_forget_its_pages() {
    let site = ScriptedSite::start(|_| (String::new(), "page".to_owned())).await;
    let front = free_address();
    let world = secure_site(front, site.address).await;
    let _nginx = Nginx::with_tls(front, world.address());
    let secure = |path: &str| format!("https://secure.example:{}{path}", front.port());
    let person: &[(&str, &str)] = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let frame = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let image = &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    for (who, method, headers, forgets, ends) in [
        ("a person", Method::GET, person, true, true),
        ("an image of another site", Method::GET, image, false, true),
        ("a frame", Method::GET, frame, false, true),
        ("a browser that says nothing", Method::GET, &[], false, true),
        ("a HEAD", Method::HEAD, person, false, false),
    ] {
        for address in ["/_gate/logout", "/_gate/slo"] {
            let mut visitor = Visitor::new(&[("localhost", world.address()), ("secure.example", front)]);
            let page = visitor.open(secure("/members")).await;
            let landed = visitor.log_in_at_the_ams(CHAIR, &page).await;
            visitor.open(landed).await.expect(200);
            let cookies = visitor.cookies.clone();
            let answer = visitor.request(method.clone(), &secure(address), headers, None).await;
            let told = answer.header("clear-site-data");
            assert_eq!(told, forgets.then_some("\"cache\""), "{who} at {address}");
            visitor.cookies = cookies;
            let me = visitor.get(secure("/_gate/me")).await;
            assert_eq!(me.status.as_u16(), if ends { 401 } else { 200 }, "{who} at {address}");
            // Nobody is signed in, so there is nothing to forget.
            let again = visitor.request(Method::GET, &secure(address), person, None).await;
            assert_eq!(again.header("clear-site-data").is_some(), !ends, "{who} at {address}, again");
        }
    }
    // Over http nothing of it is sent: browsers do not listen to it there.
    let mut visitor = world.visitor();
    visitor.sign_in(CHAIR, world.url("/members")).await.expect(200);
    let answer = visitor.request(Method::GET, &world.url("/_gate/logout"), person, None).await;
    assert_eq!(answer.header("clear-site-data"), None);
}

/// Sends `size` bytes in twenty parts with pauses, and reads to the end.
async fn upload(address: SocketAddr, path: &str, size: usize) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let port = address.port();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let part = vec![b'x'; size / 20];
    for _ in 0..20 {
        sleep(Duration::from_millis(10)).await;
        // nginx itself may close once it has passed the answer on.
        if stream.write_all(&part).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_passes_an_nginx_that_does_not_buffer_uploads() {
    let plane = Plane::listening_at("localhost").await;
    let front = free_address();
    let _nginx = Nginx::unbuffered(front, plane.address);
    for size in [60_000, 500_000] {
        for (path, code) in [("/members/u", "401"), ("/refuses-and-closes", "413"), ("/a%00b", "400")] {
            let uploads = (0..20).map(|_| tokio::spawn(upload(front, path, size)));
            for upload in uploads.collect::<Vec<_>>() {
                let answer = upload.await.unwrap().unwrap();
                assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{path} {size}: {answer:?}");
            }
        }
    }
    plane.drain().await;
}
