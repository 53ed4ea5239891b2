//! One request, and what became of it: whether the site has seen it, as whose, and what the visitor was told otherwise.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::proxy::plane::{HOST, Plane, status};

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The site has it, with this identity; nobody's is empty.
    Granted(BTreeMap<String, String>),
    /// A person is sent to the login.
    Login,
    /// A program, or a form, is told that nobody is signed in.
    Unauthorized,
    /// Somebody is not entitled.
    Refused,
    /// It is no request to a site of ours.
    Rejected,
}

/// A request as bytes. `fields` are whole lines, without their ends, separated by `|`; without a `Host` among them, the site's.
pub fn request(method: &str, target: &str, fields: &str) -> String {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !fields.to_ascii_lowercase().split('|').any(|line| line.starts_with("host:") || line == "no host") {
        head += &format!("Host: {HOST}\r\n");
    }
    for line in fields.split('|').filter(|line| !line.is_empty() && *line != "no host") {
        head += &format!("{line}\r\n");
    }
    head + "\r\n"
}

/// Sends the request and reads the head of the answer. Empty: the connection was closed without an answer.
pub async fn head(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let request = request.as_ref();
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Whoever refuses early does not read to the end.
    let _ = stream.write_all(request).await;
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await;
        match read.unwrap_or_else(|_| panic!("no answer to {}", String::from_utf8_lossy(request))) {
            Ok(read) if read > 0 => seen.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&seen).into_owned()
}

/// Sends the request to a web server before the plane's site.
pub async fn ask(plane: &Plane, web_server: SocketAddr, request: &str) -> (Outcome, String) {
    let before = plane.site.heads().len();
    let answer = head(web_server, request).await;
    let reached = plane.site.heads().split_off(before);
    let outcome = match reached.as_slice() {
        [] => told(&answer, &plane.address),
        [seen] => granted(request, seen),
        more => panic!("the site was asked {} times: {request}", more.len()),
    };
    (outcome, answer)
}

/// What the visitor was told, when the site was not asked.
pub fn told(answer: &str, gate: &SocketAddr) -> Outcome {
    if answer.is_empty() {
        return Outcome::Rejected;
    }
    let location = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    let ours = [format!("http://{HOST}/_gate/login?return_to="), "/_gate/login?return_to=".to_owned()];
    match (status(answer), location) {
        (302, Some(location)) if ours.iter().any(|login| location.starts_with(login)) => Outcome::Login,
        (401, _) => Outcome::Unauthorized,
        (403, _) => Outcome::Refused,
        (400 | 404 | 405 | 421 | 431 | 501, _) => Outcome::Rejected,
        _ => panic!("neither yes nor no (gate at {gate}): {answer}"),
    }
}

/// What the site has seen must be what the visitor has asked for, and nobody's word but ours about who it is.
fn granted(asked: &str, seen: &str) -> Outcome {
    let line = |text: &str| text.split(' ').take(2).map(str::to_owned).collect::<Vec<_>>();
    let (asked_line, seen_line) = (line(asked), line(seen));
    assert_eq!(asked_line[0], seen_line[0], "another method: {seen}");
    let target = asked_line[1].strip_prefix(&format!("http://{HOST}")).unwrap_or(&asked_line[1]);
    assert_eq!(target, seen_line[1], "another target than was decided on: {seen}");
    let mut identity = BTreeMap::new();
    for line in seen.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        assert!(!value.contains("evil"), "a visitor's claim came through: {seen}");
        assert!(
            name != "cookie" || !value.contains("membergate="),
            "the session cookie came through: {seen}"
        );
        let Some(kind) = name.strip_prefix("membergate") else { continue };
        assert!(kind.starts_with('-'), "another spelling came through: {seen}");
        if !value.is_empty() {
            let value = if kind == "-assertion" { claims(&value) } else { value };
            assert!(identity.insert(name, value).is_none(), "said twice: {seen}");
        }
    }
    Outcome::Granted(identity)
}

/// What an assertion says, without what is new in each.
pub fn claims(assertion: &str) -> String {
    let payload = assertion.split('.').nth(1).unwrap();
    let mut claims: serde_json::Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    for name in ["iat", "exp", "jti"] {
        claims[name].take();
    }
    claims.to_string()
}
