//! The table of requests that every web_server must answer alike. Access rules and people are those of `proxy::plane`.

use super::question::Outcome;

/// What a row expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Stranger,
    Member,
    Login,
    Unauthorized,
    Refused,
    Rejected,
}
use Expect::*;

impl From<&Outcome> for Expect {
    fn from(outcome: &Outcome) -> Expect {
        match outcome {
            Outcome::Granted(identity) if identity.is_empty() => Stranger,
            Outcome::Granted(identity) => {
                assert_eq!(identity.len(), 6, "{identity:?}");
                Member
            }
            Outcome::Login => Login,
            Outcome::Unauthorized => Unauthorized,
            Outcome::Refused => Refused,
            Outcome::Rejected => Rejected,
        }
    }
}

/// Method, target, header lines (`{member}`: the session cookie of a member), and what becomes of it.
pub type Row = (&'static str, &'static str, &'static str, Expect);

const PAGE: &str = "Accept: text/html";

pub const ROWS: &[Row] = &[
    // Public
    ("GET", "/", "", Stranger),
    ("GET", "/", PAGE, Stranger),
    ("HEAD", "/", "", Stranger),
    ("POST", "/", "Content-Length: 0", Stranger),
    ("OPTIONS", "/", "", Stranger),
    ("GET", "/", "Cookie: {member}", Member),
    ("GET", "/membership", "", Stranger),
    ("GET", "/public?next=/members/../x&y=%2e%2e%2f", "", Stranger),
    ("GET", "/caf%C3%A9?q=a%20b", "", Stranger),
    ("GET", "/a%20b/100%25", "", Stranger),
    ("GET", "/members%23/x?y=%23", "", Stranger),
    ("GET", "/?", "", Stranger),
    // For signed-in people and for members
    ("GET", "/account", PAGE, Login),
    ("GET", "/account", "Cookie: {member}", Member),
    ("GET", "/members", PAGE, Login),
    ("GET", "/members/a?b=c&d=%2F", PAGE, Login),
    ("GET", "/members/a?b=c&d=%2F", "Accept: text/html|Cookie: {member}", Member),
    ("HEAD", "/members", PAGE, Login),
    ("HEAD", "/members", "Cookie: {member}", Member),
    ("GET", "/MEMBERS", PAGE, Login),
    ("GET", "/members/", PAGE, Login),
    ("GET", "/%6dembers", PAGE, Login),
    ("GET", "/%6Dembers", "Cookie: {member}", Member),
    ("PUT", "/members", "Content-Length: 0|Cookie: {member}", Member),
    ("PATCH", "/members", "Content-Length: 0|Cookie: {member}", Member),
    ("GET", "/members?public", PAGE, Login),
    ("GET", "http://library.example/members", "Accept: text/html", Login),
    // For another role
    ("GET", "/board", PAGE, Login),
    ("GET", "/board", "Accept: text/html|Cookie: {member}", Refused),
    ("GET", "/board", "Cookie: {member}", Refused),
    ("POST", "/board", "Content-Length: 0|Cookie: {member}", Refused),
    // Programs
    ("GET", "/members", "", Unauthorized),
    ("GET", "/members", "Accept: application/json", Unauthorized),
    ("GET", "/members", "Accept: text/html|X-Requested-With: XMLHttpRequest", Unauthorized),
    ("GET", "/members", "Accept: text/html|Sec-Fetch-Mode: cors", Unauthorized),
    ("GET", "/members", "Sec-Fetch-Mode: navigate", Login),
    ("GET", "/members", "User-Agent: GoogleHC/1.0", Unauthorized),
    ("GET", "/members", "User-Agent: kube-probe/1.30", Unauthorized),
    ("GET", "/members", "User-Agent: ELB-HealthChecker/2.0", Unauthorized),
    ("GET", "/members", "Accept: text/html|Range: bytes=0-9", Login),
    ("GET", "/members", "Authorization: Bearer x", Unauthorized),
    (
        "POST",
        "/members",
        "Accept: text/html|Content-Type: multipart/form-data; boundary=x|Content-Length: 0",
        Unauthorized,
    ),
    // Methods, also those in disguise
    ("DELETE", "/", PAGE, Unauthorized),
    ("DELETE", "/", "Cookie: {member}", Member),
    ("GET", "/?_method=DELETE", PAGE, Login),
    ("GET", "/?%5Fmethod=delete", PAGE, Login),
    ("GET", "/?.method=DELETE", PAGE, Login),
    ("GET", "/?+_method=DELETE", PAGE, Login),
    ("GET", "/?%20_method=DELETE", PAGE, Login),
    ("GET", "/?a=b&%5Bmethod=DELETE", PAGE, Login),
    ("GET", "/?_method%00x=DELETE", PAGE, Login),
    ("GET", "/?a=b;_method=DELETE", PAGE, Login),
    ("GET", "/?method=DELETE", "", Stranger),
    ("GET", "/", "Accept: text/html|X-HTTP-Method-Override: DELETE", Login),
    ("GET", "/", "Accept: text/html|X-HTTP-Method: delete", Login),
    ("GET", "/", "Accept: text/html|X-Method-Override: DELETE", Login),
    ("GET", "/", "Accept: text/html|X-Method-Override: GET|X-Method-Override: DELETE", Login),
    ("TRACE", "/", "", Rejected),
    // Paths that servers read in several ways: open if every reading is, and the site gets the very bytes
    ("GET", "/index.php/Steins;Gate", "", Stranger),
    ("GET", "/wiki/A//B", "", Stranger),
    ("GET", "/wiki/AC%2FDC", "", Stranger),
    ("GET", "/@scope%2fpkg", "", Stranger),
    ("GET", "/caf%E9", "", Stranger),
    ("GET", "/100%25%20done", "", Stranger),
    ("GET", "/back%5Cslash", "", Stranger),
    ("GET", "/a%252e%252e/b", "", Stranger),
    ("GET", "/members/AC%2FDC;x//caf%E9", PAGE, Login),
    ("GET", "/members/AC%2FDC;x//caf%E9", "Cookie: {member}", Member),
    ("GET", "/public/../members", PAGE, Login),
    ("GET", "/public/../members", "Cookie: {member}", Member),
    ("GET", "/members/../public", PAGE, Login),
    ("GET", "/public/./../members", PAGE, Login),
    ("GET", "/public/%2e%2e/members", PAGE, Login),
    ("GET", "/public/%252e%252e/members", PAGE, Login),
    ("GET", "/public/..%2fmembers", PAGE, Login),
    ("GET", "/public%2f..%2fmembers", PAGE, Login),
    ("GET", "/public%2f..%2fboard", "Cookie: {member}", Refused),
    ("GET", "/public/..%5cmembers", PAGE, Login),
    ("GET", "/public/..;/members", PAGE, Login),
    ("GET", "/public/..%3b/members", PAGE, Login),
    ("GET", "//members", PAGE, Login),
    ("GET", "//members", "Cookie: {member}", Member),
    ("GET", "/members;x=1", PAGE, Login),
    ("GET", "/members;x=1", "Cookie: {member}", Member),
    ("GET", "/;/members", PAGE, Login),
    ("GET", "/%256dembers", PAGE, Login),
    ("GET", "/%5cboard", "Cookie: {member}", Refused),
    // Paths that nobody gets
    ("GET", "/a%00", "", Rejected),
    ("GET", "/a%0d%0aX:y", "", Rejected),
    ("GET", "/a%2500", "", Rejected),
    ("GET", "/a%zz", "", Rejected),
    ("GET", "/a%4", "", Rejected),
    ("GET", "/public/..%c0%afmembers", "Cookie: {member}", Rejected),
    ("GET", "/x/..%2f_gate/logout", "", Rejected),
    ("GET", "/;/_gate/logout", "", Rejected),
    // Forged headers
    ("GET", "/", "Membergate-Id: evil|Membergate-Roles: evil|Membergate-Assertion: evil", Stranger),
    ("GET", "/", "membergate_id: evil|Membergate_Roles: evil|MEMBERGATE_ASSERTION: evil", Stranger),
    ("GET", "/", "Membergate.Id: evil|Membergate~Roles: evil|Membergate!Assertion: evil", Stranger),
    ("GET", "/", "Membergate-View-As: evil|membergate_view_as: evil|Membergate.View.As: evil", Stranger),
    ("GET", "/members", "Membergate-View-As: evil|Cookie: {member}", Member),
    ("GET", "/members", "Membergate-Id: evil|membergate_member: evil|Cookie: {member}", Member),
    ("GET", "/", "Connection: Membergate-Id, X-Forwarded-Uri|Membergate-Id: evil|Cookie: {member}", Member),
    ("GET", "/members", "connection: membergate-roles, membergate-member, accept|Cookie: {member}", Member),
    (
        "GET",
        "/members",
        "Accept: text/html|Connection: X-Original-URI, X-Forwarded-Uri, X-Forwarded-Method",
        Login,
    ),
    ("GET", "/", "Proxy: http://evil.example", Stranger),
    ("GET", "/members", "Accept: text/html|X-Forwarded-Uri: /|X-Forwarded-Method: GET", Login),
    ("GET", "/members", "Accept: text/html|X-Original-URI: /|X-Original-Method: GET", Login),
    (
        "GET",
        "/members",
        "Accept: text/html|X-Original-URI: /|X-Original-URI: /|X-Original-Host: library.example",
        Login,
    ),
    ("GET", "/members", "Accept: text/html|X_Original_URI: /|X_Forwarded_Uri: /", Login),
    ("GET", "/members", "Accept: text/html|X-Forwarded-Host: other.example|X-Forwarded-Proto: gopher", Login),
    ("GET", "/members", "Accept: text/html|X-Rewrite-URL: /|X-Original-URL: /", Login),
    ("GET", "/members", "Accept: text/html|X-Forwarded-For: a|Forwarded: for=a", Login),
    ("GET", "/", "X-Original-URI: /members|X-Forwarded-Uri: /members", Stranger),
    ("DELETE", "/", "X-Forwarded-Method: GET|X-Original-Method: GET", Unauthorized),
    // Cookies
    ("GET", "/members", "Accept: text/html|Cookie: {member}; {member}", Login),
    ("GET", "/members", "Accept: text/html|Cookie: {member}|Cookie: {member}", Login),
    ("GET", "/members", "Accept: text/html|Cookie: {member}; membergate=x", Login),
    ("GET", "/members", "Cookie: a=b|Cookie: {member}", Member),
    ("GET", "/members", "Cookie: {member}|Cookie: a=b", Member),
    ("GET", "/members", "Cookie: a=\"b; {member}; c=d", Member),
    ("GET", "/members", "Accept: text/html|Cookie: __Host-{member}", Login),
    ("GET", "/members", "Accept: text/html|Cookie: membergate=", Login),
    ("GET", "/members", "Accept: text/html|Cookie: membergate=%00%ff; =; ;;", Login),
    ("GET", "/", "Cookie: {member}; theme=dark", Member),
    // Hosts
    ("GET", "/members", "Host: LIBRARY.example|Cookie: {member}", Member),
    ("GET", "/members", "Host: library.example:8443|Cookie: {member}", Member),
    ("GET", "/members", "Host: Library.Example.|Cookie: {member}", Member),
    ("GET", "/members", "Host: library.example.|Accept: text/html", Login),
    ("GET", "/members", "Host: other.example|Cookie: {member}", Rejected),
    ("GET", "/", "Host: 127.0.0.1", Rejected),
    ("GET", "/", "Host: library.example|Host: library.example", Rejected),
    ("GET", "/", "Host: library.example, other.example", Rejected),
    ("GET", "/", "Host: user@library.example", Rejected),
    ("GET", "/", "no host", Rejected),
    // WebSockets
    (
        "GET",
        "/members",
        "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Origin: http://library.example|Cookie: {member}",
        Member,
    ),
    (
        "GET",
        "/members",
        "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Origin: http://evil.example|Cookie: {member}",
        Refused,
    ),
    (
        "GET",
        "/members",
        "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Origin: http://library.example",
        Unauthorized,
    ),
];
