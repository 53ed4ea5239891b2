//! Questions that nobody can read, and cookies that nobody gave: whatever is sent, there is no yes (S-06, S-07).

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::drawn::{expected, is_ours};
use super::question::{head, request};
use super::stray::odd_cookies;
use super::table::Expect;
use super::ways::{by_envoy, by_nginx, by_traefik};
use crate::proxy::plane::{HOST, Plane, status};

/// S-06, S-07: whatever is sent, there is no yes without a request that can be read.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_unreadable_is_a_yes() {
    let plane = Plane::behind_web_servers().await;
    let (cookie, _) = plane.sign_in().await;
    let cookie = cookie.trim();
    let proto = "X-Forwarded-Proto: http";
    let huge = format!(
        "X-Forwarded-Method: GET|{proto}|X-Forwarded-Host: {HOST}|X-Forwarded-Uri: /{}",
        "a".repeat(9000)
    );
    for (target, fields) in [
        ("/_gate/verify", ""),
        ("/_gate/verify?uri=/", ""),
        ("/_gate/verify", "X-Forwarded-Uri: /"),
        ("/_gate/verify", "X-Original-URI: /"),
        ("/_gate/verify", "X-Original-URI: /|X-Original-Method: GET|X-Original-Proto: http"),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: ",
        ),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: http://library.example/",
        ),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: /, /",
        ),
        (
            "/_gate/verify",
            "X-Forwarded-Method: GET|X-Forwarded-Proto: http|X-Forwarded-Host: library.example|X-Forwarded-Uri: /|X-Original-URI: /",
        ),
        (
            "/_gate/verify",
            "X-Original-Method: GET|X-Original-Proto: http|X-Original-Host: library.example|X-Original-URI: /|X-Forwarded-Uri: /",
        ),
        ("/_gate/verify/", "X-Forwarded-Uri: /"),
        ("/_gate/verify/../_gate/me", ""),
        ("/_gate/verify//_gate/me", ""),
        ("/_gate/verify/a%zz", ""),
        ("/_gate/verify/a%0a", ""),
        ("/_gate/verify/_gate/me", ""),
        ("/_gate/verify", huge.as_str()),
    ] {
        let answer = head(plane.address, &request("GET", target, &format!("{fields}|{cookie}"))).await;
        assert!((400..500).contains(&status(&answer)), "{target} {fields}: {answer}");
        assert!(!answer.contains("membergate-"), "{answer}");
    }
    for target in ["/_gate/Verify", "/_gate/verif%79", "/%5fgate/verify"] {
        let answer = head(plane.address, &request("GET", target, cookie)).await;
        assert!(!answer.contains("membergate-"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_odd_cookie_is_a_yes() {
    let plane = Plane::behind_web_servers().await;
    for odd in odd_cookies(&plane).await {
        let target = "/members";
        for asked in [
            by_traefik(("GET", target, &[]), &[]),
            by_nginx(("GET", target, &[])),
            by_envoy(("GET", target, &[])),
        ] {
            let mut bytes = asked.trim_end().as_bytes().to_vec();
            bytes.extend_from_slice(b"\r\nCookie: ");
            bytes.extend_from_slice(&odd);
            bytes.extend_from_slice(b"\r\n\r\n");
            let answer = head(plane.address, &bytes).await;
            let shown = String::from_utf8_lossy(&odd[..odd.len().min(80)]).into_owned();
            assert!((400..500).contains(&status(&answer)), "{shown}: {answer}");
            assert!(!answer.contains("\r\nmembergate-"), "{shown}: {answer}");
        }
    }
}

fn odd_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"/",
        b"/",
        b"members",
        b"board",
        b"a",
        b".",
        b"..",
        b"%",
        b"%2",
        b"2f",
        b"%2e",
        b"%5c",
        b"%25",
        b"%00",
        b"%c3%a9",
        b"%ff",
        b"?",
        b"#",
        b";",
        b"\\",
        b",",
        b" ",
        b"\t",
        b":",
        b"@",
        b"*",
        b"\x7f",
        b"\xc3",
        b"\xa9",
        b"\xff",
        b"http://library.example",
        b"_gate/me",
        b"\"",
        b"{",
        b"|",
    ];
    prop::collection::vec(select(pieces), 0..6).prop_map(|pieces| [b"/", pieces.concat().as_slice()].concat())
}

/// A stranger's question about an address at random: yes exactly where a second reading of the rules says that it is public.
#[tokio::test(flavor = "multi_thread")]
async fn an_odd_address_is_public_or_no_yes() {
    let plane = Plane::behind_web_servers().await;
    let (mut runner, strategy) = (TestRunner::default(), odd_bytes());
    let (mut yes, mut no) = (0, 0);
    for _ in 0..800 {
        let odd = strategy.new_tree(&mut runner).unwrap().current();
        let text = String::from_utf8_lossy(&odd).trim_end_matches([' ', '\t']).to_owned();
        let is_public = !is_ours(&text) && expected("GET", &text, &[], "") == Expect::Stranger;
        // The mark is where the address goes; it is replaced by bytes that need not be text.
        let mark = "MARK";
        let is_line = odd.iter().all(|byte| byte.is_ascii_graphic()) && !odd.contains(&b'#');
        let ways = [
            Some(by_traefik(("GET", mark, &[]), &[])),
            Some(by_nginx(("GET", mark, &[]))),
            is_line.then(|| by_envoy(("GET", mark, &[]))),
        ];
        for asked in ways.into_iter().flatten() {
            let (before, after) = asked.split_once(mark).unwrap();
            let bytes = [before.as_bytes(), &odd, after.as_bytes()].concat();
            let answer = head(plane.address, &bytes).await;
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            let is_yes = status(&answer) == 200;
            assert!(is_public || !is_yes, "{shown}{answer}");
            assert!(is_yes || (400..500).contains(&status(&answer)), "{shown}{answer}");
            if is_yes { yes += 1 } else { no += 1 }
        }
    }
    assert!(yes > 50 && no > 50, "{yes} {no}");
}
