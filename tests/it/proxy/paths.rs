//! Paths that servers read in several ways: addresses of real applications reach their site, and no spelling opens a closed page.

use std::sync::Arc;

use membergate::domain::access::{Site, Sites};
use membergate::domain::path::{PathPattern, PathPolicy, Platform};
use membergate::web::proxy::Snapshot;

use super::plane::{HOST, Plane, status};

/// Addresses that MediaWiki, npm registries, Jupyter, Gitea and old sites in Latin-1 have.
const LEGAL: [&str; 17] = [
    "/index.php/Steins;Gate",
    "/wiki/A//B",
    "/wiki/AC%2FDC",
    "/@scope%2fpkg",
    "/@scope%2fpkg/-/pkg-1.0.0.tgz",
    "/caf%E9",
    "/%C1gua%20viva",
    "/caf%C3%A9",
    "/100%25%20done",
    "/100%25",
    "/back%5Cslash",
    "/lab/tree/a%20b/na%C3%AFve%20%23%3F%26%3B%3Dx.ipynb",
    "/api/contents/a%252Fb.ipynb",
    "/org/repo/src/branch/feature%2Fx/README.md",
    "/a;v=1/b;v=2?c=d;e",
    "/web/2020/https://example.org//a",
    "/wiki/What%3F_(50%25)_%22%E2%80%94%22",
];

async fn with_policy(paths: PathPolicy) -> Plane {
    Plane::behind_web_servers_with(|snapshot| change(snapshot, |site| site.paths = paths)).await
}

fn change(snapshot: &mut Snapshot, change: impl Fn(&mut Site)) {
    let sites = snapshot.sites.all().map(|site| {
        let mut site = Site::clone(site);
        change(&mut site);
        site
    });
    snapshot.sites = Arc::new(Sites::new(sites));
}

/// Asks the proxy, then in the ways of nginx, Traefik and Envoy, and compares; gives the status.
async fn everywhere(plane: &Plane, target: &str, cookie: &str) -> u16 {
    let close = "Connection: close\r\n";
    let proxy = status(&plane.get(target, cookie).await);
    let forwarded = format!(
        "{cookie}X-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: {HOST}\r\nX-Forwarded-Uri: {target}\r\n"
    );
    assert_eq!(status(&plane.get("/_gate/verify", &forwarded).await), proxy, "{target}");
    assert_eq!(status(&plane.get(&format!("/_gate/verify{target}"), cookie).await), proxy, "{target}");
    let original = forwarded.replace("X-Forwarded-", "X-Original-").replace("Original-Uri", "Original-URI");
    let asked = format!("GET /_gate/verify HTTP/1.1\r\nHost: x\r\n{close}{original}\r\n");
    let expect = if proxy == 400 { 403 } else { proxy };
    assert_eq!(status(&plane.raw(asked).await), expect, "{target}");
    proxy
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_real_applications_reach_their_site_byte_for_byte() {
    let plane = with_policy(PathPolicy::default()).await;
    let (cookie, _) = plane.sign_in().await;
    for target in LEGAL {
        assert_eq!(everywhere(&plane, target, "").await, 200, "{target}");
        let seen = plane.site.heads().pop().unwrap();
        assert!(seen.starts_with(&format!("GET {target} HTTP/1.1\r\n")), "{target}: {seen}");

        let members = format!("/members{target}");
        assert_eq!(everywhere(&plane, &members, "").await, 401, "{members}");
        let answer = plane.get(&members, "Accept: text/html\r\n").await;
        let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        let returns = location.strip_prefix("/_gate/login?return_to=").unwrap();
        let decoded = percent_encoding::percent_decode_str(returns).decode_utf8().unwrap();
        assert_eq!(decoded, members);
        assert_eq!(everywhere(&plane, &members, &cookie).await, 200, "{members}");
        let seen = plane.site.heads().pop().unwrap();
        assert!(seen.starts_with(&format!("GET {members} HTTP/1.1\r\n")), "{members}: {seen}");
    }
    // A raw backslash, which browsers do not send.
    assert_eq!(everywhere(&plane, "/a\\b", "").await, 200);
    assert!(plane.site.heads().pop().unwrap().starts_with("GET /a\\b HTTP/1.1\r\n"));
    plane.drain().await;
}

/// Each is granted under every reading or it is not granted, and none is only closed because nobody gets it.
#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_opens_a_closed_page() {
    let plane = with_policy(PathPolicy::default()).await;
    let (cookie, _) = plane.sign_in().await;
    for target in [
        "/%6dembers",
        "/x/..%2fmembers",
        "/x%2f..%2fmembers",
        "/x/%2e%2e/members",
        "/x/%252e%252e/members",
        "/x/..%5cmembers",
        "/x/..%255cmembers",
        "/x\\..\\members",
        "/x/..;/members",
        "/x/..;a=b/members",
        "/x/..%3b/members",
        "/x/..%253b/members",
        "//members",
        "/%2fmembers",
        "/%252fmembers",
        "/.//members",
        "//x/members",
        "/%5cx/members",
        "/members;x",
        "/members%3bx",
        "/;x/members",
        "/MEMBERS;x/a//b",
        "/%EF/..%2fmembers",
    ] {
        assert_eq!(everywhere(&plane, target, "").await, 401, "{target}");
        let before = plane.site.heads().len();
        assert_eq!(everywhere(&plane, target, &cookie).await, 200, "{target}");
        assert_eq!(plane.site.heads().len(), before + 1, "{target}");
        let board =
            target.replace("members", "board").replace("MEMBERS", "Board").replace("%6dembers", "%62oard");
        assert_eq!(everywhere(&plane, &board, &cookie).await, 403, "{board}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_refused_says_why_and_what_can_be_set() {
    let plane = with_policy(PathPolicy::default()).await;
    for (target, why) in [
        ("/a%zz", "two hexadecimal digits"),
        ("/a%4", "two hexadecimal digits"),
        ("/a%00", "control character"),
        ("/a%0d%0ax", "control character"),
        ("/a%250a", "control character"),
        ("/%c0%ae%c0%ae/", "overlong UTF-8"),
        ("/%5fgate/logout", "sign-in gateway"),
        ("/x/../_gate/logout", "sign-in gateway"),
        ("/_gate//logout", "sign-in gateway"),
        ("/_gate/x/..;/logout", "sign-in gateway"),
        ("/%255fgate/logout", "sign-in gateway"),
        ("/a;b/..//%2e%2e/c%5cd%252fe;f", "too many ways"),
    ] {
        let before = plane.site.heads().len();
        assert_eq!(everywhere(&plane, target, "").await, 400, "{target}");
        let answer = plane.get(target, "Accept: text/html\r\n").await;
        assert!(answer.contains(why) && answer.contains("x-request-id"), "{target}: {answer}");
        let answer = plane.get(target, "").await;
        assert!(answer.contains("\"bad_address\"") && answer.contains(why), "{target}: {answer}");
        assert_eq!(plane.site.heads().len(), before, "{target}");
    }
    plane.drain().await;

    let plane = with_policy(PathPolicy { refuses_ambiguous: true, ..PathPolicy::default() }).await;
    for target in ["/wiki/A//B", "/wiki/AC%2FDC", "/a;b", "/caf%E9", "/back%5Cslash", "/a/./b", "/a%2541"] {
        assert_eq!(everywhere(&plane, target, "").await, 400, "{target}");
        let answer = plane.get(target, "Accept: text/html\r\n").await;
        assert!(answer.contains("ambiguous_paths"), "{target}: {answer}");
    }
    for target in ["/a", "/caf%C3%A9", "/100%25%20done", "/a%2Eb"] {
        assert_eq!(everywhere(&plane, target, "").await, 200, "{target}");
    }
    plane.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_on_windows_has_the_readings_of_windows() {
    let (any, windows) =
        (PathPolicy::default(), PathPolicy { platform: Platform::Windows, ..PathPolicy::default() });
    let (any, windows) = (with_policy(any).await, with_policy(windows).await);
    let (cookie, _) = windows.sign_in().await;
    for target in [
        "/members.",
        "/members%20/x",
        "/members.%20./x",
        "/members::$DATA",
        "/members:$I30:$INDEX_ALLOCATION/x",
        "/x/..%20/members",
        "/x/..%ef%bc%8fmembers",
        "/%25u006dembers",
    ] {
        assert_eq!(everywhere(&any, target, "").await, 200, "{target}");
        assert_eq!(everywhere(&windows, target, "").await, 401, "{target}");
        assert_eq!(everywhere(&windows, target, &cookie).await, 200, "{target}");
    }
    assert_eq!(everywhere(&windows, "/MEMBER~1/x", &cookie).await, 400);
    assert_eq!(everywhere(&windows, "/_gate./logout", &cookie).await, 400);
    assert_eq!(everywhere(&windows, "/wiki/Talk:Main", "").await, 200);
    any.drain().await;
    windows.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_of_two_sites_goes_to_neither() {
    let plane = Plane::behind_web_servers_with(|snapshot| {
        let all: Vec<Site> = snapshot.sites.all().map(|site| Site::clone(site)).collect();
        // One that is reached through us, and one whose own web server asks.
        let under = |name: &str| Site {
            name: name.into(),
            prefix: PathPattern::parse(&format!("/{name}")).unwrap(),
            ..all[0].clone()
        };
        let endpoint = snapshot.endpoints["library"].clone();
        snapshot.endpoints.insert("shop".into(), endpoint);
        snapshot.sites = Arc::new(Sites::new([under("shop"), under("elsewhere"), all[0].clone()]));
    })
    .await;
    for name in ["shop", "elsewhere"] {
        for path in
            ["//{}/a", "/x/../{}/a", "/x%2f..%2f{}", "/{};x/a", "/{}/../a", "/{}%2fa", "/x/..;/{}", "/%5c{}"]
        {
            let target = path.replace("{}", name);
            assert_eq!(everywhere(&plane, &target, "").await, 400, "{target}");
        }
    }
    assert!(plane.site.heads().is_empty());
    assert_eq!(everywhere(&plane, "/shop/a//b;c", "").await, 200);
    plane.drain().await;
}
