//! The house rules that a compiler cannot hold: who may look at whom, how long a file may be, what must not be said.
//!
//! Sources are read as text. Each rule is a function from one text to its violations, so that every rule is also
//! tried on a snippet that breaks it. What `ARCHITECTURE.md` says about the floors is enforced here.

use std::{collections::BTreeSet, process::Command};

use crate::source_text::{mentions, module, production, read, root, sources};

/// A floor, what its files may not mention, and the exceptions from that.
type Floor = (&'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const FLOORS: &[Floor] = &[
    ("domain", &["crate::adapters", "crate::flows", "crate::web", "crate::config", "crate::telemetry", "crate::app",
        "crate::serve", "crate::cli", "crate::sim", "tokio", "hyper", "http", "axum", "reqwest", "rusqlite",
        "std::fs", "std::net", "std::env", "std::time::SystemTime"],
        // An address is a plain value.
        &["std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr"]),
    ("adapters", &["crate::flows", "crate::web", "crate::config", "crate::app", "crate::serve", "crate::cli", "crate::sim"], &[]),
    ("flows", &["crate::web", "crate::config", "crate::app", "crate::serve", "crate::cli", "crate::sim",
        "http", "hyper", "axum", "askama"], &[]),
    ("web", &["crate::config", "crate::app", "crate::serve", "crate::cli", "crate::sim"], &[]),
    ("config", &["crate::app", "crate::serve", "crate::cli", "crate::sim"], &[]),
    ("telemetry", &["crate::config", "crate::app", "crate::serve", "crate::cli", "crate::sim"], &[]),
    ("serve", &["crate::config", "crate::app", "crate::cli", "crate::sim"], &[]),
    ("app", &["crate::cli", "crate::sim"], &[]),
    ("cli", &[], &[]),
    ("fuzzing", &[], &[]),
    ("sim", &["crate"], &["crate::sim"]),
    ("main", &["crate::config", "crate::sim"], &[]),
    ("lib", &[], &[]),
];

/// The rooms of `web` that its features share. Every other room is a feature, which no other room may enter.
#[rustfmt::skip]
const WEB_COMMONS: &[&str] = &[
    "arrived", "assets", "client_kind", "cookies", "error", "extract", "identity", "layers", "log", "missing_roles",
    "pages", "paths", "refusal_log", "round", "session", "state",
];

/// The room of `web` in which its features are joined, besides `web` itself.
const WEB_JOINT: &str = "routes";

const MOST_LINES: usize = 400;

#[test]
fn every_floor_mentions_only_what_lies_below_it() {
    all_sources(floors);
}

#[test]
fn features_of_web_do_not_enter_each_other() {
    let rooms = sources().iter().filter_map(|(path, _)| web_room(&module(path))).collect();
    all_sources(|path, text| features(path, text, &rooms));
}

#[test]
fn every_file_says_what_is_inside_and_stays_short() {
    all_sources(shape);
}

#[test]
fn nothing_outside_tests_unwraps() {
    all_sources(unwraps);
}

#[test]
fn every_dependency_gives_its_reason() {
    report(unreasoned(&read("Cargo.toml")));
}

#[test]
fn no_file_names_a_place_that_only_we_have() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git runs");
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    assert!(names.contains("Cargo.toml"), "git lists no files here");
    let present = names.split('\0').filter(|name| root().join(name).is_file());
    report(present.flat_map(|name| places(name, &read(name))).collect());
}

fn floors(path: &str, text: &str) -> Vec<String> {
    let module = module(path);
    let floor = first(module.strip_prefix("crate::").unwrap_or("lib"));
    let Some((_, forbidden, excepted)) = FLOORS.iter().find(|(name, ..)| *name == floor) else {
        return vec![format!(
            "{path}: the floor `{floor}` is not in FLOORS; say there what it may not mention"
        )];
    };
    let is_any = |list: &[&str], name: &str| list.iter().any(|prefix| within(name, prefix));
    mentions(path, text)
        .into_iter()
        .filter(|name| is_any(forbidden, name) && !is_any(excepted, name))
        .map(|name| format!("{path}: `{floor}` may not mention `{name}`"))
        .collect()
}

fn features(path: &str, text: &str, rooms: &BTreeSet<String>) -> Vec<String> {
    let Some(own) = web_room(&module(path)).filter(|own| own != WEB_JOINT) else { return Vec::new() };
    let entered: BTreeSet<_> = mentions(path, text).iter().filter_map(|name| web_room(name)).collect();
    entered
        .into_iter()
        .filter(|room| *room != own && rooms.contains(room) && !WEB_COMMONS.contains(&room.as_str()))
        .map(|room| {
            format!("{path}: `web::{own}` may not enter `web::{room}`, which is a feature of its own")
        })
        .collect()
}

fn shape(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let header = text.lines().next().unwrap_or_default();
    if !header.starts_with("//! ") || header.contains("to be written") {
        found
            .push(format!("{path}: begin with a `//!` header that says what is inside and what is kept out"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        found.push(format!(
            "{path}: {lines} lines; above {MOST_LINES} a file has more than one reason to change"
        ));
    }
    found
}

fn unwraps(path: &str, text: &str) -> Vec<String> {
    let code = production(path, text);
    let lines =
        (1..).zip(code.lines()).filter(|(_, line)| line.contains(".unwrap()") || line.contains(".expect("));
    lines.map(|(number, _)| format!("{path}:{number}: unwraps outside tests; return an error")).collect()
}

fn unreasoned(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(manifest.lines().map(str::trim)) {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
            if line.contains("dependencies.") {
                found.push(format!("Cargo.toml:{number}: write the dependency on one line, with its reason"));
            }
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            // Versions and features stand in quotes; a `#` within those is no comment.
            let bare: String = line.split('"').step_by(2).collect();
            if bare.split_once('#').is_none_or(|(_, reason)| reason.trim().len() < 8) {
                found.push(format!("Cargo.toml:{number}: end the line with `# the reason`: {line}"));
            }
        }
    }
    found
}

/// Addresses of package registries and mirrors, and folders of one person's machine.
fn places(name: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not break its own rule.
    let folders = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    let hosts = ["registry", "mirror", "mirrors", "index", "artifactory", "nexus", "pypi", "npmjs"];
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in &folders {
            // Preceded by a name it is the middle of an address, such as a page of a sample site.
            let absolute =
                |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "-_.}>*".contains(c));
            if line.match_indices(folder.as_str()).any(|(at, _)| absolute(at)) {
                found.push(format!("{name}:{number}: names the folder {folder} of one machine"));
            }
        }
        for address in line.split("://").skip(1) {
            let host =
                address.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.')).next().unwrap_or("");
            if host.split('.').any(|label| hosts.contains(&label)) {
                found.push(format!("{name}:{number}: names the package registry {host}"));
            }
        }
    }
    found
}

/// The room of `web` that a module or a path lies in.
fn web_room(name: &str) -> Option<String> {
    name.strip_prefix("crate::web::").map(|inside| first(inside).to_owned())
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

fn within(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn all_sources(rule: impl Fn(&str, &str) -> Vec<String>) {
    report(sources().iter().flat_map(|(path, text)| rule(path, text)).collect());
}

fn report(violations: Vec<String>) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// Each rule on texts that keep it and texts that break it: a rule that cannot fail holds nothing.
mod each_rule_can_fail {
    use super::*;

    #[track_caller]
    fn check(violations: Vec<String>, expected: &[&str]) {
        assert_eq!(violations.len(), expected.len(), "{violations:#?}");
        for (violation, part) in violations.iter().zip(expected) {
            assert!(violation.contains(part), "{violation} should tell of {part}");
        }
    }

    #[test]
    fn floors_are_held() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("src/domain/a.rs", "use crate::domain::b; use jiff::Zoned;", &[]),
            (
                "src/domain/a.rs",
                "use crate::{domain::b, adapters::{clock, ams}};",
                &["adapters::ams", "adapters::clock"],
            ),
            ("src/domain/a.rs", "fn f() { super::super::flows::go() }", &["crate::flows::go"]),
            ("src/domain/a/tests.rs", "use tokio::net;", &[]),
            ("src/domain/a.rs", "use std::net::{IpAddr, TcpStream};", &["TcpStream"]),
            ("src/domain/a.rs", "use std::{fmt, time::{Duration, SystemTime}};", &["SystemTime"]),
            (
                "src/domain/a.rs",
                "#[tokio::main] fn f(_: http::Method, http: u8, https: https::X) {}",
                &["http::", "tokio::main"],
            ),
            ("src/domain/a.rs", "use axum; use hyper::*;", &["axum", "hyper"]),
            (
                "src/domain/a.rs",
                "// crate::web\nconst A: &str = \"crate::web::b\"; #[cfg(test)] mod t { use crate::web; }",
                &[],
            ),
            ("src/adapters/a.rs", "use crate::config::Settings;", &["config"]),
            ("src/flows/a/mod.rs", "use super::super::web; use http::Uri;", &["crate::web", "http::Uri"]),
            ("src/web/a.rs", "use crate::{app, sim::people};", &["crate::app", "crate::sim"]),
            ("src/app.rs", "use crate::config; use crate::sim::cast;", &["crate::sim"]),
            (
                "src/sim/a/b.rs",
                "use crate::sim::wire; use super::c; use crate::domain::time;",
                &["crate::domain"],
            ),
            ("src/sim/mod.rs", "pub(super) fn f() { super::domain::g() }", &["crate::domain"]),
            ("src/main.rs", "fn main() { membergate::cli::run(); membergate::sim::run() }", &["crate::sim"]),
            ("src/attic.rs", "", &["not in FLOORS"]),
        ];
        for (path, text, expected) in cases {
            check(floors(path, text), expected);
        }
    }

    #[test]
    fn features_are_kept_apart() {
        let rooms = ["admin", "login", "pages", "proxy"].map(String::from).into();
        let check = |path, text, expected| check(features(path, text, &rooms), expected);
        check("src/web/proxy/mod.rs", "use crate::web::{pages::Page, proxy::headers, Anything};", &[]);
        check("src/web/proxy/mod.rs", "use crate::web::{pages::Page, admin::{a, b}};", &["`web::admin`"]);
        check("src/web/proxy/headers.rs", "use super::super::login::Form;", &["`web::login`"]);
        check("src/web/pages/mod.rs", "use crate::web::login;", &["`web::login`"]);
        check("src/web/mod.rs", "use crate::web::login; mod admin;", &[]);
        check("src/web/routes.rs", "use crate::web::{admin, login};", &[]);
    }

    #[test]
    fn headers_and_lengths_are_asked_for() {
        check(shape("a.rs", &("//! What is inside.\n".repeat(MOST_LINES))), &[]);
        check(shape("a.rs", &("//! What is inside.\n".repeat(MOST_LINES + 1))), &["401 lines"]);
        check(shape("a.rs", "use std::fmt;\n//! Late."), &["header"]);
        check(shape("a.rs", "//! (to be written)"), &["header"]);
    }

    #[test]
    fn unwrapping_is_found_outside_tests_only() {
        check(unwraps("a.rs", "// a.unwrap()\nfn f() { a.unwrap_or(\".unwrap()\") }"), &[]);
        check(
            unwraps("a.rs", "#[cfg(test)]\nmod tests { fn f() { a.unwrap() } }\nfn g() { b.expect(x) }"),
            &["a.rs:3"],
        );
        check(unwraps("a.rs", "fn f() {\n a.unwrap() }"), &["a.rs:2"]);
    }

    #[test]
    fn dependencies_without_a_reason_are_found() {
        check(unreasoned("[package]\nname = \"a\"\n[dependencies]\n# Group\na = \"1\" # speaks to b\n"), &[]);
        check(
            unreasoned("[dev-dependencies]\na = \"1\"\nb = { git = \"u#branch-name\" } #\n"),
            &["a =", "b ="],
        );
        check(unreasoned("[dependencies.a]\nversion = \"1\" # speaks to b\n"), &["one line"]);
    }

    #[test]
    fn places_of_our_own_are_found() {
        let folder = ["", "work", "shared"].join("/");
        check(places("a", &format!("see {folder}/b\nand https://a.example{folder}/")), &["a:1"]);
        check(places("a", &["a\nurl = https:/", "registry.corp.example:80/x"].join("/")), &["a:2"]);
        check(places("a", "source = registry+https://github.com/rust-lang/crates.io-index"), &[]);
    }
}
