//! The three ways in which a web server asks, as bytes, and what an answer means to it.

use super::question::{self, Outcome};
use crate::proxy::plane::{HOST, Plane, status};

/// A request before it is written: method, target, header lines.
pub type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

pub fn hosts<'a>(fields: &[(&'a str, &'a str)]) -> Vec<&'a str> {
    fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| *value).collect()
}

/// Traefik asks by GET, copies the headers that it is told to copy, and writes the forwarded family itself.
pub fn by_traefik((method, target, fields): Asked<'_>, copied: &[String]) -> String {
    let host = hosts(fields).first().copied().unwrap_or(HOST);
    let mut text = format!(
        "GET /_gate/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Method: {method}\r\n\
         X-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Uri: {target}\r\n"
    );
    for (name, value) in fields {
        if copied.iter().any(|copied| copied.eq_ignore_ascii_case(name))
            && !name.eq_ignore_ascii_case("upgrade")
        {
            text += &format!("{name}: {value}\r\n");
        }
    }
    text + "\r\n"
}

/// nginx asks with all headers of the visitor but those that our file sets.
pub fn by_nginx((method, target, fields): Asked<'_>) -> String {
    let host = hosts(fields).first().copied().unwrap_or(HOST);
    let mut text = format!(
        "GET /_gate/verify HTTP/1.1\r\nHost: membergate\r\nX-Original-Method: {method}\r\nX-Original-Proto: http\r\n\
         X-Original-Host: {host}\r\nX-Original-URI: {target}\r\n"
    );
    for (name, value) in fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// Envoy sends the request as it is, without body, with a prefix.
pub fn by_envoy((method, target, fields): Asked<'_>) -> String {
    let mut text = format!("{method} /_gate/verify{target} HTTP/1.1\r\n");
    let host = hosts(fields).is_empty().then_some(("Host", HOST));
    for (name, value) in host.iter().chain(fields) {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

/// What an answer of ours means to a server that passes it on; identity comes with a yes.
pub fn meant(plane: &Plane, answer: &str) -> Outcome {
    if status(answer) != 200 {
        assert!(!answer.contains("\r\nmembergate-"), "an identity without a yes: {answer}");
        return question::told(answer, &plane.address);
    }
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
    let has_body = answer.contains("content-length: ") && !answer.contains("content-length: 0\r\n");
    assert!(!has_body && !answer.contains("transfer-encoding"), "{answer}");
    let lines = answer.lines().filter_map(|line| line.split_once(':'));
    let ours: Vec<_> = lines.filter(|(name, _)| name.starts_with("membergate-")).collect();
    assert_eq!(ours.len(), 6, "each field is there, empty or not: {answer}");
    assert!(answer.contains("\r\ncookie:"), "{answer}");
    let said = ours.into_iter().map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let said = said.filter(|(_, value)| !value.is_empty()).map(|(name, value)| {
        let value = if name == "membergate-assertion" { question::claims(&value) } else { value };
        (name, value)
    });
    Outcome::Granted(said.collect())
}
