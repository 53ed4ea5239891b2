//! What the log tells of requests that are refused: one line for each, with its reference and the reason, and no more than a few
//! for one client.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::{Gateway, lines};
use crate::world::{NON_MEMBER, Plan, World};

/// A second site, whose own web server asks us.
const ASKED: &str = r#"
[[site]]
name = "forum"
url = "https://forum.example"
"#;

/// Sends bytes to the gateway, and gives the status and the reference of its answer.
fn answer(world: &World, request: &str) -> (u16, Option<String>) {
    let mut stream = TcpStream::connect(world.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = Vec::new();
    // What was read before a reset counts.
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
    let reference = text.lines().find_map(|line| line.strip_prefix("x-request-id: "));
    (status.unwrap_or_else(|| panic!("{request:?}: {text:?}")), reference.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_leaves_one_line_with_its_reference_and_the_reason() {
    let upstream = Some("http://127.0.0.1:1".to_owned());
    let mut world = World::planned(Plan { upstream, more: ASKED.to_owned(), ..Plan::default() }).await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);

    let mut member = world.visitor();
    let refused = member.sign_in(NON_MEMBER, world.url("/members")).await.expect(403);
    let mut seen = vec![(403, "not_entitled", refused.header("x-request-id").map(str::to_owned))];
    let long = "x".repeat(70_000);
    let host = format!("Host: localhost:{}\r\nConnection: close\r\n", world.address().port());
    for (request, status, reason) in [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "host_unclear"),
        ("GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n", 421, "unknown_site"),
        ("GET / HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n", 421, "site_not_served_here"),
        ("GET /a%00 HTTP/1.1\r\n{host}\r\n", 400, "path_control_character"),
        ("GET /a%zz HTTP/1.1\r\n{host}\r\n", 400, "path_broken_escape"),
        ("GET /%5fgate/me HTTP/1.1\r\n{host}\r\n", 400, "path_gateway"),
        ("GET /x/..%2fmembers HTTP/1.1\r\n{host}\r\n", 401, "path_another_reading"),
        ("OPTIONS * HTTP/1.1\r\n{host}\r\n", 400, "target_unclear"),
        ("TRACE / HTTP/1.1\r\n{host}\r\n", 405, "method_not_proxied"),
        (
            "POST / HTTP/1.1\r\n{host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            400,
            "transfer_coding",
        ),
        ("GET / HTTP/1.1\r\n{host}\r\n", 502, "site_down"),
        ("GET / HTTP/1.1\r\n{host}X: {long}\r\n\r\n", 431, "head_too_large"),
        ("GET / HTTP/1.1 and more\r\n{host}\r\n", 400, "head_unreadable"),
        ("PUT /_gate/login HTTP/1.1\r\n{host}\r\n", 405, "method_not_allowed"),
        ("GET /_gate/nothing HTTP/1.1\r\n{host}\r\n", 404, "not_found"),
        ("GET /_gate/verify@library HTTP/1.1\r\n{host}\r\n", 400, "question_unclear"),
        ("GET /_gate/verify@forum/x HTTP/1.1\r\n{host}\r\n", 421, "question_for_another_site"),
    ] {
        let request = request.replace("{host}", &host).replace("{long}", &long);
        let (told, reference) = answer(&world, &request);
        assert_eq!(told, status, "{reason}");
        seen.push((status, reason, reference));
    }

    let log = gateway.end();
    for (status, reason, reference) in seen {
        let told = lines(&log, &format!("\"reason\":\"{reason}\""));
        assert_eq!(told.len(), 1, "{reason}: {log}");
        let fields = &told[0]["fields"];
        assert_eq!(
            (&fields["status"], &fields["client_address"]),
            (&status.into(), &"127.0.0.1".into()),
            "{log}"
        );
        // Where there is no page there is no reference to compare with.
        if let Some(reference) = reference {
            assert_eq!(fields["request_id"], reference, "{reason}: {log}");
        }
    }
    assert_eq!(lines(&log, "\"site_down\"")[0]["fields"]["site"], "library", "{log}");
    assert_eq!(lines(&log, "\"unknown_site\"")[0]["fields"]["host"], "other.example", "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_refused_a_thousand_times_does_not_fill_the_log() {
    let mut world = World::start().await;
    world.close_gate().await;
    let gateway = Gateway::start(&world);
    for _ in 0..1000 {
        let request = "GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n";
        assert_eq!(answer(&world, request).0, 421);
    }
    let log = gateway.end();
    // The thousand may fall into two windows on a slow machine.
    let told = lines(&log, "A request was refused").len();
    assert!((10..=100).contains(&told), "{told} lines");
    let left_out = lines(&log, "Refusals were left out of the log");
    let left_out: u64 = left_out.iter().map(|line| line["fields"]["count"].as_u64().unwrap()).sum();
    assert_eq!(told as u64 + left_out, 1000, "{log}");
}
