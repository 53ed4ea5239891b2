//! A gateway behind a server that ends TLS and tells it nothing: nginx, with a browser before it.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use membergate::sim::people::PASSWORD;

use crate::browser::Browser;
use crate::proxy::plane::tls;
use crate::proxy::script::ScriptedSite;
use crate::world::{CHAIR, Plan, World, eventually, free_address};

/// nginx with a certificate, which passes everything on to `gate`.
struct Nginx {
    process: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start(address: std::net::SocketAddr, gate: std::net::SocketAddr) -> Nginx {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
            .collect();
        let (certificate, key) = (tls("site.pem"), tls("site.key"));
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {temporary}\
             server {{ listen {address} ssl; ssl_certificate {}; ssl_certificate_key {};\n\
             location / {{ proxy_pass http://{gate}; proxy_set_header Host $http_host; }} }} }}\n",
            certificate.display(),
            key.display()
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
        crate::doors::end(&mut self.process);
    }
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
        site.address
    );
    let world = World::planned(Plan { more, ..Plan::default() }).await;
    assert!(world.settings().has_one_address_for_all());
    let _nginx = Nginx::start(front, world.address());
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
