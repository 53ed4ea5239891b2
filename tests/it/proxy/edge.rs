//! What stands between the visitor and the gateway: spellings of the host, servers that end TLS, shared caches, and browsers that
//! fetch ahead.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use membergate::domain::access::Sites;
use membergate::web::proxy::Snapshot;

use super::plane::{HOST, Plane, endpoint, limits, status};
use super::script::ScriptedSite;
use crate::world::free_address;

/// The site at another public address.
fn at(snapshot: &mut Snapshot, origin: &str) {
    let sites = snapshot.sites.all().map(|site| {
        let mut site = membergate::domain::access::Site::clone(site);
        site.origin = origin.to_owned();
        site
    });
    snapshot.sites = Sites::new(sites.collect::<Vec<_>>()).into();
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

const PAGE: &str = "Accept: text/html\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_fetched_ahead_starts_no_sign_in_and_reaches_nothing_of_ours() {
    let plane = Plane::behind_web_servers().await;
    let (cookie, _) = plane.sign_in().await;
    for purpose in [
        "Sec-Purpose: prefetch",
        "Sec-Purpose: prefetch;prerender",
        "sec-purpose: prefetch; anonymous-client-ip",
        "Purpose: prefetch",
        "Purpose: preview",
        "X-Purpose: preview",
        "X-Moz: prefetch",
    ] {
        let ahead = format!("{PAGE}{purpose}\r\n");
        let of_member = format!("{ahead}{cookie}");
        for (target, fields) in [
            ("/members", &ahead),
            ("/_gate/logout", &of_member),
            ("/_gate/login?return_to=%2F&go=1", &ahead),
            ("/_gate/me", &of_member),
            ("/_gate/admin", &of_member),
            ("/_gate/verify@library/members", &ahead),
        ] {
            let answer = plane.get(target, fields).await;
            assert_eq!(status(&answer), 503, "{purpose} {target}: {answer}");
            assert_eq!(header(&answer, "cache-control"), Some("no-store"), "{answer}");
            assert_eq!(header(&answer, "set-cookie"), None, "{answer}");
        }
        // nginx knows three answers.
        let nginx = format!(
            "{ahead}X-Original-Method: GET\r\nX-Original-Proto: https\r\nX-Original-Host: {HOST}\r\nX-Original-URI: /members\r\n"
        );
        let answer = plane.get("/_gate/verify@library", &nginx).await;
        assert_eq!((status(&answer), header(&answer, "location")), (403, None), "{answer}");
        // What the visitor may open is fetched as it would be otherwise.
        for (target, fields) in
            [("/members/echo", &of_member), ("/echo", &ahead), ("/_gate/verify@library/members", &of_member)]
        {
            assert_eq!(status(&plane.get(target, fields).await), 200, "{purpose} {target}");
        }
    }
    assert_eq!(status(&plane.get("/members", PAGE).await), 302);
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_sees_its_own_address_however_the_visitor_spells_it() {
    for (origin, spelled, told, port) in [
        ("http://library.example", "library.example", "library.example", 80),
        ("http://library.example", "library.example.", "library.example", 80),
        ("http://library.example", "LIBRARY.example:80", "library.example", 80),
        ("http://library.example", "library.example.:8080", "library.example", 80),
        ("http://library.example:8443", "library.example", "library.example:8443", 8443),
        ("https://library.example", "library.example:443", "library.example", 443),
    ] {
        let plane = Plane::with(|snapshot| at(snapshot, origin)).await;
        let answer =
            plane.raw(format!("GET /echo HTTP/1.1\r\nHost: {spelled}\r\nConnection: close\r\n\r\n")).await;
        for line in [
            format!("host: {told}\r\n"),
            format!("x-forwarded-host: {told}\r\n"),
            format!("x-forwarded-port: {port}\r\n"),
        ] {
            assert!(answer.contains(&line), "{spelled}: no {line:?} in {answer}");
        }
        plane.drain().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_begins_at_the_origin_and_nobody_is_sent_round_in_circles() {
    let plane = Plane::behind_web_servers().await;
    let get = async |host: &str, target: &str| {
        let answer = plane
            .raw(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{PAGE}\r\n"))
            .await;
        (status(&answer), header(&answer, "location").unwrap_or_default().to_owned())
    };
    let login = "/_gate/login?return_to=%2Fmembers%3Fa%3Db";
    let at_origin = format!("http://{HOST}{login}");
    assert_eq!(get(HOST, "/members?a=b").await, (302, login.to_owned()));
    assert_eq!(get("library.example.", "/members?a=b").await, (302, at_origin.clone()));
    assert_eq!(get("library.example:8080", "/members?a=b").await, (302, at_origin));
    // Cookies of a host with a final dot are others, so nothing of ours works there.
    let (code, there) = get("library.example.", login).await;
    assert_eq!((code, there.as_str()), (302, format!("http://{HOST}{login}&at_origin=1").as_str()));
    assert_eq!(
        get("library.example.", "/_gate/logout").await.1,
        format!("http://{HOST}/_gate/logout?at_origin=1")
    );
    // Something in between that always spells the host in its own way: once is enough. At another port the cookies are the same.
    assert_eq!(get("library.example.", "/_gate/login?at_origin=1").await.0, 200);
    assert_eq!(get("library.example:8080", login).await.0, 200);
    // A web server that asks is told the origin in every case.
    let answer = plane
        .raw(format!(
            "GET /_gate/verify@library HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n{PAGE}X-Forwarded-Method: GET\r\n\
             X-Forwarded-Proto: http\r\nX-Forwarded-Host: Library.Example.:99\r\nX-Forwarded-Uri: /members?a=b\r\n\r\n"
        ))
        .await;
    assert_eq!(header(&answer, "location"), Some(format!("http://{HOST}{login}").as_str()), "{answer}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_https_is_told_so_behind_a_server_that_says_nothing() {
    let plane = Plane::with(|snapshot| at(snapshot, "https://library.example")).await;
    for fields in ["", "X-Forwarded-Proto: http\r\n", "Forwarded: for=1.1.1.1;proto=http\r\n"] {
        let answer = plane.get("/echo", fields).await;
        assert!(answer.contains("x-forwarded-proto: https\r\n"), "{answer}");
        assert!(answer.contains("x-forwarded-for: 127.0.0.1\r\n"), "{answer}");
    }
    plane.drain().await;
    // And one that is not is told what a trusted proxy says, and nobody else.
    for (trusted, expect) in
        [(vec!["127.0.0.1".parse().unwrap()], ["203.0.113.9", "https"]), (vec![], ["127.0.0.1", "http"])]
    {
        let plane = Plane::with(|snapshot| snapshot.settings.trusted_proxies = trusted).await;
        for fields in [
            "Forwarded: for=203.0.113.9;proto=https\r\n",
            "X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\nX-Forwarded-Proto: http, https\r\n",
        ] {
            let answer = plane.get("/echo", fields).await;
            let [address, proto] = expect;
            assert!(answer.contains(&format!("x-forwarded-for: {address}\r\n")), "{answer}");
            assert!(answer.contains(&format!("x-forwarded-proto: {proto}\r\n")), "{answer}");
            assert!(!answer.contains("\nforwarded:"), "{answer}");
        }
        plane.drain().await;
    }
}

/// A page about whoever asks, with the header lines that its query names.
async fn about_the_visitor() -> ScriptedSite {
    ScriptedSite::start(|head| {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let lines =
            url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| format!("{name}: {value}\r\n"));
        let name = head.lines().find_map(|line| line.strip_prefix("membergate-id: ")).unwrap_or("nobody");
        (lines.collect(), format!("this page is for {name}"))
    })
    .await
}

const CACHED: [&str; 8] = [
    "/members/a?Cache-Control=max-age%3D60",
    "/members/b?Cache-Control=max-age%3D60&Vary=Accept-Encoding",
    "/members/c?Expires=Thu,+01+Jan+2099+00:00:00+GMT",
    "/members/d?Cache-Control=public,max-age%3D60",
    "/members/e?Cache-Control=s-maxage%3D60",
    "/members/f?Last-Modified=Thu,+01+Jan+2015+00:00:00+GMT",
    "/g?Cache-Control=max-age%3D60",
    "/h?Cache-Control=public,max-age%3D60",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_what_a_shared_cache_may_keep() {
    let site = about_the_visitor().await;
    let plane = Plane::with(|snapshot| {
        snapshot.endpoints = [("library".into(), endpoint(site.address, limits()))].into();
    })
    .await;
    let (cookie, _) = plane.sign_in().await;
    for (target, fields, control, vary) in [
        ("/members/x", &*cookie, Some("private"), "Cookie"),
        ("/members/x?Cache-Control=max-age%3D60", &cookie, Some("private, max-age=60"), "Cookie"),
        ("/members/x?Cache-Control=public", &cookie, Some("public"), "Cookie"),
        ("/x?Cache-Control=max-age%3D60", &cookie, Some("private, max-age=60"), "Cookie"),
        ("/x?Cache-Control=max-age%3D60&Vary=Accept", "", Some("max-age=60"), "Accept, Cookie"),
        ("/x", "", None, "Cookie"),
    ] {
        let answer = plane.get(target, fields).await;
        assert_eq!(header(&answer, "cache-control"), control, "{target}: {answer}");
        assert_eq!(header(&answer, "vary"), Some(vary), "{target}: {answer}");
    }
    plane.drain().await;
}

/// A server in front of the gateway that keeps what it may.
struct Cache {
    process: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Cache {
    fn nginx(gate: SocketAddr) -> Cache {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        let place = folder.path().display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
            .collect();
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {temporary}\
             proxy_cache_path {place}/kept keys_zone=kept:1m;\nserver {{ listen {address}; location / {{\n\
             proxy_pass http://{gate}; proxy_set_header Host {HOST}; proxy_cache kept; proxy_cache_valid any 1m;\n\
             add_header X-Cache $upstream_cache_status always; }} }} }}\n"
        );
        std::fs::write(folder.path().join("main.conf"), text).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.args(["-p", &place, "-c", "main.conf", "-e", "stderr"]);
        Cache::begin(command, address, folder)
    }

    /// Varnish, told to keep answers to requests with cookies too, which it does not by itself.
    fn varnish(gate: SocketAddr) -> Cache {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        let text = format!(
            "vcl 4.1;\nbackend gate {{ .host = \"{}\"; .port = \"{}\"; }}\n\
             sub vcl_recv {{ set req.http.Host = \"{HOST}\"; if (req.method == \"GET\") {{ return (hash); }} }}\n\
             sub vcl_deliver {{ if (obj.hits > 0) {{ set resp.http.X-Cache = \"HIT\"; }} }}\n",
            gate.ip(),
            gate.port()
        );
        let file = folder.path().join("cache.vcl");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("/usr/sbin/varnishd");
        command.args(["-F", "-j", "none", "-a", &address.to_string(), "-s", "malloc,16m", "-f"]).arg(&file);
        command.arg("-n").arg(folder.path().join("work")).env("HOME", folder.path());
        Cache::begin(command, address, folder)
    }

    fn begin(mut command: Command, address: SocketAddr, folder: tempfile::TempDir) -> Cache {
        use std::os::unix::process::CommandExt as _;
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        let process = command.spawn().unwrap();
        let mut cache = Cache { process, address, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(address).is_err() {
            let ended = cache.process.try_wait().unwrap();
            let log = std::fs::read_to_string(cache._folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < deadline, "it does not start:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        cache
    }

    async fn get(&self, target: &str, fields: &str) -> String {
        let url = format!("http://{}{target}", self.address);
        let mut request = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap()
            .get(url)
            .header("accept", "text/html");
        if let Some(cookie) = fields.strip_prefix("Cookie: ") {
            request = request.header("cookie", cookie.trim());
        }
        let response = request.send().await.unwrap();
        let (status, kept) = (response.status(), response.headers().get("x-cache").cloned());
        format!("{status} {kept:?} {}", response.text().await.unwrap())
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        crate::forward_auth::end(&mut self.process);
    }
}

async fn a_members_page_stays_with_the_member(start: fn(SocketAddr) -> Cache) {
    let site = about_the_visitor().await;
    let plane = Plane::behind_web_servers_with(|snapshot| {
        snapshot.endpoints = [("library".into(), endpoint(site.address, limits()))].into();
    })
    .await;
    let (cookie, _) = plane.sign_in().await;
    let cache = start(plane.address);
    for target in CACHED {
        for _ in 0..2 {
            let own = cache.get(target, &cookie).await;
            assert!(own.starts_with("200 ") && own.contains("for b3a1"), "{target}: {own}");
        }
        for cookie in ["", "Cookie: membergate=somebody-else\r\n", "Cookie: a=b\r\n", ""] {
            let strangers = cache.get(target, cookie).await;
            assert!(!strangers.contains("b3a1"), "{target} {cookie:?}: {strangers}");
        }
        let own = cache.get(target, &cookie).await;
        assert!(own.contains("for b3a1"), "{target}: {own}");
    }
    // It does keep what it may: the test would see nothing otherwise.
    cache.get("/kept?Cache-Control=public,max-age%3D60", "").await;
    let again = cache.get("/kept?Cache-Control=public,max-age%3D60", "").await;
    assert!(again.contains("HIT"), "{again}");
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_in_front_never_gives_a_members_page_to_a_stranger() {
    a_members_page_stays_with_the_member(Cache::nginx).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn varnish_in_front_never_gives_a_members_page_to_a_stranger() {
    a_members_page_stays_with_the_member(Cache::varnish).await;
}
